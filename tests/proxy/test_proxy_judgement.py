"""What the proxy says of exchanges: on which side, by which requirement, and of what it says nothing."""

import json
from typing import Any

import pytest

from mockserver.app import create_app
from mockserver.contract.document import load_contract
from mockserver.keys.model import StandardKeys
from mockserver.proxy.exchange import Exchange
from mockserver.proxy.judge import Judge
from tests.harness.trials import run_here
from tests.proxy.judged import Judged
from tests.proxy.session import plain_session
from tests.variations.registry import all_variations

CONTRACT = load_contract()
KEYS = StandardKeys.of(1)
BASE = "/api/v1/conversations/"
JSON = [("Content-Type", "application/json")]
SHOWN: dict[str, Any] = {
    "id": "11111111-2222-4333-8444-555555555555",
    "number": 1,
    "subject": "A",
    "status": "open",
    "priority": "normal",
    "channel": "api",
    "metadata": {},
    "requester": {"email": "ann@example.com", "first_name": "", "last_name": ""},
    "created_at": "2026-01-01T00:00:00Z",
    "updated_at": "2026-01-01T00:00:00Z",
}
OF_SHOWN = f"{BASE}{SHOWN['id']}/"


class Session:
    """Exchanges one after the other, a second apart."""

    def __init__(self) -> None:
        self._judge = Judge(CONTRACT)
        self._now = 100.0

    def exchange(
        self,
        method: str,
        path: str,
        status: int,
        response: Any = None,
        body: Any = None,
        key: str | None = KEYS.server,
        **more: Any,
    ) -> tuple[set[str], set[str]]:
        """Judge an exchange; return the ids of what the server violated, and of what the client violated."""
        self._now += more.get("after", 1.0)
        headers = [("Host", "x"), *(JSON if body is not None else ()), *more.get("headers", ())]
        headers += [("X-API-Key", key)] if key is not None else []
        sent = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        got = response if isinstance(response, bytes) else b"" if response is None else json.dumps(response).encode()
        one = Exchange(method, path, headers, self._now, 0, sent, status, more.get("response_headers", JSON), got, self._now + 0.1)
        _, findings = self._judge.judge(one)
        return {one.id for one in findings if one.side == "server"}, {one.id for one in findings if one.side == "client"}

    def create(self, body: Any, **shown: Any) -> tuple[set[str], set[str]]:
        return self.exchange("POST", f"{BASE}create/", 201, SHOWN | shown, body)


def page(*results: Any, count: int | None = None) -> dict[str, Any]:
    return {"count": len(results) if count is None else count, "results": list(results)}


def other(number: int, **members: Any) -> dict[str, Any]:
    return SHOWN | {"id": f"{number:08d}-2222-4333-8444-555555555555", "number": number} | members


MESSAGE = {"id": "m", "sender_email": "a@example.com", "body": "Hi", "message_type": "reply", "created_at": "2026-01-01T00:00:00Z"}

VIOLATIONS = {
    "a server error": (("GET", BASE, 500, {"detail": "x"}), "any.no-server-error"),
    "a page": (("GET", BASE, 200, b"<html>", None, KEYS.server), "any.json"),
    "no list": (("GET", BASE, 200, []), "list.answer"),
    "a conversation without a number": (("GET", OF_SHOWN, 200, {n: v for n, v in SHOWN.items() if n != "number"}), "get.answer"),
    "created with 200": (("POST", f"{BASE}create/", 200, SHOWN, {"subject": "A"}), "create.status"),
    "a valid create refused": (("POST", f"{BASE}create/", 422, {"detail": "x"}, {"subject": "A"}), "create.status"),
    "a valid list refused": (("GET", f"{BASE}?limit=5&status=open", 400, {"detail": "x"}), "list.answer"),
    "priority": (("POST", f"{BASE}create/", 201, SHOWN, {"subject": "A", "priority": "low"}), "create.priority-kept"),
    "channel": (("POST", f"{BASE}create/", 201, SHOWN, {"subject": "A", "channel": "web"}), "create.channel-kept"),
    "metadata": (("POST", f"{BASE}create/", 201, SHOWN, {"subject": "A", "metadata": {"a": 1}}), "create.metadata-kept"),
    "subject": (("POST", f"{BASE}create/", 201, SHOWN, {"subject": "B"}), "create.text-exact"),
    "requester": (
        ("POST", f"{BASE}create/", 201, SHOWN, {"subject": "A", "user_email": "b@example.com"}),
        "create.requester-email",
    ),
    "not open": (("POST", f"{BASE}create/", 201, SHOWN | {"status": "pending"}, {"subject": "A"}), "create.opens"),
    "an undocumented priority": (
        ("POST", f"{BASE}create/", 201, SHOWN | {"priority": "never"}, {"subject": "A", "priority": "never"}),
        "create.undocumented-values",
    ),
    "no subject": (("POST", f"{BASE}create/", 201, SHOWN, {}), "create.subject-required"),
    "half a body": (("POST", f"{BASE}create/", 201, SHOWN, b'{"subject": '), "create.malformed-json"),
    "a long subject": (("POST", f"{BASE}create/", 201, SHOWN, {"subject": "x" * 501}), "create.subject-too-long"),
    "no body of a message": (
        ("POST", f"{OF_SHOWN}messages/create/", 201, MESSAGE, {"user_email": "a@b.de"}),
        "messages.body-required",
    ),
    "no key": (("GET", BASE, 200, page(), None, None), "auth.missing-key"),
    "no key refused otherwise": (("GET", BASE, 403, {"detail": "x"}, None, None), "auth.missing-key"),
    "a 401 of another shape": (("GET", BASE, 401, {"error": "x"}, None, None), "auth.refusal-body"),
    "a client key resolves": (
        ("POST", f"{OF_SHOWN}resolve/", 200, SHOWN | {"status": "closed"}, None, KEYS.client),
        "tier.refused",
    ),
    "resolved, not closed": (("POST", f"{OF_SHOWN}resolve/", 200, SHOWN | {"status": "resolved"}), "resolve.closes"),
    "too many": (("GET", f"{BASE}?limit=1", 200, page(other(1), other(2))), "list.limit"),
    "twice": (("GET", BASE, 200, page(SHOWN, SHOWN)), "list.partition"),
    "another status": (("GET", f"{BASE}?status=closed", 200, page(SHOWN)), "list.status-filter"),
    "another requester": (("GET", f"{BASE}?user_email=b%40example.com", 200, page(SHOWN)), "list.email-filter"),
    "a count far off": (("GET", BASE, 200, page(SHOWN, count=5)), "list.count"),
    "a message twice": (("GET", f"{OF_SHOWN}messages/", 200, page(MESSAGE, MESSAGE)), "messages.id-unique"),
    "newest first": (
        ("GET", f"{OF_SHOWN}messages/", 200, page(MESSAGE, MESSAGE | {"id": "n", "created_at": "2025-01-01T00:00:00Z"})),
        "messages.oldest-first",
    ),
    "a small count of messages": (("GET", f"{OF_SHOWN}messages/", 200, page(MESSAGE, count=0)), "messages.count"),
}


