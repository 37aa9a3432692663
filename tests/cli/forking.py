"""Runs the command without its start-up time: as a fork of a process that has imported everything and done nothing else.

It is still a process with its own arguments, directory, environment, outputs and exit code. Two things differ from a real start:
its modules are already imported, and all forks have the same hash seed for strings.
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
    """Run the command as `command.accord` does, but forked. With variables that Python itself may read, start it anew."""
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
                # As subprocess.run does: nobody waits for the command any more, so it must not go on.
                os.kill(pid, signal.SIGKILL)
                raise
        ended = Ended(code, out.read_text("utf-8"), err.read_text("utf-8"), directory)
    assert "Traceback" not in ended.said, ended.said
    return ended


@cache
def _parent() -> str:
    """Start the process that is forked for each command, and return the path of its socket. It ends with this process."""
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
    """Fork a command for each connection, until stdin is closed."""
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
    """Fork the command; send its process id and, at its end, its exit code. Returns False in the command's process."""
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
