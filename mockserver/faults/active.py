"""The faults of one namespace: which of its rules fires for a request, drawn from its seed."""

import random
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import orjson

from accord.base.errors import AccordError
from mockserver.faults.effects import LONGEST_DELAY, Effect, RefusalOf
from mockserver.faults.header import FAULT_HEADER, read_header
from mockserver.faults.rate_limits import Buckets
from mockserver.faults.rules import MOST_RULES, Known, Rule, read_rule, read_rules
from mockserver.http.body_errors import BodyCutError, BodyLateError
from mockserver.http.messages import Request, Response, environ_name
from mockserver.model.caller import ApiKey
from mockserver.model.clock import Clock

DECIDED = "fault:"
"""The prefix of `Response.decided_by` if a fault decided. The id of its rule, or the name of the header, follows it."""

_LARGEST_BODY = 4 * 1024 * 1024


class Fired(NamedTuple):
    """The fault that a request meets: its id and effect, the delay of the response, and the wait of a rate limit, in seconds."""

    id: str
    effect: Effect
    delay: float
    retry_after: int | None = None

    @property
    def takes_the_place(self) -> bool:
        """Whether the request is not carried out."""
        return self.effect.status is not None or self.effect.drop == "before" or self.retry_after is not None

    def carry_out(self, respond: Callable[[], Response], refusal: RefusalOf) -> Response:
        """Return the response, with the way that it is to travel. `respond` carries the request out, if it is to be."""
        response = self.effect.response(respond, refusal, self.retry_after)
        delivery = self.effect.delivery(self.delay) or response.delivery
        return response._replace(decided_by=f"{DECIDED}{self.id}", delivery=delivery)


class _Running:
    """A rule in force: how often it was met and fired, and its own source of chance."""

    def __init__(self, rule: Rule, seed: int | str) -> None:
        self.rule = rule
        self.met = 0
        self.fired = 0
        # Each rule has a generator of its own, so that adding a rule does not change when the others fire.
        self.chance = random.Random(f"{seed}:fault:{rule.id}")
        self.buckets = Buckets(rule.then.rate_limit) if rule.then.rate_limit else None

    def is_due(self, now: int) -> bool:
        """Count a matching request, and return whether it meets the fault at this time, in microseconds."""
        when = self.rule.when
        self.met += 1
        if when.probability is not None:
            return self.chance.random() < when.probability
        if when.every is not None:
            return self.met % when.every == 0
        if when.next is not None:
            return self.met <= when.next
        return (when.start is None or when.start <= now) and (when.end is None or now < when.end)

    def delay(self) -> float:
        """How late the response is, in seconds."""
        draw = self.rule.then.delay
        return 0.0 if draw is None else draw(self.chance)


