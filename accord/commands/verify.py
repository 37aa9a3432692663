"""`accord verify [URL]`: check a server against the contract; without a URL, the embedded mock.

What takes long to import is imported while the mock starts.
"""

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import click

from accord.addresses import check_target
from accord.base.assets import OPENAPI
from accord.configuration import (
    KEY_NAMES,
    SEED,
    SPAN,
    FilePath,
    access_given,
    access_options,
    domain_option,
    key_options,
    option,
    quiet_option,
    rate_option,
    resolve_option,
    timeout_option,
    url_argument,
    webhook_given,
    webhook_options,
    window_option,
    workers_asked,
    workers_option,
)
from accord.embedded_mock import EmbeddedMock
from accord.finish_run import WrittenRun
from accord.known_failures import known_of
from accord.run_files import read_run
from accord.terminal import output
from accord.terminal.progress import RunShown
from contract_tests.transport.stopping import Deadline, ended_by_signals

if TYPE_CHECKING:
    from contract_tests.outcome.known import Known
    from contract_tests.run.settings import Settings

_IMPOSSIBLE = "A server cannot be verified"
_PATH = FilePath(path_type=Path)


@click.command()
@url_argument(required=False)
@key_options()
@access_options
@option("--effort", type=click.Choice(["quick", "standard", "thorough"]), default="standard", show_default=True)
@option("--seed", type=SEED, default=0, show_default=True, help="Same seed, same requests.")
@option("--run-id", default="", metavar="ID", help="What the run's addresses and subjects carry; by default, chance chooses it.")
@workers_option
@rate_option
@timeout_option
@option("--strict/--no-strict", default=False, help="Let warnings fail the run.")
@option("--only", multiple=True, metavar="ID-GLOB", help="Check these requirements only. Repeatable.")
@option("--skip", multiple=True, metavar="ID-GLOB", help="Leave these requirements out. Repeatable.")
@option("--baseline", type=_PATH, metavar="FILE", help="A report.json: what failed there does not fail this run.")
@option("--catalogue", metavar="VERSION", help="Judge by this version of the requirements: what only newer ones find is pending.")
@option("--fail-fast/--no-fail-fast", default=False, help="Stop after the first test that sees a requirement violated.")
@option("--time-budget", type=SPAN, metavar="SECONDS", help="End the run after this time, at most five seconds later.")
@window_option
@domain_option
@option(
    "--max-conversations",
    type=click.IntRange(1, 1_000_000),
    metavar="N",
    help="Create at most this many conversations.",
)
@resolve_option
@webhook_options
@option("--explain", multiple=True, metavar="ID-GLOB", help="Show the requests that decided these requirements. Repeatable.")
@click.option("--list", "list_only", is_flag=True, help="List what would be checked, and by which tests; contact no server.")
@option("--spec", type=_PATH, default=OPENAPI, metavar="FILE", help="Another contract document of the same operations.")
@option("--sarif-anchor", metavar="FILE[:LINE]", help="Where in the repository results.sarif shows what is found.")
@option("--report-dir", type=_PATH, default=Path("accord-report"), show_default=True, metavar="DIR")
@option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="What goes to stdout.")
@quiet_option()
def command(
    url: str | None, format: str, quiet: bool, report_dir: Path, list_only: bool, explain: tuple[str, ...], **options: Any
) -> int:
    """Check a server against the contract.

    Without a URL, the embedded mock is started on a free port and checked.

    Exit codes: 0 conformant, 1 nonconformant, 2 usage, configuration or unreachable, 3 inconclusive, 70 a fault of Accord itself.
    """
    if list_only:
        output.document(_listing(options["only"], options["skip"]))
        return 0
    if url is not None:
        # This is checked again later with all settings. Here, a mistake in these options is found before the slow imports.
        check_target(url, options, _IMPOSSIBLE)
    explained = _explained(explain)
    deadline = Deadline()
    # Until the reports are written: a run that was stopped has some, too.
    with ended_by_signals(deadline):
        written = _verified(url, {**options, "exchanges": bool(explained)}, report_dir, deadline, quiet=quiet)
    return written.show(as_json=format == "json", quiet=quiet, explained=explained)


