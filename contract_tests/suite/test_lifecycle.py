"""Whole lives of conversations: a state machine that does anything in any order, and compares every response with the ledger.

Each life has requesters of its own, so the server need not be reset. What is wrong is recorded by the judge and does not raise, so
a broken server does not cost time for shrinking.
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule, run_state_machine_as_test

from contract_tests.client.helpdesk import Helpdesk
from contract_tests.effort import Effort
from contract_tests.judging.mismatches import lists
from contract_tests.model.ledger import Record
from contract_tests.run.settings import Settings
from contract_tests.suite.generated import endings_as_they_are

pytestmark = [pytest.mark.last(3), pytest.mark.long(1)]

PARTS = 25
"""Tests that share the lives of an effort, so that several workers can play them."""


@pytest.mark.requirements(
    "get.as-created", "list.items-as-get", "list.filters-combine", "messages.oldest-first", "resolve.rest-kept"
)
@pytest.mark.parametrize("part", range(PARTS))
def test_any_order_of_calls(desk: Helpdesk, effort: Effort, run_settings: Settings, part: int) -> None:
    if 2 * part >= effort.lifecycles:
        pytest.skip("its lives are played already, by the parts before")
    chosen = _budget(effort)

    def life() -> _Life:
        # Not a class for this desk: Hypothesis never forgets a class, nor what it holds.
        return _Life(desk)

    play: Any = seed(run_settings.seed * PARTS + part)(life)
    with endings_as_they_are():
        run_state_machine_as_test(play, settings=chosen)


def _budget(effort: Effort) -> settings:
    return settings(
        # The first life that Hypothesis plays is always the shortest that there is.
        max_examples=max(2, 1 + effort.lifecycles // PARTS),
        stateful_step_count=effort.steps,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


class _Life(RuleBasedStateMachine):
    """One life: two requesters, and what happens to their conversations."""

    conversations: Bundle[Record] = Bundle("conversations")
    closed: Bundle[Record] = Bundle("closed")

    def __init__(self, helpdesk: Helpdesk) -> None:
        self.helpdesk = helpdesk
        super().__init__()

    @initialize()
    def two_requesters(self) -> None:
        self.emails = [self.helpdesk.email("life") for _ in range(2)]
        self.written_to: set[str] = set()
        self.uncertain: set[str] = set()

    @rule(target=conversations, who=st.integers(0, 1), data=st.data())
    def create(self, who: int, data: st.DataObject) -> Record:
        desk, contract = self.helpdesk, self.helpdesk.contract
        members = data.draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "priority": st.sampled_from(contract.priorities),
                    "channel": st.sampled_from(contract.channels),
                    "metadata": st.dictionaries(
                        st.sampled_from(["order", "phone", "ü"]), st.none() | st.integers(0, 9) | st.text("ab", max_size=3)
                    ),
                    "user_first_name": st.sampled_from(["Ada", "Grace", "Jürgen"]),
                    "user_last_name": st.sampled_from(["Lovelace", "Hopper", "Groß"]),
                    "description": st.just("Something broke."),
                },
            )
        )
        email = self.emails[who]
        self.written_to.add(email)
        # If a create gets no response that decides it, the life ends, and what the list must hold is unknown.
        self.uncertain.add(email)
        record = desk.create(desk.payload(user_email=email, **members))
        self.uncertain.remove(email)
        return record

    @rule(conversation=conversations | closed)
    def get(self, conversation: Record) -> None:
        self.helpdesk.get(conversation)

    @rule(conversation=conversations, text=st.sampled_from(["Hello", "Größe?", "line\nline", "🎉"]))
    def send(self, conversation: Record, text: str) -> None:
        self.helpdesk.send(conversation, self.helpdesk.body(text))

    @rule(conversation=conversations | closed)
    def read_messages(self, conversation: Record) -> None:
        self.helpdesk.check_messages(conversation)

    @rule(target=closed, conversation=consumes(conversations))
    def resolve(self, conversation: Record) -> Record:
        self.helpdesk.resolve(conversation)
        self.written_to.add(str(conversation.email))
        return conversation

    @rule(who=st.integers(0, 1), data=st.data())
    def list_page(self, who: int, data: st.DataObject) -> None:
        """Any page of any filter: its size, its count, and that its items are among those that it selects."""
        desk, email = self.helpdesk, self.emails[who]
        for record in desk.ledger.of(email):
            if record.status is None:
                desk.get(record)
        status = data.draw(st.sampled_from([None, *desk.contract.statuses]))
        limit, offset = data.draw(st.integers(1, 5)), data.draw(st.integers(0, 4))
        expected = self._selected(email, status)
        by_status: dict[str, Any] = {} if status is None else {"status": status}
        page = desk.list_page(user_email=email, limit=limit, offset=offset, **by_status)
        desk.check("list.count", lists.count_mismatch(page.count, len(expected)), page.exchange)
        size = min(limit, max(0, len(expected) - offset))
        desk.check("list.limit", lists.length_mismatch(size, len(page.items), f"limit={limit}, offset={offset}"), page.exchange)

    @invariant()
    def lists_agree(self) -> None:
        """Check after each write that the list of the conversation's requester holds exactly what it should."""
        written_to: set[str] = getattr(self, "written_to", set())
        while written_to:
            self._check_list(written_to.pop())

    def teardown(self) -> None:
        """At the end, each requester's list holds exactly what it should, whatever happened to the other's."""
        for email in getattr(self, "emails", ()):
            if email not in self.uncertain:
                self._check_list(email)

    def _check_list(self, email: str) -> None:
        desk = self.helpdesk
        desk.check_page_is(desk.list_all(user_email=email), self._selected(email, None))

    def _selected(self, email: str, status: str | None) -> set[str]:
        """The ids of those conversations of a requester that a filter selects."""
        records = self.helpdesk.ledger.of(email)
        return {record.id for record in records if status in (None, record.status)}
