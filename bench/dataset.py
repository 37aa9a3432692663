"""What the servers hold: a scenario of any size for ours, and the same conversations, read from ours, for the others."""

import http.client
import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mockserver.keys.model import StandardKeys

SEED = 1
HEADERS: Mapping[str, str] = {"X-API-Key": StandardKeys.of(SEED).server}
CONVERSATIONS = "/api/v1/conversations/"
PER_CUSTOMER = 40
"""Conversations of one customer, on average: as the collection grows, so does the number of customers."""
STATUSES = {"open": 9, "pending": 4, "resolved": 3, "closed": 9}
_LARGEST_PAGE = 100

_TEMPLATES: list[dict[str, Any]] = [
    {
        "subject": "Where is order {n}?",
        "metadata": {"order": "{n}"},
        "messages": [
            {"body": "I ordered a {item} a week ago and have heard nothing since."},
            {"from": "mika@harbour-pine.example", "after_minutes": 47, "body": "It should be with you by {day}."},
        ],
    },
    {
        "subject": "The lid of my {item} is broken",
        "metadata": {"product": "{item}", "photos": 1},
        "messages": [{"body": "It came off on {day}. Can I have a new one, or do I have to send everything back?"}],
    },
]


def customers(conversations: int) -> list[str]:
    """Return the addresses of the customers, in a collection of that size."""
    return [f"customer{number}@example.com" for number in range(max(1, conversations // PER_CUSTOMER))]


def scenario(conversations: int, *, bare: bool = False) -> dict[str, Any]:
    """A scenario of so many conversations, all of the organisation that the ready-made keys belong to.

    Bare ones have no messages and no metadata, so that the memory of one can be measured.
    """
    people = [{"email": email, "first_name": "Ada", "last_name": f"Obi {n}"} for n, email in enumerate(customers(conversations))]
    return {
        "description": f"{conversations} conversations, to measure with.",
        "organisations": ["Harbour & Pine", "Northlight Cycles"],
        "people": people,
        "generate": [
            {
                "count": conversations,
                "first_at": "2024-01-05T07:30:00Z",
                "minutes_between": 1,
                "requesters": [person["email"] for person in people],
                "words": {
                    "item": ["hand grinder", "blue kettle", "teapot", "travel mug", "milk jug"],
                    "day": ["Monday", "Tuesday", "Thursday"],
                },
                "status": STATUSES,
                "priority": {"low": 3, "normal": 12, "high": 4, "urgent": 1},
                "channel": {"web": 10, "email": 9, "api": 2, "callback": 1},
                "templates": [{"subject": item["subject"]} for item in _TEMPLATES] if bare else _TEMPLATES,
            }
        ],
    }


def write_scenario(path: Path, conversations: int, *, bare: bool = False) -> None:
    """Write the scenario as JSON, which is valid YAML."""
    path.write_text(json.dumps(scenario(conversations, bare=bare)), encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Dataset:
    """Conversations, as ours shows them; with `messages` those of each, by its id."""

    conversations: list[dict[str, Any]]
    messages: Mapping[str, list[dict[str, Any]]]

    @property
    def ids(self) -> list[str]:
        return [item["id"] for item in self.conversations]

    @property
    def emails(self) -> list[str]:
        return sorted({item["requester"]["email"] for item in self.conversations})


class Reader:
    """Reads from our mock, in a `with` block."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *error: object) -> None:
        self._connection.close()

    def get(self, path: str) -> Any:
        self._connection.request("GET", path, headers=dict(HEADERS))
        answer = self._connection.getresponse()
        text = answer.read()
        assert answer.status == 200, (path, answer.status, text[:200])
        return json.loads(text)

    def pages(self, offsets: range | list[int]) -> Iterator[dict[str, Any]]:
        for offset in offsets:
            yield from self.get(f"{CONVERSATIONS}?limit={_LARGEST_PAGE}&offset={offset}")["results"]

    def count(self) -> int:
        count: int = self.get(f"{CONVERSATIONS}?limit=1")["count"]
        return count

    def everything(self) -> Dataset:
        """All conversations and their messages."""
        conversations = [*self.pages(range(0, self.count(), _LARGEST_PAGE))]
        messages = {item["id"]: self.get(f"{CONVERSATIONS}{item['id']}/messages/")["results"] for item in conversations}
        return Dataset(conversations, messages)

    def sample(self, pages: int) -> Dataset:
        """Conversations from so many places of the collection, without messages."""
        last = max(1, self.count() - _LARGEST_PAGE + 1)
        places = random.Random(SEED).sample(range(last), min(pages, last))
        return Dataset([*{item["id"]: item for item in self.pages(places)}.values()], {})
