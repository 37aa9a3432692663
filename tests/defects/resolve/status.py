"""Servers that do not close what they should resolve, or not for good."""

from collections.abc import Callable
from typing import Any

from mockserver.handling.conversations import Conversations
from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.records import Conversation
from mockserver.serving.server import WsgiApp
from tests.defects.kit.parts import GET, Event, answering, broken
from tests.defects.kit.resolving import answered, refusing
from tests.defects.kit.rules import SECOND, change, ruling, siblings, then
from tests.defects.kit.stores import kept_messages
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


def not_closing(kept_open: Callable[[Conversation, Caller], bool]) -> WsgiApp:
    """A server that answers that a conversation is closed, and leaves some open."""

    def resolve(self: Any, caller: Caller, checked: CheckedRequest) -> Conversation:
        conversation = self.find(caller, checked.id)
        if kept_open(conversation, caller):
            return self.resolved(conversation)
        return Conversations.resolve(self, caller, checked)

    return broken(conversations=ruling(resolve=resolve))


@defect("resolve.closes", difficulty=EASY)
def resolve_status_resolved() -> WsgiApp:
    """Resolving ends in the status resolved."""
    return broken(conversations=ruling(closed_status=lambda self: "resolved"))


@defect("resolve.get-agrees", difficulty=MEDIUM)
def resolve_status_resolved_in_get() -> WsgiApp:
    """A closed conversation is read as resolved."""

    def rewrite(value: Any, _: Event) -> Any:
        return value | {"status": value["status"].replace("closed", "resolved")}

    return broken(pipeline=answering(rewrite, GET))


@defect("resolve.get-agrees", difficulty=EASY)
def resolve_only_in_the_answer() -> WsgiApp:
    """Resolving answers that the conversation is closed, and does nothing."""
    return not_closing(lambda conversation, caller: True)


@defect("resolve.get-agrees", difficulty=MEDIUM)
def resolve_by_bearer_only_in_the_answer() -> WsgiApp:
    """Resolving with a key after Bearer does nothing."""
    return not_closing(lambda conversation, caller: caller.scheme != "apiKey")


@defect("resolve.get-agrees", difficulty=MEDIUM)
def resolve_callbacks_only_in_the_answer() -> WsgiApp:
    """Resolving a conversation of the channel callback does nothing."""
    return not_closing(lambda conversation, caller: conversation.channel == "callback")


@defect("resolve.get-agrees", difficulty=RARE)
def resolve_low_priority_only_in_the_answer() -> WsgiApp:
    """Resolving a conversation of the priority low does nothing."""
    return not_closing(lambda conversation, caller: conversation.priority == "low")


@defect("resolve.get-agrees", difficulty=MEDIUM)
def resolve_anonymous_only_in_the_answer() -> WsgiApp:
    """Resolving a conversation of an anonymous user does nothing."""
    return not_closing(lambda conversation, caller: conversation.requester.anonymous)


@defect("resolve.closes", difficulty=EASY)
def resolve_answers_open() -> WsgiApp:
    """Resolving closes the conversation and answers it as it was before."""
    return answered(lambda value, _: value | {"status": "open"})


@defect("resolve.get-agrees", difficulty=MEDIUM)
def resolve_later() -> WsgiApp:
    """A conversation is read as closed 300 ms after it was resolved."""
    app = broken()

    def rewrite(value: Any, event: Event) -> Any:
        stored = app.namespace.store.conversation(event.checked.id)
        if (
            stored
            and stored.status == "closed"
            and app.namespace.pipeline.conversations.clock.now() - stored.updated_at < 0.3 * SECOND
        ):
            return value | {"status": "open"}
        return value

    app = broken(pipeline=answering(rewrite, GET))
    return app


@defect("resolve.get-agrees", "any.durable", difficulty=RARE)
def resolve_undone_after_a_second() -> WsgiApp:
    """A closed conversation is open again after a second."""

    def find(self: Any, caller: Caller, conversation_id: str) -> Conversation:
        found = Conversations.find(self, caller, conversation_id)
        if found.status == "closed" and self.clock.now() - found.updated_at > SECOND:
            change(self, found, status="open")
        return Conversations.find(self, caller, conversation_id)

    return broken(conversations=ruling(find=find))


