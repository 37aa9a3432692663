"""What strangers can make the mock keep is bounded, and requests to the mock itself are refused in one sentence, never by a 500."""

import json
import sys
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import Client

from mockserver.app import create_app
from mockserver.control.state import MOST_SNAPSHOTS
from mockserver.http.json_bodies import not_utf8
from mockserver.journal import Journal
from tests.sampling import sample

LIST = "/api/v1/conversations/"


@pytest.fixture
def make(contract):
    def make(**settings):
        app = create_app(**{"scenario": "empty", "spec": contract, **settings})
        return app, Client(app), {"X-API-Key": app.namespace.standard_keys.server}

    return make


def names(client):
    return [item["name"] for item in client.get("/__accord__/namespaces").json["results"]]


# --- namespaces -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", LIST, 401),
        ("POST", f"{LIST}create/", 401),
        ("GET", f"{LIST}11111111-2222-4333-8444-555555555555/", 401),
        ("GET", "/nowhere", 404),
        ("DELETE", LIST, 405),
        ("GET", "/__accord__/requests", 200),
        ("DELETE", "/__accord__/requests", 204),
        ("GET", "/__accord__/snapshots", 200),
        ("POST", "/__accord__/snapshots/x/restore", 404),
        ("DELETE", "/__accord__/snapshots/x", 404),
        ("GET", "/__accord__/namespaces/n", 404),
        ("GET", "/__accord__/health", 200),
        ("GET", "/__accord__/nowhere", 404),
    ],
)
def test_a_request_without_a_key_makes_no_namespace(make, method, path, status):
    app, client, _ = make()
    for headers in ({}, {"X-API-Key": "nonsense"}, {"X-API-Key": app.namespace.standard_keys.revoked}):
        assert client.open(path, method=method, headers=headers | {"X-Accord-Namespace": "n"}).status_code == status
        assert client.open(f"/__accord__/in/n{path}", method=method, headers=headers).status_code == status
    assert names(client) == ["default"]


def test_a_refusal_is_in_the_words_of_the_namespace_that_is_not_made(make):
    _, client, _ = make(choices={"error_body_shape": "problem_json"})
    expected = client.get(LIST)
    response = client.get(LIST, headers={"X-Accord-Namespace": "n"})
    for one in (expected, response):
        del one.headers["X-Accord-Request-Id"]
    assert (response.status_code, response.data, response.headers) == (401, expected.data, expected.headers)


def test_there_is_a_most_of_namespaces(make):
    _, client, key = make(max_namespaces=2)
    assert client.get(LIST, headers=key | {"X-Accord-Namespace": "a"}).status_code == 200
    assert client.put("/__accord__/namespaces/b").status_code == 201
    for refused in (client.get(LIST, headers=key | {"X-Accord-Namespace": "c"}), client.put("/__accord__/namespaces/c")):
        assert refused.status_code == 400
        assert refused.json["detail"] == (
            "There are 2 namespaces, which is the most there may be. "
            "Drop some by DELETE /__accord__/namespaces/NAME, or start the mock with a higher --max-namespaces."
        )
    assert names(client) == ["a", "b", "default"]
    assert client.get(LIST, headers=key | {"X-Accord-Namespace": "a"}).status_code == 200
    assert client.put("/__accord__/namespaces/b").status_code == 200
    client.delete("/__accord__/namespaces/a")
    assert client.put("/__accord__/namespaces/c").status_code == 201


def test_there_may_be_no_namespaces(make):
    _, client, key = make(max_namespaces=0)
    assert client.get(LIST, headers=key).status_code == 200
    assert client.get(LIST, headers=key | {"X-Accord-Namespace": "a"}).status_code == 400


def test_the_same_settings_again_are_fine_and_others_are_not(make):
    _, client, _ = make()
    path, wanted = "/__accord__/namespaces/n", {"seed": 7, "choices": {"invalid_value_status": 422}}
    first, again = client.put(path, json=wanted), client.put(path, json=wanted | {"scenario": None})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json == client.get(path).json
    assert client.put(path, json=wanted | {"choices": {"invalid_value_status": "422"}}).status_code == 200
    for other in ({}, {"seed": 8}, wanted | {"scenario": "demo"}, wanted | {"choices": {}}):
        assert client.put(path, json=other).status_code == 409


