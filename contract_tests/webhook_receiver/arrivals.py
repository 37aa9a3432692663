"""One request that came to the listener, and both directions of its line in the file."""

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass
from functools import cached_property
from typing import Any

Key = tuple[str, str, str]
"""What tells one event from another: its name, the conversation's id, the message's."""


@dataclass(frozen=True)
class Arrival:
    """A request: when it came, in seconds since 1970, what it was, and the status that it was given; 0 for none."""

    at: float
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    status: int

    def header(self, name: str) -> str | None:
        """Return the value of a header, or None."""
        return next((value for known, value in self.headers if known.lower() == name.lower()), None)

    @cached_property
    def members(self) -> dict[str, Any]:
        """The members of the body; none if it is no JSON object."""
        return members_of(self.body)

    @cached_property
    def key(self) -> Key:
        """Which event it is about."""
        return key_of(self.members)

    @cached_property
    def text(self) -> str:
        """The body as text, with whatever is no UTF-8 replaced."""
        return self.body.decode("utf-8", "replace")


def members_of(body: bytes) -> dict[str, Any]:
    """Return the members of a JSON object; none for anything else."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def key_of(members: dict[str, Any]) -> Key:
    """Return which event a payload is about; empty texts for what it does not say."""
    conversation = members.get("conversation")
    told = conversation.get("id") if isinstance(conversation, dict) else None
    event, message = members.get("event"), members.get("message_id")
    return _text(event), _text(told), _text(message)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def to_line(arrival: Arrival) -> str:
    """Return the line for the file."""
    return json.dumps([arrival.at, arrival.path, arrival.headers, b64encode(arrival.body).decode(), arrival.status]) + "\n"


def from_line(line: str) -> Arrival:
    """Return what `to_line` wrote."""
    at, path, headers, body, status = json.loads(line)
    return Arrival(at, path, tuple((name, value) for name, value in headers), b64decode(body), status)
