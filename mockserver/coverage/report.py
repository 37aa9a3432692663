"""The coverage of a client: what it met, of all that the contract document and the mock have."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mockserver.contract.choices import Choices
from mockserver.contract.document import Contract
from mockserver.coverage.met import Met
from mockserver.handling.decisions import DECISIONS
from mockserver.model.refusal import Kind

SCHEMA = "accord/coverage/1"

_HTTP = (Kind.HTTP, Kind.UNAVAILABLE)
"""Kinds of refusal that no request of a client can cause."""

KINDS = tuple(kind for kind in Kind if kind not in _HTTP)
"""The kinds of refusal that count."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How often each (operation, status) and each kind of refusal was met, and whether each choice was. Unmet ones are included.

    A choice comes with the option that is taken, empty if that is not known.
    """

    statuses: Mapping[tuple[str, str], int]
    refusals: Mapping[str, int]
    choices: Mapping[str, tuple[str, bool]]

    @classmethod
    def of(cls, met: Met, contract: Contract, choices: Choices) -> "Coverage":
        """Return the coverage of what was met, with the options that are taken."""
        statuses = {(operation.id, status): 0 for operation in contract for status in operation.responses}
        for (operation, status), count in met.statuses().items():
            documented = _documented(status, (name for of, name in statuses if of == operation))
            if documented is not None:
                statuses[operation, documented] += count
        refused, exercised = met.refusals(), met.choices()
        return cls(
            statuses,
            {kind_name(kind): refused.get(kind.name, 0) for kind in KINDS},
            {name: (option, name in exercised) for name, option in choices.items()},
        )

    @property
    def covered(self) -> int:
        """How many operations with a status and kinds of refusal were met."""
        return sum(count > 0 for count in (*self.statuses.values(), *self.refusals.values()))

    @property
    def total(self) -> int:
        """How many there are."""
        return len(self.statuses) + len(self.refusals)

    @property
    def percent(self) -> float:
        """The part that was met, in percent, cut to one digit: never 100 while something is missing."""
        return self.covered * 1000 // self.total / 10

    def as_json(self) -> dict[str, Any]:
        """Return it as a JSON value."""
        decided = {kind_name(kind): DECISIONS[kind] for kind in KINDS}
        return {
            "schema": SCHEMA,
            "covered": self.covered,
            "total": self.total,
            "percent": self.percent,
            "responses": [
                {"operation": operation, "status": status, "count": count} for (operation, status), count in self.statuses.items()
            ],
            "refusals": [{"kind": kind, "count": count, "choice": _choice(decided[kind])} for kind, count in self.refusals.items()],
            "choices": [{"name": name, "taken": option or None, "met": met} for name, (option, met) in self.choices.items()],
        }

    def as_text(self) -> str:
        """Return it as lines for people: what was met, and first what never was."""
        by_operation: dict[str, list[tuple[str, int]]] = {}
        for (operation, status), count in self.statuses.items():
            by_operation.setdefault(operation, []).append((status, count))
        lines = [f"Coverage: {self.percent:g} % ({self.covered} of {self.total} statuses and refusals)", "", "Statuses"]
        lines += [
            f"  {operation:<20} met {_list(s for s, n in found if n)}; never {_list(s for s, n in found if not n)}"
            for operation, found in by_operation.items()
        ]
        lines += ["", "Refusals", f"  met    {_list(kind for kind, count in self.refusals.items() if count)}"]
        lines += [f"  never  {_list(kind for kind, count in self.refusals.items() if not count)}"]
        lines += ["", "Choices", f"  met    {_list(self._choices(met=True))}", f"  never  {_list(self._choices(met=False))}", ""]
        return "\n".join(lines)

    def _choices(self, *, met: bool) -> Iterator[str]:
        return (f"{name}={option}" if option else name for name, (option, was_met) in self.choices.items() if was_met == met)


def kind_name(kind: Kind) -> str:
    """Return the name of a kind of refusal, such as `missing-key`."""
    return kind.name.lower().replace("_", "-")


def _documented(status: int, names: Iterable[str]) -> str | None:
    """Return the name by which an operation documents the status (`404`, `4XX` or `default`); None if it does not."""
    found = set(names)
    return next((name for name in (str(status), f"{status // 100}XX", "default") if name in found), None)


def _choice(decision: object) -> str | None:
    return decision if isinstance(decision, str) and "." not in decision else None


def _list(names: Iterable[str]) -> str:
    return ", ".join(names) or "nothing"
