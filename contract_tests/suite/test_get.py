"""Reading one conversation."""

import uuid
from string import hexdigits

import pytest

from contract_tests.expectations import answers
from contract_tests.helpdesk import Helpdesk

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


@pytest.mark.requirements("get.answer", "get.as-created")
def test_every_key_reads_what_any_key_created(desk: Helpdesk) -> None:
    for creator in desk.credentials("createConversation"):
        record = desk.create(desk.payload(metadata={"order": 7}, user_first_name="Ada"), credential=creator)
        for reader in desk.credentials("getConversation"):
            desk.get(record, credential=reader)


@pytest.mark.requirements("get.answer", "get.as-created", "any.durable")
def test_a_conversation_stays_itself_when_others_are_created(desk: Helpdesk) -> None:
    """However often it is read."""
    records = [desk.create(desk.payload(metadata={"n": number})) for number in range(12)]
    for record in (*records, *reversed(records), *records[:1] * 8):
        desk.get(record)


@pytest.mark.requirements("get.unknown-id", "get.unknown-id-status")
def test_an_unknown_id_is_not_found(desk: Helpdesk) -> None:
    known = desk.create().id
    for number, credential in enumerate(desk.credentials("getConversation")):
        for place, unknown in enumerate(unknown_ids(known, desk)):
            if not desk.effort.combined(number, place):
                continue
            exchange = desk.call(
                "getConversation", id=unknown, credential=credential, documented=is_uuid(known) and is_uuid(unknown)
            )
            desk.judge.check("get.unknown-id", answers.is_not_found(exchange), exchange)
            # An id of another shape may be malformed, and that may be answered as any malformed value is.
            expected = (404,) if is_uuid(known) and is_uuid(unknown) else (404, 400, 422)
            desk.judge.check("get.unknown-id-status", answers.status_is(exchange, *expected), exchange)


@pytest.mark.requirements("get.malformed-id")
@pytest.mark.parametrize("conversation_id", MALFORMED)
def test_a_malformed_id_is_not_found(desk: Helpdesk, conversation_id: str) -> None:
    exchange = desk.call("getConversation", id=conversation_id, documented=False)
    desk.judge.check("get.malformed-id", answers.is_not_found(exchange), exchange)


def unknown_ids(known: str, desk: Helpdesk) -> list[str]:
    """Ids that no conversation has: UUIDs, and one that exists with more behind it.

    Where ids are UUIDs, none is the beginning of another: then also one that is cut, and one with another digit.
    """
    made_up = [str(uuid.UUID(int=desk.random.getrandbits(128), version=4)) for _ in range(2)]
    longer = [f"{known}x", f"{known}.0", f"{known}%00"]
    if is_uuid(known):
        return [*made_up, *longer, _with_another_digit(known, desk), known[:-1], known[:8], str(uuid.UUID(int=0))]
    return [*made_up, *longer]


def _with_another_digit(known: str, desk: Helpdesk) -> str:
    """A UUID with its end changed; in its middle, where ids are issued one after another, so that the one before exists as well.

    The one before, since the one after may be about to be created.
    """
    digits = [at for at, character in enumerate(known) if character in hexdigits]
    before = known[: digits[-2]] + f"{(int(known[digits[-2] : digits[-1] + 1], 16) - 1) % 256:02x}" + known[digits[-1] + 1 :]
    exists = str(desk.call("getConversation", id=before).members.get("id")).lower() == before.lower()
    if not exists:
        return before
    middle = digits[-14]
    return known[:middle] + ("0" if known[middle] != "0" else "1") + known[middle + 1 :]


def is_uuid(conversation_id: str) -> bool:
    """Whether ids of this server are UUIDs; where they are not, a UUID may be no path of its API at all.

    The nil UUID is none, as for whoever looks at the version.
    """
    try:
        return uuid.UUID(conversation_id).int != 0
    except ValueError:
        return False
