"""report.html in a browser: it fits a phone, asks for nothing, complains of nothing, and axe finds nothing wrong with it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from contract_tests.outcome.run import Run
from contract_tests.reports import html
from tests.browsers import axe_source, chromium
from tests.reports import samples
from tests.sampling import chosen

PHONE = {"width": 360, "height": 740}
SIZES = [(320, 640), (360, 740), (768, 1024), (1280, 900)]
RUNS = {
    "good": samples.good(),
    "imperfect": samples.imperfect(),
    "cut short": samples.cut_short(),
    "hostile": samples.hostile("x" * 1_048_576),
    "some known": samples.known("create.priority-default"),
    "marked": samples.marked(),
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def axe() -> str:
    return axe_source()


class Visit:
    """A report as one visitor sees it, with what the browser complained of and asked for."""

    def __init__(self, browser: Browser, directory: Path, run: Run, **context: Any) -> None:
        report = directory / "report.html"
        report.write_text(html.render(run), encoding="utf-8")
        self.context = browser.new_context(**context)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(report.as_uri())
        self.page.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true; })")
        self.address = report.as_uri()

    def __enter__(self) -> "Visit":
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()


@pytest.mark.parametrize("run", chosen([*RUNS.values()], {1, 3}), ids=RUNS.keys())
def test_it_fits_and_asks_for_nothing(browser: Browser, tmp_path: Path, run: Run) -> None:
    with Visit(browser, tmp_path, run) as visit:
        for width, height in SIZES:
            visit.page.set_viewport_size({"width": width, "height": height})
            assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
            assert visit.page.evaluate("[...document.querySelectorAll('pre')].filter(it => it.scrollWidth > it.clientWidth)") == []
        assert visit.complaints == []
        assert visit.requests == [visit.address]


@pytest.mark.parametrize(
    ("name", "scheme"),
    chosen([("imperfect", "light"), ("imperfect", "dark"), ("good", "dark"), ("cut short", "light"), ("hostile", "dark")], {0, 1}),
)
def test_axe_finds_nothing(browser: Browser, axe: str, tmp_path: Path, name: str, scheme: str) -> None:
    with Visit(browser, tmp_path, RUNS[name], viewport=PHONE, color_scheme=scheme) as visit:
        visit.page.evaluate(axe)
        found = visit.page.evaluate("axe.run().then(it => it.violations.map(one => [one.id, one.nodes.map(n => n.html)]))")
        assert found == []


def test_without_javascript_everything_is_there_but_the_buttons(browser: Browser, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    report.write_text(html.render(samples.imperfect()), encoding="utf-8")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report.as_uri())
    assert page.get_by_role("heading", name="Nonconformant").is_visible()
    assert page.get_by_role("button").count() == 0
    passed = page.get_by_text("A conversation is created with 201.")
    assert not passed.is_visible()
    page.get_by_text("Show all that passed").click()
    assert passed.is_visible()
    context.close()


def test_a_command_can_be_copied(browser: Browser, tmp_path: Path) -> None:
    with Visit(browser, tmp_path, samples.imperfect(), permissions=["clipboard-read", "clipboard-write"]) as visit:
        button = visit.page.get_by_role("button", name="Copy the command for create.priority-default")
        button.click()
        visit.page.get_by_text("Copied").wait_for()
        assert visit.page.evaluate("navigator.clipboard.readText()") == samples.PRIORITY.curl
        assert visit.complaints == []


def test_a_link_leads_to_its_requirement(browser: Browser, tmp_path: Path) -> None:
    with Visit(browser, tmp_path, samples.imperfect(), viewport=PHONE, reduced_motion="reduce") as visit:
        visit.page.goto(f"{visit.address}#list.partition")
        assert visit.page.locator("[id='list.partition']").evaluate("it => Math.abs(it.getBoundingClientRect().top)") < 5