class Faults:
    """The fault rules of a namespace, in their order. How often each was met is in the memory of one process. Thread-safe.

    `known` tells what rules may name. `given` are those that it has from the start, and again after a reset.
    """

    def __init__(self, seed: int | str, clock: Clock, known: Callable[[], Known], given: Sequence[Rule] = ()) -> None:
        self._seed = seed
        self._clock = clock
        self.known = known
        self._given = tuple(given)
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Have the rules of the start again, as if none was ever met."""
        with self._lock:
            self._numbers = count(1)
            self.rules: tuple[_Running, ...] = ()
            self._put(self._given)
            self._first = self.rules

    def begin_with(self, rules: Sequence[Rule]) -> None:
        """Have these rules, now and after a reset."""
        self._given = tuple(rules)
        self.reset()

    def shown(self) -> list[dict[str, Any]]:
        """Return the rules as JSON values, which `replace` takes again, with how often each was met and fired."""
        return [_shown(one) for one in self.rules]

    def find(self, id: str) -> dict[str, Any] | None:
        """Return the rule of that id as a JSON value, or None."""
        return next((_shown(one) for one in self.rules if one.rule.id == id), None)

    def written(self) -> list[dict[str, Any]] | None:
        """Return the rules as JSON values; None if they are those of the start."""
        rules = self.rules
        return None if rules is self._first else [{"id": one.rule.id, **one.rule.written} for one in rules]

    def go_on_with(self, written: list[dict[str, Any]] | None) -> None:
        """Take over the rules that `written` returned in another process. Unchanged rules keep their counts. Raises AccordError."""
        if written is None:
            if self.written() is not None:
                self.reset()
            return
        rules = read_rules(written, self.known())
        with self._lock:
            known = {one.rule.id: one for one in self.rules}
            self.rules = ()
            self._put(rules)
            put: tuple[_Running, ...] = self.rules
            self.rules = tuple(_the_same(one, known.get(one.rule.id)) for one in put)

    def replace(self, values: Any) -> None:
        """Have these rules, JSON objects, in the place of all others. Raises AccordError, and then nothing was changed."""
        rules = read_rules(values, self.known())
        with self._lock:
            self.rules = ()
            self._put(rules)

    def add(self, value: Mapping[str, Any]) -> str:
        """Add a rule, a JSON object, after the others: its id. Raises AccordError, and then nothing was changed."""
        rule = read_rule(value, self.known())
        with self._lock:
            if len(self.rules) >= MOST_RULES:
                raise AccordError(f"There are {MOST_RULES} fault rules, which is the most there may be.", "Remove some.")
            if rule.id in {one.rule.id for one in self.rules}:
                raise AccordError(f"There is a fault rule {rule.id} already.", "Remove it first, or leave the id out.")
            self._put([rule])
            return self.rules[-1].rule.id

    def remove(self, id: str) -> bool:
        """Remove a rule. False if there is none of that id."""
        with self._lock:
            before = len(self.rules)
            self.rules = tuple(one for one in self.rules if one.rule.id != id)
            return len(self.rules) < before

    def clear(self) -> None:
        """Remove all rules."""
        with self._lock:
            self.rules = ()

    def decide(self, operation: str, request: Request, key: Callable[[], ApiKey | None]) -> Fired | None:
        """Return the fault that a request for the operation meets, or None. `key` finds the key that it was sent with.

        The first rule that fires decides. Rules that only delay add to it. Raises AccordError for a header that cannot be read.
        """
        header = request.environ.get(_HEADER)
        if header is not None:
            effect = read_header(header)
            return Fired(FAULT_HEADER, effect, 0.0 if effect.delay is None else effect.delay(random.Random(0)))
        late: str | None = None
        delay = 0.0
        with self._lock:
            now = self._clock.now()
            for one in self.rules:
                then = one.rule.then
                if not one.rule.match.fits(operation, key, lambda: _query(request), lambda: _body(request)) or not one.is_due(now):
                    continue
                wait = self._wait(one, key, now)
                if one.buckets is not None and wait is None:
                    continue
                one.fired += 1
                delay = min(LONGEST_DELAY, delay + one.delay())
                if not then.is_late_only:
                    return Fired(one.rule.id, then, delay, wait)
                late = one.rule.id
        return None if late is None else Fired(late, _LATE, delay)

    def _wait(self, one: _Running, key: Callable[[], ApiKey | None], now: int) -> int | None:
        """Return the seconds that the rule's rate limit makes the request wait; None if it passes or there is no limit."""
        if one.buckets is None:
            return None
        sent = key()
        return one.buckets.take(None if sent is None else sent.key, now, self._clock.speed)

    def _put(self, rules: Sequence[Rule]) -> None:
        taken = {one.rule.id for one in self.rules} | {rule.id for rule in rules}
        named = []
        for rule in rules:
            id = rule.id or next(id for number in self._numbers if (id := f"fault-{number}") not in taken)
            named.append(_Running(replace(rule, id=id), self._seed))
        self.rules = (*self.rules, *named)


_HEADER = environ_name(FAULT_HEADER)
_LATE = Effect()


def _the_same(one: _Running, before: _Running | None) -> _Running:
    """Return the rule that was in force before, with its counts, if it is the same; else the new one."""
    return one if before is None or before.rule.written != one.rule.written else before


def _shown(one: _Running) -> dict[str, Any]:
    return {"id": one.rule.id, **one.rule.written, "met": one.met, "fired": one.fired}


def _query(request: Request) -> dict[str, str]:
    # The last of repeated parameters counts, as for the operations.
    return dict(parse_qsl(request.query, keep_blank_values=True))


def _body(request: Request) -> Any:
    """Return the JSON value of the body; None if it cannot be read, which the operation itself then reports."""
    try:
        return orjson.loads(request.body(_LARGEST_BODY) or b"null")
    except (orjson.JSONDecodeError, BodyCutError, BodyLateError):
        return None
