"""Filling a store with a scenario."""

from collections.abc import Callable, Iterator, Mapping
from sys import intern
from typing import Any

from accord.errors import AccordError
from mockserver.collector import at_rest
from mockserver.contract import Contract
from mockserver.conversations import REPLY, Conversations
from mockserver.records import NO_METADATA, Conversation, Message, User
from mockserver.scenarios import Scenario, moment

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
        with self.rules.store.transaction(), at_rest():
            latest = 0
            for number, (created, item) in enumerate(self.scenario.conversations(), 1):
                self.check(number, item)
                latest = max(latest, self.add(created, item))
                if self.progress and number % _STEP == 0:
                    self.progress(number)
            self.rules.clock.not_before(latest)

    def check(self, number: int, item: Mapping[str, Any]) -> None:
        """Raise AccordError if the contract does not allow the conversation."""
        members = {name: value for name, value in item.items() if name in self.body.members}
        violations = [violation for violation in self.body.schema.violations(members) if violation.keyword != "required"]
        if violations:
            self.fail(number, item, f"{violations[0].place}: {violations[0].message}")
        if "status" in item and self.statuses is not None and item["status"] not in self.statuses:
            self.fail(number, item, f"status: This is not one of {', '.join(self.statuses)}.")

    def fail(self, number: int, item: Mapping[str, Any], problem: str) -> None:
        raise AccordError(
            f"The scenario {self.scenario.name} does not keep {self.source}: "
            f"conversation {number} ({item['subject'][:40]!r}): {problem}",
            "Correct the scenario, or start with --scenario empty.",
        )

    def add(self, created: int, item: Mapping[str, Any]) -> int:
        """Add one conversation with its messages: the latest time in it."""
        rules = self.rules
        organisation = item.get("organisation", self.scenario.organisations[0])
        requester = self.user(organisation, item.get("requester"))
        messages = [*_dated_messages(item, created)] if "messages" in item else ()
        last = messages[-1][0] if messages else created
        updated = max(created, moment(item["updated_at"])) if "updated_at" in item else last
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
        return max(updated, last)

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
