"""Runs the suite against a variation, and says in short what it objected to."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from contract_tests.outcome.run import Outcome, Run, Verdict
from contract_tests.run.runner import verify
from contract_tests.run.settings import Settings
from mockserver.keys.model import StandardKeys
from mockserver.namespaces.namespace import DEFAULT_SEED
from tests.defects.kit.hooks import webhook_settings
from tests.harness.trials import Direct
from tests.variations.registry import Conforming, Variation

_IN_PROCESS = "http://helpdesk.example.com"


def judge(variation: Variation, *, effort: str = "quick", seed: int = 0, exchanges: bool = False) -> Run:
    """Run the suite against the variation. With `exchanges`, the run keeps the exchanges that checks cite."""
    server = variation.server()
    with _address(server) as address:
        url = address + server.base_path
        keys = asdict(StandardKeys.of(DEFAULT_SEED))
        given = {name.replace("_key", ""): name for name in Settings.__dataclass_fields__ if name.endswith("_key")}
        options = {option: keys[name] for name, option in given.items()} | {"origin": keys["origin"]}
        chosen: dict[str, Any] = options | webhook_settings(server.app) | dict(server.settings)
        settings = Settings(base_url=url, effort=effort, seed=seed, exchanges=exchanges, **chosen)
        return verify(settings, adapter=None if server.serve else lambda: Direct(server.app, url))


def objections(run: Run) -> list[str]:
    """Return what keeps the run from being conformant, each with its evidence in a few lines; empty if nothing does."""
    if run.verdict is Verdict.CONFORMANT:
        return []
    lines = [f"verdict: {run.verdict}"]
    for result in run.with_outcome(Outcome.FAILED, Outcome.INCONCLUSIVE):
        lines.append(f"{result.requirement.id} {result.outcome}: {result.reason}")
        for evidence in result.evidence[:1]:
            response = json.dumps(evidence.response)[:1500]
            lines.append(f"    {evidence.test}\n    {evidence.curl[:1500]}\n    expected {evidence.expected[:500]}")
            lines.append(f"    actual {evidence.actual[:500]}\n    answer {response}")
    return [*lines, *run.problems]


@contextmanager
def _address(server: Conforming) -> Iterator[str]:
    if server.serve is None:
        yield _IN_PROCESS
        return
    with server.serve(server.app) as url:
        yield url
