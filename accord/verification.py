"""`accord verify`: where the suite, the embedded mock and the reports come together.

What takes long to import is imported while the mock starts.
"""

import gc
import json
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from accord.errors import AccordError
from mockserver.running import Running, running
from mockserver.running import Settings as MockSettings

if TYPE_CHECKING:
    from contract_tests.settings import Settings

KEY_OPTIONS = ("server_key", "client_key", "revoked_key", "other_server_key", "origin_client_key", "origin")


def verify_url(url: str | None, options: Mapping[str, Any], *, report_dir: Path, as_json: bool, interactive: bool) -> int:
    """Verify the server at a URL, or the embedded mock, write the reports, print the summary, and return the exit code."""
    with ExitStack() as stack:
        mock = embedded(url, options, stack)
        from contract_tests.reports import check_writable, terminal, write_reports
        from contract_tests.reports.report_json import render as render_json
        from contract_tests.runner import prepare, verify

        prepare()
        # All of that stays: whoever looks for garbage later, as Hypothesis does when it starts, need not go through it.
        gc.freeze()
        check_writable(report_dir)
        if mock is not None:
            mock.wait_until_ready()
            url, options = mock.url, {**options, **mock_keys(mock)}
        run = verify(_settings(url or "", options), progress=_progress if interactive else None)
        with _meanwhile(stack.close):
            paths = write_reports(run, report_dir)
    if as_json:
        click.echo(render_json(run), nl=False)
        return run.exit_code
    colour = interactive and sys.stdout.isatty()
    click.echo(terminal.render(run, colour=colour, width=shutil.get_terminal_size().columns), nl=False)
    click.echo(f"Report: {paths['report.html']}")
    return run.exit_code


@contextmanager
def _meanwhile(task: Callable[[], object]) -> Iterator[None]:
    """Do something that is only waited for, such as the end of a process, beside what is done in the block."""
    doing = Thread(target=task)
    doing.start()
    try:
        yield
    finally:
        doing.join()


def mock_keys(mock: Running) -> dict[str, str]:
    """The ready-made keys of the embedded mock, by the names of the options."""
    keys = mock.keys
    return {
        "server_key": keys.server,
        "client_key": keys.client,
        "revoked_key": keys.revoked,
        "other_server_key": keys.other_server,
        "origin_client_key": keys.origin_client,
        "origin": keys.origin,
    }


def embedded(url: str | None, options: Mapping[str, Any], stack: ExitStack) -> Running | None:
    """The mock, which is starting, where no server was named; it ends with the stack."""
    if url is not None:
        return None
    given = [name for name in KEY_OPTIONS if options.get(name)]
    if given:
        raise AccordError(
            f"--{given[0].replace('_', '-')} is given and no URL.",
            "Name the server to verify, or leave the key out to verify the embedded mock.",
        )
    return stack.enter_context(running(MockSettings(spec=str(options["spec"])), wait=False))


def check_target(url: str, options: Mapping[str, Any]) -> None:
    """Raise AccordError where a URL, or the lack of a key, makes a run impossible."""
    if not url.startswith(("http://", "https://")):
        raise AccordError(f"{url!r} is not a URL of a server.", "Write it with http:// or https://.")
    if "@" in urlsplit(url).netloc:
        raise AccordError("The URL holds a user name or a password, and is written to every report.", "Give it without them.")
    if not options.get("server_key"):
        raise AccordError("A server cannot be verified without a server key.", "Give --server-key, or set ACCORD_SERVER_KEY.")


def _settings(url: str, options: Mapping[str, Any]) -> "Settings":
    from contract_tests.settings import Settings

    check_target(url, options)
    return Settings(
        base_url=url,
        **{name: options[name] for name in KEY_OPTIONS},
        effort=options["effort"],
        seed=options["seed"],
        workers=_workers(options["workers"]),
        requests_per_second=options["requests_per_second"],
        timeout=options["timeout"],
        strict=options["strict"],
        only=tuple(options["only"]),
        skip=tuple(options["skip"]),
        spec=str(options["spec"]),
        fail_fast=options["fail_fast"],
        time_budget=options["time_budget"],
        consistency_window=options["consistency_window"],
        baseline=_baseline(options["baseline"]),
    )


def _baseline(path: Path | None) -> tuple[str, ...]:
    """The requirements that failed, or were warned of, in an earlier report."""
    if path is None:
        return ()
    report = read_report(path)
    return tuple(entry["id"] for entry in report["requirements"] if entry["outcome"] in ("failed", "warned"))


def read_report(path: Path) -> dict[str, Any]:
    """A report.json that an earlier run wrote. Raises AccordError where it is none."""
    from contract_tests.reports.report_json import SCHEMA

    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise AccordError(
            f"The report {path} cannot be read: {error.strerror}.", "Give a report.json of an earlier run."
        ) from error
    except ValueError as error:
        raise AccordError(f"The report {path} is not JSON: {error}.", "Give a report.json of an earlier run.") from error
    if not isinstance(report, dict) or report.get("schema") != SCHEMA:
        raise AccordError(f"{path} is not a report of Accord.", "Give a report.json of an earlier run.")
    return report


def _workers(asked: str) -> int | None:
    if asked == "auto":
        return None
    if asked.isdigit() and int(asked) > 0:
        return int(asked)
    raise AccordError(f"--workers {asked!r} is no number of processes.", "Give a number from 1 on, or auto.")


def _progress(done: int, total: int, name: str) -> None:
    """One line on the terminal, written over until the last."""
    line = f"{done}/{total}  {name.removeprefix('test_').replace('_', ' ')}"
    width = shutil.get_terminal_size().columns - 1
    end = "\n" if done == total else ""
    click.echo(f"\r{line[:width]:<{width}}{end}", nl=False, err=True)
