"""Where the mock's webhooks are broken: what is published, what is sent, and when it is tried again.

A server made here sends its events to the listener of the suite, on a port that was free: `tests/harness/trials.py` has the suite
listen there (`webhook_settings`). Its clock is fast, so that all six attempts are made within a second.
"""

import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson

from mockserver.app import MockApp
from mockserver.contract.document import Operation
from mockserver.handling.conversations import Conversations
from mockserver.handling.pipeline import Pipeline
from mockserver.http.messages import Request, Response
from mockserver.model.deliveries import Delivery, Subscription
from mockserver.model.events import Event
from mockserver.model.refusal import Refusal
from mockserver.webhooks.payload import payload
from mockserver.webhooks.sending import Result, headers_of, send
from mockserver.webhooks.targets import Targets
from tests.defects.kit.parts import broken

SECRET = "whsec-of-the-kit-0123456789"
SPEED = 50
"""Seconds of the server's clock in one of ours: the first retry comes after some 20 ms, the sixth attempt after 0.6 s."""

WAIT = 3.0
"""Seconds that the suite waits for events of such a server."""

_TIMEOUT = 0.3


def free_port() -> int:
    """Return a port that nobody listens on just now."""
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


def hooked(subscription: Mapping[str, Any] | None = None, **parts: Any) -> MockApp:
    """Make a server that sends its events to the suite. `subscription` overrides members of the subscription.

    `parts` are arguments of `create_app`.
    """
    listen = f"127.0.0.1:{free_port()}"
    app = broken(webhook=f"http://{listen}/hooks", webhook_secret=SECRET, **parts)
    app.config["ACCORD_LISTEN"] = listen
    outbox = app.namespace.outbox
    for one in outbox.subscriptions():
        outbox.keep_subscription(replace(one, **{"timeout": _TIMEOUT, **(subscription or {})}))
    app.namespace.clock.run_at(SPEED)
    return app


def webhook_settings(app: Any) -> dict[str, Any]:
    """Return the settings with which the suite hears of the events of a server; none if it sends none."""
    listen = getattr(app, "config", {}).get("ACCORD_LISTEN")
    return {"webhook_listen": listen, "webhook_secret": SECRET, "webhook_wait": WAIT} if listen else {}


def publishing_by(change: Callable[[Event], Sequence[Event]], **parts: Any) -> MockApp:
    """Make a server that publishes other events: for each event that happens, `change` returns those to publish."""
    app = hooked(**parts)
    publisher = app.namespace.publisher
    publish = publisher.publish

    def changed(event: Event) -> list[Delivery]:
        return [delivery for one in change(event) for delivery in publish(one)]

    publisher.publish = changed  # type: ignore[method-assign]
    return app


def paying(change: Callable[[dict[str, Any], Event], Any], **parts: Any) -> MockApp:
    """Make a server with other payloads: `change` gets the correct one, which it may alter, and returns the one to send."""
    app = hooked(**parts)

    def changed(event: Event, event_id: str | None = None) -> bytes:
        return orjson.dumps(change(orjson.loads(payload(event, event_id)), event))

    app.namespace.publisher.payload = changed
    return app


def sending_by(change: Callable[[Delivery, Subscription, Targets], Result], **parts: Any) -> MockApp:
    """Make a server that sends events otherwise: `change` replaces the function that sends."""
    app = hooked(**parts)
    app.namespaces.deliverer.send = change  # type: ignore[assignment]
    return app


def taking(success: Callable[[int], bool]) -> Callable[[Delivery, Subscription, Targets], Result]:
    """Return a function that sends events, and takes further statuses for success."""

    def sent(delivery: Delivery, subscription: Subscription, targets: Targets) -> Result:
        result = send(delivery, subscription, targets)
        return result._replace(reason="") if result.status is not None and success(result.status) else result

    return sent


def heading_by(change: Callable[[Delivery, dict[str, str]], Mapping[str, str]], **parts: Any) -> MockApp:
    """Make a server with other headers: `change` gets a delivery and the correct headers, which it may alter."""

    def sent(delivery: Delivery, subscription: Subscription, targets: Targets) -> Result:
        headers = change(delivery, dict(headers_of(delivery, subscription)))
        return send(delivery, subscription, targets, tuple(headers.items()))

    return sending_by(sent, **parts)


def signing_by(change: Callable[[Delivery], str | None], **parts: Any) -> MockApp:
    """Make a server that signs otherwise: `change` gets a delivery, and returns its signature, or None for no signature."""

    def headers(delivery: Delivery, right: dict[str, str]) -> Mapping[str, str]:
        signed = change(delivery)
        del right["X-Bancroft-Signature"]
        return right if signed is None else right | {"X-Bancroft-Signature": signed}

    return heading_by(headers, **parts)


def retrying_by(change: Callable[[Delivery, int, int], int | None], **parts: Any) -> MockApp:
    """Make a server that retries otherwise: `change` gets a delivery, its failed attempts and the time; None gives up."""
    app = hooked(**parts)
    app.namespaces.deliverer.next_attempt = change
    return app


def telling_of_refused(tell: Callable[[Conversations, str, Request], Event | None], **parts: Any) -> MockApp:
    """Make a server that publishes events of requests that it refuses: `tell` gets the rules, the operation and the request."""

    class Telling(Pipeline):
        def refused(self, operation: Operation, request: Request, refusal: Refusal) -> Response:
            event = tell(self.conversations, operation.id, request)
            if event is not None and self.conversations.listeners is not None:
                self.conversations.listeners.publish(event)
            return super().refused(operation, request, refusal)

    return hooked(pipeline=Telling, **parts)
