"""Whole lives of conversations of every kind: all that is acknowledged stays, until after the message that follows the end.

Much is sent at once, so that what a server does only on one channel, only for anonymous people, only for what is closed, or only
for who is not the requester, shows in few requests.
"""

from typing import Any

import pytest

from contract_tests.client.helpdesk import Helpdesk
from contract_tests.contract.document import Contract
from contract_tests.contract.operations import CREATE_CONVERSATION, CREATE_MESSAGE
from contract_tests.data import samples
from contract_tests.judging.mismatches import responses
from contract_tests.model.ledger import Record

pytestmark = pytest.mark.long(5)

_LONGEST_BODY = 9_500
"""Characters of a message; nobody may refuse one of 10,000."""

_LACKING = {"user_email": "messages.user-email-required", "body": "messages.body-required"}
"""Requirements by the member that a refused message lacks."""


@pytest.mark.since(2)
@pytest.mark.requirements("create.text-exact", "create.metadata-kept", "create.priority-kept", "create.channel-kept")
@pytest.mark.requirements("get.as-created", "create.existing-user-names", "messages.refusal-changes-nothing")
@pytest.mark.requirements("messages.user-email-required", "messages.body-required")
@pytest.mark.requirements("messages.body-exact", "messages.conversation-kept", "messages.touches-no-other", "resolve.closes")
@pytest.mark.requirements("resolve.rest-kept", "resolve.get-agrees", "any.durable")
def test_conversations_of_every_kind_keep_all_that_they_were_told(desk: Helpdesk, contract: Contract) -> None:
    """Requesters write to their own conversation and to the next one, before both are closed one after the other, and after."""
    lives = _created(desk, contract)
    writers = [record.email for record in lives if record.email] or [desk.email("writer")]
    body = "\n".join(_as_many_as_fit(samples.BODIES, _LONGEST_BODY))
    for number, record in enumerate(lives):
        desk.get(record)
        _write(desk, record, [record.email, writers[(number - 1) % len(writers)]], body)
        _refuse(desk, record, "user_email")
    for number, record in enumerate(lives):
        # What closes the one before leaves this one open.
        desk.get(record)
        desk.resolve(record)
        desk.check_messages(record)
        _write(desk, record, [record.email, writers[(number - 1) % len(writers)]], body)
        _refuse(desk, record, "body")
    for record in lives:
        desk.get(record)
        desk.check_messages(record)
    for email in writers:
        desk.list_page(user_email=email)


def _created(desk: Helpdesk, contract: Contract) -> list[Record]:
    """Create a conversation on each channel for somebody with an address, and for somebody without."""
    channels, priorities, texts = contract.channels, contract.priorities, samples.SUBJECTS
    # What is taken for mail may be changed at its beginning only.
    subjects = _joined([samples.OF_MAIL, *samples.TEXTS], contract.subject_maximum - contract.subject_maximum // 8)
    kinds = [True, False] if "user_email" not in contract[CREATE_CONVERSATION].required else [False]
    made = []
    for number, (anonymous, channel) in enumerate((kind, channel) for kind in kinds for channel in channels):
        sent: dict[str, Any] = {
            "subject": desk.subject(subjects[(number + (number >= len(channels))) % len(subjects)]),
            "channel": channel,
            "priority": priorities[(number + number // len(channels)) % len(priorities)],
            "user_first_name": texts[number % len(texts)],
            "user_last_name": texts[-1 - number % len(texts)],
            **({} if anonymous else {"user_email": desk.email()}),
        }
        # Names of members have no meaning in metadata, whatever they would mean beside it.
        others = {"priority": priorities[number % len(priorities) - 1], "channel": channels[number % len(channels) - 1]}
        others |= {"status": contract.statuses[-1], "user_email": desk.email()}
        named = {**dict.fromkeys((*contract.conversation_members, *sent), "other"), **others}
        sent["metadata"] = {**samples.ALL_METADATA, **named}
        # One that is refused, for any of this, is not judged here: elsewhere it is told for what.
        exchange = desk.call(CREATE_CONVERSATION, body=sent, dressed=True)
        if not exchange.succeeded:
            continue
        made.append(desk.record_created(sent, exchange))
        if not anonymous:
            # What the same person asks next has a channel and a priority of its own, and metadata of its own that is equal.
            desk.create({**sent, "subject": desk.subject(), "priority": others["priority"], "channel": others["channel"]})
    return made


def _write(desk: Helpdesk, record: Record, senders: list[str | None], text: str) -> None:
    """Send a message by each. Who may write to what is closed, to an anonymous conversation or to somebody else's is open."""
    for sender in filter(None, senders):
        body = desk.body(text)
        exchange = desk.call(CREATE_MESSAGE, id=record.id, body={"body": body, "user_email": sender})
        if exchange.succeeded:
            desk.record_message(record, body, sender)
        else:
            desk.check("messages.refusal-changes-nothing", responses.not_refused(exchange), exchange)


def _refuse(desk: Helpdesk, record: Record, member: str) -> None:
    """Judge that a message without a member is refused, also where others have been sent before it."""
    whole = {"body": desk.body("From whom, and what?"), "user_email": record.email or desk.email("nobody")}
    exchange = desk.call(CREATE_MESSAGE, id=record.id, body={name: value for name, value in whole.items() if name != member})
    desk.check(_LACKING[member], responses.not_refused(exchange), exchange)


def _as_many_as_fit(texts: tuple[str, ...], longest: int) -> list[str]:
    """Return the texts, the first ones first, that together have at most that many characters."""
    found: list[str] = []
    for text in texts:
        if sum(map(len, found)) + len(found) + len(text) <= longest:
            found.append(text)
    return found


def _joined(texts: list[str], longest: int) -> list[str]:
    """Return lines of at most `longest` characters that hold the texts, in their order."""
    lines = [""]
    for text in texts:
        both = f"{lines[-1]} {text}".strip()
        lines = [*lines[:-1], both] if len(both) <= longest else [*lines, text[:longest]]
    return lines
