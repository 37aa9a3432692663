"""Which requests meet a fault: `match` and `when` of a rule, read from JSON and checked."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mockserver.faults.effects import Effect, read_effect
from mockserver.members import MemberError, Members, Steps
from mockserver.model.caller import ApiKey
from mockserver.model.clock import read_moment

ANY = "*"
"""Stands for every operation."""

MOST_RULES = 1000
"""The most rules that a namespace may have."""

_MEMBERS = ("id", "match", "when", "then", "met", "fired")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,99}")
_MOST_TIMES = 10**9


@dataclass(frozen=True, slots=True)
class Match:
    """Which requests match: by operation, by name or tier of the key, and by values in query and body.

    Members that are None or empty match any request. A request may hold more values than these. Query values are texts.
    """

    operation: str | None = None
    key: str | None = None
    tier: str | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)

    def fits(self, operation: str, key: Callable[[], ApiKey | None], query: Callable[[], Any], body: Callable[[], Any]) -> bool:
        """Return whether a request matches. `key`, `query` and `body` take time, and are called only if their result matters."""
        if self.operation is not None and self.operation != operation:
            return False
        if self.key is not None or self.tier is not None:
            sent = key()
            if sent is None or (self.key is not None and sent.name != self.key) or self.tier not in (None, sent.tier):
                return False
        if self.query and not _holds(query(), self.query):
            return False
        return not self.body or _holds(body(), self.body)


@dataclass(frozen=True, slots=True)
class When:
    """Which of the matching requests meet the fault: a random part, every n-th, the next n, or those within a period.

    The period includes `start` and excludes `end`, both in microseconds. Members that are None do not matter.
    """

    probability: float | None = None
    every: int | None = None
    next: int | None = None
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A checked rule. `written` is its JSON. If `id` is empty, `Faults` gives the rule one."""

    id: str
    match: Match
    when: When
    then: Effect
    written: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """What a rule may name: operations, and names of keys; None where keys go by no names."""

    operations: Collection[str]
    keys: Collection[str] | None


def read_rules(value: Any, known: Known, steps: Steps = ()) -> tuple[Rule, ...]:
    """Return the rules in a JSON list. Raises MemberError."""
    if not isinstance(value, list | tuple):
        raise MemberError(steps, "is no list of fault rules", 'For example [{"then": {"status": 503}}].')
    if len(value) > MOST_RULES:
        raise MemberError(steps, f"has more than {MOST_RULES} fault rules", "Keep fewer.")
    rules = tuple(read_rule(one, known, (*steps, index)) for index, one in enumerate(value))
    seen: set[str] = set()
    for index, rule in enumerate(rules):
        if rule.id in seen:
            raise MemberError((*steps, index, "id"), "is the id of another rule too", "Leave ids out, or give each its own.")
        seen.update({rule.id} - {""})
    return rules


def read_rule(value: Any, known: Known, steps: Steps = ()) -> Rule:
    """Return the rule that a JSON object describes. The counts `met` and `fired` are ignored. Raises MemberError."""
    given = Members(value, _MEMBERS, steps)
    id = given.text("id") if "id" in given else ""
    if id and not _ID.fullmatch(id):
        raise given.wrong("id", "cannot be an id", "Use up to 100 of A-Z a-z 0-9 . _ ~ -")
    if "then" not in given:
        raise given.wrong("then", "is missing", 'For example "then": {"status": 503}.')
    match = _read_match(given.inner("match", ("operation", "key", "tier", "query", "body")), known) if "match" in given else Match()
    when = _read_when(given.inner("when", ("probability", "every", "next", "from", "until"))) if "when" in given else When()
    written = {name: value[name] for name in ("match", "when", "then") if name in value}
    return Rule(id, match, when, read_effect(given.raw("then"), given.at("then")), written)


def _read_match(given: Members, known: Known) -> Match:
    operation = given.optional("operation", lambda name: given.one_of(name, (ANY, *known.operations)))
    key = given.optional("key", given.text)
    if key is not None and known.keys is None:
        raise given.wrong("key", "cannot be told: keys have no names here", "Name a tier.")
    if key is not None and known.keys is not None and key not in known.keys:
        names = ", ".join(sorted(name for name in known.keys if name)) or "none"
        raise given.wrong("key", "is the name of no key", f"Names: {names}.")
    query = given.raw("query") if "query" in given else {}
    body = given.raw("body") if "body" in given else {}
    for name, value in (("query", query), ("body", body)):
        if not isinstance(value, Mapping):
            raise given.wrong(name, "is no object", f'For example "{name}": {{"status": "open"}}.')
    texts = {str(name): _query_text(value, (*given.at("query"), str(name))) for name, value in query.items()}
    tier = given.optional("tier", lambda name: given.one_of(name, ("client", "server")))
    return Match(None if operation == ANY else operation, key, tier, texts, body)


def _query_text(value: Any, steps: Steps) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise MemberError(steps, "is neither a text nor a number")


def _read_when(given: Members) -> When:
    kinds = {"from" if name == "until" else name for name in given}
    if len(kinds) != 1:
        raise MemberError(
            given.steps,
            "says nothing" if not kinds else f"says both {' and '.join(sorted(kinds)[:2])}",
            "Say one of probability, every, next, or from and until; leave it out for always.",
        )
    start, end = (
        given.optional("from", lambda name: _moment(given, name)),
        given.optional("until", lambda name: _moment(given, name)),
    )
    if start is not None and end is not None and start >= end:
        raise given.wrong("until", "is not after from")
    return When(
        probability=given.optional("probability", lambda name: given.number(name, 0, 1)),
        every=given.optional("every", lambda name: given.whole(name, 1, _MOST_TIMES)),
        next=given.optional("next", lambda name: given.whole(name, 1, _MOST_TIMES)),
        start=start,
        end=end,
    )


def _moment(given: Members, name: str) -> int:
    try:
        return read_moment(given.text(name))
    except ValueError:
        raise given.wrong(name, "is no time with an offset", "For example 2026-03-01T09:00:00Z.") from None


def _holds(value: Any, wanted: Any) -> bool:
    """Return whether a JSON value is the wanted one. An object may have more members than the wanted one."""
    if isinstance(wanted, Mapping):
        return isinstance(value, Mapping) and all(name in value and _holds(value[name], one) for name, one in wanted.items())
    if isinstance(wanted, Sequence) and not isinstance(wanted, str):
        return isinstance(value, list) and len(value) == len(wanted) and all(map(_holds, value, wanted))
    # True is 1 to Python, and not in JSON.
    return isinstance(value, bool) == isinstance(wanted, bool) and bool(value == wanted)
