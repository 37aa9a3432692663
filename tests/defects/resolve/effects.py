"""Servers on which resolving does more than to close."""

from collections.abc import Callable
from typing import Any

from mockserver.handling.conversations import Conversations
from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.records import Conversation
from mockserver.model.refusal import not_found
from mockserver.serving.server import WsgiApp
from tests.defects.kit.parts import GET, Event, answering, broken
from tests.defects.kit.resolving import besides
from tests.defects.kit.rules import SECOND, change, ruling, selecting, siblings
from tests.defects.kit.stores import kept_messages
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


def closing(**members: Callable[[Any, Conversation], Any]) -> WsgiApp:
    """Make a server on which resolving sets other members, too: each value is a function of the rules and the conversation."""

    def resolved(self: Any, conversation: Conversation) -> Conversation:
        done = Conversations.resolved(self, conversation)
        return done._replace(**{name: value(self, conversation) for name, value in members.items()})

    return broken(conversations=ruling(resolved=resolved))


# --- to the conversation itself ---------------------------------------------------------------------------------------------------


@defect("resolve.rest-kept", difficulty=EASY)
def resolve_clears_metadata() -> WsgiApp:
    """Resolving clears the metadata."""
    return closing(metadata=lambda rules, conversation: {})


@defect("resolve.rest-kept", difficulty=MEDIUM)
def resolve_adds_to_metadata() -> WsgiApp:
    """Resolving adds a member to the metadata."""
    return closing(metadata=lambda rules, conversation: {**conversation.metadata, "resolved_by": "api"})


@defect("resolve.rest-kept", difficulty=RARE)
def resolve_drops_null_from_metadata() -> WsgiApp:
    """Resolving drops members of metadata that are false, null or empty."""
    return closing(metadata=lambda rules, conversation: {name: value for name, value in conversation.metadata.items() if value})


@defect("resolve.rest-kept", difficulty=EASY)
def resolve_resets_priority() -> WsgiApp:
    """Resolving sets the priority to normal."""
    return closing(priority=lambda rules, conversation: "normal")


@defect("resolve.rest-kept", difficulty=MEDIUM)
def resolve_lowers_urgent() -> WsgiApp:
    """Resolving makes what is urgent low."""
    return closing(priority=lambda rules, conversation: conversation.priority.replace("urgent", "low"))


@defect("resolve.rest-kept", difficulty=MEDIUM)
def resolve_changes_web_to_api() -> WsgiApp:
    """Resolving by API makes the channel web the channel api."""
    return closing(channel=lambda rules, conversation: conversation.channel.replace("web", "api"))


@defect("resolve.rest-kept", difficulty=EASY)
def resolve_marks_the_subject() -> WsgiApp:
    """Resolving puts [Closed] before the subject."""
    return closing(subject=lambda rules, conversation: f"[Closed] {conversation.subject}")


@defect("resolve.rest-kept", difficulty=MEDIUM)
def resolve_gives_a_number() -> WsgiApp:
    """Resolving gives the conversation a new number."""
    return closing(number=lambda rules, conversation: rules.next_number(conversation.organisation))


@defect("resolve.rest-kept", "create.existing-user-names", difficulty=MEDIUM)
def resolve_drops_names() -> WsgiApp:
    """Resolving drops the names of the requester."""
    return closing(requester=lambda rules, conversation: conversation.requester._replace(first_name=None, last_name=None))


@defect("resolve.rest-kept", "create.requester-email", difficulty=EASY)
def resolve_drops_the_requester() -> WsgiApp:
    """Resolving makes the requester anonymous."""
    return closing(requester=lambda rules, conversation: conversation.requester._replace(email=None))


@defect("resolve.rest-kept", difficulty=MEDIUM)
def resolve_moves_created_at() -> WsgiApp:
    """Resolving sets created_at to the time of the resolving."""

    def resolved(self: Any, conversation: Conversation) -> Conversation:
        return Conversations.resolved(self, conversation)._replace(created_at=self.clock.now())

    return broken(choices={"timestamp_fraction": "microseconds"}, conversations=ruling(resolved=resolved))


@defect("create.timestamps", difficulty=MEDIUM)
def resolve_updated_before_created() -> WsgiApp:
    """The updated_at of a closed conversation is an hour before its created_at."""
    return closing(updated_at=lambda rules, conversation: conversation.created_at - 3600 * SECOND)


@defect("resolve.rest-kept", "messages.listed-once", difficulty=EASY)
def resolve_deletes_messages() -> WsgiApp:
    """Resolving deletes the messages of the conversation."""
    return besides(lambda rules, caller, checked, done: kept_messages(rules.store, done.id).clear())


