"""Starting the process that loads, and what it said turned into a Run."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

from accord.base.errors import AccordError, Fault, StoppedEarly
from accord.base.redaction import hide, shown
from contract_tests.contract.catalogue import load_catalogue
from contract_tests.contract.document import load_contract
from contract_tests.load.coverage import unexercised
from contract_tests.load.settings import EFFORT, TEST, LoadSettings
from contract_tests.outcome.checks import CheckLog, Entry, Terms, fold, unpacked
from contract_tests.outcome.conclude import results_of
from contract_tests.outcome.load_figures import LoadFigures, OperationFigures
from contract_tests.outcome.redacted import redacted
from contract_tests.outcome.run import Run
from contract_tests.outcome.tally import Tally, evidence_from
from contract_tests.transport.stopping import Deadline, enforced

Progress = Callable[[Mapping[str, Any]], None]
"""Told of each message of the process: `progress`, `waiting` or `audit`."""


def load_server(load: LoadSettings, progress: Progress | None = None, deadline: Deadline | None = None) -> Run | None:
    """Load a server and judge it; None where this was a worker, whose master judges. `deadline` lets others end the load.

    Raises AccordError for a mistake of configuration, before anything is judged, StoppedEarly where that was ended, and Fault for
    an error of the load test itself.
    """
    started = datetime.now(UTC)
    redactor = load.target.keys.redactor()
    hide(redactor.keys, redactor.altered)
    deadline = deadline or Deadline()
    with enforced(deadline):
        found = _found(load, progress, deadline)
    if not found:
        return None
    return redacted(_run(load, found, started))


def _found(load: LoadSettings, progress: Progress | None, deadline: Deadline) -> dict[str, Any]:
    """What the process found. It is one of its own because Locust replaces sockets and locks of a whole process by gevent's."""
    # -P: a module of the working directory is not to take the place of one of ours. Keys do not show in the list of processes.
    command = [sys.executable, "-P", "-m", "contract_tests.load"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        deadline.processes.add(process)
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(load.to_json()) + "\n")
            process.stdin.close()
            for line in process.stdout:
                message = json.loads(line)
                if "error" in message:
                    raise AccordError(message["error"], message["hint"])
                if "fault" in message:
                    raise Fault(f"An error of the load test itself: {message['fault']}", details=message["details"])
                if "stopped" in message:
                    raise StoppedEarly(f"{deadline.reason or 'The load was stopped.'} Nothing was judged by then.")
                if "found" in message:
                    found: dict[str, Any] = message["found"]
                    _end(process)
                    return found
                if progress is not None:
                    progress(message)
        finally:
            process.terminate()
    if deadline.reason:
        raise StoppedEarly(f"{deadline.reason} What was found by then is lost.", "Run it again, for a shorter --duration.")
    raise Fault("The process that loads ended early.", "What it wrote to stderr says why.")


def _end(process: "subprocess.Popen[str]") -> None:
    """Let the process end, which it does at once after its last word."""
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()


def _run(load: LoadSettings, found: Mapping[str, Any], started: datetime) -> Run:
    contract, catalogue = load_contract(load.target.spec_path), load_catalogue()
    selected = tuple(requirement.id for requirement in catalogue)
    terms = Terms(selected, load.target.missing, contract.inapplicable, unexercised(catalogue))
    log = CheckLog(terms, tuple(_entries(found, started)))
    tallies = fold(log.entries)
    for process in found["processes"]:
        for name, kept in process["evidence"].items():
            tallies.setdefault(name, Tally()).keep(*map(evidence_from, kept))
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
        keys={name: shown(credential.key) for name, credential in load.target.keys.named().items()},
        access=load.target.access.to_json(),
        strict=load.target.strict,
        results=results_of(catalogue, terms, tallies),
        choices={},
        problems=tuple(dict.fromkeys(problem for process in found["processes"] for problem in process["book"]["problems"])),
        left_out=tuple(one for process in found["processes"] for one in process["left_out"]),
        load=_figures(load, found),
        log=log,
    )


def _entries(found: Mapping[str, Any], started: datetime) -> Iterator[Entry]:
    """The check log of all processes; that of one alone has no name for it."""
    several = len(found["processes"]) > 1
    for process in found["processes"]:
        worker = process["book"]["process"] if several else ""
        yield from unpacked(process["log"], test=TEST, worker=worker, began=started.timestamp())


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
