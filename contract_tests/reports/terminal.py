"""The summary that `accord verify` ends with: each failure in full, everything else in as few lines as it takes."""

import textwrap
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import click

from contract_tests.outcome.run import Outcome, Result, Run, Verdict
from contract_tests.outcome.tally import Evidence
from contract_tests.reports.difference import focused
from contract_tests.reports.excerpt import Excerpt, broken, in_a_line
from contract_tests.reports.load_text import LoadText
from contract_tests.reports.text import body_text, duration, number_of, one_line, visible, without_keys
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

_BODY_LINES = 4
_CURL_AT_MOST = 4000
_NOTE_AT_MOST = 400
_INDENT = " " * 12
_NARROWEST, _WIDEST = 40, 110

_COLOURS = {
    Verdict.CONFORMANT: "green",
    Verdict.NONCONFORMANT: "red",
    Verdict.INCONCLUSIVE: "yellow",
    Outcome.PASSED: "green",
    Outcome.FAILED: "red",
    Outcome.WARNED: "yellow",
    Outcome.INCONCLUSIVE: "yellow",
}
_MARKS = {Verdict.CONFORMANT: "✓", Verdict.NONCONFORMANT: "✗", Verdict.INCONCLUSIVE: "?"}


def render(run: Run, colour: bool = False, width: int = 80) -> str:
    """The summary as lines of text, with ANSI colours only where they are asked for."""
    return "".join(render_parts(run, colour, width))


def render_parts(run: Run, colour: bool = False, width: int = 80) -> tuple[str, str]:
    """The summary in two parts: what was found, which may be nothing, and the verdict."""
    page = _Page(click.style if colour else _plain, max(_NARROWEST, min(width, _WIDEST)))
    found, verdict = ("".join(f"{line}\n" for line in lines) for lines in (page.findings(run), page.verdict(run)))
    return without_keys(found), without_keys(verdict)


def _plain(text: str, **_: object) -> str:
    return text


