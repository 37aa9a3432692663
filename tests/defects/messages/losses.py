"""Servers that lose messages, list them late, or list them twice."""

from collections.abc import Callable
from typing import Any

from mockserver.handling.conversations import REPLY, Conversations
from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.records import Conversation, Message
from mockserver.serving.server import WsgiApp
from mockserver.store import Fixed
from tests.defects.kit.messages import conversation_of, ordered, sent
from tests.defects.kit.parts import MESSAGES, SEND, Counter, Event, TwoProcesses, answering, broken
from tests.defects.kit.rules import SECOND, ruling
from tests.defects.kit.stores import kept_messages
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


@defect("messages.listed-once", difficulty=MEDIUM)
def messages_equal_ones_dropped() -> WsgiApp:
    """A message with the same text as an earlier one of its conversation is not listed."""
    return ordered(lambda found: [one for at, one in enumerate(found) if one.body not in {e.body for e in found[:at]}])


@defect("messages.listed-once", "messages.count", difficulty=MEDIUM)
def messages_first_20() -> WsgiApp:
    """The first 20 messages are listed and counted, and no others."""
    return ordered(lambda found: found[:20])


@defect("messages.listed-once", "messages.count", difficulty=MEDIUM)
def messages_first_50() -> WsgiApp:
    """The first 50 messages are listed, though all are counted, and there are no pages."""

    def rewrite(value: Any, _: Event) -> Any:
        return value | {"results": value["results"][:50]}

    return broken(pipeline=answering(rewrite, MESSAGES))


@defect("messages.listed-once", "messages.count", difficulty=RARE)
def messages_first_100() -> WsgiApp:
    """The first 100 messages are listed and counted, and no others."""
    return ordered(lambda found: found[:100])


@defect("messages.listed-once", difficulty=MEDIUM)
def messages_latest_25() -> WsgiApp:
    """The latest 25 messages are listed and counted, and no others."""
    return ordered(lambda found: found[-25:])


@defect("messages.listed-once", difficulty=MEDIUM)
def messages_every_tenth_lost() -> WsgiApp:
    """Every tenth message is acknowledged and lost."""
    return lost_when(lambda counter, caller, checked: counter.next() % 10 == 0)


def lost_when(lost: Callable[[Counter, Caller, CheckedRequest], bool]) -> WsgiApp:
    """A server that acknowledges messages and loses some."""
    counter = Counter()

    def send(self: Any, caller: Caller, checked: CheckedRequest) -> Message:
        if not lost(counter, caller, checked):
            return Conversations.send(self, caller, checked)
        conversation = self.find(caller, checked.id)
        return Message(self.ids.new(), conversation.id, checked.body["user_email"], checked.body["body"], REPLY, self.clock.now())

    return broken(conversations=ruling(send=send))


@defect("messages.listed-once", difficulty=EASY)
def messages_of_clients_lost() -> WsgiApp:
    """Messages that are sent with a client key are acknowledged and lost."""
    return lost_when(lambda counter, caller, checked: caller.key.tier == "client")


@defect("messages.listed-once", difficulty=RARE)
def messages_of_clients_by_bearer_lost() -> WsgiApp:
    """Messages that are sent with a client key after Bearer are acknowledged and lost."""
    return lost_when(lambda counter, caller, checked: caller.key.tier == "client" and caller.scheme != "apiKey")


@defect("messages.listed-once", difficulty=RARE)
def messages_over_8000_lost() -> WsgiApp:
    """Messages of more than 8,000 bytes are acknowledged and lost."""
    return lost_when(lambda counter, caller, checked: len(checked.body["body"].encode()) > 8000)


@defect("messages.listed-once", difficulty=MEDIUM)
def messages_of_others_lost() -> WsgiApp:
    """Messages of somebody else than the requester are acknowledged and lost."""

    def send(self: Any, caller: Caller, checked: CheckedRequest) -> Message:
        message = Conversations.send(self, caller, checked)
        if message.sender_email != conversation_of(self, message).requester.email:
            kept_messages(self.store, message.conversation).remove(message)
        return message

    return broken(conversations=ruling(send=send))


