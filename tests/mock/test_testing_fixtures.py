"""The fixtures for tests over a socket: namespaces, what was sent, and webhooks."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from accord.base.errors import AccordError
from mockserver.testing import MockNamespace, WebhookReceiver, mocked_api
from mockserver.testing.fixtures import support_namespace, support_server, support_settings, webhook_receiver

__all__ = ["support_namespace", "support_server", "support_settings", "webhook_receiver"]

PATH = "/api/v1/conversations/"


def create(namespace: MockNamespace, **members: Any) -> requests.Response:
    return requests.post(
        f"{namespace.url}{PATH}create/",
        json={"subject": "Where is my parcel?"} | members,
        headers={"X-API-Key": namespace.keys.server},
        timeout=10,
    )


def test_a_namespace_is_named_after_its_test_and_dropped(support_server: str) -> None:
    names: list[str] = []

    def listed() -> set[str]:
        found = requests.get(f"{support_server}/__accord__/namespaces", timeout=10).json()["results"]
        return {one["name"] for one in found}

    for number in range(2):
        namespace = MockNamespace(support_server, f"gw{number}.mine", {"scenario": "empty"})
        names.append(namespace.name)
        create(namespace)
        assert [entry["operation"] for entry in namespace.sent.all()] == ["createConversation"]
    assert listed() >= set(names)
    for name in names:
        MockNamespace(support_server, name, {"scenario": "empty"}).drop()
    assert not listed() & set(names)


def test_the_name_of_a_namespace_tells_the_test(support_namespace: MockNamespace) -> None:
    assert re.fullmatch(r"(main|gw\d+)\.test_the_name_of_a_namespace_tells_the_test\.[0-9a-f]{8}", support_namespace.name)


@pytest.mark.parametrize("hostile", ["ä/..%2F", "x" * 300, "a b\n"])
def test_any_name_of_a_test_will_do(support_namespace: MockNamespace, hostile: str) -> None:
    assert create(support_namespace).status_code == 201


def test_a_difference_is_told_with_the_nearest_request(support_namespace: MockNamespace) -> None:
    create(support_namespace, subject="Hallo", priority="low")
    support_namespace.sent.expect(operation="createConversation", body={"priority": "low"}, count=1)
    with pytest.raises(AssertionError) as caught:
        support_namespace.sent.expect(operation="createConversation", body={"subject": "Hello", "priority": "low"})
    assert str(caught.value) == (
        'Expected at least 1 request like {"operation": "createConversation", "body": {"subject": "Hello", "priority": "low"}}; '
        f"the mock got 0.\nNearest to it:\n  POST {PATH}create/ -> 201\n"
        '    body.subject is "Hallo"; expected "Hello"'
    )


def test_too_many_and_none_are_told(support_namespace: MockNamespace) -> None:
    with pytest.raises(AssertionError, match="Nothing was sent"):
        support_namespace.sent.expect(operation="createConversation")
    create(support_namespace)
    create(support_namespace)
    with pytest.raises(AssertionError, match=f"Expected 1 request .* got 2.\nThe latest requests:\n  POST {PATH}create/ -> 201"):
        support_namespace.sent.expect(operation="createConversation", count=1)
    with pytest.raises(AssertionError, match=r"Expected no request .* got 2"):
        support_namespace.sent.expect_none(status=201)
    support_namespace.sent.forget()
    support_namespace.sent.expect_none(status=201)


def test_a_bad_match_a_bad_rule_and_bad_settings_are_told(support_namespace: MockNamespace, support_server: str) -> None:
    with pytest.raises(AccordError, match="operation"):
        support_namespace.sent.expect(operation="createConversations")
    with pytest.raises(AccordError, match="status"):
        support_namespace.faults.fail_next(status="503")
    with pytest.raises(AccordError, match="no-such"):
        MockNamespace(support_server, "other", {"scenario": "no-such"})
    with pytest.raises(AccordError, match="offset"):
        support_namespace.clock.freeze(datetime(2031, 1, 1))
    with pytest.raises(AccordError, match="no conversation"):
        support_namespace.reply("11111111-2222-4333-8444-555555555555", "Hello")


def test_faults_end(support_namespace: MockNamespace) -> None:
    support_namespace.faults.fail_next("createConversation", times=2, status=503)
    assert [create(support_namespace).status_code for _ in range(3)] == [503, 503, 201]
    support_namespace.faults.add({"then": {"status": 500}})
    support_namespace.faults.clear()
    assert create(support_namespace).status_code == 201


def test_the_clock_and_the_agent(support_namespace: MockNamespace) -> None:
    clock = support_namespace.clock
    clock.freeze(datetime(2031, 1, 1, tzinfo=UTC))
    clock.advance(timedelta(minutes=90))
    assert clock.now == datetime(2031, 1, 1, 1, 30, tzinfo=UTC)
    made = create(support_namespace).json()
    support_namespace.reply(made["id"], "On its way.")
    support_namespace.change(made["id"], status="pending")
    url, headers = f"{support_namespace.url}{PATH}{made['id']}/", {"X-API-Key": support_namespace.keys.client}
    assert requests.get(url, headers=headers, timeout=10).json()["status"] == "pending"
    assert requests.get(f"{url}messages/", headers=headers, timeout=10).json()["results"][-1]["body"] == "On its way."
    clock.resume()
    assert clock.now > datetime(2031, 1, 1, 1, 30, tzinfo=UTC)


def test_webhooks_are_signed_and_those_of_others_are_not(
    support_namespace: MockNamespace, webhook_receiver: WebhookReceiver
) -> None:
    support_namespace.subscribe(webhook_receiver, "conversation.created")
    create(support_namespace)
    (attempt,) = support_namespace.attempts(1)
    assert attempt["response"]["status"] == 204
    (received,) = webhook_receiver.wait_for(1)
    assert received.signed
    assert received.json["event"] == "conversation.created"
    requests.post(webhook_receiver.url, data=received.body, headers={"X-Bancroft-Signature": "0" * 64}, timeout=10)
    assert not webhook_receiver.received[-1].signed
    with pytest.raises(AssertionError, match=r"Expected 3 webhooks within 0.01 seconds; 2 arrived"):
        webhook_receiver.wait_for(3, seconds=0.01)
    with pytest.raises(AssertionError, match="Expected 2 attempts"):
        support_namespace.attempts(2, seconds=0)


def test_what_was_sent_in_process() -> None:
    with mocked_api() as api:
        requests.get(f"{api.url}{PATH}", headers={"X-API-Key": api.keys.client}, timeout=10)
        api.sent.expect(operation="listConversations", tier="client", count=1)
        with pytest.raises(AssertionError, match='tier is "client"; expected "server"'):
            api.sent.expect(operation="listConversations", tier="server")
