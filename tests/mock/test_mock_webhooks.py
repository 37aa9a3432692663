"""Webhooks of the mock as a receiver sees them."""

import hashlib
import hmac
import threading
import time

import pytest

from mockserver.model.clock import Times
from mockserver.model.deliveries import Delivery
from mockserver.webhooks.schedule import next_attempt
from tests.mock.conftest import UNKNOWN_ID
from tests.mock.hooks import control, deliveries, states, subscribe, until
from tests.mock.receiver import SECRET

# --- what is sent -----------------------------------------------------------------------------------------------------


def test_each_documented_effect_is_told(hooked, contract):
    api, receiver, _ = hooked()
    made = api.made(channel="callback", user_email="ada@example.com", metadata={"phone": "+49 30 1", "preferred_time": "9 am"})
    message = api.send(made["id"]).json
    api.resolve(made["id"])
    came = receiver.wait_for(4)
    by_event = {one.json["event"]: one for one in came}
    assert sorted(by_event) == ["callback.requested", "conversation.created", "conversation.resolved", "message.created"]
    for event, one in by_event.items():
        assert contract.webhooks[event].body.violations(one.json) == []
        assert one.header("X-Bancroft-Event") == event
    assert by_event["conversation.created"].json == {
        "event": "conversation.created",
        "conversation": {
            **{name: made[name] for name in ("id", "number", "subject", "channel", "metadata")},
            "status": "open",
            "requester_email": "ada@example.com",
        },
    }
    assert by_event["conversation.resolved"].json["conversation"]["status"] == "closed"
    assert by_event["message.created"].json["message_id"] == message["id"]
    assert by_event["message.created"].json["message_type"] == "reply"


def test_the_signature_is_over_the_bytes_sent_and_no_other_headers_come(hooked):
    api, receiver, _ = hooked()
    api.made(subject="Größe \u2028 {}", metadata={"a": [1, None, {"b": "é"}]})
    (one,) = receiver.wait_for(1)
    assert one.header("X-Bancroft-Signature") == hmac.new(SECRET.encode(), one.body, hashlib.sha256).hexdigest()
    names = sorted(name for name, _ in one.headers)
    assert names == ["Content-Length", "Content-Type", "Host", "X-Bancroft-Event", "X-Bancroft-Signature"]
    assert one.header("Content-Type") == "application/json"


def test_refused_requests_and_a_second_resolve_tell_nothing(hooked):
    api, receiver, _ = hooked()
    made = api.made()
    api.resolve(made["id"])
    api.resolve(made["id"])
    api.create(subject=None)
    api.create("nobody")
    api.send(UNKNOWN_ID)
    api.resolve(made["id"], "client")
    receiver.wait_for(2)
    until(lambda: states(api) == ["delivered", "delivered"])
    assert receiver.events() == ["conversation.created", "conversation.resolved"]


def test_only_the_events_asked_for_are_sent(hooked):
    api, receiver, _ = hooked(settings={"events": ["conversation.resolved"]})
    made = api.made()
    api.resolve(made["id"])
    receiver.wait_for(1)
    assert [one["event"] for one in deliveries(api)] == ["conversation.resolved"]


def test_a_receiver_hears_of_one_organisation(hooked):
    api, receiver, _ = hooked()
    api.made("other_server")
    subscribe(api, url=receiver.url, organisation=api.app.namespace.keys.organisations[1])
    api.made("other_server", subject="Theirs")
    api.made(subject="Ours")
    assert sorted(one.json["conversation"]["subject"] for one in receiver.wait_for(2)) == ["Ours", "Theirs"]
    assert len(deliveries(api)) == 2


def test_without_a_subscription_nothing_is_kept_and_no_thread_runs(api):
    api.made()
    assert deliveries(api) == []
    assert api.app.namespaces.deliverer._thread is None


def test_the_thread_ends_with_the_last_subscription(hooked):
    api, receiver, made = hooked()
    api.made()
    receiver.wait_for(1)
    assert control(api, "DELETE", f"/{made['id']}").status_code == 204
    api.app.namespaces.deliverer.wake()
    until(lambda: api.app.namespaces.deliverer._thread is None)
    # The next subscription starts the thread again.
    subscribe(api, url=receiver.url)
    api.made()
    receiver.wait_for(2)


# --- failures and retries ---------------------------------------------------------------------------------------------


def retried(api, receiver, count):
    """Move the clock on by an hour at a time, until the receiver got so many requests."""
    for number in range(1, count):
        until(lambda number=number: len(deliveries(api)[0]["attempts"]) == number)
        api.app.namespace.clock.advance(3_600_000_000)
        receiver.wait_for(number + 1)


