"""Reading one conversation."""

import re
import uuid
from collections.abc import Iterable
from string import hexdigits

import pytest

from contract_tests.client.helpdesk import Helpdesk
from contract_tests.contract.operations import CREATE_CONVERSATION, GET_CONVERSATION
from contract_tests.judging.mismatches import Mismatch, responses
from contract_tests.transport.exchange import Exchange
from contract_tests.transport.guard import is_uuid, spellings

_NORMALISED = re.compile("%00|%2F|%3B|;|//|%[89A-F]", re.IGNORECASE)
"""What is left out of a path, cut off or taken for a slash by some servers."""

MALFORMED = (
    "not-an-id",
    "0",
    "-1",
    "%20",
    "%00",
    "%F0%9F%8E%89",
    "null",
    "undefined",
    "a" * 2000,
    "%27%20OR%201%3D1",
    "*",
    "%25",
    "_",
    "1%3B2",
    "%FF",
    "%E0%A4",
)
"""Texts that are no ids on most servers. They are only read: if one is the id of a conversation, that may be somebody else's."""


@pytest.mark.requirements("get.answer", "get.as-created")
def test_every_key_reads_what_any_key_created(desk: Helpdesk) -> None:
    for number, creator in enumerate(desk.credentials(CREATE_CONVERSATION)):
        record = desk.create(desk.payload(metadata={"order": 7}, user_first_name="Ada"), credential=creator)
        for place, reader in enumerate(desk.credentials(GET_CONVERSATION)):
            if desk.effort.combined(number // 2 + number, place):
                desk.get(record, credential=reader)


@pytest.mark.requirements(
    "get.answer", "get.as-created", "any.durable", "any.updated-at-kept", "any.timestamp-separator", "auth.cookies"
)
def test_a_conversation_stays_itself_when_others_are_created(desk: Helpdesk) -> None:
    """However often it is read."""
    records = [desk.create(desk.payload(metadata={"n": number})) for number in range(6)]
    for record in (*records, *reversed(records), *records[:1] * 8):
        desk.get(record)


@pytest.mark.requirements("get.unknown-id", "get.unknown-id-status")
def test_an_unknown_id_is_not_found(desk: Helpdesk) -> None:
    known = desk.create().id
    for number, credential in enumerate(desk.credentials(GET_CONVERSATION)):
        for place, unknown in enumerate(unknown_ids(known, desk)):
            if not desk.effort.combined(number, place):
                continue
            exchange = desk.call(
                GET_CONVERSATION, id=unknown, credential=credential, documented=is_uuid(known) and is_uuid(unknown)
            )
            # An id with a suffix may be another spelling of it: words after a number, a file extension, a part that is cut off.
            mismatch = invented_id_mismatch(exchange, unknown, (known,) if unknown.startswith(known) else ())
            desk.check("get.unknown-id", mismatch, exchange)
            if exchange.succeeded and mismatch is None:
                continue
            # An id of another shape may be malformed, and that may be answered as any malformed value is.
            expected = (404,) if is_uuid(known) and is_uuid(unknown) else (404, 400, 422)
            desk.check("get.unknown-id-status", responses.status_mismatch(exchange, *expected), exchange)


@pytest.mark.requirements("get.malformed-id")
@pytest.mark.parametrize("conversation_id", MALFORMED)
def test_a_malformed_id_is_not_found(desk: Helpdesk, conversation_id: str) -> None:
    exchange = desk.call(GET_CONVERSATION, id=conversation_id, documented=False)
    desk.check("get.malformed-id", invented_id_mismatch(exchange, conversation_id), exchange)


@pytest.mark.since(2)
@pytest.mark.requirements("get.malformed-id")
def test_a_malformed_id_that_nobody_can_have_is_not_found(desk: Helpdesk) -> None:
    for nobodys in malformed_ids(desk):
        exchange = desk.call(GET_CONVERSATION, id=nobodys, documented=False)
        mismatch = None if _is_the_list(exchange, nobodys) else responses.found_or_failed(exchange)
        desk.check("get.malformed-id", mismatch, exchange)


def invented_id_mismatch(exchange: Exchange, asked: str, others: Iterable[str] = ()) -> Mismatch | None:
    """Return why an id that was invented is not treated as one that no conversation has.

    Any invented id may exist: servers count from zero, or issue words and short hashes. If the response shows a conversation with
    this id, or with one of `others`, its other spellings, the id exists. If a path has something that servers normalise, what is
    left of it may be the path of the list.
    """
    if exchange.succeeded and str(exchange.members.get("id")) in {*spellings(asked), *others}:
        return None
    return None if _is_the_list(exchange, asked) else responses.found_or_failed(exchange)


def _is_the_list(exchange: Exchange, asked: str) -> bool:
    return exchange.succeeded and _NORMALISED.search(asked) is not None and "results" in exchange.members


def ids_of_nobody(desk: Helpdesk) -> list[str]:
    """Return ids that nobody can have, for requests that must be refused: random UUIDs, and texts with one that cannot be ids.

    None is an existing id with a suffix, which may be another spelling of that id.
    """
    invent = desk.target.guard.invent
    made_up = [invent(desk.random) for _ in range(2)]
    return [*made_up, *malformed_ids(desk)]


def malformed_ids(desk: Helpdesk) -> list[str]:
    """Ids that could be none, each with something in it that only this run has."""
    odd = ("not-an-id-", "-", "%20", "%00", "%F0%9F%8E%89", f"{'long-' * 20}")
    return [f"{before}{desk.target.guard.invent(desk.random)}" for before in odd]


def unknown_ids(known: str, desk: Helpdesk) -> list[str]:
    """Ids to read that no conversation has: UUIDs, and one that exists with more behind it.

    Where ids are UUIDs, none is the beginning of another: then also one that is cut, and some with another digit or letter.
    """
    made_up = [desk.target.guard.invent(desk.random) for _ in range(2)]
    longer = _longer(known)
    if is_uuid(known):
        alike = [_with_another_digit(known, desk), known[:-1], known[:8], f"z{known[1:]}"]
        return [*made_up, *longer, *alike, str(uuid.UUID(int=0))]
    return [*made_up, *longer]


def _with_another_digit(known: str, desk: Helpdesk) -> str:
    """Return a UUID with its end changed, or its middle if ids are issued in sequence, so that the previous one exists as well.

    The end is decremented, since the next id may be about to be created.
    """
    digits = [at for at, character in enumerate(known) if character in hexdigits]
    before = known[: digits[-2]] + f"{(int(known[digits[-2] : digits[-1] + 1], 16) - 1) % 256:02x}" + known[digits[-1] + 1 :]
    exists = str(desk.call(GET_CONVERSATION, id=before).members.get("id")).lower() == before.lower()
    if not exists:
        return before
    middle = digits[-14]
    return known[:middle] + ("0" if known[middle] != "0" else "1") + known[middle + 1 :]


def _longer(known: str) -> list[str]:
    return [f"{known}x", f"{known}.0", f"{known}%00"]
