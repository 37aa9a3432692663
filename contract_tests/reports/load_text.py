"""What was measured under load, in the words and the columns that reports for people share."""

from collections.abc import Iterator
from dataclasses import dataclass

from contract_tests.outcome.load_figures import LoadFigures
from contract_tests.reports.text import duration, number_of

_COLUMNS = ("operation", "requests", "errors", "p50 ms", "p95 ms", "p99 ms")


@dataclass(frozen=True, slots=True)
class LoadText:
    """A sentence; what has to be known of the figures, where not all is as usual; and a table with a row for each operation."""

    summary: str
    notes: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, load: LoadFigures) -> "LoadText":
        return cls(_summary(load), tuple(_notes(load)), _COLUMNS, tuple(_rows(load)))


def _summary(load: LoadFigures) -> str:
    return (
        f"{number_of(load.users, 'user')} in {number_of(load.processes, 'process', 'processes')} sent"
        f" {number_of(load.requests, 'request')} in {duration(load.duration_s)}: {load.requests_per_second:,.0f} a second."
    )


def _notes(load: LoadFigures) -> Iterator[str]:
    if load.waits:
        yield f"The server asked {number_of(load.waits, 'time')} to wait; users waited {load.waited_s:,.1f} s in all."
    if load.unanswered:
        yield (
            f"{number_of(load.unanswered, 'request')} got no response; of {number_of(load.writes_in_doubt, 'write')} nobody knows"
            " whether it happened, and both were reckoned with."
        )
    if load.generator_busy:
        yield "The machine that loaded was at its own limit: more workers might have asked more of the server."


def _rows(load: LoadFigures) -> Iterator[tuple[str, ...]]:
    for one in load.operations:
        times = (f"{ms:,.0f}" for ms in (one.p50_ms, one.p95_ms, one.p99_ms))
        yield one.operation, f"{one.requests:,}", f"{one.errors:,}", *times
