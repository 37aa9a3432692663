"""Servers on which one organisation sees or changes what is another's."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from broken_servers.registry import Difficulty, defect
from broken_servers.seams import GET, LIST, MESSAGES, RESOLVE, SEND, Event, answering, body_of, broken, handling, with_organisation
from broken_servers.store_seams import all_conversations
from mockserver.answers import Answer, Call
from mockserver.auth import Caller
from mockserver.contract import Operation
from mockserver.conversations import Conversations
from mockserver.pipeline import Pipeline
from mockserver.problems import Refusal
from mockserver.records import Conversation, Message
from mockserver.server import WsgiApp
from mockserver.store import Fixed, Selection
from mockserver.store.memory import MemoryStore
from mockserver.validation import Request

EASY, MEDIUM, RARE = Difficulty


class Reaching(Conversations):
    """Rules that find other organisations' conversations for some operations."""

    reach: frozenset[str] = frozenset()

    def seen(self, conversation: Conversation) -> bool:
        """Whether this one is among those that are found."""
        return True

    def get(self, caller: Caller, request: Request) -> Conversation:
        return super().get(self.of_its_own(GET, caller, request), request)

    def messages(self, caller: Caller, request: Request) -> Any:
        return super().messages(self.of_its_own(MESSAGES, caller, request), request)

    def send(self, caller: Caller, request: Request) -> Message:
        return super().send(self.of_its_own(SEND, caller, request), request)

    def resolve(self, caller: Caller, request: Request) -> Conversation:
        return super().resolve(self.of_its_own(RESOLVE, caller, request), request)

    def of_its_own(self, operation: str, caller: Caller, request: Request) -> Caller:
        """The caller as one of the conversation's organisation."""
        found = self.store.conversation(request.id)
        if operation not in self.reach or found is None or not self.seen(found):
            return caller
        return caller._replace(key=replace(caller.key, organisation=found.organisation))


def reaching(*operations: str) -> type[Reaching]:
    """Rules that find other organisations' conversations for these operations."""
    return type("ReachingSome", (Reaching,), {"reach": frozenset(operations)})


@defect("isolation-none", "isolation.get", "isolation.messages", "isolation.create-message", "isolation.resolve", difficulty=EASY)
def _() -> WsgiApp:
    """Whoever knows the id of a conversation may do everything with it."""
    return broken(conversations=reaching(GET, MESSAGES, SEND, RESOLVE))


@defect("isolation-not-on-get", "isolation.get", difficulty=EASY)
def _() -> WsgiApp:
    """Getting a conversation does not look at its organisation."""
    return broken(conversations=reaching(GET))


