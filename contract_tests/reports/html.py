"""report.html: the run as one page that needs nothing else, for people."""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from contract_tests.contract.catalogue import Choice, load_catalogue
from contract_tests.outcome.run import Observation, Outcome, Result, Run
from contract_tests.outcome.tally import Evidence
from contract_tests.reports.difference import Piece, compared, focused
from contract_tests.reports.excerpt import Excerpt, in_lines
from contract_tests.reports.load_text import LoadText
from contract_tests.reports.text import body_text, number_of, one_line, shortened, visible, without_keys
from contract_tests.reports.violation import ViolationText
from contract_tests.reports.wording import (
    OUTCOME_NAMES,
    by_reason,
    exit_note,
    facts,
    headline,
    notes,
    reminders,
    standing_note,
    unshown,
)

_TEMPLATES = Path(__file__).with_name("templates")
_SHOWN_LINES, _SHOWN_BODY = 24, 3_000
_ALL_LINES, _ALL_OF_BODY = 400, 8_000
_SHOWN_CURL = 20_000
_SHOWN_VALUE = 1200
_SHOWN_TEXT = 600
_ORDER = (Outcome.FAILED, Outcome.WARNED, Outcome.INCONCLUSIVE, Outcome.NOT_TESTED, Outcome.PASSED)


def render(run: Run) -> str:
    """The run as a page: verdict, failures, warnings, what is undecided or not tested, what passed, and the choices."""
    page = (
        _environment()
        .get_template("report.html")
        .render(
            run=run,
            headline=headline(run),
            exit_note=exit_note(run),
            standings={result.requirement.id: note for result in run.results if (note := standing_note(run, result))},
            reminders=reminders(run),
            facts=facts(run),
            notes=notes(run),
            load=LoadText.of(run.load) if run.load is not None else None,
            outcomes=[outcome.value for outcome in Outcome],
            sections=[_Section(outcome, _new_first(run, outcome)) for outcome in _ORDER],
            choices=list(_choices(run.choices, load_catalogue().choices)),
            style=_inline("report.css"),
            script=_inline("report.js"),
        )
    )
    return without_keys(page)


def _new_first(run: Run, outcome: Outcome) -> list[Result]:
    """The results of an outcome, those last that are known or pending."""
    return sorted(run.with_outcome(outcome), key=lambda result: run.standing(result) is not None)


@dataclass(frozen=True, slots=True)
class _Section:
    """The results of one outcome."""

    outcome: Outcome
    results: list[Result]

    @property
    def title(self) -> str:
        return OUTCOME_NAMES[self.outcome].capitalize()


@dataclass(frozen=True, slots=True)
class _Header:
    """A header, and whether it is what is wrong."""

    name: str
    value: str
    wrong: bool


@dataclass(frozen=True, slots=True)
class _Body:
    """A body: the lines that are shown at once, and all of it, where that is more."""

    excerpt: Excerpt
    whole: Excerpt | None

    @property
    def size(self) -> str:
        return number_of((self.whole or self.excerpt).text.count("\n") + 1, "line")


@dataclass(frozen=True, slots=True)
class _Shown:
    """Evidence as the page shows it: bounded, laid out, and its differences marked."""

    summary: str
    expected: tuple[Piece, ...]
    actual: tuple[Piece, ...]
    text: ViolationText
    request_headers: list[_Header]
    request_body: _Body
    response_headers: list[_Header]
    response_body: _Body
    test: str


@dataclass(frozen=True, slots=True)
class _ChoiceRow:
    name: str
    question: str
    observed: str | None
    meaning: str
    evidence: str


@dataclass(frozen=True, slots=True)
class _Inline:
    """A style or a script, with the digest by which the page's security policy admits it and nothing else."""

    source: Markup
    sha256: str


def _shown(evidence: Evidence, base_url: str) -> _Shown:
    response = evidence.response or {}
    # Escaped before they are compared, so that the difference shows where only a control character differs.
    expected, actual = focused(visible(evidence.expected), visible(evidence.actual), _SHOWN_VALUE)
    expected_pieces, actual_pieces = compared(expected, actual)
    text = ViolationText.of(evidence, longest_script=_SHOWN_CURL, base_url=base_url)
    return _Shown(
        summary=one_line(evidence.summary, _SHOWN_TEXT),
        expected=expected_pieces,
        actual=actual_pieces,
        text=text,
        request_headers=_headers(evidence.request),
        request_body=_body(evidence.request),
        response_headers=_headers(response, evidence.where),
        response_body=_body(response, evidence.marked),
        test=evidence.test,
    )


def _body(message: Mapping[str, Any], marked: tuple[int, int] | None = None) -> _Body:
    text = body_text(message.get("body"))
    excerpt = in_lines(text, marked, _SHOWN_LINES, _SHOWN_BODY)
    return _Body(excerpt, in_lines(text, marked, _ALL_LINES, _ALL_OF_BODY) if excerpt.note else None)


def _headers(message: Mapping[str, Any], wrong: str = "") -> list[_Header]:
    return [
        _Header(one_line(str(name), _SHOWN_TEXT), one_line(str(value), _SHOWN_TEXT), str(name).lower() == wrong)
        for name, value in (message.get("headers") or {}).items()
    ]


def _choices(observed: Mapping[str, Observation], known: Mapping[str, Choice]) -> Iterable[_ChoiceRow]:
    for name in [*(name for name in known if name in observed), *(name for name in observed if name not in known)]:
        choice, observation = known.get(name), observed[name]
        options = choice.options if choice else {}
        yield _ChoiceRow(
            name=name,
            question=choice.question if choice else name,
            observed=observation.observed,
            meaning=options.get(observation.observed or "", ""),
            evidence=one_line(observation.evidence, _SHOWN_TEXT),
        )


@cache
def _environment() -> Environment:
    environment = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, finalize=_finalized)
    environment.filters["shown"] = _shown
    environment.filters["shortened"] = shortened
    environment.filters["by_reason"] = lambda results: by_reason(results).items()
    environment.filters["unshown"] = lambda result: unshown(result, len(result.evidence))
    return environment


def _finalized(value: object) -> object:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def _inline(name: str) -> _Inline:
    source = (_TEMPLATES / name).read_text(encoding="utf-8")
    digest = hashlib.sha256(source.encode()).digest()
    return _Inline(Markup(source), base64.b64encode(digest).decode())
