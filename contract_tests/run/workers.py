"""The processes that xdist starts: known from their first moment, deaf to Ctrl-C, and quiet.

execnet starts one after the other, and has no setting for how. One that ends before it has read its first line would write a
traceback to the terminal; and until it answers, nobody could end it.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from contract_tests.transport.stopping import Deadline, without_ctrl_c


@contextmanager
def started_for(deadline: Deadline, errors: Path) -> Iterator[None]:
    """Let the processes that execnet starts in the block belong to a run, and what they write to stderr go to a file.

    Starting one raises Stopped if the run is over. If the run is over when the block ends, all of them are killed.
    """
    from execnet import gateway_base, gateway_io

    class Worker(gateway_io.Popen2IOMaster):
        def __init__(self, args: list[str], execmodel: Any) -> None:
            deadline.check()
            with errors.open("ab") as written, without_ctrl_c():
                self.popen = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=written)
                deadline.processes.add(self.popen)
            gateway_base.Popen2IO.__init__(self, self.popen.stdin, self.popen.stdout, execmodel=execmodel)

    before = gateway_io.Popen2IOMaster
    gateway_io.Popen2IOMaster = Worker  # type: ignore[misc]
    try:
        yield
    finally:
        gateway_io.Popen2IOMaster = before  # type: ignore[misc]
        if deadline.over:
            deadline.processes.end()
