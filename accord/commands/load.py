"""`accord load [URL]`: many users at once, each of whom checks the responses; without a URL, against the embedded mock."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from accord.addresses import check_target
from accord.base.assets import OPENAPI
from accord.base.errors import AccordError
from accord.configuration import (
    RATE,
    SEED,
    SPAN,
    FilePath,
    access_given,
    access_options,
    key_options,
    option,
    quiet_option,
    rate_option,
    timeout_option,
    url_argument,
)
from accord.embedded_mock import EmbeddedMock
from accord.finish_run import WrittenRun
from accord.known_failures import known_of
from accord.terminal import output
from accord.terminal.progress import Shown
from contract_tests.load.settings import ALONE, EFFORT, MASTER, WORKER, LoadSettings
from contract_tests.run.settings import Settings
from contract_tests.transport.stopping import Deadline, ended_by_signals

_KEYS = ("server_key", "client_key", "other_server_key")
_PATH = FilePath(path_type=Path)
_PORT = click.IntRange(1, 65535)


@click.command()
@url_argument(required=False)
@key_options(*(name.replace("_", "-") for name in _KEYS))
@access_options
@option("--users", type=click.IntRange(1, 100_000), default=10, show_default=True, help="How many users there are.")
@option("--spawn-rate", type=RATE, default=10.0, show_default=True, help="How many of them begin each second.")
@option("--duration", type=SPAN, default=30.0, show_default=True, metavar="SECONDS", help="How long the load lasts.")
@option("--seed", type=SEED, default=0, show_default=True, help="Same seed, same choices of each user.")
@rate_option
@timeout_option
@option("--strict/--no-strict", default=False, help="Let warnings fail the run.")
@option("--spec", type=_PATH, default=OPENAPI, metavar="FILE", help="Another contract document of the same operations.")
@option("--master/--no-master", default=False, help="Lead workers, which spawn the users.")
@option("--worker/--no-worker", default=False, help="Spawn users for a master.")
@option("--master-host", default="127.0.0.1", show_default=True, metavar="HOST", help="Where a worker finds its master.")
@option("--master-port", type=_PORT, default=5557, show_default=True, help="The port of that master.")
@option("--master-bind-host", default="127.0.0.1", show_default=True, metavar="HOST", help="Where a master listens; *: everywhere.")
@option("--master-bind-port", type=_PORT, default=5557, show_default=True, help="The port that a master listens on.")
@option(
    "--expect-workers", type=click.IntRange(1, 10_000), default=1, show_default=True, help="Begin when this many workers are there."
)
@option("--report-dir", type=_PATH, default=Path("accord-report"), show_default=True, metavar="DIR", help="Where the reports go.")
@option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="What goes to stdout.")
@quiet_option()
def command(url: str | None, format: str, quiet: bool, report_dir: Path, **options: Any) -> int:
    """Load a server, and check that it keeps the contract meanwhile.

    Without a URL, the embedded mock is started on a free port and loaded. A worker needs none: its master tells it.

    Exit codes: 0 conformant, 1 nonconformant, 2 usage, configuration or unreachable, 3 inconclusive, 70 a fault of Accord itself.
    """
    from contract_tests.load.launcher import load_server
    from contract_tests.reports import check_writable
    from contract_tests.reports.files import CREATED
    from contract_tests.run.waiting import wait_until_up

    role = _role(options)
    with ExitStack() as stack:
        if role != WORKER:
            check_writable(report_dir)
            (report_dir / CREATED).unlink(missing_ok=True)
            if url is None:
                url, keys = EmbeddedMock.started(options, stack).when_ready()
                options |= {name: key for name, key in keys.items() if name in _KEYS}
        settings, known = _settings(url or "", role, options), known_of(click.get_current_context())
        deadline = Deadline()
        with ended_by_signals(deadline):
            if role != WORKER:
                wait_until_up(settings.target, options["wait"], partial(output.say, err=True), deadline)
            with Shown(quiet=quiet) as shown:
                run = load_server(settings, _Progress(shown, settings, quiet=quiet), deadline)
            written = WrittenRun.of(replace(run, known=known), report_dir) if run is not None else None
    if written is None:
        if not quiet:
            output.say("This worker is done; its master has the report.", err=True)
        return 0
    return written.show(as_json=format == "json", quiet=quiet)


def _role(options: Mapping[str, Any]) -> str:
    if options["master"] and options["worker"]:
        raise AccordError("A process is a master or a worker, and not both.", "Give --master or --worker.")
    return MASTER if options["master"] else WORKER if options["worker"] else ALONE


def _settings(url: str, role: str, options: Mapping[str, Any]) -> LoadSettings:
    if role != WORKER or url:
        check_target(url, options, "A server cannot be verified")
    elif not options["server_key"]:
        raise AccordError("A worker has no server key.", "Give it the master's keys: --server-key, or ACCORD_SERVER_KEY.")
    given = access_given(options) | {name: options[name] for name in (*_KEYS, "seed", "requests_per_second", "timeout", "strict")}
    own = "master_bind" if role == MASTER else "master"
    return LoadSettings(
        Settings(base_url=url, effort=EFFORT, spec=str(options["spec"]), **given),
        users=options["users"],
        spawn_rate=options["spawn_rate"],
        duration=options["duration"],
        role=role,
        host=options[f"{own}_host"],
        port=options[f"{own}_port"],
        expect_workers=options["expect_workers"],
    )


class _Progress:
    """Shows how far a load is, and says at once what the user must know for it to go on."""

    def __init__(self, shown: Shown, load: LoadSettings, *, quiet: bool) -> None:
        self._quiet = quiet
        self._shown = shown
        self._load = load
        self._waiting = False

    def __call__(self, message: Mapping[str, Any]) -> None:
        if "waiting" in message and not self._waiting:
            self._waiting = True
            what = "the master" if self._load.role == WORKER else f"{message['waiting']} of the workers"
            self._shown.line = f"waiting for {what}"
            if not self._quiet:
                output.say(f"Waiting for {what} at {message['at']}", err=True)
        elif "progress" in message:
            now = message["progress"]
            self._shown.say(
                f"{now['passed']:.0f}/{self._load.duration:.0f} s of load  {now['users']} users  {now['requests']:,} requests"
                f"  {now['rate']:,.0f} a second"
            )
        elif "audit" in message:
            self._shown.say("reading again what was acknowledged", last=True)
