"""Tries a server: runs the suite against it in this process, or in a child process that is killed when it takes too long.

Everything is imported before the first child is forked, so that a trial costs little more than its requests.
"""

import gc
import importlib
import io
import json
import os
import pkgutil
import select
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

import contract_tests.suite
from contract_tests.contract.catalogue import Level
from contract_tests.outcome.checks import Check
from contract_tests.outcome.run import Outcome, Run
from contract_tests.run.runner import verify
from contract_tests.run.settings import Settings
from mockserver.keys.model import DEMO_ORIGIN, StandardKeys
from mockserver.namespaces.namespace import DEFAULT_SEED
from mockserver.serving.server import WsgiApp
from tests.defects.kit.hooks import webhook_settings

URL = "http://server.test"
LONGEST = 300.0
"""Seconds after which a trial is given up."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What one run of the suite said. `failed` are requirements that must hold, `warned` those that should.

    `verdict` is `error` if there was no run. `problems` say why there was none, or why a run is not complete.
    `found_at` has, for each violated requirement, the number of requests after which the violation was first seen.
    `found_by` has the tests that found each requirement violated.
    """

    verdict: str
    failed: list[str] = field(default_factory=list)
    warned: list[str] = field(default_factory=list)
    inconclusive: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    evidence: dict[str, str] = field(default_factory=dict)
    found_at: dict[str, int] = field(default_factory=dict)
    found_by: dict[str, list[str]] = field(default_factory=dict)
    requests: int = 0
    seconds: float = 0.0


Task = Callable[[], Trial]


def try_here(app: WsgiApp, effort: str = "quick", **settings: Any) -> Trial:
    """Run the suite as `run_here` does, and return the result in short."""
    return trial_of(run_here(app, effort, **settings))


def run_here(app: WsgiApp, effort: str = "quick", **settings: Any) -> Run:
    """Judge a server that has the ready-made keys of the mock, by an in-process call of the suite.

    `settings` override fields of `Settings`, such as `seed` or `base_url`.
    """
    keys = StandardKeys.of(DEFAULT_SEED)
    chosen: dict[str, Any] = {
        "base_url": URL,
        "server_key": keys.server,
        "client_key": keys.client,
        "revoked_key": keys.revoked,
        "other_server_key": keys.other_server,
        "origin_client_key": keys.origin_client,
        "origin": DEMO_ORIGIN,
        "effort": effort,
        **webhook_settings(app),
        **settings,
    }
    return verify(Settings(**chosen), adapter=lambda: Direct(app, chosen["base_url"]))


def trial_of(run: Run) -> Trial:
    """Return in short what a run found."""

    def ids(outcome: Outcome, level: Level) -> list[str]:
        return [result.requirement.id for result in run.with_outcome(outcome) if result.requirement.level is level]

    found_at: dict[str, int] = {}
    for entry in run.log.entries:
        if isinstance(entry, Check) and not entry.passed:
            found_at[entry.requirement] = min(entry.exchange, found_at.get(entry.requirement, entry.exchange))
    return Trial(
        verdict=run.verdict.value,
        failed=ids(Outcome.FAILED, Level.MUST),
        warned=ids(Outcome.WARNED, Level.SHOULD),
        inconclusive=ids(Outcome.INCONCLUSIVE, Level.MUST),
        problems=list(run.problems),
        evidence={result.requirement.id: result.reason for result in run.with_outcome(Outcome.FAILED)},
        found_at=found_at,
        found_by=_found_by(run),
        requests=run.requests,
        seconds=run.duration_s,
    )


def _found_by(run: Run) -> dict[str, list[str]]:
    found: dict[str, dict[str, None]] = {}
    for entry in run.log.entries:
        if isinstance(entry, Check) and not entry.passed:
            name = entry.test.partition("[")[0].rpartition("::")[2]
            found.setdefault(entry.requirement, {}).setdefault(name)
    return {requirement: list(tests) for requirement, tests in found.items()}


