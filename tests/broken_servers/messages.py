"""Servers that lose, change, disorder or misplace messages, or do something else to conversations by them."""

import html
import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from broken_servers.list_seams import SECOND, change, reading, ruling, selecting, siblings, then
from broken_servers.registry import Difficulty, defect
from broken_servers.seams import (
    MESSAGES,
    SEND,
    Counter,
    Event,
    answering,
    broken,
    handling,
    ignoring,
    with_body,
)
from mockserver.auth import Caller
from mockserver.conversations import REPLY, Conversations
from mockserver.pipeline import Pipeline
from mockserver.presenter import Page
from mockserver.problems import Refusal
from mockserver.records import Conversation, Message
from mockserver.server import WsgiApp
from mockserver.store import Fixed
from mockserver.store.memory import MemoryStore
from mockserver.validation import Request, Validator

EASY, MEDIUM, RARE = Difficulty


def listed(change_item: Callable[[dict[str, Any], Event], dict[str, Any]], **parts: Any) -> WsgiApp:
    """A server that shows each message of a list otherwise."""

    def rewrite(value: Any, event: Event) -> Any:
        return value | {"results": [change_item(item, event) for item in value["results"]]}

    return broken(pipeline=answering(rewrite, MESSAGES), **parts)


def bodies(change_text: Callable[[str], str]) -> WsgiApp:
    """A server that stores the body of a message otherwise."""
    return broken(pipeline=handling(lambda event: with_body(event, body=change_text(event.body["body"])), SEND))


def ordered(order: Callable[[list[Message]], list[Message]], **parts: Any) -> WsgiApp:
    """A server that lists messages in another order, or others."""
    return broken(conversations=reading(order), **parts)


def sent(effect: Callable[[Any, Caller, Request, Message], Any], **parts: Any) -> WsgiApp:
    """A server on which sending a message has an effect besides."""
    return broken(conversations=then("send", effect), **parts)


def conversation_of(rules: Conversations, message: Message) -> Conversation:
    found = rules.store.conversation(message.conversation)
    assert found is not None
    return found


# --- order ------------------------------------------------------------------------------------------------------------------------


@defect("messages-newest-first", "messages.oldest-first", difficulty=EASY)
def _() -> WsgiApp:
    """Messages are listed newest first."""
    return ordered(lambda found: found[::-1])


