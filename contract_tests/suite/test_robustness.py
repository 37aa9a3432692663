"""Robustness: nothing that a client sends causes a server error, or is carried out only in part."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest

from contract_tests.client.helpdesk import Helpdesk
from contract_tests.contract.operations import (
    CREATE_CONVERSATION,
    CREATE_MESSAGE,
    GET_CONVERSATION,
    LIST_CONVERSATIONS,
    RESOLVE_CONVERSATION,
)
from contract_tests.judging.mismatches import Mismatch, responses
from contract_tests.model.ledger import Record
from contract_tests.transport.credentials import literal
from contract_tests.transport.exchange import Call, Exchange

pytestmark = pytest.mark.last(1)

DEEP = 20_000
"""Levels of nesting: beyond what a recursive parser can take."""

QUERIES: tuple[dict[str, Any], ...] = (
    {"limit": "abc"},
    {"limit": ""},
    {"limit": "-1"},
    {"limit": "0"},
    {"limit": -(10**20)},
    {"limit": "1.5"},
    {"limit": 10**6},
    {"limit": 2**63},
    {"limit": 10**40},
    {"limit": "1" * 5000},
    {"limit": "NaN"},
    {"limit": "٣"},
    {"limit": "²"},
    {"limit": "\x00"},
    {"limit": "null"},
    {"limit": "1_000"},
    {"limit": "0x10"},
    {"limit": " 5 "},
    {"limit": "[]"},
    {"offset": "abc"},
    {"offset": "-1"},
    {"offset": -(2**63) - 1},
    {"offset": ""},
    {"offset": 2**31},
    {"offset": 2**63},
    {"offset": 10**40},
    {"offset": "1" * 5000},
    {"offset": "1e3"},
    {"offset": "\x00"},
    {"offset": "²"},
    {"limit": 100, "offset": 2**63 - 1},
    {"status": "solved"},
    {"status": ""},
    {"status": "\x00"},
    {"status": "open,closed"},
    {"status": "😀"},
    {"status": "OPEN"},
    {"status": "x" * 3000},
    {"status": "' OR 1=1 --"},
    {"user_email": ""},
    {"user_email": "no address"},
    {"user_email": "\x00"},
    {"user_email": "a\x00b@example.com"},
    {"user_email": "'@example.com"},
    {"user_email": "ü@exämple.com"},
    {"user_email": "x" * 3000 + "@example.com"},
    {"user_email": "%"},
    {"user_email": "[]"},
    {"status": ["open", "closed"], "limit": [1, 2], "offset": [0, "x"]},
    {"user_email": ["a@example.com", "b@example.com"]},
    {"unknown": "parameter", "user_email[]": "x", "status[in]": "open"},
    {"ordering": "nothing", "format": "xml", "page": "0", "fields": "x", "search": "\x00"},
)

RAW_QUERIES = (
    "limit=10%",
    "user_email=%FF%FE",
    "status=%C3%28&offset=%zz&limit=%u0041",
    "&&=&=x&limit&a[=1&b]=2&%&?",
    "limit=5&",
    "&limit=5",
    "limit[]=1&offset[a][b]=2&status[$ne]=x&user_email[]=a",
)
"""Queries that no library would send: escapes without digits, bytes that are not UTF-8, names that are half a list."""

PATHS = ("...", "..%5Ca", "%3Fa%23b", "%ED%A0%80")
"""Texts in place of an id. None has a slash, which may lead to an unknown route: that may be answered with anything."""

LEVELS = 90
"""Levels of nesting that every server can take."""

BODIES: dict[str, bytes] = {
    "nothing": b"",
    "white space": b" \r\n\t ",
    "half an object": b'{"subject": "x"',
    "a lone quote": b'"',
    "empty texts": b'{"subject": "x", "description": "", "user_first_name": "", "user_last_name": "", "channel": ""}',
    "an empty description": b'{"subject": "x", "description": ""}',
    "not UTF-8": b'{"subject": "\xff\xfe\xfa"}',
    "an overlong encoding": b'{"subject": "\xc0\xaf"}',
    "UTF-16": '{"subject": "x"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"subject": "x"}',
    "NUL bytes": b'{"subject": "a\x00b"}',
    "only NUL": b"\x00" * 50,
    # None of these in a place where it would be stored: some libraries accept them, and one stored value would break every list.
    "NaN alone": b"NaN",
    "NaN for a text": b'{"subject": NaN}',
    "Infinity for a text": b'{"subject": -Infinity}',
    "a huge exponent for a text": b'{"subject": 1e999}',
    # Validators of JavaScript refuse such members, or leave them out without a word, for its safety.
    "names that JavaScript uses": b'{"subject": "x", "metadata": {"__proto__": {"x": 1}, "constructor": {"prototype": {"x": 1}}}}',
    # Nor these: once one is stored, some clients can read no list any more. Without a subject, none is stored.
    "a huge integer": b'{"subject": null, "metadata": {"n": ' + b"9" * 400 + b"}}",
    "an integer of 5000 digits": b'{"subject": null, "metadata": {"n": ' + b"9" * 5000 + b"}}",
    "a large integer": b'{"subject": "x", "metadata": {"n": 9223372036854775807, "m": -9223372036854775808}}',
    "a huge number for a text": b'{"subject": ' + b"9" * 5000 + b"}",
    "a lone surrogate": b'{"subject": null, "metadata": {"\\udfff": "\\ud800"}}',
    "lone surrogates everywhere": b'{"subject": null, "description": "\\ud800", "user_email": "\\ud800@example.com"}',
    "a member twice": b'{"subject": "one", "subject": "two"}',
    "deep lists": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "deep metadata": b'{"subject": null, "metadata": ' + b'{"a":' * DEEP + b"1" + b"}" * DEEP + b"}",
    "lists of many levels": b"[" * LEVELS + b"]" * LEVELS,
    "objects of many levels": b'{"a":' * LEVELS + b"1" + b"}" * LEVELS,
    "metadata of many levels": b'{"subject": "x", "metadata": ' + b'{"a":' * LEVELS + b"1" + b"}" * LEVELS + b"}",
    "unclosed lists": b"[" * DEEP,
    "an address of another type": b'{"subject": "x", "user_email": {"$ne": null}}',
    "values of other types": b'{"subject": ["x"], "user_email": 7, "priority": {}, "channel": [], "metadata": "x"}',
    "everything null": b'{"subject": null, "user_email": null, "priority": null, "channel": null, "metadata": null}',
    "optional members null": b'{"subject": "x", "user_email": null, "priority": null, "channel": null, "metadata": null}',
    "a long name of a member": b'{"subject": "x", "' + b"k" * 10_000 + b'": 1}',
    "many members": json.dumps({"subject": "x", **{f"m{number}": number for number in range(2_000)}}).encode(),
    "a form": b"subject=x&user_email=a%40example.com",
    "a comment": b'{"subject": "x" /* why not */}',
    "XML": b'<?xml version="1.0"?><subject>x</subject>',
}

MEDIA_TYPES = (
    "",
    "text/plain",
    "text/html",
    "application/xml",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "application/octet-stream",
    "application/json; charset=utf-16",
    'application/json; charset="utf-8"',
    'application/json;charset=utf-8;profile="a;b=c"',
    "application/json; charset=unknown-8",
    "application/problem+json",
    "APPLICATION/JSON",
    "json",
    ";;;",
    "application/json, text/plain",
    "x" * 1000,
)

HEADERS = (
    ("Accept", "json"),
    ("Accept", "json"),
    ("Accept", "application/json;q=high"),
    ("Accept", ";,/"),
    ("Accept-Language", "-"),
    ("Accept-Language", "en;q="),
    ("Accept-Encoding", ";q=0"),
    ("If-Modified-Since", "yesterday"),
    ("If-Modified-Since", "Thu, 99 Foo 2026 25:61:61 GMT"),
    ("If-None-Match", '"'),
    ("If-None-Match", "W/"),
    ("Range", "bytes=z-a"),
    ("Cookie", "="),
    ("Cookie", 'session="; ;;=x'),
    ("Referer", "http://["),
    ("Origin", "http://[:x"),
    ("Content-Type", ";"),
    ("Content-Type", "/"),
)
"""Headers that common libraries read, with values that are none. Read and list meet them in turn."""

ADDRESSES = (
    "",
    "no-at-sign",
    "@",
    "a@",
    "@b.example",
    "a b@example.com",
    "a@b@example.com",
    "x" * 300 + "@example.com",
    "a@" + "x" * 300 + ".com",
    "ü@example.com",
    "a@exämple.com",
    "😀@example.com",
    "a@[127.0.0.1]",
    '"quoted string"@example.com',
    "a\x00@example.com",
    "a\n@example.com",
    "Ann <a@example.com>",
    "a@example",
    "a@-example.com",
    "a..b@example.com",
    " padded@example.com ",
    "'; --@example.com",
)


@pytest.mark.requirements("any.no-server-error", "any.json")
@pytest.mark.parametrize(
    "query", QUERIES, ids=lambda query: "&".join(f"{name}={str(value)[:12]!a}" for name, value in query.items())
)
def test_no_query_is_answered_with_a_server_error(desk: Helpdesk, query: dict[str, Any]) -> None:
    exchange = desk.call(LIST_CONVERSATIONS, query=query)
    results = exchange.members.get("results")
    size = len(results) if isinstance(results, list) else 0
    desk.check("list.maximum", _too_many(desk.contract.page_maximum, size), exchange)


@pytest.mark.requirements("any.no-server-error")
def test_no_malformed_query_is_answered_with_a_server_error(desk: Helpdesk) -> None:
    operation = desk.contract[LIST_CONVERSATIONS]
    for query in RAW_QUERIES:
        credential = desk.next_credential(operation.id)
        call = Call(operation.method, operation.path_for(""), credential=credential, raw_query=query)
        desk.send_anything(operation.id, call, documented=False)


@pytest.mark.since(2)
@pytest.mark.requirements("any.no-server-error")
def test_no_header_is_answered_with_a_server_error(desk: Helpdesk) -> None:
    """What is said besides the key may be nonsense. It is ignored or refused."""
    record = desk.create()
    for number, (name, value) in enumerate(HEADERS):
        operation = desk.contract[(GET_CONVERSATION, LIST_CONVERSATIONS)[number % 2]]
        call = Call(operation.method, operation.path_for(record.id), headers={name: value}, credential=desk.target.keys.server)
        desk.send_anything(operation.id, call, documented=False)


@pytest.mark.requirements("any.no-server-error")
def test_no_path_is_answered_with_a_server_error(desk: Helpdesk) -> None:
    operation = desk.contract[GET_CONVERSATION]
    for path in PATHS:
        call = Call(operation.method, operation.path_for(path), credential=desk.next_credential(operation.id))
        desk.send_anything("", call, documented=False)


@pytest.mark.requirements(
    "any.no-server-error", "any.no-internals", "any.json", "any.pathological-input", "any.unparsable-body-json", "any.media-type"
)
def test_no_body_of_a_create_is_answered_with_a_server_error(desk: Helpdesk) -> None:
    for body in BODIES.values():
        exchange = desk.call(CREATE_CONVERSATION, raw=body)
        if exchange.succeeded:
            _check_readable(desk, exchange)


@pytest.mark.requirements("any.no-server-error", "any.json", "messages.refusal-changes-nothing")
def test_no_body_of_a_message_is_answered_with_a_server_error(desk: Helpdesk) -> None:
    record = desk.create()
    before = desk.take_snapshot(record)
    known, taken, sent = {item.get("id") for item in before.messages}, 0, set[str]()
    for number, body in enumerate(BODIES.values()):
        # A resolve meets the others.
        if not desk.effort.combined(number, 1):
            continue
        message = body.replace(b'"subject"', b'"body"').replace(b"{", f'{{"user_email": "{record.email}", '.encode(), 1)
        taken += not desk.call(CREATE_MESSAGE, id=record.id, raw=message).refused
        with suppress(ValueError, AttributeError, RecursionError):
            sent.add(str(json.loads(message).get("body")))
    if not taken:
        desk.check_unchanged(before, "messages.refusal-changes-nothing")
        return
    # Whatever they became, they can be read, and there are no more of them than were accepted.
    record.note_message()
    items, listing = desk.read_messages(record.id)
    added = [item for item in items if item.get("id") not in known and _is_by(item, record) and item.get("body") in sent]
    too_many = Mismatch("more messages are listed than were accepted", f"at most {taken}", str(len(added)), "/results")
    desk.check("messages.refusal-changes-nothing", too_many if len(added) > taken else None, listing)


@pytest.mark.requirements("any.no-server-error", "any.json")
def test_no_body_of_a_resolve_is_answered_with_a_server_error(desk: Helpdesk) -> None:
    record = desk.create()
    record.unsure.update(("status", "updated_at"))
    for number, body in enumerate(BODIES.values()):
        # Most servers parse bodies in the same way for all operations, and a create is sent with all of them.
        if desk.effort.combined(number, 0):
            desk.call(RESOLVE_CONVERSATION, id=record.id, raw=body)
    desk.get(record)


@pytest.fixture(scope="module")
def written_to(desk: Helpdesk) -> Record:
    """A conversation that odd messages are sent to."""
    return desk.create()


@pytest.mark.requirements("any.no-server-error")
@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_no_media_type_is_answered_with_a_server_error(desk: Helpdesk, written_to: Record, media_type: str) -> None:
    email, place = desk.email("media"), MEDIA_TYPES.index(media_type)
    bodies = [json.dumps(desk.payload(user_email=email)).encode()]
    if "form" in media_type:
        bodies.append(f"subject=x&user_email={email}".encode())
    for body in bodies:
        exchange = desk.call(CREATE_CONVERSATION, raw=body, headers={"Content-Type": media_type})
        if exchange.succeeded:
            _check_readable(desk, exchange)
    if not desk.effort.combined(place, 1):
        return
    message = json.dumps({"body": desk.body(), "user_email": written_to.email}).encode()
    written_to.note_message()
    desk.call(CREATE_MESSAGE, id=written_to.id, raw=message, headers={"Content-Type": media_type})


@pytest.mark.requirements("any.no-server-error", "any.large-body-answered")
def test_a_large_body_is_no_server_error(desk: Helpdesk) -> None:
    record = desk.create()
    text = "x" * 2**20
    large: tuple[tuple[str, dict[str, Any]], ...] = (
        (CREATE_CONVERSATION, desk.payload(metadata={"blob": text})),
        (CREATE_CONVERSATION, desk.payload(description=text)),
        (CREATE_CONVERSATION, desk.payload(subject=text)),
        (CREATE_MESSAGE, {"body": desk.body(text), "user_email": record.email}),
    )
    record.note_message()
    for operation_id, payload in large:
        exchange = desk.call(operation_id, id=record.id, body=payload)
        if operation_id == CREATE_CONVERSATION and exchange.succeeded:
            _check_readable(desk, exchange)


@pytest.mark.requirements("any.no-server-error")
@pytest.mark.parametrize("name", ["X-API-Key", "Authorization"])
def test_no_key_is_answered_with_a_server_error(desk: Helpdesk, name: str) -> None:
    scheme = "Bearer " if name == "Authorization" else ""
    keys = (
        "x" * 4000,
        "\u00fc\u00df\u00e9",
        "bnc_sv_\u00ff",
        "'",
        '"',
        "\\",
        "%00",
        "a,b",
        "={}[]",
        "bnc_sv_" + "é" * 20,
        "Bearer Bearer",
    )
    for number, key in enumerate(keys):
        for place, operation_id in enumerate((LIST_CONVERSATIONS, CREATE_CONVERSATION) if key.isascii() else (LIST_CONVERSATIONS,)):
            # By the other header, the other operation.
            if key.isascii() and not desk.effort.combined(number + len(scheme), place):
                continue
            body = desk.payload() if operation_id == CREATE_CONVERSATION else None
            forgery = literal(f"the odd key {key[:20]!r}", {name: scheme + key})
            desk.call(operation_id, body=body, forgery=forgery)


@pytest.mark.requirements("any.no-server-error")
def test_no_address_is_answered_with_a_server_error(desk: Helpdesk) -> None:
    record = desk.create()
    for number, address in enumerate(ADDRESSES):
        exchange = desk.call(CREATE_CONVERSATION, body=desk.payload(user_email=address))
        if exchange.succeeded:
            _check_readable(desk, exchange)
        if desk.effort.combined(number, 0, one_in=3) or "\0" in address:
            desk.call(CREATE_MESSAGE, id=record.id, body={"body": desk.body(), "user_email": address})
        if desk.effort.combined(number, 1, one_in=3):
            desk.call(LIST_CONVERSATIONS, query={"user_email": address})
    record.note_message()
    desk.read_messages(record.id)


def _is_by(item: Mapping[str, Any], record: Record) -> bool:
    """Whether a message is a reply by the requester of a conversation. What the server adds in their name has another text."""
    return item.get("message_type") == "reply" and str(item.get("sender_email")).lower() == str(record.email).lower()


def _check_readable(desk: Helpdesk, created: Exchange) -> None:
    """What was accepted can be read, and looks like a conversation."""
    conversation_id = created.members.get("id")
    if not isinstance(conversation_id, str):
        desk.check("create.answer", desk.contract.mismatch("Conversation", created.members), created)
        return
    reading = desk.call(GET_CONVERSATION, id=conversation_id)
    mismatch = responses.status_mismatch(reading, 200) or desk.contract.mismatch("Conversation", reading.members)
    desk.check("get.answer", mismatch, reading)


def _too_many(most: int, held: int) -> Mismatch | None:
    return (
        Mismatch(f"the page holds {held} conversations", f"at most {most}", str(held), f"/results/{most}") if held > most else None
    )
