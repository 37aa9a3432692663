"""How fault rules are given: by the control API, by a header, by a file and in Python; and what is said of mistakes."""

import json

import pytest
import requests

from accord.base.errors import AccordError
from accord.cli import run
from mockserver.app import create_app
from mockserver.members import MemberError
from mockserver.testing import mocked_api
from tests.mock.conftest import BASE
from tests.mock.fault_rules import BROKEN, control, statuses
from tests.mock.test_mock_serving import KEY, command

# --- the control API -----------------------------------------------------------------------------------------------------


def test_rules_by_the_control_api(api):
    assert control(api, "GET").json == {"results": []}
    made = control(api, "POST", json={"when": {"next": 1}, "then": BROKEN})
    assert (made.status_code, made.json["met"], made.json["fired"]) == (201, 0, 0)
    assert statuses(api, 2) == [503, 200]
    id = made.json["id"]
    assert control(api, "GET", f"/{id}").json == made.json | {"met": 2, "fired": 1}
    assert control(api, "POST", json={"id": "mine", "then": {"delay": 0}}).json["id"] == "mine"
    told = control(api, "GET").json
    assert [rule["id"] for rule in told["results"]] == [id, "mine"]
    # What GET gave PUT takes, and counting begins again.
    again = control(api, "PUT", json=told)
    assert again.status_code == 200
    assert again.json == {"results": [rule | {"met": 0, "fired": 0} for rule in told["results"]]}
    assert statuses(api, 2) == [503, 200]
    assert control(api, "PUT", json=[{"then": {"status": 500}}]).status_code == 200
    assert statuses(api, 1) == [500]
    assert control(api, "DELETE").status_code == 204
    assert statuses(api, 1) == [200]
    for method in ("GET", "DELETE"):
        assert control(api, method, "/mine").status_code == 404


def test_a_namespace_has_its_own(api):
    there = {"X-Accord-Namespace": "there"}
    assert control(api, "GET", headers=there).json == {"results": []}
    control(api, "POST", json={"then": BROKEN}, headers=there)
    assert api.list().status_code == 200
    assert api.request("GET", BASE, headers=there).status_code == 503


def test_a_reset_brings_back_those_of_the_start(make_api):
    api = make_api(faults=[{"id": "start", "when": {"next": 1}, "then": BROKEN}])
    assert statuses(api, 2) == [503, 200]
    control(api, "DELETE")
    control(api, "POST", json={"then": {"status": 500}})
    assert statuses(api, 1) == [500]
    api.request("POST", "/__accord__/reset", key=None)
    assert [rule["id"] for rule in control(api, "GET").json["results"]] == ["start"]
    assert statuses(api, 2) == [503, 200]


