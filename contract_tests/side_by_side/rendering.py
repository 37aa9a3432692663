"""A comparison as text for a terminal, as JSON, and as a page that needs nothing else."""

import json
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from contract_tests.reports.text import without_keys
from contract_tests.side_by_side.differences import Comparison, Row

TITLES = {"requirements": "Requirements", "choices": "Choices", "session": "One session"}

_TEMPLATES = Path(__file__).with_name("templates")


def as_text(found: Comparison) -> str:
    """Return what differs, and how much does not."""
    return without_keys("\n".join(_lines(found)) + "\n")


def _lines(found: Comparison) -> Iterator[str]:
    yield f"first   {found.first}"
    yield f"second  {found.second}"
    for name, rows in found.parts.items():
        differing = [row for row in rows if row.differs]
        yield ""
        yield f"{TITLES[name]}: {len(differing)} of {len(rows)} differ"
        for row in differing:
            yield f"  {row.name}: {_both(row)}"
            yield from (f"      {line}" for line in row.detail)
    yield ""
    yield "DIFFERENT" if found.differs else "ALIKE"


def _both(row: Row) -> str:
    return f"{row.first} | {row.second}" if row.first != row.second else f"{row.first}, with other content"


def as_json(found: Comparison) -> str:
    """Return all that was looked at, as JSON."""
    return without_keys(json.dumps(found.to_json(), indent=2, ensure_ascii=False)) + "\n"


def as_html(found: Comparison) -> str:
    """Return all that was looked at as a page: what differs first, the rest folded."""
    environment = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined)
    return without_keys(environment.get_template("comparison.html").render(found=found, titles=TITLES))
