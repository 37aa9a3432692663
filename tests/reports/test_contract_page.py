"""docs/contract.md is what the files under spec/ say, and leads where it says."""

import re

from accord.base.assets import OPENAPI
from contract_tests.contract.catalogue import load_catalogue
from contract_tests.reports.contract_page import COMMAND, PAGE, current


def test_it_is_not_stale() -> None:
    kept = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else ""
    assert kept == current(), f"docs/contract.md is stale: run `{COMMAND}` and commit it"


def test_it_holds_every_requirement_and_every_choice() -> None:
    page, catalogue = current(), load_catalogue()
    assert [name for name in catalogue.requirements if f'<a id="{name}"></a>`{name}`' not in page] == []
    assert [name for name in catalogue.choices if f"\n### {name}\n" not in page] == []


def test_its_links_lead_somewhere() -> None:
    page = current()
    headings = {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in re.findall(r"^#+ (.+)$", page, re.MULTILINE)}
    places = headings | set(re.findall(r'<a id="([^"]+)">', page))
    assert {link for link in re.findall(r"\]\(#([^)]+)\)", page) if link not in places} == set()


def test_every_table_row_has_as_many_cells_as_its_head() -> None:
    for table in re.findall(r"(?:^\|.*\n)+", current(), re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}) == 1, table.splitlines()[0]


def test_it_tells_the_oddities_of_the_pages() -> None:
    oddities = current().partition("\n## Oddities\n")[2]
    assert "`count: 3`" in oddities
    assert "Oddities" in OPENAPI.read_text(encoding="utf-8")
