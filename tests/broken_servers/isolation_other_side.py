"""Servers on which isolation depends on the caller or the circumstances: the tier, the sender, the number, a cache, the moment."""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from broken_servers.isolation import ListingAll, Reaching, reaching
from broken_servers.list_seams import SECOND, pause, then
from broken_servers.registry import Difficulty, defect
from broken_servers.seams import GET, LIST, MESSAGES, RESOLVE, SEND, broken
from broken_servers.store_seams import all_conversations
from mockserver.answers import Answer, Call
from mockserver.auth import Authenticator, Caller
from mockserver.contract import Operation
from mockserver.conversations import Conversations
from mockserver.pipeline import Pipeline
from mockserver.problems import Refusal
from mockserver.records import Conversation, Message
from mockserver.server import WsgiApp
from mockserver.store import Selection
from mockserver.validation import Request

EASY, MEDIUM, RARE = Difficulty


# --- for some callers -------------------------------------------------------------------------------------------------------------


class OfClients(Reaching):
    """Rules that do not look at the organisation where a client key calls."""

    def of_its_own(self, operation: str, caller: Caller, request: Request) -> Caller:
        return super().of_its_own(operation, caller, request) if caller.key.tier == "client" else caller


def for_clients(operation: str) -> WsgiApp:
    """A server that does not look at the organisation for client keys, which are public anyway."""
    return broken(conversations=type("ForClients", (OfClients,), {"reach": frozenset([operation])}))


@defect("isolation-not-for-clients-on-get", "isolation.get", difficulty=RARE)
def _() -> WsgiApp:
    """With a client key any organisation's conversation can be read."""
    return for_clients(GET)


@defect("isolation-not-for-clients-on-messages", "isolation.messages", difficulty=RARE)
def _() -> WsgiApp:
    """With a client key the messages of any organisation's conversation can be read."""
    return for_clients(MESSAGES)


@defect("isolation-not-for-clients-on-send", "isolation.create-message", difficulty=RARE)
def _() -> WsgiApp:
    """With a client key a message can be sent to any organisation's conversation."""
    return for_clients(SEND)


@defect("isolation-not-for-clients-by-bearer-on-get", "isolation.get", difficulty=RARE)
def _() -> WsgiApp:
    """With a client key after Bearer any organisation's conversation can be read; in X-API-Key only its own."""

    class ByBearer(OfClients):
        reach = frozenset([GET])

        def of_its_own(self, operation: str, caller: Caller, request: Request) -> Caller:
            return caller if caller.scheme == "apiKey" else super().of_its_own(operation, caller, request)

    return broken(conversations=ByBearer)


@defect("isolation-not-for-clients-on-list", "isolation.list", difficulty=RARE)
def _() -> WsgiApp:
    """Listed for a client key, there are the conversations of all organisations."""

    class ForClients(Conversations):
        def select(self, caller: Caller, query: Mapping[str, Any]) -> Selection[Conversation]:
            if caller.key.tier == "client":
                return ListingAll.everybodys(self, query)  # type: ignore[arg-type]
            return super().select(caller, query)

    return broken(conversations=ForClients)


@defect("isolation-count-leaks-to-clients", "isolation.list", "list.count", difficulty=RARE)
def _() -> WsgiApp:
    """The count that a client key gets is that of all organisations."""

    def effect(rules: Any, caller: Caller, request: Request, page: Any) -> Any:
        return replace(page, count=len(ListingAll.everybodys(rules, request.query))) if caller.key.tier == "client" else None

    return broken(conversations=then("list", effect))


@defect("isolation-not-on-large-pages", "isolation.list", difficulty=RARE)
def _() -> WsgiApp:
    """A page of exactly 100 is read by another query, which forgets the organisation."""

    class Large(ListingAll):
        def forgets(self, query: Mapping[str, Any]) -> bool:
            return query.get("limit") == 100

    return broken(conversations=Large)


