"""All that a run sent, so that a finding can say which requests it depends on.

Requests are analysed only once there is a finding: on a conforming server, each costs no more than a reference.
"""

import re
import threading
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, takewhile
from operator import itemgetter
from urllib.parse import unquote_plus

from contract_tests.model.marks import marks_in
from contract_tests.reproduction.steps import ASKED_WITH, FURTHEST, LONG, Link, created_id, nearest
from contract_tests.transport.exchange import Exchange

KEPT_WRITES, KEPT_READS, KEPT_REFUSED = 20_000, 300, 2_000
"""How many writes, reads and refused reads are remembered: the latest. The refused are small, and were to change nothing."""

KEPT_FOUND = 3
"""Exchanges that are remembered of each requirement as having shown a violation."""

MOST_AROUND = 120
"""How many requests before a finding are kept besides those that share a name with it, to find what else it depends on."""

MOST_LISTED = 2
"""Conversations in a list that are taken along where a finding names none."""

MOST_READS = 10
"""Reads of the same conversations that are taken along, and as many that were refused."""

# From where a word begins, and never back into it: a server may be sent a hundred thousand letters.
_ADDRESS = re.compile(r"(?<![\w.+%-])[\w.+%-]++@[\w-]++(?:\.[\w-]++)++")
_NUMBER = re.compile(r"\d+")
_READS = ("GET", "HEAD", "OPTIONS")


class _Entry:
    """An exchange and the names in its request: ids, addresses, marks of messages, and the id and number that it was given."""

    __slots__ = ("exchange", "made", "named", "number", "place")

    def __init__(self, place: float, exchange: Exchange) -> None:
        call = exchange.call
        self.place = place
        self.exchange = exchange
        self.named = {piece for piece in call.path.split("/") if piece}
        text = f"{unquote_plus(call.search)} {(call.body or b'')[:100_000].decode('utf-8', 'replace')}"
        self.named |= names_in(text)
        self.made = created_id(exchange)
        number = exchange.members.get("number")
        self.number = number if self.made and isinstance(number, int) else None

    @property
    def reads(self) -> bool:
        return self.exchange.call.method in _READS


def names_in(text: str) -> set[str]:
    """The addresses and marks of messages in a text: what a run's own things are known again by."""
    return {*_ADDRESS.findall(text), *marks_in(text)}


