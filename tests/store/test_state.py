"""The whole state as JSON: PUT accepts what GET returned, and GET then returns the same bytes, in every store."""

import json
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import Client

from accord.base.assets import FIXTURES_DIR
from mockserver.app import create_app
from mockserver.contract.document import load_contract
from mockserver.yaml_files import read_yaml
from tests.sampling import sample

BASE = "/api/v1/conversations/"
STATE = "/__accord__/state"
CONTRACT = load_contract()
EMAILS = st.sampled_from(["ann@example.com", "Ann@example.com", "bob@example.com", "ANN@EXAMPLE.COM", "b"])
TEXTS = st.text(max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
CREATE = st.fixed_dictionaries(
    {"subject": st.text(min_size=1, max_size=30)},
    optional={
        "description": TEXTS,
        "user_email": EMAILS,
        "user_first_name": TEXTS,
        "user_last_name": TEXTS,
        "priority": st.sampled_from(["low", "urgent"]),
        "channel": st.sampled_from(["web", "callback"]),
        "metadata": st.dictionaries(TEXTS, JSON, max_size=3),
    },
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("create"), st.sampled_from(["server", "other_server"]), CREATE),
        st.tuples(st.just("send"), st.integers(0, 5), st.fixed_dictionaries({"body": TEXTS, "user_email": EMAILS})),
        st.tuples(st.just("resolve"), st.integers(0, 5)),
    ),
    max_size=8,
)
CHOICES = st.fixed_dictionaries(
    {
        "email_lookup_case": st.sampled_from(["fold", "keep"]),
        "email_answer_case": st.sampled_from(["fold", "keep"]),
        "anonymous_requester": st.sampled_from(["null_email", "generated_email", "null_requester"]),
        "list_order": st.sampled_from(["newest", "oldest", "other"]),
        "message_types": st.sampled_from(["reply_only", "more"]),
        "malformed_email": st.just("accept"),
        "empty_subject": st.just("accept"),
        "nul_character": st.just("keep"),
    }
)


class Mock:
    """A namespace of a mock of its own on a storage."""

    names = count()

    def __init__(self, storage, choices=None):
        self.app = create_app(spec=CONTRACT, scenario="empty", storage=storage)
        self.client = Client(self.app)
        self.prefix = f"/__accord__/in/n{next(self.names)}"
        put = self.client.put(f"/__accord__/namespaces/{self.prefix.rpartition('/')[2]}", json={"choices": choices or {}})
        assert put.status_code == 201, put.text
        self.keys = put.json["keys"]

    def send(self, method, path, key="server", **more):
        return self.client.open(self.prefix + path, method=method, headers={"X-API-Key": self.keys[key]}, **more)

    def act(self, steps):
        """Create, send and resolve as the steps say; requests that are refused change nothing."""
        made = []
        for step, *values in steps:
            if step == "create":
                response = self.send("POST", f"{BASE}create/", values[0], json=values[1])
                made += [(values[0], response.json["id"])] if response.status_code == 201 else []
            elif made:
                key, id = made[values[0] % len(made)]
                path = f"{BASE}{id}/resolve/" if step == "resolve" else f"{BASE}{id}/messages/create/"
                self.send("POST", path, key, json=values[1] if step == "send" else None)

    def state(self):
        response = self.send("GET", STATE)
        assert response.status_code == 200, response.text
        return response.data

    def put(self, data, status=204):
        response = self.send("PUT", STATE, data=data)
        assert response.status_code == status, response.text
        return response

    def seen(self):
        """Return all conversations and messages as clients see them."""
        found = []
        for key in ("server", "other_server"):
            page = self.send("GET", f"{BASE}?limit=100", key).json
            found.append([page, [self.send("GET", f"{BASE}{one['id']}/messages/", key).json for one in page["results"]]])
        return found


