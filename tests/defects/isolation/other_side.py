"""Servers on which isolation depends on the caller or the circumstances: the tier, the sender, the number, a cache, the moment."""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mockserver.contract.document import Operation
from mockserver.handling.authentication import Authenticator
from mockserver.handling.conversations import Conversations
from mockserver.handling.pipeline import Pipeline
from mockserver.http.messages import Request, Response
from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.records import Conversation, Message
from mockserver.model.refusal import Refusal
from mockserver.serving.server import WsgiApp
from mockserver.store import Selection
from tests.defects.isolation.own_side import ListingAll, Reaching, reaching
from tests.defects.kit.parts import GET, LIST, MESSAGES, RESOLVE, SEND, broken, status_of
from tests.defects.kit.rules import SECOND, pause, then
from tests.defects.kit.stores import all_conversations
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


# --- for some callers -------------------------------------------------------------------------------------------------------------


class OfClients(Reaching):
    """Rules that do not look at the organisation where a client key calls."""

    def of_its_own(self, operation: str, caller: Caller, checked: CheckedRequest) -> Caller:
        return super().of_its_own(operation, caller, checked) if caller.key.tier == "client" else caller


def for_clients(operation: str) -> WsgiApp:
    """A server that does not look at the organisation for client keys, which are public anyway."""
    return broken(conversations=type("ForClients", (OfClients,), {"reach": frozenset([operation])}))


@defect("isolation.get", difficulty=RARE)
def isolation_not_for_clients_on_get() -> WsgiApp:
    """With a client key any organisation's conversation can be read."""
    return for_clients(GET)


@defect("isolation.messages", difficulty=RARE)
def isolation_not_for_clients_on_messages() -> WsgiApp:
    """With a client key the messages of any organisation's conversation can be read."""
    return for_clients(MESSAGES)


@defect("isolation.create-message", difficulty=RARE)
def isolation_not_for_clients_on_send() -> WsgiApp:
    """With a client key a message can be sent to any organisation's conversation."""
    return for_clients(SEND)


@defect("isolation.get", difficulty=RARE)
def isolation_not_for_clients_by_bearer_on_get() -> WsgiApp:
    """With a client key after Bearer any organisation's conversation can be read; in X-API-Key only its own."""

    class ByBearer(OfClients):
        reach = frozenset([GET])

        def of_its_own(self, operation: str, caller: Caller, checked: CheckedRequest) -> Caller:
            return caller if caller.scheme == "apiKey" else super().of_its_own(operation, caller, checked)

    return broken(conversations=ByBearer)


@defect("isolation.list", difficulty=RARE)
def isolation_not_for_clients_on_list() -> WsgiApp:
    """Listed for a client key, there are the conversations of all organisations."""

    class ForClients(Conversations):
        def select(self, caller: Caller, query: Mapping[str, Any]) -> Selection[Conversation]:
            if caller.key.tier == "client":
                return ListingAll.everybodys(self, query)  # type: ignore[arg-type]
            return super().select(caller, query)

    return broken(conversations=ForClients)


@defect("isolation.list", "list.count", difficulty=RARE)
def isolation_count_leaks_to_clients() -> WsgiApp:
    """The count that a client key gets is that of all organisations."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, page: Any) -> Any:
        return replace(page, count=len(ListingAll.everybodys(rules, checked.query))) if caller.key.tier == "client" else None

    return broken(conversations=then("list", effect))


@defect("isolation.list", difficulty=RARE)
def isolation_not_on_large_pages() -> WsgiApp:
    """A page of exactly 100 is read by another query, which forgets the organisation."""

    class Large(ListingAll):
        def forgets(self, query: Mapping[str, Any]) -> bool:
            return query.get("limit") == 100

    return broken(conversations=Large)


@defect("isolation.create-message", difficulty=RARE)
def isolation_requesters_may_send() -> WsgiApp:
    """Whoever names the requester as the sender may write to a conversation, whichever organisation's key it is."""

    class Requesters(reaching(SEND)):
        def of_its_own(self, operation: str, caller: Caller, checked: CheckedRequest) -> Caller:
            found = self.store.conversation(checked.id)
            own = found is not None and found.requester.email == checked.body.get("user_email")
            return super().of_its_own(operation, caller, checked) if own else caller

    return broken(conversations=Requesters)


@defect("isolation.create-message", difficulty=RARE)
def isolation_known_senders_may_send() -> WsgiApp:
    """A sender whom the caller's organisation knows may write to anybody's conversation: the user is checked, not the place."""

    class Known(reaching(SEND)):
        def of_its_own(self, operation: str, caller: Caller, checked: CheckedRequest) -> Caller:
            known = self.look_up(caller.organisation, checked.body.get("user_email", "")) is not None
            return super().of_its_own(operation, caller, checked) if known else caller

    return broken(conversations=Known)


@defect("isolation.get", difficulty=RARE)
def isolation_shared_requesters_may_be_read() -> WsgiApp:
    """A conversation is whosever its requester is: an address that two organisations know opens it to both."""

    class Shared(reaching(GET)):
        def of_its_own(self, operation: str, caller: Caller, checked: CheckedRequest) -> Caller:
            found = self.store.conversation(checked.id)
            email = found.requester.email if found else None
            shared = email is not None and self.look_up(caller.organisation, email) is not None
            return super().of_its_own(operation, caller, checked) if shared else caller

    return broken(conversations=Shared)


# --- numbers ----------------------------------------------------------------------------------------------------------------------


