"""The suite is a guest: whatever it runs, it writes to nothing that it did not create, and other people's data stay as they are."""

import io
import random
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest
from werkzeug.test import Client

from accord.commands.profile import profile
from contract_tests.contract.document import load_contract
from contract_tests.load.launcher import load_server
from contract_tests.load.settings import EFFORT, LoadSettings
from contract_tests.outcome.run import Run
from contract_tests.run.runner import verify
from contract_tests.run.settings import Settings
from contract_tests.transport.credentials import Keys
from contract_tests.transport.exchange import Call, Exchange
from contract_tests.transport.guard import Guard, Unsafe, Withheld
from mockserver.keys.model import StandardKeys
from mockserver.namespaces.namespace import DEFAULT_SEED
from mockserver.serving.server import WsgiApp, serving
from tests.harness.trials import Direct
from tests.sampling import chosen
from tests.variations.registry import all_variations

COLLECTION = "/api/v1/conversations/"
KEYS = StandardKeys.of(DEFAULT_SEED)
ALL_KEYS = {
    "server_key": KEYS.server,
    "client_key": KEYS.client,
    "revoked_key": KEYS.revoked,
    "other_server_key": KEYS.other_server,
    "origin_client_key": KEYS.origin_client,
    "origin": KEYS.origin,
}
SMALL = ("ids-from-zero", "ids-are-short-words")
"""Variations whose ids anybody could guess, and in which other people have conversations."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as it arrived: the id that its path names, or nothing, and the id that it created."""

    method: str
    path: str
    key: str
    status: int
    id: str
    created: str

    @property
    def owner(self) -> str:
        """The id at the beginning of a path. What follows a separator, semicolon, NUL or space is only another spelling of it."""
        return re.split(r"[/\\;\0 ]", self.id, maxsplit=1)[0]

    @property
    def writes(self) -> bool:
        return self.method not in ("GET", "HEAD", "OPTIONS")