def test_ready_made_keys_that_work_are_shown(make, tmp_path):
    app, client, key = make()
    for path, settings_, status in (("a", {}, 201), ("default", {}, 200), ("b", {"scenario": "demo"}, 201)):
        response = client.put(f"/__accord__/namespaces/{path}", json=settings_)
        assert (response.status_code, response.json["keys"]) == (status, app.namespace.standard_keys.by_name())
        assert client.get(LIST, headers=key | {"X-Accord-Namespace": path}).status_code == 200
    keys = tmp_path / "keys.yaml"
    keys.write_text("organisations: [A]\nkeys: [{key: bnc_sv_my-own-key, tier: server, organisation: A}]\n")
    client = Client(create_app(scenario="empty", keys=keys))
    assert client.put("/__accord__/namespaces/a").json["keys"] is None
    assert client.get(LIST, headers={"X-API-Key": "bnc_sv_my-own-key", "X-Accord-Namespace": "a"}).status_code == 200


def test_there_is_a_most_of_snapshots(make):
    _, client, _ = make()
    for number in range(MOST_SNAPSHOTS):
        assert client.put(f"/__accord__/snapshots/s{number}").status_code == 204
    refused = client.put("/__accord__/snapshots/more")
    assert refused.status_code == 400
    assert "100 snapshots" in refused.json["detail"]
    assert client.put("/__accord__/snapshots/s1").status_code == 204
    client.delete("/__accord__/snapshots/s1")
    assert client.put("/__accord__/snapshots/more").status_code == 204


# --- the journal ----------------------------------------------------------------------------------------------------------


def kept(client):
    return client.get("/__accord__/requests").json["results"]


def test_the_journal_keeps_so_many_requests(make):
    _, client, _ = make(journal=3)
    for number in range(5):
        client.get(f"/nowhere-{number}")
    assert [entry["request"]["path"] for entry in kept(client)] == ["/nowhere-4", "/nowhere-3", "/nowhere-2"]
    assert [entry["number"] for entry in kept(client)] == [5, 4, 3]


def test_the_journal_may_keep_none(make):
    _, client, _ = make(journal=0)
    client.get("/nowhere")
    assert kept(client) == []


@pytest.mark.parametrize("fat", ["header", "query", "body", "hook"])
def test_the_journal_keeps_so_many_bytes(make, fat):
    app, client, key = make(journal_bytes=300_000)
    if fat == "hook":
        app.before_request(lambda: None)  # So that the requests go through Flask, which keeps their bodies.
    text = "x" * 50_000
    for number in range(20):
        headers = key | ({"X-Fat": text} if fat in ("header", "hook") else {})
        query = {"n": str(number)} | ({"fat": text} if fat == "query" else {})
        body = {"subject": "x", "metadata": {"fat": text if fat in ("body", "hook") else ""}}
        assert client.post(f"{LIST}create/", headers=headers, query_string=query, json=body).status_code == 201
    # 16 KiB of each body, request and answer, are kept.
    each = {"header": 54_000, "query": 54_000, "body": 2 * 16_384 + 4_096, "hook": 50_000 + 2 * 16_384 + 4_096}[fat]
    numbers = [entry["number"] for entry in kept(client)]
    assert numbers == list(range(20, 20 - len(numbers), -1))
    assert 300_000 // each - 1 <= len(numbers) <= 300_000 // each + 1
    assert _size(app.journal) < 2 * 300_000


def _size(journal: Journal) -> int:
    """Return the bytes that all texts in a journal take, including those of nested values."""
    seen, found, todo = set(), 0, [journal._entries]
    while todo:
        item = todo.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, str | bytes):
            found += sys.getsizeof(item)
        elif isinstance(item, dict):
            todo += [*item.keys(), *item.values()]
        elif isinstance(item, list | tuple) or hasattr(item, "popleft"):
            todo += item
        else:
            assert isinstance(item, int | float | type(None)) or hasattr(item, "items"), item
            todo += item.items() if hasattr(item, "items") else ()
    return found


