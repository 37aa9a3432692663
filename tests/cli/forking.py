"""The command without what it takes to start: forked off a process that has imported it all, and has done nothing else.

It is a process all the same, with arguments, a directory, an environment, outputs and an exit code of its own. Two things differ:
its modules are there already, and the hashes of texts are those of all its siblings.
"""

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path

from tests.cli import command
from tests.cli.command import ACCORD, LONGEST, Ended

_ROOT = Path(__file__).parents[2]


def accord(directory: Path, *arguments: str | Path, environment: Mapping[str, str] | None = None) -> Ended:
    """What `command.accord` does, forked; from the start where a variable of the environment may be read by Python itself."""
    given = environment or {}
    if not all(name.startswith("ACCORD_") for name in given):
        return command.accord(directory, *arguments, environment=given)
    with tempfile.TemporaryDirectory() as outputs, socket.socket(socket.AF_UNIX) as connection:
        out, err = Path(outputs, "out"), Path(outputs, "err")
        connection.settimeout(LONGEST)
        connection.connect(_parent())
        order = {
            "command": [str(ACCORD), *map(str, arguments)],
            "directory": str(directory),
            "environment": command.surroundings(directory, given),
            "outputs": [str(out), str(err)],
        }
        connection.sendall(json.dumps(order).encode() + b"\n")
        with connection.makefile("r") as said:
            pid = int(said.readline())
            try:
                code = int(said.readline())
            except BaseException:
                # As subprocess.run does: a command that is not waited for any more goes on for nobody.
                os.kill(pid, signal.SIGKILL)
                raise
        ended = Ended(code, out.read_text("utf-8"), err.read_text("utf-8"), directory)
    assert "Traceback" not in ended.said, ended.said
    return ended


@cache
def _parent() -> str:
    """Start the process that has imported it all, and return the path of its socket; it ends with this process."""
    folder = tempfile.mkdtemp(prefix="accord-forking-")
    path = f"{folder}/socket"
    environment = {**command.surroundings(_ROOT, {}), "PYTHONPATH": str(_ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "tests.cli.forking", path],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )

    def end() -> None:
        process.communicate()
        with suppress(FileNotFoundError):
            os.unlink(path)
        os.rmdir(folder)

    atexit.register(end)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return path


def _serve(path: str) -> None:
    """Fork a command off for whoever connects, until stdin is closed."""
    import accord.cli
    import accord.commands.verify
    from contract_tests.run.runner import prepare

    prepare()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    os.write(1, b"ready\n")
    while listener.fileno() in select.select([listener.fileno(), 0], [], [])[0]:
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            if _attended(connection):
                os._exit(0)
            accord.cli.main()
        connection.close()
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
    os._exit(0)


def _attended(connection: socket.socket) -> bool:
    """Fork the command off, and tell its number and then its exit code. Returns False in the command's process."""
    order = json.loads(connection.makefile("r").readline())
    child = os.fork()
    if child:
        connection.sendall(b"%d\n" % child)
        connection.sendall(b"%d\n" % os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        return True
    connection.close()
    for descriptor, name in enumerate((os.devnull, *order["outputs"])):
        opened = os.open(name, os.O_RDWR | os.O_CREAT, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)
    os.chdir(order["directory"])
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv[:] = order["command"]
    return False


if __name__ == "__main__":
    _serve(sys.argv[1])
