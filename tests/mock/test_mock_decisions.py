"""Each refusal is decided by a requirement or choice of the catalogue, which the journal shows."""

import inspect

import pytest
import yaml

from accord.base.assets import CHOICES, REQUIREMENTS
from mockserver.contract.choices import choose
from mockserver.handling.decisions import DECISIONS, decided_by
from mockserver.handling.errors import ErrorResponses
from mockserver.model import refusal
from mockserver.model.refusal import Kind, Refusal

UNDECIDED = {Kind.NOWHERE, Kind.UNAVAILABLE, Kind.HTTP}
"""Kinds of refusals that no entry of the catalogue is about."""
ID = "11111111-2222-4333-8444-555555555555"


@pytest.fixture(scope="module")
def catalogue():
    return {name: yaml.safe_load(path.read_text()) for name, path in (("requirement", REQUIREMENTS), ("choice", CHOICES))}


def ids_of(kind):
    decision = DECISIONS[kind]
    return [decision] if isinstance(decision, str) else [*(decision or {}).values()]


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_decided_by_something_in_the_catalogue(catalogue, kind):
    ids = ids_of(kind)
    assert bool(ids) is (kind not in UNDECIDED)
    assert all(id in catalogue["requirement" if "." in id else "choice"] for id in ids)


@pytest.mark.parametrize("kind", Kind)
def test_what_decides_by_operation_is_about_that_operation(catalogue, contract, kind):
    decision = DECISIONS[kind]
    for place, id in () if decision is None or isinstance(decision, str) else decision.items():
        operation = place.split()[0]
        assert operation in contract.operations
        assert catalogue["requirement"][id]["operation"] in (operation, "any") or id.startswith(("isolation.", "messages."))


def test_requirements_have_a_dot_in_their_ids_and_choices_none(catalogue):
    assert all("." in id for id in catalogue["requirement"])
    assert not any("." in id for id in catalogue["choice"])


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.HTTP])
def test_every_kind_has_a_status_that_refuses(kind):
    assert 400 <= ErrorResponses(choose()).status_of(Refusal(kind, "")) < 600


def test_what_no_requirement_names_is_decided_by_the_status_of_values():
    assert decided_by(Refusal(Kind.TOO_LONG, ""), "createMessage") == "invalid_value_status"


def test_the_domain_names_no_status():
    from mockserver.handling import authentication, conversations, validation

    for module in (authentication, conversations, validation, refusal):
        source = inspect.getsource(module)
        assert not [
            status for status in ("401", "403", "408", "413", "415", "422") if f"({status}" in source or f"= {status}" in source
        ]


def journal(api):
    return api.request("GET", "/__accord__/requests", key=None).json["results"]


def requests_to(api):
    made = api.made()["id"]
    api.resolve(made)
    create = ("POST", "/api/v1/conversations/create/")
    one = f"/api/v1/conversations/{made}"
    return {
        "auth.missing-key": lambda: api.list(key=None),
        "auth.empty-key": lambda: api.list(key=""),
        "auth.invalid-key": lambda: api.list(key="bnc_sv_unknown"),
        "auth.revoked-key": lambda: api.list("revoked"),
        "auth.other-scheme": lambda: api.list(key=None) and api.request("GET", one + "/", None, {"Authorization": "Basic abc"}),
        "auth.malformed-authorization": lambda: api.request("GET", one + "/", None, {"Authorization": "abc"}),
        "tier.refused": lambda: api.resolve(made, "client"),
        "origin.other": lambda: api.request("GET", one + "/", "origin_client", {"Origin": "https://elsewhere.example"}),
        "missing_origin": lambda: api.get(made, "origin_client"),
        "isolation.get": lambda: api.get(made, "other_server"),
        "isolation.resolve": lambda: api.resolve(made, "other_server"),
        "get.unknown-id-status": lambda: api.get(ID),
        "messages.unknown-conversation": lambda: api.messages(ID),
        "malformed_id_status": lambda: api.get("no-id"),
        "reply_to_closed": lambda: api.send(made),
        "resolve_twice": lambda: api.resolve(made),
        "unknown_status_filter": lambda: api.list(status="lost"),
        "invalid_paging": lambda: api.list(limit="-1"),
        "limit_over_maximum": lambda: api.list(limit=1000),
        "create.malformed-json": lambda: api.request(*create, data=b"{", content_type="application/json"),
        "create.not-an-object": lambda: api.request(*create, json=[]),
        "create.whole-or-refused": lambda: api.create(metadata={"n": 2**70}),
        "create.subject-required": lambda: api.request(*create, json={}),
        "create.subject-too-long": lambda: api.create(subject="x" * 501),
        "create.undocumented-values-refused": lambda: api.create(priority="huge"),
        "create.wrong-types-refused": lambda: api.create(subject=[]),
        "empty_subject": lambda: api.create(subject=""),
        "malformed_email": lambda: api.create(user_email="nobody"),
        "unknown_body_fields": lambda: api.create(colour="red"),
        "messages.body-required": lambda: api.request("POST", one + "/messages/create/", json={"user_email": "a@example.com"}),
        "missing_trailing_slash": lambda: api.request("GET", one),
    }


STRICT = {
    "missing_origin": "refuse",
    "malformed_id_status": "400",
    "reply_to_closed": "refuse",
    "resolve_twice": "409",
    "unknown_status_filter": "refuse",
    "invalid_paging": "refuse",
    "limit_over_maximum": "reject",
    "empty_subject": "refuse",
    "malformed_email": "refuse",
    "unknown_body_fields": "refuse",
    "missing_trailing_slash": "not_found",
}


def test_the_journal_shows_what_decided_each_refusal(make_api):
    api = make_api(choices=STRICT)
    found = {}
    for id, send in requests_to(api).items():
        send()
        found[id] = journal(api)[0]["decided_by"]
    assert found == {id: {"requirement" if "." in id else "choice": id} for id in found}


def test_what_was_not_refused_was_decided_by_nothing(api):
    api.made()
    api.request("GET", "/nowhere")
    assert [entry["decided_by"] for entry in journal(api)] == [None, None]


def test_ids_of_the_journal_are_unique_across_processes(make_api):
    one, other = make_api(), make_api()
    for api in (one, other, one, other):
        api.list()
    ids = [entry["id"] for api in (one, other) for entry in journal(api)]
    assert len(set(ids)) == 4
    assert all(isinstance(id, str) for id in ids)
    assert [entry["number"] for entry in journal(one)] == [2, 1]
