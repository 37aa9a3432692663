"""Mocks on one database: one delivers what all of them were told, and another one takes over when it dies."""

import signal

import pytest

from tests.mock.receiver import SECRET, receiving
from tests.sampling import chosen
from tests.store.delivering import Deliverers, kill_some


@pytest.mark.parametrize("durable_url", chosen(["sqlite", "postgresql"], {1}), indirect=True)
def test_events_survive_the_death_of_the_mock_that_delivers(durable_url, tmp_path):
    """A few kills; `python -m tests.store.delivering --kills 50` has many."""
    told = kill_some(durable_url, kills=2, directory=tmp_path)
    assert told.lost == []
    assert told.created > 0


@pytest.mark.parametrize("number", [signal.SIGTERM])
def test_a_mock_that_nobody_calls_takes_over(durable_url, tmp_path, number):
    with receiving() as receiver, Deliverers(durable_url, receiver.url, SECRET, tmp_path) as mocks:
        mocks.create()
        receiver.wait_for(1)
        mocks.end(number)
        # Only the other mock is left to create this one and to deliver its event.
        mocks.create()
        receiver.wait_for(2)