def test_forgetting_makes_room(make):
    _, client, _ = make(journal_bytes=300_000)
    for number in range(3):
        client.get(f"/nowhere-{number}", headers={"X-Fat": "x" * 200_000})
    assert len(kept(client)) == 1
    client.delete("/__accord__/requests")
    for number in range(3):
        client.get(f"/nowhere-{number}")
    assert len(kept(client)) == 3


# --- bodies of requests to the mock itself --------------------------------------------------------------------------------

DEEP = b'{"choices": ' * 3000 + b"1" + b"}" * 3000


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (b'{"seed": 1000000000000000000000000000000}', 400, "an integer beyond 64 bits"),
        (b'{"seed": ' + b"9" * 5000 + b"}", 400, "an integer beyond 64 bits"),
        (b'{"seed": 1.5}', 400, "The setting seed is neither a whole number nor a text."),
        (b'{"seed": true}', 400, "The setting seed is neither"),
        (b'{"seed": {}}', 400, "The setting seed is neither"),
        (b'{"seed": "' + b"x" * 101 + b'"}', 400, "The setting seed has more than 100 characters."),
        (b'{"seed": NaN}', 400, "NaN, which JSON does not have"),
        (b'{"seed": -Infinity}', 400, "-Infinity, which JSON does not have"),
        (b'{"seed": "\\ud800"}', 400, "half of a surrogate pair"),
        (b'{"\\ud800": 1}', 400, "half of a surrogate pair"),
        (b'{"seed": 1, "seed": 2}', 400, "the member 'seed' twice"),
        (b'{"choices": {"list_order": "oldest", "list_order": "newest"}}', 400, "the member 'list_order' twice"),
        (b'{"choices": []}', 400, "The setting choices is not an object."),
        (b'{"choices": {"list_order": {"a": 1}}}', 400, "list_order has no option"),
        (b'{"choices": {"list_order": null}}', 400, "list_order has no option"),
        (b'{"choices": {"' + b"x" * 60_000 + b'": 1}}', 400, "There is no choice"),
        (b'{"scenario": 1}', 400, "The setting scenario is not the name"),
        (b'{"scenario": "a\\u0000b"}', 400, "There is no scenario"),
        (b'{"scenario": "' + b"x" * 5000 + b'"}', 400, "There is no scenario"),
        (b'{"sead": 1}', 400, "A namespace has no setting 'sead'. Settings: scenario, seed, choices."),
        (b"[1]", 400, "not a JSON object"),
        (b"null", 400, "not a JSON object"),
        (b'{"seed": 1', 400, "The body is not JSON"),
        (b'{"seed": 1} x', 400, "The body is not JSON"),
        (DEEP[:60_000], 400, "nested too deeply"),
        (b"[" * 60_000, 400, "nested too deeply"),
        (b'{"choices": ' * 30 + b"1" + b"}" * 30, 400, "nested too deeply"),
        ('{"seed": "é"}'.encode("latin-1"), 400, "The body is not UTF-8: byte 0xE9 at position 10"),
        (b"\xef\xbb\xbf{}", 400, "byte order mark"),
        (b"\x1f\x8b\x08\x00", 400, "compressed by gzip"),
        ('{"seed": 1}'.encode("utf-16"), 400, "The body is not UTF-8"),
        (b" " * 70_000, 413, "longer than 65536 bytes"),
    ],
)
@pytest.mark.parametrize("header", [{}, {"Content-Type": "application/json"}])
def test_what_is_wrong_with_a_body_is_said(make, body, status, says, header):
    _, client, _ = make()
    response = client.put("/__accord__/namespaces/n", data=body, headers=header)
    assert response.status_code == status, response.text
    assert says in response.json["detail"]
    assert len(response.json["detail"]) < 1000
    assert names(client) == ["default"]


