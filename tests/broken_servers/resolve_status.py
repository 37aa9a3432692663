"""Servers that do not close what they should resolve, or not for good."""

from collections.abc import Callable
from typing import Any

from broken_servers.list_seams import SECOND, change, ruling, siblings, then
from broken_servers.registry import Difficulty, defect
from broken_servers.resolve_seams import answered, refusing
from broken_servers.seams import GET, Event, answering, broken
from mockserver.auth import Caller
from mockserver.conversations import Conversations
from mockserver.records import Conversation
from mockserver.server import WsgiApp
from mockserver.validation import Request

EASY, MEDIUM, RARE = Difficulty


def not_closing(kept_open: Callable[[Conversation, Caller], bool]) -> WsgiApp:
    """A server that answers that a conversation is closed, and leaves some open."""

    def resolve(self: Any, caller: Caller, request: Request) -> Conversation:
        conversation = self.find(caller, request.id)
        if kept_open(conversation, caller):
            return self.resolved(conversation)
        return Conversations.resolve(self, caller, request)

    return broken(conversations=ruling(resolve=resolve))


@defect("resolve-status-resolved", "resolve.closes", difficulty=EASY)
def _() -> WsgiApp:
    """Resolving ends in the status resolved."""
    return broken(conversations=ruling(closed_status=lambda self: "resolved"))


@defect("resolve-status-resolved-in-get", "resolve.get-agrees", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A closed conversation is read as resolved."""

    def rewrite(value: Any, _: Event) -> Any:
        return value | {"status": value["status"].replace("closed", "resolved")}

    return broken(pipeline=answering(rewrite, GET))


@defect("resolve-only-in-the-answer", "resolve.get-agrees", difficulty=EASY)
def _() -> WsgiApp:
    """Resolving answers that the conversation is closed, and does nothing."""
    return not_closing(lambda conversation, caller: True)


@defect("resolve-by-bearer-only-in-the-answer", "resolve.get-agrees", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Resolving with a key after Bearer does nothing."""
    return not_closing(lambda conversation, caller: caller.scheme != "apiKey")


@defect("resolve-callbacks-only-in-the-answer", "resolve.get-agrees", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Resolving a conversation of the channel callback does nothing."""
    return not_closing(lambda conversation, caller: conversation.channel == "callback")


@defect("resolve-low-priority-only-in-the-answer", "resolve.get-agrees", difficulty=RARE)
def _() -> WsgiApp:
    """Resolving a conversation of the priority low does nothing."""
    return not_closing(lambda conversation, caller: conversation.priority == "low")


@defect("resolve-anonymous-only-in-the-answer", "resolve.get-agrees", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Resolving a conversation of an anonymous user does nothing."""
    return not_closing(lambda conversation, caller: conversation.requester.anonymous)


@defect("resolve-answers-open", "resolve.closes", difficulty=EASY)
def _() -> WsgiApp:
    """Resolving closes the conversation and answers it as it was before."""
    return answered(lambda value, _: value | {"status": "open"})


@defect("resolve-later", "resolve.get-agrees", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A conversation is read as closed 300 ms after it was resolved."""
    app = broken()

    def rewrite(value: Any, event: Event) -> Any:
        stored = app.world.store.conversation(event.request.id)
        if stored and stored.status == "closed" and app.world.pipeline.conversations.clock.now() - stored.updated_at < 0.3 * SECOND:
            return value | {"status": "open"}
        return value

    app = broken(pipeline=answering(rewrite, GET))
    return app


@defect("resolve-undone-after-a-second", "resolve.get-agrees", "any.durable", difficulty=RARE)
def _() -> WsgiApp:
    """A closed conversation is open again after a second."""

    def find(self: Any, caller: Caller, conversation_id: str) -> Conversation:
        found = Conversations.find(self, caller, conversation_id)
        if found.status == "closed" and self.clock.now() - found.updated_at > SECOND:
            change(self, found, status="open")
        return Conversations.find(self, caller, conversation_id)

    return broken(conversations=ruling(find=find))


@defect("resolve-undone-by-the-list", "resolve.get-agrees", "resolve.lists-agree", "list.status-filter", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Listing a requester's conversations opens their latest closed one."""

    def effect(rules: Any, caller: Caller, request: Request, page: Any) -> None:
        closed = [one for one in page.results if one.status == "closed" and request.query["user_email"]]
        for one in closed[:1]:
            change(rules, one, status="open")

    return broken(conversations=then("list", effect))


@defect("resolve-undone-by-reading-messages", "resolve.get-agrees", "any.durable", "list.reads-only", difficulty=RARE)
def _() -> WsgiApp:
    """Reading the messages of a closed conversation opens it."""

    def effect(rules: Any, caller: Caller, request: Request, page: Any) -> None:
        conversation = rules.find(caller, request.id)
        if conversation.status == "closed":
            change(rules, conversation, status="open")

    return broken(conversations=then("messages", effect))


@defect("resolve-undone-by-the-next-create", "resolve.get-agrees", "any.durable", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A new conversation of a requester opens their closed ones."""

    def effect(rules: Any, caller: Caller, request: Request, created: Conversation) -> None:
        for other in siblings(rules, caller, created):
            change(rules, other, status="open")

    return broken(conversations=then("create", effect))


@defect("resolve-new-ones-are-closed", "create.opens", "resolve.get-agrees", difficulty=RARE)
def _() -> WsgiApp:
    """A conversation of a requester whose latest was closed is closed from the beginning."""

    def effect(rules: Any, caller: Caller, request: Request, created: Conversation) -> Any:
        others = siblings(rules, caller, created)
        if others and others[0].status == "closed":
            change(rules, created, status="closed")
            return rules.store.conversation(created.id)
        return None

    return broken(conversations=then("create", effect))


@defect("resolve-twice-opens", "resolve.twice", "resolve.get-agrees", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Resolving a closed conversation opens it."""

    def resolve(self: Any, caller: Caller, request: Request) -> Conversation:
        conversation = self.find(caller, request.id)
        if conversation.status != "closed":
            return Conversations.resolve(self, caller, request)
        change(self, conversation, status="open")
        return self.find(caller, request.id)

    return broken(conversations=ruling(resolve=resolve))


@defect("resolve-twice-is-resolved", "resolve.twice", "resolve.get-agrees", difficulty=RARE)
def _() -> WsgiApp:
    """Resolving a closed conversation gives it the status resolved."""

    def resolve(self: Any, caller: Caller, request: Request) -> Conversation:
        conversation = self.find(caller, request.id)
        if conversation.status == "closed":
            change(self, conversation, status="resolved")
            return conversation
        return Conversations.resolve(self, caller, request)

    return broken(conversations=ruling(resolve=resolve))


@defect("resolve-twice-is-an-error", "resolve.twice", "any.no-server-error", difficulty=EASY)
def _() -> WsgiApp:
    """Resolving a closed conversation is answered with 500."""
    return refusing(lambda rules, conversation: conversation.status == "closed", 500)


@defect("resolve-thrice-is-an-error", "resolve.twice", "any.no-server-error", difficulty=RARE)
def _() -> WsgiApp:
    """Resolving a conversation for the third time is answered with 500."""
    times: dict[str, int] = {}

    def again(rules: Conversations, conversation: Conversation) -> bool:
        times[conversation.id] = times.get(conversation.id, 0) + 1
        return times[conversation.id] > 2

    return refusing(again, 500)
