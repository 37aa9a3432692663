"""junit.xml: one test case per requirement, so that a CI system is red exactly where the command's exit code is not 0.

failed → failure; a warning passes and says so in its output, except in a strict run; inconclusive → error, except for a
SHOULD, whose being undecided fails no run; not tested → skipped.
"""

import xml.etree.ElementTree as ET
from itertools import groupby

from contract_tests.catalogue import Level
from contract_tests.reports.text import answer_text, body_text, request_text, shortened, visible, without_keys
from contract_tests.reports.wording import OUTCOME_NAMES, facts, unshown
from contract_tests.results import Evidence, Outcome, Result, Run

_SHOWN_BODY = 4000
_SHOWN_TEXT = 2000


def render(run: Run) -> str:
    """The run as JUnit XML: a suite for each area of the catalogue, and one for what kept the run from being whole."""
    root = ET.Element("testsuites", name="accord")
    for area, results in groupby(run.results, key=lambda result: result.requirement.id.partition(".")[0]):
        suite = _suite(root, run, area)
        for result in results:
            _case(suite, run, result)
    if run.problems:
        _problems(_suite(root, run, "run"), run)
    _count(root, *root)
    for suite in root:
        _count(suite, suite)
    root.set("time", f"{run.duration_s:.3f}")
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode", xml_declaration=False)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{without_keys(text)}\n'


def _suite(root: ET.Element, run: Run, area: str) -> ET.Element:
    suite = ET.SubElement(root, "testsuite", name=f"accord.{area}", timestamp=visible(run.started_at), time="0")
    properties = ET.SubElement(suite, "properties")
    for name, value in facts(run).items():
        ET.SubElement(properties, "property", name=name.lower(), value=visible(value))
    return suite


def _case(suite: ET.Element, run: Run, result: Result) -> None:
    requirement = result.requirement
    area, _, _ = requirement.id.partition(".")
    case = ET.SubElement(suite, "testcase", classname=f"accord.{area}", name=requirement.id, time="0")
    tag = _tag(run, result)
    if tag is not None:
        message = visible(shortened(f"{requirement.text} {result.reason}".strip(), _SHOWN_TEXT))
        element = ET.SubElement(case, tag, message=message, type=result.outcome)
        element.text = visible(_account(result)) if tag != "skipped" else None
    else:
        ET.SubElement(case, "system-out").text = visible(_account(result))


def _tag(run: Run, result: Result) -> str | None:
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


def _account(result: Result) -> str:
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
    lines = [
        shortened(evidence.summary, _SHOWN_TEXT),
        f"sent:     {request_text(request)}",
        shortened(body_text(request.get("body")), _SHOWN_BODY),
        f"got:      {answer_text(evidence.response)}",
        shortened(body_text(response.get("body")), _SHOWN_BODY),
        f"expected: {shortened(evidence.expected, _SHOWN_TEXT)}",
        f"actual:   {shortened(evidence.actual, _SHOWN_TEXT)}",
        f"try:      {shortened(evidence.curl, _SHOWN_BODY)}",
        f"test:     {evidence.test}",
    ]
    return [line for line in lines if line]


def _problems(suite: ET.Element, run: Run) -> None:
    case = ET.SubElement(suite, "testcase", classname="accord.run", name="run.whole", time="0")
    problems = visible(shortened("\n".join(run.problems), _SHOWN_TEXT))
    ET.SubElement(case, "error", message="The run is not whole.", type="problem").text = problems


def _count(element: ET.Element, *suites: ET.Element) -> None:
    for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(name, str(sum(1 for suite in suites for _ in suite.iter(tag))))
