"""Servers whose events are not what is documented: their payloads, signatures and headers."""

import hashlib
import hmac
import json
from typing import Any

import orjson

from mockserver.model.deliveries import Delivery, Subscription
from mockserver.model.events import MESSAGE_CREATED, Event
from mockserver.serving.server import WsgiApp
from mockserver.webhooks.sending import Result, headers_of, send
from mockserver.webhooks.targets import Targets
from tests.defects.kit.hooks import SECRET, heading_by, paying, sending_by, signing_by
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


@defect("webhook.payload", difficulty=EASY)
def hook_without_number() -> WsgiApp:
    """Payloads have no number."""

    def change(members: dict[str, Any], _: Event) -> Any:
        del members["conversation"]["number"]
        return members

    return paying(change)


@defect("webhook.payload", difficulty=RARE)
def hook_metadata_without_null() -> WsgiApp:
    """Members of metadata that are null are left out of payloads."""

    def change(members: dict[str, Any], _: Event) -> Any:
        metadata = members["conversation"]["metadata"]
        members["conversation"]["metadata"] = {name: value for name, value in metadata.items() if value is not None}
        return members

    return paying(change)


@defect("webhook.payload", difficulty=MEDIUM)
def hook_message_without_type() -> WsgiApp:
    """The payload of message.created has no message_type."""

    def change(members: dict[str, Any], event: Event) -> Any:
        return {name: value for name, value in members.items() if event.name != MESSAGE_CREATED or name != "message_type"}

    return paying(change)


@defect("webhook.signature", difficulty=EASY)
def hook_without_signature() -> WsgiApp:
    """Events are not signed."""
    return signing_by(lambda delivery: None)


@defect("webhook.signature", difficulty=MEDIUM)
def hook_signed_in_base64() -> WsgiApp:
    """The signature is in Base64."""
    import base64

    return signing_by(lambda delivery: base64.b64encode(hmac.digest(SECRET.encode(), delivery.body, "sha256")).decode())


@defect("webhook.signature", difficulty=MEDIUM)
def hook_signed_by_sha1() -> WsgiApp:
    """The signature is an HMAC-SHA1."""
    return signing_by(lambda delivery: hmac.new(SECRET.encode(), delivery.body, hashlib.sha1).hexdigest())


@defect("webhook.signature", difficulty=RARE)
def hook_signed_before_it_is_escaped() -> WsgiApp:
    """The signature is that of the JSON with letters beyond ASCII; they are escaped in what is sent."""

    def sent(delivery: Delivery, subscription: Subscription, targets: Targets) -> Result:
        from dataclasses import replace

        escaped = json.dumps(orjson.loads(delivery.body), separators=(",", ":")).encode()
        return send(replace(delivery, body=escaped), subscription, targets, headers_of(delivery, subscription))

    return sending_by(sent)


@defect("webhook.event-header", difficulty=EASY)
def hook_without_event_header() -> WsgiApp:
    """Events come without X-Bancroft-Event."""
    return heading_by(lambda _, headers: {name: value for name, value in headers.items() if name != "X-Bancroft-Event"})


@defect("webhook.event-header", difficulty=MEDIUM)
def hook_callback_with_header_of_created() -> WsgiApp:
    """X-Bancroft-Event of a callback that was requested is conversation.created."""

    def change(delivery: Delivery, headers: dict[str, str]) -> dict[str, str]:
        if delivery.event == "callback.requested":
            headers["X-Bancroft-Event"] = "conversation.created"
        return headers

    return heading_by(change)
