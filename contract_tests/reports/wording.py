"""What every report for people says of a run, in the same words."""

from collections.abc import Mapping

from contract_tests.catalogue import Level
from contract_tests.reports.text import number_of
from contract_tests.results import LoadFigures, Outcome, Result, Run, Verdict

OUTCOME_NAMES = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "failed",
    Outcome.WARNED: "warned",
    Outcome.INCONCLUSIVE: "inconclusive",
    Outcome.NOT_TESTED: "not tested",
}


def headline(run: Run) -> str:
    """The verdict's reason in one sentence."""
    failed = len(run.with_outcome(Outcome.FAILED))
    if failed:
        return f"{number_of(failed, 'requirement')} that a server must meet {_is(failed)} violated."
    if run.verdict is Verdict.NONCONFORMANT:
        warned = len(run.with_outcome(Outcome.WARNED))
        return f"{number_of(warned, 'convention')} {_is(warned)} broken, which fails a strict run."
    return _undecided(run) if run.verdict is Verdict.INCONCLUSIVE else _conformant(run)


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _undecided(run: Run) -> str:
    open_ = [result for result in run.with_outcome(Outcome.INCONCLUSIVE) if result.requirement.level is Level.MUST]
    if not open_:
        return "No violation was found, but the run is not whole."
    return f"No violation was found, but {number_of(len(open_), 'requirement')} could not be decided."


def _conformant(run: Run) -> str:
    passed = run.counts["must"]["passed"]
    if not run.results:
        return "Nothing was tested."
    hold = "holds" if passed == 1 else "hold"
    return f"{number_of(passed, 'requirement')} that a server must meet {hold}; no violation was found."


def facts(run: Run) -> Mapping[str, str]:
    """What was checked and how, by name."""
    return {
        "Server": run.base_url,
        "Effort": run.effort + (", strict" if run.strict else ""),
        "Seed": str(run.seed),
        "Requests": f"{run.requests:,} in {duration(run.duration_s)}",
        "Workers": str(run.workers),
        "Started": run.started_at,
        "Suite": _suite(run),
        "Run": run.id,
    }


LOAD_COLUMNS = ("operation", "requests", "errors", "p50 ms", "p95 ms", "p99 ms")


def load_rows(load: LoadFigures) -> list[tuple[str, ...]]:
    """The figures of each operation under load, as texts for `LOAD_COLUMNS`."""
    return [
        (one.operation, f"{one.requests:,}", f"{one.errors:,}", *(f"{ms:,.0f}" for ms in (one.p50_ms, one.p95_ms, one.p99_ms)))
        for one in load.operations
    ]


def load_in_short(load: LoadFigures) -> str:
    """What was measured under load, in a sentence."""
    return (
        f"{number_of(load.users, 'user')} in {number_of(load.processes, 'process', 'processes')} sent"
        f" {number_of(load.requests, 'request')} in {duration(load.duration_s)}: {load.requests_per_second:,.0f} a second."
    )


def load_notes(load: LoadFigures) -> list[str]:
    """What has to be known of these figures, and nothing where all is as usual."""
    notes = []
    if load.waits:
        notes.append(f"The server asked {number_of(load.waits, 'time')} to wait; users waited {load.waited_s:,.1f} s in all.")
    if load.unanswered:
        notes.append(
            f"{number_of(load.unanswered, 'request')} got no answer; of {number_of(load.writes_in_doubt, 'write')} nobody knows"
            " whether it happened, and both were reckoned with."
        )
    if load.generator_busy:
        notes.append("The machine that loaded was at its own limit: more workers might have asked more of the server.")
    return notes


def _suite(run: Run) -> str:
    """Its version, and how many of the servers that are broken on purpose it finds."""
    killed: Mapping[str, int] = run.kill_score.get("killed", {})
    if not killed:
        return run.suite_version
    effort, most = list(killed.items())[-1]
    return f"{run.suite_version}, finds {most} of {run.kill_score['broken_servers']} broken servers at {effort}"


def duration(seconds: float) -> str:
    """How long it took, as people say it."""
    if seconds < 100:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def by_reason(results: list[Result]) -> dict[str, list[Result]]:
    """The results under the reason that they share, so that one missing option is named once."""
    grouped: dict[str, list[Result]] = {}
    for result in results:
        grouped.setdefault(result.reason, []).append(result)
    return grouped


def unshown(result: Result, shown: int) -> str:
    """How many violations there are beyond those that are shown; nothing where there are none."""
    more = result.violations - shown
    return f"And {number_of(more, 'more violation')}." if more > 0 else ""
