"""Pages of certificates: what they say, that hostile text in them stays text, and that their links lead somewhere."""

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from contract_tests.certification import bundle, comparing, pages, product, site
from contract_tests.certification.checking import Checked, check
from contract_tests.certification.comparing import Column
from contract_tests.certification.signing import CryptoSigner
from contract_tests.contract.catalogue import load_catalogue
from contract_tests.outcome.run import Observation, Outcome, Run
from contract_tests.reports import report_json
from tests.certification.conftest import ISSUED, NONCE
from tests.cli.command import accord

HOSTILE = """\
vendor: "<script>alert(1)</script>"
product: "\\u202E<img src=x onerror=alert(2)>"
version: "1 \\x1b[31m {{ 7 * 7 }}"
contact: "'\\"><svg onload=alert(3)>"
documentation: "https://example.com/?a=1&b=<not-a-tag"
unsupported: [{requirement: "webhook.*", reason: "<b onclick=alert(5)>"}]
attestations: ["</style><script>alert(4)</script>"]
""".replace("<not-a-tag", "2").encode()


@pytest.fixture(scope="module")
def checked(written: Path) -> Checked:
    return check(written, now=ISSUED)


@pytest.fixture(scope="module")
def hostile(run: Run, signer: CryptoSigner, tmp_path_factory: pytest.TempPathFactory) -> Checked:
    """Return a certificate whose texts contain markup, scripts and control characters."""
    folder = tmp_path_factory.mktemp("hostile") / "bundle"
    about = product.read(HOSTILE)
    declared = replace(run, unsupported=about.unsupported_in(load_catalogue()))
    bundle.write(folder, declared, about, HOSTILE, signer, ISSUED, NONCE)
    return check(folder, now=ISSUED)


