"""traffic.har: what was sent and what came back, for the network panel of a browser and others that read HAR 1.2.

It is made of the entries that the run kept (`contract_tests.outcome.traffic`), or else of its evidence.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from accord.base.har import document, entry
from contract_tests.outcome.run import Result, Run
from contract_tests.outcome.tally import Evidence
from contract_tests.outcome.traffic import KEPT_BODY, KEPT_TEXT
from contract_tests.reports.text import body_text, without_keys


def render(run: Run) -> str:
    """The run as HAR."""
    # What was recorded is redacted, entry by entry.
    entries = run.traffic.entries or tuple(without_keys(one) for result in run.results for one in _of_evidence(run, result))
    return document(entries, without_keys(run.suite_version))


def _of_evidence(run: Run, result: Result) -> Iterator[str]:
    for evidence in result.evidence:
        if evidence.response is not None and isinstance(evidence.response.get("status"), int):
            yield _entry(run, result, evidence, evidence.response)


def _entry(run: Run, result: Result, evidence: Evidence, response: Mapping[str, Any]) -> str:
    sent, got = body_text(evidence.request.get("body")), body_text(response.get("body"))
    return entry(
        started=_moment(run.started_at),
        elapsed_ms=response.get("elapsed_ms", 0),
        request={
            "method": str(evidence.request.get("method", ""))[:KEPT_TEXT],
            "url": str(evidence.request.get("url", ""))[:KEPT_TEXT],
            "headers": _pairs(evidence.request),
            "query": [],
            "type": _type(evidence.request),
            "size": len(sent.encode("utf-8", "surrogatepass")),
            "body": sent[:KEPT_BODY] or None,
        },
        response={
            "status": response["status"],
            "headers": _pairs(response),
            "type": _type(response),
            "size": len(got.encode("utf-8", "surrogatepass")),
            "body": got[:KEPT_BODY],
            "redirect": "",
        },
        comment=f"violates {result.requirement.id}",
    )


def _moment(started_at: str) -> datetime:
    try:
        return datetime.fromisoformat(started_at)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)


def _pairs(message: Mapping[str, Any]) -> list[dict[str, str]]:
    return [{"name": str(name)[:KEPT_TEXT], "value": str(value)[:KEPT_TEXT]} for name, value in message.get("headers", {}).items()]


def _type(message: Mapping[str, Any]) -> str:
    named = {str(name).lower(): str(value)[:KEPT_TEXT] for name, value in message.get("headers", {}).items()}
    return named.get("content-type", "")
