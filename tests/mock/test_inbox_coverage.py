"""The coverage of examples/inbox: the tests bring about all that such a client can meet. README.md has the figure."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from mockserver.testing import MockNamespace
from tests.mock.inboxes import INBOX, back_end
from tests.mock.test_inbox_in_browser import (
    browser,
    context,
    create,
    inbox,
    opened,
    page,
    send,
    support_namespace,
    support_server,
    support_settings,
)

__all__ = ["browser", "context", "inbox", "page", "support_namespace", "support_server", "support_settings"]

README = (INBOX / "README.md").read_text(encoding="utf-8")
CREATE = "createConversation"
OPERATIONS = ("listConversations", "getConversation", "listMessages", "createMessage", "resolveConversation")
TRANSIENT = ("429", "503")


def left_out() -> set[str]:
    """What README.md lists as left out, each with its reason: `createConversation`, `createMessage 413`, `missing-key`."""
    table = README.partition("<!-- left out: begin -->")[2].partition("<!-- left out: end -->")[0]
    rows = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in table.strip().splitlines()[2:]]
    assert all(len(row) == 2 and len(row[1]) > 10 for row in rows)
    return {name for what, _ in rows for name in re.findall(r"`([^`]+)`", what)}


def everything(coverage: dict[str, Any]) -> tuple[set[str], set[str]]:
    """Return the names of all statuses and refusals, and of those that were met."""
    counted = {f"{one['operation']} {one['status']}": one["count"] for one in coverage["responses"]}
    counted |= {one["kind"]: one["count"] for one in coverage["refusals"]}
    return {*counted}, {name for name, count in counted.items() if count}


def statuses_of(support: MockNamespace, operation: str, out: set[str]) -> list[str]:
    """Return the statuses of an operation, from 300 on, that the inbox can meet."""
    found = [one["status"] for one in support.steer("GET", "/coverage")["responses"] if one["operation"] == operation]
    return [status for status in found if status >= "300" and f"{operation} {status}" not in out]


def meet_statuses(page: Page, inbox: str, support: MockNamespace, out: set[str]) -> None:
    """Meet each documented refusal of each operation, by a fault."""
    conversation = create(support)
    for operation in OPERATIONS:
        for status in statuses_of(support, operation, out):
            if operation != "listConversations":
                opened(page, inbox)
            rule = support.faults.fail_next(operation, status=int(status), body={"detail": f"Refused by {status}."})
            if operation == "listConversations":
                page.goto(inbox)
                expect(page.locator("#notice")).to_have_text(
                    f"Refused by {status}." + (" Trying again." if status in TRANSIENT else "")
                )
            elif operation in ("getConversation", "listMessages"):
                page.get_by_role("button", name=conversation["subject"]).click()
                expect(page.locator("#notice")).to_have_text(f"Refused by {status}.")
            elif operation == "createMessage":
                send(page, "Hello")
                row = page.locator("#messages li.waiting" if status in TRANSIENT else "#messages li.failed")
                expect(row).to_contain_text(f"Refused by {status}.")
                page.evaluate("localStorage.clear()")
            else:
                page.get_by_role("button", name="Resolve").click()
                expect(page.locator("#notice")).to_have_text(f"Not resolved: Refused by {status}.")
                expect(page.locator("#state")).to_have_text("open")
            support.steer("DELETE", f"/faults/{rule}")


def meet_refusals(page: Page, inbox: str, support: MockNamespace) -> None:
    """Meet the refusals that depend on the state of the mock or on its choices."""
    notice, failed = page.locator("#notice"), page.locator("#messages li.failed")
    conversation = create(support, subject="Closed elsewhere")
    opened(page, inbox, "Closed elsewhere")
    support.steer("PATCH", "/choices", {"reply_to_closed": "refuse", "resolve_twice": "409"})
    support.change(conversation["id"], status="closed")
    send(page, "Too late")
    expect(failed).to_contain_text("Not sent: The conversation is closed.")
    page.get_by_role("button", name="Discard").click()
    page.get_by_role("button", name="Resolve").click()
    expect(notice).to_contain_text("Not resolved:")

    create(support, subject="Of a stranger")
    opened(page, inbox, "Of a stranger")
    support.steer("PATCH", "/choices", {"unknown_sender": "refuse"})
    send(page, "Who am I?")
    expect(failed).to_contain_text("Not sent:")
    page.get_by_role("button", name="Discard").click()
    support.steer("PUT", "/choices", {})

    # The mock was reset while the page was open.
    support.steer("POST", "/reset")
    page.get_by_role("button", name="Of a stranger").click()
    expect(notice).not_to_be_empty()


def meet_keys(page: Page, support: MockNamespace) -> None:
    """Meet the refusals of a back end that has a wrong key, or an agent without a valid address."""
    keys, notice = support.keys, page.locator("#notice")
    conversation = create(support)
    for key in ("", "bnc_sv_nobody-has-this-key-of-all-000000", keys.revoked, keys.origin_client, keys.bundle_client):
        with back_end(support.url, key) as url:
            page.goto(url)
            expect(notice).not_to_be_empty()
    with back_end(support.url, keys.client) as url:
        opened(page, url)
        page.get_by_role("button", name="Resolve").click()
        expect(notice).to_contain_text("Not resolved:")
        expect(page.locator("#state")).to_have_text("open")
    with back_end(support.url, keys.other_server) as url:
        page.goto(url)
        expect(page.get_by_text("Nothing here.")).to_be_visible()
        # As in a page that was open before the back end got the key of another organisation.
        page.evaluate("id => open(id)", conversation["id"])
        expect(notice).not_to_be_empty()
    with back_end(support.url, keys.server, agent="nobody") as url:
        opened(page, url)
        send(page, "From nowhere")
        expect(page.locator("#messages li.failed")).to_contain_text("Not sent:")


def meet_successes(page: Page, inbox: str, support: MockNamespace) -> None:
    """Meet each success: a list, a thread, a reply with either status, and a resolve."""
    for status in ("200", "201"):
        support.steer("PATCH", "/choices", {"create_message_status": status})
        opened(page, inbox)
        send(page, f"By {status}")
        expect(page.locator("#messages li.ours:not(.waiting)").last).to_contain_text(f"By {status}")
    page.get_by_role("button", name="Resolve").click()
    expect(page.locator("#state")).to_have_text("closed")


@pytest.mark.extended
def test_all_that_an_inbox_can_meet_is_met(page: Page, inbox: str, support_namespace: MockNamespace) -> None:
    out = left_out()
    page.set_default_timeout(10_000)
    meet_statuses(page, inbox, support_namespace, out)
    meet_refusals(page, inbox, support_namespace)
    meet_keys(page, support_namespace)
    meet_successes(page, inbox, support_namespace)
    coverage = support_namespace.steer("GET", "/coverage")
    there, met = everything(coverage)
    possible = {name for name in there if name not in out and name.split()[0] not in out}
    assert possible - met == set()
    # README.md leaves out nothing that was met, except for the creates of these tests.
    assert {name for name in met - possible if not name.startswith(CREATE)} == set()
    assert {name for name in out if name not in there and name != CREATE} == set()
    figure = f"{len(possible)} of {len(possible)} statuses and refusals (100 %)"
    assert figure in README, figure
    assert f"of all {coverage['total']} that" in " ".join(README.split()), coverage["total"]
