"""Files of a running mock that change are read again; if one is wrong, that is reported and the old contents stay."""

import os
import time

import pytest
import requests

from accord.cli import run
from mockserver.watching import Watcher, reloads_of
from tests.mock.conftest import BASE
from tests.mock.test_mock_serving import command

SCENARIO = (
    "description: Mine.\norganisations: [Harbour & Pine, Elsewhere]\nconversations: [{subject: ONE, requester: a@b.example}]\n"
)
KEYS = "organisations: [Mine]\nkeys: [{key: bnc_sv_first-of-the-keys, tier: server, organisation: Mine, name: back end}]\n"
FAULTS = "- {then: {status: 503}}\n"
FIRST, SECOND = "bnc_sv_first-of-the-keys", "bnc_sv_second-of-the-keys"


@pytest.fixture
def written(tmp_path):
    """Return a function that writes a file with a new modification time, so that the change is noticed."""
    times = iter(range(1_800_000_000, 1_900_000_000))

    def write(name, text):
        path = tmp_path / name
        path.write_text(text)
        os.utime(path, (now := next(times), now))
        return str(path)

    return write


def looking(api, **files):
    """Make a watcher of the files; return a function that lets it take all changes, and returns what it reports."""
    told = []
    watcher = Watcher(reloads_of(api.app.namespaces, **files), told.append)

    def look():
        told.clear()
        watcher.look()
        watcher.look()
        return told

    return look


def subjects(api, key="server", **headers):
    return [one["subject"] for one in api.request("GET", BASE, key, headers=headers).json["results"]]


def test_a_scenario(make_api, written):
    path = written("mine.yaml", SCENARIO)
    api = make_api(scenario=path)
    there = {"X-Accord-Namespace": "there"}
    look = looking(api, scenario=path)
    assert subjects(api) == subjects(api, **there) == ["ONE"]
    api.made()
    assert look() == []
    written("mine.yaml", SCENARIO.replace("ONE", "TWO"))
    assert "began anew" in look()[0]
    assert subjects(api) == subjects(api, **there) == ["TWO"]
    assert look() == []
    written("mine.yaml", "organisations: 5\n")
    [problem] = look()
    assert "mine.yaml is malformed at description" in problem
    assert "What was there before stays." in problem
    assert subjects(api) == ["TWO"]
    assert look() == []
    written("mine.yaml", SCENARIO)
    look()
    assert subjects(api) == ["ONE"]


def test_a_keys_file(make_api, written):
    path = written("keys.yaml", KEYS)
    api = make_api(keys=path)
    there = {"X-Accord-Namespace": "there"}
    look = looking(api, keys=path)
    made = api.made(FIRST)
    api.request("PATCH", "/__accord__/choices", key=None, json={"limit_over_maximum": "reject"})
    assert api.request("GET", BASE, FIRST, headers=there).status_code == 200
    written("keys.yaml", KEYS.replace("first", "second"))
    assert "its keys are taken now" in look()[0]
    for headers in ({}, there, {"X-Accord-Namespace": "later"}):
        found = [api.request("GET", BASE, key, headers=headers).status_code for key in (FIRST, SECOND)]
        assert found == [401, 200]
    assert api.get(made["id"], SECOND).json == made
    assert api.list(SECOND, limit=1000).status_code == 400
    api.request("POST", "/__accord__/reset", key=None)
    assert (api.list(FIRST).status_code, api.list(SECOND, limit=1000).status_code) == (401, 200)
    written("keys.yaml", KEYS.replace("tier: server", "tier: client"))
    [problem] = look()
    assert "keys.0" in problem
    assert "-of-the-keys" not in problem
    assert api.list(SECOND).status_code == 200


def test_a_faults_file(make_api, written):
    path = written("faults.yaml", FAULTS)
    api = make_api(faults=path)
    look = looking(api, faults=path)
    made = api.app.namespace
    assert api.list().status_code == 503
    written("faults.yaml", FAULTS.replace("503", "500"))
    assert "in force now" in look()[0]
    assert api.list().status_code == 500
    api.request("POST", "/__accord__/reset", key=None)
    assert api.list().status_code == 500
    assert api.request("GET", BASE, headers={"X-Accord-Namespace": "later"}).status_code == 500
    written("faults.yaml", FAULTS.replace("503", "99"))
    assert f"({'the faults file'} {path}, line 1)" in look()[0]
    assert api.list().status_code == 500
    written("faults.yaml", "[]\n")
    look()
    assert api.list().status_code == 200
    assert made.size() == 0


def test_a_file_that_is_being_written_is_waited_for(make_api, written):
    path = written("faults.yaml", FAULTS)
    told = []
    watcher = Watcher(reloads_of(make_api(faults=path).app.namespaces, faults=path), told.append)
    for text in ("-", "- {then:", "- {then: {status: 500}}\n"):
        written("faults.yaml", text)
        watcher.look()
        assert told == []
    os.rename(path, f"{path}.away")
    watcher.look()
    watcher.look()
    assert told == []
    os.rename(f"{path}.away", path)
    watcher.look()
    watcher.look()
    assert len(told) == 1


def test_the_command(tmp_path, written, capsys):
    path = written("keys.yaml", KEYS)
    with command(tmp_path, "--keys", path, "--watch", "--quiet") as (process, url):
        ask = lambda key: requests.get(f"{url}{BASE}", headers={"X-API-Key": key}, timeout=10).status_code  # noqa: E731
        assert ask(FIRST) == 200
        written("keys.yaml", "keys: []\n")
        assert "is malformed" in process.stderr.readline()
        assert ask(FIRST) == 200
        written("keys.yaml", KEYS.replace("first", "second"))
        deadline = time.monotonic() + 10
        while ask(SECOND) != 200:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert ask(FIRST) == 401
    assert run(["mock", "--port", "0", "--watch"]) == 2
    assert "no file to watch" in capsys.readouterr().err