@dataclass
class Watched:
    """A server with other people's data, which records all requests."""

    app: WsgiApp
    asked: list[Seen] = field(default_factory=list)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        environ["wsgi.input"] = io.BytesIO(environ["wsgi.input"].read(length))
        statuses: list[str] = []

        def noted(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            statuses.append(status)
            return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

        body = b"".join(self.app(environ, noted))
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        method, status = environ["REQUEST_METHOD"], int(statuses[-1].split()[0])
        creates = method == "POST" and path.rstrip("/") == f"{COLLECTION}create"
        found = re.search(r'"id": ?"([^"]*)"', body.decode("utf-8", "replace")) if creates and status < 300 else None
        named = re.sub("/+", "/", path).removeprefix(COLLECTION).strip("/")
        for rest in ("/messages/create", "/messages", "/resolve"):
            named = named.removesuffix(rest)
        key = environ.get("HTTP_X_API_KEY") or environ.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer ")
        created = found[1] if found else ""
        self.asked.append(Seen(method, path, key, status, "" if creates else named, created))
        return [body]

    def strangers(self) -> list[bytes]:
        """Return all conversations and messages of other people, as the server shows them."""
        client, found = Client(self.app), list[bytes]()
        for key in (KEYS.server, KEYS.other_server):
            headers = {"X-API-Key": key}
            for number in range(24):
                address = f"somebody{number}@example.org"
                page = client.get(COLLECTION, query_string={"user_email": address}, headers=headers)
                found.append(page.data)
                for item in page.json["results"]:
                    found += [client.get(f"{COLLECTION}{item['id']}/{more}", headers=headers).data for more in ("", "messages/")]
        return found

    def trespasses(self) -> list[Seen]:
        """Return writes to ids that the run did not create, except where a read with the same key was refused just before."""
        created: set[str] = set()
        wrong = []
        for before, one in pairwise([Seen("", "", "", 0, "", ""), *self.asked]):
            if one.created:
                created.add(one.created)
            own = bool({one.id, one.owner} & created)
            refused = before.method == "GET" and (before.id, before.key) == (one.id, one.key) and 400 <= before.status < 500
            if one.writes and one.id and not own and not refused:
                wrong.append(one)
        return wrong

    def sweeping(self) -> list[Seen]:
        """Return requests that a server might apply to all conversations, or to all that match a filter."""
        collections = {COLLECTION: ("POST",), f"{COLLECTION}create/": ("POST", "PUT", "PATCH")}
        paths = ((one, re.sub("/+", "/", one.path).rstrip("/ ") + "/") for one in self.asked if one.writes)
        return [one for one, path in paths if path in collections and one.method not in collections[path]]


@pytest.fixture(params=SMALL)
def watched(request: pytest.FixtureRequest) -> Iterator[Watched]:
    """Yield a watched server; at the end, check that other people's data have not changed."""
    server = Watched(all_variations()[request.param].server().app)
    before = server.strangers()
    assert len(before) == 2 * 24 + 2 * 24
    yield server
    assert not server.trespasses()
    assert not server.sweeping()
    assert server.strangers() == before
    assert sum(one.writes for one in server.asked) > 20


def run(server: Watched, **settings: Any) -> Run:
    url = "http://server.test"
    return verify(Settings(base_url=url, **ALL_KEYS, **settings), adapter=lambda: Direct(server, url))


@pytest.mark.parametrize("watched", chosen(SMALL, {1}), indirect=True)
def test_a_verification_writes_to_nothing_of_others(watched: Watched) -> None:
    found = run(watched, effort="quick")
    assert found.verdict == "conformant", found.problems
    short = {one.owner for one in watched.asked if one.writes and len(one.owner) < 20} - {one.created for one in watched.asked}
    # With other methods, the path of create names the id `create`, and a read of that was refused before.
    assert short <= {"create"}


@pytest.mark.extended
def test_a_thorough_verification_writes_to_nothing_of_others(watched: Watched) -> None:
    only = ("*.unknown-*", "isolation.*", "any.undocumented-methods", "tier.*", "any.no-server-error")
    found = run(watched, effort="thorough", only=only, time_budget=8)
    assert not [problem for problem in found.problems if "suite" in problem]


def test_a_profile_writes_to_nothing_of_others(watched: Watched) -> None:
    with serving(watched) as url:
        assert "malformed_id_status" in profile(url, {name: key for name, key in ALL_KEYS.items() if name != "revoked_key"})


@pytest.mark.extended
def test_a_load_writes_to_nothing_of_others() -> None:
    server = Watched(all_variations()["ids-from-zero"].server().app)
    before = server.strangers()
    with serving(server) as url:
        keys = {name: ALL_KEYS[name] for name in ("server_key", "client_key", "other_server_key")}
        found = load_server(LoadSettings(Settings(base_url=url, effort=EFFORT, **keys), users=4, duration=3))
    assert found is not None
    assert found.verdict == "conformant", found.problems
    created = {one.created for one in server.asked}
    assert not [one for one in server.asked if one.writes and one.id and one.id not in created]
    assert server.strangers() == before


# --- the guard by itself ----------------------------------------------------------------------------------------------------------


OURS = "7f3a9c52-1b6e-4d0a-9c41-2e8b5f6a7d10"
THEIRS = "a3"


class Reading:
    """Responds to the reads of the guard, and records them."""

    def __init__(self, status: int, body: bytes = b"{}") -> None:
        self.status, self.body = status, body
        self.calls: list[Call] = []

    def __call__(self, call: Call) -> Exchange:
        self.calls.append(call)
        return Exchange(call, call.path, self.status, {}, self.body, 0.0)


@pytest.fixture
def keys() -> Keys:
    return Keys.given(KEYS.server, KEYS.client, other_server=KEYS.other_server)


@pytest.fixture
def guard(keys: Keys) -> Guard:
    made = Guard(load_contract(), keys)
    made.own(OURS, {"number": 1, "subject": "Ours"})
    made.own(THEIRS, {"number": 1, "subject": "Theirs"}, other=True)
    return made


def written(path: str, method: str = "POST") -> Call:
    return Call(method, COLLECTION + path, credential=Keys.given(KEYS.server).server)


@pytest.mark.parametrize(
    "path",
    [
        "create/",
        "create",
        *(f"{OURS}/{rest}" for rest in ("resolve/", "resolve", "messages/create/", "", "RESOLVE/", "/resolve/", "unheard-of/")),
        f"{OURS.upper()}/resolve/",
        *(f"{OURS}{tail}/resolve/" for tail in (";x=1", "%00", "%20", "%2F", "//")),
        f"/{OURS}/resolve/",
    ],
)
def test_what_the_run_created_may_be_written_to_by_any_spelling(guard: Guard, path: str) -> None:
    asked = Reading(500)
    guard.admit(written(path), asked)
    assert not asked.calls


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "path",
    [
        *("0/resolve/", "7/messages/create/", "not-an-id/resolve/", "%30/resolve/", "messages/create/", "-1/"),
        *(f"{one}/resolve/" for one in (OURS[:-1], OURS[:8], OURS[:-1] + "1", OURS.replace("7f", "7e", 1))),
        "5d0c1f6e-8f0b-4c1e-9a53-6f2d7b7c9e10/resolve/",
        "00000000-0000-0000-0000-000000000000/resolve/",
        f"{OURS}/../0/resolve/",
        f"{OURS}%2F..%2F0/resolve/",
        "../conversations/0/resolve/",
    ],
)
def test_what_may_be_somebody_elses_is_never_written_to(guard: Guard, method: str, path: str) -> None:
    asked = Reading(404)
    with pytest.raises(Unsafe):
        guard.admit(written(path, method), asked)
    assert not asked.calls


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["", "/", "?user_email=ours"])
def test_the_whole_list_is_never_replaced_or_deleted(guard: Guard, method: str, path: str) -> None:
    asked = Reading(404)
    with pytest.raises(Unsafe):
        guard.admit(written(path, method), asked)
    assert not asked.calls


