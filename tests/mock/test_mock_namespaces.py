"""Namespaces beside each other in one mock, and the state of each: reset, snapshots, the journal."""

import gc
import json
import tracemalloc

import pytest
from werkzeug.test import Client

from mockserver.app import create_app

LIST = "/api/v1/conversations/"


@pytest.fixture
def app(contract):
    return create_app(spec=contract, scenario="empty")


@pytest.fixture
def client(app):
    return Client(app)


@pytest.fixture
def key(app):
    return {"X-API-Key": app.namespace.standard_keys.server}


def create(client, headers, prefix="", **body):
    response = client.post(f"{prefix}{LIST}create/", headers=headers, json={"subject": "Hello"} | body)
    assert response.status_code == 201, response.text
    return response.json


def count(client, headers, prefix=""):
    return client.get(f"{prefix}{LIST}", headers=headers).json["count"]


def test_a_header_or_a_prefix_selects_a_world_of_its_own(client, key):
    made = create(client, key | {"X-Accord-Namespace": "one"})
    assert count(client, key) == 0
    assert count(client, key, "/__accord__/in/one") == 1
    assert count(client, key | {"X-Accord-Namespace": "one"}) == 1
    assert count(client, key, "/__accord__/in/two") == 0
    assert create(client, key, "/__accord__/in/two")["number"] == made["number"]
    assert client.get(f"{LIST}{made['id']}/", headers=key).status_code == 404
    assert client.get(f"/__accord__/in/one{LIST}{made['id']}/", headers=key).json == made
    assert client.get(f"/__accord__/in/one{LIST}{made['id']}/nothing", headers=key).status_code == 404


def test_settings_of_its_own(client, key):
    made = client.put(
        "/__accord__/namespaces/strict", json={"seed": 7, "scenario": "paging", "choices": {"limit_over_maximum": "reject"}}
    )
    assert made.status_code == 201
    own = {"X-API-Key": made.json["keys"]["server"]}
    assert made.json["path"] == "/__accord__/in/strict"
    assert count(client, own, made.json["path"]) == 48
    assert client.get(f"{made.json['path']}{LIST}?limit=1000", headers=own).status_code == 400
    assert client.get(f"{made.json['path']}{LIST}", headers=key).status_code == 401
    assert client.get(f"{LIST}?limit=1000", headers=key).status_code == 200
    assert client.get(LIST, headers=own).status_code == 401


def test_listed_and_dropped(client, key):
    assert [item["name"] for item in client.get("/__accord__/namespaces").json["results"]] == ["default"]
    create(client, key, "/__accord__/in/b")
    client.put("/__accord__/namespaces/a", json={"scenario": "demo"})
    listed = client.get("/__accord__/namespaces").json["results"]
    assert [(item["name"], item["settings"]) for item in listed] == [("a", {"scenario": "demo"}), ("b", {}), ("default", {})]
    assert client.delete("/__accord__/namespaces/b").status_code == 204
    assert client.delete("/__accord__/namespaces/b").status_code == 404
    assert client.get("/__accord__/namespaces/b").status_code == 404
    assert count(client, key, "/__accord__/in/b") == 0


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "says"),
    [
        ("PUT", "/namespaces/a%20b", {}, 400, "cannot be the name"),
        ("PUT", "/namespaces/x", {"scenario": "none"}, 400, "There is no scenario"),
        ("PUT", "/namespaces/x", {"scenario": "/etc/passwd.yaml"}, 400, "not the name of a scenario"),
        ("PUT", "/namespaces/x", {"choices": {"no": "x"}}, 400, "There is no choice"),
        ("PUT", "/namespaces/x", {"keys": "file"}, 400, "no setting"),
        ("PUT", "/namespaces/x", [], 400, "not a JSON object"),
        ("PUT", "/namespaces/default", {"seed": 7}, 409, "already, with other settings"),
        ("POST", "/reset", {"scenario": "demo"}, 400, "A reset has no setting 'scenario'"),
        ("POST", "/reset", [1], 400, "not a JSON object"),
        ("PUT", "/snapshots/a%20b", None, 400, "name of a snapshot"),
        ("GET", "/requests?limit=x", None, 400, "limit"),
        ("DELETE", "/namespaces/default", None, 400, "always there"),
        ("POST", "/snapshots/none/restore", None, 404, "no snapshot"),
        ("DELETE", "/snapshots/none", None, 404, "no snapshot"),
    ],
)
def test_mistakes_are_told_and_change_nothing(client, method, path, body, status, says):
    response = client.open(f"/__accord__{path}", method=method, json=body)
    assert response.status_code == status
    assert says in response.json["detail"]
    assert len(client.get("/__accord__/namespaces").json["results"]) == 1


def test_a_name_that_nothing_can_have_is_refused(client, key):
    response = client.get(LIST, headers=key | {"X-Accord-Namespace": "no/name"})
    assert response.status_code == 400
    assert "cannot be the name of a namespace" in response.json["detail"]


def test_reset_begins_again(contract):
    app = create_app(spec=contract)
    client, key = Client(app), {"X-API-Key": app.namespace.standard_keys.server}
    before = client.get(LIST, headers=key).json
    made = create(client, key)
    create(client, key, "/__accord__/in/other")
    assert client.post("/__accord__/reset").status_code == 204
    assert client.get(LIST, headers=key).json == before
    assert count(client, key, "/__accord__/in/other") == before["count"] + 1
    assert create(client, key)["id"] == made["id"]


