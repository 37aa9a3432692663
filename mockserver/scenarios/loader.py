"""Filling a store with a scenario."""

from collections.abc import Callable, Iterator, Mapping
from sys import intern
from typing import Any

from accord.base.errors import AccordError
from mockserver.contract.document import Contract
from mockserver.gc_tuning import at_rest
from mockserver.handling.conversations import REPLY, Conversations
from mockserver.model.records import NO_METADATA, Conversation, Message, User
from mockserver.scenarios.reader import Scenario, moment

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
        self.statuses = contract.statuses

    def load(self) -> None:
        """Add everything, in one transaction. Raises AccordError at the first item that does not conform to the contract."""
        with self.rules.store.transaction(), at_rest():
            latest = 0
            for person in self.scenario.filed:
                self.file(person)
            for number, (created, item) in enumerate(self.scenario.conversations(), 1):
                self.check(number, item)
                latest = max(latest, self.add(number, created, item))
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

    def file(self, person: Mapping[str, Any]) -> None:
        """Add a user who is there without any conversation. Raises AccordError if somebody has the address."""
        rules, organisation, email = self.rules, person["organisation"], person["email"]
        key = person.get("filed_as", rules.email_key(email))
        user = User(rules.ids.new(), organisation, email, person.get("first_name"), person.get("last_name"), "anonymous" in person)
        if rules.store.user_by_key(organisation, key) is not None:
            raise AccordError(f"The scenario {self.scenario.name} has {email!r} twice among its people.", "Leave one out.")
        rules.store.add_user(user, key)

    def number(self, place: int, organisation: str, item: Mapping[str, Any]) -> int:
        """The number of a conversation: the one that it is given, or the next. Raises AccordError unless they count up."""
        if "number" not in item:
            return self.rules.next_number(organisation)
        number = self.rules.store.next_number(organisation, item["number"])
        if number != item["number"]:
            self.fail(place, item, f"number: {number} comes next in {organisation}.")
        return number

    def id(self, place: int, item: Mapping[str, Any]) -> str:
        """The id of a conversation: the one that it is given, or a new one. Raises AccordError if another has it."""
        id = str(item.get("id") or self.rules.ids.new())
        if "id" in item and self.rules.store.conversation(id) is not None:
            self.fail(place, item, "id: Another conversation has it.")
        return id

    def add(self, place: int, created: int, item: Mapping[str, Any]) -> int:
        """Add the conversation at that place in the scenario, with its messages, and return the latest time in it."""
        rules = self.rules
        organisation = item.get("organisation", self.scenario.organisations[0])
        requester = self.user(organisation, item.get("requester"))
        messages = [*_dated_messages(item, created)] if "messages" in item else ()
        last = messages[-1][0] if messages else created
        updated = max(created, moment(item["updated_at"])) if "updated_at" in item else last
        conversation = Conversation(
            id=self.id(place, item),
            organisation=organisation,
            number=self.number(place, organisation, item),
            subject=item["subject"],
            status=intern(item["status"]) if "status" in item else rules.first_status(),
            priority=rules.priority(item),
            channel=rules.channel(item),
            metadata=rules.metadata(item) or NO_METADATA,
            requester=requester,
            created_at=created,
            updated_at=updated,
            added=item.get("added") or NO_METADATA,
        )
        rules.store.add_conversation(conversation)
        for at, message in messages:
            sender = self.sender(organisation, requester, message)
            id, kind = str(message.get("id") or rules.ids.new()), intern(message.get("message_type", REPLY))
            more = message.get("added") or NO_METADATA
            rules.store.add_message(Message(id, conversation.id, sender, message["body"], kind, at, more))
        return max(updated, last)

    def sender(self, organisation: str, requester: User, message: Mapping[str, Any]) -> str | None:
        """Return the sender's address: of the one that the message names, None for nobody, or else of the requester."""
        if "from" not in message:
            return requester.email
        return None if message["from"] is None else self.user(organisation, message["from"]).email

    def user(self, organisation: str, who: str | Mapping[str, Any] | None) -> User:
        """Return the user with that address. A new one is made from what the scenario says about them."""
        if who is None:
            return self.rules.new_anonymous(organisation, None, None)
        if "anonymous" in who and not isinstance(who, str):
            return self.rules.store.add_user(
                User(self.rules.ids.new(), organisation, None, who.get("first_name"), who.get("last_name"), anonymous=True), None
            )
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