MISTAKES = [
    ([], "no object"),
    ("x", "no object"),
    ({}, "then is missing"),
    ({"then": {}}, "then says nothing"),
    ({"then": {"timeout": False}}, "then says nothing"),
    ({"than": BROKEN}, "than is not known. Did you mean then?"),
    ({"then": {"stauts": 503}}, "then.stauts is not known. Did you mean status?"),
    ({"then": {"status": "503"}}, "then.status"),
    ({"then": {"status": True}}, "then.status"),
    ({"then": {"status": 199}}, "then.status"),
    ({"then": {"status": 600}}, "then.status"),
    ({"then": {"status": 204, "body": {}}}, "then.body"),
    ({"then": {"retry_after": 2}}, "then.retry_after needs a status"),
    ({"then": {"status": 503, "retry_after": 1.5}}, "then.retry_after"),
    ({"then": {"delay": -1}}, "then.delay"),
    ({"then": {"delay": 3601}}, "then.delay"),
    ({"then": {"delay": {"uniform": [2, 1]}}}, "then.delay.uniform"),
    ({"then": {"delay": {"uniform": [1]}}}, "then.delay.uniform"),
    ({"then": {"delay": {"uniform": [1, "2"]}}}, "then.delay.uniform.1"),
    ({"then": {"delay": {"lognormal": {"median": 0, "sigma": 1}}}}, "then.delay.lognormal.median"),
    ({"then": {"delay": {"normal": 1}}}, "then.delay.normal"),
    ({"then": {"delay": {}}}, "then.delay"),
    ({"then": {"timeout": 1}}, "then.timeout"),
    ({"then": {"drop": True}}, "then.drop is not one of before, after"),
    ({"then": {"truncate": 1}}, "then.truncate"),
    ({"then": {"truncate": 1.5}}, "then.truncate"),
    ({"then": {"content_type": "text/html\r\nX: y"}}, "then.content_type"),
    ({"then": {"drip": 5}}, "then.drip is no object"),
    ({"then": {"drip": {"seconds": 0}}}, "then.drip.seconds"),
    ({"then": {"rate_limit": {"requests": 0, "per_seconds": 1}}}, "then.rate_limit.requests"),
    ({"then": {"rate_limit": {"requests": 1}}}, "then.rate_limit.per_seconds"),
    ({"then": {"timeout": True, "drop": "after"}}, "cannot be combined"),
    ({"then": {"status": 503, "drop": "after"}}, "then.drop cannot be combined with status"),
    ({"then": {"malformed": True, "truncate": 0.5}}, "then.malformed cannot be combined with truncate"),
    ({"then": BROKEN, "match": []}, "match is no object"),
    ({"then": BROKEN, "match": {"operation": "createConversations"}}, "match.operation is not one of"),
    ({"then": BROKEN, "match": {"key": "nobody"}}, "match.key is the name of no key"),
    ({"then": BROKEN, "match": {"tier": "admin"}}, "match.tier"),
    ({"then": BROKEN, "match": {"query": "a=b"}}, "match.query"),
    ({"then": BROKEN, "match": {"query": {"a": []}}}, "match.query.a"),
    ({"then": BROKEN, "match": {"body": 1}}, "match.body"),
    ({"then": BROKEN, "when": {}}, "when says nothing"),
    ({"then": BROKEN, "when": {"every": 2, "next": 1}}, "when says both"),
    ({"then": BROKEN, "when": {"probability": 0}}, "when.probability"),
    ({"then": BROKEN, "when": {"probability": 1.1}}, "when.probability"),
    ({"then": BROKEN, "when": {"every": 0}}, "when.every"),
    ({"then": BROKEN, "when": {"from": "2026-03-01"}}, "when.from is no time"),
    ({"then": BROKEN, "when": {"from": "2026-03-01T10:00:00Z", "until": "2026-03-01T10:00:00Z"}}, "when.until is not after"),
    ({"id": "a b", "then": BROKEN}, "id cannot be an id"),
    ({"id": "taken", "then": BROKEN}, "taken already"),
]


@pytest.mark.parametrize(("rule", "sentence"), MISTAKES)
def test_mistakes_are_told_and_change_nothing(api, rule, sentence):
    control(api, "POST", json={"id": "taken", "when": {"next": 5}, "then": {"status": 500}})
    before = control(api, "GET").json
    refused = control(api, "POST", json=rule)
    assert refused.status_code == 400
    assert sentence in refused.json["detail"]
    assert control(api, "GET").json == before
    replaced = control(api, "PUT", json=[{"then": {"status": 500}}, rule])
    if rule != MISTAKES[-1][0]:
        assert replaced.status_code == 400
        assert control(api, "GET").json == before


def test_two_rules_of_one_id(api):
    refused = control(api, "PUT", json=[{"id": "a", "then": BROKEN}, {"id": "a", "then": BROKEN}])
    assert refused.status_code == 400
    assert "1.id" in refused.json["detail"]


@pytest.mark.parametrize("body", [{"results": 1}, {"result": []}, 5, None, {"results": [{"then": BROKEN}] * 1001}])
def test_what_is_no_list_of_rules(api, body):
    assert control(api, "PUT", data=json.dumps(body), content_type="application/json").status_code == 400


