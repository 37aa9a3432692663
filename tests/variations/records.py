"""Ids, numbers, times and users of other kinds, and lists in another order."""

import itertools
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from mockserver.handling.conversations import Conversations
from mockserver.handling.serializer import Serializer
from mockserver.handling.validation import Validator
from mockserver.model.caller import Caller
from mockserver.model.clock import Clock, system_time, to_datetime
from mockserver.model.records import Conversation
from mockserver.serving.server import WsgiApp
from mockserver.store import Fixed, Selection
from tests.variations.registry import Conforming, variation
from tests.variations.seams import mock

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class AnyId(Validator):
    """Accepts any text as an id: the store knows which exist."""

    def read_id(self, text: str) -> str:
        return text


class _Ids:
    def __init__(self, new: Callable[[], str]) -> None:
        self.new = new


def with_ids(new: Callable[[], str]) -> WsgiApp:
    """A mock with ids of its own."""

    class OtherIds(Conversations):
        def __init__(self, *parts: Any) -> None:
            super().__init__(*parts)
            self.ids: Any = _Ids(new)

    return mock(conversations=OtherIds, validator=AnyId)


@variation("ids-short")
def short_ids() -> WsgiApp:
    """Ids are seven letters and digits, in both cases."""
    chance = random.Random(7)
    alphabet = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789-_"
    return with_ids(lambda: "".join(chance.choices(alphabet, k=7)))


@variation("ids-like-ulids")
def ulids() -> WsgiApp:
    """Ids are 26 characters that sort by time, with a prefix."""
    counter = itertools.count(1)

    def new() -> str:
        number = (system_time() << 40) | next(counter)
        return "conv_" + "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))

    return with_ids(new)


@variation("ids-are-digits", spare=True)
def numeric_ids() -> WsgiApp:
    """Ids are strings of digits, one after another, as a data base counts."""
    counter = itertools.count(10_001)
    return with_ids(lambda: str(next(counter)))


@variation("numbers-with-gaps", spare=True)
def numbers_with_gaps() -> WsgiApp:
    """Numbers start at a million, with gaps, and are counted over all organisations."""
    chance = random.Random(11)
    numbers = itertools.count(1_000_000, 20)

    class Gaps(Conversations):
        def next_number(self, organisation: str) -> int:
            return next(numbers) + chance.randrange(20)

    return mock(conversations=Gaps)


@variation("numbers-descend", spare=True)
def numbers_descend() -> WsgiApp:
    """Numbers become smaller, and pass zero."""
    numbers = itertools.count(2_000, -1)

    class Descending(Conversations):
        def next_number(self, organisation: str) -> int:
            return next(numbers)

    return mock(conversations=Descending)


def with_times(show: Callable[[int], str], **settings: Any) -> WsgiApp:
    """A mock that writes times in its own way."""

    class Times(Serializer):
        def time(self, microseconds: int) -> str:
            return show(microseconds)

    return mock(serializer=Times, **settings)


@variation("times-elsewhere")
def times_elsewhere() -> WsgiApp:
    """Times have the offset +02:00 and nanoseconds."""
    return with_times(lambda at: f"{to_datetime(at) + timedelta(hours=2):%Y-%m-%dT%H:%M:%S.%f}789+02:00")


@variation("times-of-half-hours")
def times_of_half_hours() -> WsgiApp:
    """Times have the offset -03:30 where they are written the first time, and +05:45 or Z later: the same moments."""
    offsets = itertools.cycle((("-03:30", -210), ("+05:45", 345), ("Z", 0), ("-00:00", 0)))

    def show(at: int) -> str:
        text, minutes = next(offsets)
        return f"{to_datetime(at) + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%S.%f}{text}"

    return with_times(show)


@variation("times-in-lower-case", spare=True)
def times_in_lower_case() -> WsgiApp:
    """Times are written with a small t and z, and one digit after the point."""
    return with_times(lambda at: f"{to_datetime(at):%Y-%m-%dt%H:%M:%S}.{to_datetime(at).microsecond // 100_000}z")


@variation("times-without-trailing-zeros", spare=True)
def times_without_zeros() -> WsgiApp:
    """Fractions lose their trailing zeros and vanish with them, as in Java and Go."""

    def show(at: int) -> str:
        fraction = f"{to_datetime(at).microsecond:06}".rstrip("0")
        return f"{to_datetime(at):%Y-%m-%dT%H:%M:%S}{'.' if fraction else ''}{fraction}Z"

    return with_times(show)


@variation("clock-years-behind")
def clock_behind() -> WsgiApp:
    """The server's clock stands in the year 2003."""
    return mock(clock=Clock(lambda: system_time() - 23 * 365 * 86_400_000_000))


@variation("clock-stands-still")
def clock_stands() -> WsgiApp:
    """The server's clock has stopped in the far future: everything happens in the same microsecond."""
    return mock(clock=Clock(lambda: 32_503_680_000_000_000), choices={"timestamp_fraction": "microseconds"})


@variation("updated-a-moment-later", spare=True)
def updated_later() -> WsgiApp:
    """A new conversation is saved twice, so that updated_at is later than created_at; each reading afterwards shows the same."""

    class Twice(Conversations):
        def create(self, caller: Caller, checked: Any) -> Conversation:
            created = super().create(caller, checked)
            saved = created._replace(updated_at=created.updated_at + 1500)
            self.store.replace_conversation(saved)
            return saved

    return mock(conversations=Twice, choices={"timestamp_fraction": "milliseconds"})


def ordered_by(key: Callable[[Conversation], Any], *, reverse: bool = False) -> type[Conversations]:
    """Rules that list conversations in an order of their own."""

    class Ordered(Conversations):
        def select(self, caller: Caller, query: Any) -> Selection[Conversation]:
            return Fixed(sorted(super().select(caller, query), key=key, reverse=reverse))

    return Ordered


@variation("list-by-last-change")
def by_last_change() -> WsgiApp:
    """The list begins with what changed last, so that messages and resolving move conversations."""
    return mock(conversations=ordered_by(lambda one: (one.updated_at, one.number), reverse=True))


@variation("list-by-subject", spare=True)
def by_subject() -> WsgiApp:
    """The list is in the order of subjects, and those of the same subject in that of their ids."""
    return mock(conversations=ordered_by(lambda one: (one.subject.casefold(), one.id)))


@variation("list-by-urgency", spare=True)
def by_urgency() -> WsgiApp:
    """The list begins with open and urgent conversations."""
    urgency = ("urgent", "high", "normal", "low")
    return mock(conversations=ordered_by(lambda one: (one.status != "open", urgency.index(one.priority), one.id)))


@variation("other-origins-of-their-own", spare=True)
def restricted_origin() -> Conforming:
    """A restricted client key needs an Origin, and its refusal is a 401."""
    return Conforming(mock(choices={"missing_origin": "refuse", "origin_refusal_status": "401", "client_resolve_status": "401"}))