@defect("messages-by-body", "messages.oldest-first", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Messages are listed in the order of their bodies."""
    return ordered(lambda found: sorted(found, key=lambda one: one.body))


@defect("messages-by-id", "messages.oldest-first", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Messages of the same second are listed in the order of their ids, which are random."""
    return ordered(lambda found: sorted(found, key=lambda one: (one.created_at // SECOND, one.id)))


@defect("messages-as-text-after-ten", "messages.oldest-first", difficulty=RARE)
def _() -> WsgiApp:
    """Messages are listed by their position as text: the tenth comes after the first."""
    return ordered(lambda found: [found[at] for at in sorted(range(len(found)), key=lambda at: str(at + 1))])


@defect("messages-same-second-backwards", "messages.oldest-first", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Messages of the same second are listed latest first."""
    return ordered(lambda found: sorted(found, key=lambda one: (one.created_at // SECOND, -one.created_at)))


@defect("messages-by-sender", "messages.oldest-first", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Messages are grouped by sender."""
    return ordered(lambda found: sorted(found, key=lambda one: one.sender_email or ""))


@defect("messages-description-last", "messages.oldest-first", difficulty=RARE)
def _() -> WsgiApp:
    """The oldest message comes last where there are more than 20."""
    return ordered(lambda found: [*found[1:], found[0]] if len(found) > 20 else found)


@defect("messages-newest-first-for-clients", "messages.oldest-first", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Messages are listed newest first for client keys."""

    def rewrite(value: Any, event: Event) -> Any:
        return value | {"results": value["results"][::-1]} if event.tier == "client" else value

    return broken(pipeline=answering(rewrite, MESSAGES))


@defect("messages-newest-first-after-closing", "messages.oldest-first", "resolve.rest-kept", difficulty=RARE)
def _() -> WsgiApp:
    """The messages of a closed conversation are listed newest first."""

    def found(self: Any, conversation: Conversation) -> Any:
        right = [*self.store.messages(conversation.id)]
        return Fixed(right[::-1] if conversation.status == "closed" else right)

    return broken(conversations=ruling(ordered_messages=found))


# --- messages that are lost, or listed twice --------------------------------------------------------------------------------------


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
            self.store._messages[message.conversation].remove(message)
        return message

    return broken(conversations=ruling(send=send))


@defect("messages-to-closed-lost", "messages.listed-once", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Messages to a closed conversation are acknowledged and lost."""

    def effect(rules: Any, caller: Caller, request: Request, message: Message) -> None:
        if conversation_of(rules, message).status == "closed":
            rules.store._messages[message.conversation].remove(message)

    return sent(effect)


@defect("messages-to-anonymous-lost", "messages.listed-once", difficulty=RARE)
def _() -> WsgiApp:
    """Messages to a conversation of an anonymous user are acknowledged and lost."""

    def effect(rules: Any, caller: Caller, request: Request, message: Message) -> None:
        if conversation_of(rules, message).requester.anonymous:
            rules.store._messages[message.conversation].remove(message)

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
            rules.store.add_message(replace(message, id=rules.ids.new()))

    return sent(effect)


@defect("messages-last-wins-of-a-sender", "messages.listed-once", difficulty=RARE)
def _() -> WsgiApp:
    """A second message of somebody else than the requester takes the place of their first."""

    def effect(rules: Any, caller: Caller, request: Request, message: Message) -> None:
        if message.sender_email != conversation_of(rules, message).requester.email:
            kept = rules.store._messages[message.conversation]
            kept[:] = [one for one in kept if one.sender_email != message.sender_email or one.id == message.id]

    return sent(effect)


# --- bodies -----------------------------------------------------------------------------------------------------------------------


@defect("messages-body-cut-255", "messages.body-exact", difficulty=EASY)
def _() -> WsgiApp:
    """Bodies are cut after 255 characters."""
    return bodies(lambda text: text[:255])


@defect("messages-body-cut-1000", "messages.body-exact", difficulty=EASY)
def _() -> WsgiApp:
    """Bodies are cut after 1,000 characters."""
    return bodies(lambda text: text[:1000])


@defect("messages-body-cut-4096", "messages.body-exact", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Bodies are cut after 4,096 characters."""
    return bodies(lambda text: text[:4096])


@defect("messages-body-cut-8192-bytes", "messages.body-exact", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Bodies are cut after 8,192 bytes."""
    return bodies(lambda text: text.encode()[:8192].decode("utf-8", "ignore"))


@defect("messages-body-cut-65535", "messages.whole-or-refused", difficulty=RARE)
def _() -> WsgiApp:
    """Bodies are cut after 65,535 bytes."""
    return bodies(lambda text: text.encode()[:65535].decode("utf-8", "ignore"))


@defect("messages-body-one-space", "messages.body-exact", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Several spaces in a body become one."""
    return bodies(lambda text: re.sub(" +", " ", text))


@defect("messages-body-one-line", "messages.body-exact", difficulty=EASY)
def _() -> WsgiApp:
    """Line ends in a body become spaces."""
    return bodies(lambda text: re.sub("[\r\n]+", " ", text))


@defect("messages-body-unix-lines", "messages.body-exact", difficulty=MEDIUM)
def _() -> WsgiApp:
    """CR LF in a body becomes LF."""
    return bodies(lambda text: text.replace("\r\n", "\n"))


@defect("messages-body-without-empty-lines", "messages.body-exact", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Several empty lines in a body become one."""
    return bodies(lambda text: re.sub("\n{3,}", "\n\n", text))


@defect("messages-body-tabs-as-spaces", "messages.body-exact", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Tabs in a body become spaces."""
    return bodies(lambda text: text.replace("\t", "    "))


@defect("messages-body-escaped", "messages.body-exact", difficulty=EASY)
def _() -> WsgiApp:
    """Bodies are escaped as in HTML."""
    return bodies(html.escape)


@defect("messages-body-unescaped", "messages.body-exact", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Entities of HTML in a body are taken for the characters that they name."""
    return bodies(html.unescape)


@defect("messages-body-without-tags", "messages.body-exact", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Tags of HTML are removed from bodies."""
    return bodies(lambda text: re.sub("<[^>]+>", "", text))


@defect("messages-body-composed", "messages.body-exact", difficulty=RARE)
def _() -> WsgiApp:
    """Bodies are normalised to composed characters (NFC)."""
    return bodies(lambda text: unicodedata.normalize("NFC", text))


@defect("messages-body-compatible", "messages.body-exact", difficulty=RARE)
def _() -> WsgiApp:
    """Ligatures, fractions and other compatibility characters are replaced in bodies (NFKC)."""
    return bodies(lambda text: unicodedata.normalize("NFKC", text))


@defect("messages-body-without-emoji", "messages.body-exact", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Characters beyond the Basic Multilingual Plane become question marks in bodies."""
    return bodies(lambda text: re.sub("[\U00010000-\U0010ffff]", "?", text))


@defect("messages-body-without-joiners", "messages.body-exact", difficulty=RARE)
def _() -> WsgiApp:
    """Characters without a width are removed from bodies."""
    return bodies(lambda text: re.sub("[\u200b-\u200d\ufeff]", "", text))


@defect("messages-body-plain-spaces", "messages.body-exact", difficulty=RARE)
def _() -> WsgiApp:
    """No-break spaces in a body become spaces."""
    return bodies(lambda text: text.replace("\u00a0", " "))


@defect("messages-body-backslashes-lost", "messages.body-exact", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Backslashes are removed from bodies."""
    return bodies(lambda text: text.replace("\\", ""))


@defect("messages-body-percent-decoded", "messages.body-exact", difficulty=RARE)
def _() -> WsgiApp:
    """A percent sign and two digits in a body are decoded as in an address."""
    return bodies(lambda text: text.replace("%20", " "))


@defect("messages-body-templated", "messages.body-exact", difficulty=RARE)
def _() -> WsgiApp:
    """Placeholders in braces are filled in, with nothing."""
    return bodies(lambda text: re.sub(r"\{\w+\}", "", text))


@defect("messages-body-quotes-cut", "messages.body-exact", difficulty=RARE)
def _() -> WsgiApp:
    """Lines that quote others are taken off bodies, as from an e-mail."""
    return bodies(lambda text: re.sub(r"(?m)^>+.*\n", "", text))


@defect("messages-body-in-lower-case", "messages.body-exact", difficulty=EASY)
def _() -> WsgiApp:
    """Bodies are stored in lower case."""
    return bodies(str.lower)


@defect("messages-body-stripped-lines", "messages.body-exact", difficulty=RARE)
def _() -> WsgiApp:
    """White space at the beginning of each line of a body is removed."""
    return bodies(lambda text: re.sub(r"(?m)^[ \t]+", "", text))


@defect("messages-nul-cuts", "messages.whole-or-refused", difficulty=RARE)
def _() -> WsgiApp:
    """A body ends where it has a NUL."""
    return broken(
        choices={"nul_character": "keep"},
        pipeline=handling(lambda event: with_body(event, body=event.body["body"].partition("\0")[0]), SEND),
    )


@defect("messages-control-characters-removed", "messages.whole-or-refused", "messages.body-exact", difficulty=RARE)
def _() -> WsgiApp:
    """Control characters are removed from bodies without a word."""
    return bodies(lambda text: re.sub("[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f]", "", text))


@defect("messages-description-cut", "create.description-whole", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A description becomes a message of at most 1,000 characters."""

    def add(self: Any, conversation: Conversation, description: str | None) -> None:
        Conversations.add_description(self, conversation, description[:1000] if description else None)

    return broken(conversations=ruling(add_description=add))


@defect("messages-description-in-one-line", "create.description-whole", difficulty=RARE)
def _() -> WsgiApp:
    """The line ends of a description are lost where it becomes a message."""

    def add(self: Any, conversation: Conversation, description: str | None) -> None:
        Conversations.add_description(self, conversation, description.replace("\n", " ") if description else None)

    return broken(conversations=ruling(add_description=add))


# --- senders, counts, and how messages are shown ----------------------------------------------------------------------------------


@defect("messages-sender-is-requester", "messages.sender", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The sender of every message is the requester."""

    def effect(rules: Any, caller: Caller, request: Request, message: Message) -> Message:
        other = replace(message, sender_email=conversation_of(rules, message).requester.email)
        rules.store._messages[message.conversation][-1] = other
        return other

    return sent(effect)


@defect("messages-sender-is-requester-for-clients", "messages.sender", difficulty=RARE)
def _() -> WsgiApp:
    """The sender of a message that came with a client key is the requester, whoever was named."""

    def effect(rules: Any, caller: Caller, request: Request, message: Message) -> None:
        if caller.key.tier == "client":
            other = replace(message, sender_email=conversation_of(rules, message).requester.email)
            rules.store._messages[message.conversation][-1] = other

    return sent(effect)


@defect("messages-sender-is-the-key", "messages.sender", difficulty=EASY)
def _() -> WsgiApp:
    """The sender of a message with a server key is an agent."""

    def effect(rules: Any, caller: Caller, request: Request, message: Message) -> None:
        if caller.key.tier == "server":
            rules.store._messages[message.conversation][-1] = replace(message, sender_email="agent@yourcompany.com")

    return sent(effect)


@defect("messages-sender-of-the-latest", "messages.sender", difficulty=MEDIUM)
def _() -> WsgiApp:
    """All messages of a conversation are shown with the sender of the latest."""
    return ordered(lambda found: [replace(one, sender_email=found[-1].sender_email) for one in found])


@defect("messages-sender-null-for-strangers", "messages.sender", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A sender who is not the requester is shown as null."""

    def found(self: Any, conversation: Conversation) -> Any:
        own = conversation.requester.email
        right = self.store.messages(conversation.id)
        return Fixed([one if one.sender_email == own else replace(one, sender_email=None) for one in right])

    return broken(conversations=ruling(ordered_messages=found))


@defect("messages-count-one-less", "messages.count", difficulty=EASY)
def _() -> WsgiApp:
    """The count of messages leaves one out."""
    return broken(pipeline=answering(lambda value, _: value | {"count": max(0, value["count"] - 1)}, MESSAGES))


@defect("messages-count-of-the-organisation", "messages.count", difficulty=EASY)
def _() -> WsgiApp:
    """The count of messages is that of all conversations."""
    store = MemoryStore()
    everywhere = answering(lambda value, _: value | {"count": sum(map(len, store._messages.values()))}, MESSAGES)
    return broken(pipeline=everywhere, store=store)


@defect("messages-count-never-over-20", "messages.count", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The count of messages stops at 20."""
    return broken(pipeline=answering(lambda value, _: value | {"count": min(20, value["count"])}, MESSAGES))


@defect("messages-count-of-senders", "messages.count", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The count of messages is that of their senders."""
    return broken(
        pipeline=answering(lambda value, _: value | {"count": len({one["sender_email"] for one in value["results"]})}, MESSAGES)
    )


@defect("messages-count-late", "messages.count", difficulty=RARE)
def _() -> WsgiApp:
    """The count of messages is that of the listing before."""
    known: dict[str, int] = {}

    def rewrite(value: Any, event: Event) -> Any:
        before = known.get(event.request.id, value["count"])
        known[event.request.id] = value["count"]
        return value | {"count": before}

    return broken(pipeline=answering(rewrite, MESSAGES))


@defect("messages-without-type", "messages.answer", difficulty=EASY)
def _() -> WsgiApp:
    """Messages have no message_type."""
    return listed(lambda item, _: {name: value for name, value in item.items() if name != "message_type"})


@defect("messages-id-is-a-number", "messages.answer", difficulty=EASY)
def _() -> WsgiApp:
    """The id of a message is a number."""
    return listed(lambda item, _: item | {"id": int(item["id"][:6], 16)})


@defect("messages-share-an-id", "messages.id-unique", difficulty=MEDIUM)
def _() -> WsgiApp:
    """All messages of a conversation have its id."""
    return listed(lambda item, event: item | {"id": event.request.id})


@defect("messages-ids-repeat-after-ten", "messages.id-unique", difficulty=RARE)
def _() -> WsgiApp:
    """The ids of messages repeat after ten."""

    def rewrite(value: Any, _: Event) -> Any:
        return value | {"results": [item | {"id": f"message-{at % 10}"} for at, item in enumerate(value["results"])]}

    return broken(pipeline=answering(rewrite, MESSAGES))


@defect("messages-time-without-offset", "messages.timestamps", "messages.answer", difficulty=EASY)
def _() -> WsgiApp:
    """The created_at of a message has no offset."""
    return listed(lambda item, _: item | {"created_at": item["created_at"].rstrip("Z")})


@defect("messages-time-with-a-space", "messages.timestamps", "messages.answer", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The created_at of a message has a space in the place of the T."""
    return listed(lambda item, _: item | {"created_at": item["created_at"].replace("T", " ")})


@defect("messages-time-in-seconds", "messages.timestamps", "messages.answer", difficulty=EASY)
def _() -> WsgiApp:
    """The created_at of a message is a number."""
    return listed(lambda item, _: item | {"created_at": 1790000000})


@defect("messages-bare-array", "messages.answer", difficulty=EASY)
def _() -> WsgiApp:
    """The list of messages is an array, without count and results."""
    return broken(pipeline=answering(lambda value, _: value["results"], MESSAGES))


@defect("messages-none-is-not-found", "messages.answer", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The messages of a conversation that has none are answered with 404."""

    def rewrite(value: Any, _: Event) -> Any:
        if not value["results"]:
            raise Refusal(404, "No messages.")
        return value

    return broken(pipeline=answering(rewrite, MESSAGES))


# --- what messages do to conversations --------------------------------------------------------------------------------------------


@defect("messages-in-all-of-the-requester", "messages.own-conversation", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The messages of all of a requester's conversations are listed in each."""

    def found(self: Any, conversation: Conversation) -> Any:
        own = self.store.conversations(conversation.organisation, conversation.requester.id)
        return Fixed(sorted((m for one in own for m in self.store.messages(one.id)), key=lambda m: m.created_at))

    return broken(conversations=ruling(ordered_messages=found))


@defect("messages-to-the-latest-of-the-requester", "messages.listed-once", "messages.own-conversation", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A message goes to the latest conversation of its requester, not to the one that was named."""

    def send(self: Any, caller: Caller, request: Request) -> Message:
        named = self.find(caller, request.id)
        latest = next(iter(self.store.conversations(caller.organisation, named.requester.id)))
        return Conversations.send(self, caller, replace(request, id=latest.id))

    return broken(conversations=ruling(send=send))


@defect("messages-copied-to-the-sender", "messages.own-conversation", "messages.touches-no-other", difficulty=RARE)
def _() -> WsgiApp:
    """A message of somebody else than the requester is also added to the sender's own latest conversation."""

    def effect(rules: Any, caller: Caller, request: Request, message: Message) -> None:
        own = rules.look_up(caller.organisation, message.sender_email or "")
        if own is not None and own != conversation_of(rules, message).requester:
            for latest in [*rules.store.conversations(caller.organisation, own.id)][:1]:
                rules.store.add_message(replace(message, id=rules.ids.new(), conversation=latest.id))

    return sent(effect)


@defect("messages-close", "messages.conversation-kept", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A message closes its conversation."""
    return sent(lambda rules, caller, request, message: change(rules, conversation_of(rules, message), status="closed"))


@defect("messages-fifth-resolves", "messages.conversation-kept", difficulty=RARE, effort="standard")
def _() -> WsgiApp:
    """The fifth message of a conversation resolves it."""

    def effect(rules: Any, caller: Caller, request: Request, message: Message) -> None:
        if len(rules.store.messages(message.conversation)) == 5:
            change(rules, conversation_of(rules, message), status="resolved")

    return sent(effect)


@defect("messages-change-subject", "messages.conversation-kept", difficulty=EASY)
def _() -> WsgiApp:
    """A message makes its first words the subject."""
    return sent(lambda rules, caller, request, message: change(rules, conversation_of(rules, message), subject=message.body[:40]))


@defect("messages-put-re-before-subject", "messages.conversation-kept", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The third message of a conversation puts Re: before its subject."""

    def effect(rules: Any, caller: Caller, request: Request, message: Message) -> None:
        conversation = conversation_of(rules, message)
        if len(rules.store.messages(message.conversation)) == 3:
            change(rules, conversation, subject=f"Re: {conversation.subject}")

    return sent(effect)


@defect("messages-raise-priority", "messages.conversation-kept", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A message of a client key makes its conversation urgent."""

    def effect(rules: Any, caller: Caller, request: Request, message: Message) -> None:
        if caller.key.tier == "client":
            change(rules, conversation_of(rules, message), priority="urgent")

    return sent(effect)


@defect("messages-clear-metadata", "messages.conversation-kept", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A message clears the metadata of its conversation."""
    return sent(lambda rules, caller, request, message: change(rules, conversation_of(rules, message), metadata={}))


@defect("messages-change-channel", "messages.conversation-kept", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A message makes api the channel of a conversation of the channel web."""

    def effect(rules: Any, caller: Caller, request: Request, message: Message) -> None:
        if conversation_of(rules, message).channel == "web":
            change(rules, conversation_of(rules, message), channel="api")

    return sent(effect)


@defect("messages-change-requester", "messages.conversation-kept", "any.durable", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Somebody else who sends a message becomes the requester."""

    def effect(rules: Any, caller: Caller, request: Request, message: Message) -> None:
        user = rules.look_up(caller.organisation, message.sender_email or "")
        change(rules, conversation_of(rules, message), requester=user)

    return sent(effect)


@defect("messages-number-moves", "messages.conversation-kept", difficulty=RARE)
def _() -> WsgiApp:
    """A message gives its conversation a new number."""
    return sent(
        lambda rules, caller, request, message: change(
            rules, conversation_of(rules, message), number=rules.next_number(caller.organisation)
        )
    )


@defect("messages-reopen-the-requesters-others", "messages.touches-no-other", difficulty=RARE)
def _() -> WsgiApp:
    """A message opens all closed conversations of its requester."""

    def effect(rules: Any, caller: Caller, request: Request, message: Message) -> None:
        for other in siblings(rules, caller, conversation_of(rules, message)):
            change(rules, other, status="open")

    return sent(effect)


@defect("messages-update-the-requesters-others", "messages.touches-no-other", difficulty=RARE)
def _() -> WsgiApp:
    """A message leaves a trace in the metadata of its requester's other conversations."""

    def effect(rules: Any, caller: Caller, request: Request, message: Message) -> None:
        for other in siblings(rules, caller, conversation_of(rules, message)):
            change(rules, other, metadata={**other.metadata, "last_reply": message.id})

    return sent(effect)


@defect("messages-erase-names", "messages.conversation-kept", "create.existing-user-names", difficulty=RARE)
def _() -> WsgiApp:
    """A requester who sends a message loses their names."""

    def effect(rules: Any, caller: Caller, request: Request, message: Message) -> None:
        conversation = conversation_of(rules, message)
        if message.sender_email == conversation.requester.email:
            nameless = replace(conversation.requester, first_name=None, last_name=None)
            change(rules, conversation, requester=nameless)

    return sent(effect)


@defect(
    "messages-hide-the-conversation",
    "list.email-filter",
    "list.partition",
    "list.unfiltered",
    "messages.conversation-kept",
    difficulty=RARE,
)
def _() -> WsgiApp:
    """A conversation with more than three messages is not listed any more."""
    return broken(
        conversations=selecting(
            lambda rules, caller, query, found: [one for one in found if len(rules.store.messages(one.id)) <= 3]
        )
    )


# --- what has to be refused -------------------------------------------------------------------------------------------------------


@defect("messages-to-unknown-accepted", "messages.unknown-conversation", difficulty=EASY)
def _() -> WsgiApp:
    """A message to a conversation that does not exist is acknowledged."""

    def send(self: Any, caller: Caller, request: Request) -> Message:
        if self.store.conversation(request.id) is None:
            return Message(self.ids.new(), request.id, request.body["user_email"], request.body["body"], REPLY, self.clock.now())
        return Conversations.send(self, caller, request)

    return broken(conversations=ruling(send=send))


@defect("messages-of-unknown-are-none", "messages.unknown-conversation", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The messages of a conversation that does not exist are an empty list."""

    def messages(self: Any, caller: Caller, request: Request) -> Page[Message]:
        if self.store.conversation(request.id) is None:
            return Page(0, [], None, 0, {})
        return Conversations.messages(self, caller, request)

    return broken(conversations=ruling(messages=messages))


@defect("messages-of-malformed-id-are-none", "messages.unknown-conversation", difficulty=RARE)
def _() -> WsgiApp:
    """The messages of a malformed id are an empty list."""

    class AnyId(Validator):
        def read_id(self, text: str) -> str:
            return text

    def messages(self: Any, caller: Caller, request: Request) -> Page[Message]:
        if len(request.id) != 36:
            return Page(0, [], None, 0, {})
        return Conversations.messages(self, caller, request)

    return broken(validator=AnyId, conversations=ruling(messages=messages))


@defect("messages-to-unknown-make-one", "messages.unknown-conversation", difficulty=RARE)
def _() -> WsgiApp:
    """A message to an unknown id with a server key opens a conversation."""

    def send(self: Any, caller: Caller, request: Request) -> Message:
        if self.store.conversation(request.id) is None and caller.key.tier == "server":
            body = {"subject": "Message", "user_email": request.body["user_email"]}
            created = self.create(caller, Request("", {}, body))
            return Conversations.send(self, caller, replace(request, id=created.id))
        return Conversations.send(self, caller, request)

    return broken(conversations=ruling(send=send))


def without_required(member: str, value: Callable[[Any, Request], str]) -> WsgiApp:
    """A server that does without a required member of a message."""

    class Lenient(Validator):
        def violations(self, members: dict[str, Any], body: Any) -> Any:
            return (one for one in super().violations(members, body) if (one.keyword, one.field) != ("required", member))

    def send(self: Any, caller: Caller, request: Request) -> Message:
        if member not in request.body:
            request = replace(request, body={**request.body, member: value(self, request)})
        return Conversations.send(self, caller, request)

    return broken(validator=Lenient, conversations=ruling(send=send))


@defect("messages-body-not-required", "messages.body-required", difficulty=EASY)
def _() -> WsgiApp:
    """A message without a body is accepted."""
    return without_required("body", lambda rules, request: "")


@defect("messages-sender-not-required", "messages.user-email-required", difficulty=EASY)
def _() -> WsgiApp:
    """A message without user_email is accepted, and the requester's."""
    return without_required("user_email", lambda rules, request: rules.store.conversation(request.id).requester.email or "")


@defect("messages-sender-not-required-of-servers", "messages.user-email-required", difficulty=RARE)
def _() -> WsgiApp:
    """A message without user_email is accepted from server keys, and an agent's."""

    class Lenient(Validator):
        def violations(self, members: dict[str, Any], body: Any) -> Any:
            return (one for one in super().violations(members, body) if (one.keyword, one.field) != ("required", "user_email"))

    def send(self: Any, caller: Caller, request: Request) -> Message:
        if "user_email" not in request.body:
            if caller.key.tier == "client":
                raise Refusal(400, "user_email: This field is required.")
            request = replace(request, body={**request.body, "user_email": "agent@example.com"})
        return Conversations.send(self, caller, request)

    return broken(validator=Lenient, conversations=ruling(send=send))


@defect("messages-numbers-stay-numbers", "messages.wrong-types", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A body that is a number is accepted and listed as one."""
    return broken(validator=ignoring("type", member="body"))


@defect("messages-stored-although-refused", "messages.refusal-changes-nothing", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A message without a sender is refused and added all the same."""

    class Storing(Validator):
        def violations(self, members: dict[str, Any], body: Any) -> Any:
            return (one for one in super().violations(members, body) if (one.keyword, one.field) != ("required", "user_email"))

    def send(self: Any, caller: Caller, request: Request) -> Message:
        if "user_email" in request.body:
            return Conversations.send(self, caller, request)
        conversation = self.find(caller, request.id)
        self.add_message(conversation, None, request.body["body"], REPLY)
        raise Refusal(400, "user_email: This field is required.")

    return broken(validator=Storing, conversations=ruling(send=send))


@defect("messages-reopen-although-refused", "messages.refusal-changes-nothing", difficulty=RARE)
def _() -> WsgiApp:
    """A message that is refused sets its conversation to pending."""

    class Touching(Pipeline):
        def refused(self, operation: Any, call: Any, refusal: Refusal) -> Any:
            conversation = self.store.conversation(call.path.get("id", ""))
            if operation.id == SEND and conversation is not None and refusal.status == 400:
                change(self.conversations, conversation, status="pending")
            return super().refused(operation, call, refusal)

    return broken(pipeline=Touching)


@defect("messages-refused-after-a-hundred", "messages.accepted", difficulty=RARE)
def _() -> WsgiApp:
    """The hundredth message of a conversation is refused."""

    def check(self: Any, conversation: Conversation) -> None:
        if len(self.store.messages(conversation.id)) >= 99:
            raise Refusal(409, "This conversation is full.")

    return broken(conversations=ruling(check_may_reply=check))
