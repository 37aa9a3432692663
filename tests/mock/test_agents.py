"""Agents that reply by themselves: what they do on which event and when, and which scripts are refused with what message."""

import json
import threading
import time
from pathlib import Path

import pytest
import requests
import yaml
from jsonschema import Draft202012Validator

from accord.base.errors import AccordError
from accord.cli import run
from mockserver.agents.script import __file__ as script_file
from mockserver.agents.script import read_script
from mockserver.keys.model import StandardKeys
from mockserver.members import MemberError
from mockserver.testing import mocked_api
from tests.mock.conftest import BASE
from tests.mock.test_mock_docs import section
from tests.mock.test_mock_serving import KEY, command

SECOND = 1_000_000
SCHEMA = json.loads(Path(script_file).with_name("script.schema.json").read_text(encoding="utf-8"))


@pytest.fixture
def agents(make_api, tmp_path):
    """Return a function that makes a mock with a script for its agent and with a frozen clock."""

    def make(script, **settings):
        path = tmp_path / "agent.yaml"
        path.write_text(script if isinstance(script, str) else yaml.safe_dump(script))
        api = make_api(agent=str(path), **settings)
        api.app.namespace.clock.freeze()
        return api

    return make


def bodies(api, id):
    return [one["body"] for one in api.messages(id).json["results"]]


def passed(api, seconds):
    api.app.namespace.clock.advance(int(seconds * SECOND))


def test_echo(make_api):
    api = make_api(agent="echo")
    api.app.namespace.clock.freeze()
    id = api.made(subject="Where is it?")["id"]
    assert bodies(api, id) == []
    passed(api, 0.999_999)
    assert bodies(api, id) == []
    passed(api, 0.000_001)
    assert bodies(api, id) == ["Where is it?"]
    api.send(id, body="Hello?", user_email="customer@example.com")
    api.send(id, body="By the agent's own address.", user_email="Agent@Example.com")
    passed(api, 3600)
    assert bodies(api, id)[1:] == ["Hello?", "By the agent's own address.", "Hello?"]
    assert api.messages(id).json["results"][-1]["sender_email"] == "agent@example.com"
    passed(api, 3600)
    assert len(bodies(api, id)) == 4


def test_the_documented_script(agents):
    api = agents(section("agent").removeprefix("```yaml\n").removesuffix("```\n"))
    urgent = api.made(subject="I want my money back", priority="urgent")["id"]
    calm = api.made(subject="I want my money back")["id"]
    passed(api, 4.9)
    assert (bodies(api, urgent), bodies(api, calm)) == ([], ["We will get back to you."])
    assert api.messages(calm).json["results"][0]["message_type"] == "auto_reply"
    passed(api, 0.1)
    assert bodies(api, urgent) == ["I am looking into it."]
    assert api.get(urgent).json["status"] == "open"
    passed(api, 60)
    assert bodies(api, urgent) == ["I am looking into it.", "It is on its way."]
    assert api.get(urgent).json["status"] == "closed"
    assert api.app.namespace.agent.assignees == {urgent: "Robin"}
    assert {one["sender_email"] for one in api.messages(urgent).json["results"]} == {"robin@shop.example"}
    api.send(calm, body="Thank you!")
    passed(api, 2)
    assert api.get(calm).json["status"] == "closed"
    # The agent sends nothing more to this conversation.
    api.request("PATCH", f"/__accord__/conversations/{calm}", key=None, json={"status": "open"})
    api.send(calm, body="One more thing")
    passed(api, 3600)
    assert bodies(api, calm) == ["We will get back to you.", "Thank you!", "One more thing"]


def test_reopening_and_matching_who_sends(agents):
    api = agents({"rules": [{"match": {"sender": "@vip"}, "then": [{"reopen": True}, {"assign": None}]}]})
    id = api.made()["id"]
    api.resolve(id)
    api.send(id, body="x", user_email="a@plain.example")
    passed(api, 1)
    assert api.get(id).json["status"] == "closed"
    api.send(id, body="x", user_email="a@vip.example")
    passed(api, 1)
    assert api.get(id).json["status"] == "open"


def test_an_anonymous_requester_has_no_address(agents):
    api = agents({"rules": [{"match": {"sender": "customer"}, "then": [{"reply": "x"}]}]})
    id = api.made()["id"]
    passed(api, 10)
    assert bodies(api, id) == []


