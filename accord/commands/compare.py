"""`accord compare BUNDLE|REPORT…`: several reports beside each other, never as a ranking."""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from accord.base.errors import AccordError
from accord.configuration import FilePath
from accord.run_files import read_run
from accord.terminal import output

if TYPE_CHECKING:
    from contract_tests.certification.comparing import Column

_PATH = FilePath(path_type=Path)
_FORMATS = click.Choice(["text", "json", "html"])


@click.command()
@click.argument("reports", nargs=-1, required=True, type=_PATH, metavar="BUNDLE|REPORT...")
@click.option("--format", type=_FORMATS, default="text", show_default=True, help="The format of the output.")
@click.option("--output", "target", type=_PATH, metavar="FILE", help="Where it goes; by default, to stdout.")
def command(reports: tuple[Path, ...], format: str, target: Path | None) -> int:
    """Show what several servers do: by requirement, and by choice. The order is that of the arguments, and is no ranking.

    Each is the folder of a bundle, which is checked, or a report.json, or the folder of one.
    """
    from contract_tests.certification import comparing, pages

    columns = _columns(reports)
    if format == "json":
        text = json.dumps(comparing.to_json(columns), ensure_ascii=True, indent=2) + "\n"
    elif format == "html":
        text = pages.comparison(columns)
    else:
        text = "\n".join(comparing.lines(columns)) + "\n"
    if target is None:
        output.json_document(text) if format == "json" else output.document(text)
        return 0
    try:
        target.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise AccordError(f"{target} cannot be written: {error.strerror}.", "Name another file with --output.") from error
    return 0


def _columns(paths: Sequence[Path]) -> "list[Column]":
    from contract_tests.certification.bundle import STATEMENT
    from contract_tests.certification.comparing import Column
    from contract_tests.certification.many import side_by_side

    bundles = [path for path in paths if (path / STATEMENT).exists()]
    of_bundles = iter(list(side_by_side(_of_bundle, bundles, partial(output.say, err=True))))
    columns = []
    for path in paths:
        if path not in bundles:
            run = read_run(path / "report.json" if path.is_dir() else path)
            columns.append(Column(f"{run.base_url} ({path})", "a report", run))
            continue
        column = next(of_bundles)
        if isinstance(column, AccordError):
            raise column
        columns.append(column)
    return columns


def _of_bundle(path: Path) -> "Column | AccordError":
    """The column of a bundle, or why there is none."""
    from contract_tests.certification.checking import check
    from contract_tests.certification.comparing import Column

    try:
        checked = check(path)
    except AccordError as error:
        return error
    if checked.run is None or checked.product is None:
        return AccordError(f"The bundle {path} cannot be read: {checked.findings[0]}", "See `accord check-certificate`.")
    return Column(checked.product.title, "a valid certificate" if checked.valid else "a certificate that is not valid", checked.run)
