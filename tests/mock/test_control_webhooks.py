"""Webhooks of the mock by the control API: subscriptions, deliveries, triggers, and where events may go."""

import socket
import threading
import time

import pytest

from tests.mock.conftest import UNKNOWN_ID
from tests.mock.hooks import HOOKS, control, deliveries, states, subscribe, until
from tests.mock.receiver import SECRET, receiving

# --- steering ---------------------------------------------------------------------------------------------------------


def test_any_event_can_be_triggered(hooked):
    api, receiver, _ = hooked()
    made = api.made()
    receiver.wait_for(1)
    response = control(api, "POST", "/trigger", event="conversation.assigned", conversation=made["id"])
    assert response.status_code == 202
    assert response.json["deliveries"] == ["2"]
    assert receiver.wait_for(2)[1].json["event"] == "conversation.assigned"
    assert control(api, "POST", "/trigger", event="message.created", conversation=made["id"]).status_code == 409
    assert control(api, "POST", "/trigger", event="message.created", conversation=UNKNOWN_ID).status_code == 404
    assert control(api, "POST", "/trigger", event="message.deleted", conversation=made["id"]).status_code == 400
    sent = api.send(made["id"]).json
    control(api, "POST", "/trigger", event="message.created", conversation=made["id"])
    assert [one.json["message_id"] for one in receiver.wait_for(4)[2:]] == [sent["id"]] * 2


def test_redelivery_sends_the_same_bytes(hooked):
    api, receiver, made = hooked()
    api.made()
    receiver.wait_for(1)
    again = control(api, "POST", "/deliveries/1/redeliver")
    assert (again.status_code, again.json["redelivery_of"]) == (202, "1")
    first, second = receiver.wait_for(2)
    assert (first.body, first.header("X-Bancroft-Signature")) == (second.body, second.header("X-Bancroft-Signature"))
    assert control(api, "POST", "/deliveries/77/redeliver").status_code == 404
    control(api, "DELETE", f"/{made['id']}")
    assert control(api, "POST", "/deliveries/1/redeliver").status_code == 409


def test_secrets_are_told_once(hooked):
    api, _, made = hooked()
    assert made["secret"] == SECRET
    for response in (
        control(api, "GET", ""),
        control(api, "GET", f"/{made['id']}"),
        control(api, "PATCH", f"/{made['id']}", late=1),
        control(api, "GET", "/deliveries"),
    ):
        assert SECRET not in response.text


def test_a_reset_forgets_subscriptions_but_those_of_the_start(make_api, stack):
    receiver = stack.enter_context(receiving())
    api = make_api(webhook=receiver.url, webhook_secret=SECRET)
    stack.callback(api.app.namespaces.close)
    (start,) = control(api, "GET", "").json["results"]
    subscribe(api, url=receiver.url)
    control(api, "PATCH", f"/{start['id']}", late=1)
    api.request("POST", "/__accord__/reset", key=None)
    assert control(api, "GET", "").json["results"] == [start]
    api.made()
    receiver.wait_for(1)
    # Other namespaces begin with it, too.
    api.request("POST", "/__accord__/in/other/api/v1/conversations/create/", json={"subject": "There"})
    receiver.wait_for(2)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({}, "url"),
        ({"url": "http://127.0.0.1/"}, "secret"),
        ({"url": "ftp://127.0.0.1/", "secret": "s"}, "url"),
        ({"url": "http://user:pw@127.0.0.1/", "secret": "s"}, "url"),
        ({"url": "http://127.0.0.1:99999/", "secret": "s"}, "url"),
        ({"url": "http://192.0.2.7/hooks", "secret": "s"}, "url"),
        ({"url": 7, "secret": "s"}, "url"),
        ({"url": "http://127.0.0.1/", "secret": ""}, "secret"),
        ({"url": "http://127.0.0.1/", "secret": "s", "events": []}, "events"),
        ({"url": "http://127.0.0.1/", "secret": "s", "events": ["message.deleted"]}, "events"),
        ({"url": "http://127.0.0.1/", "secret": "s", "timeout": 0}, "timeout"),
        ({"url": "http://127.0.0.1/", "secret": "s", "late": True}, "late"),
        ({"url": "http://127.0.0.1/", "secret": "s", "duplicate": 1}, "duplicate"),
        ({"url": "http://127.0.0.1/", "secret": "s", "organisation": "Nobody"}, "organisation"),
        ({"url": "http://127.0.0.1/", "secret": "s", "colour": 1}, "colour"),
    ],
)
def test_bad_settings_are_refused_with_the_member(api, settings, named):
    response = api.request("POST", HOOKS, key=None, json=settings)
    assert response.status_code == 400
    assert named in response.json["detail"]
    assert control(api, "GET", "").json["results"] == []