class Elements(HTMLParser):
    """The elements of a page, with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def assert_harmless(text: str) -> None:
    elements = Elements(text).found
    assert not {tag for tag, _ in elements} & {"script", "iframe", "object", "form", "base", "link"}
    for _, attributes in elements:
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "href"):
            assert not str(attributes.get(name) or "").lower().startswith(("javascript:", "data:", "//"))
    assert "\u202e" not in text
    assert "\x1b" not in text


def listed(checked: Checked, link: str = "0" * 20) -> site.Listed:
    about = checked.product
    assert about is not None
    page, badge = pages.certificate(checked), pages.badge(checked)
    return site.Listed(about.vendor, about.name, about.version, "2026-12-01", "2027-12-01", 2, checked.keyid, link, page, badge)


def test_a_certificate_says_what_it_is_of(checked: Checked) -> None:
    page = pages.certificate(checked)
    for text in ("Example Ltd Desk 1.2.3", "110 requirements that a server must meet passed", checked.keyid, NONCE):
        assert text in page
    assert "It does not prove that the server sent them" in page
    assert "Data is kept in the country of the customer." in page
    assert_harmless(page)


def test_hostile_text_stays_text(hostile: Checked, tmp_path: Path) -> None:
    assert hostile.valid, hostile.findings
    page = pages.certificate(hostile)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "{{ 7 * 7 }}" in page
    assert_harmless(page)
    site.write(tmp_path, [listed(hostile)])
    for path in tmp_path.rglob("*.html"):
        assert_harmless(path.read_text(encoding="utf-8"))
    ET.fromstring(pages.badge(hostile))
    column = Column("<b>x</b>", "a report", hostile.run or Run.__new__(Run))
    assert_harmless(pages.comparison([column]))


def test_the_badge_is_svg_that_says_until_when(checked: Checked) -> None:
    root = ET.fromstring(pages.badge(checked))
    assert root.attrib["aria-label"] == "Accord: certified, catalogue 2, until 2027-12-01"


def test_a_site_has_a_page_for_each_product_and_links_that_stay(checked: Checked, hostile: Checked, tmp_path: Path) -> None:
    older, newer = listed(checked, "a" * 20), replace(listed(checked, "b" * 20), version="1.3", issued="2027-01-01")
    site.write(tmp_path, [older, newer, listed(hostile, "c" * 20), older])
    for path in tmp_path.rglob("*.html"):
        for _, attributes in Elements(path.read_text(encoding="utf-8")).found:
            for name in ("src", "href"):
                target = attributes.get(name)
                if target and not target.startswith("https://"):
                    leads = (path.parent / target).resolve()
                    assert (leads / "index.html").is_file() or leads.is_file(), (path, target)
    products = sorted((tmp_path / "products").iterdir())
    assert len(products) == 2
    desk = next(one for one in products if one.name.startswith("example-ltd-desk-"))
    text = (desk / "index.html").read_text()
    assert text.index("1.3") < text.index("1.2.3")
    site.write(tmp_path, [newer])
    assert (tmp_path / "certificates" / older.link / "index.html").is_file()


def test_what_is_not_valid_is_left_out_and_said_to_be(small: Path, written: Path, tmp_path: Path) -> None:
    folder = tmp_path / "bundles"
    folder.mkdir()
    (folder / "bad").symlink_to(small)
    for name, source in (("one", small), ("two", small)):
        (folder / name).mkdir()
        for path in source.iterdir():
            (folder / name / path.name).write_bytes(path.read_bytes())
    (folder / "two" / bundle.REPORT).write_bytes(b"{}")
    ended = accord(tmp_path, "site", folder, "--output", "site")
    assert ended.code == 0, ended.said
    assert "0 of 2 certificates are listed" in ended.out
    assert ended.err.count("Left out: ") == 2
    assert "There is none." in (tmp_path / "site" / "index.html").read_text()


def other(run: Run, number: int) -> Run:
    """Return the run of another vendor: every seventh one fails a requirement, and the observed choices vary."""
    results = [
        replace(one, outcome=Outcome.FAILED, reason="x") if one.requirement.id == "create.status" and number % 7 == 0 else one
        for one in run.results
    ]
    name = next(name for name, one in run.choices.items() if one.observed)
    choices = {**run.choices, name: Observation(f"option {number % 3}", "")}
    return replace(run, results=tuple(results), choices=choices, base_url=f"https://vendor-{number:03}.example.com")


def test_two_hundred_reports_can_be_read(run: Run) -> None:
    columns = [Column(f"Vendor {number}", "a report", other(run, number)) for number in range(200)]
    lines = list(comparing.lines(columns))
    told = next(line for line in lines if "create.status (MUST)" in line)
    assert told.endswith("passed: Vendor 1, Vendor 2, Vendor 3, Vendor 4, Vendor 5, Vendor 6 and 165 more")
    assert max(map(len, lines)) < 400
    page = pages.comparison(columns)
    assert page.count('<th scope="col">Vendor ') == 400
    assert len(page) < 4_000_000
    assert page.index("Vendor 0<") < page.index("Vendor 199<")


@pytest.mark.extended
def test_the_command_compares_reports_and_bundles(run: Run, small: Path, tmp_path: Path) -> None:
    for number in range(2):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "report.json").write_text(report_json.render(other(run, number)))
    text = accord(tmp_path, "compare", "0", "1/report.json")
    assert text.code == 0, text.said
    assert "  create.status (MUST)  failed: https://vendor-000.example.com (0); passed: https://vendor-001" in text.out
    document: dict[str, Any] = json.loads(accord(tmp_path, "compare", "0", "1", "--format", "json").out)
    assert [one["kind"] for one in document["reports"]] == ["a report", "a report"]
    assert document["requirements"]["create.status"] == {"level": "MUST", "said": ["failed", "passed"]}
    page = accord(tmp_path, "compare", small, "0", small, "--format", "html", "--output", "page.html")
    assert page.code == 0, page.said
    assert page.err.splitlines() == ["2 of 2 checked"]
    assert "a certificate that is not valid" in (tmp_path / "page.html").read_text()
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / bundle.STATEMENT).write_text("{}")
    refused = accord(tmp_path, "compare", "0", "bad", small)
    assert refused.code == 2
    assert "The bundle bad cannot be read: report.json: It is missing." in refused.err
