"""Kills a mock at random moments while clients write to it, and checks what must be there each time it is started again.

The test does this a few dozen times; `python -m tests.store.killing --kills 500` does more. Each mock is a fork of this process,
which has imported everything, so that a start takes little time. Each is a process of its own all the same, and opens the database
by itself and serves on a socket.
"""

import argparse
import json
import os
import random
import signal
import socket
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from http.client import HTTPConnection, HTTPException
from typing import Any

from accord.base.errors import AccordError
from mockserver.app import create_app
from mockserver.contract.document import Contract, load_contract
from mockserver.keys.model import StandardKeys
from mockserver.serving.ports import bind
from mockserver.serving.server import Server
from mockserver.store import DEFAULT_NAMESPACE, Order
from mockserver.store.urls import open_storage
from tests.store.samples import contents

CONVERSATIONS = "/api/v1/conversations/"
KEY = StandardKeys.of(1).server
CLIENTS = 3
_CHOICES = {"description_as_message": "first_message"}


@cache
def contract() -> Contract:
    return load_contract()


@contextmanager
def mock(url: str, scenario: str = "empty") -> Iterator[tuple[int, int]]:
    """Run a mock in a process of its own, and yield its port and process id. It is killed at the end."""
    contract()
    with bind("127.0.0.1", 0) as listener:
        with warnings.catch_warnings():
            # Newer Pythons warn of forking beside other threads, but the threads of a test runner hold no locks of ours.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            _be_mock(url, scenario, listener)
        port = listener.getsockname()[1]
    try:
        yield port, pid
    finally:
        kill(pid)


def _be_mock(url: str, scenario: str, listener: socket.socket) -> None:
    """Serve until killed. Never returns."""
    warnings.resetwarnings()
    try:
        app = create_app(spec=contract(), scenario=scenario, storage=url, choices=_CHOICES)
        server = Server(app, listener)
        server.start()
        signal.pause()
    except BaseException as error:  # noqa: BLE001 - a test runner must not go on twice
        print(f"the mock ended: {error!r}", file=sys.stderr, flush=True)
    finally:
        os._exit(1)


def kill(pid: int) -> None:
    """End a mock, whatever it does, if it was not ended before."""
    with suppress(ProcessLookupError, ChildProcessError):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


