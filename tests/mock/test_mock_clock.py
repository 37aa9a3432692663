"""The clock of a namespace is exact, never goes backwards, and does not affect other namespaces."""

import threading
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.app import create_app
from mockserver.model.clock import LAST_MOMENT, Clock, to_datetime, to_microseconds
from mockserver.namespaces.addressing import NAMESPACE_HEADER

SECOND = 1_000_000
START = to_microseconds(datetime(2026, 3, 1, tzinfo=UTC))


class Source:
    """A clock's source, moved by hand."""

    def __init__(self, now=START):
        self.now = now

    def __call__(self):
        return self.now


@pytest.fixture
def source():
    return Source()


@pytest.fixture
def clock(source):
    return Clock(source)


def test_it_runs_with_its_source(clock, source):
    assert clock.now() == START
    source.now += 1
    assert clock.now() == START + 1
    assert (clock.frozen, clock.speed) == (False, 1)


def test_it_never_goes_back_with_its_source(clock, source):
    assert clock.now() == START
    source.now -= 5 * SECOND
    assert clock.now() == START
    source.now = START + 1
    assert clock.now() == START + 1


def test_frozen_it_stands_still_and_goes_on_from_there(clock, source):
    source.now += 7
    clock.freeze()
    source.now += 3600 * SECOND
    assert (clock.now(), clock.frozen) == (START + 7, True)
    clock.freeze()
    assert clock.now() == START + 7
    clock.resume()
    assert (clock.now(), clock.frozen) == (START + 7, False)
    source.now += 3
    assert clock.now() == START + 10


@pytest.mark.parametrize("frozen", [False, True])
def test_it_moves_on_exactly(clock, source, frozen):
    if frozen:
        clock.freeze()
    clock.advance(86_400 * SECOND + 1)
    assert clock.now() == START + 86_400 * SECOND + 1
    clock.move_to(clock.now() + 2)
    clock.advance(0)
    assert clock.now() == START + 86_400 * SECOND + 3
    source.now += 5
    assert clock.now() == START + 86_400 * SECOND + (3 if frozen else 8)


def test_it_does_not_go_back_unless_reset(clock, source):
    clock.advance(10)
    for act in (lambda: clock.advance(-1), lambda: clock.move_to(START + 9)):
        with pytest.raises(ValueError, match="does not go back"):
            act()
    assert clock.now() == START + 10
    clock.freeze()
    clock.run_at(60)
    clock.reset()
    assert (clock.now(), clock.frozen, clock.speed) == (START, False, 1)


def test_it_ends_with_the_year_9999(clock, source):
    for act in (lambda: clock.advance(LAST_MOMENT), lambda: clock.move_to(LAST_MOMENT + 1)):
        with pytest.raises(ValueError, match="9999"):
            act()
    assert clock.now() == START
    clock.move_to(LAST_MOMENT)
    source.now += 10
    assert clock.now() == LAST_MOMENT
    assert to_datetime(clock.now()).year == 9999


@pytest.mark.parametrize(("speed", "passed"), [(60, 60 * SECOND), (0.1, SECOND // 10), (2.5, 2_500_000), (1e-06, 1), (1, SECOND)])
def test_it_runs_faster_and_slower_exactly(clock, source, speed, passed):
    clock.run_at(speed)
    assert (clock.now(), clock.speed) == (START, speed)
    source.now += SECOND
    assert clock.now() == START + passed
    clock.run_at(1)
    source.now += 3
    assert clock.now() == START + passed + 3


@pytest.mark.parametrize("speed", [0, -1, 1_000_001, float("inf"), float("nan")])
def test_a_speed_that_is_none(clock, speed):
    with pytest.raises(ValueError, match="speed"):
        clock.run_at(speed)
    assert clock.speed == 1


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("pass"), st.integers(-(10**7), 10**10)),
        st.tuples(st.just("advance"), st.integers(0, 10**12)),
        st.tuples(st.just("run_at"), st.sampled_from([0.001, 0.3, 1, 7, 60, 3600])),
        st.tuples(st.sampled_from(["freeze", "resume"]), st.none()),
    ),
    max_size=20,
)


@given(STEPS)
def test_whatever_is_done_it_never_goes_back(steps):
    source = Source()
    clock = Clock(source)
    before = clock.now()
    for step, value in steps:
        if step == "pass":
            source.now += value
        elif value is None:
            getattr(clock, step)()
        else:
            getattr(clock, step)(value)
        now = clock.now()
        assert now == before + value if step == "advance" and clock.frozen else now >= before
        before = now


def test_threads_see_it_go_on():
    clock, seen = Clock(), []

    def look():
        times = [clock.now() for _ in range(2000)]
        seen.append(times == sorted(times))

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for speed in (5, 100, 1, 1000):
        clock.run_at(speed)
        clock.advance(SECOND)
    for thread in threads:
        thread.join()
    assert seen == [True] * 4


def created_at(app, key, namespace):
    headers = {"X-API-Key": key, NAMESPACE_HEADER: namespace}
    response = app.test_client().post("/api/v1/conversations/create/", json={"subject": "x"}, headers=headers)
    assert response.status_code == 201
    return response.json["created_at"]


def test_each_namespace_has_its_own(source):
    app = create_app(scenario="empty", clock=Clock(source), choices={"timestamp_fraction": "microseconds"})
    key = app.namespace.standard_keys.server
    assert created_at(app, key, "a") == created_at(app, key, "b") == "2026-03-01T00:00:00.000000Z"
    clock = app.namespaces.get("a").clock
    clock.freeze()
    clock.advance(3600 * SECOND + 1)
    source.now += SECOND
    assert created_at(app, key, "a") == "2026-03-01T01:00:00.000001Z"
    assert created_at(app, key, "b") == "2026-03-01T00:00:01.000000Z"
    app.namespaces.reset("b")
    assert created_at(app, key, "a") == "2026-03-01T01:00:00.000001Z"
    app.namespaces.reset("a")
    assert created_at(app, key, "a") == "2026-03-01T00:00:01.000000Z"


def test_nothing_is_dated_before_the_scenario_even_after_a_reset():
    app = create_app(scenario="demo", clock=Clock(lambda: 0))
    latest = app.namespace.clock.now()
    assert latest > 0
    app.namespaces.reset("default")
    assert app.namespace.clock.now() == latest