@defect("resolve.get-agrees", "resolve.lists-agree", "list.status-filter", difficulty=MEDIUM)
def resolve_undone_by_the_list() -> WsgiApp:
    """Listing a requester's conversations opens their latest closed one."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, page: Any) -> None:
        closed = [one for one in page.results if one.status == "closed" and checked.query["user_email"]]
        for one in closed[:1]:
            change(rules, one, status="open")

    return broken(conversations=then("list", effect))


@defect("resolve.get-agrees", "any.durable", "list.reads-only", difficulty=RARE)
def resolve_undone_by_reading_messages() -> WsgiApp:
    """Reading the messages of a closed conversation opens it."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, page: Any) -> None:
        conversation = rules.find(caller, checked.id)
        if conversation.status == "closed":
            change(rules, conversation, status="open")

    return broken(conversations=then("messages", effect))


@defect("resolve.get-agrees", "any.durable", difficulty=MEDIUM)
def resolve_undone_by_the_next_create() -> WsgiApp:
    """A new conversation of a requester opens their closed ones."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, created: Conversation) -> None:
        for other in siblings(rules, caller, created):
            change(rules, other, status="open")

    return broken(conversations=then("create", effect))


@defect("create.opens", "resolve.get-agrees", difficulty=RARE)
def resolve_new_ones_are_closed() -> WsgiApp:
    """A conversation of a requester whose latest was closed is closed from the beginning."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, created: Conversation) -> Any:
        others = siblings(rules, caller, created)
        if others and others[0].status == "closed":
            change(rules, created, status="closed")
            return rules.store.conversation(created.id)
        return None

    return broken(conversations=then("create", effect))


@defect("resolve.twice", "resolve.get-agrees", difficulty=MEDIUM)
def resolve_twice_opens() -> WsgiApp:
    """Resolving a closed conversation opens it."""

    def resolve(self: Any, caller: Caller, checked: CheckedRequest) -> Conversation:
        conversation = self.find(caller, checked.id)
        if conversation.status != "closed":
            return Conversations.resolve(self, caller, checked)
        change(self, conversation, status="open")
        return self.find(caller, checked.id)

    return broken(conversations=ruling(resolve=resolve))


@defect("resolve.twice", "resolve.get-agrees", difficulty=RARE)
def resolve_twice_is_resolved() -> WsgiApp:
    """Resolving a closed conversation gives it the status resolved."""

    def resolve(self: Any, caller: Caller, checked: CheckedRequest) -> Conversation:
        conversation = self.find(caller, checked.id)
        if conversation.status == "closed":
            change(self, conversation, status="resolved")
            return conversation
        return Conversations.resolve(self, caller, checked)

    return broken(conversations=ruling(resolve=resolve))


@defect("resolve.twice", "any.no-server-error", difficulty=EASY)
def resolve_twice_is_an_error() -> WsgiApp:
    """Resolving a closed conversation is answered with 500."""
    return refusing(lambda rules, conversation: conversation.status == "closed", 500)


@defect("resolve.twice", "any.no-server-error", difficulty=RARE)
def resolve_thrice_is_an_error() -> WsgiApp:
    """Resolving a conversation for the third time is answered with 500."""
    times: dict[str, int] = {}

    def again(rules: Conversations, conversation: Conversation) -> bool:
        times[conversation.id] = times.get(conversation.id, 0) + 1
        return times[conversation.id] > 2

    return refusing(again, 500)


@defect("resolve.closes", "resolve.get-agrees", difficulty=RARE)
def resolve_not_of_unanswered_callbacks() -> WsgiApp:
    """A callback to which nobody has written stays open, though it is said to be resolved."""

    def resolve(self: Any, caller: Caller, checked: CheckedRequest) -> Conversation:
        conversation = self.find(caller, checked.id)
        if conversation.channel == "callback" and not kept_messages(self.store, conversation.id):
            return conversation
        return Conversations.resolve(self, caller, checked)

    return broken(conversations=ruling(resolve=resolve))
