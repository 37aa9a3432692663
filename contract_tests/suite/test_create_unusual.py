"""Creating conversations with what is beyond the ordinary: kept whole or refused, never cut or changed."""

from collections.abc import Iterable
from typing import Any

import pytest

from contract_tests.client.helpdesk import Helpdesk
from contract_tests.client.pages import items_of
from contract_tests.contract.operations import CREATE_CONVERSATION, GET_CONVERSATION, LIST_CONVERSATIONS
from contract_tests.judging.mismatches import Mismatch, messages, responses
from contract_tests.judging.mismatches.values import json_mismatch
from contract_tests.model.ledger import Record
from contract_tests.model.marks import mark_of

WHOLE = "create.whole-or-refused"


def nested(depth: int) -> dict[str, Any]:
    inner: Any = "bottom"
    for _ in range(depth):
        inner = {"in": inner}
    return {"nested": inner}


LARGE: dict[str, dict[str, Any]] = {
    "a long first name": {"user_first_name": "N" * 256},
    "a very long last name": {"user_last_name": "Ñ" * 5_000},
    "large metadata": {"metadata": {f"key {number}": "v" * 100 for number in range(1_000)}},
    "a long value in metadata": {"metadata": {"text": "v" * 70_000}},
    "many members of metadata": {"metadata": {f"k{number}": number for number in range(5_000)}},
    "deep metadata": {"metadata": nested(40)},
    "long names of members": {"metadata": {"n" * 150: 1, "n" * 300: 2, "@type": "x", "@class": "y"}},
}

ODD: dict[str, dict[str, Any]] = {
    "NUL in a subject": {"subject": "before\x00after"},
    "NUL in a name": {"user_first_name": "be\x00fore"},
    "NUL in a last name": {"user_last_name": "be\x00fore"},
    "NUL in a description": {"description": "be\x00fore"},
    "controls and noncharacters in a description": {"description": "bell \x07 escape \x1b[0m delete \x7f C1 \x85 non \ufffe\uffff"},
    "NUL in metadata": {"metadata": {"nul\x00name": "nul\x00value"}},
    "control characters in a subject": {"subject": "bell \x07 escape \x1b[31m delete \x7f C1 \x85\x9f"},
    "line ends in a subject": {"subject": "line\nfeed\r\nand\ttab"},
    # Not those that JavaScript uses, which its validators leave out.
    "names of members that formats use": {"metadata": {"$ref": "#/", "@id": 7, "$type": "x", "#text": None}},
    "invisible characters": {
        "subject": "zero\u200bwidth, soft\u00adhyphen, byte\ufefforder mark, line\u2028separator",
        "metadata": {"directions": "\u200eleft \u200fright \u202ain\u202c \u2066it\u2069", "ends": "of lines\u2028and\u2029others"},
    },
    "marks of direction": {
        "subject": "left \u200eto\u200f right \u202ain\u202c \u2066it\u2069, flag \U0001f3f4\U000e0067\U000e0062\U000e007f"
    },
    "line ends of other kinds": {
        "subject": "vertical\x0bform\x0cnext\x85alone\rend",
        "metadata": {"line\nfeed": "a\x0bb", "in\u200bvisible": "zero\u200bwidth"},
    },
    "private and unassigned characters": {"subject": "private \ue000 noncharacter \ufffe\uffff \U0010ffff"},
}


@pytest.mark.requirements(WHOLE)
def test_the_large_is_kept_whole_or_refused(desk: Helpdesk) -> None:
    # No local part may be longer than 64 characters. A server may check whether such a domain takes mail.
    long = desk.email("n" * 64)
    addresses = [{"user_email": long}, {"user_email": desk.email("n" * 64).replace("@", f"@{'d' * 50}.")}]
    _check_kept_or_refused(desk, [*LARGE.values(), *addresses])


@pytest.mark.requirements(WHOLE)
def test_odd_characters_are_kept_whole_or_refused(desk: Helpdesk) -> None:
    _check_kept_or_refused(desk, ODD.values())


def _check_kept_or_refused(desk: Helpdesk, unusual: Iterable[dict[str, Any]]) -> None:
    email, kept = desk.email("unusual"), list[Record]()
    for members in unusual:
        # A name is looked at where the user is new.
        own = any(name in members for name in ("user_first_name", "user_last_name"))
        payload = desk.payload(**{"user_email": desk.email() if own else email, **members})
        payload["subject"] = payload["subject"][: desk.contract.subject_maximum]
        exchange = desk.call(CREATE_CONVERSATION, body=payload)
        if not exchange.succeeded:
            desk.check(WHOLE, responses.not_refused(exchange), exchange)
            continue
        kept.append(desk.record_created(payload, exchange, unusual=WHOLE))
    listing = desk.call(LIST_CONVERSATIONS, query={"user_email": email, "limit": desk.contract.page_maximum})
    listed = {item.get("id"): item for item in items_of(listing)}
    for record in kept:
        if item := listed.get(record.id):
            desk.compare(record, item, listing, otherwise=WHOLE, listed=True)
        reading = desk.call(GET_CONVERSATION, id=record.id)
        desk.check(WHOLE, responses.status_mismatch(reading, 200), reading)
        if reading.succeeded:
            desk.compare(record, reading.members, reading, otherwise=WHOLE)


@pytest.mark.since(2)
@pytest.mark.requirements("create.surrogates")
@pytest.mark.parametrize("members", [{"subject": "lone \ud83d surrogate"}, {"metadata": {"lone": "\udc00 surrogate"}}], ids=list)
def test_half_of_a_surrogate_pair_is_kept_or_refused(desk: Helpdesk, members: dict[str, Any]) -> None:
    payload = desk.payload(**members)
    exchange = desk.call(CREATE_CONVERSATION, body=payload)
    changed = [json_mismatch(value, exchange.members.get(name), name) for name, value in members.items()]
    mismatch: Mismatch | None = changed[0] if exchange.succeeded else responses.not_refused(exchange)
    desk.check("create.surrogates", mismatch, exchange)


@pytest.mark.requirements(WHOLE, "create.description-whole")
def test_a_long_description_is_whole_or_refused(desk: Helpdesk) -> None:
    text = desk.body("long description " * 2_000 + "end")
    exchange = desk.call(CREATE_CONVERSATION, body=desk.payload(description=text))
    desk.check(WHOLE, None if exchange.succeeded else responses.not_refused(exchange), exchange)
    if not exchange.succeeded or not isinstance(exchange.members.get("id"), str):
        return
    items, listing = desk.read_messages(exchange.members["id"])
    desk.check("create.description-whole", messages.description_mismatch(text, mark_of(text), items), listing)