@pytest.mark.parametrize("name", VIOLATIONS)
def test_a_violation_of_the_server_is_named(name: str) -> None:
    exchange, id = VIOLATIONS[name]
    if name == "a page":
        assert Session().exchange(*exchange, response_headers=[("Content-Type", "text/html")])[0] == {id}
    else:
        assert id in Session().exchange(*exchange)[0]


TOLERATED = {
    "an invitation to wait": ("GET", BASE, 503, b""),
    "too many requests": ("GET", BASE, 429, b"slow down"),
    "a gateway": ("GET", BASE, 502, b"<html>"),
    "another's conversation": (
        "GET",
        OF_SHOWN,
        200,
        SHOWN | {"channel": "telex", "subject": None, "priority": "p1", "assignee": 3},
    ),
    "numbers as floats": ("GET", BASE, 200, {"count": 1.0, "results": [SHOWN | {"number": 7.0}], "next": None}),
    "trimmed": ("POST", f"{BASE}create/", 201, SHOWN, {"subject": "  A\n"}),
    "folded": ("POST", f"{BASE}create/", 201, SHOWN, {"subject": "A", "user_email": "ANN@example.com"}),
    "converted": ("POST", f"{BASE}create/", 201, SHOWN | {"subject": "7"}, {"subject": 7}),
    "a number that no double holds": (
        "POST",
        f"{BASE}create/",
        201,
        SHOWN | {"metadata": {"a": 1}},
        {"subject": "A", "metadata": {"a": 2**60}},
    ),
    "unknown members refused": ("POST", f"{BASE}create/", 400, {"detail": "x"}, {"subject": "A", "tags": []}),
    "an address refused": ("POST", f"{BASE}create/", 400, {"detail": "x"}, {"subject": "A", "user_email": "a@example.com"}),
    "no such id": ("GET", OF_SHOWN, 404, {"detail": "x"}),
    "unlisted paths": ("GET", "/anything", 500, b"<html>"),
    "undocumented methods": ("PUT", OF_SHOWN, 500, b"<html>"),
    "a slash that is missing": ("GET", BASE[:-1], 301, b""),
    "a strange id": ("GET", f"{BASE}a%2Fb/", 400, b"<html>"),
    "an anonymous requester": ("POST", f"{BASE}create/", 201, SHOWN | {"requester": None}, {"subject": "A"}),
    "messages in pages": ("GET", f"{OF_SHOWN}messages/", 200, page(MESSAGE, count=9)),
    "repeated parameters": ("GET", f"{BASE}?status=open&status=closed", 200, page(SHOWN)),
    "a page past the end": ("GET", f"{BASE}?offset=90", 200, page(count=3)),
    "a limit over the maximum": ("GET", f"{BASE}?limit=500", 400, {"detail": "x"}),
}


@pytest.mark.parametrize("name", TOLERATED)
def test_what_is_left_open_is_not_named(name: str) -> None:
    found = Session().exchange(*TOLERATED[name])[0]
    assert found - {"create.wrong-types"} == set()


