"""Which options the server takes where the pages leave a point open: observed, never judged."""

from collections.abc import Mapping
from typing import Any

import pytest

from contract_tests.client.helpdesk import Helpdesk
from contract_tests.contract.document import Contract
from contract_tests.contract.operations import (
    CREATE_CONVERSATION,
    CREATE_MESSAGE,
    GET_CONVERSATION,
    LIST_CONVERSATIONS,
    LIST_MESSAGES,
    RESOLVE_CONVERSATION,
)
from contract_tests.contract.timestamps import moment
from contract_tests.judging.check_log import Judge
from contract_tests.model.marks import mark_of
from contract_tests.transport.credentials import Credential
from contract_tests.transport.exchange import Exchange

pytestmark = pytest.mark.last(6)


def test_what_a_create_answers(desk: Helpdesk, judge: Judge) -> None:
    plain = _create(desk, user_email=desk.email("choice"))
    response = plain.members
    _observe(judge, "default_channel", response.get("channel"), plain)
    _observe(judge, "missing_names", _names(_requester(plain)), plain)
    documented = {*desk.contract.conversation_members}
    _observe(judge, "object_extra_members", "some" if response.keys() - documented else "none", plain)
    _observe(judge, "timestamp_fraction", _fraction(str(response.get("created_at"))), plain)
    _observe(judge, "timestamp_offset", "z" if str(response.get("created_at")).upper().endswith("Z") else "numeric", plain)
    judge.observe("first_number", None, "A server under test already holds conversations.")


def test_how_an_anonymous_requester_is_shown(desk: Helpdesk, judge: Judge) -> None:
    exchange = _create(desk, user_email=None)
    if not exchange.succeeded:
        return _observe(judge, "anonymous_requester", None, exchange)
    if exchange.members.get("requester") is None:
        return _observe(judge, "anonymous_requester", "null_requester", exchange)
    requester = _requester(exchange)
    email = requester.get("email")
    shown = "null_email" if email is None else "generated_email" if email else "empty_email"
    _observe(judge, "anonymous_requester", shown, exchange)
    return _observe(judge, "anonymous_names", _names(requester), exchange)


def test_what_is_refused(desk: Helpdesk, judge: Judge) -> None:
    without = _create(desk, subject=None)
    _observe(judge, "error_body_shape", _error_shape(without), without)
    status = _create(desk, priority="critical")
    statuses = {400: "400", 422: "422"}
    _observe(judge, "invalid_value_status", statuses.get(status.status, statuses.get(without.status)), status)
    for choice, members, kept in (
        ("empty_subject", {"subject": ""}, "accept"),
        ("malformed_email", {"user_email": "no address"}, "accept"),
        ("unknown_body_fields", {"colour": "green"}, "ignore"),
        ("number_for_text", {"user_first_name": 7}, "convert"),
        ("nul_character", {"subject": "nul\x00character"}, "keep"),
    ):
        exchange = _create(desk, **members)
        _observe(judge, choice, _accepted(exchange, kept), exchange)
    # A payload of ours leaves None out, so null is sent by hand.
    null = desk.call(CREATE_CONVERSATION, body={**desk.payload(), "description": None})
    _observe(judge, "null_optional_member", _accepted(null, "absent"), null)


def test_how_text_is_kept(desk: Helpdesk, judge: Judge) -> None:
    padded = _create(desk, subject=f" {desk.subject('Padded')[:30]} ")
    subject = str(padded.members.get("subject"))
    _observe(judge, "surrounding_white_space", "keep" if subject.startswith(" ") else "trim", padded)
    email = desk.email("Mixed.Case")
    mixed = _create(desk, user_email=email)
    kept = _requester(mixed).get("email")
    _observe(judge, "email_answer_case", {email: "keep", email.lower(): "fold"}.get(str(kept)), mixed)
    listing = desk.call(LIST_CONVERSATIONS, query={"user_email": email.lower()})
    _observe(judge, "email_lookup_case", "fold" if listing.members.get("count") else "keep", listing)


def test_how_lists_answer(desk: Helpdesk, judge: Judge, contract: Contract) -> None:
    email = desk.email("listed")
    ids = [desk.create(desk.payload(user_email=email)).id for _ in range(6)]
    page = desk.list_all(user_email=email)
    orders = {tuple(ids): "oldest", tuple(reversed(ids)): "newest"}
    _observe(judge, "list_order", orders.get(tuple(page.ids), "other"), page.exchange)
    extra = page.exchange.members.keys() - {"count", "results"}
    links = "next_previous" if {"next", "previous"} <= extra else "other"
    _observe(judge, "envelope_extra_members", links if extra else "none", page.exchange)
    over = desk.call(LIST_CONVERSATIONS, query={"limit": contract.page_maximum + 1})
    _observe(judge, "limit_over_maximum", "clamp" if over.succeeded else "reject", over)
    invalid = desk.call(LIST_CONVERSATIONS, query={"limit": "many"})
    _observe(judge, "invalid_paging", "fallback" if invalid.succeeded else "refuse", invalid)
    unknown = desk.call(LIST_CONVERSATIONS, query={"status": "solved", "user_email": email})
    found = "ignore" if unknown.members.get("count") else "empty"
    _observe(judge, "unknown_status_filter", found if unknown.succeeded else "refuse", unknown)


def test_how_conversations_are_reached(desk: Helpdesk, judge: Judge) -> None:
    record = desk.create()
    malformed = desk.call(GET_CONVERSATION, id="not-an-id", documented=False)
    _observe(judge, "malformed_id_status", {404: "404", 400: "400"}.get(malformed.status), malformed)
    operation = desk.contract[GET_CONVERSATION]
    slashless = desk.call_without_slash(operation, record.id)
    served = "serve" if slashless.succeeded else "redirect" if 300 <= slashless.status < 400 else "not_found"
    _observe(judge, "missing_trailing_slash", served, slashless)


