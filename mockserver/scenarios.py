"""Scenarios: what the mock starts with. Read from fixtures/NAME.yaml or a user's file, and checked against the contract."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from accord.assets import FIXTURES_DIR
from accord.errors import AccordError
from mockserver.clock import to_microseconds
from mockserver.contract import Contract
from mockserver.conversations import REPLY, Conversations
from mockserver.records import Conversation, Message, User
from mockserver.schema import Schema
from mockserver.yaml_files import read_yaml

_TEXT = {"type": "string", "minLength": 1}
_MOMENT = {"type": "string", "format": "date-time"}
_PERSON = {
    "type": "object",
    "required": ["email"],
    "additionalProperties": False,
    "properties": {"email": _TEXT, "first_name": {"type": "string"}, "last_name": {"type": "string"}},
}
_MESSAGE = {
    "type": "object",
    "required": ["body"],
    "additionalProperties": False,
    "properties": {"from": _TEXT, "body": _TEXT, "at": _MOMENT, "after_minutes": {"type": "integer", "minimum": 0}},
}
_CONVERSATION = {
    "type": "object",
    "required": ["subject"],
    "additionalProperties": False,
    "properties": {
        "organisation": _TEXT,
        "subject": {"type": "string"},
        "requester": _TEXT,
        "status": {"type": "string"},
        "priority": {"type": "string"},
        "channel": {"type": "string"},
        "metadata": {"type": "object"},
        "created_at": _MOMENT,
        "updated_at": _MOMENT,
        "messages": {"type": "array", "items": _MESSAGE},
    },
}
_WEIGHTS = {"type": "object", "minProperties": 1, "additionalProperties": {"type": "integer", "minimum": 1}}
_TEMPLATES = {
    "type": "object",
    "required": ["count", "first_at", "minutes_between", "words", "templates"],
    "additionalProperties": False,
    "properties": {
        "count": {"type": "integer", "minimum": 1},
        "organisation": _TEXT,
        "first_at": _MOMENT,
        "minutes_between": {"type": "integer", "minimum": 1},
        "requesters": {"type": "array", "minItems": 1, "items": _TEXT},
        "words": {"type": "object", "additionalProperties": {"type": "array", "minItems": 1, "items": {"type": "string"}}},
        "status": _WEIGHTS,
        "priority": _WEIGHTS,
        "channel": _WEIGHTS,
        "templates": {"type": "array", "minItems": 1, "items": _CONVERSATION},
    },
}
_SCENARIO = {
    "type": "object",
    "required": ["description", "organisations"],
    "additionalProperties": False,
    "properties": {
        "description": _TEXT,
        "organisations": {"type": "array", "minItems": 2, "uniqueItems": True, "items": _TEXT},
        "people": {"type": "array", "items": _PERSON},
        "conversations": {"type": "array", "items": _CONVERSATION},
        "generate": {"type": "array", "items": _TEMPLATES},
    },
}
_EPOCH = "2026-02-02T08:00:00Z"


@dataclass(frozen=True, slots=True)
class Scenario:
    """What the mock starts with. `conversations` are as in the file, in the order in which they were created."""

    name: str
    source: str
    description: str
    organisations: tuple[str, ...]
    people: Mapping[str, Mapping[str, str]]
    conversations: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)


def scenario_names() -> list[str]:
    """The scenarios that come with the mock."""
    return sorted(path.stem for path in FIXTURES_DIR.glob("*.yaml"))


def load_scenario(name: str) -> Scenario:
    """The scenario of that name, or in that file, if the name ends in .yaml.

    Raises AccordError if there is none, or if the file is not a scenario.
    """
    path = Path(name) if name.endswith((".yaml", ".yml")) else FIXTURES_DIR / f"{name}.yaml"
    if not path.is_file():
        raise AccordError(
            f"There is no scenario {name!r}.", f"Scenarios: {', '.join(scenario_names())}; or the path of a .yaml file."
        )
    content = read_yaml(path, "scenario")
    for violation in Schema(_SCENARIO, _SCENARIO, {}).violations(content):
        raise AccordError(f"The scenario {path} is malformed at {_place(violation.path)}: {violation.message}", "Correct the file.")
    _check_is_json(content, path)
    conversations = [*content.get("conversations", ())]
    for number, template in enumerate(content.get("generate", ())):
        conversations += _generate(template, random.Random(f"{path.stem}:{number}"), path)
    people = {person["email"]: person for person in content.get("people", ())}
    organisations = tuple(content["organisations"])
    for index, conversation in enumerate(conversations):
        if conversation.get("organisation", organisations[0]) not in organisations:
            raise AccordError(f"The scenario {path} has conversation {index} in an unlisted organisation.", "List it.")
    conversations.sort(key=_created_at)
    return Scenario(path.stem, str(path), content["description"], organisations, people, tuple(conversations))


class Loader:
    """Fills a store with a scenario, by the same rules as requests do, but with the scenario's own times and statuses."""

    def __init__(self, scenario: Scenario, contract: Contract, conversations: Conversations) -> None:
        self.scenario = scenario
        self.contract = contract
        self.rules = conversations

    def load(self) -> None:
        """Add everything. Raises AccordError, having added nothing, for what is not as the contract has it."""
        for index, item in enumerate(self.scenario.conversations):
            self.check(index, item)
        with self.rules.store.transaction():
            for item in self.scenario.conversations:
                self.add(item)

    def check(self, index: int, item: Mapping[str, Any]) -> None:
        body = self.contract.operation("createConversation").body
        assert body is not None
        members = {name: value for name, value in item.items() if name in body.members}
        violations = [violation for violation in body.schema.violations(members) if violation.keyword != "required"]
        status = self.contract.conversation.facts["properties"].get("status", {})
        allowed = self.contract.components.get(str(status.get("$ref", "")).rpartition("/")[2], status).get("enum")
        if violations:
            self.fail(index, item, f"{_place(violations[0].path)}: {violations[0].message}")
        if "status" in item and allowed is not None and item["status"] not in allowed:
            self.fail(index, item, f"status: This is not one of {', '.join(allowed)}.")

    def fail(self, index: int, item: Mapping[str, Any], problem: str) -> None:
        raise AccordError(
            f"The scenario {self.scenario.name} does not keep {self.contract.source}: "
            f"conversation {index + 1} ({item['subject'][:40]!r}): {problem}",
            "Correct the scenario, or start with --scenario empty.",
        )

    def add(self, item: Mapping[str, Any]) -> None:
        organisation = item.get("organisation", self.scenario.organisations[0])
        requester = self.user(organisation, item.get("requester"))
        created = _created_at(item)
        messages = [*_dated_messages(item, created)]
        last = max((moment for moment, _ in messages), default=created)
        updated = _moment(item["updated_at"]) if "updated_at" in item else last
        self.rules.clock.not_before(max(updated, last))
        conversation = Conversation(
            id=self.rules.ids.new(),
            organisation=organisation,
            number=self.rules.next_number(organisation),
            subject=item["subject"],
            status=item.get("status", self.rules.first_status()),
            priority=self.rules.priority(item),
            channel=self.rules.channel(item),
            metadata=self.rules.metadata(item),
            requester=requester,
            created_at=created,
            updated_at=max(created, updated),
        )
        self.rules.store.add_conversation(conversation)
        for moment, message in messages:
            sender = self.user(organisation, message["from"]).email if "from" in message else requester.email
            self.rules.store.add_message(Message(self.rules.ids.new(), conversation.id, sender, message["body"], REPLY, moment))

    def user(self, organisation: str, email: str | None) -> User:
        if email is None:
            return self.rules.new_anonymous(organisation, None, None)
        person = self.scenario.people.get(email, {})
        known = self.rules.look_up(organisation, email)
        return known or self.rules.new_user(organisation, email, person.get("first_name"), person.get("last_name"))


