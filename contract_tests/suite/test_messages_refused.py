"""Messages: what has to be refused, and what may be."""

import json
from contextlib import suppress
from typing import Any

import pytest

from contract_tests.client.helpdesk import Helpdesk
from contract_tests.contract.document import Contract
from contract_tests.contract.operations import CREATE_MESSAGE, LIST_MESSAGES
from contract_tests.judging.mismatches import Mismatch, messages, of_item, responses, shown
from contract_tests.judging.mismatches.values import text_mismatch
from contract_tests.suite.test_get import ids_of_nobody
from contract_tests.transport.exchange import Exchange
from contract_tests.transport.guard import Withheld, is_uuid

pytestmark = pytest.mark.long(6)

REFUSED = "messages.refusal-changes-nothing"


@pytest.mark.requirements("messages.body-required", "messages.user-email-required", REFUSED)
def test_a_message_without_what_is_required_is_refused(desk: Helpdesk) -> None:
    record, closed = desk.create(), desk.create()
    desk.send(record, desk.body())
    desk.resolve(closed)
    # Whether that is an address enough is open.
    body = desk.body("From nobody")
    odd = desk.call(CREATE_MESSAGE, id=record.id, body={"body": body, "user_email": "no address"})
    record.note_message()
    before, before_closed = desk.take_snapshot(record), desk.take_snapshot(closed)
    _check_none_added(desk, [body] if odd.refused else [], before.messages, before.listing)
    for number, credential in enumerate(desk.credentials(CREATE_MESSAGE)):
        for place, (payload, requirement) in enumerate(
            (
                ({"user_email": record.email}, "messages.body-required"),
                ({"body": desk.body("From whom?")}, "messages.user-email-required"),
                ({}, "messages.body-required"),
            )
        ):
            if place == 2 and not desk.effort.combined(number, 0):
                continue
            exchange = desk.call(CREATE_MESSAGE, id=record.id, body=payload, credential=credential)
            desk.check(requirement, responses.not_refused(exchange), exchange)
    for payload, requirement in (
        ({"user_email": closed.email}, "messages.body-required"),
        ({"body": desk.body("From whom?")}, "messages.user-email-required"),
    ):
        exchange = desk.call(CREATE_MESSAGE, id=closed.id, body=payload)
        desk.check(requirement, responses.not_refused(exchange), exchange)
    desk.check_unchanged(before, REFUSED)
    desk.check_unchanged(before_closed, REFUSED)
    with desk.since(2):
        # A refused message must not prevent the next one.
        desk.send(record, desk.body("After all"))


@pytest.mark.requirements("messages.malformed-json", REFUSED)
def test_a_message_that_is_no_json_object_is_refused(desk: Helpdesk) -> None:
    record = desk.create()
    before = desk.take_snapshot(record)
    whole = f'{{"body": "{desk.body()}", "user_email": "{record.email}"}}'
    for raw in (whole[:-1], whole[:-1] + ",}", "", "[]", f"[{whole}]", '"text"', "null", "1", "true"):
        exchange = desk.call(CREATE_MESSAGE, id=record.id, raw=raw.encode())
        desk.check("messages.malformed-json", responses.not_refused(exchange), exchange)
    with desk.since(2):
        # Written as JSON twice, it is a text.
        exchange = desk.call(CREATE_MESSAGE, id=record.id, raw=json.dumps(whole).encode())
        desk.check("messages.malformed-json", responses.not_refused(exchange), exchange)
    desk.check_unchanged(before, REFUSED)


@pytest.mark.since(2, "messages.body-required")
@pytest.mark.requirements("messages.wrong-types", "messages.wrong-types-refused", "messages.body-required", REFUSED)
@pytest.mark.parametrize("member", ["body", "user_email"])
def test_message_values_of_the_wrong_type_never_come_back(desk: Helpdesk, contract: Contract, member: str) -> None:
    record = desk.create()
    before = desk.take_snapshot(record)
    answered: list[tuple[str, Exchange]] = []
    kinds: tuple[Any, ...] = (1, ["x"], {"x": 1}, None, True, [], 0, False, 1.5, {})
    for value in kinds[:6] if desk.effort.sparse and member == "user_email" else kinds:
        body = desk.body()
        exchange = desk.call(CREATE_MESSAGE, id=record.id, body={"body": body, "user_email": record.email, member: value})
        answered.append((body, exchange))
        if not (exchange.succeeded and isinstance(value, bool | int | float)):
            desk.check("messages.wrong-types-refused", responses.not_refused(exchange), exchange)
        if member == "body" and value is None:
            # What is null was not sent.
            with desk.since(2):
                desk.check("messages.body-required", responses.not_refused(exchange), exchange)
        if exchange.succeeded:
            record.note_message()
    items, listing = desk.read_messages(record.id)
    wrong = next((found for item in items if (found := of_item(contract.mismatch("Message", item), item))), None)
    for _, exchange in answered:
        desk.check("messages.wrong-types", wrong, listing, because=[exchange])
    if any(exchange.succeeded for _, exchange in answered):
        _check_none_added(desk, [body for body, exchange in answered if exchange.refused], items, listing)
    else:
        desk.check_unchanged(before, REFUSED)


