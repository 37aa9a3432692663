"""junit.xml: one test case per requirement, so that a CI system is red exactly where the command's exit code is not 0.

failed → failure; a warning passes and says so in its output, except in a strict run; inconclusive → error, except for a
SHOULD, whose being undecided fails no run; not tested → skipped. What is known or pending is skipped as well, with what was found
in its output: CI systems list what was skipped with its message, and show nothing of what passed.

The time of a case is that of the tests about its requirement, that of a suite is the sum of its cases, and that of the whole is
how long the run took, including its beginning and end; with several workers, the cases together take longer.
"""

import xml.etree.ElementTree as ET
from itertools import groupby
from xml.sax.saxutils import escape

from contract_tests.contract.catalogue import Level
from contract_tests.outcome.run import Outcome, Result, Run, Standing
from contract_tests.outcome.tally import Evidence
from contract_tests.reports.excerpt import in_a_line
from contract_tests.reports.text import body_text, shortened, visible, without_keys
from contract_tests.reports.violation import ViolationText
from contract_tests.reports.wording import OUTCOME_NAMES, facts, standing_note, unshown

_SHOWN_BODY = 4000
_SHOWN_TEXT = 2000
_MOST = 4_000_000
"""Bytes of all accounts together; beyond that, each is one sentence: GitLab ignores a file of more than 30 MB."""

_BRIEF = 300
"""Characters of a message once `_MOST` is reached."""


class _Room:
    """What is left for accounts."""

    def __init__(self) -> None:
        self._left = _MOST

    def account(self, result: Result) -> str:
        """The account of a result, or nothing where there is no room for it."""
        if self._left < 0:
            return ""
        told = visible(account(result))
        self._left -= len(escape(told).encode("utf-8"))
        return told if self._left >= 0 else ""


def render(run: Run) -> str:
    """The run as JUnit XML: a suite for each area of the catalogue, and one for what kept the run from being whole."""
    root, room = ET.Element("testsuites", name="accord"), _Room()
    for area, results in groupby(run.results, key=lambda result: result.requirement.id.partition(".")[0]):
        suite = _suite(root, run, area)
        for result in results:
            _case(suite, run, result, room)
    if run.problems:
        _problems(_suite(root, run, "run"), run)
    _count(root, *root)
    for suite in root:
        _count(suite, suite)
        suite.set("time", f"{sum(float(case.get('time', 0)) for case in suite.iter('testcase')):.3f}")
    root.set("time", f"{run.duration_s:.3f}")
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode", xml_declaration=False)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{without_keys(text)}\n'


def _suite(root: ET.Element, run: Run, area: str) -> ET.Element:
    suite = ET.SubElement(root, "testsuite", name=f"accord.{area}", timestamp=visible(run.started_at))
    properties = ET.SubElement(suite, "properties")
    for name, value in facts(run).items():
        ET.SubElement(properties, "property", name=name.lower(), value=visible(value))
    return suite


def _case(suite: ET.Element, run: Run, result: Result, room: _Room) -> None:
    requirement = result.requirement
    area, _, _ = requirement.id.partition(".")
    case = ET.SubElement(suite, "testcase", classname=f"accord.{area}", name=requirement.id)
    if run.load is None:
        case.set("time", f"{result.seconds:.3f}")
    tag, whole = _tag(run, result), room.account(result)
    told = whole or f"What was sent and what came is in report.json, at {requirement.id}."
    if tag is not None:
        note = standing_note(run, result)
        note = f"{note[0].upper()}{note[1:]}. " if note else ""
        message = visible(shortened(f"{note}{requirement.text} {result.reason}".strip(), _SHOWN_TEXT if whole else _BRIEF))
        element = ET.SubElement(case, tag, message=message, type=result.outcome)
        element.text = told if tag != "skipped" else None
    if tag is None or (tag == "skipped" and result.evidence):
        ET.SubElement(case, "system-out").text = told


def _tag(run: Run, result: Result) -> str | None:
    if run.standing(result) in (Standing.KNOWN, Standing.PENDING, Standing.EXCLUDED):
        return "skipped"
    match result.outcome:
        case Outcome.FAILED:
            return "failure"
        case Outcome.WARNED:
            return "failure" if run.strict else None
        case Outcome.INCONCLUSIVE:
            return "error" if result.requirement.level is Level.MUST else "skipped"
        case Outcome.NOT_TESTED:
            return "skipped"
        case Outcome.PASSED:
            return None


def account(result: Result) -> str:
    """A result in lines: what was expected, what came instead, and the lines that show it again."""
    requirement = result.requirement
    lines = [
        f"{OUTCOME_NAMES[result.outcome].upper()}: {requirement.text}",
        f"{requirement.level}, {requirement.source}, {requirement.operation}; exercised {result.exercised} times",
    ]
    if result.reason:
        lines.append(shortened(result.reason, _SHOWN_TEXT))
    for evidence in result.evidence:
        lines += ["", *_evidence(evidence)]
    more = unshown(result, len(result.evidence))
    return "\n".join([*lines, "", more] if more else lines)


def _evidence(evidence: Evidence) -> list[str]:
    request, response = evidence.request, evidence.response or {}
    got = in_a_line(body_text(response.get("body")), evidence.marked, _SHOWN_BODY)
    text = ViolationText.of(evidence, longest_script=_SHOWN_BODY)
    lines = [
        shortened(evidence.summary, _SHOWN_TEXT),
        f"sent:     {text.sent}",
        shortened(body_text(request.get("body")), _SHOWN_BODY),
        f"got:      {text.got}",
        got.text,
        got.note,
        f"where:    {text.where}" if text.where else "",
        f"expected: {shortened(evidence.expected, _SHOWN_TEXT)}",
        f"actual:   {shortened(evidence.actual, _SHOWN_TEXT)}",
        f"try:      {text.script or text.elsewhere}",
        f"test:     {evidence.test}",
    ]
    return [line for line in lines if line]


def _problems(suite: ET.Element, run: Run) -> None:
    case = ET.SubElement(suite, "testcase", classname="accord.run", name="run.whole", time="0.000")
    problems = visible(shortened("\n".join(run.problems), _SHOWN_TEXT))
    ET.SubElement(case, "error", message="The run is not whole.", type="problem").text = problems


def _count(element: ET.Element, *suites: ET.Element) -> None:
    for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(name, str(sum(1 for suite in suites for _ in suite.iter(tag))))
