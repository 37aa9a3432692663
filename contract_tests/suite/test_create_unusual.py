"""Creating conversations with what is beyond the ordinary: kept whole or refused, never cut or changed."""

from typing import Any

import pytest

from contract_tests.expectations import answers, messages
from contract_tests.helpdesk import Helpdesk

WHOLE = "create.whole-or-refused"


def nested(depth: int) -> dict[str, Any]:
    inner: Any = "bottom"
    for _ in range(depth):
        inner = {"in": inner}
    return {"nested": inner}


UNUSUAL: dict[str, dict[str, Any]] = {
    "a long first name": {"user_first_name": "N" * 256},
    "a very long last name": {"user_last_name": "Ñ" * 5_000},
    "large metadata": {"metadata": {f"key {number}": "v" * 100 for number in range(1_000)}},
    "a long value in metadata": {"metadata": {"text": "v" * 70_000}},
    "many members of metadata": {"metadata": {f"k{number}": number for number in range(5_000)}},
    "deep metadata": {"metadata": nested(40)},
    "NUL in a subject": {"subject": "before\x00after"},
    "NUL in a name": {"user_first_name": "be\x00fore"},
    "NUL in metadata": {"metadata": {"nul\x00name": "nul\x00value"}},
    "a lone surrogate in a subject": {"subject": "lone \ud83d surrogate"},
    "a lone surrogate in metadata": {"metadata": {"lone": "\udc00 surrogate"}},
    "control characters in a subject": {"subject": "bell \x07 escape \x1b[31m delete \x7f C1 \x85\x9f"},
    "line ends in a subject": {"subject": "line\nfeed\r\nand\ttab"},
    # Not those that JavaScript uses, which its validators leave out.
    "names of members that formats use": {"metadata": {"$ref": "#/", "@id": 7, "$type": "x", "#text": None}},
    "invisible characters": {
        "subject": "zero\u200bwidth, soft\u00adhyphen, byte\ufefforder mark, line\u2028separator",
        "metadata": {"directions": "\u200eleft \u200fright \u202ain\u202c \u2066it\u2069"},
    },
    "marks of direction": {
        "subject": "left \u200eto\u200f right \u202ain\u202c \u2066it\u2069, flag \U0001f3f4\U000e0067\U000e0062\U000e007f"
    },
    "line ends of other kinds": {
        "subject": "vertical\x0bform\x0cnext\x85alone\rend",
        "metadata": {"line\nfeed": "a\x0bb", "in\u200bvisible": "zero\u200bwidth"},
    },
    "long names of members": {"metadata": {"n" * 150: 1, "n" * 300: 2, "@type": "x", "@class": "y"}},
    "private and unassigned characters": {"subject": "private \ue000 noncharacter \ufffe\uffff \U0010ffff"},
}


@pytest.mark.requirements(WHOLE)
@pytest.mark.parametrize("what", UNUSUAL)
def test_the_unusual_is_kept_whole_or_refused(desk: Helpdesk, what: str) -> None:
    members = dict(UNUSUAL[what])
    if "subject" in members:
        members["subject"] = members["subject"][: desk.contract.subject_maximum]
    payload = desk.payload(**members)
    exchange = desk.call("createConversation", body=payload)
    if not exchange.succeeded:
        desk.judge.check(WHOLE, answers.is_refused(exchange), exchange)
        return
    record = desk.created(payload, exchange, unusual=WHOLE)
    reading = desk.call("getConversation", id=record.id)
    desk.judge.check(WHOLE, answers.status_is(reading, 200), reading)
    if reading.succeeded:
        desk.compare(record, reading.members, reading, otherwise=WHOLE)


@pytest.mark.requirements(WHOLE, "create.description-whole")
def test_a_long_description_is_whole_or_refused(desk: Helpdesk) -> None:
    text = desk.body("long description " * 2_000 + "end")
    exchange = desk.call("createConversation", body=desk.payload(description=text))
    desk.judge.check(WHOLE, None if exchange.succeeded else answers.is_refused(exchange), exchange)
    if not exchange.succeeded:
        return
    items, listing = desk.read_messages(exchange.members["id"])
    token = text.split("]")[0]
    bodies = [item.get("body") for item in items if token in str(item.get("body"))]
    cut = [mismatch for body in bodies if (mismatch := messages.holds_whole(text, body))]
    desk.judge.check("create.description-whole", cut[0] if cut else None, listing)
