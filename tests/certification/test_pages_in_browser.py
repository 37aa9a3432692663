"""Pages of certificates in a browser: they fit a phone and a desktop, ask for nothing elsewhere, and axe finds nothing wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from contract_tests.certification import bundle, pages, product, site
from contract_tests.certification.checking import check
from contract_tests.certification.comparing import Column
from contract_tests.certification.signing import CryptoSigner
from contract_tests.outcome.run import Run
from tests.certification.conftest import ISSUED, NONCE
from tests.certification.test_pages import HOSTILE, listed, other
from tests.reports.test_report_in_browser import axe, browser  # noqa: F401  They are fixtures.
from tests.sampling import chosen

SIZES = [(360, 740), (1280, 900)]
PAGES = ("site/index.html", "product", "certificate", "comparison.html")


@pytest.fixture(scope="module")
def folder(run: Run, signer: CryptoSigner, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a site with a product whose texts contain markup and scripts, and a comparison."""
    folder = tmp_path_factory.mktemp("pages")
    bundle.write(folder / "bundle", run, product.read(HOSTILE), HOSTILE, signer, ISSUED, NONCE)
    checked = check(folder / "bundle", now=ISSUED)
    certificates = [listed(checked, "a" * 20), replace(listed(checked, "b" * 20), vendor="A" * 150, name="B" * 150)]
    site.write(folder / "site", certificates)
    columns = [Column(f"Vendor {number}", "a report", other(run, number)) for number in range(12)]
    (folder / "comparison.html").write_text(pages.comparison(columns), encoding="utf-8")
    return folder


def path_of(folder: Path, name: str) -> Path:
    """Return the file of a page, by what it shows: `certificate`, `product`, or a path in the folder."""
    if name == "certificate":
        return folder / "site" / "certificates" / ("a" * 20) / "index.html"
    if name == "product":
        return sorted((folder / "site" / "products").glob("*/index.html"))[0]
    return folder / name


@contextmanager
def opened(browser: Browser, path: Path, *, script: bool = True) -> Iterator[tuple[Page, list[str]]]:  # noqa: F811
    context = browser.new_context(java_script_enabled=script)
    page = context.new_page()
    seen: list[str] = []
    page.on("dialog", lambda dialog: seen.append(f"dialog {dialog.message}"))
    page.on("console", lambda message: seen.append(message.text))
    page.on("request", lambda request: seen.append(request.url) if not request.url.startswith("file:") else None)
    page.goto(path.as_uri())
    yield page, seen
    context.close()


@pytest.mark.parametrize("name", chosen(PAGES, {0, 2}))
def test_it_fits_and_asks_for_nothing(browser: Browser, axe: str, folder: Path, name: str) -> None:  # noqa: F811
    with opened(browser, path_of(folder, name)) as (page, seen):
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert seen == []
        page.evaluate(axe)
        found = page.evaluate("axe.run().then(it => it.violations.map(one => [one.id, one.nodes.map(n => n.html)]))")
        assert found == []


def test_a_certificate_is_printed_on_one_page(browser: Browser, folder: Path) -> None:  # noqa: F811
    with opened(browser, path_of(folder, "certificate")) as (page, _):
        assert page.pdf(prefer_css_page_size=True).count(b"/Type /Page\n") == 1


def test_without_javascript_everything_is_there(browser: Browser, folder: Path) -> None:  # noqa: F811
    with opened(browser, path_of(folder, "site/index.html"), script=False) as (page, _):
        page.get_by_role("link").first.click()
        page.get_by_role("table").get_by_role("link").first.click()
        assert page.get_by_role("heading", name="What this proves").is_visible()
