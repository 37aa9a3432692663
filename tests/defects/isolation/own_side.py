"""Servers on which one organisation sees or changes what is another's."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from mockserver.contract.document import Operation
from mockserver.handling.conversations import Conversations
from mockserver.handling.pipeline import Pipeline
from mockserver.http.messages import Request, Response
from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.records import Conversation, Message
from mockserver.model.refusal import Refusal
from mockserver.serving.server import WsgiApp
from mockserver.store import Fixed, Selection
from mockserver.store.memory import MemoryStore
from tests.defects.kit.parts import (
    GET,
    LIST,
    MESSAGES,
    RESOLVE,
    SEND,
    Event,
    answering,
    body_of,
    broken,
    handling,
    status_of,
    with_organisation,
)
from tests.defects.kit.stores import all_conversations
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


class Reaching(Conversations):
    """Rules that find other organisations' conversations for some operations."""

    reach: frozenset[str] = frozenset()

    def seen(self, conversation: Conversation) -> bool:
        """Tell whether this conversation can be found from other organisations."""
        return True

    def get(self, caller: Caller, checked: CheckedRequest) -> Conversation:
        return super().get(self.of_its_own(GET, caller, checked), checked)

    def messages(self, caller: Caller, checked: CheckedRequest) -> Any:
        return super().messages(self.of_its_own(MESSAGES, caller, checked), checked)

    def send(self, caller: Caller, checked: CheckedRequest) -> Message:
        return super().send(self.of_its_own(SEND, caller, checked), checked)

    def resolve(self, caller: Caller, checked: CheckedRequest) -> Conversation:
        return super().resolve(self.of_its_own(RESOLVE, caller, checked), checked)

    def of_its_own(self, operation: str, caller: Caller, checked: CheckedRequest) -> Caller:
        """Return the caller as if the conversation's organisation were its own, where the rules reach that far."""
        found = self.store.conversation(checked.id)
        if operation not in self.reach or found is None or not self.seen(found):
            return caller
        return caller._replace(key=replace(caller.key, organisation=found.organisation))


def reaching(*operations: str) -> type[Reaching]:
    """Rules that find other organisations' conversations for these operations."""
    return type("ReachingSome", (Reaching,), {"reach": frozenset(operations)})


@defect("isolation.get", "isolation.messages", "isolation.create-message", "isolation.resolve", difficulty=EASY)
def isolation_none() -> WsgiApp:
    """Whoever knows the id of a conversation may do everything with it."""
    return broken(conversations=reaching(GET, MESSAGES, SEND, RESOLVE))


@defect("isolation.get", difficulty=EASY)
def isolation_not_on_get() -> WsgiApp:
    """Getting a conversation does not look at its organisation."""
    return broken(conversations=reaching(GET))


@defect("isolation.messages", difficulty=MEDIUM)
def isolation_not_on_messages() -> WsgiApp:
    """Listing messages does not look at the conversation's organisation."""
    return broken(conversations=reaching(MESSAGES))


@defect("isolation.create-message", difficulty=MEDIUM)
def isolation_not_on_send() -> WsgiApp:
    """Sending a message does not look at the conversation's organisation."""
    return broken(conversations=reaching(SEND))


@defect("isolation.resolve", difficulty=MEDIUM)
def isolation_not_on_resolve() -> WsgiApp:
    """Resolving does not look at the conversation's organisation."""
    return broken(conversations=reaching(RESOLVE))


@defect("isolation.get", difficulty=RARE)
def isolation_not_of_closed_on_get() -> WsgiApp:
    """A closed conversation is read from the archive, which knows no organisations."""

    class Archive(reaching(GET)):
        def seen(self, conversation: Conversation) -> bool:
            return self.is_closed(conversation)

    return broken(conversations=Archive)


@defect("isolation.messages", difficulty=RARE)
def isolation_not_of_closed_on_messages() -> WsgiApp:
    """The messages of a closed conversation are read from the archive, which knows no organisations."""

    class Archive(reaching(MESSAGES)):
        def seen(self, conversation: Conversation) -> bool:
            return self.is_closed(conversation)

    return broken(conversations=Archive)


@defect("isolation.create-message", difficulty=RARE)
def isolation_not_of_closed_on_send() -> WsgiApp:
    """A reply to a closed conversation does not look at its organisation."""

    class Closed(reaching(SEND)):
        def seen(self, conversation: Conversation) -> bool:
            return self.is_closed(conversation)

    return broken(conversations=Closed)


