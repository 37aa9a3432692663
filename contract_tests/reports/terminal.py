"""The summary that `accord verify` ends with: each failure in full, everything else in as few lines as it takes."""

import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import click

from contract_tests.reports.difference import focused
from contract_tests.reports.text import (
    answer_text,
    body_text,
    bounded,
    number_of,
    one_line,
    request_text,
    visible,
    without_keys,
)
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
from contract_tests.results import Evidence, LoadFigures, Outcome, Result, Run, Verdict

_BODY_LINES = 4
_CURL_AT_MOST = 4000
_LINE_AT_MOST = 1000
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
    page = _Page(click.style if colour else _plain, max(_NARROWEST, min(width, _WIDEST)))
    return without_keys("\n".join(page.lines(run))) + "\n"


def _plain(text: str, **_: object) -> str:
    return text


@dataclass(frozen=True, slots=True)
class _Page:
    """How wide the lines are and how they are coloured."""

    style: Callable[..., str]
    width: int

    def lines(self, run: Run) -> Iterator[str]:
        for result in run.told(Outcome.FAILED):
            yield from self._failure(result, run)
        yield from self._notes("Warnings", "!", run.told(Outcome.WARNED))
        yield from self._notes("Inconclusive", "?", run.with_outcome(Outcome.INCONCLUSIVE))
        yield from self._not_tested(run.with_outcome(Outcome.NOT_TESTED))
        yield from self._problems(run.problems)
        if run.load is not None:
            yield from self._load(run.load)
        if run.mended:
            yield from self._wrapped(f"Mended since the baseline: {', '.join(one.requirement.id for one in run.mended)}", "")
        yield from self._verdict(run)

    def _failure(self, result: Result, run: Run) -> Iterator[str]:
        requirement = result.requirement
        known = ", known by the baseline" if requirement.id in run.baseline else ""
        where = f"{requirement.level}, {requirement.source}, {requirement.operation}{known}"
        yield f"{self._bold('✗ ' + requirement.id, 'red')}  {self._dim(where)}"
        yield from self._wrapped(requirement.text, "  ")
        for evidence in result.evidence[:1]:
            yield from self._evidence(evidence, run.base_url)
        more = unshown(result, min(1, len(result.evidence)))
        if more:
            yield self._dim(f"  {more}")
        if entailed := run.entailed(result):
            yield from self._wrapped(f"The same answers violate {_named(entailed)}.", "  ")
        yield ""

    def _evidence(self, evidence: Evidence, base_url: str) -> Iterator[str]:
        yield from self._beside("found", self._wrapped(one_line(evidence.summary, self._at_most), _INDENT))
        # The command to try has the whole address, and the last lines name the server.
        yield from self._exchange("sent", request_text(evidence.request, base_url), evidence.request)
        yield from self._exchange("got", answer_text(evidence.response), evidence.response or {})
        expected, actual = focused(evidence.expected, evidence.actual, self._at_most)
        yield from self._beside("expected", self._exact(expected), fg="green")
        yield from self._beside("actual", self._exact(actual), fg="red")
        if evidence.curl:
            # Never wrapped: a command that is copied has to stay one.
            lines = [bounded(line, _LINE_AT_MOST) for line in evidence.curl.splitlines()]
            shown = bounded("\n".join(lines), _CURL_AT_MOST).splitlines()
            yield from self._beside("try", [visible(line) for line in shown], dim=True)
            if shown != evidence.curl.splitlines():
                yield self._dim(f"{_INDENT}(cut here; whole in report.json)")

    @property
    def _at_most(self) -> int:
        return _BODY_LINES * (self.width - len(_INDENT))

    def _exchange(self, label: str, line: str, message: Mapping[str, Any]) -> Iterator[str]:
        yield from self._beside(label, [line], bold=True)
        yield from self._wrapped(one_line(body_text(message.get("body")), self._at_most), _INDENT)

    def _exact(self, text: str) -> list[str]:
        # White space may be the very difference, so none is dropped.
        text = visible(text).replace("\n", "\\n").replace("\t", "\\t")
        width = self.width - len(_INDENT)
        return textwrap.wrap(text, width, expand_tabs=False, replace_whitespace=False, drop_whitespace=False)

    def _beside(self, label: str, lines: list[str], **style: Any) -> Iterator[str]:
        for number, line in enumerate(lines):
            name = "" if number else label
            yield f"  {self._dim(name.ljust(len(_INDENT) - 2))}{self.style(line.removeprefix(_INDENT), **style)}"

    def _notes(self, title: str, mark: str, results: list[Result]) -> Iterator[str]:
        if not results:
            return
        yield self.style(title, bold=True)
        for result in results:
            line = f"{result.requirement.id}: {one_line(result.reason or result.requirement.text, 400)}"
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

    def _load(self, load: LoadFigures) -> Iterator[str]:
        yield self.style("Load", bold=True)
        yield from self._wrapped(load_in_short(load), "  ")
        rows = [LOAD_COLUMNS, *load_rows(load)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(LOAD_COLUMNS))]
        for number, (name, *cells) in enumerate(rows):
            line = "  ".join([name.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))])
            yield f"  {line if number else self._dim(line)}"
        for note in load_notes(load):
            yield from self._marked("!", note, "yellow")
        yield ""

    def _verdict(self, run: Run) -> Iterator[str]:
        for level, counts in run.counts.items():
            shown = [self._count(Outcome(outcome), count) for outcome, count in counts.items() if count]
            if shown:
                yield f"{level.upper():<8}{self._dim(' · ').join(shown)}"
        yield self._dim(
            f"{number_of(run.requests, 'request')} to {visible(run.base_url)} in {duration(run.duration_s)},"
            f" {run.effort}, seed {run.seed}"
        )
        yield ""
        verdict = self._bold(f"{_MARKS[run.verdict]} {run.verdict.upper()}", _COLOURS[run.verdict])
        yield f"{verdict}  {headline(run)} {self._dim(f'(exit code {run.exit_code})')}"

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


def _named(results: list[Result]) -> str:
    names = [result.requirement.id for result in results]
    return ", ".join(names) if len(names) <= 6 else f"{', '.join(names[:5])} and {len(names) - 5} more"