class Direct(BaseAdapter):
    """Hands the requests of a session to an application: what `mockserver.testing.MockAdapter` does, at a third of its cost."""

    def __init__(self, app: WsgiApp, base_url: str) -> None:
        super().__init__()
        self._app = app
        base = urlsplit(base_url)
        self._server = {
            "SERVER_NAME": base.hostname or "",
            "SERVER_PORT": str(base.port or 80),
            "HTTP_HOST": base.netloc,
            "SCRIPT_NAME": "",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": base.scheme,
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }

    def send(self, request: PreparedRequest, *_: Any, **__: Any) -> Response:
        began = time.perf_counter()
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
            started[:] = [status, headers]
            return written.append

        written: list[bytes] = []
        chunks = self._app(self._environ(request), start_response)
        try:
            written += chunks
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
        response = Response()
        response.status_code = int(started[0].split()[0])
        response.headers = _headers(started[1])
        response._content = b"" if request.method == "HEAD" else b"".join(written)
        response._content_consumed = True  # type: ignore[attr-defined]
        response.url, response.request = str(request.url), request
        response.elapsed = timedelta(seconds=time.perf_counter() - began)
        return response

    def _environ(self, request: PreparedRequest) -> dict[str, Any]:
        whole, body = urlsplit(str(request.url)), request.body or b""
        data = body.encode() if isinstance(body, str) else body
        environ = {
            **self._server,
            "REQUEST_METHOD": request.method,
            "PATH_INFO": unquote_to_bytes(whole.path).decode("latin-1"),
            "QUERY_STRING": whole.query,
            "CONTENT_LENGTH": str(len(data)),
            "wsgi.input": io.BytesIO(data),
        }
        for name, value in request.headers.items():
            text = value.decode("latin-1") if isinstance(value, bytes) else value
            upper = name.upper().replace("-", "_")
            environ[upper if upper in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{upper}"] = text.strip(" \t")
        return environ

    def close(self) -> None:
        """Nothing is held open."""


def _headers(sent: list[tuple[str, str]]) -> CaseInsensitiveDict[str]:
    found: CaseInsensitiveDict[str] = CaseInsensitiveDict()
    for name, value in sent:
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


@cache
def warm_up() -> None:
    """Import all that a run imports, so that children need not."""
    suite = [module.name for module in pkgutil.iter_modules(contract_tests.suite.__path__, "contract_tests.suite.")]
    with warnings.catch_warnings():
        # The test runner of this process does not know the suite's marks, and would warn of them.
        warnings.simplefilter("ignore")
        for name in (*suite, "contract_tests.run.plugin", "mockserver.app", "hypothesis.stateful"):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()


def try_apart(task: Task, longest: float = LONGEST) -> Trial:
    """Run a trial in a child process, and return what it found."""
    [(_, trial)] = try_all({"it": task}, jobs=1, longest=longest)
    return trial


def try_all(tasks: Mapping[str, Task], *, jobs: int = 2, longest: float = LONGEST) -> Iterator[tuple[str, Trial]]:
    """Run trials in child processes, `jobs` at a time; yield each name and result as soon as it is done."""
    warm_up()
    waiting = list(tasks.items())[::-1]
    running: dict[int, _Child] = {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                child = _Child(*waiting.pop(), longest)
                running[child.pipe] = child
            for child in _finished(running.values()):
                del running[child.pipe]
                yield child.name, child.result()
    finally:
        for child in running.values():
            child.end()


class _Child:
    """One trial in a process of its own, which writes what it found to a pipe."""

    def __init__(self, name: str, task: Task, longest: float) -> None:
        self.name, self.longest = name, longest
        self.began = time.monotonic()
        self.pipe, writing = os.pipe()
        self._found = b""
        self._late = False
        with warnings.catch_warnings():
            # Newer Pythons warn of forking beside other threads, but the threads of a test runner hold no locks of ours.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._pid = os.fork()
        if self._pid == 0:
            os.close(self.pipe)
            _be_child(writing, task)
        os.close(writing)

    @property
    def left(self) -> float:
        """Seconds until it is killed; `longest` again once it was, so that it is killed only once."""
        return self.longest if self._late else self.began + self.longest - time.monotonic()

    def read(self) -> bool:
        """Read what the child has written. Returns True at the end."""
        data = os.read(self.pipe, 1 << 20)
        self._found += data
        return not data

    def give_up(self) -> None:
        """End it, because it took too long."""
        self._late = True
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)

    def result(self) -> Trial:
        """What it found, once it is done."""
        os.close(self.pipe)
        os.waitpid(self._pid, 0)
        if self._late:
            return Trial("error", problems=[f"The run did not end within {self.longest:.0f} s."], seconds=self.longest)
        if not self._found:
            return Trial("error", problems=["The run ended without a word."])
        return Trial(**json.loads(self._found))

    def end(self) -> None:
        """End it, because nobody waits for it any more."""
        self.give_up()
        os.close(self.pipe)
        os.waitpid(self._pid, 0)


def _finished(children: Iterable[_Child]) -> Iterator[_Child]:
    by_pipe = {child.pipe: child for child in children}
    readable, _, _ = select.select([*by_pipe], [], [], max(0.0, min(child.left for child in by_pipe.values())))
    for pipe in readable:
        if by_pipe[pipe].read():
            yield by_pipe[pipe]
    for child in by_pipe.values():
        if child.left <= 0:
            child.give_up()


def _be_child(writing: int, task: Task) -> None:
    """Run the task in the child, write what it found, and exit. Never returns."""
    gc.disable()
    # The test runner that forked this child may turn warnings into errors, but only for its own tests.
    warnings.resetwarnings()
    try:
        with _silence():
            trial = task()
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is what came of the trial
        trial = Trial("error", problems=[f"{type(error).__name__}: {error}"])
    try:
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(json.dumps(asdict(trial)).encode())
    finally:
        # Not sys.exit: the files and exit handlers of the parent are none of this child's.
        os._exit(0)


class _silence:
    """Discards everything that is printed within the block."""

    def __enter__(self) -> None:
        self._before = sys.stdout, sys.stderr
        self._nowhere = open(os.devnull, "w")
        sys.stdout = sys.stderr = self._nowhere

    def __exit__(self, *_: object) -> None:
        sys.stdout, sys.stderr = self._before
        self._nowhere.close()