def _verified(url: str | None, options: Mapping[str, Any], report_dir: Path, deadline: Deadline, *, quiet: bool) -> WrittenRun:
    """Verify the server at a URL, or the embedded mock, and write the reports."""
    with ExitStack() as stack:
        mock = EmbeddedMock.started(options, stack) if url is None else None
        from contract_tests.reports import check_writable
        from contract_tests.reports.anchor import anchor_of
        from contract_tests.reports.files import CREATED
        from contract_tests.run.runner import prepare, verify
        from contract_tests.run.waiting import wait_until_up

        known = _known(options["baseline"])
        prepare()
        # All these objects stay: a later garbage collection, such as the one when Hypothesis starts, can skip them.
        gc.freeze()
        anchor = anchor_of(options["sarif_anchor"])
        check_writable(report_dir)
        if mock is not None:
            url, keys = mock.when_ready()
            options = {**options, **keys}
        settings = replace(_settings(url or "", options), created=str(report_dir / CREATED))
        wait_until_up(settings, options["wait"], partial(output.say, err=True), deadline)
        with RunShown(quiet=quiet) as progress:
            run = verify(settings, progress=progress, deadline=deadline)
        with _meanwhile(stack.close):
            return WrittenRun.of(replace(run, known=known), report_dir, anchor)


@contextmanager
def _meanwhile(task: Callable[[], object]) -> Iterator[None]:
    """Run a task that mostly waits, such as for the end of a process, in parallel with the block."""
    doing = Thread(target=task)
    doing.start()
    try:
        yield
    finally:
        doing.join()


def _settings(url: str, options: Mapping[str, Any]) -> "Settings":
    from contract_tests.run.settings import Settings

    check_target(url, options, _IMPOSSIBLE)
    return Settings(
        base_url=url,
        **{name: options[name] for name in KEY_NAMES},
        **access_given(options),
        effort=options["effort"],
        seed=options["seed"],
        run_id=options["run_id"],
        workers=workers_asked(options["workers"]),
        requests_per_second=options["requests_per_second"],
        timeout=options["timeout"],
        strict=options["strict"],
        only=tuple(options["only"]),
        skip=tuple(options["skip"]),
        spec=str(options["spec"]),
        fail_fast=options["fail_fast"],
        time_budget=options["time_budget"],
        consistency_window=options["consistency_window"],
        email_domain=options["email_domain"],
        catalogue=_catalogue(options["catalogue"]),
        max_conversations=options["max_conversations"],
        resolve_at_end=options["resolve_at_end"],
        **webhook_given(options),
        exchanges=options["exchanges"],
    )


def _explained(globs: tuple[str, ...]) -> tuple[str, ...]:
    """The requirements whose requests are to be shown; a mistake in their names is told before anything is sent."""
    if not globs:
        return ()
    from contract_tests.contract.catalogue import load_catalogue
    from contract_tests.reports.explained import explainable

    return explainable(load_catalogue(), globs)


def _catalogue(asked: str | None) -> int | None:
    from contract_tests.contract.versions import version_named

    return None if asked is None else version_named(asked)


def _known(baseline: Path | None) -> "dict[str, Known]":
    """The failures of an earlier run, warnings among them, and those that the settings file names."""
    from contract_tests.outcome.known import from_baseline, together
    from contract_tests.outcome.run import Outcome

    earlier = read_run(baseline).with_outcome(Outcome.FAILED, Outcome.WARNED) if baseline is not None else []
    return together(from_baseline(result.requirement.id for result in earlier), known_of(click.get_current_context()))


def _listing(only: Sequence[str], skip: Sequence[str]) -> str:
    """A line for each requirement that would be checked: its id, its level, and the shipped tests that cite it."""
    from contract_tests.contract.catalogue import load_catalogue
    from contract_tests.contract.citations import coverage
    from contract_tests.run.settings import Settings

    catalogue = load_catalogue()
    cited = coverage(catalogue).cited
    chosen = Settings(base_url="", server_key="", only=tuple(only), skip=tuple(skip))
    lines = [
        f"{requirement.id:<34} {requirement.level:<7} {', '.join(map(str, cited.get(requirement.id, ())))}"
        for requirement in catalogue
        if chosen.selects(requirement.id)
    ]
    return "\n".join([*lines, f"{len(lines)} requirements"]) + "\n"
