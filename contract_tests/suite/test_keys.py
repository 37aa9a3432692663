"""Keys: both ways of sending them work, and nothing but a valid key does."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from contract_tests.client.calls import ACCEPTED
from contract_tests.client.helpdesk import Helpdesk
from contract_tests.client.snapshots import Snapshot
from contract_tests.contract.operations import (
    CREATE_CONVERSATION,
    CREATE_MESSAGE,
    GET_CONVERSATION,
    LIST_CONVERSATIONS,
    LIST_MESSAGES,
    OPERATIONS,
    RESOLVE_CONVERSATION,
)
from contract_tests.data.valid_calls import check_nobody_left, record_accepted, valid_body
from contract_tests.judging.mismatches import Mismatch, responses
from contract_tests.model.ledger import Record
from contract_tests.transport.credentials import (
    Credential,
    Forgery,
    Style,
    altered_keys,
    as_sent,
    empty_keys,
    malformed_authorizations,
    other_schemes,
    unknown_keys,
)

_FEW = 3
"""Bad keys of a kind that are each tried with every operation at any effort."""

UNCHANGED = "auth.refusal-changes-nothing"

_WRITES = (CREATE_MESSAGE, RESOLVE_CONVERSATION)
"""Operations that a server may refuse for a closed or an anonymous conversation, whatever the key."""


@dataclass(frozen=True, slots=True)
class Bystander:
    """Conversations that bad keys ask for, as they were before, and the requester of what they would create.

    `others` are closed or anonymous: a write to one may be refused for that instead.
    """

    record: Record
    others: tuple[Record, ...]
    before: tuple[Snapshot, ...]
    marker: str

    def asked_for(self, operation_id: str, turn: int, few: bool) -> tuple[Record, ...]:
        """Return the conversations that a bad key asks for: all if there are few such keys, else one after the other."""
        if operation_id in (CREATE_CONVERSATION, LIST_CONVERSATIONS):
            return (self.record,)
        every = (self.record, *self.others)
        return every if few else (every[turn % len(every)],)


@pytest.fixture(scope="module")
def bystander(desk: Helpdesk) -> Iterator[Bystander]:
    """Share one among all tests here, and judge at the end of the file that no refused request has changed or created anything."""
    record, closed = desk.create_by_any(), desk.create()
    desk.send(closed, desk.body())
    desk.resolve(closed)
    others = [closed]
    if "user_email" not in desk.contract[CREATE_CONVERSATION].required:
        with desk.since(2):
            others.append(desk.create(desk.payload(user_email=None, description=desk.body("Who knows?"))))
    before = tuple(desk.take_snapshot(one) for one in (record, *others))
    made = Bystander(record, tuple(others), before, desk.email("forged"))
    yield made
    check_nothing_came(desk, made)
    with desk.since(2):
        check_nobody_left(desk, made.marker)


def check_nothing_came(desk: Helpdesk, bystander: Bystander) -> None:
    """Judge that what was refused has neither changed nor created anything."""
    for before in bystander.before:
        desk.check_unchanged(before, UNCHANGED)
    desk.check_nothing_created(bystander.marker, UNCHANGED)


@pytest.mark.requirements("auth.x-api-key", "auth.bearer", "auth.client-operations")
@pytest.mark.parametrize("operation_id", OPERATIONS)
def test_valid_keys_are_accepted(desk: Helpdesk, operation_id: str) -> None:
    exchanges = []
    record = Record("", None, {}) if operation_id in (CREATE_CONVERSATION, LIST_CONVERSATIONS) else desk.create_by_any()
    for number, credential in enumerate(desk.credentials(operation_id)):
        if number and operation_id == RESOLVE_CONVERSATION:
            # How a second resolve is answered is open.
            record = desk.create_by_any()
        body = valid_body(desk, operation_id, record)
        exchanges.append((credential, desk.call(operation_id, id=record.id, body=body, credential=credential)))
        if exchanges[-1][1].succeeded:
            record_accepted(operation_id, record)
    # If no key at all is accepted, the operation itself is wrong, unless the status blames the key.
    works = any(exchange.succeeded for _, exchange in exchanges)
    for credential, exchange in exchanges:
        mismatch = responses.not_accepted(exchange) if works or exchange.status in (401, 403) else None
        blamed = desk.accepting(credential) if mismatch else ACCEPTED[credential.style]
        if exchange.status != 401 and blamed != "auth.client-operations":
            desk.check(blamed, mismatch, exchange)
        if credential.tier == "client":
            desk.check("auth.client-operations", mismatch, exchange)


@pytest.mark.requirements("auth.missing-key", "auth.refusal-body", "auth.refusal-changes-nothing")
def test_a_request_without_a_key_is_refused(desk: Helpdesk, bystander: Bystander) -> None:
    check_refused_everywhere(desk, bystander, "auth.missing-key", [Forgery("no key", {})])


@pytest.mark.since(2)
@pytest.mark.requirements("auth.missing-key", "auth.invalid-key", "auth.refusal-body")
def test_what_was_read_with_a_key_is_not_served_without(desk: Helpdesk) -> None:
    """Repeat an accepted read without a key or with a bad one: a cache must not serve the response to either."""
    record = desk.create()
    desk.send(record, desk.body())
    unknown = unknown_keys(desk.target.keys.server)[:2]
    reads: tuple[tuple[str, dict[str, str]], ...] = (
        (LIST_CONVERSATIONS, {}),
        (LIST_CONVERSATIONS, {"user_email": record.email or ""}),
        (GET_CONVERSATION, {}),
        (LIST_MESSAGES, {}),
    )
    for number, (operation_id, query) in enumerate(reads):
        for place, style in enumerate(Style):
            if not desk.effort.combined(number // 2 + number, place):
                continue
            # Both keys are sent in the same header: a cache may take only one of the two headers into account.
            good = desk.target.keys.server.by(style)
            desk.call(operation_id, id=record.id, query=query, credential=good)
            for requirement, forgery in (
                ("auth.missing-key", Forgery("no key, after a good one", {})),
                ("auth.invalid-key", unknown[list(Style).index(style)]),
            ):
                exchange = desk.call(operation_id, id=record.id, query=query, forgery=forgery)
                desk.check(requirement, _labelled(forgery, responses.status_mismatch(exchange, 401)), exchange)
                if exchange.status == 401:
                    desk.check("auth.refusal-body", responses.no_text_detail(exchange), exchange)


@pytest.mark.requirements("auth.empty-key")
def test_an_empty_key_is_refused(desk: Helpdesk, bystander: Bystander) -> None:
    check_refused_everywhere(desk, bystander, "auth.empty-key", empty_keys())


@pytest.mark.requirements("auth.invalid-key", "auth.refusal-body", "auth.refusal-changes-nothing")
def test_keys_that_were_never_issued_are_refused(desk: Helpdesk, bystander: Bystander) -> None:
    check_refused_everywhere(desk, bystander, "auth.invalid-key", unknown_keys(desk.target.keys.server), one_in=3, shift=2)


@pytest.mark.requirements("auth.altered-key", "auth.refusal-body", "auth.refusal-changes-nothing")
def test_an_altered_server_key_is_refused(desk: Helpdesk, bystander: Bystander) -> None:
    check_refused_everywhere(desk, bystander, "auth.altered-key", altered_keys(desk.target.keys.server), shift=1)
    check_nothing_came(desk, bystander)


@pytest.mark.requirements("auth.altered-key")
def test_an_altered_client_key_is_refused(desk: Helpdesk, bystander: Bystander, client_key: Credential) -> None:
    forgeries = altered_keys(client_key)
    if desk.effort.sparse:
        # Each is sent in one header only, in turn: servers compare the keys of both tiers in the same way.
        forgeries = [forgeries[at + at // 2 % 2] for at in range(0, len(forgeries), 2)]
    check_refused_everywhere(desk, bystander, "auth.altered-key", forgeries)


@pytest.mark.requirements("auth.revoked-key")
def test_a_revoked_key_is_refused(desk: Helpdesk, bystander: Bystander, revoked_key: Credential) -> None:
    check_refused_everywhere(desk, bystander, "auth.revoked-key", [as_sent(revoked_key, style) for style in Style])


@pytest.mark.requirements("auth.malformed-authorization")
def test_a_malformed_authorization_is_refused(desk: Helpdesk, bystander: Bystander) -> None:
    check_refused_everywhere(
        desk, bystander, "auth.malformed-authorization", malformed_authorizations(desk.target.keys.server), one_in=3
    )


@pytest.mark.requirements("auth.malformed-authorization")
def test_a_malformed_authorization_of_a_client_key_is_refused(desk: Helpdesk, bystander: Bystander, client_key: Credential) -> None:
    check_refused_everywhere(desk, bystander, "auth.malformed-authorization", malformed_authorizations(client_key), shift=1)


@pytest.mark.requirements("auth.other-scheme")
def test_another_authentication_scheme_is_refused(desk: Helpdesk, bystander: Bystander) -> None:
    check_refused_everywhere(desk, bystander, "auth.other-scheme", other_schemes(desk.target.keys.server), one_in=3)


def check_refused_everywhere(
    desk: Helpdesk, bystander: Bystander, requirement: str, forgeries: list[Forgery], *, one_in: int = 6, shift: int = 0
) -> None:
    """Judge that each forgery is refused with the documented 401; those of one kind reach each operation in both headers.

    At a sparse effort, if there are many, each is sent to one in `one_in` operations, and the two ways of sending the same key,
    which follow each other, to different ones. `shift` selects other operations for the forgeries of another key.
    """
    assert forgeries
    issued = {credential.key for credential in desk.target.keys.named().values()} if requirement == "auth.altered-key" else set()
    forgeries = [forgery for forgery in forgeries if forgery.secret not in issued]
    few = len(forgeries) <= _FEW
    for number, forgery in enumerate(forgeries):
        for place, operation_id in enumerate(OPERATIONS):
            turn = number // 2 + number % 2 * (one_in // 2) + shift
            if not few and not desk.effort.combined(turn, place, one_in):
                continue
            for record in bystander.asked_for(operation_id, number // 2, few):
                with desk.since(forgery.since if record is bystander.record else 2):
                    _check_refused(desk, bystander, requirement, forgery, operation_id, record, number, place)


def _check_refused(
    desk: Helpdesk,
    bystander: Bystander,
    requirement: str,
    forgery: Forgery,
    operation_id: str,
    record: Record,
    number: int,
    place: int,
) -> None:
    """Judge that an operation refuses a forgery; `number` and `place` vary what else the request has."""
    body = valid_body(desk, operation_id, record, email=bystander.marker)
    # Every other list is filtered: that may be another way through the server.
    query = {"user_email": record.email, "offset": 1} if operation_id == LIST_CONVERSATIONS and number % 2 else None
    left = brought_along(desk, operation_id, record, number, forgery)
    # By number and place, so that each way of sending a key meets operations with an Origin and without.
    if desk.target.keys.origin and (number + place) % 2:
        left["Origin"] = desk.target.keys.origin
    exchange = desk.call(operation_id, id=record.id, query=query, body=body, forgery=forgery, headers=left)
    # A server may look first at where a request comes from, or at what it writes to, and say no to that.
    for_another_reason = "Origin" in left or (operation_id in _WRITES and record is not bystander.record)
    wrong = responses.not_refused(exchange) if for_another_reason else responses.status_mismatch(exchange, 401)
    desk.check(requirement, _labelled(forgery, wrong), exchange)
    if exchange.status == 401:
        desk.check("auth.refusal-body", responses.no_text_detail(exchange), exchange)
    if operation_id == GET_CONVERSATION and number % 4 == 0:
        # What was refused to one is not refused to the next. What it shows is compared at the end of the file.
        reading = desk.call(GET_CONVERSATION, id=record.id)
        desk.check("get.answer", responses.status_mismatch(reading, 200), reading)


def brought_along(desk: Helpdesk, operation_id: str, record: Record, number: int, forgery: Forgery) -> dict[str, str]:
    """What a client may have left from when it had a good key: the cookies that came then, and the ETag of what it read.

    Cookies only beside a bad key: those of a session may well be enough by themselves.
    """
    path = desk.contract[operation_id].path_for(record.id)
    cookies = desk.wardrobe.cookies(desk.target.keys.server.key, path) if number % 2 == 0 and forgery.secret else ""
    question = desk.wardrobe.question(path) if number % 3 < 2 and desk.contract[operation_id].method == "GET" else {}
    return {**question, **({"Cookie": cookies} if cookies else {})}


def _labelled(forgery: Forgery, mismatch: Mismatch | None) -> Mismatch | None:
    if mismatch is None:
        return None
    return replace(mismatch, summary=f"{forgery.label}: {mismatch.summary}")