@defect("isolation-requesters-may-send", "isolation.create-message", difficulty=RARE)
def _() -> WsgiApp:
    """Whoever names the requester as the sender may write to a conversation, whichever organisation's key it is."""

    class Requesters(reaching(SEND)):
        def of_its_own(self, operation: str, caller: Caller, request: Request) -> Caller:
            found = self.store.conversation(request.id)
            own = found is not None and found.requester.email == request.body.get("user_email")
            return super().of_its_own(operation, caller, request) if own else caller

    return broken(conversations=Requesters)


@defect("isolation-known-senders-may-send", "isolation.create-message", difficulty=RARE)
def _() -> WsgiApp:
    """A sender whom the caller's organisation knows may write to anybody's conversation: the user is checked, not the place."""

    class Known(reaching(SEND)):
        def of_its_own(self, operation: str, caller: Caller, request: Request) -> Caller:
            known = self.look_up(caller.organisation, request.body.get("user_email", "")) is not None
            return super().of_its_own(operation, caller, request) if known else caller

    return broken(conversations=Known)


@defect("isolation-shared-requesters-may-be-read", "isolation.get", difficulty=RARE)
def _() -> WsgiApp:
    """A conversation is whosever its requester is: an address that two organisations know opens it to both."""

    class Shared(reaching(GET)):
        def of_its_own(self, operation: str, caller: Caller, request: Request) -> Caller:
            found = self.store.conversation(request.id)
            email = found.requester.email if found else None
            shared = email is not None and self.look_up(caller.organisation, email) is not None
            return super().of_its_own(operation, caller, request) if shared else caller

    return broken(conversations=Shared)


# --- numbers ----------------------------------------------------------------------------------------------------------------------


def namesakes(rules: Conversations, conversation: Conversation) -> list[Conversation]:
    """The conversations of all organisations that have its number, and not its id."""
    return [one for one in all_conversations(rules.store) if one.number == conversation.number and one.id != conversation.id]


@defect("isolation-equal-numbers-are-closed", "isolation.resolve", "resolve.only-that", difficulty=RARE)
def _() -> WsgiApp:
    """Resolving closes by number, and the other organisation's conversation of that number with it."""

    def effect(rules: Any, caller: Caller, request: Request, done: Conversation) -> None:
        for other in namesakes(rules, done):
            rules.store.replace_conversation(other._replace(status="closed"))

    return broken(conversations=then("resolve", effect))


@defect("isolation-equal-numbers-share-messages", "isolation.create-message", "messages.own-conversation", difficulty=RARE)
def _() -> WsgiApp:
    """A message is stored by number, and is listed in the other organisation's conversation of that number too."""

    def effect(rules: Any, caller: Caller, request: Request, message: Message) -> None:
        found = rules.store.conversation(message.conversation)
        for other in namesakes(rules, found):
            rules.store.add_message(message._replace(conversation=other.id))

    return broken(conversations=then("send", effect))


# --- caches and moments -----------------------------------------------------------------------------------------------------------


@defect("isolation-lists-are-cached-by-query", "isolation.list", "list.fresh", difficulty=RARE)
def _() -> WsgiApp:
    """The answer to a list is kept by its query for as long as nobody writes, and whoever asks the same gets it."""
    kept: dict[str, Any] = {}

    class Caching(Pipeline):
        def handle(self, operation: Operation, caller: Caller, request: Request, call: Call) -> Any:
            if operation.id != LIST:
                if operation.id not in (GET, MESSAGES):
                    kept.clear()
                return super().handle(operation, caller, request, call)
            if call.query not in kept:
                kept[call.query] = super().handle(operation, caller, request, call)
            return kept[call.query]

    return broken(pipeline=Caching)


