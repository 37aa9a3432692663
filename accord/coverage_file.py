"""The coverage that commands report when they end: a file, lines for people, and an exit code."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from accord.base.errors import AccordError, Fault

if TYPE_CHECKING:
    from mockserver.contract.choices import Choices
    from mockserver.contract.document import Contract
    from mockserver.coverage.met import Met

BELOW = 1
"""The exit code where less was met than was asked for."""


def check_coverage_options(file: str | None, least: float | None) -> None:
    """Raise AccordError if there is a limit but no file, or if the file cannot be written. This runs before any traffic."""
    if file is None:
        if least is not None:
            raise AccordError("--coverage-fail-under says nothing without --coverage.", "Give --coverage FILE as well.")
        return
    folder = Path(file).parent
    if Path(file).is_dir() or not folder.is_dir():
        raise AccordError(f"The coverage cannot be written to {file}.", "Name a file in a folder that is there.")


def tell_coverage(met: "Met", contract: "Contract", choices: "Choices", file: str, least: float | None) -> int:
    """Write what was met as JSON, say it on stderr, and return the exit code. Raises Fault if the file cannot be written."""
    from mockserver.coverage.report import Coverage

    found = Coverage.of(met, contract, choices)
    try:
        Path(file).write_text(json.dumps(found.as_json(), indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise Fault(f"The coverage cannot be written to {file}: {error.strerror}.", "Name another file.") from error
    click.echo(f"\n{found.as_text()}", err=True)
    if least is None or found.percent >= least:
        return 0
    click.echo(f"The coverage of {found.percent:g} % is below the {least:g} % of --coverage-fail-under.", err=True)
    return BELOW
