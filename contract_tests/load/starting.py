"""Starting the process that loads, and what it said turned into a Run."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

from accord.errors import AccordError
from contract_tests.catalogue import load_catalogue
from contract_tests.contract import load_contract
from contract_tests.credentials import redact
from contract_tests.load.coverage import unexercised
from contract_tests.load.settings import EFFORT, LoadSettings
from contract_tests.results import LoadFigures, OperationFigures, Outcome, Result, Run, Tally, conclude

Progress = Callable[[Mapping[str, Any]], None]
"""Told of each message of the process: `progress`, `waiting` or `audit`."""


def load_server(load: LoadSettings, progress: Progress | None = None) -> Run | None:
    """Load a server and judge it; None where this was a worker, whose master judges.

    Raises AccordError for a mistake of configuration, before anything is judged.
    """
    started = datetime.now(UTC)
    found = _found(load, progress)
    if not found:
        return None
    return _run(load, found, started)


def _found(load: LoadSettings, progress: Progress | None) -> dict[str, Any]:
    """What the process found. It is one of its own because Locust replaces sockets and locks of a whole process by gevent's."""
    # -P: a module of the working directory is not to take the place of one of ours. Keys do not show in the list of processes.
    command = [sys.executable, "-P", "-m", "contract_tests.load"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(load.to_json()) + "\n")
            process.stdin.close()
            for line in process.stdout:
                message = json.loads(line)
                if "error" in message:
                    raise AccordError(message["error"], message["hint"])
                if "found" in message:
                    found: dict[str, Any] = message["found"]
                    _end(process)
                    return found
                if progress is not None:
                    progress(message)
        finally:
            process.terminate()
    raise AccordError("The process that loads ended early.", "What it wrote to stderr says why.")


def _end(process: "subprocess.Popen[str]") -> None:
    """Let the process end, which it does at once after its last word."""
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()


def _run(load: LoadSettings, found: Mapping[str, Any], started: datetime) -> Run:
    contract, catalogue = load_contract(load.target.spec_path), load_catalogue()
    tallies = {requirement.id: Tally() for requirement in catalogue}
    for process in found["processes"]:
        for name, tally in process["tallies"].items():
            tallies[name].add(Tally.from_json(tally))
    reasons = unexercised(catalogue)
    results = conclude(catalogue, tallies, load.target.missing, contract.inapplicable)
    return Run(
        id=found["run_id"],
        seed=load.target.seed,
        effort=EFFORT,
        workers=found["load"]["processes"],
        started_at=started.isoformat(timespec="seconds").replace("+00:00", "Z"),
        duration_s=round((datetime.now(UTC) - started).total_seconds(), 2),
        requests=found["requests_before"] + sum(process["sent"] for process in found["processes"]),
        suite_version=metadata.version("accord"),
        spec_sha256=contract.sha256,
        requirements_sha256=catalogue.requirements_sha256,
        base_url=found["base_url"],
        keys={name: redact(credential.key) for name, credential in load.target.keys.named().items()},
        strict=load.target.strict,
        results=tuple(_left(result, reasons) for result in results),
        choices={},
        problems=tuple(dict.fromkeys(problem for process in found["processes"] for problem in process["book"]["problems"])),
        left_out=tuple(one for process in found["processes"] for one in process["left_out"]),
        load=_figures(load, found),
    )


def _left(result: Result, reasons: Mapping[str, str]) -> Result:
    """What load does not exercise is not tested, and says so."""
    reason = reasons.get(result.requirement.id)
    return result if reason is None else Result(result.requirement, Outcome.NOT_TESTED, reason=reason)


def _figures(load: LoadSettings, found: Mapping[str, Any]) -> LoadFigures:
    measured, traffic = found["load"], [process["traffic"] for process in found["processes"]]
    took = measured["duration_s"]
    return LoadFigures(
        users=load.users,
        spawn_rate=load.spawn_rate,
        processes=measured["processes"],
        duration_s=took,
        requests=measured["requests"],
        requests_per_second=round(measured["requests"] / took, 1) if took else 0.0,
        waits=sum(one["waits"] for one in traffic),
        waited_s=round(sum(one["waited_s"] for one in traffic), 1),
        unanswered=sum(one["unanswered"] for one in traffic),
        writes_in_doubt=sum(one["lost_writes"] for one in traffic),
        generator_busy=measured["busy"],
        operations=tuple(OperationFigures(**one) for one in measured["operations"]),
    )
