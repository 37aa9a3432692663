"""Mocks that share a database share what the control API of any of them sets: choices, keys, fault rules and the clock."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import Client

from mockserver.app import MockApp, create_app
from mockserver.keys.model import StandardKeys
from mockserver.store import Storage

KEYS = StandardKeys.of(1)
PATH = "/api/v1/conversations/"
SOON = 5.0


class Mock:
    """A mock as in a process of its own: it shares nothing but the database with others."""

    def __init__(self, storage: Storage, **options: Any) -> None:
        self.app: MockApp = create_app(scenario="empty", storage=storage, **options)
        self._client = Client(self.app)

    def control(self, method: str, path: str, body: Any = None, namespace: str = "default") -> Any:
        response = self._client.open(
            f"/__accord__/{path}", method=method, json=body, headers={"Host": "127.0.0.1", "X-Accord-Namespace": namespace}
        )
        assert response.status_code < 300, response.text
        return response.json if response.data else None

    def follow(self) -> None:
        self.app.namespaces.follow()

    def status(self, method: str = "GET", path: str = "", body: Any = None, key: str = KEYS.server) -> int:
        headers = {"X-API-Key": key}
        return int(self._client.open(PATH + path, method=method, json=body, headers=headers).status_code)

    def create(self, **members: Any) -> Any:
        response = self._client.post(PATH + "create/", json={"subject": "Hello", **members}, headers={"X-API-Key": KEYS.server})
        assert response.status_code == 201, response.text
        return response.json


@pytest.fixture
def make(durable_url: str, opened: Callable[[str], Storage]) -> Callable[..., Mock]:
    return lambda **options: Mock(opened(durable_url), **options)


@pytest.fixture
def two(make: Callable[..., Mock]) -> tuple[Mock, Mock]:
    return make(), make()


def test_choices(two: tuple[Mock, Mock]) -> None:
    one, other = two
    assert other.status(path="?limit=101") == 200
    one.control("PATCH", "choices", {"limit_over_maximum": "reject", "list_order": "oldest"})
    other.follow()
    assert other.status(path="?limit=101") == 400
    assert other.control("GET", "choices") == one.control("GET", "choices")
    one.control("PUT", "choices", {})
    other.follow()
    assert other.status(path="?limit=101") == 200


def test_keys(two: tuple[Mock, Mock]) -> None:
    one, other = two
    made = one.control("POST", "keys", {"name": "new", "tier": "client", "origins": ["https://shop.example"]})
    other.follow()
    assert [other.status(key=made["key"]), other.status(key=KEYS.client)] == [403, 200]
    other.control("DELETE", "keys/client")
    one.follow()
    assert [one.status(key=KEYS.client), one.status(key=KEYS.server)] == [401, 200]
    assert one.control("GET", "keys") == other.control("GET", "keys")


def test_fault_rules_and_what_was_met_of_those_that_stay(two: tuple[Mock, Mock]) -> None:
    one, other = two
    rule = {"match": {"operation": "listConversations"}, "when": {"every": 2}, "then": {"status": 503}}
    first = one.control("POST", "faults", rule)["id"]
    other.follow()
    assert [other.status() for _ in range(3)] == [200, 503, 200]
    # Each adds a rule before it knows the other's: their ids differ, and no rule is lost.
    second = one.control("POST", "faults", {**rule, "match": {"operation": "getConversation"}})["id"]
    third = other.control("POST", "faults", {**rule, "match": {"operation": "createConversation"}})["id"]
    one.follow()
    assert [one_of["id"] for one_of in one.control("GET", "faults")["results"]] == [first, second, third]
    met = {rule["id"]: rule["met"] for rule in other.control("GET", "faults")["results"]}
    one.control("PATCH", "choices", {"limit_over_maximum": "reject"})
    other.follow()
    assert {rule["id"]: rule["met"] for rule in other.control("GET", "faults")["results"]} == met == {first: 3, second: 0, third: 0}
    one.control("DELETE", "faults")
    other.follow()
    assert [other.status() for _ in range(4)] == [200] * 4


def test_the_clock(two: tuple[Mock, Mock]) -> None:
    one, other = two
    one.control("PUT", "clock", {"now": "2099-01-01T00:00:00Z", "frozen": True})
    other.follow()
    assert other.create()["created_at"] == one.create()["created_at"] == "2099-01-01T00:00:00Z"
    other.control("POST", "clock/advance", {"seconds": 60})
    one.follow()
    assert one.create()["created_at"] == "2099-01-01T00:01:00Z"


def test_a_reset_goes_back_everywhere(two: tuple[Mock, Mock]) -> None:
    one, other = two
    one.control("PUT", "clock", {"now": "2099-01-01T00:00:00Z"})
    one.control("PATCH", "choices", {"limit_over_maximum": "reject"})
    one.control("POST", "faults", {"then": {"status": 500}})
    one.control("DELETE", "keys/client")
    other.follow()
    assert other.status() == 500
    other.control("POST", "reset")
    one.follow()
    for mock in two:
        assert [mock.status(path="?limit=101"), mock.status(key=KEYS.client)] == [200, 200]
        assert mock.create()["created_at"] < "2099"


def test_namespaces_are_steered_apart(two: tuple[Mock, Mock]) -> None:
    one, other = two
    for mock in two:
        mock.control("PUT", "namespaces/mine", {})
    one.control("PATCH", "choices", {"limit_over_maximum": "reject"}, namespace="mine")
    other.follow()
    assert other.control("GET", "choices", namespace="mine")["limit_over_maximum"] == "reject"
    assert other.control("GET", "choices")["limit_over_maximum"] == "clamp"


def test_one_that_comes_later_goes_on_by_it_beside_what_it_was_started_with(make: Callable[..., Mock]) -> None:
    make().control("PATCH", "choices", {"limit_over_maximum": "reject"})
    late = make(faults=[{"match": {"operation": "getConversation"}, "then": {"status": 418}}])
    assert [late.status(path="?limit=101"), late.status(path="x/")] == [400, 418]


def test_what_is_refused_changes_nothing_anywhere(two: tuple[Mock, Mock]) -> None:
    one, other = two
    before = one.control("GET", "choices")
    with pytest.raises(AssertionError, match="no setting"):
        one.control("PATCH", "choices", {"limit_over_maximum": "reject", "no_such": "x"})
    other.follow()
    assert one.control("GET", "choices") == other.control("GET", "choices") == before


def test_it_is_known_soon_without_asking(two: tuple[Mock, Mock]) -> None:
    one, other = two
    other.app.namespaces.watch()
    assert other.status() == 200
    one.control("POST", "faults", {"then": {"status": 500}})
    deadline = time.monotonic() + SOON
    while other.status() != 500:
        assert time.monotonic() < deadline
        time.sleep(0.02)
