"""A load run in one process: Locust's runner, with the users' memory and what is audited at the end."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import gevent
from locust.env import Environment
from locust.runners import Runner
from locust.stats import StatsEntry

from contract_tests.contract.catalogue import load_catalogue
from contract_tests.contract.document import load_contract
from contract_tests.load.sending import LoadTarget
from contract_tests.load.settings import LoadSettings
from contract_tests.load.user_pool import Gang
from contract_tests.load.users import Customer
from contract_tests.run.preflight import preflight
from contract_tests.run.targets import target_of
from contract_tests.transport.sender import Target
from contract_tests.transport.stopping import SLICE, Deadline

Say = Callable[[Mapping[str, Any]], None]
"""Tells whoever started this process how it goes."""

_AT_ONCE = 10
"""Steps of an audit that are taken at the same time, each by a connection of its own."""


class Load:
    """One process of a load run."""

    def __init__(self, load: LoadSettings, say: Say, deadline: Deadline | None = None) -> None:
        self.load = load
        self.deadline = deadline or Deadline()
        self.say = say
        self.contract = load_contract(load.target.spec_path)
        self.environment = Environment(user_classes=[Customer], host=load.target.base_url)
        # Users finish what they are about, so that nothing is in doubt only because the time is up.
        self.environment.stop_timeout = min(load.target.timeout + 20, 45.0)
        self.requests_before = 0

    def checked(self) -> str:
        """Look for mistakes, and return the id of the run. Raises AccordError for one."""
        target = self._plain_target()
        try:
            return preflight(self.load.target, self.contract, target)
        finally:
            self.requests_before = target.sent
            target.close()

    def _plain_target(self) -> Target:
        options = self.load.target
        return target_of(options, self.contract, self.deadline, requests_per_second=options.requests_per_second)

    def gang(self, run_id: str, process: str, *, base_url: str, pace: float | None) -> Gang:
        """The users of this process, and the listeners that tell Locust of their requests and us of their errors."""
        options = self.load.target
        target = LoadTarget(
            self.contract,
            base_url,
            options.keys,
            report=self._reported,
            timeout=options.timeout,
            requests_per_second=pace,
            deadline=self.deadline,
            access=options.access,
        )
        gang = Gang(self.contract, load_catalogue(), target, run_id=run_id, seed=options.seed, process=process)

        def failed(user_instance: object, exception: Exception, tb: object, **_: Any) -> None:
            gang.book.problem(f"An error of the load test itself: {exception!r}.")

        self.environment.events.user_error.add_listener(failed)
        Customer.gang = gang
        return gang

    def _reported(self, method: str, name: str, milliseconds: float, length: int, error: Exception | None) -> None:
        self.environment.events.request.fire(
            request_type=method, name=name, response_time=milliseconds, response_length=length, exception=error, context={}
        )

    def wait(self, runner: Runner, over: Callable[[], bool]) -> None:
        """Let the users work for as long as asked for, or until it is over."""
        began = time.monotonic()
        while (passed := time.monotonic() - began) < self.load.duration and not over() and not self.deadline.reason:
            total = self.environment.stats.total
            rate = total.num_requests / passed if passed else 0.0
            self.say({"progress": {"passed": passed, "users": runner.user_count, "requests": total.num_requests, "rate": rate}})
            _sleep_unless(self.deadline, min(1.0, self.load.duration - passed))

    def figures(self) -> dict[str, Any]:
        """What Locust measured, by operation, until the last user had finished."""
        total = self.environment.stats.total
        took = max((total.last_request_timestamp or 0.0) - total.start_time, 0.0)
        entries: list[StatsEntry] = [entry for _, entry in sorted(self.environment.stats.entries.items())]
        return {
            "duration_s": round(took, 2),
            "requests": total.num_requests,
            "operations": [_operation(entry) for entry in entries],
            "busy": bool(self.environment.runner and self.environment.runner.cpu_log_warning()),
        }


def _sleep_unless(deadline: Deadline, seconds: float) -> None:
    """Wait, and no longer once the run is over."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0 and not deadline.reason:
        gevent.sleep(min(left, SLICE))


def _operation(entry: StatsEntry) -> dict[str, Any]:
    p50, p95, p99 = (float(entry.get_response_time_percentile(share) or 0) for share in (0.5, 0.95, 0.99))
    return {
        "operation": entry.name,
        "requests": entry.num_requests,
        "errors": entry.num_failures,
        "p50_ms": p50,
        "p95_ms": p95,
        "p99_ms": p99,
        "slowest_ms": round(float(entry.max_response_time), 1),
    }


def at_once(steps: Iterable[Callable[[], None]]) -> None:
    """Take steps, several at the same time. Raises what one of them raises."""
    left = iter(list(steps))

    def work() -> None:
        for step in left:
            step()

    # Not a greenlet for each step: each has a connection of its own, and there are thousands of steps.
    for greenlet in [gevent.spawn(work) for _ in range(_AT_ONCE)]:
        greenlet.get()


def run_alone(load: LoadSettings, say: Say, deadline: Deadline) -> dict[str, Any]:
    """Load a server from this process. Raises AccordError for a mistake of configuration, Stopped where nothing was judged yet."""
    run = Load(load, say, deadline)
    run_id = run.checked()
    gang = run.gang(run_id, "0", base_url=load.target.base_url, pace=load.target.requests_per_second)
    gang.prepare(load.users)
    runner = run.environment.create_local_runner()
    runner.start(load.users, load.spawn_rate)
    run.wait(runner, lambda: gang.target.gone)
    runner.stop()
    figures = run.figures()
    say({"audit": len(gang.users)})
    gang.audit_users(at_once)
    gang.audit_all([], at_once)
    runner.quit()
    return {**whole(run, run_id, gang, []), "load": {**figures, "processes": 1}}


def whole(run: Load, run_id: str, gang: Gang, others: list[dict[str, Any]]) -> dict[str, Any]:
    """What a run found, of all processes."""
    return {
        "run_id": run_id,
        "base_url": run.load.target.base_url.rstrip("/"),
        "requests_before": run.requests_before,
        "processes": [gang.findings(), *others],
    }
