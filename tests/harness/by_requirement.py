"""The kill matrix by requirement, and the classes of defects that the suite cannot see, with the reason."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Protocol

from contract_tests.contract.catalogue import load_catalogue

OUT_OF_REACH = {
    "time": "what goes wrong after a run has ended: data that is gone after days, a key that works again next week. A run lasts "
    "minutes and reads once more at its end; `quick` does not even wait for what a second changes",
    "volume": "what shows only with more data than a run may leave on a server that it shares: the ten-thousandth conversation, a "
    "thread of thousands of messages. It makes some hundreds of conversations, and nothing documented deletes them",
    "chance": "what fails once in several thousand requests. A run sends some thousands; another seed sends others",
    "load": "what goes wrong only among many users at once. `verify` has some tests of requests that meet; `accord load` has users",
    "internals": "what no response shows: keys that are stored readable, bodies in logs, data that is kept for too "
    "long, what an e-mail to the customer says",
    "inputs": "what needs a key, an address or an application that nobody gave: it is *not tested*, and the report says so",
    "open points": "whatever the documentation leaves to the server: observed, never judged",
    "undocumented": "operations, members and parameters that the documentation does not have: there is nothing to violate",
}
"""Classes of defects that are known to be out of reach."""

_NAMED = 3
"""The most tests that a line names."""


class Killing(Protocol):
    """What these sections need of a row of the matrix."""

    @property
    def broken(self) -> Sequence[str]:
        """The requirements that the defect breaks."""

    @property
    def dead(self) -> bool:
        """Whether it was killed at some effort."""

    @property
    def found_by(self) -> Iterable[tuple[str, str]]:
        """The requirements that a trial found violated, each with a test that found it."""


def sections(rows: Iterable[Killing]) -> list[str]:
    """Return the lines of both sections."""
    return [*_by_requirement(list(rows)), "", *_out_of_reach()]


def _by_requirement(rows: Sequence[Killing]) -> list[str]:
    lines = [
        "## By requirement",
        "",
        "Of the defects that break it, how many were killed at some effort, and which tests found it violated most often. A defect "
        "that breaks several requirements counts for each of them.",
        "",
        "| requirement | level | defects | killed | found by |",
        "|---|---|---|---|---|",
    ]
    for requirement in load_catalogue():
        breaking = [row for row in rows if requirement.id in row.broken]
        tests = Counter(test for row in breaking for name, test in row.found_by if name == requirement.id)
        found = ", ".join(f"{test} ({times})" for test, times in tests.most_common(_NAMED))
        more = f" and {len(tests) - _NAMED} more" if len(tests) > _NAMED else ""
        killed = sum(row.dead for row in breaking)
        lines.append(f"| {requirement.id} | {requirement.level} | {len(breaking)} | {killed} | {found}{more} |")
    return lines


def _out_of_reach() -> list[str]:
    lines = ["## Out of reach", "", "Of these classes of defects the suite finds none, or only some, and the matrix has none:", ""]
    return [*lines, *(f"- **{name}**: {text}." for name, text in OUT_OF_REACH.items())]
