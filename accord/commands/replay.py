"""`accord replay REPORT --requirement ID`: does a failure of an earlier run still happen?"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import click

from accord.addresses import check_target
from accord.base.errors import AccordError
from accord.configuration import KEY_NAMES, URL_VARIABLE, FilePath, access_given, access_options, key_options, quiet_option
from accord.finish_run import show_summary
from accord.run_files import read_run
from accord.terminal import output
from accord.terminal.progress import RunShown
from contract_tests.outcome.checks import Check
from contract_tests.outcome.run import Outcome, Result, Run, Verdict
from contract_tests.transport.stopping import Deadline, ended_by_signals

_PATH = FilePath(path_type=Path)


@click.command()
@click.argument("report", type=_PATH)
@click.option("--requirement", required=True, metavar="ID", help="The requirement that failed.")
@click.option("--url", envvar=URL_VARIABLE, metavar="URL", help="The server to send the keys to; a report does not say it.")
@key_options()
@access_options
@quiet_option()
def command(report: Path, requirement: str, url: str | None, quiet: bool, **options: Any) -> int:
    """Run again what showed a failure, with the report's seed, and say FIXED or STILL FAILING.

    Exit codes: 0 fixed, 1 still failing, 2 usage, configuration or unreachable, 3 inconclusive, 70 a fault of Accord itself.
    """
    return replay(report, requirement, url, options, quiet=quiet)


def replay(path: Path, requirement_id: str, url: str | None, options: Mapping[str, Any], *, quiet: bool = False) -> int:
    """Say whether a recorded failure still happens, and return the exit code.

    Keys are sent to `url` only: a report may come from anybody, and the address in it is merely shown. Raises AccordError where
    there is none, or nothing to repeat.
    """
    from contract_tests.run.runner import verify
    from contract_tests.run.settings import Settings
    from contract_tests.run.waiting import wait_until_up

    earlier = read_run(path)
    if earlier.effort == "load":
        raise AccordError(f"{path} is the report of a load, of which no two are alike.", "Run `accord load` again.")
    tests = _tests(earlier, requirement_id, path)
    if not url:
        raise AccordError(
            f"The report is of {earlier.base_url}; keys are sent to no address that a report names.",
            "Name the server with --url, or set ACCORD_URL.",
        )
    check_target(url, options, "A failure cannot be repeated")
    settings = Settings(
        base_url=url,
        **{name: options[name] for name in KEY_NAMES if name in options},
        **access_given(options),
        effort=earlier.effort,
        seed=earlier.seed,
        run_id=earlier.id,
        only=(requirement_id,),
        tests=tests,
    )
    deadline = Deadline()
    with ended_by_signals(deadline):
        wait_until_up(settings, options.get("wait"), partial(output.say, err=True), deadline)
        with RunShown(quiet=quiet) as progress:
            run = verify(settings, progress=progress, deadline=deadline)
    (result,) = run.results
    if result.outcome in (Outcome.FAILED, Outcome.WARNED):
        if not quiet:
            show_summary(run)
        output.say(f"STILL FAILING  {requirement_id}")
        return Verdict.NONCONFORMANT.exit_code
    if reason := _why_unknown(run, result, tests):
        output.say(f"INCONCLUSIVE  {requirement_id}  It could not be told: {reason}")
        return Verdict.INCONCLUSIVE.exit_code
    output.say(f"FIXED  {requirement_id}  It was exercised {result.exercised} times by {', '.join(tests)}.")
    return Verdict.CONFORMANT.exit_code


def _why_unknown(run: Run, result: Result, tests: tuple[str, ...]) -> str:
    """Return why it is unknown whether a failure that did not happen again is fixed; empty if it is known.

    It is no reason that these tests exercise the requirement less often than a whole run must: those that saw it fail looked again.
    """
    if run.problems:
        return "; ".join(run.problems)
    if result.undecided or result.outcome is Outcome.NOT_TESTED:
        return result.reason
    looked = {entry.test for entry in run.log.entries if isinstance(entry, Check) and entry.requirement == result.requirement.id}
    silent = [test for test in tests if test not in looked]
    return f"it was not looked at again by {', '.join(silent)}." if silent else ""


def _tests(earlier: Run, requirement_id: str, path: Path) -> tuple[str, ...]:
    """The tests that saw the requirement violated."""
    found = [result for result in earlier.results if result.requirement.id == requirement_id]
    if not found:
        raise AccordError(f"{path} has no requirement {requirement_id}.", "Compare with `accord requirements`.")
    tests = tuple(dict.fromkeys(evidence.test for evidence in found[0].evidence))
    if not tests:
        raise AccordError(f"{requirement_id} did not fail in {path}: it is {found[0].outcome}.", "Name one that failed.")
    return tests
