"""Which requests meet a fault, when, and what several rules do."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.faults.effects import read_effect
from mockserver.faults.rate_limits import Buckets, RateLimit
from mockserver.model.clock import Clock
from tests.mock.conftest import BASE
from tests.mock.fault_rules import BROKEN, statuses

# --- match ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        ({}, (503, 503, 503, 503)),
        ({"operation": "*"}, (503, 503, 503, 503)),
        ({"operation": "createConversation"}, (200, 200, 503, 503)),
        ({"key": "client"}, (200, 503, 201, 503)),
        ({"tier": "server"}, (503, 200, 503, 201)),
        ({"tier": "server", "key": "client"}, (200, 200, 201, 201)),
        ({"query": {"limit": 3}}, (503, 200, 201, 201)),
        ({"query": {"limit": "3", "offset": "0"}}, (200, 200, 201, 201)),
        ({"body": {"priority": "high"}}, (200, 200, 503, 201)),
        ({"body": {"metadata": {"deep": {"n": 1}}}}, (200, 200, 503, 201)),
        ({"body": {"metadata": {"deep": {"n": True}}}}, (200, 200, 201, 201)),
        ({"body": {"metadata": {"list": [1, "x"]}}}, (200, 200, 503, 201)),
        ({"body": {"metadata": {"list": [1]}}}, (200, 200, 201, 201)),
    ],
)
def test_match(api, faults, match, expected):
    faults.add({"match": match, "then": BROKEN})
    metadata = {"deep": {"n": 1, "more": 2}, "list": [1, "x"]}
    found = (
        api.list(limit=3).status_code,
        api.list("client").status_code,
        api.create(priority="high", metadata=metadata).status_code,
        api.create("client").status_code,
    )
    assert found == expected


def test_requests_without_a_usable_key_have_no_key(api, faults):
    faults.add({"match": {"tier": "server"}, "then": BROKEN})
    assert api.list(None).status_code == 401
    assert api.list("nonsense-of-a-key").status_code == 401
    assert api.list("revoked").status_code == 503


def test_a_body_that_is_no_json_matches_no_body(api, faults):
    faults.add({"match": {"body": {"subject": "x"}}, "then": BROKEN})
    assert api.request("POST", f"{BASE}create/", data=b"{", content_type="application/json").status_code == 400


# --- when ----------------------------------------------------------------------------------------------------------------


def test_every_and_next(api, faults):
    first = faults.add({"when": {"every": 3}, "then": BROKEN})
    assert statuses(api, 7) == [200, 200, 503, 200, 200, 503, 200]
    assert faults.remove(first)
    faults.add({"when": {"next": 2}, "then": BROKEN})
    assert statuses(api, 4) == [503, 503, 200, 200]


def test_a_time_of_the_clock(api, faults):
    clock = api.app.namespace.clock
    clock.freeze()
    clock.move_to(clock.now() // 1_000_000 * 1_000_000 + 4_000_000_000_000_000)
    faults.add({"when": {"from": "2099-01-01T00:00:00Z", "until": "2099-01-01T00:00:01.5+00:00"}, "then": BROKEN})
    start = 4_070_908_800_000_000
    clock.reset()
    clock.freeze()
    found = []
    for moment in (start - 1, start, start + 1_499_999, start + 1_500_000):
        clock.move_to(moment)
        found += statuses(api, 1)
    assert found == [200, 503, 503, 200]


def test_probability_is_drawn_from_the_seed(make_api):
    rule = {"when": {"probability": 0.3}, "then": BROKEN}
    one, again, other = make_api(faults=[rule]), make_api(faults=[rule]), make_api(faults=[rule], seed=2)
    drawn = statuses(one, 200)
    assert 30 < drawn.count(503) < 90
    assert statuses(again, 200) == drawn
    assert statuses(other, 200) != drawn
    one.request("POST", "/__accord__/reset", key=None)
    assert statuses(one, 200) == drawn


def test_another_rule_changes_nothing_of_what_is_drawn(make_api):
    rule = {"id": "mine", "match": {"operation": "listConversations"}, "when": {"probability": 0.3}, "then": BROKEN}
    drawn = statuses(make_api(faults=[rule]), 100)
    other = {"match": {"operation": "createConversation"}, "when": {"probability": 0.5}, "then": {"status": 500}}
    api = make_api(faults=[other, rule])
    found = []
    for _ in range(100):
        api.create()
        found += statuses(api, 1)
    assert found == drawn


# --- several rules -------------------------------------------------------------------------------------------------------


def test_the_first_that_fires_decides_and_delays_add_up(api, faults):
    late = faults.add({"then": {"delay": 1}})
    faults.add({"when": {"next": 1}, "then": {"status": 500, "delay": 0.5}})
    faults.add({"then": {"status": 502}})
    assert statuses(api, 2) == [500, 502]
    assert [one["fired"] for one in faults.shown()] == [2, 1, 1]
    assert faults.remove(late)
    assert statuses(api, 1) == [502]


def test_delays_are_handed_to_the_server(api, faults):
    for delay, low, high in (
        (0.25, 0.25, 0.25),
        ({"uniform": [0.1, 0.9]}, 0.1, 0.9),
        ({"lognormal": {"median": 0.2, "sigma": 0.5}}, 0.01, 4),
    ):
        faults.replace([{"then": {"delay": delay}}, {"then": {"delay": 1}}])
        drawn = set()
        for _ in range(20):
            slot = []
            api.request("GET", BASE, environ_overrides={"accord.delivery": slot})
            [delivery] = slot
            assert low <= delivery.delay - 1 <= high
            drawn.add(delivery.delay)
        assert (len(drawn) == 1) == (delay == 0.25)


# --- what is told ----------------------------------------------------------------------------------------------------------


def test_the_journal_says_which_rule_fired(api, faults):
    id = faults.add({"when": {"next": 1}, "then": BROKEN})
    api.list()
    api.list()
    api.request("GET", BASE, headers={"X-Accord-Fault": "status=418"})
    entries = api.request("GET", "/__accord__/requests", key=None).json["results"]
    assert [entry["decided_by"] for entry in entries] == [{"fault": "X-Accord-Fault"}, None, {"fault": id}]
    assert [entry["response"]["status"] for entry in entries] == [418, 200, 503]


# --- the rate limit --------------------------------------------------------------------------------------------------------


@given(
    requests=st.integers(1, 5),
    per=st.integers(1, 10_000_000),
    speed=st.sampled_from([0.1, 0.3, 1.0, 60.0]),
    steps=st.lists(st.integers(0, 3_000_000), max_size=40),
)
def test_waiting_as_told_always_succeeds(requests, per, speed, steps):
    """That holds by the client's clock and by the namespace's, at any speed; and never do more requests pass than allowed."""
    buckets, now, passed = Buckets(RateLimit(requests, per)), 0, []
    for step in steps:
        now += step
        wait = buckets.take("a", now, speed)
        if wait is not None:
            now += int(wait * 1_000_000 * min(Fraction(str(speed)), 1))
            assert buckets.take("a", now, speed) is None
        passed.append(now)
    for index, first in enumerate(passed):
        within = [moment for moment in passed[index:] if moment - first < per]
        assert len(within) <= 2 * requests


def test_a_clock_that_is_moved_on_refills_the_bucket(api, faults):
    clock: Clock = api.app.namespace.clock
    clock.freeze()
    faults.add({"then": {"rate_limit": {"requests": 100, "per_seconds": 60}}})
    assert statuses(api, 101) == [200] * 100 + [429]
    assert api.list().headers["Retry-After"] == "1"
    clock.advance(1_000_000)
    assert statuses(api, 2) == [200, 429]
    clock.advance(3_600_000_000)
    assert statuses(api, 101) == [200] * 100 + [429]


def test_a_delay_that_is_drawn_stays_below_an_hour():
    effect = read_effect({"delay": {"lognormal": {"median": 3600, "sigma": 10}}})

    class Chance:
        def gauss(self, *_):
            return 1e9

    assert effect.delay(Chance()) == 3600