def test_unknown_ones_are_404(api):
    for method, path in (("GET", "/x"), ("PATCH", "/x"), ("DELETE", "/x")):
        assert control(api, method, path).status_code == 404


# --- where events may go ----------------------------------------------------------------------------------------------


def test_a_name_that_leads_elsewhere_later_is_refused_when_connecting(hooked, monkeypatch):
    looked_up = socket.getaddrinfo
    at = ["127.0.0.1"]

    def rebound(host, *rest, **more):
        return looked_up(at[0] if host == "hooks.test" else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", rebound)
    api, receiver, made = hooked()
    port = receiver.url.split(":")[2]
    control(api, "PATCH", f"/{made['id']}", url=f"http://hooks.test:{port}")
    api.made()
    receiver.wait_for(1)
    until(lambda: states(api) == ["delivered"])
    at[0] = "192.0.2.1"
    api.made()
    until(lambda: deliveries(api)[0]["attempts"])
    reason = deliveries(api)[0]["attempts"][0]["reason"]
    assert reason.startswith("hooks.test is at 192.0.2.1, which is beyond this machine")
    assert "--webhook-allow hooks.test" in reason
    assert len(receiver.received) == 1


def test_a_name_that_leads_elsewhere_is_refused_at_once(api, monkeypatch):
    found = {"hooks.test": ["127.0.0.1", "192.0.2.1"], "here.test": ["127.0.0.1"]}

    def look_up(host, *_, **__):
        if host not in found:
            raise socket.gaierror("unknown")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in found[host]]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    refused = api.request("POST", HOOKS, key=None, json={"url": "http://hooks.test/", "secret": "s"})
    assert refused.status_code == 400
    detail = refused.json["detail"]
    assert "member url" in detail
    assert "hooks.test is at 192.0.2.1, which is beyond this machine" in detail
    assert "--webhook-allow hooks.test" in detail
    here = subscribe(api, url="http://here.test/")
    assert control(api, "PATCH", f"/{here['id']}", url="http://hooks.test/").status_code == 400
    # A host name that cannot be resolved is accepted: its attempts report the error.
    subscribe(api, url="http://nobody.test/")
    assert [one["url"] for one in control(api, "GET", "").json["results"]] == ["http://here.test/", "http://nobody.test/"]


def test_a_name_that_takes_long_to_find_holds_nothing_up(api, monkeypatch):
    end = threading.Event()

    def look_up(*_, **__):
        end.wait(20)
        raise socket.gaierror("unknown")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    began = time.monotonic()
    subscribe(api, url="http://slow.test/")
    end.set()
    assert time.monotonic() - began < 10


def test_the_organisation_of_a_default_subscription_is_null(api):
    made = subscribe(api, url="http://127.0.0.1:9/")
    assert made["organisation"] is None
    [name, *_] = api.app.namespace.keys.organisations
    assert control(api, "PATCH", f"/{made['id']}", organisation=name).json["organisation"] == name
    assert control(api, "PATCH", f"/{made['id']}", organisation=None).json["organisation"] is None


def test_a_host_that_was_allowed_may_be_anywhere(make_api):
    api = make_api(webhook_allow=["192.0.2.7"])
    subscribe(api, url="http://192.0.2.7/hooks")
    api.app.namespaces.close()
