"""`accord replay`: the tests that showed a failure, run again with the same seed and effort."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from accord.errors import AccordError
from accord.verification import read_report
from contract_tests.reports import terminal
from contract_tests.results import Outcome, Verdict
from contract_tests.runner import verify
from contract_tests.settings import Settings


def replay(path: Path, requirement_id: str, url: str | None, keys: Mapping[str, Any]) -> int:
    """Say whether a recorded failure still happens, and return the exit code. Raises AccordError where there is none to repeat."""
    report = read_report(path)
    if report["run"]["effort"] == "load":
        raise AccordError(f"{path} is the report of a load, of which no two are alike.", "Run `accord load` again.")
    tests = _tests(report, requirement_id, path)
    if not keys.get("server_key"):
        raise AccordError("A failure cannot be repeated without a server key.", "Give --server-key, or set ACCORD_SERVER_KEY.")
    run = verify(
        Settings(
            base_url=url or report["target"]["base_url"],
            **keys,
            effort=report["run"]["effort"],
            seed=report["run"]["seed"],
            only=(requirement_id,),
            tests=tests,
        )
    )
    (result,) = run.results
    if result.outcome in (Outcome.FAILED, Outcome.WARNED):
        click.echo(terminal.render(run, colour=False), nl=False)
        click.echo(f"STILL FAILING  {requirement_id}")
        return Verdict.NONCONFORMANT.exit_code
    if run.problems or not result.exercised:
        click.echo(f"INCONCLUSIVE  {requirement_id}  {'; '.join(run.problems) or result.reason}")
        return Verdict.INCONCLUSIVE.exit_code
    click.echo(f"FIXED  {requirement_id}  It was exercised {result.exercised} times by {', '.join(tests)}.")
    return Verdict.CONFORMANT.exit_code


def _tests(report: Mapping[str, Any], requirement_id: str, path: Path) -> tuple[str, ...]:
    """The tests that saw the requirement violated."""
    found = [entry for entry in report["requirements"] if entry["id"] == requirement_id]
    if not found:
        raise AccordError(f"{path} has no requirement {requirement_id}.", "Compare with `accord requirements`.")
    tests = tuple(dict.fromkeys(evidence["test"] for evidence in found[0]["evidence"]))
    if not tests:
        raise AccordError(f"{requirement_id} did not fail in {path}: it is {found[0]['outcome']}.", "Name one that failed.")
    return tests