@defect("resolve.rest-kept", "messages.listed-once", difficulty=RARE)
def resolve_deletes_all_but_the_latest_message() -> WsgiApp:
    """Resolving keeps the latest message of a conversation and deletes the others."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, done: Conversation) -> None:
        kept = kept_messages(rules.store, done.id)
        kept[:] = kept[-1:]

    return besides(effect)


@defect("resolve.rest-kept", "messages.listed-once", difficulty=RARE)
def resolve_deletes_messages_of_low_priority() -> WsgiApp:
    """Resolving a conversation of the priority low deletes its messages."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, done: Conversation) -> None:
        if done.priority == "low":
            kept_messages(rules.store, done.id).clear()

    return besides(effect)


@defect("resolve.rest-kept", difficulty=RARE)
def resolve_drops_the_phone_of_callbacks() -> WsgiApp:
    """Resolving a conversation of the channel callback drops phone from its metadata: they have been called back."""

    def called_back(rules: Any, conversation: Conversation) -> Any:
        dropped = "phone" if conversation.channel == "callback" else None
        return {name: value for name, value in conversation.metadata.items() if name != dropped}

    return closing(metadata=called_back)


# --- to other conversations -------------------------------------------------------------------------------------------------------


@defect("resolve.only-that", difficulty=MEDIUM)
def resolve_closes_the_requesters_others() -> WsgiApp:
    """Resolving closes all conversations of the requester."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, done: Conversation) -> None:
        for other in siblings(rules, caller, done):
            change(rules, other, status="closed")

    return besides(effect)


@defect("resolve.only-that", difficulty=RARE)
def resolve_closes_the_same_subject() -> WsgiApp:
    """Resolving closes the requester's conversations with the same subject."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, done: Conversation) -> None:
        for other in siblings(rules, caller, done):
            if other.subject == done.subject:
                change(rules, other, status="closed")

    return besides(effect)


@defect("resolve.only-that", difficulty=RARE)
def resolve_closes_the_one_before() -> WsgiApp:
    """Resolving also closes the conversation with the number before."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, done: Conversation) -> None:
        for other in rules.store.conversations(caller.organisation):
            if other.number == done.number - 1:
                change(rules, other, status="closed")

    return besides(effect)


@defect("resolve.only-that", "resolve.get-agrees", difficulty=MEDIUM)
def resolve_closes_older_ones() -> WsgiApp:
    """Resolving closes the requester's older conversations too."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, done: Conversation) -> None:
        for other in siblings(rules, caller, done):
            if other.number < done.number:
                change(rules, other, status="closed")

    return besides(effect)


@defect(
    "resolve.only-that",
    "messages.own-conversation",
    "resolve.rest-kept",
    "messages.listed-once",
    difficulty=RARE,
)
def resolve_moves_messages() -> WsgiApp:
    """Resolving moves the messages to the requester's latest other conversation."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, done: Conversation) -> None:
        for other in siblings(rules, caller, done)[:1]:
            kept = kept_messages(rules.store, done.id)
            kept_messages(rules.store, other.id).extend(kept)
            kept.clear()

    return besides(effect)


@defect("resolve.only-that", "resolve.get-agrees", difficulty=MEDIUM)
def resolve_closes_the_latest_instead() -> WsgiApp:
    """Resolving closes the requester's latest conversation, whichever was named."""

    def resolve(self: Any, caller: Caller, checked: CheckedRequest) -> Conversation:
        named = self.find(caller, checked.id)
        latest = next(iter(self.store.conversations(caller.organisation, named.requester.id)))
        Conversations.resolve(self, caller, checked._replace(id=latest.id))
        return self.resolved(named)

    return broken(conversations=ruling(resolve=resolve))


@defect("resolve.only-that", "messages.conversation-kept", difficulty=RARE)
def resolve_closes_where_the_requester_wrote() -> WsgiApp:
    """Resolving closes also the open conversations of others in which the requester has written."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, done: Conversation) -> None:
        own = done.requester
        for other in [*rules.store.conversations(caller.organisation)]:
            wrote = own.email in {message.sender_email for message in kept_messages(rules.store, other.id)}
            if own.email is not None and other.requester.id != own.id and other.status == "open" and wrote:
                change(rules, other, status="closed")

    return besides(effect)


@defect("resolve.only-that", "any.durable", difficulty=RARE)
def resolve_marks_metadata_shared_with_another() -> WsgiApp:
    """Conversations of a requester with equal metadata, one right after the other, share it: resolving one marks the others'."""

    def create(self: Any, caller: Caller, checked: CheckedRequest) -> Conversation:
        created = Conversations.create(self, caller, checked)
        for before in siblings(self, caller, created)[:1]:
            if before.metadata and before.metadata == created.metadata:
                change(self, created, metadata=before.metadata)
        return created

    def resolve(self: Any, caller: Caller, checked: CheckedRequest) -> Conversation:
        done = Conversations.resolve(self, caller, checked)
        marked = {**done.metadata, "resolved": True}
        for other in siblings(self, caller, done):
            if done.metadata and other.metadata is done.metadata:
                change(self, other, metadata=marked)
        return done

    return broken(conversations=ruling(create=create, resolve=resolve))


