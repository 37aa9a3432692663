"""The other views of the console in Chromium, and what holds for all of them."""

import re
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, expect

from mockserver.app import create_app
from mockserver.control.access import access
from mockserver.serving.server import serving
from tests.browsers import axe_source
from tests.mock.consoles import BASE, Console, Mock, browser, console, mock

__all__ = ["browser", "console", "mock"]

VIEWS = ["requests", "inbox", "coverage", "reference", "reference/createConversation"]
SECTIONS = ["faults", "state", "clock", "webhooks", "choices", "keys", "namespaces"]
ALL_VIEWS = [*VIEWS, *(f"steer/{section}" for section in SECTIONS)]
HOSTILE = [
    "<script>window.pwned = 1</script>",
    "<img src=x onerror='window.pwned = 1'>",
    "\"'><svg onload=window.pwned=1>",
    "javascript:window.pwned=1",
    "{{constructor.constructor('window.pwned=1')()}}",
    "${window.pwned = 1}",
    "\u202egnp.exe \u0000 \ud7ff \U0001f4a5 &lt;b&gt;",
    "W" * 400,
]


def test_the_inbox_is_alive(console: Console, mock: Mock) -> None:
    made = mock.create(subject="Broken mug", description="It arrived in two pieces.", user_email="ada@example.com").json()
    page = console.open("inbox")
    page.get_by_role("searchbox").fill("broken mug")
    page.get_by_role("link", name="Broken mug").click()
    expect(page.locator(".messages")).to_contain_text("It arrived in two pieces.")
    expect(page.locator(".sight summary")).to_be_visible()
    mock.client.post(f"{mock.url}{BASE}{made['id']}/messages/create/", json={"body": "Any news?", "user_email": "ada@example.com"})
    expect(page.locator(".messages")).to_contain_text("Any news?", timeout=3000)
    page.get_by_label("Reply").fill("A new one is on its way.")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".message.ours")).to_contain_text("A new one is on its way.")
    page.locator(".changes").get_by_label("Status").select_option("pending")
    page.get_by_label("Assignee").fill("grace@example.com")
    page.get_by_role("button", name="Assign").click()
    expect(page.locator(".conversation.chosen")).to_contain_text("pending")
    seen = mock.client.get(f"{mock.url}{BASE}{made['id']}/").json()
    assert seen["status"] == "pending"
    assert mock.control("GET", f"/conversations/{made['id']}")["assignee"] == "grace@example.com"
    messages = mock.client.get(f"{mock.url}{BASE}{made['id']}/messages/").json()["results"]
    assert messages[-1]["body"] == "A new one is on its way."


def test_faults_come_from_the_form_and_from_coverage(console: Console, mock: Mock) -> None:
    page = console.open("steer/faults")
    expect(page.get_by_text("No rules: nothing fails.")).to_be_visible()
    form = page.locator("form.panel")
    form.get_by_label("Operation").select_option("createConversation")
    form.get_by_label("When").select_option("next")
    form.get_by_label("How many").fill("2")
    form.get_by_label("Body has").fill('{"priority": "high"}')
    form.get_by_label("Retry-After").fill("7")
    page.get_by_role("button", name="Add fault").click()
    expect(page.locator("table")).to_contain_text("the next 2")
    assert mock.create().status_code == 201
    broken = mock.create(priority="high")
    assert (broken.status_code, broken.headers["Retry-After"]) == (503, "7")
    expect(page.locator("table")).to_contain_text("1 of 1", timeout=3000)
    page.get_by_role("button", name="Remove", exact=False).last.click()
    page = console.open("coverage")
    page.get_by_role("button", name="Respond to the next createConversation with 429").click()
    expect(page.locator(".matrix")).to_contain_text("due")
    statuses = {mock.create().status_code for _ in range(2)}
    assert 429 in statuses
    expect(page.get_by_role("button", name="Respond to the next createConversation with 429")).to_have_count(0)


def test_a_fault_with_a_number_that_is_none_is_told(console: Console) -> None:
    page = console.open("steer/faults")
    page.get_by_role("spinbutton", name="Status").fill("99")
    page.get_by_role("button", name="Add fault").click()
    expect(page.get_by_role("alert").filter(has_text=re.compile("status"))).to_be_visible()
    console.complaints.clear()  # The browser logs the 400.


