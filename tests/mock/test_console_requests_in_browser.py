"""The console's requests in Chromium: live, filtered, opened, copied, sent again."""

import json
import subprocess

import pytest
from playwright.sync_api import expect

from tests.mock.consoles import BASE, Console, Mock, browser, console, mock

__all__ = ["browser", "console", "mock"]


def test_requests_show_up_as_they_come(console: Console, mock: Mock) -> None:
    page = console.open()
    expect(page.get_by_text("No requests yet")).to_be_visible()
    mock.create(subject="x" * 1000)
    row = page.locator(".row")
    expect(row).to_have_count(1, timeout=1500)
    for text in ("POST", "createConversation", "400", "client", "create.subject-too-long"):
        expect(row).to_contain_text(text)


def test_filters_select_and_errors_are_grouped(console: Console, mock: Mock) -> None:
    for _ in range(3):
        mock.create(priority="critical")
    mock.create()
    mock.client.get(f"{mock.url}{BASE}", headers={"X-API-Key": mock.keys.server})
    mock.client.get(f"{mock.url}{BASE}?status=unheard-of")
    page = console.open()
    expect(page.locator(".row")).to_have_count(6)
    page.get_by_text("Operation", exact=True).first.click()
    page.get_by_label("listConversations").check()
    expect(page.locator(".row")).to_have_count(2)
    page.keyboard.press("Escape")
    page.locator("summary", has_text="Key").click()
    page.locator(".menu-items:visible").get_by_label("server").check()
    expect(page.locator(".row")).to_have_count(1)
    page.get_by_role("button", name="Clear filters").click()
    page.get_by_role("searchbox").fill("unheard-of")
    expect(page.locator(".row")).to_have_count(1)
    page.get_by_role("searchbox").fill("")
    page.get_by_label("Errors grouped").check()
    groups = page.locator(".group")
    expect(groups).to_have_count(2)
    expect(groups.first).to_contain_text("3 ×")
    expect(groups.first).to_contain_text("create.undocumented-values-refused")
    groups.first.click()
    expect(page.locator(".row")).to_have_count(3)


def test_an_exchange_says_what_decided_it(console: Console, mock: Mock) -> None:
    id = mock.create(priority="critical").headers["X-Accord-Request-Id"]
    page = console.open(f"requests/{id}")
    decision = page.locator(".decision")
    expect(decision).to_contain_text("create.undocumented-values-refused")
    expect(decision).to_contain_text("An undocumented priority or channel is refused")
    expect(decision).to_contain_text("Source:")
    expect(page.locator(".code .marked")).to_contain_text("critical")
    expect(page.locator(".facts")).to_contain_text("client")
    page.keyboard.press("Escape")
    expect(page.locator(".detail")).to_have_count(0)


def test_it_is_copied_as_a_line_that_works(console: Console, mock: Mock) -> None:
    id = mock.create(subject='It\'s $HOME, `pwd` and "more" \\ 100 % ünïcödé').headers["X-Accord-Request-Id"]
    page = console.open(f"requests/{id}")
    copied = {}
    for place, name in enumerate(("curl", "fetch", "Python")):
        button = page.locator(".detail .actions .button.small").nth(place)
        expect(button).to_have_text(name)
        button.click()
        expect(button).to_have_text("Copied")
        copied[name] = page.evaluate("navigator.clipboard.readText()")
    done = subprocess.run(["bash", "-c", copied["curl"]], capture_output=True, text=True, timeout=20, check=True)
    assert json.loads(done.stdout)["subject"] == 'It\'s $HOME, `pwd` and "more" \\ 100 % ünïcödé'
    lines: list[str] = []
    exec(compile(copied["Python"], "copied", "exec"), {"print": lambda *values: lines.append(" ".join(map(str, values)))})
    assert lines[0].startswith("201 ")
    assert "It's $HOME" in lines[0]
    assert page.evaluate(f"(async () => {{ {copied['fetch']}; return response.status; }})()") == 201
    console.complaints.clear()  # That line writes to the console.


def test_it_is_sent_again_changed_and_compared(console: Console, mock: Mock) -> None:
    id = mock.create(priority="critical").headers["X-Accord-Request-Id"]
    page = console.open(f"requests/{id}")
    page.get_by_role("button", name="Send again").click()
    expect(page.locator(".compare")).to_contain_text("The responses are the same.")
    page.get_by_role("button", name="Edit and send").click()
    page.locator("form.edit textarea").last.fill('{"subject": "Mended", "priority": "high"}')
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".compare th").last).to_contain_text("201")
    expect(page.locator(".compare .differs")).not_to_have_count(0)
    page.get_by_role("link", name="Open the new exchange").click()
    expect(page.locator(".detail-title")).to_contain_text("201")
    expect(page.locator(".facts")).to_contain_text(id)


