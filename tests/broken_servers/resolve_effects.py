"""Servers on which resolving does more than to close."""

from collections.abc import Callable
from typing import Any

from broken_servers.list_seams import SECOND, change, ruling, selecting, siblings
from broken_servers.registry import Difficulty, defect
from broken_servers.resolve_seams import besides
from broken_servers.seams import GET, Event, answering, broken
from broken_servers.store_seams import kept_messages
from mockserver.auth import Caller
from mockserver.conversations import Conversations
from mockserver.problems import not_found
from mockserver.records import Conversation
from mockserver.server import WsgiApp
from mockserver.validation import Request

EASY, MEDIUM, RARE = Difficulty


def closing(**members: Callable[[Any, Conversation], Any]) -> WsgiApp:
    """A server on which resolving changes other members too: each gets the rules and the conversation."""

    def resolved(self: Any, conversation: Conversation) -> Conversation:
        done = Conversations.resolved(self, conversation)
        return done._replace(**{name: value(self, conversation) for name, value in members.items()})

    return broken(conversations=ruling(resolved=resolved))


# --- to the conversation itself ---------------------------------------------------------------------------------------------------


@defect("resolve-clears-metadata", "resolve.rest-kept", difficulty=EASY)
def _() -> WsgiApp:
    """Resolving clears the metadata."""
    return closing(metadata=lambda rules, conversation: {})


