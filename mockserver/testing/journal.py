"""What a test expects of the requests that were sent to the mock, and how they differ from it if they do."""

import json
from collections.abc import Mapping
from typing import Any, TypedDict, Unpack

from mockserver.testing.steering import Steer

_MOST_SHOWN = 5


class Match(TypedDict, total=False):
    """What is expected of a request. Only the named members are compared, and of a body only the named members of it."""

    operation: str
    method: str
    path: str
    status: int
    key: str
    tier: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    requirement: str


class SentRequests:
    """The requests that a namespace of the mock has got."""

    def __init__(self, steer: Steer) -> None:
        self._steer = steer

    def all(self) -> list[dict[str, Any]]:
        """Return them as the journal shows them, newest first: `request`, `response`, `operation`, `key`, `decided_by`, …"""
        found: list[dict[str, Any]] = self._steer("GET", "/requests")["results"]
        return found

    def forget(self) -> None:
        """Forget them, so that what is expected next is of what is sent from now on."""
        self._steer("DELETE", "/requests")

    def expect(self, *, count: int | None = None, **match: Unpack[Match]) -> None:
        """Raise AssertionError unless so many requests match, by default at least one. Raises AccordError for a bad match."""
        __tracebackhide__ = True
        self._verify(match, {"at_least": 1} if count is None else count, "at least 1" if count is None else str(count))

    def expect_none(self, **match: Unpack[Match]) -> None:
        """Raise AssertionError if a request matches. Raises AccordError for a bad match."""
        __tracebackhide__ = True
        self._verify(match, {"never": True}, "no")

    def _verify(self, match: Match, count: object, wanted: str) -> None:
        __tracebackhide__ = True
        found = self._steer("POST", "/requests/verify", {"match": match, "count": count})
        if found["ok"]:
            return
        lines = [f"Expected {wanted} request like {json.dumps(match, ensure_ascii=False)}; the mock got {found['count']}."]
        if found["near_misses"]:
            lines.append("Nearest to it:")
            for miss in found["near_misses"]:
                lines.append(f"  {_line(self._steer('GET', '/requests/' + miss['request']))}")
                lines.extend(f"    {difference}" for difference in miss["differs"])
        else:
            latest = self.all()
            lines.append("The latest requests:" if latest else "Nothing was sent.")
            lines.extend(f"  {_line(entry)}" for entry in latest[:_MOST_SHOWN])
        raise AssertionError("\n".join(lines))


def _line(entry: Mapping[str, Any]) -> str:
    request = entry["request"]
    query = f"?{request['query']}" if request["query"] else ""
    return f"{request['method']} {request['path']}{query} -> {entry['response']['status']}"
