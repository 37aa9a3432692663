"""The comparison: our mock and its peers, round after round, each in a fresh process with nobody else running."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.dataset import HEADERS, Dataset, Reader, write_scenario
from bench.load import Loader, LoadFailed
from bench.measure import Sample, check, measure, rotated
from bench.processes import Process, StartFailed, started
from bench.servers import Missing, Server, ours
from bench.workloads import COMPARED, FIRST_THAT_WRITES, GET_ONE, JUST_STARTED, requests

JSON_HEADERS = {**HEADERS, "Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured. Times in seconds."""

    rounds: int = 5
    seconds: int = 3
    warm_up: int = 2
    """Of the same load, before each one that is measured."""
    settle: int = 12
    """Of the same load, before the first warm one: servers that compile as they run need about that long to reach full speed."""
    conversations: int = 1000


@dataclass(slots=True)
class Results:
    """What was measured of one server. A workload that failed has its reason, and no samples that count."""

    server: Server
    starts: list[float] = field(default_factory=list)
    """From starting the process to its first answer, in seconds."""
    memory: list[float] = field(default_factory=list)
    """Resident MiB after the workloads that only read."""
    samples: dict[str, list[Sample]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    def of(self, workload: str) -> list[Sample]:
        """The samples of a workload, none if any round failed."""
        return [] if workload in self.failures else self.samples.get(workload, [])


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that was measured; ours comes first."""

    plan: Plan
    results: list[Results]
    missing: list[Missing]


def compare(plan: Plan, peers: Sequence[Server | Missing], load: Loader, say: Callable[[str], None]) -> Comparison:
    """Measure ours and the peers that are there."""
    with tempfile.TemporaryDirectory(prefix="accord-bench-") as directory:
        scenario = Path(directory) / "bench.yaml"
        write_scenario(scenario, plan.conversations)
        mine = ours(scenario)
        data = _read(mine, Path(directory))
        results = [Results(server) for server in (mine, *peers) if isinstance(server, Server)]
        for number in range(plan.rounds):
            for result in rotated(results, number):
                say(f"round {number + 1} of {plan.rounds}: {result.server.name}")
                _round(result, plan, data, load)
    return Comparison(plan, results, [peer for peer in peers if isinstance(peer, Missing)])


def _read(server: Server, directory: Path) -> Dataset:
    with started(server.command, server.ready, HEADERS, directory) as process, Reader(process.port) as reader:
        return reader.everything()


def _round(result: Results, plan: Plan, data: Dataset, load: Loader) -> None:
    """Start the server, send it each workload that did not fail in an earlier round, and stop it."""
    server = result.server
    with tempfile.TemporaryDirectory(prefix="accord-bench-") as name:
        directory = Path(name)
        server.prepare(directory, data)
        try:
            with started(server.command, server.ready, HEADERS, directory) as process:
                result.starts.append(process.start_seconds)
                _workloads(result, process, plan, data, load)
        except StartFailed as error:
            result.failures |= dict.fromkeys(COMPARED, str(error))


def _workloads(result: Results, process: Process, plan: Plan, data: Dataset, load: Loader) -> None:
    warm_ups = {JUST_STARTED: 0, GET_ONE: plan.settle}
    for name, operations in COMPARED.items():
        if name == FIRST_THAT_WRITES:
            result.memory.append(process.rss_mib())
        if name in result.failures:
            continue
        sent = requests(result.server.routes, operations, data)
        try:
            check(process, sent, JSON_HEADERS)
            sample = measure(process, sent, JSON_HEADERS, load, plan.seconds, warm_ups.get(name, plan.warm_up))
            result.samples.setdefault(name, []).append(sample)
        except LoadFailed as error:
            result.failures[name] = str(error)