@pytest.mark.extended
def test_ten_thousand_requests_are_filtered_at_once_and_scroll(console: Console, mock: Mock) -> None:
    journal, found = mock.app.journal, mock.create(priority="critical")
    mock.create()
    entries = list(journal._entries)
    # The journal is filled directly, with as many requests as the page keeps.
    for number in range(10_000):
        one = entries[number % 2]
        journal._entries.appendleft((f"{one[0]}-{number}", *one[1:]))
    assert found.status_code == 400
    page = console.open()
    page.get_by_role("button", name="Load older").click(timeout=20_000)
    expect(page.locator(".foot")).to_contain_text("10,000 requests", timeout=20_000)
    assert page.locator(".row").count() < 80
    took = page.evaluate(
        """async () => {
          const input = document.querySelector(".search");
          const times = [];
          for (const text of ["critical", "parcel", "nothing like it", "create", "critical"]) {
            const began = performance.now();
            input.value = text;
            input.dispatchEvent(new Event("input", {bubbles: true}));
            await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
            times.push(performance.now() - began);
          }
          return times;
        }"""
    )
    assert sorted(took)[len(took) // 2] <= 100, took
    expect(page.locator(".foot")).to_contain_text("5,00")
    page.get_by_role("searchbox").fill("")
    page.locator(".rows").press("End")
    expect(page.locator(".row.active")).to_be_visible()
    assert page.locator(".rows").evaluate("element => element.scrollTop") > 200_000


@pytest.mark.extended
def test_what_the_page_holds_is_bounded(console: Console, mock: Mock) -> None:
    """20,000 requests come while it is open, as in half an hour at ten a second, and 10,000 while it is paused."""
    journal = mock.app.journal
    mock.create(priority="critical", description="x" * 2000)
    [one] = journal._entries
    page = console.open()
    expect(page.locator(".foot")).to_contain_text("1 request")
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")

    def held() -> tuple[float, float]:
        """Collect garbage, and return the MiB of the JavaScript heap and the number of nodes."""
        session.send("HeapProfiler.collectGarbage")
        found = {metric["name"]: metric["value"] for metric in session.send("Performance.getMetrics")["metrics"]}
        return found["JSHeapUsedSize"] / 2**20, found["Nodes"]

    def come(count: int, shown: str) -> None:
        """Add `count` requests. After each thousand, wait until `shown` is true of the page."""
        for number in range(1, count + 1):
            id = journal.new_id()
            journal._entries.append((id, *one[1:]))
            if number % 1000 == 0:
                page.wait_for_function(shown, arg=[id, min(10_000, number)], timeout=20_000)

    in_list = "([id]) => document.getElementById(`row-${id}`) !== null"
    waiting = "([, count]) => [...document.querySelectorAll('button')].some((one) => one.textContent === `Resume (${count})`)"
    come(12_000, in_list)
    expect(page.locator(".foot")).to_contain_text("10,000 requests")
    assert page.locator(".row").count() < 80
    heap, nodes = held()
    assert nodes < 3000
    assert heap < 60
    come(8000, in_list)
    more, later = held()
    assert later < nodes + 200
    assert more < heap + 5
    page.get_by_role("button", name="Pause").click()
    come(10_000, waiting)
    paused, _ = held()
    # The page holds waiting lines in addition to those shown, which is twice as many, but no whole exchanges.
    assert paused < 2 * heap + 5, (heap, more, paused)


def test_an_update_moves_nothing_and_takes_no_focus(console: Console, mock: Mock) -> None:
    for number in range(80):
        mock.create(subject=f"Parcel {number}", priority="critical" if number % 2 else "high")
    page = console.open()
    expect(page.locator(".foot")).to_contain_text("80 requests")
    listing = page.locator(".rows")
    listing.evaluate("element => { element.scrollTop = 520; }")
    expect(page.locator(".row").first).not_to_have_attribute("aria-posinset", "1")
    listing.focus()
    visible = "() => document.elementFromPoint(300, 400).closest('.row').id"
    before = page.evaluate(visible)
    for _ in range(5):
        mock.create()
    expect(page.locator(".foot")).to_contain_text("85 requests", timeout=2000)
    assert page.evaluate(visible) == before
    assert page.evaluate("document.activeElement.className").startswith("rows")


def test_pause_holds_back_and_clear_forgets(console: Console, mock: Mock) -> None:
    mock.create()
    page = console.open()
    expect(page.locator(".row")).to_have_count(1)
    page.get_by_role("button", name="Pause").click()
    mock.create()
    expect(page.get_by_role("button", name="Resume (1)")).to_be_visible(timeout=2000)
    assert page.locator(".row").count() == 1
    page.get_by_role("button", name="Resume (1)").click()
    expect(page.locator(".row")).to_have_count(2)
    page.get_by_role("button", name="Clear").click()
    page.get_by_role("button", name="Forget all").click()
    expect(page.get_by_text("No requests yet")).to_be_visible()
    assert mock.control("GET", "/requests")["results"] == []


def test_the_keyboard_is_enough(console: Console, mock: Mock) -> None:
    for priority in ("critical", "high"):
        mock.create(priority=priority)
    page = console.open()
    expect(page.locator(".row")).to_have_count(2)
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.type") == "search"
    page.locator(".rows").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".detail-title")).to_contain_text("400")
    page.keyboard.press("ArrowUp")
    expect(page.locator(".detail-title")).to_contain_text("201")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.className").startswith("rows")