def _check_is_json(content: Any, path: Path) -> None:
    try:
        orjson.dumps(content)
    except TypeError as error:
        raise AccordError(f"The scenario {path} holds a value that JSON does not have: {error}.", "Correct the file.") from error


def _generate(template: Mapping[str, Any], chance: random.Random, path: Path) -> Iterator[Mapping[str, Any]]:
    """Conversations from templates: each in turn, its {words} filled in, dated one after another."""
    first = datetime.fromisoformat(template["first_at"])
    requesters = template.get("requesters") or [None]
    for index in range(template["count"]):
        words = {name: chance.choice(choices) for name, choices in template["words"].items()}
        words["n"] = str(1000 + index)
        at = first + timedelta(minutes=template["minutes_between"] * index + chance.randrange(template["minutes_between"]))
        try:
            item = _fill(template["templates"][index % len(template["templates"])], words)
        except (KeyError, IndexError, ValueError) as error:
            raise AccordError(f"The scenario {path} has a template with an unknown word {error}.", "List it in words.") from error
        requester = requesters[chance.randrange(len(requesters))]
        if requester is not None:
            item.setdefault("requester", requester)
        if "organisation" in template:
            item.setdefault("organisation", template["organisation"])
        for name in ("status", "priority", "channel"):
            if name in template:
                values = template[name]
                item.setdefault(name, chance.choices([*values], [*values.values()])[0])
        yield {**item, "created_at": at.astimezone(UTC).isoformat()}


def _fill(value: Any, words: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return value.format_map(words)
    if isinstance(value, dict):
        return {name: _fill(member, words) for name, member in value.items()}
    return [_fill(item, words) for item in value] if isinstance(value, list) else value


def _dated_messages(item: Mapping[str, Any], created: int) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The messages with their times, which never go back: as written, or so many minutes after the one before."""
    moment = created
    for index, message in enumerate(item.get("messages", ())):
        if "at" in message:
            moment = max(moment, _moment(message["at"]))
        else:
            moment += message.get("after_minutes", 0 if index == 0 else 30) * 60_000_000
        yield moment, message


def _created_at(item: Mapping[str, Any]) -> int:
    return _moment(item.get("created_at", _EPOCH))


def _moment(text: str) -> int:
    return to_microseconds(datetime.fromisoformat(text))


def _place(path: tuple[str | int, ...]) -> str:
    return ".".join(map(str, path)) or "its top"