class History:
    """Everything that was sent, whatever the response. Safe to use from threads."""

    def __init__(self) -> None:
        self._writes: deque[tuple[int, Exchange]] = deque(maxlen=KEPT_WRITES)
        self._reads: deque[tuple[int, Exchange]] = deque(maxlen=KEPT_READS)
        self._refused: deque[tuple[int, Exchange]] = deque(maxlen=KEPT_REFUSED)
        self._found: dict[str, deque[Exchange]] = {}
        self._sent = 0
        self._began = 0
        self._lock = threading.Lock()
        self._entries: dict[float, _Entry] = {}
        self._by_name: defaultdict[str, list[_Entry]] = defaultdict(list)
        self._made: dict[str, _Entry] = {}
        self._alike: defaultdict[str, list[str]] = defaultdict(list)
        self._read_up_to = 0

    def note(self, exchange: Exchange) -> None:
        """Remember an exchange."""
        with self._lock:
            self._sent += 1
            read = self._reads if exchange.succeeded else self._refused
            kept = read if exchange.call.method in _READS else self._writes
            kept.append((self._sent, exchange))

    def point_out(self, exchange: Exchange, requirement_id: str) -> None:
        """Remember that an exchange showed a violation: of each requirement, the latest few."""
        with self._lock:
            self._found.setdefault(requirement_id, deque(maxlen=KEPT_FOUND)).append(exchange)

    @property
    def found(self) -> dict[str, list[Exchange]]:
        """The exchanges that showed a violation, by requirement."""
        with self._lock:
            return {name: list(kept) for name, kept in self._found.items()}

    def latest(self) -> list[Exchange]:
        """All that is remembered, the last first."""
        with self._lock:
            return [exchange for _, exchange in sorted(chain(*self._all), key=itemgetter(0), reverse=True)]

    def begin(self) -> None:
        """Say that a test begins."""
        self._began = self._sent

    def creates(self, conversation_id: str) -> list[Exchange]:
        """The create that first gave an id, where it is remembered."""
        with self._lock:
            self._look_into()
            return [self._made[conversation_id].exchange] if conversation_id in self._made else []

    def before(
        self,
        exchange: Exchange,
        *,
        told: str = "",
        about: Iterable[str] = (),
        because: Sequence[Exchange] = (),
        others: bool = False,
        around: bool = False,
    ) -> list[Link]:
        """Return what an exchange may depend on, oldest first, each with a rank: the less closely related, the higher.

        Rank 0: `because`, and writes to what its request or `about` names. 1: writes to what the finding's text, `told`, names, or
        2 if the request names a single conversation. 2 and 3: writes to other conversations of the same requesters, and then of the
        requesters of those. 3: reads of any of these. With `around`, 4: whatever else the same test sent before. With `others`, 1:
        the latest unrelated writes, too.
        """
        with self._lock:
            self._look_into()
            place = self._place_of(exchange) or self._sent + 1
            found: dict[float, int] = {}
            own = _Entry(place, exchange)
            shown = exchange.members.get("id")
            seeds = {*own.named, *about, *filter(None, map(self._near, own.named))} | ({shown} if isinstance(shown, str) else set())
            compared = {self._place_of(one) or self._recalled(one) for one in because}
            for at in [*compared, *self._asked_about(exchange, place)]:
                found[at] = 0
                seeds |= self._entries[at].named & self._made.keys()
            taken: set[str] = set()
            # What is expected of a single conversation does not depend on others, even if the finding names them.
            further = 2 if own.named & self._made.keys() else 1
            for rank, names in ((0, seeds), (further, names_in(told) | self._told(told))):
                self._take(names - taken, found, rank, place)
                taken |= names
            everything = not found
            for rank in (2, 3):
                owners = {name for at in found if at in self._entries for name in self._entries[at].named if "@" in name} - taken
                self._take(owners, found, rank, place)
                taken |= owners
            if everything:
                # The finding names nothing in the list, but a reproduction needs something in it.
                self._take(set(self._listed(exchange)[:MOST_LISTED]), found, 2, place)
            entries = [own, *(self._entries[at] for at in found if at in self._entries)]
            self._take_reads({name for entry in entries for name in (*entry.named, entry.made) if name in self._made}, found, place)
            if others:
                self._take_others(found, place)
            if around:
                for at in range(max(self._began, place - MOST_AROUND), place):
                    if at in self._entries:
                        found.setdefault(at, FURTHEST)
            self._make_whole(found, place)
            kept = [at for at in sorted(found) if at != place and at in self._entries]
            # What a reading is compared with is to be seen beside it.
            return [Link(self._entries[at].exchange, found[at], at in compared) for at in kept]

    def _place_of(self, exchange: Exchange) -> int:
        """Where an exchange stands among all, or 0 where it is not remembered."""
        return next((at for at, one in self._latest() if one is exchange), 0)

    def _recalled(self, exchange: Exchange) -> float:
        """Add an exchange that was forgotten, and return its place: between the remembered ones before and after it."""
        near = [0.0, *(at for at, entry in self._entries.items() if entry.exchange.number < exchange.number)]
        at = (max(near) + min((one for one in self._entries if one > max(near)), default=max(near) + 1)) / 2
        self._entries[at] = _Entry(at, exchange)
        return at

    def _asked_about(self, exchange: Exchange, before: int) -> list[int]:
        """Return the places of the latest reads that a conditional request asks about, by the ETag or the time in its headers."""
        asked = {(ASKED_WITH[name.lower()], value) for name, value in exchange.call.headers.items() if name.lower() in ASKED_WITH}
        reads = [(at, one) for at, one in self._reads if at < before and one.call.path == exchange.call.path]
        giving = ([at for at, one in reads if one.headers.get(name) == value] for name, value in asked)
        return [places[-1] for places in giving if places]

    def _latest(self) -> Iterator[tuple[int, Exchange]]:
        yield from reversed(self._writes)
        yield from reversed(self._reads)
        yield from reversed(self._refused)

    @property
    def _all(self) -> tuple[deque[tuple[int, Exchange]], ...]:
        return self._writes, self._reads, self._refused

    def _look_into(self) -> None:
        if len(self._entries) > 2 * (KEPT_WRITES + KEPT_READS + KEPT_REFUSED):
            # The indexes must not keep forgotten exchanges in memory.
            for index in (self._entries, self._by_name, self._made, self._alike):
                index.clear()
            self._read_up_to = 0
        fresh = (takewhile(lambda kept: kept[0] > self._read_up_to, reversed(kept)) for kept in self._all)
        for place, exchange in sorted(chain(*fresh), key=itemgetter(0)):
            entry = self._entries[place] = _Entry(place, exchange)
            if not entry.reads:
                for name in entry.named:
                    self._by_name[name].append(entry)
            if entry.made and entry.made not in self._made:
                self._made[entry.made] = entry
                self._alike[entry.made[:LONG].lower()].append(entry.made)
        self._read_up_to = self._sent

    def _near(self, name: str) -> str:
        """The id that a piece of a path was made from."""
        return nearest(name, dict.fromkeys(self._alike.get(name[:LONG].lower(), ())))

    def _told(self, told: str) -> set[str]:
        """Return the ids that a text names, and the ids of conversations whose numbers it names."""
        words = set(re.findall(r"[\w.~-]+", told))
        found = words & self._made.keys()
        numbers = {int(one) for one in _NUMBER.findall(told)[:20] if len(one) < 19} if "number" in told else set()
        return found | {name for name, entry in self._made.items() if entry.number in numbers}

    def _listed(self, exchange: Exchange) -> list[str]:
        """The ids in a list that the run was given, in the order in which it shows them."""
        results = exchange.members.get("results")
        ids = [item.get("id") for item in results if isinstance(item, dict)] if isinstance(results, list) else []
        return [one for one in ids if isinstance(one, str) and one in self._made]

    def _take(self, names: set[str], found: dict[float, int], rank: int, before: int) -> None:
        """Take the writes that name one of these, and the writes to the conversations that they created."""
        made: set[str] = set()
        for name in names:
            if name in self._made and self._made[name].place < before:
                found.setdefault(self._made[name].place, rank)
                made.add(name)
            if name not in self._made and "@" not in name and "[" not in name:
                continue
            for entry in self._by_name.get(name, ()):
                if entry.place < before:
                    found.setdefault(entry.place, rank)
                    if entry.made:
                        made.add(entry.made)
        for name in made - names:
            for entry in self._by_name.get(name, ()):
                if entry.place < before:
                    found.setdefault(entry.place, rank)

    def _take_others(self, found: dict[float, int], before: int) -> None:
        """Take the latest acknowledged create and message before that have nothing to do with what was taken."""
        named = {name for at in found for name in self._entries[at].named}
        apart = [entry for entry in self._entries.values() if entry.place < before and not entry.named & named & self._made.keys()]
        written = [entry for entry in apart if not entry.reads and entry.exchange.succeeded and entry.place not in found]
        for kind in ([one for one in written if one.made], [one for one in written if not one.made]):
            for entry in kind[-1:]:
                found[entry.place] = 1

    def _take_reads(self, names: set[str], found: dict[float, int], before: int) -> None:
        """Take the latest reads of these, first those that were refused: they are to change nothing."""
        for kept in (self._refused, self._reads):
            entries = (self._entries[at] for at, _ in kept if at < before and at in self._entries)
            for entry in [entry for entry in entries if entry.named & names][-MOST_READS:]:
                found.setdefault(entry.place, 3)

    def _make_whole(self, found: dict[float, int], before: int) -> None:
        """Take the creates of all conversations that the taken requests are about."""
        left = [(self._entries[at], rank) for at, rank in found.items() if at in self._entries]
        while left:
            entry, rank = left.pop()
            for name in entry.named:
                made = self._made.get(name) or self._made.get(self._near(name))
                if made is not None and made.place < before and found.get(made.place, FURTHEST + 1) > rank:
                    found[made.place] = rank
                    left.append((made, rank))
