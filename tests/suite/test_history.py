"""Which of the earlier requests a finding depends on, and which of these remain after each was left out for a try."""

import json
import time
from typing import Any

import pytest

from contract_tests.contract.document import load_contract
from contract_tests.judging.evidence import evidence_of
from contract_tests.judging.mismatches import Mismatch, lists
from contract_tests.judging.mismatches.values import text_mismatch
from contract_tests.model.writes import KEPT_READS, History
from contract_tests.outcome.run import Evidence
from contract_tests.reproduction.reduction import Reducer
from contract_tests.reproduction.steps import Reproduction
from contract_tests.transport.credentials import Keys
from contract_tests.transport.exchange import Call, Exchange
from contract_tests.transport.guard import Guard
from contract_tests.transport.sender import Target
from mockserver.app import create_app
from mockserver.keys.model import StandardKeys
from mockserver.namespaces.namespace import DEFAULT_SEED
from tests.harness.trials import Direct

READY = StandardKeys.of(DEFAULT_SEED)
KEYS = Keys.given(READY.server, READY.client)
URL = "http://server.test"
PATH = "/api/v1/conversations/"
MARK = "7b3f4137e0"


class Talk:
    """Sends requests to the mock and keeps them, as a run does."""

    def __init__(self) -> None:
        app = create_app()
        guard = Guard(load_contract(), KEYS)
        self.target = Target(URL, KEYS, guard=guard, adapter=lambda: Direct(app, URL))
        self.history = History()
        self.target.watch = self.history.note

    def send(self, method: str, path: str, body: Any = None, *, client: bool = False, query: str = "") -> Exchange:
        key = KEYS.client if client else KEYS.server
        sent = json.dumps(body).encode() if body is not None else None
        headers = {"Content-Type": "application/json"} if body is not None else {}
        return self.target.send(Call(method, path, headers=headers, body=sent, credential=key, raw_query=query))

    def create(self, user: str) -> tuple[str, Exchange]:
        exchange = self.send("POST", f"{PATH}create/", {"subject": "A subject", "user_email": f"{user}.{MARK}@example.com"})
        return str(exchange.members["id"]), exchange

    def evidence(self, exchange: Exchange, told: str = "it differs", **more: Any) -> Evidence:
        mismatch = Mismatch(told, "this", "that")
        before = self.history.before(exchange, told=told, **more)
        return evidence_of(mismatch, exchange, test="t", base_url=URL, redact=self.target.redact, before=before)

    def reduced(self, evidence: Evidence) -> Evidence:
        return Reducer(self.target, MARK, time.monotonic() + 30).reduced(evidence)


@pytest.fixture
def talk() -> Talk:
    return Talk()


def test_a_refused_write_is_part_of_what_a_finding_depends_on(talk: Talk) -> None:
    conversation, create = talk.create("one")
    other, _ = talk.create("other")
    refused = talk.send("POST", f"{PATH}{conversation}/resolve/", client=True)
    assert refused.refused
    talk.send("POST", f"{PATH}{other}/resolve/")
    reading = talk.send("GET", f"{PATH}{conversation}/")
    assert [link.exchange for link in talk.history.before(reading) if link.rank < 3] == [create, refused]


def test_creates_of_the_same_requester_are_too(talk: Talk) -> None:
    conversation, first = talk.create("one")
    _, second = talk.create("one")
    talk.create("other")
    reading = talk.send("GET", f"{PATH}{conversation}/")
    assert [(link.exchange, link.rank) for link in talk.history.before(reading)] == [(first, 0), (second, 2)]


def test_what_the_text_of_a_finding_names_is_too(talk: Talk) -> None:
    missing, create = talk.create("one")
    talk.create("other")
    listing = talk.send("GET", PATH)
    assert [link.exchange for link in talk.history.before(listing, told=f"the list lacks {missing}")] == [create]
    # Creates that the text does not name are included only so that the list has items.
    assert {link.rank for link in talk.history.before(listing, told="the list is long")} == {2}
    assert not talk.history.before(talk.send("GET", PATH, query="offset=100"), told="the list is empty")


def test_a_list_by_address_depends_on_what_was_done_to_its_conversations(talk: Talk) -> None:
    conversation, create = talk.create("one")
    resolve = talk.send("POST", f"{PATH}{conversation}/resolve/")
    talk.create("other")
    listing = talk.send("GET", PATH, query=f"user_email=one.{MARK}%40example.com")
    assert [link.exchange for link in talk.history.before(listing) if link.rank < 3] == [create, resolve]


def test_what_makes_no_difference_is_left_out_and_what_was_acknowledged_is_not(talk: Talk) -> None:
    conversation, _ = talk.create("one")
    for _ in range(20):
        talk.send("POST", f"{PATH}{conversation}/resolve/", client=True)
        talk.create("one")
    talk.send("POST", f"{PATH}{conversation}/resolve/")
    evidence = talk.reduced(talk.evidence(talk.send("GET", f"{PATH}{conversation}/")))
    assert evidence.reproduced
    assert [step["method"] for step in evidence.steps] == ["POST", "POST", "GET"]
    assert evidence.curl.count("\n") == 2
    assert 'curl -i "http://server.test/api/v1/conversations/$ID1/"' in evidence.curl


