"""A request reaches exactly the namespace that it names, and no response reveals paths of the machine."""

import logging

import pytest
import requests
from werkzeug.test import Client

from mockserver.app import create_app
from mockserver.keys.model import StandardKeys
from mockserver.serving.server import serving
from mockserver.testing import mocked_api
from tests.mock.test_mock_serving import raw

LIST = "/api/v1/conversations/"
KEY = StandardKeys.of(1).server


@pytest.fixture(scope="module")
def served(contract):
    with serving(create_app(spec=contract)) as url:
        yield url


def status_and_body(url, path, *headers):
    lines = b"".join(line + b"\r\n" for line in headers)
    response = raw(url, b"GET " + path + b" HTTP/1.1\r\nHost: " + url[7:].encode() + b"\r\nConnection: close\r\n" + lines + b"\r\n")
    head, _, body = response.partition(b"\r\n\r\n")
    return int(head.split()[1]), body.decode()


def names(url):
    return [item["name"] for item in requests.get(f"{url}/__accord__/namespaces").json()["results"]]


BAD_HEADERS = {
    "empty": [b"X-Accord-Namespace:"],
    "a space": [b"X-Accord-Namespace:  "],
    "not ASCII": ["X-Accord-Namespace: café".encode()],
    "Latin-1": ["X-Accord-Namespace: café".encode("latin-1")],
    "two": [b"X-Accord-Namespace: one", b"X-Accord-Namespace: two"],
    "two of the same": [b"X-Accord-Namespace: one", b"X-Accord-Namespace: one"],
    "too long": [b"X-Accord-Namespace: " + b"n" * 101],
    "a slash": [b"X-Accord-Namespace: a/b"],
    "encoded": [b"X-Accord-Namespace: a%20b"],
    "dots": [b"X-Accord-Namespace: .."],
}


@pytest.mark.parametrize("kind", BAD_HEADERS)
@pytest.mark.parametrize("path", [LIST, f"{LIST}create", "/nowhere", "/__accord__/requests", "/__accord__/snapshots"])
def test_a_header_that_names_nothing(served, kind, path):
    before = names(served)
    status, body = status_and_body(served, path.encode(), b"X-API-Key: " + KEY.encode(), *BAD_HEADERS[kind])
    assert status == 400
    assert "namespace" in body.lower()
    assert names(served) == before


BAD_PATHS = {
    "empty": b"/__accord__/in//api/v1/conversations/",
    "nothing after it": b"/__accord__/in/",
    "NUL": b"/__accord__/in/%00/api/v1/conversations/",
    "a NUL within": b"/__accord__/in/a%00b/api/v1/conversations/",
    "a space": b"/__accord__/in/a%20b/api/v1/conversations/",
    "not ASCII": b"/__accord__/in/caf%C3%A9/api/v1/conversations/",
    "not UTF-8": b"/__accord__/in/caf%E9/api/v1/conversations/",
    "too long": b"/__accord__/in/" + b"n" * 101 + b"/api/v1/conversations/",
    "dots": b"/__accord__/in/../api/v1/conversations/",
    "an encoded slash": b"/__accord__/in/%2F/api/v1/conversations/",
    "control within it": b"/__accord__/in//__accord__/requests",
}


@pytest.mark.parametrize("kind", BAD_PATHS)
def test_a_path_that_names_nothing(served, kind):
    before = names(served)
    status, body = status_and_body(served, BAD_PATHS[kind], b"X-API-Key: " + KEY.encode())
    assert status == 400, body
    assert "namespace" in body
    assert names(served) == before


def test_an_encoded_slash_is_one(served):
    # Servers decode paths before they pass them on, so this is the path b/… in the namespace a.
    assert status_and_body(served, b"/__accord__/in/a%2Fb/api/v1/conversations/", b"X-API-Key: " + KEY.encode())[0] == 404


def test_path_and_header_must_not_disagree(contract):
    client, key = Client(create_app(spec=contract, scenario="empty")), {"X-API-Key": KEY}
    response = client.get(f"/__accord__/in/one{LIST}", headers=key | {"X-Accord-Namespace": "two"})
    assert response.status_code == 400
    assert "'one'" in response.json["detail"]
    assert "'two'" in response.json["detail"]
    assert client.get(f"/__accord__/in/one{LIST}", headers=key | {"X-Accord-Namespace": "one"}).status_code == 200
    assert len(client.get("/__accord__/namespaces").json["results"]) == 2


def test_a_name_that_is_not_ascii_is_shown_as_it_was_sent(contract):
    client = Client(create_app(spec=contract, scenario="empty"))
    response = client.get("/__accord__/in/caf%C3%A9/api/v1/conversations/")
    assert "'café'" in response.json["detail"]


@pytest.mark.parametrize("name", ["X_API_KEY", "X_API-Key", "x_api_key"])
def test_in_process_a_header_with_underscores_is_another_one(name):
    with mocked_api() as api:
        url = f"{api.url}{LIST}"
        assert requests.get(url, headers={name: api.keys.server}).status_code == 401
        assert requests.get(url, headers={"X-API-Key": api.keys.server, name: "nonsense"}).status_code == 200
        assert requests.post(f"{url}create/", headers={"X-API-Key": api.keys.server}, json={"subject": "Here"}).status_code == 201
        elsewhere = {"X-API-Key": api.keys.server, "X_Accord_Namespace": "elsewhere"}
        assert requests.get(url, headers=elsewhere).json()["count"] == 1


# --- what is on the machine -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [LIST, "/__accord__/health", "/__accord__/namespaces", "/__accord__/in/new/api/v1/conversations/"])
def test_a_store_that_is_gone_does_not_say_where_it_was(tmp_path, contract, caplog, path):
    file = tmp_path / "private-place" / "state.db"
    file.parent.mkdir()
    app = create_app(spec=contract, scenario="empty", storage=f"sqlite:///{file}")
    file.unlink()
    with caplog.at_level(logging.ERROR, logger="mockserver"):
        response = Client(app).get(path, headers={"X-API-Key": KEY})
    assert response.status_code == 503
    assert response.json == {"detail": "The store cannot be reached."}
    assert "private-place" in caplog.text
    app.namespaces.storage.close()


def test_a_scenario_that_went_bad_does_not_say_where_it_lies(tmp_path, contract, caplog):
    file = tmp_path / "private-place" / "mine.jsonl"
    file.parent.mkdir()
    file.write_text('{"subject": "Hello"}\n')
    client = Client(create_app(spec=contract, scenario=str(file)))
    file.write_text("nonsense\n")
    for _ in range(2):
        response = client.post("/__accord__/reset")
        assert response.status_code == 400
        assert "mine.jsonl, line 1, is not JSON" in response.json["detail"]
        assert "private-place" not in response.text
    assert "private-place" in caplog.text


def test_a_contract_that_does_not_fit_does_not_say_where_it_lies(edited_spec, caplog):
    spec = edited_spec(lambda document: document["components"]["schemas"]["Channel"].update(enum=["web", "email"]))
    client = Client(create_app(spec=spec, scenario="empty", choices={"default_channel": "web"}))
    response = client.put("/__accord__/namespaces/one", json={"choices": {"default_channel": "api"}})
    assert response.status_code == 400
    assert f"no channel of {spec.name}" in response.json["detail"]
    assert str(spec.parent) not in response.text
    assert str(spec) in caplog.text
