"""Matchers for conversations that many clients write to, and what processes tell each other, without server and Locust."""

import pytest

from contract_tests.judging.mismatches.lists import ids_mismatch
from contract_tests.load.ordering import Ack, body_and_sender_mismatches, lost_or_doubled, out_of_sequence
from contract_tests.load.shared_state import Book, Organisation, SharedAddress, SharedConversation
from contract_tests.transport.credentials import Keys

ACKS = [Ack(f"[m{n}.run] text", "a@example.com", float(n), n + 0.5) for n in range(4)]
OVERLAPPING = [Ack("[m1.run] a", "a@example.com", 0.0, 2.0), Ack("[m2.run] b", "a@example.com", 1.0, 3.0)]


def listed(*acks: Ack) -> list[dict[str, object]]:
    return [{"body": ack.body, "sender_email": ack.sender} for ack in acks]


def test_every_acknowledged_message_once() -> None:
    assert lost_or_doubled(ACKS, listed(*ACKS)) is None
    assert lost_or_doubled(ACKS[:2], listed(*ACKS)) is None, "others may be listed, whose answer nobody got"
    assert lost_or_doubled(ACKS, listed(*ACKS[1:])) is not None
    assert lost_or_doubled(ACKS, listed(*ACKS, ACKS[0])) is not None


def test_the_order_of_what_did_not_overlap() -> None:
    assert out_of_sequence(ACKS, listed(*ACKS)) is None
    assert out_of_sequence(ACKS, listed(ACKS[0], ACKS[2], ACKS[1], ACKS[3])) is not None
    assert out_of_sequence(ACKS, listed(ACKS[3], ACKS[0])) is not None
    assert out_of_sequence(OVERLAPPING, listed(*OVERLAPPING)) is None
    assert out_of_sequence(OVERLAPPING, listed(*reversed(OVERLAPPING))) is None
    assert out_of_sequence(ACKS, [{"body": "a message of somebody else"}, *listed(*ACKS)]) is None


def test_text_and_sender() -> None:
    assert body_and_sender_mismatches(ACKS, listed(*ACKS)) == (None, None)
    body, sender = body_and_sender_mismatches(ACKS, [{"body": "[m1.run] other", "sender_email": "b@example.com"}])
    assert body is not None
    assert sender is not None


@pytest.mark.parametrize(
    ("ids", "found", "exactly", "right"),
    [
        (["a", "b"], ["b", "a"], True, True),
        (["a", "b"], ["a"], False, False),
        (["a"], ["a", "a"], False, False),
        (["a"], ["a", "b"], True, False),
        (["a"], ["a", "b"], False, True),
    ],
)
def test_lists(ids: list[str], found: list[str], exactly: bool, right: bool) -> None:
    assert (ids_mismatch(ids, found, exactly=exactly) is None) == right


def organisation(process: str) -> Organisation:
    keys = Keys.given("bnc_sv_one", other_server="bnc_sv_two")
    return Book(keys, process).organisations[0]


def test_what_processes_know_is_put_together() -> None:
    master, first, second = organisation("m"), organisation("0"), organisation("1")
    for one in (first, second):
        one.share(SharedConversation("c1", "all@example.com", {"id": "c1"}))
        one.own_acks(one.conversations["c1"]).append(ACKS[0])
        one.addresses["crowd@example.com"] = SharedAddress("crowd@example.com", {f"c{one.process}"})
    first.numbers, second.numbers = {1: "a", 2: "b"}, {3: "c", 2: "d"}
    second.conversations["c1"].pending = 1
    assert master.merge(first.to_json()) == []
    assert master.merge(second.to_json()) == [(2, "b", "d")]
    assert {name: len(acks) for name, acks in master.conversations["c1"].acks.items()} == {"0": 1, "1": 1}
    assert master.conversations["c1"].pending == 1
    assert master.addresses["crowd@example.com"].ids == {"c0", "c1"}