def test_an_acknowledged_write_stays_though_the_response_is_the_same_without(talk: Talk) -> None:
    """A message must be sent before a list can lack it, even if the list is the same without that request."""
    conversation, create = talk.create("one")
    lost = Exchange(
        Call("POST", f"{PATH}{conversation}/messages/create/", body=b'{"body": "lost"}', credential=KEYS.server),
        URL,
        201,
        {},
        b"{}",
        0.0,
    )
    talk.history.note(lost)
    evidence = talk.reduced(talk.evidence(talk.send("GET", f"{PATH}{conversation}/messages/")))
    assert [step["method"] for step in evidence.steps] == ["POST", "POST", "GET"]
    assert '{"body": "lost"}' in evidence.curl
    assert create.succeeded


def test_what_does_not_show_again_keeps_all_that_it_likely_depends_on(talk: Talk) -> None:
    conversation, _ = talk.create("one")
    talk.send("POST", f"{PATH}{conversation}/resolve/", client=True)
    reading = talk.send("GET", f"{PATH}{conversation}/")
    strange = Exchange(reading.call, reading.url, 200, reading.headers, b'{"status": "strange"}', 0.0)
    evidence = talk.reduced(talk.evidence(strange))
    assert not evidence.reproduced
    assert [step["method"] for step in evidence.steps] == ["POST", "POST", "GET"]


def test_trying_ends_when_its_time_is_over(talk: Talk) -> None:
    conversation, _ = talk.create("one")
    evidence = talk.evidence(talk.send("GET", f"{PATH}{conversation}/"))
    sent = talk.target.sent
    settled = Reducer(talk.target, MARK, time.monotonic() - 1).reduced(evidence)
    assert talk.target.sent == sent
    assert not settled.reproduced
    assert len(settled.steps) == 2


def test_the_create_stays_however_many_writes_there_are(talk: Talk) -> None:
    conversation, _ = talk.create("one")
    for number in range(30):
        talk.send("POST", f"{PATH}{conversation}/messages/create/", {"body": f"{number}", "user_email": f"one.{MARK}@example.com"})
    evidence = talk.evidence(talk.send("GET", f"{PATH}{conversation}/messages/"))
    assert evidence.curl.count("\n") == 31
    assert evidence.curl.startswith("ID1=$(curl -s -X POST http://server.test/api/v1/conversations/create/")
    assert len(Reproduction.from_json(evidence.steps).steps) == 32


def test_many_letters_take_no_time(talk: Talk) -> None:
    began = time.process_time()
    talk.send("POST", f"{PATH}create/", {"subject": "x" * 10**6, "user_email": f"one.{MARK}@example.com"})
    talk.history.before(talk.send("GET", PATH), told="x" * 10**6)
    assert time.process_time() - began < 5


def test_lists_say_what_is_missing_or_twice_and_where() -> None:
    found = lists.partition_mismatch({"a", "b", "c"}, [("limit=2, offset=0", ["a", "b"]), ("limit=2, offset=2", ["b"])])
    assert found is not None
    assert found.expected == "3 conversations, each once"
    assert found.actual == "3 conversations; lacks c; has twice b (on limit=2, offset=0 and on limit=2, offset=2)"
    assert lists.partition_mismatch({"a", "b"}, [("", ["a"]), ("", ["b"])]) is None
    same = lists.ids_mismatch({"a", "b"}, ["a", "a"])
    assert same is not None
    assert same.actual != same.expected


def test_texts_that_read_the_same_are_told_apart() -> None:
    found = text_mismatch("Gr\u00f6\u00dfe", "Gro\u0308\u00dfe", "subject")
    assert found is not None
    assert (found.expected, found.actual) == (r'"Gr\u00f6\u00dfe"', r'"Gro\u0308\u00dfe"')


def test_a_reading_is_seen_beside_what_it_is_compared_with_even_if_it_was_forgotten() -> None:
    talk = Talk()
    one, made = talk.create("first")
    early = talk.send("GET", f"{PATH}{one}/")
    for _ in range(KEPT_READS):
        talk.send("GET", PATH)
    _, later = talk.create("later")
    reading = talk.send("GET", f"{PATH}{one}/")
    links = talk.history.before(reading, because=[early])
    assert [link.exchange for link in links if link.rank == 0] == [made, early]
    assert [link.exchange for link in links if link.shown] == [early]
    assert later not in [link.exchange for link in links]


def test_a_list_of_everything_needs_something_in_it() -> None:
    talk = Talk()
    _, made = talk.create("somebody")
    assert made in [link.exchange for link in talk.history.before(talk.send("GET", PATH), told="the page is too long")]