@pytest.mark.parametrize("status", [500, 301, 302, 404, 199 + 101, None])
def test_what_is_not_2xx_is_tried_again_with_the_same_bytes_and_redirects_are_not_followed(hooked, status):
    api, receiver, _ = hooked(lambda number, _: status if number == 1 else 200)
    api.app.namespace.clock.freeze()
    api.made()
    retried(api, receiver, 2)
    until(lambda: states(api) == ["delivered"])
    first, second = receiver.received
    assert (first.body, first.path) == (second.body, "/hooks")
    attempt = deliveries(api)[0]["attempts"][0]
    assert attempt["response"] == (None if status is None else {"status": status, "body": ""})
    assert attempt["reason"]
    assert attempt["next_at"]


def test_it_is_given_up_after_the_sixth_attempt_and_pauses_grow(hooked):
    api, receiver, _ = hooked(lambda *_: 503)
    api.app.namespace.clock.freeze()
    api.made()
    retried(api, receiver, 6)
    until(lambda: states(api) == ["given_up"])
    api.app.namespace.clock.advance(36_000_000_000)
    api.app.namespaces.deliverer.wake()
    api.made()
    receiver.wait_for(7)
    (_, given_up) = deliveries(api)
    attempts = given_up["attempts"]
    assert [one["number"] for one in attempts] == [1, 2, 3, 4, 5, 6]
    assert attempts[-1]["next_at"] is None
    assert given_up["next_at"] is None


def test_pauses_double_but_for_the_jitter():
    made = [Delivery(number, "s", "e", "c", b"", 0, 0) for number in range(1, 50)]
    for failed in range(1, 6):
        pauses = {next_attempt(one, failed, 0) for one in made}
        assert len(pauses) > 40
        assert min(pauses) >= 0.75e6 * 2 ** (failed - 1)
        assert max(pauses) <= 1.25e6 * 2 ** (failed - 1)


def test_a_receiver_that_does_not_respond_in_time_is_tried_again_and_holds_up_nobody(hooked):
    release = threading.Event()

    def respond(_, one):
        if one.json["conversation"]["subject"] == "Slow":
            release.wait(10)
        return 200

    api, receiver, _ = hooked(respond, {"timeout": 0.1})
    api.app.namespace.clock.freeze()
    api.made(subject="Slow")
    receiver.wait_for(1)
    api.made(subject="Quick")
    receiver.wait_for(2)
    until(lambda: len(deliveries(api)[1]["attempts"]) == 1)
    attempt = deliveries(api)[1]["attempts"][0]
    release.set()
    assert attempt["reason"] == "No response within 0.1 seconds."
    assert attempt["response"] is None
    assert attempt["milliseconds"] >= 100
    assert attempt["next_at"]


def test_retries_follow_a_fast_clock(hooked):
    api, receiver, _ = hooked(lambda number, _: 500 if number < 6 else 200)
    api.app.namespace.clock.run_at(1000)
    api.made()
    receiver.wait_for(6, 5)
    until(lambda: states(api) == ["delivered"])


def test_a_new_secret_signs_what_is_tried_again(hooked):
    api, receiver, made = hooked(lambda number, _: 500 if number == 1 else 200)
    api.app.namespace.clock.freeze()
    api.made()
    until(lambda: deliveries(api)[0]["attempts"])
    assert control(api, "PATCH", f"/{made['id']}", secret="another-secret-of-mine").status_code == 200
    api.app.namespace.clock.advance(10_000_000)
    _, second = receiver.wait_for(2)
    assert second.header("X-Bancroft-Signature") == hmac.new(b"another-secret-of-mine", second.body, "sha256").hexdigest()


def test_events_of_one_conversation_come_in_their_order(hooked):
    api, receiver, _ = hooked(lambda *_: time.sleep(0.01) or 200)
    made = api.made()
    sent = [api.send(made["id"], body=f"{number}").json["id"] for number in range(10)]
    api.resolve(made["id"])
    came = receiver.wait_for(12)
    assert [one.json.get("message_id") for one in came] == [None, *sent, None]


# --- duplicates, delays and another order -----------------------------------------------------------------------------


def test_duplicates_late_and_out_of_order(hooked):
    api, receiver, _ = hooked(settings={"duplicate": True})
    api.made()
    first, second = receiver.wait_for(2)
    assert first.body == second.body

    api, receiver, _ = hooked(settings={"late": 30})
    api.app.namespace.clock.freeze()
    api.made()
    api.app.namespaces.deliverer.wake()
    assert states(api) == ["waiting"]
    assert not receiver.received
    api.app.namespace.clock.advance(30_000_000)
    receiver.wait_for(1)

    api, receiver, _ = hooked(settings={"out_of_order": True})
    api.app.namespace.clock.freeze()
    made = [api.made()["number"] for _ in range(10)]
    for _ in range(20):
        api.app.namespace.clock.advance(100_000)
        until(lambda: all(one["state"] == "delivered" or one["next_at"] > now(api) for one in deliveries(api)))
    numbers = [one.json["conversation"]["number"] for one in receiver.wait_for(10)]
    assert sorted(numbers) == made
    assert numbers != made


def now(api):
    return Times(6, "Z").text(api.app.namespace.clock.now())