def namesakes(rules: Conversations, conversation: Conversation) -> list[Conversation]:
    """Return the other conversations with the same number, in all organisations."""
    return [one for one in all_conversations(rules.store) if one.number == conversation.number and one.id != conversation.id]


@defect("isolation.resolve", "resolve.only-that", difficulty=RARE)
def isolation_equal_numbers_are_closed() -> WsgiApp:
    """Resolving closes by number, and the other organisation's conversation of that number with it."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, done: Conversation) -> None:
        for other in namesakes(rules, done):
            rules.store.replace_conversation(other._replace(status="closed"))

    return broken(conversations=then("resolve", effect))


@defect("isolation.create-message", "messages.own-conversation", difficulty=RARE)
def isolation_equal_numbers_share_messages() -> WsgiApp:
    """A message is stored by number, and is listed in the other organisation's conversation of that number too."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, message: Message) -> None:
        found = rules.store.conversation(message.conversation)
        for other in namesakes(rules, found):
            rules.store.add_message(message._replace(conversation=other.id))

    return broken(conversations=then("send", effect))


# --- caches and moments -----------------------------------------------------------------------------------------------------------


@defect("isolation.list", "list.fresh", difficulty=RARE)
def isolation_lists_are_cached_by_query() -> WsgiApp:
    """The answer to a list is kept by its query for as long as nobody writes, and whoever asks the same gets it."""
    kept: dict[str, Any] = {}

    class Caching(Pipeline):
        def handle(self, operation: Operation, caller: Caller, checked: CheckedRequest, request: Request) -> Any:
            if operation.id != LIST:
                if operation.id not in (GET, MESSAGES):
                    kept.clear()
                return super().handle(operation, caller, checked, request)
            if request.query not in kept:
                kept[request.query] = super().handle(operation, caller, checked, request)
            return kept[request.query]

    return broken(pipeline=Caching)


@defect("isolation.get", difficulty=RARE)
def isolation_get_is_cached_by_path() -> WsgiApp:
    """A conversation that was just read is answered from a cache, which knows paths and no keys, until somebody writes."""
    kept: dict[str, Any] = {}

    class Caching(Pipeline):
        def handle(self, operation: Operation, caller: Caller, checked: CheckedRequest, request: Request) -> Any:
            if operation.id != GET:
                if operation.id not in (LIST, MESSAGES):
                    kept.clear()
                return super().handle(operation, caller, checked, request)
            if checked.id not in kept:
                kept[checked.id] = super().handle(operation, caller, checked, request)
            return kept[checked.id]

    return broken(pipeline=Caching)


@defect("isolation.get", difficulty=RARE)
def isolation_not_of_young_ones() -> WsgiApp:
    """In its first half second a conversation is read from the queue, which knows no organisations."""

    class Young(reaching(GET)):
        def seen(self, conversation: Conversation) -> bool:
            return time.time_ns() // 1000 - conversation.created_at < SECOND // 2

    return broken(conversations=Young)


@defect("isolation.messages", difficulty=RARE)
def isolation_not_every_fourth_message_list() -> WsgiApp:
    """Every fourth time, messages are read by the conversation's id alone."""
    times = [0]

    class Fourth(reaching(MESSAGES)):
        def of_its_own(self, operation: str, caller: Caller, checked: CheckedRequest) -> Caller:
            times[0] += 1
            return super().of_its_own(operation, caller, checked) if times[0] % 4 == 0 else caller

    return broken(conversations=Fourth)


@defect("isolation.list", "isolation.get", "any.concurrent-reads", difficulty=RARE)
def isolation_organisations_mixed_up() -> WsgiApp:
    """Whose call is being handled is kept in one place for all threads."""
    current: dict[str, str] = {}

    class OnePlace(Authenticator):
        def authenticate(self, request: Request, operation: Operation) -> Caller:
            caller = super().authenticate(request, operation)
            current["organisation"] = caller.organisation
            pause(0.5)
            return caller._replace(key=replace(caller.key, organisation=current["organisation"]))

    return broken(authenticator=OnePlace)


# --- refused, and yet -------------------------------------------------------------------------------------------------------------


def trace(operation_id: str, **members: Any) -> type[Pipeline]:
    """Return a pipeline that refuses access to another organisation's conversation, but changes it."""

    class Tracing(Pipeline):
        def refused(self, operation: Operation, request: Request, refusal: Refusal) -> Response:
            found = self.store.conversation(request.path.get("id", ""))
            if operation.id == operation_id and status_of(refusal) == 404 and found is not None:
                other = members or {"updated_at": found.updated_at - 3600 * SECOND}
                self.store.replace_conversation(found._replace(**other))
            return super().refused(operation, request, refusal)

    return Tracing


@defect("isolation.resolve", difficulty=RARE)
def isolation_refused_and_touched() -> WsgiApp:
    """Another organisation that resolves is refused, and updated_at of the conversation is an hour earlier."""
    return broken(pipeline=trace(RESOLVE))


@defect("isolation.create-message", "isolation.resolve", difficulty=RARE)
def isolation_message_refused_and_pending() -> WsgiApp:
    """Another organisation's message is refused, and the conversation waits for an answer: pending."""
    return broken(pipeline=trace(SEND, status="pending"))


@defect("isolation.get", "list.reads-only", "any.durable", "isolation.resolve", difficulty=RARE)
def isolation_read_and_noted() -> WsgiApp:
    """Another organisation that tries to read is refused, and the conversation's priority is raised: somebody is interested."""
    return broken(pipeline=trace(GET, priority="urgent"))
