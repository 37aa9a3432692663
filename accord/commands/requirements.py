"""`accord requirements`: the catalogue, and whether the shipped tests cover it."""

import json
import shutil
import textwrap
from collections.abc import Iterator
from dataclasses import asdict
from fnmatch import fnmatchcase
from itertools import groupby

import click

from accord.base.errors import AccordError
from accord.configuration import option
from contract_tests.contract.catalogue import Catalogue, Level, Requirement, load_catalogue
from contract_tests.contract.citations import coverage
from contract_tests.contract.excludes import load_excludes
from contract_tests.contract.versions import newest, range_named

_NARROWEST, _WIDEST = 60, 140


@click.command(name="requirements")
@option("--only", multiple=True, metavar="ID-GLOB", help="Those whose id matches, such as 'create.*'. Repeatable.")
@option(
    "--format",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="How to list them.",
)
@option("--uncovered", is_flag=True, help="List what no shipped test cites; prints nothing where all are cited.")
@option("--changes", metavar="A..B", help="List what version B of the catalogue requires that version A did not.")
@click.pass_context
def command(ctx: click.Context, only: tuple[str, ...], format: str, uncovered: bool, changes: str | None) -> None:
    """List what the contract requires.

    With --uncovered, list the requirements that no shipped test cites, and exit 1 where there are any. With --changes, list what is
    new from one version of the catalogue to another, such as 1..2: what a run pinned to A by `accord verify --catalogue A` does not
    fail a server for.
    """
    catalogue = load_catalogue()
    selected = _selected(catalogue, only)
    if changes is not None:
        # The package of the reports imports what listing the catalogue need not wait for.
        from contract_tests.reports.changes import write_changes

        older, newer = range_named(changes)
        click.echo("\n".join(write_changes(catalogue, older, newer, format, {requirement.id for requirement in selected})))
        return
    if uncovered:
        ctx.exit(_report_uncovered(catalogue, {requirement.id for requirement in selected}))
    match format:
        case "json":
            click.echo(json.dumps([_document(requirement) for requirement in selected], ensure_ascii=False, indent=2))
        case "markdown":
            click.echo("\n".join(markdown(selected)))
        case _:
            width = max(_NARROWEST, min(shutil.get_terminal_size().columns, _WIDEST))
            click.echo("\n".join(_table(selected, width)))


def _document(requirement: Requirement) -> dict[str, object]:
    """A requirement as JSON, with why it counts for no verdict where that is so."""
    reason = load_excludes().reasons.get(requirement.id)
    return {**asdict(requirement), **({"excluded": reason} if reason else {})}


def _text(requirement: Requirement) -> str:
    reason = load_excludes().reasons.get(requirement.id)
    return f"{requirement.text} (counts for no verdict: {reason})" if reason else requirement.text


def _selected(catalogue: Catalogue, patterns: tuple[str, ...]) -> list[Requirement]:
    selected = [item for item in catalogue if not patterns or any(fnmatchcase(item.id, one) for one in patterns)]
    if not selected:
        areas = ", ".join(dict.fromkeys(f"{item.id.partition('.')[0]}.*" for item in catalogue))
        raise AccordError(f"No requirement's id matches {' or '.join(patterns)}.", f"Areas are {areas}.")
    return selected


def _report_uncovered(catalogue: Catalogue, selected: set[str]) -> int:
    found = coverage(catalogue)
    for citation in found.unknown:
        click.echo(f"{citation} cites {citation.requirement}, which is not in the catalogue.", err=True)
    lacking = [requirement_id for requirement_id in found.uncovered if requirement_id in selected]
    for requirement_id in lacking:
        click.echo(requirement_id)
    return 1 if lacking or found.unknown else 0


def _table(requirements: list[Requirement], width: int) -> Iterator[str]:
    columns = [max(len(row[index]) for row in map(_cells, requirements)) for index in range(4)]
    indent = sum(columns) + 2 * len(columns)
    beside = width - indent >= 40
    for number, (area, group) in enumerate(_by_area(requirements)):
        if number:
            yield ""
        yield click.style(area, bold=True)
        for requirement in group:
            cells = [cell.ljust(column) for cell, column in zip(_cells(requirement), columns, strict=True)]
            if requirement.level is Level.SHOULD:
                cells[1] = click.style(cells[1], fg="yellow")
            head = "  ".join(cells)
            first, *rest = textwrap.wrap(_text(requirement), width - (indent if beside else 4), break_on_hyphens=False)
            if beside:
                yield f"{head}  {first}"
                yield from (" " * indent + line for line in rest)
            else:
                yield head.rstrip()
                yield from (f"    {line}" for line in (first, *rest))
    yield ""
    yield _totals(requirements)


def _cells(requirement: Requirement) -> tuple[str, str, str, str]:
    return requirement.id, requirement.level.value, requirement.source, requirement.operation


def _by_area(requirements: list[Requirement]) -> Iterator[tuple[str, list[Requirement]]]:
    for area, group in groupby(requirements, key=lambda item: item.id.partition(".")[0]):
        yield area, list(group)


def _totals(requirements: list[Requirement]) -> str:
    must = sum(item.level is Level.MUST for item in requirements)
    total = f"{len(requirements)} requirements: {must} MUST, {len(requirements) - must} SHOULD"
    return f"{total}. Version {newest()} of the catalogue."


def markdown(requirements: list[Requirement]) -> Iterator[str]:
    """The requirements as a Markdown table."""
    yield "| id | level | source | operation | requirement |"
    yield "|---|---|---|---|---|"
    for requirement in requirements:
        name, *middle = _cells(requirement)
        text = _text(requirement).replace("|", "\\|").replace("_", "\\_")
        yield f"| `{name}` | {' | '.join(middle)} | {text} |"