def test_the_traffic_so_far() -> None:
    session = Session()
    assert session.create({"subject": "A"}) == (set(), set())
    assert session.exchange("GET", OF_SHOWN, 404, {"detail": "x"}, key=KEYS.other_server)[0] == set()
    assert session.exchange("GET", OF_SHOWN, 404, {"detail": "x"})[0] == {"get.as-created"}
    assert session.exchange("GET", OF_SHOWN, 200, SHOWN | {"subject": "B"})[0] == {"get.as-created"}
    assert session.exchange("GET", BASE, 200, page(SHOWN | {"metadata": {"a": 1}}))[0] == {"list.items-as-get"}
    assert (
        session.exchange("POST", f"{OF_SHOWN}messages/create/", 201, MESSAGE, {"body": "Hi", "user_email": "a@example.com"})[0]
        == set()
    )
    assert session.exchange("GET", f"{OF_SHOWN}messages/", 200, page())[0] == {"messages.listed-once"}
    assert session.exchange("GET", f"{OF_SHOWN}messages/", 200, page(MESSAGE))[0] == set()
    assert session.create({"subject": "A"}, id="22222222-2222-4333-8444-555555555555")[0] == {"create.number-unique"}
    # Later, people may have changed it, or removed it.
    assert session.exchange("GET", OF_SHOWN, 404, {"detail": "x"}, after=60.0)[0] == set()


def test_a_count_that_is_off_by_one_once_is_another_write() -> None:
    session = Session()
    assert session.exchange("GET", BASE, 200, page(SHOWN, count=2))[0] == set()
    assert session.exchange("GET", BASE, 200, page(SHOWN))[0] == set()
    assert session.exchange("GET", BASE, 200, page(SHOWN, count=2))[0] == {"list.count"}


def test_a_key_that_one_header_is_refused_with() -> None:
    bearer = [("Authorization", f"Bearer {KEYS.server}")]
    session = Session()
    assert session.exchange("GET", BASE, 200, page())[0] == set()
    assert session.exchange("GET", BASE, 401, {"detail": "x"}, key=None, headers=bearer)[0] == set()
    # The key still works in the other header, so it was not revoked meanwhile.
    assert session.exchange("GET", BASE, 200, page())[0] == {"auth.bearer"}


CLIENT = {
    "no key": (("GET", BASE, 401, {"detail": "x"}, None, None), "auth.missing-key"),
    "an unknown key": (("GET", BASE, 401, {"detail": "x"}), "auth.invalid-key"),
    "the wrong tier": (("POST", f"{OF_SHOWN}resolve/", 403, {"detail": "x"}, None, KEYS.client), "tier.refused"),
    "no subject": (("POST", f"{BASE}create/", 400, {"detail": "x"}, {}), "create.subject-required"),
    "no JSON": (("POST", f"{BASE}create/", 400, {"detail": "x"}, b"{"), "create.malformed-json"),
    "a limit over the maximum": (("GET", f"{BASE}?limit=500", 200, page()), "limit_over_maximum"),
    "a status that is none": (("GET", f"{BASE}?status=x", 200, page()), "unknown_status_filter"),
    "no final slash": (("GET", BASE[:-1], 301), "missing_trailing_slash"),
    "another method": (("PUT", OF_SHOWN, 405, {"detail": "x"}), "any.undocumented-methods"),
    "another path": (("GET", "/anything", 404, b""), ""),
}


@pytest.mark.parametrize("name", CLIENT)
def test_a_violation_of_the_client_is_named(name: str) -> None:
    exchange, id = CLIENT[name]
    assert Session().exchange(*exchange) == (set(), {id})


_BY_THEMSELVES = ("NOT_FOUND", "OTHER_ORGANISATION", "MALFORMED_ID", "UNKNOWN_SENDER", "HTTP", "UNAVAILABLE", "OTHER_APP")
"""Refusals that do not follow from the request alone, or that no client causes."""


@pytest.mark.extended
def test_the_suites_own_requests() -> None:
    """A quick run, some eight seconds: the mock is never accused, and the client is blamed for each request that was refused."""
    app = create_app(spec=CONTRACT)
    judged = Judged(app, CONTRACT)
    assert run_here(judged, "quick").verdict.value == "conformant"
    assert judged.accusations == []
    refused = {entry.id: entry.response.refused for entry in app.journal.entries("default")}
    bad = 0
    for exchange, _, findings in judged.seen:
        kind = refused.get(exchange.response_header("x-accord-request-id") or "")
        if kind is not None and kind not in _BY_THEMSELVES and exchange.method not in ("OPTIONS", "HEAD"):
            bad += 1
            assert any(one.side == "client" for one in findings), (exchange.method, exchange.target, exchange.body, kind)
    assert bad > 100


@pytest.mark.parametrize("name", [*all_variations()][::40])
def test_conforming_servers_are_not_accused(name: str) -> None:
    """More of them, with all that the suite sends: `python -m tests.proxy variations`."""
    server = all_variations()[name].server()
    judged = Judged(server.app, CONTRACT, keep=False)
    plain_session(judged)
    assert judged.accusations == []
