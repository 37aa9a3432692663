"""`accord load`: where the load, the embedded mock and the reports come together."""

import shutil
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from accord.errors import AccordError
from accord.verification import check_target, embedded, mock_keys
from contract_tests.load.settings import ALONE, EFFORT, MASTER, WORKER, LoadSettings
from contract_tests.load.starting import load_server
from contract_tests.reports import check_writable, terminal, write_reports
from contract_tests.reports.report_json import render as render_json
from contract_tests.settings import Settings

_KEYS = ("server_key", "client_key", "other_server_key")


def load_url(url: str | None, options: Mapping[str, Any], *, report_dir: Path, as_json: bool, interactive: bool) -> int:
    """Load the server at a URL, or the embedded mock, write the reports, print the summary, and return the exit code."""
    role = _role(options)
    with ExitStack() as stack:
        if role != WORKER:
            check_writable(report_dir)
            mock = embedded(url, options, stack)
            if mock is not None:
                mock.wait_until_ready()
                keys = {name: key for name, key in mock_keys(mock).items() if name in _KEYS}
                url, options = mock.url, {**options, **keys}
        settings = _settings(url or "", role, options)
        run = load_server(settings, _Progress(interactive, settings))
    if run is None:
        click.echo("This worker is done; its master has the report.", err=True)
        return 0
    paths = write_reports(run, report_dir)
    if as_json:
        click.echo(render_json(run), nl=False)
        return run.exit_code
    colour = interactive and sys.stdout.isatty()
    click.echo(terminal.render(run, colour=colour, width=shutil.get_terminal_size().columns), nl=False)
    click.echo(f"Report: {paths['report.html']}")
    return run.exit_code


def _role(options: Mapping[str, Any]) -> str:
    if options["master"] and options["worker"]:
        raise AccordError("A process is a master or a worker, and not both.", "Give --master or --worker.")
    return MASTER if options["master"] else WORKER if options["worker"] else ALONE


def _settings(url: str, role: str, options: Mapping[str, Any]) -> LoadSettings:
    if role != WORKER or url:
        check_target(url, options)
    elif not options["server_key"]:
        raise AccordError("A worker has no server key.", "Give it the master's keys: --server-key, or ACCORD_SERVER_KEY.")
    given = {name: options[name] for name in (*_KEYS, "seed", "requests_per_second", "timeout", "strict")}
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
    """What is told on the terminal while it lasts: one line, written over; and what somebody has to know to go on, always."""

    def __init__(self, interactive: bool, load: LoadSettings) -> None:
        self._interactive = interactive
        self._load = load
        self._waiting = False

    def __call__(self, message: Mapping[str, Any]) -> None:
        if "waiting" in message and not self._waiting:
            self._waiting = True
            what = "the master" if self._load.role == WORKER else f"{message['waiting']} of the workers"
            click.echo(f"Waiting for {what} at {message['at']}", err=True)
        elif self._interactive and "progress" in message:
            now = message["progress"]
            self._line(
                f"{now['passed']:.0f}/{self._load.duration:.0f} s  {now['users']} users  {now['requests']:,} requests"
                f"  {now['rate']:,.0f} a second"
            )
        elif self._interactive and "audit" in message:
            self._line("reading again what was acknowledged", "\n")

    def _line(self, text: str, end: str = "") -> None:
        width = shutil.get_terminal_size().columns - 1
        click.echo(f"\r{text[:width]:<{width}}{end}", nl=False, err=True)
