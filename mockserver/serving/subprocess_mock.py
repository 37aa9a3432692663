"""A mock in a process of its own, for as long as a block of code runs.

The socket is bound here and handed down, so the address is known at once and connections wait until the mock is there. This
module imports nothing heavy, so that whoever uses it can go on importing while the mock starts.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field

from accord.base.errors import AccordError, Fault
from mockserver.keys.model import StandardKeys
from mockserver.serving.ports import DEFAULT_HOST, bind, url_of


@dataclass(frozen=True, slots=True)
class Settings:
    """What a mock is started with: the arguments of `create_app` that can be written down."""

    spec: str | None = None
    scenario: str = "demo"
    keys: str | None = None
    choices: Mapping[str, str] = field(default_factory=dict)
    seed: int | str = 1
    cors: bool = True
    webhook: str | None = None
    webhook_secret: str | None = None


class Running:
    """A mock that was started. `url` is its address, `keys` its ready-made keys (not those of a keys file)."""

    def __init__(self, url: str, keys: StandardKeys, process: "subprocess.Popen[str]") -> None:
        self.url = url
        self.keys = keys
        self._process = process
        self._ready = False

    def wait_until_ready(self) -> None:
        """Return once the mock answers. Raises AccordError if it could not start, with its reason."""
        if self._ready:
            return
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise Fault("The mock could not be started: it ended at once.", "Try `accord mock`, which says more.")
        report = json.loads(line)
        if "fault" in report:
            raise Fault(f"An error of the mock as it started: {report['fault']}", details=report["details"])
        if "error" in report:
            raise AccordError(report["error"], report["hint"])
        self._ready = True


@contextmanager
def running(settings: Settings | None = None, *, wait: bool = True) -> Iterator[Running]:
    """A mock on a free port of this machine, stopped at the end of the block.

    With `wait=False` the block begins at once; requests wait until the mock is there, and `wait_until_ready` tells whether it
    could be started. Raises AccordError if it could not, or if there is no port.
    """
    settings = settings or Settings()
    with bind(DEFAULT_HOST, 0) as listener:
        descriptor = listener.fileno()
        process = subprocess.Popen(
            # -P, so that a module in the working directory cannot take the place of one of ours.
            [sys.executable, "-P", "-m", "mockserver.serving.child", str(descriptor)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=(descriptor,),
            text=True,
        )
        url = url_of(listener)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        with suppress(BrokenPipeError):  # It ended already; waiting for it tells why.
            process.stdin.write(json.dumps(asdict(settings)) + "\n")
            process.stdin.flush()
        mock = Running(url, StandardKeys.of(settings.seed), process)
        if wait:
            mock.wait_until_ready()
        yield mock
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        with suppress(BrokenPipeError):
            process.stdin.close()
        process.stdout.close()
