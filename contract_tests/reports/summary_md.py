"""summary.md: what a CI job shows beside its log, short enough to be read there."""

import re
from collections.abc import Iterator

from contract_tests.reports.difference import focused
from contract_tests.reports.text import answer_text, number_of, one_line, request_text, shortened, visible, without_keys
from contract_tests.reports.wording import (
    LOAD_COLUMNS,
    OUTCOME_NAMES,
    by_reason,
    duration,
    headline,
    load_in_short,
    load_notes,
    load_rows,
    unshown,
)
from contract_tests.results import LoadFigures, Outcome, Result, Run, Verdict

_MARKS = {Verdict.CONFORMANT: "✅", Verdict.NONCONFORMANT: "❌", Verdict.INCONCLUSIVE: "⚠️"}
_SHOWN_FAILURES = 20
_SHOWN_NOTES = 30
_SHOWN_VALUE = 200
_SHOWN_CURL = 1500
_MARKDOWN = re.compile(r"([\\`*_\[\]<>|~&$])")


def render(run: Run) -> str:
    """The run as Markdown that GitHub and GitLab show well."""
    return without_keys("\n".join(_lines(run))) + "\n"


def _lines(run: Run) -> Iterator[str]:
    yield f"## {_MARKS[run.verdict]} {run.verdict.capitalize()}"
    yield ""
    yield f"{headline(run)} Exit code {run.exit_code}."
    yield ""
    yield from _counts(run)
    yield from _failures(run)
    for outcome in (Outcome.WARNED, Outcome.INCONCLUSIVE):
        yield from _notes(outcome, run.told(outcome))
    yield from _not_tested(run.with_outcome(Outcome.NOT_TESTED))
    if run.load is not None:
        yield from _load(run.load)
    for problem in run.problems:
        yield f"**The run is not whole:** {_text(problem, 600)}"
        yield ""
    yield (
        f"{number_of(run.requests, 'request')} to {_code(run.base_url)} in {duration(run.duration_s)};"
        f" effort {_text(run.effort)}, seed {run.seed}, Accord {_text(run.suite_version)}."
    )


def _counts(run: Run) -> Iterator[str]:
    yield "| | passed | failed | warned | inconclusive | not tested |"
    yield "|---|--:|--:|--:|--:|--:|"
    for level, counts in run.counts.items():
        yield f"| {level.upper()} | {' | '.join(str(counts.get(outcome.value, '–')) for outcome in Outcome)} |"
    yield ""


def _failures(run: Run) -> Iterator[str]:
    failed = run.told(Outcome.FAILED)
    if not failed:
        return
    yield "### Failed"
    yield ""
    for result in failed[:_SHOWN_FAILURES]:
        yield from _failure(result, run.entailed(result))
    if failed[_SHOWN_FAILURES:]:
        yield f"And {number_of(len(failed) - _SHOWN_FAILURES, 'more failure')}: see report.html."
        yield ""


def _failure(result: Result, entailed: list[Result]) -> Iterator[str]:
    yield f"**{_code(result.requirement.id)}** {_text(result.requirement.text)}"
    yield ""
    for evidence in result.evidence[:1]:
        yield f"- found: {_text(evidence.summary, 400)}"
        yield f"- sent: {_code(request_text(evidence.request))}"
        yield f"- got: {_text(answer_text(evidence.response), 400)}"
        expected, actual = focused(evidence.expected, evidence.actual, _SHOWN_VALUE)
        yield f"- expected: {_code(expected)}"
        yield f"- actual: {_code(actual)}"
        yield from _command(evidence.curl)
    more = unshown(result, min(1, len(result.evidence)))
    if more:
        yield more
    if entailed:
        yield ""
        yield f"The same answers violate {', '.join(_code(one.requirement.id) for one in entailed)}."
    yield ""


def _command(curl: str) -> Iterator[str]:
    command = visible(shortened(curl, _SHOWN_CURL))
    fence = "`" * max(3, _longest_backticks(command) + 1)
    yield ""
    yield f"{fence}sh"
    yield command
    yield fence


def _notes(outcome: Outcome, results: list[Result]) -> Iterator[str]:
    if not results:
        return
    yield f"### {OUTCOME_NAMES[outcome].capitalize()}"
    yield ""
    for result in results[:_SHOWN_NOTES]:
        yield f"- {_code(result.requirement.id)}: {_text(result.reason or result.requirement.text, 400)}"
    if results[_SHOWN_NOTES:]:
        yield f"- and {len(results) - _SHOWN_NOTES} more"
    yield ""


def _not_tested(results: list[Result]) -> Iterator[str]:
    if not results:
        return
    yield "### Not tested"
    yield ""
    for reason, group in by_reason(results).items():
        yield f"- {_text(reason, 400)} {', '.join(_code(result.requirement.id) for result in group)}"
    yield ""


def _load(load: LoadFigures) -> Iterator[str]:
    yield "### Load"
    yield ""
    yield " ".join([load_in_short(load), *load_notes(load)])
    yield ""
    yield f"| {' | '.join(LOAD_COLUMNS)} |"
    yield f"|---|{'--:|' * (len(LOAD_COLUMNS) - 1)}"
    for row in load_rows(load):
        yield f"| {' | '.join(row)} |"
    yield ""


def _text(text: str, limit: int = 1000) -> str:
    return _MARKDOWN.sub(r"\\\1", one_line(text, limit))


def _code(text: str) -> str:
    line = one_line(text, 1000)
    ticks = "`" * (_longest_backticks(line) + 1)
    space = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{space}{line}{space}{ticks}"


def _longest_backticks(text: str) -> int:
    return max((len(ticks) for ticks in re.findall("`+", text)), default=0)
