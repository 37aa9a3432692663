"""A load run in many processes, on one machine or on many: Locust's master and its workers, with what Accord adds to them.

The master spawns no users: it makes what all of them write to, tells each worker of it, and puts together what the workers found.
Locust's own messages start and stop the users; three of ours carry the rest.
"""

import hashlib
import time
from collections.abc import Callable
from typing import Any

import gevent
from gevent.event import Event
from locust.exception import RPCError
from locust.runners import STATE_MISSING, MasterRunner, WorkerRunner

from accord.base.errors import AccordError
from contract_tests.load.engine import Load, Say, at_once, whole
from contract_tests.load.settings import LoadSettings
from contract_tests.load.user_pool import Gang
from contract_tests.transport.credentials import Keys
from contract_tests.transport.stopping import Deadline

BRIEF, READY, FOUND = "accord_brief", "accord_ready", "accord_found"
"""Master to worker: what all users need to know. Worker to master: that it knows it, and at the end what it found."""

_LONGEST_WAIT_FOR_WORKERS = 600.0
_LONGEST_AUDIT = 300.0


def digests(keys: Keys, run_id: str) -> dict[str, str]:
    """Return digests of the keys, which serve for comparing and nothing else."""
    return {name: hashlib.sha256(f"{run_id} {one.key}".encode()).hexdigest()[:16] for name, one in keys.named().items()}


class _Workers:
    """The workers of a master: who is there, who knows what it has to, and what each found."""

    def __init__(self, run: Load, runner: MasterRunner) -> None:
        self.runner = runner
        self.ready: set[str] = set()
        self.found: dict[str, dict[str, Any]] = {}
        self.refused: list[str] = []
        self._brief: dict[str, Any] = {}
        run.environment.events.worker_connect.add_listener(self._connected)
        runner.register_message(READY, self._is_ready)
        runner.register_message(FOUND, self._has_found)

    def brief(self, brief: dict[str, Any]) -> None:
        """Tell all of them, and those that come later, what their users need to know."""
        self._brief = brief
        self.runner.send_message(BRIEF, brief)

    def _connected(self, client_id: str, **_: Any) -> None:
        if self._brief:
            self.runner.send_message(BRIEF, self._brief, client_id=client_id)

    def _is_ready(self, msg: Any, **_: Any) -> None:
        self.ready.add(msg.node_id)
        self.refused += [msg.data["refused"]] if msg.data["refused"] else []

    def _has_found(self, msg: Any, **_: Any) -> None:
        self.found[msg.node_id] = msg.data["findings"]
        # The last of its statistics, which Locust would have sent with its next report.
        self.runner.environment.events.worker_report.fire(client_id=msg.node_id, data=msg.data["stats"])

    def present(self) -> set[str]:
        """Those that are there and have not stopped answering."""
        return {client.id for client in self.runner.clients.all if client.state != STATE_MISSING}


def run_master(load: LoadSettings, say: Say, deadline: Deadline) -> dict[str, Any]:
    """Load a server from workers. Raises AccordError for a mistake of configuration, and where no workers come."""
    run = Load(load, say, deadline)
    run_id = run.checked()
    gang = run.gang(run_id, "m", base_url=load.target.base_url, pace=load.target.requests_per_second)
    gang.prepare(load.users)
    workers = _Workers(run, _master_runner(run))
    runner = workers.runner
    try:
        _until(lambda: len(workers.present()) >= load.expect_workers, _LONGEST_WAIT_FOR_WORKERS, say, load, deadline)
        pace = load.target.requests_per_second
        workers.brief(
            {
                "run_id": run_id,
                "base_url": load.target.base_url,
                "pace": pace / load.expect_workers if pace else None,
                "keys": digests(load.target.keys, run_id),
                "organisations": gang.book.to_json()["organisations"],
            }
        )
        _until(lambda: len(workers.ready) >= load.expect_workers, 60, say, load, deadline)
        if workers.refused:
            raise AccordError(workers.refused[0], "Give every worker the keys that the master has.")
        runner.start(load.users, load.spawn_rate)
        run.wait(runner, lambda: not workers.present())
        present = workers.present()
        runner.stop()
        say({"audit": load.users})
        patience = time.monotonic() + _LONGEST_AUDIT + load.duration
        while not present <= workers.found.keys() and time.monotonic() < patience and not deadline.reason:
            gevent.sleep(0.1)
        for _ in workers.ready - workers.found.keys():
            gang.book.problem("A worker went away, and what it was told by the server is not known.")
        figures = run.figures()
        others = list(workers.found.values())
        gang.audit_all([found["book"] for found in others], at_once)
    finally:
        runner.quit()
    return {**whole(run, run_id, gang, others), "load": {**figures, "processes": len(workers.ready)}}


