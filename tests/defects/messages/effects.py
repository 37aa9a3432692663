"""Servers that put messages into the wrong conversation, or do something else to conversations by them."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from mockserver.handling.conversations import Conversations
from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.records import Conversation, Message
from mockserver.serving.server import WsgiApp
from mockserver.store import Fixed
from tests.defects.kit.messages import conversation_of, sent
from tests.defects.kit.parts import broken
from tests.defects.kit.rules import change, ruling, selecting, siblings
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


@defect("messages.own-conversation", difficulty=MEDIUM)
def messages_in_all_of_the_requester() -> WsgiApp:
    """The messages of all of a requester's conversations are listed in each."""

    def found(self: Any, conversation: Conversation) -> Any:
        own = self.store.conversations(conversation.organisation, conversation.requester.id)
        return Fixed(sorted((m for one in own for m in self.store.messages(one.id)), key=lambda m: m.created_at))

    return broken(conversations=ruling(ordered_messages=found))


@defect("messages.listed-once", "messages.own-conversation", difficulty=MEDIUM)
def messages_to_the_latest_of_the_requester() -> WsgiApp:
    """A message goes to the latest conversation of its requester, not to the one that was named."""

    def send(self: Any, caller: Caller, checked: CheckedRequest) -> Message:
        named = self.find(caller, checked.id)
        latest = next(iter(self.store.conversations(caller.organisation, named.requester.id)))
        return Conversations.send(self, caller, checked._replace(id=latest.id))

    return broken(conversations=ruling(send=send))


@defect("messages.listed-once", "messages.touches-no-other", difficulty=RARE)
def messages_to_the_first_of_the_requester_after_two_resolves() -> WsgiApp:
    """A message by a client key to a conversation that was resolved twice goes to the first one of its requester."""
    resolved = Counter[str]()

    def resolve(self: Any, caller: Caller, checked: CheckedRequest) -> Conversation:
        resolved[checked.id] += 1
        return Conversations.resolve(self, caller, checked)

    def send(self: Any, caller: Caller, checked: CheckedRequest) -> Message:
        named = self.find(caller, checked.id)
        own = [*self.store.conversations(caller.organisation, named.requester.id)]
        wrong = caller.key.tier == "client" and resolved[checked.id] > 1
        return Conversations.send(self, caller, checked._replace(id=own[-1].id) if wrong else checked)

    return broken(conversations=ruling(resolve=resolve, send=send))


@defect("messages.own-conversation", "messages.touches-no-other", difficulty=RARE)
def messages_copied_to_the_sender() -> WsgiApp:
    """A message of somebody else than the requester is also added to the sender's own latest conversation."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, message: Message) -> None:
        own = rules.look_up(caller.organisation, message.sender_email or "")
        if own is not None and own != conversation_of(rules, message).requester:
            for latest in [*rules.store.conversations(caller.organisation, own.id)][:1]:
                rules.store.add_message(message._replace(id=rules.ids.new(), conversation=latest.id))

    return sent(effect)


@defect("messages.conversation-kept", difficulty=MEDIUM)
def messages_close() -> WsgiApp:
    """A message closes its conversation."""
    return sent(lambda rules, caller, checked, message: change(rules, conversation_of(rules, message), status="closed"))


@defect("messages.conversation-kept", difficulty=RARE, effort="standard")
def messages_fifth_closes() -> WsgiApp:
    """The fifth message of a conversation closes it."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, message: Message) -> None:
        if len(rules.store.messages(message.conversation)) == 5:
            change(rules, conversation_of(rules, message), status="closed")

    return sent(effect)


@defect("messages.conversation-kept", difficulty=EASY)
def messages_change_subject() -> WsgiApp:
    """A message makes its first words the subject."""
    return sent(lambda rules, caller, checked, message: change(rules, conversation_of(rules, message), subject=message.body[:40]))


@defect("messages.conversation-kept", difficulty=MEDIUM)
def messages_put_re_before_subject() -> WsgiApp:
    """The third message of a conversation puts Re: before its subject."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, message: Message) -> None:
        conversation = conversation_of(rules, message)
        if len(rules.store.messages(message.conversation)) == 3:
            change(rules, conversation, subject=f"Re: {conversation.subject}")

    return sent(effect)


@defect("messages.conversation-kept", difficulty=MEDIUM)
def messages_raise_priority() -> WsgiApp:
    """A message of a client key makes its conversation urgent."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, message: Message) -> None:
        if caller.key.tier == "client":
            change(rules, conversation_of(rules, message), priority="urgent")

    return sent(effect)


