"""The requests that are measured: the operations in a server's own paths, and what a workload sends of them."""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from bench.dataset import CONVERSATIONS, SEED, Dataset
from bench.load import Request

OPERATIONS = ("create", "list", "get", "messages", "send", "resolve")
"""The six operations, in the order in which the mix sends them."""

JUST_STARTED = "get one, just started"
GET_ONE = "get one"
FIRST_THAT_WRITES = "mix of six"
COMPARED: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        JUST_STARTED: ("get",),
        GET_ONE: ("get",),
        "list 20 by e-mail": ("list",),
        FIRST_THAT_WRITES: OPERATIONS,
        "create": ("create",),
    }
)
"""The workloads of the comparison, in order, and the operations of each in turn. Those that add most come last."""

_REQUESTS = 1000


@dataclass(frozen=True, slots=True)
class Route:
    """How a server is asked for an operation. `{id}`, `{email}` and `{status}` in the path are filled in."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None


CREATE_BODY: Mapping[str, Any] = {
    "subject": "Where is order 1234?",
    "user_email": "{email}",
    "description": "I ordered a hand grinder a week ago and have heard nothing since.",
    "priority": "high",
    "channel": "web",
    "metadata": {"order": "1234"},
}
SEND_BODY: Mapping[str, Any] = {"body": "It should be with you by Friday.", "user_email": "{email}"}

CONTRACT: Mapping[str, Route] = MappingProxyType(
    {
        "create": Route("POST", f"{CONVERSATIONS}create/", CREATE_BODY),
        "list": Route("GET", f"{CONVERSATIONS}?user_email={{email}}&limit=20"),
        "get": Route("GET", f"{CONVERSATIONS}{{id}}/"),
        "messages": Route("GET", f"{CONVERSATIONS}{{id}}/messages/"),
        "send": Route("POST", f"{CONVERSATIONS}{{id}}/messages/create/", SEND_BODY),
        "resolve": Route("POST", f"{CONVERSATIONS}{{id}}/resolve/"),
    }
)
"""The paths of spec/openapi.yaml."""


def requests(routes: Mapping[str, Route], operations: Sequence[str], data: Dataset) -> list[Request]:
    """The operations on one conversation after another, in a random order that is always the same."""
    chance = random.Random(SEED)
    chosen = chance.sample(data.conversations, min(_REQUESTS, len(data.conversations)))
    return [fill(routes[operation], item) for item in chosen for operation in operations]


def fill(route: Route, conversation: Mapping[str, Any]) -> Request:
    """The request for one conversation."""
    email = conversation["requester"]["email"]
    path = route.path.format(id=conversation["id"], email=quote(email), status=conversation["status"])
    body = "" if route.body is None else json.dumps(route.body).replace("{email}", email)
    return Request(route.method, path, body)