def _master_runner(run: Load) -> MasterRunner:
    load = run.load
    mistake = AccordError(f"The master cannot listen on {load.host}:{load.port}.", "Give another --master-bind-port.")
    try:
        return run.environment.create_master_runner(load.host, load.port)
    except (RPCError, SystemExit) as error:
        # Where the port is taken, Locust ends the process.
        raise mistake from error


def _until(done: Callable[[], bool], longest: float, say: Say, load: LoadSettings, deadline: Deadline) -> None:
    until = time.monotonic() + longest
    say({"waiting": load.expect_workers, "at": f"{load.host}:{load.port}"})
    while not done():
        deadline.check()
        if time.monotonic() > until:
            raise AccordError(f"Fewer than {load.expect_workers} workers came.", "Start them, or lower --expect-workers.")
        gevent.sleep(0.05)


def run_worker(load: LoadSettings, say: Say, deadline: Deadline) -> dict[str, Any]:
    """Load a server as a master says, and tell it what was found. Raises AccordError where there is no master."""
    run = Load(load, say, deadline)
    say({"waiting": 1, "at": f"{load.host}:{load.port}"})
    try:
        runner = run.environment.create_worker_runner(load.host, load.port)
    except ConnectionError as error:
        raise AccordError(f"No master answers at {load.host}:{load.port}.", "Check --master-host and --master-port.") from error
    worker = _Worker(run, runner)
    while not worker.finished.wait(0.5):
        deadline.check()
        if not len(runner.greenlet):
            raise AccordError("The master ended the run, or went away.", "Its own output says why.")
    if worker.error is not None:
        raise worker.error
    gevent.sleep(0.5)  # For Locust to hand over what was sent.
    runner.quit()
    if worker.refused:
        raise AccordError(worker.refused, "Give this worker the keys that the master has.")
    return {}


class _Worker:
    """A process that follows a master."""

    def __init__(self, run: Load, runner: WorkerRunner) -> None:
        self.run = run
        self.runner = runner
        self.finished = Event()
        self.refused = ""
        self.error: BaseException | None = None
        self._gang: Gang | None = None
        runner.register_message(BRIEF, self._briefed)
        run.environment.events.test_stop.add_listener(self._stopped)

    def _briefed(self, msg: Any, **_: Any) -> None:
        if self._gang is not None:
            return
        brief, load = msg.data, self.run.load
        if digests(load.target.keys, brief["run_id"]) != brief["keys"]:
            self.refused = "The keys of a worker are not those of the master."
        else:
            base_url = load.target.base_url or brief["base_url"]
            self._gang = self.run.gang(brief["run_id"], str(self.runner.worker_index), base_url=base_url, pace=brief["pace"])
            self._gang.share(brief["organisations"])
        self.runner.send_message(READY, {"refused": self.refused})
        if self.refused:
            self.finished.set()

    def _stopped(self, **_: Any) -> None:
        if self._gang is None:
            return
        # Locust sends its own message only after this returns, so the audit must not block here.
        gevent.spawn(self._audit).link_exception(self._failed)

    def _failed(self, greenlet: Any) -> None:
        self.error = greenlet.exception
        self.finished.set()

    def _audit(self) -> None:
        assert self._gang is not None
        self._gang.target.measured = False
        stats: dict[str, Any] = {}
        self.run.environment.events.report_to_master.fire(client_id=self.runner.client_id, data=stats)
        self._gang.audit_users(at_once)
        self.runner.send_message(FOUND, {"findings": self._gang.findings(), "stats": stats})
        self.finished.set()