@defect("resolve-adds-to-metadata", "resolve.rest-kept", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Resolving adds a member to the metadata."""
    return closing(metadata=lambda rules, conversation: {**conversation.metadata, "resolved_by": "api"})


@defect("resolve-drops-null-from-metadata", "resolve.rest-kept", difficulty=RARE)
def _() -> WsgiApp:
    """Resolving drops members of metadata that are false, null or empty."""
    return closing(metadata=lambda rules, conversation: {name: value for name, value in conversation.metadata.items() if value})


@defect("resolve-resets-priority", "resolve.rest-kept", difficulty=EASY)
def _() -> WsgiApp:
    """Resolving sets the priority to normal."""
    return closing(priority=lambda rules, conversation: "normal")


@defect("resolve-lowers-urgent", "resolve.rest-kept", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Resolving makes what is urgent low."""
    return closing(priority=lambda rules, conversation: conversation.priority.replace("urgent", "low"))


@defect("resolve-changes-web-to-api", "resolve.rest-kept", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Resolving by API makes the channel web the channel api."""
    return closing(channel=lambda rules, conversation: conversation.channel.replace("web", "api"))


@defect("resolve-marks-the-subject", "resolve.rest-kept", difficulty=EASY)
def _() -> WsgiApp:
    """Resolving puts [Closed] before the subject."""
    return closing(subject=lambda rules, conversation: f"[Closed] {conversation.subject}")


@defect("resolve-gives-a-number", "resolve.rest-kept", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Resolving gives the conversation a new number."""
    return closing(number=lambda rules, conversation: rules.next_number(conversation.organisation))


@defect("resolve-drops-names", "resolve.rest-kept", "create.existing-user-names", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Resolving drops the names of the requester."""
    return closing(requester=lambda rules, conversation: conversation.requester._replace(first_name=None, last_name=None))


@defect("resolve-drops-the-requester", "resolve.rest-kept", "create.requester-email", difficulty=EASY)
def _() -> WsgiApp:
    """Resolving makes the requester anonymous."""
    return closing(requester=lambda rules, conversation: conversation.requester._replace(email=None))


@defect("resolve-moves-created-at", "resolve.rest-kept", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Resolving sets created_at to the time of the resolving."""

    def resolved(self: Any, conversation: Conversation) -> Conversation:
        return Conversations.resolved(self, conversation)._replace(created_at=self.clock.now())

    return broken(choices={"timestamp_fraction": "microseconds"}, conversations=ruling(resolved=resolved))


@defect("resolve-updated-before-created", "create.timestamps", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The updated_at of a closed conversation is an hour before its created_at."""
    return closing(updated_at=lambda rules, conversation: conversation.created_at - 3600 * SECOND)


@defect("resolve-deletes-messages", "resolve.rest-kept", "messages.listed-once", difficulty=EASY)
def _() -> WsgiApp:
    """Resolving deletes the messages of the conversation."""
    return besides(lambda rules, caller, request, done: kept_messages(rules.store, done.id).clear())


@defect("resolve-deletes-all-but-the-latest-message", "resolve.rest-kept", "messages.listed-once", difficulty=RARE)
def _() -> WsgiApp:
    """Resolving keeps the latest message of a conversation and deletes the others."""

    def effect(rules: Any, caller: Caller, request: Request, done: Conversation) -> None:
        kept = kept_messages(rules.store, done.id)
        kept[:] = kept[-1:]

    return besides(effect)


# --- to other conversations -------------------------------------------------------------------------------------------------------


@defect("resolve-closes-the-requesters-others", "resolve.only-that", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Resolving closes all conversations of the requester."""

    def effect(rules: Any, caller: Caller, request: Request, done: Conversation) -> None:
        for other in siblings(rules, caller, done):
            change(rules, other, status="closed")

    return besides(effect)


@defect("resolve-closes-the-same-subject", "resolve.only-that", difficulty=RARE)
def _() -> WsgiApp:
    """Resolving closes the requester's conversations with the same subject."""

    def effect(rules: Any, caller: Caller, request: Request, done: Conversation) -> None:
        for other in siblings(rules, caller, done):
            if other.subject == done.subject:
                change(rules, other, status="closed")

    return besides(effect)


@defect("resolve-closes-the-one-before", "resolve.only-that", difficulty=RARE)
def _() -> WsgiApp:
    """Resolving also closes the conversation with the number before."""

    def effect(rules: Any, caller: Caller, request: Request, done: Conversation) -> None:
        for other in rules.store.conversations(caller.organisation):
            if other.number == done.number - 1:
                change(rules, other, status="closed")

    return besides(effect)


@defect("resolve-closes-older-ones", "resolve.only-that", "resolve.get-agrees", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Resolving closes the requester's older conversations too."""

    def effect(rules: Any, caller: Caller, request: Request, done: Conversation) -> None:
        for other in siblings(rules, caller, done):
            if other.number < done.number:
                change(rules, other, status="closed")

    return besides(effect)


@defect(
    "resolve-moves-messages",
    "resolve.only-that",
    "messages.own-conversation",
    "resolve.rest-kept",
    "messages.listed-once",
    difficulty=RARE,
)
def _() -> WsgiApp:
    """Resolving moves the messages to the requester's latest other conversation."""

    def effect(rules: Any, caller: Caller, request: Request, done: Conversation) -> None:
        for other in siblings(rules, caller, done)[:1]:
            kept = kept_messages(rules.store, done.id)
            kept_messages(rules.store, other.id).extend(kept)
            kept.clear()

    return besides(effect)


@defect("resolve-closes-the-latest-instead", "resolve.only-that", "resolve.get-agrees", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Resolving closes the requester's latest conversation, whichever was named."""

    def resolve(self: Any, caller: Caller, request: Request) -> Conversation:
        named = self.find(caller, request.id)
        latest = next(iter(self.store.conversations(caller.organisation, named.requester.id)))
        Conversations.resolve(self, caller, request._replace(id=latest.id))
        return self.resolved(named)

    return broken(conversations=ruling(resolve=resolve))


# --- out of sight -----------------------------------------------------------------------------------------------------------------


@defect("resolve-hides", "list.unfiltered", "list.status-filter", "resolve.lists-agree", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Closed conversations are archived: they can be read and are not listed."""
    return broken(conversations=selecting(lambda rules, caller, query, found: [one for one in found if one.status != "closed"]))


@defect("resolve-deletes", "resolve.get-agrees", "get.answer", difficulty=EASY)
def _() -> WsgiApp:
    """Closed conversations are not found any more."""

    def rewrite(value: Any, event: Event) -> Any:
        if value["status"] == "closed":
            raise not_found()
        return value

    return broken(pipeline=answering(rewrite, GET))


@defect("resolve-hides-from-clients", "resolve.get-agrees", "get.answer", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Client keys cannot read closed conversations."""

    def rewrite(value: Any, event: Event) -> Any:
        if value["status"] == "closed" and event.tier == "client":
            raise not_found()
        return value

    return broken(pipeline=answering(rewrite, GET))


@defect("resolve-hides-messages", "resolve.rest-kept", "messages.answer", "messages.listed-once", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The messages of closed conversations cannot be listed by client keys."""

    def messages(self: Any, caller: Caller, request: Request) -> Any:
        if self.find(caller, request.id).status == "closed" and caller.key.tier == "client":
            raise not_found()
        return Conversations.messages(self, caller, request)

    return broken(conversations=ruling(messages=messages))