@defect("isolation.resolve", difficulty=RARE)
def isolation_not_of_closed_on_resolve() -> WsgiApp:
    """Resolving a closed conversation answers with it before it looks at the organisation."""

    class Closed(reaching(RESOLVE)):
        def seen(self, conversation: Conversation) -> bool:
            return self.is_closed(conversation)

    return broken(conversations=Closed)


@defect("isolation.get", difficulty=RARE)
def isolation_not_of_anonymous_on_get() -> WsgiApp:
    """The organisation is that of the requester, and an anonymous one has none: everybody may get the conversation."""

    class Anonymous(reaching(GET)):
        def seen(self, conversation: Conversation) -> bool:
            return conversation.requester.anonymous

    return broken(conversations=Anonymous)


@defect("isolation.messages", difficulty=RARE)
def isolation_not_by_bearer_on_messages() -> WsgiApp:
    """Listing messages with a key after Bearer does not look at the conversation's organisation."""

    class ByBearer(reaching(MESSAGES)):
        def of_its_own(self, operation: str, caller: Caller, checked: CheckedRequest) -> Caller:
            return caller if caller.scheme == "apiKey" else super().of_its_own(operation, caller, checked)

    return broken(conversations=ByBearer)


@defect("isolation.resolve", difficulty=RARE)
def isolation_not_by_bearer_on_resolve() -> WsgiApp:
    """Resolving with a key after Bearer does not look at the conversation's organisation."""

    class ByBearer(reaching(RESOLVE)):
        def of_its_own(self, operation: str, caller: Caller, checked: CheckedRequest) -> Caller:
            return caller if caller.scheme == "apiKey" else super().of_its_own(operation, caller, checked)

    return broken(conversations=ByBearer)


# --- lists ------------------------------------------------------------------------------------------------------------------------


class ListingAll(Conversations):
    """Rules whose list forgets the organisation for some queries."""

    def forgets(self, query: Mapping[str, Any]) -> bool:
        """Tell whether this query forgets the organisation."""
        return True

    def select(self, caller: Caller, query: Mapping[str, Any]) -> Selection[Conversation]:
        return self.everybodys(query) if self.forgets(query) else super().select(caller, query)

    def everybodys(self, query: Mapping[str, Any]) -> Selection[Conversation]:
        """Return what matches in all organisations, latest first."""
        email, status = query.get("user_email"), query.get("status")
        return Fixed(
            [
                conversation
                for conversation in reversed(all_conversations(self.store))
                if (status is None or conversation.status == status)
                and (email is None or (conversation.requester.email or "").lower() == email.lower())
            ]
        )


@defect("isolation.list", difficulty=EASY)
def isolation_not_on_list() -> WsgiApp:
    """The list holds the conversations of all organisations."""
    return broken(conversations=ListingAll)


@defect("isolation.list", difficulty=MEDIUM)
def isolation_not_by_email() -> WsgiApp:
    """The list of one requester's conversations holds those of all organisations."""

    class ByEmail(ListingAll):
        def forgets(self, query: Mapping[str, Any]) -> bool:
            return query.get("user_email") is not None

    return broken(conversations=ByEmail)


@defect("isolation.list", difficulty=MEDIUM)
def isolation_not_by_status() -> WsgiApp:
    """The list of one status holds the conversations of all organisations."""

    class ByStatus(ListingAll):
        def forgets(self, query: Mapping[str, Any]) -> bool:
            return query.get("status") is not None and query.get("user_email") is None

    return broken(conversations=ByStatus)


@defect("isolation.list", difficulty=RARE)
def isolation_not_by_status_closed() -> WsgiApp:
    """The list of closed conversations holds those of all organisations."""

    class ByClosed(ListingAll):
        def forgets(self, query: Mapping[str, Any]) -> bool:
            return query.get("status") == "closed"

    return broken(conversations=ByClosed)


@defect("isolation.list", difficulty=RARE)
def isolation_not_by_both_filters() -> WsgiApp:
    """With both filters the list holds the conversations of all organisations: an OR lacks its parentheses."""

    class ByBoth(ListingAll):
        def forgets(self, query: Mapping[str, Any]) -> bool:
            return query.get("status") is not None and query.get("user_email") is not None

    return broken(conversations=ByBoth)


@defect("isolation.list", "list.count", difficulty=MEDIUM)
def isolation_count_leaks() -> WsgiApp:
    """The count is that of all organisations; the results are not."""

    class Counting(ListingAll):
        def list(self, caller: Caller, checked: CheckedRequest) -> Any:
            return replace(super().list(caller, checked), count=len(self.everybodys(checked.query)))

        def forgets(self, query: Mapping[str, Any]) -> bool:
            return False

    return broken(conversations=Counting)