SCENARIO = """
description: two organisations
organisations: [{first}, Elsewhere]
conversations:
  - {{subject: {subject}}}
"""


@pytest.mark.parametrize("store", ["memory:", "sqlite:///{}/state.db"])
@pytest.mark.parametrize("kind", ["yaml", "jsonl"])
def test_reset_reads_a_scenario_that_was_changed(contract, tmp_path, store, kind):
    path = tmp_path / f"mine.{kind}"

    def write(subject, organisation="Somewhere"):
        if kind == "yaml":
            path.write_text(SCENARIO.format(first=organisation, subject=subject))
        else:
            header = {"description": "x", "organisations": [organisation, "Elsewhere"]}
            path.write_text(f"{json.dumps(header)}\n{json.dumps({'subject': subject})}\n")

    def subjects(prefix=""):
        return [item["subject"] for item in client.get(f"{prefix}{LIST}", headers=key).json["results"]]

    write("before")
    app = create_app(spec=contract, scenario=str(path), storage=store.format(tmp_path))
    client, key = Client(app), {"X-API-Key": app.namespace.standard_keys.server}
    assert subjects("/__accord__/in/old") == ["before"]
    create(client, key)
    write("after that")
    assert len(subjects()) == 2
    assert client.post("/__accord__/reset").status_code == 204
    assert subjects() == ["after that"]
    assert subjects("/__accord__/in/new") == ["after that"]
    assert subjects("/__accord__/in/old") == ["before"]
    assert client.post("/__accord__/in/old/__accord__/reset").status_code == 204
    assert subjects("/__accord__/in/old") == ["after that"]
    create(client, key, subject="kept")
    for broken in ("organisations: [", '{"organisations"', "x: y", ""):
        path.write_text(broken or "[]")
        for _ in range(2):
            response = client.post("/__accord__/reset")
            assert response.status_code == 400, broken
            assert path.name in response.json["detail"]
            assert str(path) not in response.json["detail"]
        assert subjects() == ["kept", "after that"]
    write("x" * 3000)
    assert client.post("/__accord__/reset").status_code == 400
    path.unlink()
    assert client.post("/__accord__/reset").status_code == 400
    assert subjects() == ["kept", "after that"]
    write("of another", "Anywhere")
    assert client.post("/__accord__/reset").status_code == 204
    assert subjects() == ["of another"]
    app.namespaces.storage.close()


def test_snapshots_keep_all_and_are_kept(client, key):
    first = create(client, key, user_email="ada@example.com")
    client.post(f"{LIST}{first['id']}/messages/create/", headers=key, json={"body": "one", "user_email": "agent@example.com"})
    path = "/__accord__/snapshots"
    assert client.put(f"{path}/before").status_code == 204
    whole = client.get(LIST, headers=key).json
    for _ in range(2):
        client.post(f"{LIST}{first['id']}/messages/create/", headers=key, json={"body": "two", "user_email": "bo@example.com"})
        assert client.post(f"{LIST}{first['id']}/resolve/", headers=key).status_code == 200
        second = create(client, key)
        assert client.post(f"{path}/before/restore").status_code == 204
        assert client.get(LIST, headers=key).json == whole
        assert client.get(f"{LIST}{first['id']}/messages/", headers=key).json["count"] == 1
        assert client.get(f"{LIST}{second['id']}/", headers=key).status_code == 404
    assert create(client, key)["number"] == second["number"]
    assert client.get(path).json == {"results": ["before"]}
    assert client.delete(f"{path}/before").status_code == 204
    assert client.get(path).json == {"results": []}


def test_the_journal_shows_what_was_asked_and_answered(client, key):
    create(client, key, metadata={"text": "Grüße"})
    client.get("/nowhere", headers={"Authorization": f"Bearer {key['X-API-Key']}"})
    create(client, key, "/__accord__/in/other")
    missing, made = client.get("/__accord__/requests").json["results"]
    assert (made["operation"], made["request"]["method"], made["response"]["status"]) == ("createConversation", "POST", 201)
    assert json.loads(made["request"]["body"])["metadata"] == {"text": "Grüße"}
    assert "Grüße" in made["response"]["body"]
    assert (missing["request"]["path"], missing["response"]["status"]) == ("/nowhere", 404)
    shown = f"{key['X-API-Key'][:7]}…{key['X-API-Key'][-4:]}"
    assert made["request"]["headers"]["X-Api-Key"] == shown
    assert missing["request"]["headers"]["Authorization"] == f"Bearer {shown}"
    assert key["X-API-Key"] not in client.get("/__accord__/requests").text
    assert len(client.get("/__accord__/requests?limit=1").json["results"]) == 1
    assert client.delete("/__accord__/requests").status_code == 204
    assert client.get("/__accord__/requests").json["results"] == []
    assert len(client.get("/__accord__/in/other/__accord__/requests").json["results"]) == 1


def test_ten_thousand_cost_little(contract):
    app = create_app(spec=contract)
    client, key = Client(app), {"X-API-Key": app.namespace.standard_keys.server}
    count(client, key, "/__accord__/in/n0")
    gc.collect()
    tracemalloc.start()
    for number in range(1, 501):
        assert count(client, key, f"/__accord__/in/n{number}") == 12
    app.journal.clear("default")
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # This is for 500 of them and the journal of these requests, so 10,000 take less than 300 MB.
    assert kept / 500 < 30_000