def test_a_reset_ends_what_it_was_about_to_do(make_api):
    api = make_api(agent="echo")
    api.app.namespace.clock.freeze()
    id = api.made()["id"]
    api.request("POST", "/__accord__/reset", key=None)
    api.app.namespace.clock.freeze()
    assert api.made()["id"] == id
    passed(api, 1)
    assert len(bodies(api, id)) == 1


def test_it_goes_on_when_choices_change(make_api):
    api = make_api(agent="echo")
    api.app.namespace.clock.freeze()
    first = api.made()["id"]
    api.request("PATCH", "/__accord__/choices", key=None, json={"limit_over_maximum": "reject"})
    second = api.made()["id"]
    passed(api, 1)
    assert (len(bodies(api, first)), len(bodies(api, second))) == (1, 1)


def test_each_namespace_has_the_agent(make_api):
    api = make_api(agent="echo")
    there = {"X-Accord-Namespace": "there"}
    made = api.request("POST", f"{BASE}create/", headers=there, json={"subject": "x"}).json
    api.request("POST", "/__accord__/clock/advance", key=None, headers=there, json={"seconds": 1})
    assert api.request("GET", f"{BASE}{made['id']}/messages/", headers=there).json["count"] == 1


def test_events_of_what_it_does_are_sent(make_api):
    from tests.mock.test_control_settings import _subscription

    api = make_api(agent="echo")
    api.app.namespace.clock.freeze()
    api.app.namespace.outbox.keep_subscription(_subscription(api))
    api.made()
    passed(api, 1)
    fired = api.request("GET", "/__accord__/webhooks/deliveries", key=None).json["results"]
    assert [one["event"] for one in reversed(fired)] == ["conversation.created", "message.created"]


def test_in_python_time_passes_when_told():
    with mocked_api(agent="echo") as api:
        api.clock.freeze()
        key = {"X-API-Key": api.keys.server}
        made = requests.post(f"{api.url}{BASE}create/", headers=key, json={"subject": "x"}).json()
        api.clock.advance(SECOND)
        assert requests.get(f"{api.url}{BASE}{made['id']}/messages/", headers=key).json()["count"] == 1


def test_time_that_passes_by_itself(agents):
    api = agents({"rules": [{"then": [{"after": 0.05, "reply": "one"}, {"after": 3600, "reply": "two"}]}]})
    clock = api.app.namespace.clock
    clock.resume()
    id = api.made()["id"]
    wait_for(lambda: bodies(api, id) == ["one"])
    clock.run_at(100_000)
    wait_for(lambda: bodies(api, id) == ["one", "two"])
    # Nothing is left to wait for.
    wait_for(lambda: not any(thread.name == "mockserver agents" for thread in threading.enumerate()))


def wait_for(condition):
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_in_a_database(agents, tmp_path):
    api = agents({"rules": [{"then": [{"reply": "x"}, {"resolve": True}]}]}, storage=f"sqlite:///{tmp_path}/state.db")
    id = api.made()["id"]
    wait_for(lambda: api.get(id).json["status"] == "closed")
    assert bodies(api, id) == ["x"]
    api.app.namespaces.close()


# --- scripts that cannot be used -----------------------------------------------------------------------------------------

