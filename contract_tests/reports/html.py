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

from contract_tests.catalogue import Choice, load_catalogue
from contract_tests.reports.difference import Piece, compared, focused
from contract_tests.reports.text import (
    answer_text,
    body_text,
    indented,
    one_line,
    request_text,
    shortened,
    visible,
    without_keys,
)
from contract_tests.reports.wording import (
    LOAD_COLUMNS,
    OUTCOME_NAMES,
    by_reason,
    facts,
    headline,
    load_in_short,
    load_notes,
    load_rows,
    unshown,
)
from contract_tests.results import Evidence, Observation, Outcome, Result, Run

_TEMPLATES = Path(__file__).with_name("templates")
_SHOWN_BODY = 6000
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
            facts=facts(run),
            load=_load(run),
            outcomes=[outcome.value for outcome in Outcome],
            sections=[_Section(outcome, run.with_outcome(outcome)) for outcome in _ORDER],
            choices=list(_choices(run.choices, load_catalogue().choices)),
            style=_inline("report.css"),
            script=_inline("report.js"),
        )
    )
    return without_keys(page)


def _load(run: Run) -> Mapping[str, Any] | None:
    """What was measured under load, laid out."""
    if run.load is None:
        return None
    said = [load_in_short(run.load), *load_notes(run.load)]
    return {"said": " ".join(said), "columns": LOAD_COLUMNS, "rows": load_rows(run.load)}


@dataclass(frozen=True, slots=True)
class _Section:
    """The results of one outcome."""

    outcome: Outcome
    results: list[Result]

    @property
    def title(self) -> str:
        return OUTCOME_NAMES[self.outcome].capitalize()


@dataclass(frozen=True, slots=True)
class _Shown:
    """Evidence as the page shows it: bounded, laid out, and its differences marked."""

    summary: str
    expected: tuple[Piece, ...]
    actual: tuple[Piece, ...]
    sent: str
    request_headers: list[tuple[str, str]]
    request_body: str
    got: str
    response_headers: list[tuple[str, str]]
    response_body: str
    curl: str
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
    return _Shown(
        summary=one_line(evidence.summary, _SHOWN_TEXT),
        expected=expected_pieces,
        actual=actual_pieces,
        sent=request_text(evidence.request, base_url),
        request_headers=_headers(evidence.request),
        request_body=_body(evidence.request),
        got=answer_text(evidence.response),
        response_headers=_headers(response),
        response_body=_body(response),
        curl=shortened(evidence.curl, _SHOWN_BODY),
        test=evidence.test,
    )


def _body(message: Mapping[str, Any]) -> str:
    return shortened(indented(body_text(message.get("body"))), _SHOWN_BODY)


def _headers(message: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (one_line(str(name), _SHOWN_TEXT), one_line(str(value), _SHOWN_TEXT))
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