def test_namespaces_and_snapshots(console: Console, mock: Mock) -> None:
    page = console.open("steer/namespaces")
    form = page.locator("form.panel")
    form.get_by_label("Name").fill("test-1")
    form.get_by_label("Scenario").fill("paging")
    page.get_by_role("button", name="Make", exact=True).click()
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator(".namespace select")).to_have_value("test-1")
    console.page.get_by_role("link", name="Inbox").click()
    expect(page.locator(".foot")).to_contain_text("48 conversations")
    page = console.open("steer/state")
    page.get_by_role("textbox", name="Name").fill("before")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("Kept as before.")).to_be_visible()
    assert mock.control("GET", "/snapshots", headers={"X-Accord-Namespace": "test-1"}) == {"results": ["before"]}


def test_webhooks_are_subscribed_triggered_and_shown(console: Console, mock: Mock) -> None:
    received = []

    def receive(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        received.append(environ["HTTP_X_BANCROFT_EVENT"])
        start_response("500 Internal Server Error" if len(received) == 1 else "200 OK", [("Content-Length", "2")])
        return [b"ok"]

    id = mock.create().json()["id"]
    mock.control("PUT", "/clock", json={"frozen": True})  # So that nothing is tried again by itself.
    with serving(receive) as receiver:
        page = console.open("steer/webhooks")
        expect(page.get_by_text("Nobody is told of events yet.")).to_be_visible()
        page.get_by_label("URL").fill(f"{receiver}/hook")
        page.get_by_label("Secret").fill("a-secret")
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.locator(".items")).to_contain_text(f"{receiver}/hook")
        page.locator("form.panel select").select_option("conversation.assigned")
        page.get_by_role("textbox", name="Conversation").fill(id)
        page.get_by_role("button", name="Trigger", exact=True).click()
        delivery = page.locator(".delivery")
        expect(delivery).to_contain_text("waiting, 1 attempt")
        page.get_by_role("button", name="Redeliver").click()
        expect(delivery.filter(has_text="delivered, 1 attempt")).to_have_count(1, timeout=3000)
    assert received == ["conversation.assigned"] * 2


def test_the_state_is_exported_and_imported(console: Console, mock: Mock, tmp_path: Path) -> None:
    mock.create(subject="Kept")
    page = console.open("steer/state")
    with page.expect_download() as saving:
        page.get_by_role("button", name="Export").click()
    saved = tmp_path / saving.value.suggested_filename
    saving.value.save_as(saved)
    page.get_by_role("button", name="Reset").click()
    page.get_by_role("button", name="Reset all data").click()
    expect(page.get_by_text("Begun again.")).to_be_visible()
    assert mock.control("GET", "/conversations?q=kept")["count"] == 0
    page.locator("input[type=file]").set_input_files(saved)
    expect(page.get_by_text("The state is now that of")).to_be_visible()
    assert mock.control("GET", "/conversations?q=kept")["count"] == 1


def test_the_clock_moves_on(console: Console, mock: Mock) -> None:
    page = console.open("steer/clock")
    page.get_by_label("Frozen").check()
    page.get_by_role("button", name="1 week").click()
    page.wait_for_timeout(100)
    assert mock.control("GET", "/clock")["frozen"]
    assert page.locator(".clock").inner_text()[:10] == mock.control("GET", "/clock")["now"][:10]


def test_a_choice_is_switched_and_a_key_created(console: Console, mock: Mock) -> None:
    page = console.open("steer/choices")
    page.get_by_role("searchbox").fill("limit_over_maximum")
    page.get_by_label("reject").check()
    expect(page.get_by_text("changed from clamp")).to_be_visible()
    assert mock.client.get(f"{mock.url}{BASE}?limit=1000").status_code == 400
    page = console.open("steer/keys")
    page.get_by_label("Name", exact=True).fill("mobile app")
    page.get_by_role("button", name="Create").click()
    whole = page.locator(".decision code").inner_text()
    assert requests.get(f"{mock.url}{BASE}", headers={"X-API-Key": whole}, timeout=10).status_code == 200
    row = page.get_by_role("row").filter(has_text="mobile app")
    row.get_by_role("button", name="Revoke").click()
    row.get_by_role("button", name="Press again").click()
    expect(row).to_contain_text("revoked")
    assert requests.get(f"{mock.url}{BASE}", headers={"X-API-Key": whole}, timeout=10).status_code == 401


def test_an_operation_is_tried(console: Console) -> None:
    page = console.open("reference/createConversation")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".tried .status")).to_have_text("201")
    page.get_by_role("link", name="Open the exchange").click()
    expect(page.locator(".detail-title")).to_contain_text("201")
    page = console.open("reference/getConversation")
    expect(page.get_by_label("id in the path")).not_to_have_value("")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".tried .status")).to_have_text("200")