def test_how_messages_behave(desk: Helpdesk, judge: Judge, contract: Contract) -> None:
    record = desk.create(desk.payload(description=(description := desk.body("The beginning"))))
    items, listing = desk.read_messages(record.id)
    first = any(mark_of(description) in str(item.get("body")) for item in items)
    _observe(judge, "description_as_message", "first_message" if first else "not_a_message", listing)
    body = desk.body()
    sending = desk.send(record, body)
    _observe(judge, "create_message_status", {201: "201", 200: "200"}.get(sending.status), sending)
    _observe(judge, "create_message_body", _message_shape(sending, body), sending)
    # One with more messages than a page may have, which some other test made, if it did.
    known = (one for one in desk.ledger.records.values() if len(one.messages) > contract.page_default)
    long = next(known, record)
    while len(long.messages) <= contract.page_default:
        desk.send(long, desk.body())
    items, _ = desk.read_messages(long.id)
    only_replies = all(item.get("message_type") == "reply" for item in items)
    _observe(judge, "message_types", "reply_only" if only_replies else "more", listing)
    page = desk.call(LIST_MESSAGES, id=long.id)
    limited = desk.call(LIST_MESSAGES, id=long.id, query={"limit": 1})
    paged = _held(page) < _counted(page) or _held(limited) == 1
    _observe(judge, "message_paging", "limit_offset" if paged else "none", limited)
    stranger = desk.call(CREATE_MESSAGE, id=record.id, body={"body": desk.body(), "user_email": desk.email("stranger")})
    _observe(judge, "unknown_sender", _accepted(stranger, "accept"), stranger)


def test_how_closed_conversations_behave(desk: Helpdesk, judge: Judge) -> None:
    record = desk.create()
    desk.resolve(record)
    again = desk.call(RESOLVE_CONVERSATION, id=record.id)
    _observe(judge, "resolve_twice", {200: "200", 409: "409"}.get(again.status), again)
    reply = desk.call(CREATE_MESSAGE, id=record.id, body={"body": desk.body(), "user_email": record.email})
    if reply.succeeded:
        record.note_message()
    status = desk.call(GET_CONVERSATION, id=record.id).members.get("status")
    after = "accept" if status == "closed" else "reopen"
    _observe(judge, "reply_to_closed", after if reply.succeeded else "refuse", reply)


def test_how_a_client_key_is_refused(desk: Helpdesk, judge: Judge, client_key: Credential) -> None:
    if "client" in desk.contract[RESOLVE_CONVERSATION].tiers:
        pytest.skip("the contract lets client keys resolve")
    record = desk.create()
    exchange = desk.call(RESOLVE_CONVERSATION, id=record.id, credential=client_key)
    record.unsure.update(("status", "updated_at"))
    _observe(judge, "client_resolve_status", {403: "403", 401: "401"}.get(exchange.status), exchange)


def test_how_origins_are_refused(desk: Helpdesk, judge: Judge, origin_client_key: Credential) -> None:
    missing = desk.call(LIST_CONVERSATIONS, credential=origin_client_key)
    _observe(judge, "missing_origin", _accepted(missing, "accept"), missing)
    other = desk.call(LIST_CONVERSATIONS, credential=origin_client_key, headers={"Origin": "https://elsewhere.example.net"})
    _observe(judge, "origin_refusal_status", {403: "403", 401: "401"}.get(other.status), other)


def _create(desk: Helpdesk, **members: Any) -> Exchange:
    return desk.call(CREATE_CONVERSATION, body=desk.payload(**members))


def _observe(judge: Judge, choice: str, option: object, exchange: Exchange) -> None:
    options = judge.catalogue.choices[choice].options
    call = exchange.call
    shown = f"{call.method} {call.path} answered {exchange.status}"
    judge.observe(choice, option if isinstance(option, str) and option in options else None, shown)


def _accepted(exchange: Exchange, option: str) -> str | None:
    return option if exchange.succeeded else "refuse" if exchange.refused else None


def _requester(exchange: Exchange) -> Mapping[str, Any]:
    """The members of the requester, where a conversation shows one that has any."""
    requester = exchange.members.get("requester")
    return requester if isinstance(requester, dict) else {}


def _held(page: Exchange) -> int:
    results = page.members.get("results")
    return len(results) if isinstance(results, list) else 0


def _counted(page: Exchange) -> float:
    count = page.members.get("count")
    return count if isinstance(count, int | float) else 0


def _names(requester: Mapping[str, Any]) -> str | None:
    found = [requester.get("first_name"), requester.get("last_name")]
    return "null_names" if found == [None, None] else "empty_names" if found == ["", ""] else None


def _fraction(timestamp: str) -> str | None:
    if moment(timestamp) is None:
        return None
    digits = len(timestamp.split(".")[1].rstrip("Zz").split("+")[0].split("-")[0]) if "." in timestamp else 0
    return {0: "none", 3: "milliseconds", 6: "microseconds"}.get(digits, "other")


def _error_shape(exchange: Exchange) -> str | None:
    if not exchange.refused:
        return None
    if "problem+json" in exchange.headers.get("content-type", ""):
        return "problem_json"
    members = exchange.members
    if isinstance(members.get("detail"), str):
        return "detail"
    return "per_field" if "subject" in members else "other"


def _message_shape(exchange: Exchange, body: str) -> str:
    members = exchange.members
    if members.get("body") == body:
        return "message"
    inner = (value for value in members.values() if isinstance(value, dict))
    return "wrapped" if any(value.get("body") == body for value in inner) else "other"