@pytest.mark.parametrize(
    ("headers", "says"),
    [
        ({"Content-Encoding": "gzip"}, "The body has the Content-Encoding gzip, which is not supported here: send it as it is."),
        ({"Content-Encoding": "br"}, "The body has the Content-Encoding br, which is not supported here: send it as it is."),
        ({"Content-Type": "application/json; charset=ISO-8859-1"}, "The body has the charset iso-8859-1: JSON is UTF-8."),
        ({"Content-Type": 'application/json; a=b; Charset="utf-16"'}, "The body has the charset utf-16: JSON is UTF-8."),
    ],
)
@pytest.mark.parametrize(("method", "path"), [("PUT", "/__accord__/namespaces/n"), ("POST", f"{LIST}create/")])
def test_an_encoding_that_is_not_supported_is_named(make, headers, says, method, path):
    _, client, key = make()
    response = client.open(path, method=method, headers=key | headers, data=b'{"subject": "x"}')
    assert (response.status_code, response.json["detail"]) == (415, says)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ('{"subject": "Grüße"}'.encode("latin-1"), "The body is not UTF-8: byte 0xFC at position 15 begins no character."),
        (b"\x1f\x8b\x08\x00rest", "The body is compressed by gzip, and its headers do not say so: send it as it is."),
        (b'\xef\xbb\xbf{"subject": "x"}', "The body begins with a byte order mark, which JSON does not have."),
    ],
)
def test_a_body_of_the_api_that_is_not_utf8_is_called_that(make, body, says):
    _, client, key = make()
    response = client.post(f"{LIST}create/", headers=key, data=body)
    assert (response.status_code, response.json["detail"]) == (400, says)


@pytest.mark.parametrize("headers", [{"Content-Encoding": "identity"}, {"Content-Type": "application/json; charset=UTF-8"}])
def test_an_encoding_that_changes_nothing_is_fine(make, headers):
    _, client, key = make()
    assert client.post(f"{LIST}create/", headers=key | headers, data='{"subject": "Grüße"}'.encode()).status_code == 201


@given(st.binary())
def test_bytes_are_called_utf8_only_if_they_are(data):
    try:
        data.decode()
    except UnicodeDecodeError:
        assert not_utf8(data)


ROUTES = [
    ("GET", "/health"),
    ("POST", "/reset"),
    ("GET", "/snapshots"),
    ("PUT", "/snapshots/{}"),
    ("POST", "/snapshots/{}/restore"),
    ("DELETE", "/snapshots/{}"),
    ("GET", "/namespaces"),
    ("GET", "/namespaces/{}"),
    ("PUT", "/namespaces/{}"),
    ("DELETE", "/namespaces/{}"),
    ("GET", "/requests"),
    ("DELETE", "/requests"),
]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.sampled_from(["demo", "empty", "oldest"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["seed", "scenario", "choices", "list_order", "error_body_shape", ""]), inner, max_size=3)
    ),
    max_leaves=8,
)
BODIES = JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=30) | st.just(b"")
NAMES = st.text(max_size=8) | st.sampled_from(["default", "a", "b", "%00", "..", "a" * 101, "é", "a/b"])


@pytest.fixture(scope="module", params=sample(["memory", "sqlite"]))
def fuzzed(request, contract, tmp_path_factory):
    url = None if request.param == "memory" else f"sqlite:///{tmp_path_factory.mktemp('fuzzed')}/state.db"
    app = create_app(scenario="empty", spec=contract, storage=url, max_namespaces=5)
    yield Client(app)
    app.namespaces.storage.close()


@pytest.mark.parametrize(("method", "path"), ROUTES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=NAMES, body=BODIES, where=NAMES, query=st.text(max_size=8), in_url=st.booleans())
def test_nothing_makes_it_fail(fuzzed, method, path, name, body, where, query, in_url):
    prefix = f"/__accord__/in/{quote(where)}/__accord__" if in_url else "/__accord__"
    headers = (
        {}
        if in_url
        else {"X-Accord-Namespace": where.encode("latin-1", "ignore").decode("latin-1").replace("\r", "").replace("\n", "")}
    )
    response = fuzzed.open(
        prefix + path.format(quote(name)),
        method=method,
        data=body,
        headers=headers,
        query_string={"limit": query} if query else None,
    )
    assert response.status_code < 500, response.text
    if response.status_code >= 400:
        assert response.json["detail"]
