"""`accord challenge REQUIREMENT --report FILE`: the file by which a vendor contests a requirement."""

from pathlib import Path

import click

from accord.base.errors import AccordError
from accord.configuration import FilePath
from accord.run_files import read_run
from accord.terminal import output

_PATH = FilePath(path_type=Path)


@click.command()
@click.argument("requirement", metavar="REQUIREMENT")
@click.option("--report", type=_PATH, required=True, metavar="FILE", help="The report.json of a run in which it failed.")
@click.option("--why", default="", metavar="TEXT", help="Why you disagree; it can be written into the file as well.")
@click.option("--output", "target", type=_PATH, metavar="FILE", help="Where it goes; by default, challenge-REQUIREMENT.yaml.")
def command(requirement: str, report: Path, why: str, target: Path | None) -> int:
    """Write the challenge of a requirement: the exchange, its sentence, its source, and room for why you disagree.

    A file that is there is never overwritten.
    """
    from contract_tests.certification.challenge import render

    text = render(read_run(report), requirement, why)
    path = target or Path(f"challenge-{requirement}.yaml")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise AccordError(f"{path} is there already, and is not overwritten.", "Name another file with --output.") from error
    except OSError as error:
        raise AccordError(f"{path} cannot be written: {error.strerror}.", "Name another file with --output.") from error
    output.say(f"The challenge is {path}. Fill in its ground and why, and send it as docs/certification.md says.")
    return 0