@defect("messages.conversation-kept", difficulty=MEDIUM)
def messages_clear_metadata() -> WsgiApp:
    """A message clears the metadata of its conversation."""
    return sent(lambda rules, caller, checked, message: change(rules, conversation_of(rules, message), metadata={}))


@defect("messages.conversation-kept", "resolve.rest-kept", "any.durable", difficulty=RARE)
def messages_save_by_a_merge_patch() -> WsgiApp:
    """A message saves its conversation by a merge patch, in which null deletes: nulls in the objects of metadata are dropped."""

    def patched(value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        return {name: patched(item) for name, item in value.items() if item is not None}

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, message: Message) -> None:
        conversation = conversation_of(rules, message)
        change(rules, conversation, metadata=patched(conversation.metadata))

    return sent(effect)


@defect("messages.conversation-kept", difficulty=MEDIUM)
def messages_change_channel() -> WsgiApp:
    """A message makes api the channel of a conversation of the channel web."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, message: Message) -> None:
        if conversation_of(rules, message).channel == "web":
            change(rules, conversation_of(rules, message), channel="api")

    return sent(effect)


@defect("messages.conversation-kept", "any.durable", difficulty=MEDIUM)
def messages_change_requester() -> WsgiApp:
    """Somebody else who sends a message becomes the requester."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, message: Message) -> None:
        user = rules.look_up(caller.organisation, message.sender_email or "")
        change(rules, conversation_of(rules, message), requester=user)

    return sent(effect)


@defect("messages.conversation-kept", difficulty=RARE)
def messages_number_moves() -> WsgiApp:
    """A message gives its conversation a new number."""
    return sent(
        lambda rules, caller, checked, message: change(
            rules, conversation_of(rules, message), number=rules.next_number(caller.organisation)
        )
    )


@defect("messages.touches-no-other", difficulty=RARE)
def messages_reopen_the_requesters_others() -> WsgiApp:
    """A message opens all closed conversations of its requester."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, message: Message) -> None:
        for other in siblings(rules, caller, conversation_of(rules, message)):
            change(rules, other, status="open")

    return sent(effect)


@defect("messages.touches-no-other", difficulty=RARE)
def messages_update_the_requesters_others() -> WsgiApp:
    """A message leaves a trace in the metadata of its requester's other conversations."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, message: Message) -> None:
        for other in siblings(rules, caller, conversation_of(rules, message)):
            change(rules, other, metadata={**other.metadata, "last_reply": message.id})

    return sent(effect)


@defect("messages.conversation-kept", "create.existing-user-names", difficulty=RARE)
def messages_erase_names() -> WsgiApp:
    """A requester who sends a message loses their names."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, message: Message) -> None:
        conversation = conversation_of(rules, message)
        if message.sender_email == conversation.requester.email:
            nameless = conversation.requester._replace(first_name=None, last_name=None)
            change(rules, conversation, requester=nameless)

    return sent(effect)


@defect(
    "list.email-filter",
    "list.partition",
    "list.unfiltered",
    "messages.conversation-kept",
    difficulty=RARE,
)
def messages_hide_the_conversation() -> WsgiApp:
    """A conversation with more than three messages is not listed any more."""
    return broken(
        conversations=selecting(
            lambda rules, caller, query, found: [one for one in found if len(rules.store.messages(one.id)) <= 3]
        )
    )


@defect("messages.conversation-kept", difficulty=RARE)
def messages_urgent_words() -> WsgiApp:
    """A message that says URGENT gives its conversation that priority."""

    def effect(rules: Any, caller: Any, checked: Any, message: Any) -> None:
        if "URGENT" in message.body:
            change(rules, rules.find(caller, checked.id), priority="urgent")

    return sent(effect)


@defect("messages.conversation-kept", "get.as-created", difficulty=RARE)
def messages_of_others_rename_the_requester() -> WsgiApp:
    """Whoever else writes gives the requester a name: what stands before the @."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, message: Message) -> None:
        conversation = conversation_of(rules, message)
        if message.sender_email and message.sender_email != conversation.requester.email:
            named = conversation.requester._replace(first_name=message.sender_email.partition("@")[0], last_name=None)
            rules.store.replace_conversation(conversation._replace(requester=named))

    return sent(effect)


@defect("messages.touches-no-other", difficulty=RARE)
def messages_of_others_move_siblings() -> WsgiApp:
    """A message of somebody else than the requester sets the other open conversations of the requester to pending."""

    def send(rules: Any, caller: Caller, checked: CheckedRequest) -> Message:
        message = Conversations.send(rules, caller, checked)
        found = rules.find(caller, checked.id)
        if message.sender_email != found.requester.email:
            for one in siblings(rules, caller, found):
                if one.status == "open":
                    change(rules, one, status="pending")
        return message

    return broken(conversations=ruling(send=send))
