"""Filling a store with a scenario."""

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from sys import intern
from typing import Any

from accord.errors import AccordError
from mockserver.contract import Contract
from mockserver.conversations import REPLY, Conversations
from mockserver.records import NO_METADATA, Conversation, Message, User
from mockserver.scenarios import Scenario, created_at, moment

_STEP = 20_000


class Loader:
    """Fills a store with a scenario, by the same rules as requests do, but with the scenario's own times and statuses.

    `progress`, if given, is told now and then how many conversations were added.
    """

    def __init__(
        self,
        scenario: Scenario,
        contract: Contract,
        conversations: Conversations,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        self.scenario = scenario
        self.rules = conversations
        self.progress = progress
        self.source = contract.source
        body = contract.operation("createConversation").body
        assert body is not None
        self.body = body
        status = contract.conversation.facts["properties"].get("status", {})
        self.statuses = contract.components.get(str(status.get("$ref", "")).rpartition("/")[2], status).get("enum")

    def load(self) -> None:
        """Add everything, as one unit of work. Raises AccordError at what is not as the contract has it."""
        with self.rules.store.transaction(), _collector_at_rest():
            for index, item in enumerate(self.scenario.conversations()):
                self.check(index, item)
                self.add(item)
                if self.progress and index % _STEP == _STEP - 1:
                    self.progress(index + 1)

    def check(self, index: int, item: Mapping[str, Any]) -> None:
        """Raise AccordError if the contract does not allow the conversation."""
        members = {name: value for name, value in item.items() if name in self.body.members}
        violations = [violation for violation in self.body.schema.violations(members) if violation.keyword != "required"]
        if violations:
            self.fail(index, item, f"{violations[0].place}: {violations[0].message}")
        if "status" in item and self.statuses is not None and item["status"] not in self.statuses:
            self.fail(index, item, f"status: This is not one of {', '.join(self.statuses)}.")

    def fail(self, index: int, item: Mapping[str, Any], problem: str) -> None:
        raise AccordError(
            f"The scenario {self.scenario.name} does not keep {self.source}: "
            f"conversation {index + 1} ({item['subject'][:40]!r}): {problem}",
            "Correct the scenario, or start with --scenario empty.",
        )

    def add(self, item: Mapping[str, Any]) -> None:
        """Add one conversation with its messages."""
        rules = self.rules
        organisation = item.get("organisation", self.scenario.organisations[0])
        requester = self.user(organisation, item.get("requester"))
        created = created_at(item)
        messages = [*_dated_messages(item, created)] if "messages" in item else []
        last = max((at for at, _ in messages), default=created)
        updated = max(created, moment(item["updated_at"]) if "updated_at" in item else last)
        rules.clock.not_before(max(updated, last))
        conversation = Conversation(
            id=rules.ids.new(),
            organisation=organisation,
            number=rules.next_number(organisation),
            subject=item["subject"],
            status=intern(item["status"]) if "status" in item else rules.first_status(),
            priority=rules.priority(item),
            channel=rules.channel(item),
            metadata=rules.metadata(item) or NO_METADATA,
            requester=requester,
            created_at=created,
            updated_at=updated,
        )
        rules.store.add_conversation(conversation)
        for at, message in messages:
            sender = self.user(organisation, message["from"]).email if "from" in message else requester.email
            rules.store.add_message(Message(rules.ids.new(), conversation.id, sender, message["body"], REPLY, at))

    def user(self, organisation: str, who: str | Mapping[str, str] | None) -> User:
        """The user with that address, made from what the scenario says of them where there is none."""
        if who is None:
            return self.rules.new_anonymous(organisation, None, None)
        email = who if isinstance(who, str) else who["email"]
        known = self.rules.look_up(organisation, email)
        if known is not None:
            return known
        person = self.scenario.people.get(email, {}) if isinstance(who, str) else who
        return self.rules.new_user(organisation, email, person.get("first_name"), person.get("last_name"))


def _dated_messages(item: Mapping[str, Any], created: int) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The messages with their times, which never go back: as written, or so many minutes after the one before."""
    at = created
    for index, message in enumerate(item["messages"]):
        if "at" in message:
            at = max(at, moment(message["at"]))
        else:
            at += message.get("after_minutes", 0 if index == 0 else 30) * 60_000_000
        yield at, message


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """No garbage collection: there is no garbage, and each would walk over all that was loaded so far."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