@defect("isolation.list", "list.count", difficulty=RARE)
def isolation_count_leaks_by_email() -> WsgiApp:
    """The count of one requester's conversations is that of all organisations; the results are not."""

    class Counting(ListingAll):
        def list(self, caller: Caller, checked: CheckedRequest) -> Any:
            page = super().list(caller, checked)
            if checked.query.get("user_email") is None:
                return page
            return replace(page, count=len(self.everybodys(checked.query)))

        def forgets(self, query: Mapping[str, Any]) -> bool:
            return False

    return broken(conversations=Counting)


# --- subtler ----------------------------------------------------------------------------------------------------------------------


@defect("isolation.create-message", difficulty=RARE)
def isolation_refused_and_sent() -> WsgiApp:
    """A message to another organisation's conversation is answered with 404, and stored."""
    return broken(pipeline=done_elsewhere(SEND))


@defect("isolation.resolve", difficulty=RARE)
def isolation_refused_and_resolved() -> WsgiApp:
    """Another organisation's conversation is answered with 404 when it is resolved, and is closed."""
    return broken(pipeline=done_elsewhere(RESOLVE))


def done_elsewhere(operation_id: str) -> type[Pipeline]:
    """Return a pipeline that first does what was asked to another organisation's conversation, and then refuses it."""

    class Done(Pipeline):
        def refused(self, operation: Operation, request: Request, refusal: Refusal) -> Response:
            found = self.store.conversation(request.path.get("id", ""))
            if operation.id == operation_id and status_of(refusal) == 404 and found is not None:
                caller = self.authenticate(request, operation)
                key = replace(caller.key, organisation=found.organisation)
                body_of(request)
                self.handle(operation, caller._replace(key=key), self.validate(request, operation), request)
            return super().refused(operation, request, refusal)

    return Done


@defect("isolation.create-message", difficulty=RARE)
def isolation_refused_and_sent_at_home() -> WsgiApp:
    """A message to another organisation's conversation is refused with 404, and filed into the newest one of the sender's own."""

    class AtHome(Pipeline):
        def refused(self, operation: Operation, request: Request, refusal: Refusal) -> Response:
            found = self.store.conversation(request.path.get("id", ""))
            if operation.id == SEND and status_of(refusal) == 404 and found is not None:
                caller = self.authenticate(request, operation)
                body_of(request)
                checked = self.validate(request, operation)
                for newest in self.store.conversations(caller.organisation).page(0, 1):
                    with suppress(Refusal):
                        self.handle(operation, caller, checked._replace(id=newest.id), request)
            return super().refused(operation, request, refusal)

    return broken(pipeline=AtHome)


@defect("isolation.get", difficulty=RARE)
def isolation_not_every_third_get() -> WsgiApp:
    """Every third time, a conversation is read from a cache by its id alone."""

    def change(event: Event) -> Event | None:
        return with_organisation(event, stores[0].organisation_of(event.checked.id)) if event.number % 3 == 0 else None

    stores: list[_Knowing] = [_Knowing()]
    return broken(pipeline=handling(change, GET), store=stores[0])


class _Knowing(MemoryStore):
    """A store that knows the organisation of each conversation."""

    def organisation_of(self, conversation_id: str) -> str:
        found = self.conversation(conversation_id)
        return found.organisation if found else ""


@defect("isolation.list", "list.maximum", difficulty=RARE)
def isolation_last_page_overflows() -> WsgiApp:
    """A page that is not full is filled up with what other organisations created last."""
    seen: list[Any] = []

    def change(value: Any, event: Event) -> Any:
        if event.operation == LIST:
            own = {item["id"] for item in value["results"]}
            limit = event.query.get("limit") or 20
            email = event.query.get("user_email")
            if email is None and event.query.get("status") is None and not event.query.get("offset"):
                more = [item for organisation, item in seen if organisation != event.caller.organisation and item["id"] not in own]
                value["results"] += more[: max(0, min(limit, 100) - len(own))]
        elif event.operation == "createConversation":
            seen.append((event.caller.organisation, value))
        return value

    return broken(pipeline=answering(change))


@defect("isolation.list", "list.email-filter", difficulty=RARE)
def isolation_default_organisation() -> WsgiApp:
    """Whoever lists with an offset lists the first organisation's conversations."""

    def change(event: Event) -> Event | None:
        first = app.namespace.keys.organisations[0]
        return with_organisation(event, first) if event.query.get("offset") else None

    app = broken(pipeline=handling(change, LIST))
    return app
