"""Servers that lose messages, list them late, or list them twice."""

from collections.abc import Callable
from typing import Any

from broken_servers.list_seams import SECOND, ruling
from broken_servers.message_seams import conversation_of, ordered, sent
from broken_servers.registry import Difficulty, defect
from broken_servers.seams import MESSAGES, Counter, Event, answering, broken
from broken_servers.store_seams import kept_messages
from mockserver.auth import Caller
from mockserver.conversations import REPLY, Conversations
from mockserver.records import Conversation, Message
from mockserver.server import WsgiApp
from mockserver.store import Fixed
from mockserver.validation import Request

EASY, MEDIUM, RARE = Difficulty


@defect("messages-equal-ones-dropped", "messages.listed-once", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A message with the same text as an earlier one of its conversation is not listed."""
    return ordered(lambda found: [one for at, one in enumerate(found) if one.body not in {e.body for e in found[:at]}])


@defect("messages-first-20", "messages.listed-once", "messages.count", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The first 20 messages are listed and counted, and no others."""
    return ordered(lambda found: found[:20])


@defect("messages-first-50", "messages.listed-once", "messages.count", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The first 50 messages are listed, though all are counted, and there are no pages."""

    def rewrite(value: Any, _: Event) -> Any:
        return value | {"results": value["results"][:50]}

    return broken(pipeline=answering(rewrite, MESSAGES))


@defect("messages-first-100", "messages.listed-once", "messages.count", difficulty=RARE)
def _() -> WsgiApp:
    """The first 100 messages are listed and counted, and no others."""
    return ordered(lambda found: found[:100])


@defect("messages-latest-25", "messages.listed-once", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The latest 25 messages are listed and counted, and no others."""
    return ordered(lambda found: found[-25:])


@defect("messages-every-tenth-lost", "messages.listed-once", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Every tenth message is acknowledged and lost."""
    return lost_when(lambda counter, caller, request: counter.next() % 10 == 0)


def lost_when(lost: Callable[[Counter, Caller, Request], bool]) -> WsgiApp:
    """A server that acknowledges messages and loses some."""
    counter = Counter()

    def send(self: Any, caller: Caller, request: Request) -> Message:
        if not lost(counter, caller, request):
            return Conversations.send(self, caller, request)
        conversation = self.find(caller, request.id)
        return Message(self.ids.new(), conversation.id, request.body["user_email"], request.body["body"], REPLY, self.clock.now())

    return broken(conversations=ruling(send=send))


@defect("messages-of-clients-lost", "messages.listed-once", difficulty=EASY)
def _() -> WsgiApp:
    """Messages that are sent with a client key are acknowledged and lost."""
    return lost_when(lambda counter, caller, request: caller.key.tier == "client")


@defect("messages-of-clients-by-bearer-lost", "messages.listed-once", difficulty=RARE)
def _() -> WsgiApp:
    """Messages that are sent with a client key after Bearer are acknowledged and lost."""
    return lost_when(lambda counter, caller, request: caller.key.tier == "client" and caller.scheme != "apiKey")


@defect("messages-over-8000-lost", "messages.listed-once", difficulty=RARE)
def _() -> WsgiApp:
    """Messages of more than 8,000 bytes are acknowledged and lost."""
    return lost_when(lambda counter, caller, request: len(request.body["body"].encode()) > 8000)


@defect("messages-of-others-lost", "messages.listed-once", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Messages of somebody else than the requester are acknowledged and lost."""

    def send(self: Any, caller: Caller, request: Request) -> Message:
        message = Conversations.send(self, caller, request)
        if message.sender_email != conversation_of(self, message).requester.email:
            kept_messages(self.store, message.conversation).remove(message)
        return message

    return broken(conversations=ruling(send=send))


@defect("messages-to-closed-lost", "messages.listed-once", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Messages to a closed conversation are acknowledged and lost."""

    def effect(rules: Any, caller: Caller, request: Request, message: Message) -> None:
        if conversation_of(rules, message).status == "closed":
            kept_messages(rules.store, message.conversation).remove(message)

    return sent(effect)


@defect("messages-to-anonymous-lost", "messages.listed-once", difficulty=RARE)
def _() -> WsgiApp:
    """Messages to a conversation of an anonymous user are acknowledged and lost."""

    def effect(rules: Any, caller: Caller, request: Request, message: Message) -> None:
        if conversation_of(rules, message).requester.anonymous:
            kept_messages(rules.store, message.conversation).remove(message)

    return sent(effect)


@defect("messages-after-a-while", "messages.listed-once", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A message is listed after 300 ms."""

    def found(self: Any, conversation: Conversation) -> Any:
        now = self.clock.now()
        return Fixed([one for one in self.store.messages(conversation.id) if now - one.created_at > 0.3 * SECOND])

    return broken(conversations=ruling(ordered_messages=found))


@defect("messages-latest-missing", "messages.listed-once", difficulty=EASY)
def _() -> WsgiApp:
    """The latest message is not listed until there is a later one."""
    return ordered(lambda found: found[:-1])


@defect("messages-twice-by-bearer", "messages.listed-once", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A message that is sent with a key after Bearer is stored twice."""

    def effect(rules: Any, caller: Caller, request: Request, message: Message) -> None:
        if caller.scheme != "apiKey":
            rules.store.add_message(message._replace(id=rules.ids.new()))

    return sent(effect)


@defect("messages-last-wins-of-a-sender", "messages.listed-once", difficulty=RARE)
def _() -> WsgiApp:
    """A second message of somebody else than the requester takes the place of their first."""

    def effect(rules: Any, caller: Caller, request: Request, message: Message) -> None:
        if message.sender_email != conversation_of(rules, message).requester.email:
            kept = kept_messages(rules.store, message.conversation)
            kept[:] = [one for one in kept if one.sender_email != message.sender_email or one.id == message.id]

    return sent(effect)


@defect("messages-equal-to-the-description-dropped", "messages.listed-once", difficulty=RARE)
def _() -> WsgiApp:
    """A message that says what the description says is acknowledged and not listed."""
    return ordered(lambda found: [one for at, one in enumerate(found) if at == 0 or one.body != found[0].body])