@pytest.mark.parametrize("other_kind", sample(["same", "memory"]))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, before=STEPS, choices=CHOICES)
def test_what_was_returned_is_taken_and_returned_again(storage, other_kind, steps, before, choices):
    one = Mock(storage, choices)
    one.act(steps)
    state, seen = one.state(), one.seen()
    other = Mock(storage if other_kind == "same" else None, choices)
    # PUT replaces whatever is there.
    other.act(before)
    other.put(state)
    assert other.state() == state
    assert other.seen() == seen
    # The state can also be put into the namespace that it came from.
    one.act(before)
    one.put(state)
    assert one.state() == state
    # Conversations that are created later get new ids.
    one.act([("create", "server", {"subject": "Later", "description": "x"})] * 5)
    ids = [conversation["id"] for conversation in json.loads(one.state())["conversations"]]
    assert len(ids) == len(set(ids)) == len(json.loads(state)["conversations"]) + 5


def test_a_state_is_a_scenario_file(tmp_path):
    mock = Mock(None)
    mock.act([("create", "server", {"subject": "A", "user_email": "ann@example.com", "description": "B"}), ("resolve", 0)])
    (tmp_path / "kept.json").write_bytes(mock.state())
    app = create_app(spec=CONTRACT, scenario=str(tmp_path / "kept.json"))
    client, key = Client(app), {"X-API-Key": app.namespace.standard_keys.server}
    assert client.get(STATE).data == mock.state()
    assert client.get(BASE, headers=key).json == mock.seen()[0][0]
    # The seed is the same, but ids are not used again, not even after a reset.
    for _ in range(2):
        made = [client.post(f"{BASE}create/", headers=key, json={"subject": "C"}).json["id"] for _ in range(3)]
        assert len({*made, *(one["id"] for one in mock.seen()[0][0]["results"])}) == 4
        client.post("/__accord__/reset")
    assert client.get(STATE).data == mock.state()


def test_any_scenario_is_taken(storage):
    mock = Mock(storage)
    mock.put(json.dumps(read_yaml(FIXTURES_DIR / "demo.yaml", "scenario")))
    state = mock.state()
    assert len(json.loads(state)["conversations"]) > 12
    mock.put(state)
    assert mock.state() == state


def changed(state, change):
    content = json.loads(state)
    change(content)
    return json.dumps(content)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda state: state.pop("organisations"), "organisations"),
        (
            lambda state: state.update(organisations=["A", "B"], people=[], conversations=[]),
            "'A', of which this namespace has no keys",
        ),
        (lambda state: state.update(more=1), "more"),
        (lambda state: state["conversations"][0].update(id="x"), "conversations.0.id"),
        (lambda state: state["conversations"][1].update(id=state["conversations"][0]["id"]), "id: Another conversation has it"),
        (lambda state: state["conversations"][1].update(number=7), "number: 2 comes next"),
        (lambda state: state["conversations"][0].update(status="lost"), "status"),
        (lambda state: state["conversations"][0].update(priority="lost"), "priority"),
        (lambda state: state["conversations"][0].update(created_at="today"), "created_at"),
        (lambda state: state["conversations"][0].update(organisation="A"), "unlisted organisation"),
        (lambda state: state["people"].append(state["people"][0]), "twice among its people"),
        (lambda state: state["people"].append({"email": "a", "organisation": "A"}), "unlisted organisation"),
        (lambda state: state["people"].append({"email": "a", "filed_as": "b"}), "organisation"),
    ],
)
def test_a_state_that_is_none_changes_nothing(storage, change, said):
    mock = Mock(storage)
    mock.act([("create", "server", {"subject": "A", "user_email": "ann@example.com"})] * 2)
    state = mock.state()
    assert said in mock.put(changed(state, change), 400).json["detail"]
    assert mock.state() == state


def test_what_is_no_state():
    mock = Mock(None)
    for data, status in ((b"{", 400), (b"[]", 400), (b"", 400), (b" " * (16 * 1024 * 1024 + 1), 413)):
        assert mock.put(data, status).json["detail"]


def test_to_look_makes_no_namespace():
    client = Client(create_app(spec=CONTRACT))
    assert client.get(f"/__accord__/in/nowhere{STATE}").status_code == 404
    assert [one["name"] for one in client.get("/__accord__/namespaces").json["results"]] == ["default"]
