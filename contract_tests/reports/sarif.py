"""results.sarif: what failed, for whatever shows findings beside the code. SARIF 2.1.0, as GitHub's code scanning takes it.

A MUST that failed is an `error`, a SHOULD a `warning`, and what is pending a `note`; what is known is suppressed, with the reason.
A finding has the same fingerprint from run to run: it is made of the requirement, the test that saw it and the place in the
response, and of nothing that a server or chance chose.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

from contract_tests.contract.catalogue import Requirement
from contract_tests.outcome.run import Outcome, Result, Run, Standing
from contract_tests.outcome.tally import Evidence
from contract_tests.reports.anchor import Anchor
from contract_tests.reports.repro import FOLDER, names_of
from contract_tests.reports.text import one_line, spelled, without_keys
from contract_tests.reports.violation import ViolationText
from contract_tests.reports.wording import OUTCOME_NAMES, standing_note

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Outcome.FAILED: "error", Outcome.WARNED: "warning"}
_SHOWN = 300
_INDEX = re.compile(r"(?<=/)\d+(?=/|$)")
_MARKDOWN = re.compile(r"([\\`*_\[\]<>|~&$#])")


def render(run: Run, anchor: Anchor | None = None) -> str:
    """The run as SARIF. `anchor` is the place in the user's repository at which all of it is shown."""
    failed = run.with_outcome(Outcome.FAILED, Outcome.WARNED)
    driver = {
        "name": "Accord",
        "version": run.suite_version,
        "rules": [_rule(result) for result in failed],
    }
    notifications = [{"level": "error", "message": {"text": one_line(problem, _SHOWN)}} for problem in run.problems]
    document = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "automationDetails": {"id": "accord/"},
                "invocations": [{"executionSuccessful": not run.problems, "toolExecutionNotifications": notifications}],
                "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The root of the repository."}}},
                "columnKind": "unicodeCodePoints",
                "results": [one for index, result in enumerate(failed) for one in _results(run, result, index, anchor or Anchor())],
            }
        ],
    }
    return without_keys(spelled(json.dumps(document, ensure_ascii=False, indent=1))) + "\n"


def _rule(result: Result) -> dict[str, Any]:
    requirement = result.requirement
    return {
        "id": requirement.id,
        "name": "".join(part.capitalize() for part in re.split("[.-]", requirement.id)),
        "shortDescription": {"text": one_line(requirement.text, _SHOWN)},
        "fullDescription": {"text": f"{one_line(requirement.text, _SHOWN)} ({requirement.level}, {requirement.source})"},
        "help": {"text": "\n".join(_help(requirement, str)), "markdown": "\n".join(_help(requirement, _escaped))},
        "defaultConfiguration": {"level": _LEVELS[result.outcome]},
        "properties": {"tags": [requirement.operation, requirement.source, requirement.level.lower()]},
    }


def _help(requirement: Requirement, as_text: Any) -> Iterator[str]:
    shell, python = names_of(requirement.id)
    yield as_text(one_line(requirement.text, _SHOWN))
    yield ""
    yield as_text(f"{requirement.id}: {requirement.level}, {requirement.source}, of {requirement.operation}.")
    yield ""
    yield as_text(
        f"{FOLDER}/{shell} and {FOLDER}/{python} of the report folder send the requests again, and say whether it is gone."
    )
    yield as_text(f"docs/contract.md says where it comes from; accord requirements lists it as {requirement.id}.")


def _results(run: Run, result: Result, index: int, anchor: Anchor) -> Iterator[dict[str, Any]]:
    """A result for each test and place that showed a violation; one where no exchange was kept."""
    seen: set[str] = set()
    for evidence in result.evidence or (None,):
        fingerprint = _fingerprint(result.requirement.id, evidence)
        if fingerprint not in seen:
            seen.add(fingerprint)
            yield _result(run, result, index, anchor, evidence, fingerprint)


def _result(run: Run, result: Result, index: int, anchor: Anchor, evidence: Evidence | None, fingerprint: str) -> dict[str, Any]:
    standing = run.standing(result)
    place = {
        "artifactLocation": {"uri": anchor.uri, "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": anchor.line},
    }
    found: dict[str, Any] = {
        "ruleId": result.requirement.id,
        "ruleIndex": index,
        "level": "note" if standing in (Standing.PENDING, Standing.EXCLUDED) else _LEVELS[result.outcome],
        "message": {"text": "\n".join(_message(run, result, evidence))},
        "locations": [{"physicalLocation": place}],
        # GitHub knows a result again by the first one alone.
        "partialFingerprints": {"primaryLocationLineHash": f"{fingerprint}:1", "accord/v1": fingerprint},
    }
    if standing in (Standing.KNOWN, Standing.EXCLUDED):
        found["suppressions"] = [{"kind": "external", "status": "accepted", "justification": standing_note(run, result)}]
    return found


def _message(run: Run, result: Result, evidence: Evidence | None) -> Iterator[str]:
    yield f"{result.requirement.id} {OUTCOME_NAMES[result.outcome]}: {one_line(result.requirement.text, _SHOWN)}"
    if evidence is None:
        yield one_line(result.reason, _SHOWN)
        return
    text = ViolationText.of(evidence, longest_script=0, base_url=run.base_url)
    yield one_line(evidence.summary, _SHOWN)
    yield f"Expected: {one_line(evidence.expected, _SHOWN)}"
    yield f"Actual: {one_line(evidence.actual, _SHOWN)}"
    yield f"Sent: {text.sent}"
    yield f"Got: {text.got}"
    if text.where:
        yield f"Where: {text.where}"


def _fingerprint(requirement_id: str, evidence: Evidence | None) -> str:
    """Return what identifies a finding in every run, without list indexes: which item of a list was wrong is chance."""
    parts = [requirement_id, *([evidence.test, _INDEX.sub("*", evidence.where)] if evidence is not None else [])]
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _escaped(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", text)
