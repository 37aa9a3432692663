"""summary.md: what a CI job shows beside its log, short enough to be read there."""

import re
from collections.abc import Iterator

from contract_tests.outcome.run import Outcome, Result, Run, Verdict
from contract_tests.reports.difference import focused
from contract_tests.reports.load_text import LoadText
from contract_tests.reports.text import duration, number_of, one_line, visible, without_keys
from contract_tests.reports.violation import ViolationText
from contract_tests.reports.wording import (
    OUTCOME_NAMES,
    by_reason,
    exit_note,
    headline,
    judged_by,
    known_by_baseline,
    known_by_file,
    notes,
    pending,
    reminders,
    standing_note,
    undecided,
    unshown,
)

_MARKS = {Verdict.CONFORMANT: "✅", Verdict.NONCONFORMANT: "❌", Verdict.INCONCLUSIVE: "⚠️"}
_SHOWN_FAILURES = 20
_SHOWN_NOTES = 30
_SHOWN_VALUE = 200
_SHOWN_CURL = 4000
_MOST = 40_000
"""Characters of failures after which the others are only named."""

_NAMED = 300
"""Requirements that are named in one sentence."""

_MARKDOWN = re.compile(r"([\\`*_\[\]<>|~&$])")
_ACTIVE = re.compile(r"@|#|://|www\.", re.IGNORECASE)
"""Text that GitHub and GitLab turn into a mention, a reference or a link anywhere except in code."""


def render(run: Run) -> str:
    """The run as Markdown that GitHub and GitLab show well."""
    return without_keys("\n".join(_lines(run))) + "\n"


def _lines(run: Run) -> Iterator[str]:
    yield f"## {_MARKS[run.verdict]} {run.verdict.capitalize()}"
    yield ""
    yield f"{headline(run)} {exit_note(run).capitalize()}."
    yield ""
    yield from _counts(run)
    yield from _failures(run)
    yield from _notes("Known by the baseline", known_by_baseline(run))
    yield from _notes("Known failures", known_by_file(run), run)
    yield from _notes("Pending", pending(run), run)
    yield from _notes(OUTCOME_NAMES[Outcome.WARNED].capitalize(), run.told(Outcome.WARNED))
    yield from _notes(OUTCOME_NAMES[Outcome.INCONCLUSIVE].capitalize(), undecided(run))
    if run.fixed:
        yield f"Fixed since the baseline: {', '.join(_code(one.requirement.id) for one in run.fixed)}."
        yield ""
    for reminder in reminders(run):
        yield f"**Known failures:** {_text(reminder, 600)}"
        yield ""
    yield from _not_tested(run.with_outcome(Outcome.NOT_TESTED))
    if run.load is not None:
        yield from _load(LoadText.of(run.load))
    for problem in run.problems[:_SHOWN_FAILURES]:
        yield f"**The run is not whole:** {_text(problem, 600)}"
        yield ""
    for note in notes(run):
        yield _text(note)
        yield ""
    judged = "" if run.load else f" {judged_by(run)}"
    yield (
        f"{number_of(run.requests, 'request')} to {_code(run.base_url)} in {duration(run.duration_s)};"
        f" effort {_text(run.effort)}, seed {run.seed}, Accord {_text(run.suite_version)}.{judged}"
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
    told = written = 0
    for result in failed[:_SHOWN_FAILURES]:
        lines = list(_failure(result, run.entailed(result)))
        written += sum(map(len, lines))
        if told and written > _MOST:
            break
        yield from lines
        told += 1
    if failed[told:]:
        yield f"And {number_of(len(failed) - told, 'more failure')}, in report.html:"
        yield ""
        yield _named(failed[told:])
        yield ""


def _failure(result: Result, entailed: list[Result]) -> Iterator[str]:
    yield f"**{_code(result.requirement.id)}** {_text(result.requirement.text)}"
    yield ""
    for evidence in result.evidence[:1]:
        text = ViolationText.of(evidence, longest_script=_SHOWN_CURL)
        yield f"- found: {_text(evidence.summary, 400)}"
        yield f"- sent: {_code(text.sent)}"
        yield f"- got: {_text(text.got, 400)}"
        if text.where:
            yield f"- where: {_code(text.where)}"
        expected, actual = focused(evidence.expected, evidence.actual, _SHOWN_VALUE)
        yield f"- expected: {_code(expected)}"
        yield f"- actual: {_code(actual)}"
        yield from _command(text)
    more = unshown(result, min(1, len(result.evidence)))
    if more:
        yield more
    if entailed:
        yield ""
        yield f"The same responses violate {_named(entailed)}."
    yield ""


def _command(text: ViolationText) -> Iterator[str]:
    if not text.script:
        yield ""
        yield text.elsewhere
        return
    command = visible(text.script)
    fence = "`" * max(3, _longest_backticks(command) + 1)
    yield ""
    yield f"{fence}sh"
    yield command
    yield fence


def _notes(title: str, results: list[Result], why_in: Run | None = None) -> Iterator[str]:
    """Results in short; with why they fail no run, where one is given."""
    if not results:
        return
    yield f"### {title}"
    yield ""
    for result in results[:_SHOWN_NOTES]:
        why = f" ({_text(standing_note(why_in, result), 400)})" if why_in is not None else ""
        yield f"- {_code(result.requirement.id)}: {_text(result.reason or result.requirement.text, 400)}{why}"
    if results[_SHOWN_NOTES:]:
        yield f"- and {len(results) - _SHOWN_NOTES} more, in report.html"
    yield ""


def _not_tested(results: list[Result]) -> Iterator[str]:
    if not results:
        return
    yield "### Not tested"
    yield ""
    reasons = [*by_reason(results).items()]
    for reason, group in reasons[:_SHOWN_NOTES]:
        yield f"- {_text(reason, 400)} {_named(group)}"
    if reasons[_SHOWN_NOTES:]:
        yield f"- and for {len(reasons) - _SHOWN_NOTES} more reasons, in report.html"
    yield ""


def _named(results: list[Result]) -> str:
    names = ", ".join(_code(result.requirement.id) for result in results[:_NAMED])
    return f"{names} and {len(results) - _NAMED} more" if results[_NAMED:] else names


def _load(load: LoadText) -> Iterator[str]:
    yield "### Load"
    yield ""
    yield " ".join([load.summary, *load.notes])
    yield ""
    yield f"| {' | '.join(load.columns)} |"
    yield f"|---|{'--:|' * (len(load.columns) - 1)}"
    for row in load.rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def _text(text: str, limit: int = 1000) -> str:
    """A text as itself; as code, where it has what would become active otherwise."""
    line = one_line(text, limit)
    return _code(line) if _ACTIVE.search(line) else _MARKDOWN.sub(r"\\\1", line)


def _code(text: str) -> str:
    line = one_line(text, 1000)
    ticks = "`" * (_longest_backticks(line) + 1)
    space = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{space}{line}{space}{ticks}"


def _longest_backticks(text: str) -> int:
    return max((len(ticks) for ticks in re.findall("`+", text)), default=0)