@defect("isolation-get-is-cached-by-path", "isolation.get", difficulty=RARE)
def _() -> WsgiApp:
    """A conversation that was just read is answered from a cache, which knows paths and no keys, until somebody writes."""
    kept: dict[str, Any] = {}

    class Caching(Pipeline):
        def handle(self, operation: Operation, caller: Caller, request: Request, call: Call) -> Any:
            if operation.id != GET:
                if operation.id not in (LIST, MESSAGES):
                    kept.clear()
                return super().handle(operation, caller, request, call)
            if request.id not in kept:
                kept[request.id] = super().handle(operation, caller, request, call)
            return kept[request.id]

    return broken(pipeline=Caching)


@defect("isolation-not-of-young-ones", "isolation.get", difficulty=RARE)
def _() -> WsgiApp:
    """In its first half second a conversation is read from the queue, which knows no organisations."""

    class Young(reaching(GET)):
        def seen(self, conversation: Conversation) -> bool:
            return time.time_ns() // 1000 - conversation.created_at < SECOND // 2

    return broken(conversations=Young)


@defect("isolation-not-every-fourth-message-list", "isolation.messages", difficulty=RARE)
def _() -> WsgiApp:
    """Every fourth time, messages are read by the conversation's id alone."""
    times = [0]

    class Fourth(reaching(MESSAGES)):
        def of_its_own(self, operation: str, caller: Caller, request: Request) -> Caller:
            times[0] += 1
            return super().of_its_own(operation, caller, request) if times[0] % 4 == 0 else caller

    return broken(conversations=Fourth)


@defect("isolation-organisations-mixed-up", "isolation.list", "isolation.get", "any.concurrent-reads", difficulty=RARE)
def _() -> WsgiApp:
    """Whose call is being handled is kept in one place for all threads."""
    current: dict[str, str] = {}

    class OnePlace(Authenticator):
        def authenticate(self, call: Call, operation: Operation) -> Caller:
            caller = super().authenticate(call, operation)
            current["organisation"] = caller.organisation
            pause(0.5)
            return caller._replace(key=replace(caller.key, organisation=current["organisation"]))

    return broken(authenticator=OnePlace)


# --- refused, and yet -------------------------------------------------------------------------------------------------------------


def trace(operation_id: str, **members: Any) -> type[Pipeline]:
    """A pipeline that refuses what is another organisation's, and leaves a trace in it."""

    class Tracing(Pipeline):
        def refused(self, operation: Operation, call: Call, refusal: Refusal) -> Answer:
            found = self.store.conversation(call.path.get("id", ""))
            if operation.id == operation_id and refusal.status == 404 and found is not None:
                later = members or {"updated_at": found.updated_at + 3600 * SECOND}
                self.store.replace_conversation(found._replace(**later))
            return super().refused(operation, call, refusal)

    return Tracing


@defect("isolation-refused-and-touched", "isolation.resolve", difficulty=RARE)
def _() -> WsgiApp:
    """Another organisation that resolves is refused, and updated_at of the conversation is an hour later."""
    return broken(pipeline=trace(RESOLVE))


@defect("isolation-message-refused-and-pending", "isolation.create-message", "isolation.resolve", difficulty=RARE)
def _() -> WsgiApp:
    """Another organisation's message is refused, and the conversation waits for an answer: pending."""
    return broken(pipeline=trace(SEND, status="pending"))


@defect("isolation-read-and-noted", "isolation.get", "list.reads-only", "any.durable", "isolation.resolve", difficulty=RARE)
def _() -> WsgiApp:
    """Another organisation that tries to read is refused, and the conversation's priority is raised: somebody is interested."""
    return broken(pipeline=trace(GET, priority="urgent"))


@defect("isolation-message-refused-politely", "isolation.create-message", difficulty=RARE)
def _() -> WsgiApp:
    """A message to another organisation's conversation is answered with 200 and what it would have been, and not stored."""

    class Pretending(Pipeline):
        def answer(self, operation: Operation, call: Call) -> Answer:
            answer = super().answer(operation, call)
            foreign = operation.id == SEND and answer.status == 404 and self.store.conversation(call.path["id"]) is not None
            return Answer.json(200, {"status": "queued"}) if foreign else answer

    return broken(pipeline=Pretending)
