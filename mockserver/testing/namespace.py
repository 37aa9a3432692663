"""A namespace of a mock that is served over a socket, for one test."""

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from accord.base.errors import AccordError
from mockserver.keys.model import StandardKeys
from mockserver.namespaces.addressing import INSIDE
from mockserver.testing.journal import SentRequests
from mockserver.testing.steering import Steer, over_socket
from mockserver.testing.webhook_receiver import WebhookReceiver

_PAUSE = 0.01


class MockClock:
    """The time of a namespace."""

    def __init__(self, steer: Steer) -> None:
        self._steer = steer

    @property
    def now(self) -> datetime:
        """What time it is there."""
        return datetime.fromisoformat(self._steer("GET", "/clock")["now"])

    def freeze(self, at: datetime | None = None) -> None:
        """Let no time pass, from that time on or from now on. Raises AccordError for a time without an offset."""
        self._steer("PUT", "/clock", {"frozen": True} | ({} if at is None else {"now": at.isoformat()}))

    def resume(self) -> None:
        """Let time pass again."""
        self._steer("PUT", "/clock", {"frozen": False})

    def advance(self, by: timedelta) -> None:
        """Move on, frozen or not. What is due meanwhile, such as a webhook that is tried again, happens at once."""
        self._steer("POST", "/clock/advance", {"seconds": by.total_seconds()})


class MockFaults:
    """The fault rules of a namespace."""

    def __init__(self, steer: Steer) -> None:
        self._steer = steer

    def add(self, rule: Mapping[str, Any]) -> str:
        """Add `{"match": …, "when": …, "then": {"status": 503}}` and return its id. Raises AccordError for what is no rule."""
        return str(self._steer("POST", "/faults", rule)["id"])

    def fail_next(self, operation: str = "*", *, times: int = 1, **then: Any) -> str:
        """Let the next requests for the operation fail: `fail_next("sendMessage", status=503, retry_after=2)`. Return the id."""
        return self.add({"match": {"operation": operation}, "when": {"next": times}, "then": then})

    def clear(self) -> None:
        """End all of them."""
        self._steer("DELETE", "/faults")


class MockNamespace:
    """A namespace of the mock at a URL, which knows nothing of the others.

    `url` is the base URL for the code under test. `clock`, `faults` and `sent` steer and read this namespace alone.
    """

    def __init__(self, server: str, name: str, settings: Mapping[str, Any]) -> None:
        """Make the namespace, with `scenario`, `seed` and `choices` as given. Raises AccordError for bad ones."""
        self._server = over_socket(server)
        self._path = f"/namespaces/{quote(name)}"
        self._keys = self._server("PUT", self._path, settings)["keys"]
        self.name = name
        self.url = f"{server}{INSIDE}{name}"
        self.steer = over_socket(self.url)
        self.clock = MockClock(self.steer)
        self.faults = MockFaults(self.steer)
        self.sent = SentRequests(self.steer)

    @property
    def keys(self) -> StandardKeys:
        """The ready-made keys. Raises AccordError if the mock was started with keys of its own."""
        if self._keys is None:
            raise AccordError("The mock has keys of its own.", "Use those of the file that it was started with.")
        return StandardKeys(**self._keys)

    def reply(self, conversation_id: str, body: str, **more: str) -> None:
        """Reply to a conversation as an agent; `sender_email` and `message_type` may be given. Raises AccordError."""
        self.steer("POST", f"/conversations/{conversation_id}/messages", {"body": body, **more})

    def change(self, conversation_id: str, **members: Any) -> None:
        """Change a conversation as an agent: status, assignee, priority, subject, metadata. Raises AccordError."""
        self.steer("PATCH", f"/conversations/{conversation_id}", members)

    def subscribe(self, receiver: WebhookReceiver, *events: str) -> None:
        """Have events sent to the receiver, all of them unless some are named. Raises AccordError for unknown ones."""
        wanted = {"events": list(events)} if events else {}
        self.steer("POST", "/webhooks", {"url": receiver.url, "secret": receiver.secret, **wanted})

    def attempts(self, count: int = 0, seconds: float = 5.0) -> list[dict[str, Any]]:
        """Return the attempts to deliver events, oldest first, once so many of them are over: `response`, `reason`, `next_at`, …

        Raises AssertionError if they are not, after so many seconds.
        """
        __tracebackhide__ = True
        until = time.monotonic() + seconds
        while True:
            deliveries = self.steer("GET", "/webhooks/deliveries")["results"]
            found = sorted((one for delivery in deliveries for one in delivery["attempts"]), key=lambda one: str(one["at"]))
            if len(found) >= count:
                return found
            if time.monotonic() > until:
                raise AssertionError(f"Expected {count} attempts within {seconds:g} seconds; {len(found)} are over: {found}")
            # There are no notifications over a socket, so it has to poll.
            time.sleep(_PAUSE)

    def drop(self) -> None:
        """Drop it, with all that it holds."""
        self._server("DELETE", self._path)
