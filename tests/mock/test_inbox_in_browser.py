"""examples/inbox in Chromium, over a namespace of the mock: what an agent sees when all is well, and when it is not."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, Response, expect

from mockserver.testing import MockNamespace
from mockserver.testing.fixtures import support_namespace, support_server, support_settings
from tests.browsers import axe_source, chromium
from tests.mock.inboxes import back_end

__all__ = ["support_namespace", "support_server", "support_settings"]

NOW = datetime(2031, 5, 1, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def inbox(support_namespace: MockNamespace) -> Iterator[str]:
    """The URL of the back end, in a process of its own."""
    with back_end(support_namespace.url, support_namespace.keys.server) as url:
        yield url


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    context.set_default_timeout(4000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, support_namespace: MockNamespace) -> Page:
    """A page whose time is that of the mock, which stands still."""
    support_namespace.clock.freeze(NOW)
    page = context.new_page()
    page.clock.install(time=NOW)
    return page


def create(support: MockNamespace, **members: Any) -> dict[str, Any]:
    response = requests.post(
        f"{support.url}/api/v1/conversations/create/",
        json={"subject": "Where is my parcel?", "user_email": "ada@example.com"} | members,
        headers={"X-API-Key": support.keys.client},
        timeout=10,
    )
    made: dict[str, Any] = response.json()
    return made


def replies(support: MockNamespace, conversation: dict[str, Any]) -> list[str]:
    url = f"{support.url}/api/v1/conversations/{conversation['id']}/messages/"
    found = requests.get(url, headers={"X-API-Key": support.keys.server}, timeout=10).json()["results"]
    return [one["body"] for one in found if one["sender_email"] == "agent@example.com"]


def opened(page: Page, inbox: str, subject: str = "Where is my parcel?") -> None:
    page.goto(inbox)
    page.get_by_role("button", name=subject).click()
    expect(page.get_by_role("heading", name=subject)).to_be_visible()


def send(page: Page, text: str) -> None:
    page.get_by_label("Reply").fill(text)
    page.get_by_role("button", name="Send", exact=True).click()


def test_list_thread_reply_and_resolve(page: Page, inbox: str, support_namespace: MockNamespace) -> None:
    conversation = create(support_namespace, subject="<b>Broken</b> mug", description="In two pieces.")
    support_namespace.clock.advance(timedelta(hours=2))
    create(support_namespace, subject="Opening hours?")
    page.clock.set_fixed_time(NOW + timedelta(hours=2))
    opened(page, inbox, "<b>Broken</b> mug")
    expect(page.locator("#list")).to_contain_text("2 hours ago")
    expect(page.locator("#messages")).to_contain_text("In two pieces.")
    send(page, "A new one is on its way.")
    expect(page.locator("#messages li.ours:not(.waiting)")).to_contain_text("A new one is on its way.")
    assert replies(support_namespace, conversation) == ["A new one is on its way."]
    page.get_by_role("button", name="Resolve").click()
    expect(page.locator("#state")).to_have_text("closed")
    expect(page.locator("#list li")).to_have_count(1)
    support_namespace.sent.expect(operation="resolveConversation", key="server", status=200, count=1)


def test_nothing_and_errors_of_the_list(page: Page, inbox: str, support_namespace: MockNamespace) -> None:
    support_namespace.faults.fail_next("listConversations", status=503, retry_after=20)
    page.goto(inbox)
    expect(page.locator("#notice")).to_contain_text("Trying again.")
    page.clock.fast_forward(21_000)
    expect(page.locator("#notice")).to_be_hidden()
    expect(page.get_by_text("Nothing here.")).to_be_visible()


def test_a_reply_is_shown_at_once_and_sent_again(page: Page, inbox: str, support_namespace: MockNamespace) -> None:
    conversation = create(support_namespace)
    opened(page, inbox)
    support_namespace.faults.fail_next("createMessage", status=429, retry_after=30)
    send(page, "On its way.")
    expect(page.locator("#messages li.waiting")).to_contain_text("Trying again in 30 s.")
    assert replies(support_namespace, conversation) == []
    page.clock.fast_forward(31_000)
    expect(page.locator("#messages li.ours:not(.waiting)")).to_contain_text("On its way.")
    assert replies(support_namespace, conversation) == ["On its way."]


def test_a_reply_whose_response_was_lost_is_not_sent_twice(page: Page, inbox: str, support_namespace: MockNamespace) -> None:
    conversation = create(support_namespace)
    opened(page, inbox)
    support_namespace.faults.fail_next("createMessage", drop="after")
    send(page, "On its way.")
    expect(page.locator("#messages li.waiting")).to_contain_text("could not be reached")
    page.clock.fast_forward(2_000)
    expect(page.locator("#messages li.ours:not(.waiting)")).to_have_count(1)
    assert replies(support_namespace, conversation) == ["On its way."]


def test_offline_a_reply_waits_and_outlives_the_page(
    page: Page, context: BrowserContext, inbox: str, support_namespace: MockNamespace
) -> None:
    conversation = create(support_namespace)
    opened(page, inbox)
    context.set_offline(True)
    expect(page.locator("#notice")).to_contain_text("You are offline.")
    send(page, "Sent from a train.")
    expect(page.locator("#messages li.waiting")).to_contain_text("Waiting until you are online.")
    page.close()
    context.set_offline(False)
    opened(context.new_page(), inbox)
    expect(context.pages[-1].locator("#messages")).to_contain_text("Sent from a train.")
    expect(context.pages[-1].locator("#messages li.waiting")).to_have_count(0)
    assert replies(support_namespace, conversation) == ["Sent from a train."]


def test_what_is_refused_is_told_and_taken_back(page: Page, inbox: str, support_namespace: MockNamespace) -> None:
    conversation = create(support_namespace)
    opened(page, inbox)
    support_namespace.faults.fail_next("createMessage", status=400, body={"detail": "body: Too rude."})
    send(page, "No!")
    expect(page.locator("#messages li.failed")).to_contain_text("Not sent: body: Too rude.")
    page.get_by_role("button", name="Discard").click()
    expect(page.locator("#messages li.failed")).to_have_count(0)
    support_namespace.faults.fail_next("resolveConversation", status=503)
    page.get_by_role("button", name="Resolve").click()
    expect(page.locator("#notice")).to_contain_text("Not resolved:")
    expect(page.locator("#state")).to_have_text("open")
    assert replies(support_namespace, conversation) == []


def test_the_key_stays_with_the_back_end(page: Page, inbox: str, support_namespace: MockNamespace) -> None:
    create(support_namespace)
    responses: list[Response] = []
    page.on("response", lambda response: responses.append(response))
    opened(page, inbox)
    # Texts are read only now: reading one takes a round trip to the browser, and responses that arrive meanwhile would be missed.
    assert len(responses) >= 5
    assert support_namespace.keys.server not in "".join(response.text() + str(response.headers) for response in responses)
    assert requests.post(f"{inbox}api/conversations/{'0' * 36}/resolve", data="{}", timeout=10).status_code == 415


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(context: BrowserContext, inbox: str, support_namespace: MockNamespace, scheme: Any) -> None:
    create(support_namespace)
    page = context.new_page()
    page.emulate_media(color_scheme=scheme)
    opened(page, inbox)
    support_namespace.faults.fail_next("createMessage", status=400, body={"detail": "body: Too rude."})
    send(page, "No!")
    expect(page.locator("#messages li.failed")).to_be_visible()
    page.evaluate(axe_source())
    found = page.evaluate("async () => (await axe.run()).violations.map((one) => [one.id, one.nodes.map((node) => node.html)])")
    assert found == []
