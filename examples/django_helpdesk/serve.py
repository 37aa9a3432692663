"""Migrate, seed the keys and serve the helpdesk on 127.0.0.1: one line with its URL on standard output when ready."""

import argparse
import json
import multiprocessing
import os
import socket
import sys
import threading
import time
from io import StringIO
from pathlib import Path

import django
from django.core.management import CommandError, call_command
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

HERE = Path(__file__).resolve().parent
HOST = "127.0.0.1"
KEYS = ("server", "client", "revoked", "other-server", "origin-client")


def main() -> None:
    """Run until SIGTERM or Ctrl-C."""
    options = _options()
    os.environ["HELPDESK_DATABASE"] = str(options.database.resolve())
    os.environ["DJANGO_SETTINGS_MODULE"] = "helpdesk_site.settings"
    reserved = _reserve_port(options.port)
    django.setup()
    seeded = _prepare_database(options)

    # A forked worker would inherit this process's locks and database connection in whatever state they are.
    multiprocessing.set_start_method("spawn")
    url = f"http://{HOST}:{reserved.getsockname()[1]}"
    print(_verify_command(url, seeded), file=sys.stderr, flush=True)
    server = Granian(
        "helpdesk_site.wsgi:application",
        address=HOST,
        port=reserved.getsockname()[1],
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        # One process, because SQLite has one writer anyway; each thread keeps its own connection to the database.
        workers=1,
        blocking_threads=options.threads,
        blocking_threads_idle_timeout=600,
        workers_kill_timeout=5,
        working_dir=HERE,
        log_level=LogLevels.error,
    )
    server.on_startup(threading.Thread(target=_announce, args=(url,), daemon=True).start)
    server.serve()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000, help="0 takes a free one (default: %(default)s)")
    parser.add_argument("--database", type=Path, default=HERE / "helpdesk.sqlite3", help="SQLite file, made if missing")
    parser.add_argument("--threads", type=int, default=4, help="requests handled at a time (default: %(default)s)")
    for name in KEYS:
        parser.add_argument(f"--{name}-key", metavar="KEY", help="made up when not given")
    parser.add_argument("--origin", default="https://app.example.com", help="origin of the origin client key")
    return parser.parse_args()


def _prepare_database(options: argparse.Namespace) -> dict[str, str]:
    given = {name: value for name, value in vars(options).items() if name.endswith("_key") and value}
    seeded = StringIO()
    call_command("migrate", verbosity=0)
    try:
        call_command("seed_keys", origin=options.origin, stdout=seeded, **given)
    except CommandError as error:
        sys.exit(f"serve.py: {error}")
    return json.loads(seeded.getvalue())


def _reserve_port(port: int) -> socket.socket:
    """Hold the port until the worker listens on it.

    The exclusive bind fails when another server has the port; only then is it opened for the worker to share. A socket
    that never listens is given no connections.
    """
    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        reserved.bind((HOST, port))
    except OSError as error:
        sys.exit(f"serve.py: cannot use port {port}: {error.strerror}")
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    return reserved


def _verify_command(url: str, seeded: dict[str, str]) -> str:
    return " ".join(["accord", "verify", url, *(f"--{name.replace('_', '-')} {key}" for name, key in seeded.items())])


def _announce(url: str) -> None:
    host, port = url.removeprefix("http://").split(":")
    while True:
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            print(url, flush=True)
            return


if __name__ == "__main__":
    main()