@dataclass(frozen=True, slots=True)
class _Page:
    """How wide the lines are and how they are coloured."""

    style: Callable[..., str]
    width: int

    def findings(self, run: Run) -> Iterator[str]:
        for result in run.told(Outcome.FAILED):
            yield from self._failure(result, run)
        yield from self._notes("Known by the baseline", "✗", known_by_baseline(run))
        yield from self._notes("Known failures", "✗", known_by_file(run), run)
        yield from self._notes("Pending", "…", pending(run), run)
        yield from self._notes("Warnings", "!", run.told(Outcome.WARNED))
        yield from self._notes("Inconclusive", "?", undecided(run))
        yield from self._not_tested(run.with_outcome(Outcome.NOT_TESTED))
        yield from self._problems(run.problems)
        if run.load is not None:
            yield from self._load(LoadText.of(run.load))
        if run.fixed:
            yield from self._wrapped(f"Fixed since the baseline: {', '.join(one.requirement.id for one in run.fixed)}", "")
        for reminder in reminders(run):
            yield from self._marked("!", one_line(reminder, _NOTE_AT_MOST), "yellow")

    def _failure(self, result: Result, run: Run) -> Iterator[str]:
        requirement = result.requirement
        where = f"{requirement.level}, {requirement.source}, {requirement.operation}"
        yield f"{self._bold('✗ ' + requirement.id, 'red')}  {self._dim(where)}"
        yield from self._wrapped(requirement.text, "  ")
        for evidence in result.evidence[:1]:
            yield from self._evidence(evidence, run.base_url)
        more = unshown(result, min(1, len(result.evidence)))
        if more:
            yield self._dim(f"  {more}")
        if entailed := run.entailed(result):
            yield from self._wrapped(f"The same responses violate {_named(entailed)}.", "  ")
        yield ""

    def _evidence(self, evidence: Evidence, base_url: str) -> Iterator[str]:
        text = ViolationText.of(evidence, longest_script=_CURL_AT_MOST, base_url=base_url)
        yield from self._beside("found", self._wrapped(one_line(evidence.summary, self._at_most), _INDENT))
        # The command to try has the whole address, and the last lines name the server.
        yield from self._exchange("sent", text.sent, evidence.request, None)
        yield from self._exchange("got", text.got, evidence.response or {}, evidence.marked)
        if text.where:
            yield from self._beside("where", self._wrapped(text.where, _INDENT))
        expected, actual = focused(evidence.expected, evidence.actual, self._at_most)
        yield from self._beside("expected", self._exact(expected), fg="green")
        yield from self._beside("actual", self._exact(actual), fg="red")
        if evidence.curl:
            # Never wrapped: a command that is copied has to stay one.
            lines = visible(text.script).split("\n") if text.script else self._wrapped(text.elsewhere, _INDENT)
            yield from self._beside("try", lines, dim=True)

    @property
    def _at_most(self) -> int:
        return _BODY_LINES * (self.width - len(_INDENT))

    def _exchange(self, label: str, line: str, message: Mapping[str, Any], marked: tuple[int, int] | None) -> Iterator[str]:
        yield from self._beside(label, [line], bold=True)
        excerpt = in_a_line(body_text(message.get("body")), marked, self._at_most)
        yield from self._underlined(excerpt)
        if excerpt.note:
            yield self._dim(f"{_INDENT}{excerpt.note}")

    def _underlined(self, excerpt: Excerpt) -> Iterator[str]:
        """A body in lines, what is wrong in it coloured, and underlined for those who see no colour."""
        begin, end = excerpt.span
        place = 0
        for line in broken(excerpt.text, self.width - len(_INDENT)):
            first, last = (min(max(at - place, 0), len(line)) for at in (begin, end))
            before, wrong, after = line[:first], line[first:last], line[last:]
            if line:
                yield f"{_INDENT}{before}{self.style(wrong, fg='red') if wrong else ''}{after}".rstrip()
            if wrong:
                yield f"{_INDENT}{' ' * _columns(before)}{self.style('^' * _columns(wrong), fg='red')}"
            place += len(line)

    def _exact(self, text: str) -> list[str]:
        # White space may be the very difference, so none is dropped.
        text = visible(text).replace("\n", "\\n").replace("\t", "\\t")
        width = self.width - len(_INDENT)
        return textwrap.wrap(text, width, expand_tabs=False, replace_whitespace=False, drop_whitespace=False)

    def _beside(self, label: str, lines: list[str], **style: Any) -> Iterator[str]:
        for number, line in enumerate(lines):
            name = "" if number else label
            yield f"  {self._dim(name.ljust(len(_INDENT) - 2))}{self.style(line.removeprefix(_INDENT), **style)}"

    def _notes(self, title: str, mark: str, results: list[Result], why_in: Run | None = None) -> Iterator[str]:
        """Results in short; with why they fail no run, where one is given."""
        if not results:
            return
        yield self.style(title, bold=True)
        for result in results:
            line = f"{result.requirement.id}: {one_line(result.reason or result.requirement.text, _NOTE_AT_MOST)}"
            if why_in is not None:
                line = f"{line} ({one_line(standing_note(why_in, result), _NOTE_AT_MOST)})"
            yield from self._marked(mark, line, "yellow")
        yield ""

    def _not_tested(self, results: list[Result]) -> Iterator[str]:
        if not results:
            return
        yield self.style("Not tested", bold=True)
        for reason, group in by_reason(results).items():
            yield from self._marked("-", f"{visible(reason)} ({_named(group)})", None)
        yield ""

    def _problems(self, problems: tuple[str, ...]) -> Iterator[str]:
        if not problems:
            return
        yield self.style("What kept the run from being whole", bold=True)
        for problem in problems:
            yield from self._marked("!", one_line(problem, 600), "yellow")
        yield ""

    def _load(self, load: LoadText) -> Iterator[str]:
        yield self.style("Load", bold=True)
        yield from self._wrapped(load.summary, "  ")
        rows = [load.columns, *load.rows]
        widths = [max(len(row[column]) for row in rows) for column in range(len(load.columns))]
        for number, (name, *cells) in enumerate(rows):
            line = "  ".join([name.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))])
            yield f"  {line if number else self._dim(line)}"
        for note in load.notes:
            yield from self._marked("!", note, "yellow")
        yield ""

    def verdict(self, run: Run) -> Iterator[str]:
        for level, counts in run.counts.items():
            shown = [self._count(Outcome(outcome), count) for outcome, count in counts.items() if count]
            if shown:
                yield f"{level.upper():<8}{self._dim(' · ').join(shown)}"
        read_again = f" read again after {duration(run.horizon_s)} or more," if run.horizon_s else ""
        yield self._dim(
            f"{number_of(run.requests, 'request')} to {visible(run.base_url)} in {duration(run.duration_s)},"
            f" {run.effort},{read_again} seed {run.seed}"
        )
        for note in notes(run):
            yield from self._wrapped(note, "")
        if run.load is None:
            yield from map(self._dim, self._wrapped(judged_by(run), ""))
        yield ""
        verdict = self._bold(f"{_MARKS[run.verdict]} {run.verdict.upper()}", _COLOURS[run.verdict])
        yield f"{verdict}  {headline(run)} {self._dim(f'({exit_note(run)})')}"

    def _count(self, outcome: Outcome, count: int) -> str:
        return self.style(f"{count} {OUTCOME_NAMES[outcome]}", fg=_COLOURS.get(outcome))

    def _marked(self, mark: str, text: str, colour: str | None) -> Iterator[str]:
        first, *rest = self._wrapped(text, "    ")
        yield f"  {self.style(mark, fg=colour)} {first.strip()}"
        yield from rest

    def _wrapped(self, text: str, indent: str) -> list[str]:
        return textwrap.wrap(
            visible(text),
            self.width,
            initial_indent=indent,
            subsequent_indent=indent,
            break_on_hyphens=False,
        )

    def _bold(self, text: str, colour: str) -> str:
        return self.style(text, fg=colour, bold=True)

    def _dim(self, text: str) -> str:
        return self.style(text, dim=True)


def _columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(bool(unicodedata.combining(character)) for character in text)


def _named(results: list[Result]) -> str:
    names = [result.requirement.id for result in results]
    return ", ".join(names) if len(names) <= 6 else f"{', '.join(names[:5])} and {len(names) - 5} more"
