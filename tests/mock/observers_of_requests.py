"""Observers of the choices about requests: what is refused, and what is taken how."""

from tests.mock.observing import BASE, observe


@observe
def limit_over_maximum(api):
    response = api.list(limit=101)
    return "clamp" if response.status_code == 200 else "reject"


@observe
def invalid_value_status(api):
    statuses = {api.create(priority="asap").status_code, api.create(subject=None).status_code, api.list(limit="x").status_code}
    assert len(statuses) == 1
    return str(statuses.pop())


@observe
def malformed_id_status(api):
    assert api.get("11111111-2222-4333-8444-555555555555").status_code == 404
    return str(api.get("nonsense").status_code)


@observe
def client_resolve_status(api):
    id = api.made()["id"]
    response = api.resolve(id, "client")
    assert api.get(id).json["status"] == "open"
    return str(response.status_code)


@observe
def empty_subject(api):
    response = api.create(subject="")
    return "accept" if response.status_code == 201 and response.json["subject"] == "" else "refuse"


@observe
def malformed_email(api):
    responses = [api.create(user_email=email) for email in ("nobody", "a@b@c.de", "a b@c.de", "@c.de", "a@", "")]
    accepted = {response.status_code == 201 for response in responses}
    assert len(accepted) == 1
    return "accept" if accepted.pop() else "refuse"


@observe
def unknown_body_fields(api):
    response = api.create(colour="blue")
    if response.status_code == 201:
        assert "colour" not in response.json
        return "ignore"
    assert response.json == {"detail": "colour: This field is not documented."}
    return "refuse"


@observe
def null_optional_member(api):
    response = api.create(description=None, user_email=None, priority=None, channel=None, metadata=None, user_first_name=None)
    if response.status_code == 201:
        assert (response.json["priority"], response.json["metadata"]) == ("normal", {})
        return "absent"
    return "refuse"


@observe
def number_for_text(api):
    response = api.create(user_email="ada@example.com", user_first_name=7, user_last_name=1.5)
    assert api.create(user_first_name=True).status_code == 400
    if response.status_code == 400:
        return "refuse"
    assert response.json["requester"]["last_name"] == "1.5"
    return "convert"


@observe
def unknown_status_filter(api):
    api.made()
    response = api.list(status="nonsense")
    if response.status_code == 400:
        return "refuse"
    return "ignore" if response.json["count"] == 1 else "empty"


@observe
def invalid_paging(api):
    api.made()
    responses = [api.request("GET", f"{BASE}?{query}") for query in ("limit=x", "limit=-1", "limit=0", "offset=-1", "offset=x")]
    assert len({response.status_code for response in responses}) == 1
    if responses[0].status_code == 400:
        return "refuse"
    assert all(response.json["count"] == len(response.json["results"]) == 1 for response in responses)
    return "fallback"


@observe
def missing_trailing_slash(api):
    made = api.made()
    response = api.request("GET", f"{BASE}{made['id']}?x=1")
    resolved = api.request("POST", f"{BASE}{made['id']}/resolve")
    assert resolved.status_code == response.status_code
    if response.status_code == 308:
        assert response.headers["Location"] == f"{BASE}{made['id']}/?x=1"
        assert api.request("POST", f"{BASE}create", json={"subject": "x"}, follow_redirects=True).status_code == 201
        return "redirect"
    return "serve" if response.status_code == 200 else "not_found"


@observe
def surrounding_white_space(api):
    made = api.made(subject=" a  b\n", description="\tx ", user_email="ada@example.com", user_first_name=" Ada ")
    message = api.messages(made["id"]).json["results"][0]["body"]
    got = (made["subject"], message, made["requester"]["first_name"])
    if got == ("a  b", "x", "Ada"):
        assert api.create(subject=" \n ").status_code == 400
        assert api.create(priority=" high").status_code == 400
        return "trim"
    assert got == (" a  b\n", "\tx ", " Ada ")
    return "keep"


@observe
def nul_character(api):
    responses = [api.create(subject="a\0b"), api.create(metadata={"a": ["\0"]}), api.create(metadata={"\0": 1})]
    if {response.status_code for response in responses} == {400}:
        return "refuse"
    assert responses[0].json["subject"] == "a\0b"
    assert responses[1].json["metadata"] == {"a": ["\0"]}
    return "keep"


@observe
def missing_origin(api):
    return "accept" if api.list("origin_client").status_code == 200 else "refuse"


@observe
def origin_refusal_status(api):
    response = api.request("GET", BASE, "origin_client", {"Origin": "https://evil.example"})
    return str(response.status_code)