UNUSUAL = (
    "be\x00fore",
    "bell \x07 escape \x1b[0m delete \x7f",
    "a\ttab",
    "noncharacter \uffff end",
    "left \u200eto\u200f right \u202ain\u202c \u2066it\u2069",
    "alone\rvertical\x0bform\x0cnext\x85separator\u2029end",
    "flag \U0001f3f4\U000e0067\U000e0062\U000e007f end",
    "zero\u200bwidth soft\u00adhyphen byte\ufefforder line\u2028separator",
    *((text * size)[:size] + "end" for size in (20_000, 100_000) for text in ("a long body ", "längere Nachricht 🎉 ")),
)
"""Texts that a server may refuse, but must keep whole if it does not: unusual characters, and very long texts."""


@pytest.mark.since(2, REFUSED)
@pytest.mark.requirements("messages.whole-or-refused", REFUSED)
def test_an_unusual_body_is_whole_or_refused(desk: Helpdesk) -> None:
    record = desk.create()
    bodies = [desk.body(text) for text in UNUSUAL]
    raw = [json.dumps({"body": body, "user_email": record.email}).encode() for body in bodies]
    for shift in range(3):
        # Three-byte characters, at each place modulo three: wherever a server cuts what it reads, some of them are split.
        bodies.append(desk.body("x" * shift + "日" * 60_000 + "end"))
        raw.append(json.dumps({"body": bodies[-1], "user_email": record.email}, ensure_ascii=False).encode())
    answered = [(body, desk.call(CREATE_MESSAGE, id=record.id, raw=one)) for body, one in zip(bodies, raw, strict=True)]
    record.note_message()
    items, listing = desk.read_messages(record.id)
    for body, exchange in answered:
        _check_whole(desk, body, exchange, items, listing)
    _check_none_added(desk, [body for body, exchange in answered if exchange.refused], items, listing)


@pytest.mark.since(2)
@pytest.mark.requirements("messages.surrogates")
def test_half_of_a_surrogate_pair_in_a_body_is_kept_or_refused(desk: Helpdesk) -> None:
    record = desk.create()
    body = desk.body("lone \ud83d surrogate")
    exchange = desk.call(CREATE_MESSAGE, id=record.id, body={"body": body, "user_email": record.email})
    record.note_message()
    items, listing = desk.read_messages(record.id)
    _check_whole(desk, body, exchange, items, listing, "messages.surrogates")


@pytest.mark.requirements("messages.unknown-conversation")
def test_messages_of_an_unknown_conversation_are_out_of_reach(desk: Helpdesk) -> None:
    record = desk.create()
    for place, unknown in enumerate(ids_of_nobody(desk)):
        for number, credential in enumerate(desk.credentials(LIST_MESSAGES)):
            if not desk.effort.combined(number, place, one_in=4):
                continue
            documented = is_uuid(record.id) and is_uuid(unknown)
            listing = desk.call(LIST_MESSAGES, id=unknown, credential=credential, documented=documented)
            desk.check("messages.unknown-conversation", responses.found_or_failed(listing), listing)
            body = {"body": desk.body(), "user_email": record.email}
            with suppress(Withheld):
                sending = desk.call(CREATE_MESSAGE, id=unknown, body=body, credential=credential, documented=documented)
                desk.check("messages.unknown-conversation", responses.found_or_failed(sending), sending)


def _check_whole(
    desk: Helpdesk,
    body: str,
    exchange: Exchange,
    items: list[dict[str, Any]],
    listing: Exchange,
    requirement: str = "messages.whole-or-refused",
) -> None:
    """Judge that a message is listed whole, if it was accepted."""
    if not exchange.succeeded:
        desk.check(requirement, responses.not_refused(exchange), exchange)
        return
    found = [items[at] for at in desk.listed_at(body, items)]
    changed = of_item(text_mismatch(body, found[0].get("body"), "body"), found[0]) if found else None
    desk.check(requirement, changed if found else messages.times_mismatch(1, 0, "the message"), listing)


def _check_none_added(desk: Helpdesk, refused: list[str], items: list[dict[str, Any]], listing: Exchange) -> None:
    """Judge that nothing of what was refused is listed."""
    added = [items[at] for body in refused for at in desk.listed_at(body, items)]
    told = of_item(Mismatch("a message that was refused is listed", "none of them", shown(added[0])), added[0]) if added else None
    desk.check(REFUSED, told, listing)