def test_hostile_text_stays_text(console: Console, mock: Mock) -> None:
    made = []
    for text in HOSTILE:
        words = {"subject": text[:200], "description": text, "metadata": {text[:100]: text}, "user_first_name": text[:50]}
        response = mock.create(**words, user_email="ada@example.com")
        made.append(response)
        mock.client.get(
            f"{mock.url}/{text}",
            params={text: text},
            headers={"X-Hostile": text.encode("ascii", "replace").decode()[:80].replace("\0", "")},
        )
    assert any(response.status_code == 201 for response in made)
    page = console.open()
    for view in ALL_VIEWS:
        console.open(view)
    for response in made:
        console.open(f"requests/{response.headers['X-Accord-Request-Id']}")
        page.locator(".code").first.wait_for()
        if response.status_code == 201:
            console.open(f"inbox/{response.json()['id']}")
            page.locator(".message").first.wait_for()
    expect(page.locator("main")).to_contain_text("W" * 200)
    page = console.open("inbox")
    expect(page.get_by_text(HOSTILE[0]).first).to_be_visible()
    assert page.evaluate("window.pwned") is None
    assert page.locator("main script, main svg, main img").count() == 0


def lived_in(mock: Mock) -> list[str]:
    """Fill the mock with long words, refusals and faults; return all views, with an exchange and a conversation."""
    made = mock.create(subject="W" * 200, description="Long words fit, too.").json()
    refused = mock.create(priority="critical").headers["X-Accord-Request-Id"]
    mock.control("POST", "/faults", json={"match": {"operation": "createMessage"}, "then": {"status": 503}})
    mock.control("POST", "/webhooks", json={"url": "http://127.0.0.1:9/hook", "secret": "a-secret"})
    mock.control("POST", "/webhooks/trigger", json={"event": "conversation.assigned", "conversation": made["id"]})
    return [*ALL_VIEWS, f"requests/{refused}", f"inbox/{made['id']}"]


def test_axe_finds_nothing_in_any_view_light_or_dark(browser: Browser, mock: Mock) -> None:
    axe, views = axe_source(), lived_in(mock)
    # The content security policy of the page would block axe, too.
    context = browser.new_context(viewport={"width": 1280, "height": 760}, bypass_csp=True)
    console = Console(context, mock.url)
    page = console.open()
    page.evaluate(axe)
    wrong = {}
    for view in views:
        console.open(view)
        for scheme, only in (("light", ""), ("dark", "runOnly: ['color-contrast'],")):
            page.emulate_media(color_scheme=scheme)
            found = page.evaluate(f"axe.run({{{only} resultTypes: ['violations']}})")["violations"]
            if found:
                wrong[view, scheme] = [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found]
    context.close()
    assert wrong == {}


@pytest.mark.parametrize("width", [360, 820])
def test_every_view_fits(browser: Browser, mock: Mock, width: int) -> None:
    views = lived_in(mock)
    context = browser.new_context(viewport={"width": width, "height": 740})
    console = Console(context, mock.url)
    for view in views:
        page = console.open(view)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, view
        beyond = page.evaluate(
            """width => [...document.querySelectorAll("main button, main input, main select, main textarea, main p, main h2")]
              .filter(one => one.getBoundingClientRect().right > width + 1 && !one.closest(".table-place, .side"))
              .map(one => one.outerHTML.slice(0, 120))""",
            width,
        )
        assert beyond == [], view
    context.close()
    assert console.complaints == []


def test_the_page_asks_for_the_token(browser: Browser) -> None:
    token = "a-token-of-some-length"
    app = create_app(scenario="empty", access=access(token=token))
    with serving(app) as url:
        context = browser.new_context()
        console = Console(context, url)
        page = console.open()
        page.get_by_label("Token").fill("another-token-of-some-length")
        page.get_by_role("button", name="Go on").click()
        expect(page.get_by_label("Token")).to_be_visible()
        page.get_by_label("Token").fill(token)
        page.get_by_role("button", name="Go on").click()
        expect(page.get_by_text("No requests yet")).to_be_visible()
        context.close()


def test_the_page_goes_on_after_the_mock_was_started_again(browser: Browser) -> None:
    app = create_app(scenario="empty")
    context = browser.new_context()
    with serving(app) as url:
        mock = Mock(url, app)
        mock.create()
        console = Console(context, url)
        page = console.open()
        expect(page.locator(".row")).to_have_count(1)
    expect(page.get_by_text("The mock cannot be reached")).to_be_visible(timeout=3000)
    expect(page.locator(".row")).to_have_count(1)
    with serving(create_app(scenario="empty"), port=int(url.rpartition(":")[2])) as again:
        assert again == url
        expect(page.get_by_text("The mock cannot be reached")).to_have_count(0, timeout=6000)
        expect(page.locator(".row")).to_have_count(0)
    context.close()
