"""Webhooks that are sent otherwise than the mock sends them, and as documented all the same."""

import json
import random
import time
from dataclasses import replace
from typing import Any

import orjson
import requests

from mockserver.app import MockApp
from mockserver.handling.conversations import Conversations
from mockserver.model.deliveries import Delivery, Subscription
from mockserver.model.events import MESSAGE_CREATED, Event
from mockserver.model.records import Conversation, Message
from mockserver.webhooks.sending import Result, headers_of, send
from mockserver.webhooks.targets import Targets
from tests.defects.kit.hooks import SPEED, heading_by, hooked, paying, publishing_by, retrying_by, sending_by, signing_by
from tests.variations.registry import Conforming, variation

_SECOND = 1_000_000


def judged_alone(app: MockApp) -> Conforming:
    """Let the run test only the webhooks of a server, since all else is as in the mock."""
    return Conforming(app, settings={"only": ("webhook.*",)})


@variation("webhooks-whole-run")
def whole_run() -> MockApp:
    """All that the suite does is told to it, while it does it."""
    return hooked()


@variation("webhooks-duplicates")
def duplicates() -> Conforming:
    """Every event is delivered twice, each with attempts of its own."""
    return judged_alone(hooked({"duplicate": True}))


@variation("webhooks-late")
def late() -> Conforming:
    """Every event comes a second and a half after it happened."""
    return judged_alone(hooked({"late": 1.5 * SPEED}))


@variation("webhooks-out-of-order")
def out_of_order() -> Conforming:
    """Events come in any order."""
    return judged_alone(hooked({"out_of_order": True}))


@variation("webhooks-full-jitter")
def full_jitter() -> Conforming:
    """The pause before a retry is anything up to the longest."""
    chance = random.Random(1)

    def pause(delivery: Delivery, failed: int, now: int) -> int | None:
        return None if failed >= 6 else now + int(chance.uniform(0, 2**failed) * _SECOND)

    return judged_alone(retrying_by(pause))


@variation("webhooks-slow-receiver-by-turns")
def by_turns() -> Conforming:
    """Sending takes a while, now more and now less."""
    chance = random.Random(2)

    def sent(delivery: Delivery, subscription: Subscription, targets: Targets) -> Result:
        time.sleep(chance.uniform(0, 0.15))
        return send(delivery, subscription, targets)

    return judged_alone(sending_by(sent))


@variation("webhooks-more-members")
def more_members() -> Conforming:
    """Payloads have further members, are indented, and have an id."""

    def change(members: dict[str, Any], event: Event) -> Any:
        members["id"] = f"evt_{event.conversation.id}"
        members["conversation"]["priority"] = event.conversation.priority
        return {"created": 1, **members}

    return judged_alone(paying(change))


@variation("webhooks-more-headers")
def more_headers() -> Conforming:
    """Requests have further headers, and a charset."""
    more = {"User-Agent": "Helpdesk/7", "X-Bancroft-Delivery": "17", "Accept": "*/*", "X-Request-Id": "abc"}
    return judged_alone(heading_by(lambda _, right: {**more, **right, "Content-Type": "application/json; charset=utf-8"}))


@variation("webhooks-upper-case-hex")
def upper_case() -> Conforming:
    """The digits of the signature are in upper case."""
    import hmac

    from tests.defects.kit.hooks import SECRET

    return judged_alone(signing_by(lambda delivery: hmac.new(SECRET.encode(), delivery.body, "sha256").hexdigest().upper()))


@variation("webhooks-escaped")
def escaped() -> Conforming:
    """Payloads are written with blanks and with escapes, and what is signed is what is sent; each attempt writes them anew."""

    def sent(delivery: Delivery, subscription: Subscription, targets: Targets) -> Result:
        body = json.dumps({"attempt": len(delivery.attempts) + 1, **orjson.loads(delivery.body)}, indent=1).encode()
        whole = replace(delivery, body=body)
        return send(whole, subscription, targets, headers_of(whole, subscription))

    return judged_alone(sending_by(sent))


@variation("webhooks-redirects-followed")
def redirects_followed() -> Conforming:
    """The client follows redirects, and takes for the response what comes at their end."""

    def sent(delivery: Delivery, subscription: Subscription, targets: Targets) -> Result:
        headers = headers_of(delivery, subscription)
        try:
            response = requests.post(subscription.url, delivery.body, headers=dict(headers), timeout=subscription.timeout)
        except requests.RequestException as error:
            return Result(headers, None, str(error), "", 0.0)
        return Result(headers, response.status_code, "" if response.ok else "no success", "", 0.0)

    return judged_alone(sending_by(sent))


@variation("webhooks-not-tried-again-so-soon")
def hours() -> Conforming:
    """The first retry comes after an hour: later than anybody waits."""
    return judged_alone(retrying_by(lambda delivery, failed, now: now + 3600 * SPEED * _SECOND))


@variation("webhooks-given-up-earlier")
def earlier() -> Conforming:
    """Attempts after the third are hours apart."""

    def pause(delivery: Delivery, failed: int, now: int) -> int | None:
        return now + (_SECOND if failed < 3 else 3600 * SPEED * _SECOND)

    return judged_alone(retrying_by(pause))


@variation("webhooks-of-descriptions")
def of_descriptions() -> Conforming:
    """A description becomes a message, and an event tells of it; so does one of an automatic reply."""

    class Telling(Conversations):
        def add_message(self, conversation: Conversation, sender: str | None, body: str, kind: str, **more: Any) -> Message:
            message = super().add_message(conversation, sender, body, kind, **more)
            if kind != "reply" or body == _WELCOME:
                self.announce(MESSAGE_CREATED, conversation, message)
            return message

        def add_description(self, conversation: Conversation, description: str | None) -> None:
            super().add_description(conversation, description)
            self.add_message(conversation, "desk@example.com", _WELCOME, "reply")

    choices = {"description_as_message": "first_message", "message_types": "more"}
    return judged_alone(hooked(conversations=Telling, choices=choices))


_WELCOME = "We have got your request."


@variation("webhooks-status-of-now")
def status_of_now() -> Conforming:
    """Payloads have the status that the conversation has when they are sent."""

    def sent(delivery: Delivery, subscription: Subscription, targets: Targets) -> Result:
        members = orjson.loads(delivery.body)
        found = app.namespace.store.conversation(delivery.conversation)
        members["conversation"]["status"] = found.status if found else "open"
        whole = replace(delivery, body=orjson.dumps(members))
        return send(whole, subscription, targets, headers_of(whole, subscription))

    app = sending_by(sent)
    return judged_alone(app)


@variation("webhooks-none-at-all")
def none_at_all() -> Conforming:
    """The server offers no webhooks, though somebody listens."""
    return judged_alone(publishing_by(lambda event: []))
