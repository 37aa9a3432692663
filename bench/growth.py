"""Growth: our mock with ever more conversations, at each size the same requests, round after round."""

import random
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from bench.dataset import CONVERSATIONS, HEADERS, SEED, STATUSES, Dataset, Reader, write_scenario
from bench.load import Loader, Request
from bench.measure import Sample, check, measure, rotated
from bench.processes import Process, started
from bench.servers import ours
from bench.workloads import CONTRACT, Route, requests

SIZES = (1_000, 100_000, 1_000_000)
_PAGES_SAMPLED = 40
_SECONDS_TO_LOAD = 3600

CREATE = "create"
DEEP = "list 20 from half way"
ROUTES: Mapping[str, Route] = MappingProxyType(
    {
        "get a random one": CONTRACT["get"],
        "list by user_email": CONTRACT["list"],
        "list by status": Route("GET", f"{CONVERSATIONS}?status={{status}}&limit=20"),
        "list by both": Route("GET", f"{CONVERSATIONS}?user_email={{email}}&status={{status}}&limit=20"),
        CREATE: CONTRACT["create"],
    }
)
READING = (*[name for name in ROUTES if name != CREATE], DEEP)
WORKLOADS = (*READING, CREATE)


@dataclass(slots=True)
class Grown:
    """What was measured at one size."""

    conversations: int
    load_seconds: float
    """From starting the process to its first answer."""
    loaded_mib: float
    """Resident memory after loading, before any load."""
    at_the_end: int = 0
    """Conversations after the last create."""
    samples: dict[str, list[Sample]] = field(default_factory=dict)


@contextmanager
def start_loaded(conversations: int) -> Iterator[Process]:
    """Our mock with so many bare conversations, started and answering."""
    with tempfile.TemporaryDirectory(prefix="accord-bench-") as directory:
        scenario = Path(directory) / "growth.yaml"
        write_scenario(scenario, conversations, bare=True)
        server = ours(scenario)
        with started(server.command, server.ready, HEADERS, Path(directory), _SECONDS_TO_LOAD) as process:
            yield process


def grow(sizes: Sequence[int], rounds: int, seconds: int, warm_up: int, load: Loader, say: Callable[[str], None]) -> list[Grown]:
    """Measure at each size, all of them running at once. Raises LoadFailed, StartFailed."""
    headers = {**HEADERS, "Content-Type": "application/json"}
    grown: list[tuple[Grown, Process, Mapping[str, Sequence[Request]]]] = []
    with ExitStack() as stack:
        for size in sorted(sizes):
            say(f"loading {size} conversations")
            process = stack.enter_context(start_loaded(size))
            result = Grown(size, process.start_seconds, process.rss_mib())
            with Reader(process.port) as reader:
                grown.append((result, process, _workloads(reader.sample(_PAGES_SAMPLED), size)))
        # All rounds of reading workloads come before the first create, which makes the collections grow.
        plan = [(number, name) for names in (READING, [CREATE]) for number in range(rounds) for name in names]
        for number, name in plan:
            say(f"round {number + 1} of {rounds}: {name}")
            for result, process, workloads in rotated(grown, number):
                check(process, workloads[name], headers)
                sample = measure(process, workloads[name], headers, load, seconds, warm_up)
                result.samples.setdefault(name, []).append(sample)
        for result, process, _ in grown:
            with Reader(process.port) as reader:
                result.at_the_end = reader.count()
    return [result for result, _, _ in grown]


def _workloads(data: Dataset, size: int) -> Mapping[str, Sequence[Request]]:
    made: dict[str, Sequence[Request]] = {name: requests(ROUTES, [name], data) for name in ROUTES}
    chance = random.Random(SEED)
    middle = [size // 2 + chance.randrange(-size // 20, size // 20) for _ in range(1000)]
    made[DEEP] = [Request("GET", f"{CONVERSATIONS}?limit=20&offset={offset}") for offset in middle]
    # Every status is listed equally often, even a rare one, whatever the sample happens to hold.
    made["list by status"] = [Request("GET", f"{CONVERSATIONS}?status={status}&limit=20") for status in STATUSES]
    return made
