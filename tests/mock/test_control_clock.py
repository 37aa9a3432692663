"""The clock of a namespace, by the control API and in Python."""

import pytest
import requests

from mockserver.model.clock import read_moment
from mockserver.testing import mocked_api
from tests.mock.conftest import BASE

CLOCK = "/__accord__/clock"
LATER = "2099-03-01T09:00:00.123456Z"


def put(api, **members):
    return api.request("PUT", CLOCK, key=None, json=members)


def advance(api, seconds):
    return api.request("POST", f"{CLOCK}/advance", key=None, json={"seconds": seconds})


def show(api, **headers):
    return api.request("GET", CLOCK, key=None, headers=headers).json


def test_a_frozen_clock_dates_exactly(make_api):
    api = make_api(choices={"timestamp_fraction": "microseconds"})
    assert put(api, now=LATER, frozen=True).json == {"now": LATER, "frozen": True, "speed": 1}
    one, two = api.made(), api.made()
    assert one["created_at"] == two["created_at"] == LATER
    assert advance(api, 3600.000001).json["now"] == "2099-03-01T10:00:00.123457Z"
    assert api.made()["created_at"] == "2099-03-01T10:00:00.123457Z"
    assert advance(api, 0.1).json["now"] == "2099-03-01T10:00:00.223457Z"
    message = api.send(one["id"]).json
    assert message["created_at"] == "2099-03-01T10:00:00.223457Z"


def test_it_runs_again_at_a_speed(api):
    assert put(api, now=LATER, frozen=True, speed=1000).json == {"now": LATER, "frozen": True, "speed": 1000}
    assert show(api)["now"] == LATER
    assert put(api, frozen=False).json["frozen"] is False
    before = read_moment(show(api)["now"])
    assert put(api, speed=0.5).json["speed"] == 0.5
    assert read_moment(show(api)["now"]) >= before >= read_moment(LATER)


def test_a_reset_takes_it_back(api):
    put(api, now=LATER, frozen=True, speed=60)
    api.request("POST", "/__accord__/reset", key=None)
    shown = show(api)
    assert (shown["frozen"], shown["speed"]) == (False, 1)
    assert shown["now"] < LATER


def test_it_is_that_of_its_namespace_alone(api):
    there = {"X-Accord-Namespace": "there"}
    assert show(api, **there)["frozen"] is False
    assert [one["name"] for one in api.request("GET", "/__accord__/namespaces", key=None).json["results"]] == ["default"]
    api.request("PUT", CLOCK, key=None, headers=there, json={"now": LATER, "frozen": True})
    assert show(api, **there)["now"] == LATER
    assert show(api)["now"] < LATER


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({}, "says nothing"),
        ({"time": LATER}, "The member time is not known"),
        ({"now": "2099-03-01"}, "The member now is no time"),
        ({"now": "2099-03-01T09:00:00"}, "The member now is no time"),
        ({"now": "2099-02-30T09:00:00Z"}, "The member now is no time"),
        ({"now": "2099-03-01T09:00:00.1234567Z"}, "The member now is no time"),
        ({"now": 5}, "The member now is no text"),
        ({"now": "1999-03-01T09:00:00Z"}, "does not go back"),
        ({"frozen": 1}, "The member frozen is neither"),
        ({"speed": 0}, "The member speed"),
        ({"speed": 1e7}, "The member speed"),
        ({"speed": 5, "frozen": True, "now": "1999-03-01T09:00:00Z"}, "does not go back"),
    ],
)
def test_mistakes_change_nothing(api, members, sentence):
    put(api, now=LATER, frozen=True, speed=2)
    refused = put(api, **members)
    assert refused.status_code == 400
    assert sentence in refused.json["detail"]
    assert show(api) == {"now": LATER, "frozen": True, "speed": 2}


@pytest.mark.parametrize("body", [{"seconds": 0}, {"seconds": -1}, {"seconds": "1"}, {}, {"hours": 1}, [], 5, {"seconds": 1e20}])
def test_mistakes_of_advancing(api, body):
    put(api, now=LATER, frozen=True)
    refused = api.request("POST", f"{CLOCK}/advance", key=None, json=body)
    assert refused.status_code == 400
    assert show(api)["now"] == LATER


def test_beyond_its_end(api):
    put(api, now=LATER, frozen=True)
    refused = advance(api, 250_000_000_000)
    assert (refused.status_code, show(api)["now"]) == (400, LATER)
    assert "9999" in refused.json["detail"]


def test_in_python():
    with mocked_api(choices={"timestamp_fraction": "microseconds"}) as api:
        api.clock.freeze()
        api.clock.move_to(read_moment(LATER))
        key = {"X-API-Key": api.keys.server}
        made = requests.post(f"{api.url}{BASE}create/", headers=key, json={"subject": "x"}).json()
        assert made["created_at"] == LATER