# --- out of sight -----------------------------------------------------------------------------------------------------------------


@defect("list.unfiltered", "list.status-filter", "resolve.lists-agree", difficulty=MEDIUM)
def resolve_hides() -> WsgiApp:
    """Closed conversations are archived: they can be read and are not listed."""
    return broken(conversations=selecting(lambda rules, caller, query, found: [one for one in found if one.status != "closed"]))


@defect("resolve.get-agrees", "get.answer", difficulty=EASY)
def resolve_deletes() -> WsgiApp:
    """Closed conversations are not found any more."""

    def rewrite(value: Any, event: Event) -> Any:
        if value["status"] == "closed":
            raise not_found()
        return value

    return broken(pipeline=answering(rewrite, GET))


@defect("resolve.get-agrees", "get.answer", difficulty=MEDIUM)
def resolve_hides_from_clients() -> WsgiApp:
    """Client keys cannot read closed conversations."""

    def rewrite(value: Any, event: Event) -> Any:
        if value["status"] == "closed" and event.tier == "client":
            raise not_found()
        return value

    return broken(pipeline=answering(rewrite, GET))


@defect("resolve.rest-kept", "messages.answer", "messages.listed-once", difficulty=MEDIUM)
def resolve_hides_messages() -> WsgiApp:
    """The messages of closed conversations cannot be listed by client keys."""

    def messages(self: Any, caller: Caller, checked: CheckedRequest) -> Any:
        if self.find(caller, checked.id).status == "closed" and caller.key.tier == "client":
            raise not_found()
        return Conversations.messages(self, caller, checked)

    return broken(conversations=ruling(messages=messages))


@defect("resolve.only-that", difficulty=RARE)
def resolve_twice_closes_the_next() -> WsgiApp:
    """A second resolve of the same conversation closes another open one of its requester."""

    def resolve(self: Any, caller: Caller, checked: CheckedRequest) -> Conversation:
        found = self.find(caller, checked.id)
        if self.is_closed(found):
            for one in siblings(self, caller, found):
                if not self.is_closed(one):
                    self.store.replace_conversation(self.resolved(one))
                    break
        return Conversations.resolve(self, caller, checked)

    return broken(conversations=ruling(resolve=resolve))


@defect("messages.listed-once", "resolve.rest-kept", difficulty=RARE)
def resolve_twice_drops_what_came_after() -> WsgiApp:
    """A second resolve drops the messages that came after the first."""
    held: dict[str, int] = {}

    def resolve(self: Any, caller: Caller, checked: CheckedRequest) -> Conversation:
        found = self.find(caller, checked.id)
        messages = kept_messages(self.store, found.id)
        if found.id in held:
            del messages[held[found.id] :]
        held.setdefault(found.id, len(messages))
        return Conversations.resolve(self, caller, checked)

    return broken(conversations=ruling(resolve=resolve))


@defect("messages.listed-once", difficulty=RARE)
def resolve_drops_equal_messages() -> WsgiApp:
    """Of messages with the same text, the first is left when their conversation is closed."""

    def resolve(self: Any, caller: Caller, checked: CheckedRequest) -> Conversation:
        done = Conversations.resolve(self, caller, checked)
        messages = kept_messages(self.store, done.id)
        messages[:] = {one.body: one for one in reversed(messages)}.values()
        messages.reverse()
        return done

    return broken(conversations=ruling(resolve=resolve))


@defect("resolve.rest-kept", difficulty=RARE)
def resolve_twice_lowers_the_priority() -> WsgiApp:
    """A second resolve makes high priority low."""

    def resolve(self: Any, caller: Caller, checked: CheckedRequest) -> Conversation:
        found = self.find(caller, checked.id)
        if self.is_closed(found) and found.priority == "high":
            change(self, found, priority="low")
        return Conversations.resolve(self, caller, checked)

    return broken(conversations=ruling(resolve=resolve))


@defect("resolve.rest-kept", difficulty=RARE)
def resolve_drops_underscored_metadata() -> WsgiApp:
    """Resolving drops members of metadata whose names begin with an underscore."""
    return closing(
        metadata=lambda rules, conversation: {
            name: value for name, value in conversation.metadata.items() if not name.startswith("_")
        }
    )


@defect("resolve.rest-kept", difficulty=RARE)
def resolve_forgets_names_of_anonymous() -> WsgiApp:
    """Resolving takes the names of an anonymous requester away."""

    def forgotten(rules: Any, conversation: Conversation) -> Any:
        requester = conversation.requester
        return requester._replace(first_name=None, last_name=None) if requester.anonymous else requester

    return closing(requester=forgotten)