@defect("messages.listed-once", difficulty=MEDIUM)
def messages_to_closed_lost() -> WsgiApp:
    """Messages to a closed conversation are acknowledged and lost."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, message: Message) -> None:
        if conversation_of(rules, message).status == "closed":
            kept_messages(rules.store, message.conversation).remove(message)

    return sent(effect)


@defect("messages.listed-once", difficulty=RARE)
def messages_of_others_to_closed_lost() -> WsgiApp:
    """Messages to a closed conversation are acknowledged and lost if somebody else than the requester sends them."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, message: Message) -> None:
        conversation = conversation_of(rules, message)
        if conversation.status == "closed" and message.sender_email != conversation.requester.email:
            kept_messages(rules.store, message.conversation).remove(message)

    return sent(effect)


@defect("messages.listed-once", difficulty=RARE)
def messages_to_anonymous_lost() -> WsgiApp:
    """Messages to a conversation of an anonymous user are acknowledged and lost."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, message: Message) -> None:
        if conversation_of(rules, message).requester.anonymous:
            kept_messages(rules.store, message.conversation).remove(message)

    return sent(effect)


@defect("messages.listed-once", difficulty=MEDIUM)
def messages_after_a_while() -> WsgiApp:
    """A message is listed after 300 ms."""

    def found(self: Any, conversation: Conversation) -> Any:
        now = self.clock.now()
        return Fixed([one for one in self.store.messages(conversation.id) if now - one.created_at > 0.3 * SECOND])

    return broken(conversations=ruling(ordered_messages=found))


@defect("messages.listed-once", difficulty=EASY)
def messages_latest_missing() -> WsgiApp:
    """The latest message is not listed until there is a later one."""
    return ordered(lambda found: found[:-1])


@defect("messages.listed-once", difficulty=MEDIUM)
def messages_twice_by_bearer() -> WsgiApp:
    """A message that is sent with a key after Bearer is stored twice."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, message: Message) -> None:
        if caller.scheme != "apiKey":
            rules.store.add_message(message._replace(id=rules.ids.new()))

    return sent(effect)


@defect("messages.listed-once", difficulty=RARE)
def messages_last_wins_of_a_sender() -> WsgiApp:
    """A second message of somebody else than the requester takes the place of their first."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, message: Message) -> None:
        if message.sender_email != conversation_of(rules, message).requester.email:
            kept = kept_messages(rules.store, message.conversation)
            kept[:] = [one for one in kept if one.sender_email != message.sender_email or one.id == message.id]

    return sent(effect)


@defect("messages.listed-once", difficulty=RARE)
def messages_equal_to_the_description_dropped() -> WsgiApp:
    """A message that says what the description says is acknowledged and not listed."""
    return ordered(lambda found: [one for at, one in enumerate(found) if at == 0 or one.body != found[0].body])


@defect("messages.listed-once", difficulty=RARE)
def messages_said_elsewhere_dropped() -> WsgiApp:
    """What the same key said to another conversation just before is taken for a retry, acknowledged, and lost."""
    latest: dict[tuple[str, str], str] = {}

    def lost(counter: Counter, caller: Caller, checked: CheckedRequest) -> bool:
        said = caller.key.key, checked.body["body"]
        return latest.setdefault(said, checked.id) != checked.id

    return lost_when(lost)


@defect("messages.listed-once", difficulty=RARE)
def messages_list_kept_until_the_requester_writes() -> WsgiApp:
    """A list of messages is kept for the next reader until the requester writes; what anybody else writes does not renew it."""
    kept: dict[str, Any] = {}

    def rewrite(value: Any, event: Event) -> Any:
        return kept.setdefault(event.checked.id, value)

    def renew(rules: Any, caller: Caller, checked: CheckedRequest, message: Message) -> None:
        if message.sender_email == conversation_of(rules, message).requester.email:
            kept.pop(message.conversation, None)

    return sent(renew, pipeline=answering(rewrite, MESSAGES))


@defect("messages.listed-once", "any.concurrent-messages", difficulty=RARE)
def messages_list_kept_by_two_processes() -> WsgiApp:
    """Two processes take turns at listing messages and keep what they listed; a message clears the memory of one only."""
    processes = TwoProcesses()

    def rewrite(value: Any, event: Event) -> Any:
        if event.operation == MESSAGES:
            return processes.kept(event.checked.id, value)
        for memory in processes.concerned(both=False):
            memory.pop(event.checked.id, None)
        return value

    return broken(pipeline=answering(rewrite, MESSAGES, SEND))