class Client:
    """Calls a mock, and raises OSError or HTTPException when it is gone."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=20)

    def call(self, method: str, path: str, body: object = None) -> Any:
        headers = {"X-API-Key": KEY, "Content-Type": "application/json"}
        self._connection.request(method, CONVERSATIONS + path, None if body is None else json.dumps(body), headers)
        answer = self._connection.getresponse()
        value = json.loads(answer.read())
        assert answer.status in (200, 201), (answer.status, value)
        return value

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()


@dataclass
class Known:
    """An acknowledged conversation, and the requests about it since then."""

    made: dict[str, Any]
    sent: list[str] = field(default_factory=list)
    """Bodies that were acknowledged."""
    asked: list[str] = field(default_factory=list)
    """Bodies that were sent."""
    resolved: bool = False
    asked_to_resolve: bool = False


@dataclass
class Acknowledged:
    """All that was acknowledged, by id."""

    conversations: dict[str, Known] = field(default_factory=dict)
    writes: int = 0

    def load(self, port: int, name: str, stopping: threading.Event | None = None) -> None:
        """Write until the mock is gone, or it is time to stop."""
        number = 0
        with Client(port) as client, suppress(OSError, HTTPException):
            while stopping is None or not stopping.is_set():
                number += 1
                self._one(client, f"{name}-{number}", number)

    def _one(self, client: Client, subject: str, number: int) -> None:
        body = {"subject": subject, "description": f"first of {subject}", "user_email": f"{subject[-1]}@example.com"}
        made = client.call("POST", "create/", body | {"metadata": {"text": "é" * (number % 50 * 100)}})
        known = self.conversations[made["id"]] = Known(made)
        self.writes += 1
        for index in range(number % 3):
            known.asked.append(f"{index} of {subject}")
            client.call("POST", f"{made['id']}/messages/create/", {"body": known.asked[-1], "user_email": f"{subject}@example.com"})
            known.sent.append(known.asked[-1])
            self.writes += 1
        if number % 4 == 0:
            known.asked_to_resolve = True
            client.call("POST", f"{made['id']}/resolve/")
            known.resolved = True
            self.writes += 1

    def check(self, client: Client, id: str) -> None:
        """Raise AssertionError unless an acknowledged conversation is there, with all that was acknowledged of it."""
        known, found = self.conversations[id], client.call("GET", f"{id}/")
        apart = ("status", "updated_at")
        assert {k: v for k, v in found.items() if k not in apart} == {k: v for k, v in known.made.items() if k not in apart}
        assert found["status"] in ({"closed"} if known.resolved else {"open", "closed"} if known.asked_to_resolve else {"open"})
        bodies = [message["body"] for message in client.call("GET", f"{id}/messages/")["results"]]
        first = f"first of {known.made['subject']}"
        assert bodies in ([first, *known.sent], [first, *known.asked]), (bodies, known)


def check_newest(client: Client, since: int) -> int:
    """Check the conversations that were added to the first `since`, acknowledged or not, and return the number of all."""
    count = int(client.call("GET", "?limit=1")["count"])
    for offset in range(0, count - since, 100):
        for item in client.call("GET", f"?limit=100&offset={offset}")["results"][: count - since - offset]:
            bodies = [message["body"] for message in client.call("GET", f"{item['id']}/messages/")["results"]]
            assert bodies[:1] == [f"first of {item['subject']}"], "a conversation is there without its first message"
    return count


def check_all(url: str, known: Acknowledged, *, first_message: bool = True) -> int:
    """Check the whole state, and return the number of conversations. With `first_message`, each must begin with a message."""
    storage = open_storage(url)
    store = storage.open(DEFAULT_NAMESPACE, Order.NEWEST)
    # `contents` also checks that lists, counts and filters agree.
    found = {id: item for held in contents(store, *_organisations()).values() for id, item in held.items()}
    assert known.conversations.keys() <= found.keys(), "acknowledged conversations are lost"
    numbers = [(conversation.organisation, conversation.number) for conversation, _ in found.values()]
    assert len({*numbers}) == len(numbers), "numbers are not unique"
    for id, (conversation, messages) in found.items():
        if first_message:
            assert messages[0].body == f"first of {conversation.subject}", "a conversation is there without its first message"
        if id in known.conversations:
            assert [message.body for message in messages[1:]][: len(known.conversations[id].sent)] == known.conversations[id].sent
    storage.close()
    return len(found)


def _organisations() -> list[str]:
    return [*create_app(scenario="empty", spec=contract()).namespace.keys.organisations]


def kill_under_load(url: str, kills: int, chance: random.Random) -> Acknowledged:
    """Kill `kills` mocks. Raises AssertionError if an acknowledged write is lost, or any write is there only in part."""
    known, count = Acknowledged(), 0
    for round_number in range(kills + 1):
        with mock(url) as (port, pid):
            fresh = [id for id, item in known.conversations.items() if item.made["subject"].startswith(f"{round_number - 1}-")]
            with Client(port) as client:
                for id in fresh:
                    known.check(client, id)
                count = check_newest(client, count)
            if round_number == kills:
                break
            threads = [threading.Thread(target=known.load, args=(port, f"{round_number}-{index}")) for index in range(CLIENTS)]
            for thread in threads:
                thread.start()
            time.sleep(chance.uniform(0.0, 0.12))
            kill(pid)
            for thread in threads:
                thread.join()
    check_all(url, known)
    return known


def kill_at_the_start(url: str, chance: random.Random) -> None:
    """Kill a mock while it creates and fills its database. The next one must have the complete scenario, or create it."""
    with mock(url, "demo") as (_, pid):
        time.sleep(chance.uniform(0.0, 0.4))
        kill(pid)
    with mock(url, "demo") as (port, _), Client(port) as client:
        count = client.call("GET", "?limit=1")["count"]
    world = create_app(scenario="demo", spec=contract()).namespace
    assert count == len(world.store.conversations(world.scenario.organisations[0]))


def main() -> None:
    """Kill as many as asked for, and say what was kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--url", help="Where the state is kept. Default: a new SQLite file.")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.randrange(10**6)
    chance, began = random.Random(seed), time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        try:
            known = kill_under_load(options.url or f"sqlite:///{directory}/state.db", options.kills, chance)
        except AccordError as error:
            sys.exit(str(error))
        if options.url is None:
            for number in range(options.kills // 10):
                kill_at_the_start(f"sqlite:///{directory}/{number}.db", chance)
    print(
        f"{options.kills} kills in {time.monotonic() - began:.0f} s (seed {seed}): {known.writes} acknowledged writes to "
        f"{len(known.conversations)} conversations; none is lost, none is half there."
    )


if __name__ == "__main__":
    main()