def test_paths_beside_the_api_are_never_written_to(guard: Guard) -> None:
    with pytest.raises(Unsafe):
        guard.admit(Call("POST", "/api/v2/conversations/0/resolve/"), Reading(404))


@pytest.mark.parametrize("status", [200, 302, 429, 500, 503, 0])
def test_an_invented_id_is_not_written_to_unless_reading_it_is_refused(guard: Guard, status: int) -> None:
    path = f"not-an-id-{guard.invent(random.Random(1))}/resolve/"
    with pytest.raises(Withheld, match=str(status)):
        guard.admit(written(path), Reading(status))
    refused = Reading(404)
    guard.admit(written(path), refused)
    (reading,) = refused.calls
    assert (reading.method, reading.path) == ("GET", COLLECTION + path.removesuffix("resolve/"))
    assert reading.credential == written(path).credential
    assert reading.body is None


def test_an_id_with_more_behind_it_is_written_to_where_ids_are_uuids(guard: Guard) -> None:
    guard.admit(written(f"{OURS}x/resolve/"), Reading(404))
    guard.own("a4", {})
    with pytest.raises(Unsafe):
        guard.admit(written("a4x/resolve/"), Reading(404))


@pytest.mark.parametrize("status", [403, 404, 410])
def test_the_other_organisations_conversation_is_tried_where_it_cannot_be_read(guard: Guard, status: int) -> None:
    guard.admit(written(f"{THEIRS}/resolve/"), Reading(status))


@pytest.mark.parametrize(
    ("status", "body"), [(200, b'{"number": 1, "subject": "Of somebody else"}'), (401, b"{}"), (500, b"{}"), (429, b"{}")]
)
def test_one_id_may_be_of_two_conversations_in_two_organisations(guard: Guard, status: int, body: bytes) -> None:
    with pytest.raises(Withheld):
        guard.admit(written(f"{THEIRS}/resolve/"), Reading(status, body))


def test_what_leaks_from_the_other_organisation_is_known_again(guard: Guard) -> None:
    guard.admit(written(f"{THEIRS}/resolve/"), Reading(200, b'{"number": 1, "subject": "Theirs"}'))


def test_invented_ids_are_read_as_no_number(guard: Guard) -> None:
    made = {guard.invent(random.Random(seed)) for seed in range(50)}
    assert len(made) == 50
    assert all(one[0].isalpha() for one in made)