# --- the header ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "status", "body"),
    [
        ("status=503", 503, None),
        (" status = 503 ; delay=0 ;", 503, None),
        ('status=500; body="a; \\"b\\""', 500, b'a; "b"'),
        ("status=500; body=plain text", 500, b"plain text"),
        ("status=400;body=x;content_type=text/html", 400, b"x"),
        ("delay=0.5", 200, None),
        ("content_type=text/html", 200, None),
    ],
)
def test_the_header(api, header, status, body):
    response = api.request("GET", BASE, headers={"X-Accord-Fault": header})
    assert response.status_code == status
    if body is not None:
        assert response.data == body
    assert api.list().status_code == 200


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("", "no member ''"),
        ("nonsense", "no member 'nonsense'"),
        ("status", "status is no whole number"),
        ("status=abc", "value for status"),
        ("status=503,delay=2", "value for status"),
        ("status=503; status=502", "twice"),
        ("delay=NaN", "delay"),
        ("rate_limit=5", "no member 'rate_limit'"),
        ("drop=maybe", "drop is not one of before, after"),
        ('status=500; body="x', "a quote that does not end"),
        ("status=500; delay=" + "[" * 5000, "value for delay"),
    ],
)
def test_a_header_that_cannot_be_read(api, header, sentence):
    response = api.request("POST", f"{BASE}create/", headers={"X-Accord-Fault": header}, json={"subject": "x"})
    assert response.status_code == 400
    assert sentence in response.json["detail"]
    assert "X-Accord-Fault" in response.json["detail"]
    assert api.list().json["count"] == 0


def test_browsers_may_send_the_header(api):
    asked = {
        "Origin": "http://localhost:5173",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-api-key,x-accord-fault",
    }
    allowed = api.request("OPTIONS", f"{BASE}create/", key=None, headers=asked)
    assert allowed.status_code == 204
    assert "x-accord-fault" in allowed.headers["Access-Control-Allow-Headers"].lower()
    met = api.request("GET", BASE, headers={"Origin": "http://localhost:5173", "X-Accord-Fault": "status=503; retry_after=1"})
    assert met.headers["Access-Control-Allow-Origin"] == "http://localhost:5173"
    assert "Retry-After" in met.headers["Access-Control-Expose-Headers"]


# --- a file ----------------------------------------------------------------------------------------------------------------

FILE = """\
- match: {operation: createConversation}
  when: {next: 1}
  then: {status: 503, retry_after: 2}
- then:
    delay: 0.01
"""


def test_a_file(make_api, tmp_path):
    path = tmp_path / "faults.yaml"
    path.write_text(FILE)
    api = make_api(faults=path)
    refused = api.create()
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
    assert api.create().status_code == 201


@pytest.mark.parametrize(
    ("written", "line", "member"),
    [
        (FILE.replace("status: 503", "status: 99"), 3, "0.then.status"),
        (FILE.replace("    delay", "    dealy"), 5, "1.then.dealy"),
        (FILE.replace("- then", "- than"), 4, "1.than"),
        ("then: {status: 503}\n", 1, "no list"),
        ("\n- 5\n", 2, "0 is no object"),
    ],
)
def test_a_file_with_a_mistake(make_api, tmp_path, written, line, member):
    path = tmp_path / "faults.yaml"
    path.write_text(written)
    with pytest.raises(AccordError) as raised:
        make_api(faults=path)
    assert f"{path}, line {line})" in raised.value.message
    assert member in raised.value.message


# --- Python ----------------------------------------------------------------------------------------------------------------


def test_in_python():
    with mocked_api() as api:
        key = {"X-API-Key": api.keys.server}
        id = api.faults.add({"match": {"operation": "listConversations"}, "when": {"next": 1}, "then": {"drop": "before"}})
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{api.url}{BASE}", headers=key)
        assert requests.get(f"{api.url}{BASE}", headers=key).status_code == 200
        assert api.faults.remove(id)
        assert not api.faults.remove(id)
        with pytest.raises(MemberError, match=r"then\.status"):
            api.faults.add({"then": {"status": 1}})
        assert api.faults.shown() == []


def test_in_code_of_their_own(contract):
    with pytest.raises(AccordError, match=r"0\.then"):
        create_app(spec=contract, faults=[{"then": {"status": 1}}])


def test_the_command_with_a_file(tmp_path):
    path = tmp_path / "faults.yaml"
    path.write_text(FILE)
    with command(tmp_path, "--fault", str(path)) as (_, url):
        found = [requests.post(f"{url}{BASE}create/", headers=KEY, json={"subject": "x"}, timeout=10) for _ in range(2)]
        assert [response.status_code for response in found] == [503, 201]


def test_the_command_with_a_bad_file(tmp_path, capsys):
    path = tmp_path / "faults.yaml"
    path.write_text(FILE.replace("status: 503", "status: 99"))
    assert run(["mock", "--port", "0", "--fault", str(path)]) == 2
    told = capsys.readouterr().err
    assert "The member 0.then.status is no whole number from 200 to 599" in told.replace("\n", " ")
    assert "line 3" in told.replace("\n", " ")
