"""Ids and numbers that look like others do, and what may not be told from them."""

import base64
import itertools
import random
import uuid
from typing import Any

from mockserver.handling.conversations import Conversations
from mockserver.handling.validation import Validator
from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.records import Conversation, Message
from mockserver.serving.server import WsgiApp
from tests.variations.records import AnyId, with_ids
from tests.variations.registry import variation
from tests.variations.seams import mock, with_others

_ADJECTIVES = ["blue", "brave", "calm", "dark", "eager", "fancy", "gentle", "happy", "icy", "jolly"]
_ANIMALS = ["otter", "badger", "crane", "dingo", "egret", "falcon", "gecko", "heron", "ibis", "jackal"]


@variation("ids-are-slugs", spare=True)
def slugs() -> WsgiApp:
    """Ids are words and a number: brave-otter-1042."""
    chance, counter = random.Random(3), itertools.count(1000)
    return with_ids(lambda: f"{chance.choice(_ADJECTIVES)}-{chance.choice(_ANIMALS)}-{next(counter)}")


@variation("ids-are-very-long", spare=True)
def long_ids() -> WsgiApp:
    """Ids have 200 characters, of which the last few differ."""
    counter = itertools.count(1)
    return with_ids(lambda: f"{'0123456789abcdef' * 12}{next(counter):08x}")


@variation("ids-are-uuids-in-capitals")
def capitals() -> WsgiApp:
    """Ids are UUIDs in capitals."""
    chance = random.Random(5)
    return with_ids(lambda: str(uuid.UUID(int=chance.getrandbits(128), version=4)).upper())


@variation("ids-are-uuids-without-dashes", spare=True)
def without_dashes() -> WsgiApp:
    """Ids are UUIDs of 32 digits."""
    chance = random.Random(19)
    return with_ids(lambda: uuid.UUID(int=chance.getrandbits(128), version=4).hex)


@variation("ids-are-uuids-one-after-another", spare=True)
def one_after_another() -> WsgiApp:
    """Ids are UUIDs made by a counter."""
    counter = itertools.count(0x0190_0000_0000_7000_8000_0000_0000_0000)
    return with_ids(lambda: str(uuid.UUID(int=next(counter))))


@variation("ids-from-zero")
def from_zero() -> WsgiApp:
    """Ids count from zero, and the first of them are other people's, in both organisations."""
    counter = itertools.count()
    return with_others(with_ids(lambda: str(next(counter))))


@variation("ids-are-short-words")
def short_words() -> WsgiApp:
    """Ids are short words and letters, whatever word somebody wished for: null, a3, a4. The first are other people's."""
    counter = itertools.count(363)
    first = iter(["0", "7", "-1", "_", "*", "null", "undefined", "not-an-id", "create"])
    return with_others(with_ids(lambda: next(first, "") or base_36(next(counter))))


def base_36(number: int) -> str:
    """Return a number in base 36, with small letters: 363 is a3."""
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + text
    return text


@variation("ids-to-be-escaped", spare=True)
def escaped() -> WsgiApp:
    """Ids have characters that mean something elsewhere in an address: conv:2026.17~a=b@x;v1,$!*'()."""
    counter = itertools.count(17)
    return with_ids(lambda: f"conv:2026.{next(counter)}~a=b@x;v1,$!*'()")


@variation("ids-in-base-64", spare=True)
def base_64() -> WsgiApp:
    """Ids end in an equals sign, as a global id of GraphQL does."""
    counter = itertools.count(100_000)
    return with_ids(lambda: base64.b64encode(f"Conversation:{next(counter)}".encode()).decode().replace("/", "_"))


@variation("numbers-near-the-largest", spare=True)
def large_numbers() -> WsgiApp:
    """Numbers are just below what a double holds exactly."""
    numbers = itertools.count(2**53 - 100_000)

    class Large(Conversations):
        def next_number(self, organisation: str) -> int:
            return next(numbers)

    return mock(conversations=Large)


@variation("numbers-by-chance", spare=True)
def numbers_by_chance() -> WsgiApp:
    """Numbers are in no order."""
    chance = random.Random(13)
    numbers = chance.sample(range(10_000, 10_000_000), 100_000)

    class ByChance(Conversations):
        def next_number(self, organisation: str) -> int:
            return numbers.pop()

    return mock(conversations=ByChance)


@variation("message-ids-within-the-conversation")
def message_ids() -> WsgiApp:
    """The messages of each conversation have the ids 1, 2, 3 and so on."""

    class Counting(Conversations):
        def add_message(self, conversation: Conversation, sender: str | None, body: str, kind: str, **more: Any) -> Message:
            place = len(self.store.messages(conversation.id)) + 1
            message = Message(str(place), conversation.id, sender, body, kind, self.clock.now(), **more)
            self.store.add_message(message)
            return message

    return mock(conversations=Counting)


@variation("times-to-the-minute", spare=True)
def to_the_minute() -> WsgiApp:
    """Times are kept to the minute: all of a run are the same, or a minute apart."""

    class Minutes(Conversations):
        def create(self, caller: Caller, checked: CheckedRequest) -> Conversation:
            created = super().create(caller, checked)
            minute = created.created_at // 60_000_000 * 60_000_000
            kept = created._replace(created_at=minute, updated_at=minute)
            self.store.replace_conversation(kept)
            return kept

    return mock(conversations=Minutes)


@variation("ids-with-tails")
def with_tails() -> WsgiApp:
    """As many characters are read as an id has: what follows, as the words of a subject may, is another spelling of the same."""

    class Lenient(Validator):
        def read_id(self, text: str) -> str:
            return super().read_id(text[:36])

    return mock(validator=Lenient)


@variation("numbers-are-addresses-too")
def by_number() -> WsgiApp:
    """A conversation can also be read, written to and resolved by its number, which each organisation counts for itself."""

    class ByNumber(Conversations):
        def find(self, caller: Caller, conversation_id: str) -> Conversation:
            if conversation_id.isdecimal() and len(conversation_id) < 10:
                known = self.store.conversations(caller.organisation)
                found = next((one for one in known if one.number == int(conversation_id)), None)
                if found is not None:
                    return found
            return super().find(caller, conversation_id)

    return mock(conversations=ByNumber, validator=AnyId)