OKAY = {"rules": [{"then": [{"reply": "x"}]}]}
STRUCTURAL = [
    ([], "no object"),
    ({}, "The member rules is no list"),
    ({"rules": []}, "The member rules is no list"),
    ({"rules": [5]}, "The member rules.0 is no object"),
    (OKAY | {"rule": []}, "The member rule is not known. Did you mean rules?"),
    ({"rules": [{"then": []}]}, "The member rules.0.then is no list"),
    ({"rules": [{"than": [{"reply": "x"}]}]}, "The member rules.0.than is not known"),
    ({"rules": [{"event": "resolved", "then": [{"reply": "x"}]}]}, "The member rules.0.event is not one of created, message"),
    ({"rules": [{"match": {"channel": "x"}, "then": [{"reply": "x"}]}]}, "The member rules.0.match.channel is not known"),
    ({"rules": [{"match": {"body": 5}, "then": [{"reply": "x"}]}]}, "The member rules.0.match.body is no text"),
    ({"rules": [{"event": "created", "match": {"body": "x"}, "then": [{"reply": "x"}]}]}, "never matches"),
    ({"rules": [{"then": [{}]}]}, "The member rules.0.then.0 does nothing"),
    ({"rules": [{"then": [{"after": 5}]}]}, "The member rules.0.then.0 does nothing"),
    ({"rules": [{"then": [{"reply": "x", "resolve": True}]}]}, "does both reply and resolve"),
    ({"rules": [{"then": [{"resolve": False}]}]}, "The member rules.0.then.0.resolve is false"),
    ({"rules": [{"then": [{"resolve": "yes"}]}]}, "The member rules.0.then.0.resolve"),
    ({"rules": [{"then": [{"reply": ""}]}]}, "The member rules.0.then.0.reply is empty"),
    ({"rules": [{"then": [{"reply": 5}]}]}, "The member rules.0.then.0.reply is no object"),
    ({"rules": [{"then": [{"reply": {"text": "x"}}]}]}, "The member rules.0.then.0.reply.text is not known"),
    ({"rules": [{"then": [{"assign": 5}]}]}, "The member rules.0.then.0.assign"),
    ({"rules": [{"then": [{"after": -1, "reply": "x"}]}]}, "The member rules.0.then.0.after"),
    ({"rules": [{"then": [{"after": 1e9, "reply": "x"}]}]}, "The member rules.0.then.0.after"),
    ({"rules": [{"then": [{"reply": "x"}] * 101}]}, "has more than 100 steps"),
]
OTHERWISE = [
    ({"rules": [{"match": {"body": "("}, "then": [{"reply": "x"}]}]}, "The member rules.0.match.body is no regular expression"),
    ({"rules": [{"match": {"sender": "@example"}, "then": [{"reply": "x"}]}]}, "the agent would answer itself"),
    (
        {
            "rules": [
                {"then": [{"reply": {"body": "x", "sender_email": "bot@x.example"}}]},
                {"match": {"sender": "bot"}, "then": [{"resolve": True}]},
            ]
        },
        "The member rules.1.match.sender matches bot@x.example",
    ),
]


@pytest.mark.parametrize(("script", "sentence"), [*STRUCTURAL, *OTHERWISE])
def test_scripts_that_are_refused(contract, script, sentence):
    with pytest.raises(MemberError) as raised:
        read_script(script, contract)
    assert sentence in str(raised.value)


def test_the_schema_says_the_same():
    Draft202012Validator.check_schema(SCHEMA)
    validator = Draft202012Validator(SCHEMA)
    assert [script for script, _ in STRUCTURAL if validator.is_valid(script)] == []
    documented = yaml.safe_load(section("agent").removeprefix("```yaml\n").removesuffix("```\n"))
    for script in (OKAY, documented, *(script for script, _ in OTHERWISE)):
        validator.validate(script)


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ("rules:\n  - match:\n      body: '('\n    then: [reply: x]\n", 3),
        ("rules:\n  - then: [reply: x]\n  - match: {sender: agent}\n    then: [reply: x]\n", 3),
        ("sender_email: a@b.example\nrule: []\n", 2),
    ],
)
def test_the_line_is_told(agents, written, line):
    with pytest.raises(AccordError, match=rf"agent\.yaml, line {line}\)"):
        agents(written)


def test_the_command(tmp_path, capsys):
    path = tmp_path / "agent.yaml"
    path.write_text("rules: [{then: [{reply: Hello}]}]\n")
    with command(tmp_path, "--agent", str(path)) as (_, url):
        made = requests.post(f"{url}{BASE}create/", headers=KEY, json={"subject": "x"}, timeout=10).json()
        wait_for(lambda: requests.get(f"{url}{BASE}{made['id']}/messages/", headers=KEY, timeout=10).json()["count"] == 1)
    path.write_text("rules: [{then: [{replay: Hello}]}]\n")
    assert run(["mock", "--port", "0", "--agent", str(path)]) == 2
    told = capsys.readouterr().err.replace("\n", " ")
    assert "rules.0.then.0.replay is not known" in told
    assert run(["mock", "--port", "0", "--agent", "ecko"]) == 2
    assert "The agent script ecko cannot be read" in capsys.readouterr().err.replace("\n", " ")
    assert StandardKeys.of(1).server not in told