@defect("isolation-not-on-messages", "isolation.messages", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Listing messages does not look at the conversation's organisation."""
    return broken(conversations=reaching(MESSAGES))


@defect("isolation-not-on-send", "isolation.create-message", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Sending a message does not look at the conversation's organisation."""
    return broken(conversations=reaching(SEND))


@defect("isolation-not-on-resolve", "isolation.resolve", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Resolving does not look at the conversation's organisation."""
    return broken(conversations=reaching(RESOLVE))


@defect("isolation-not-of-closed-on-get", "isolation.get", difficulty=RARE)
def _() -> WsgiApp:
    """A closed conversation is read from the archive, which knows no organisations."""

    class Archive(reaching(GET)):
        def seen(self, conversation: Conversation) -> bool:
            return self.is_closed(conversation)

    return broken(conversations=Archive)


@defect("isolation-not-of-closed-on-messages", "isolation.messages", difficulty=RARE)
def _() -> WsgiApp:
    """The messages of a closed conversation are read from the archive, which knows no organisations."""

    class Archive(reaching(MESSAGES)):
        def seen(self, conversation: Conversation) -> bool:
            return self.is_closed(conversation)

    return broken(conversations=Archive)


@defect("isolation-not-of-closed-on-send", "isolation.create-message", difficulty=RARE)
def _() -> WsgiApp:
    """A reply to a closed conversation does not look at its organisation."""

    class Closed(reaching(SEND)):
        def seen(self, conversation: Conversation) -> bool:
            return self.is_closed(conversation)

    return broken(conversations=Closed)


@defect("isolation-not-of-closed-on-resolve", "isolation.resolve", difficulty=RARE)
def _() -> WsgiApp:
    """Resolving a closed conversation answers with it before it looks at the organisation."""

    class Closed(reaching(RESOLVE)):
        def seen(self, conversation: Conversation) -> bool:
            return self.is_closed(conversation)

    return broken(conversations=Closed)


@defect("isolation-not-of-anonymous-on-get", "isolation.get", difficulty=RARE)
def _() -> WsgiApp:
    """The organisation is that of the requester, and an anonymous one has none: everybody may get the conversation."""

    class Anonymous(reaching(GET)):
        def seen(self, conversation: Conversation) -> bool:
            return conversation.requester.anonymous

    return broken(conversations=Anonymous)


@defect("isolation-not-by-bearer-on-messages", "isolation.messages", difficulty=RARE)
def _() -> WsgiApp:
    """Listing messages with a key after Bearer does not look at the conversation's organisation."""

    class ByBearer(reaching(MESSAGES)):
        def of_its_own(self, operation: str, caller: Caller, request: Request) -> Caller:
            return caller if caller.scheme == "apiKey" else super().of_its_own(operation, caller, request)

    return broken(conversations=ByBearer)


@defect("isolation-not-by-bearer-on-resolve", "isolation.resolve", difficulty=RARE)
def _() -> WsgiApp:
    """Resolving with a key after Bearer does not look at the conversation's organisation."""

    class ByBearer(reaching(RESOLVE)):
        def of_its_own(self, operation: str, caller: Caller, request: Request) -> Caller:
            return caller if caller.scheme == "apiKey" else super().of_its_own(operation, caller, request)

    return broken(conversations=ByBearer)


# --- lists ------------------------------------------------------------------------------------------------------------------------


class ListingAll(Conversations):
    """Rules whose list forgets the organisation for some queries."""

    def forgets(self, query: Mapping[str, Any]) -> bool:
        """Whether this query does."""
        return True

    def select(self, caller: Caller, query: Mapping[str, Any]) -> Selection[Conversation]:
        return self.everybodys(query) if self.forgets(query) else super().select(caller, query)

    def everybodys(self, query: Mapping[str, Any]) -> Selection[Conversation]:
        """What matches in all organisations, in the order of creation."""
        email, status = query.get("user_email"), query.get("status")
        return Fixed(
            [
                conversation
                for conversation in reversed(all_conversations(self.store))
                if (status is None or conversation.status == status)
                and (email is None or (conversation.requester.email or "").lower() == email.lower())
            ]
        )


@defect("isolation-not-on-list", "isolation.list", difficulty=EASY)
def _() -> WsgiApp:
    """The list holds the conversations of all organisations."""
    return broken(conversations=ListingAll)


@defect("isolation-not-by-email", "isolation.list", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The list of one requester's conversations holds those of all organisations."""

    class ByEmail(ListingAll):
        def forgets(self, query: Mapping[str, Any]) -> bool:
            return query.get("user_email") is not None

    return broken(conversations=ByEmail)


@defect("isolation-not-by-status", "isolation.list", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The list of one status holds the conversations of all organisations."""

    class ByStatus(ListingAll):
        def forgets(self, query: Mapping[str, Any]) -> bool:
            return query.get("status") is not None and query.get("user_email") is None

    return broken(conversations=ByStatus)


@defect("isolation-not-by-status-closed", "isolation.list", difficulty=RARE)
def _() -> WsgiApp:
    """The list of closed conversations holds those of all organisations."""

    class ByClosed(ListingAll):
        def forgets(self, query: Mapping[str, Any]) -> bool:
            return query.get("status") == "closed"

    return broken(conversations=ByClosed)


@defect("isolation-not-by-both-filters", "isolation.list", difficulty=RARE)
def _() -> WsgiApp:
    """With both filters the list holds the conversations of all organisations: an OR lacks its parentheses."""

    class ByBoth(ListingAll):
        def forgets(self, query: Mapping[str, Any]) -> bool:
            return query.get("status") is not None and query.get("user_email") is not None

    return broken(conversations=ByBoth)


@defect("isolation-count-leaks", "isolation.list", "list.count", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The count is that of all organisations; the results are not."""

    class Counting(ListingAll):
        def list(self, caller: Caller, request: Request) -> Any:
            return replace(super().list(caller, request), count=len(self.everybodys(request.query)))

        def forgets(self, query: Mapping[str, Any]) -> bool:
            return False

    return broken(conversations=Counting)


@defect("isolation-count-leaks-by-email", "isolation.list", "list.count", difficulty=RARE)
def _() -> WsgiApp:
    """The count of one requester's conversations is that of all organisations; the results are not."""

    class Counting(ListingAll):
        def list(self, caller: Caller, request: Request) -> Any:
            page = super().list(caller, request)
            if request.query.get("user_email") is None:
                return page
            return replace(page, count=len(self.everybodys(request.query)))

        def forgets(self, query: Mapping[str, Any]) -> bool:
            return False

    return broken(conversations=Counting)


# --- subtler ----------------------------------------------------------------------------------------------------------------------


@defect("isolation-refused-and-sent", "isolation.create-message", difficulty=RARE)
def _() -> WsgiApp:
    """A message to another organisation's conversation is answered with 404, and stored."""
    return broken(pipeline=done_elsewhere(SEND))


@defect("isolation-refused-and-resolved", "isolation.resolve", difficulty=RARE)
def _() -> WsgiApp:
    """Another organisation's conversation is answered with 404 when it is resolved, and is closed."""
    return broken(pipeline=done_elsewhere(RESOLVE))


def done_elsewhere(operation_id: str) -> type[Pipeline]:
    """A pipeline that refuses what is another organisation's after it was done."""

    class Done(Pipeline):
        def refused(self, operation: Operation, call: Call, refusal: Refusal) -> Answer:
            found = self.store.conversation(call.path.get("id", ""))
            if operation.id == operation_id and refusal.status == 404 and found is not None:
                caller = self.authenticate(call, operation)
                key = replace(caller.key, organisation=found.organisation)
                body_of(call)
                self.handle(operation, caller._replace(key=key), self.validate(call, operation), call)
            return super().refused(operation, call, refusal)

    return Done


@defect("isolation-not-every-third-get", "isolation.get", difficulty=RARE)
def _() -> WsgiApp:
    """Every third time, a conversation is read from a cache by its id alone."""

    def change(event: Event) -> Event | None:
        return with_organisation(event, stores[0].organisation_of(event.request.id)) if event.number % 3 == 0 else None

    stores: list[_Knowing] = [_Knowing()]
    return broken(pipeline=handling(change, GET), store=stores[0])


class _Knowing(MemoryStore):
    """A store that tells whose a conversation is."""

    def organisation_of(self, conversation_id: str) -> str:
        found = self.conversation(conversation_id)
        return found.organisation if found else ""


@defect("isolation-last-page-overflows", "isolation.list", "list.maximum", difficulty=RARE)
def _() -> WsgiApp:
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


@defect("isolation-default-organisation", "isolation.list", "list.email-filter", difficulty=RARE)
def _() -> WsgiApp:
    """Whoever lists with an offset lists the first organisation's conversations."""

    def change(event: Event) -> Event | None:
        first = app.world.keys.organisations[0]
        return with_organisation(event, first) if event.query.get("offset") else None

    app = broken(pipeline=handling(change, LIST))
    return app
