"""What an agent of the helpdesk does to a conversation, which no documented operation offers: reply, assign, change.

It is done by the same rules as requests, and fires the same events. To be called within a transaction of the store.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from sys import intern
from typing import Any

from mockserver.contract.document import Body, Contract
from mockserver.handling.conversations import REPLY, Conversations
from mockserver.members import MemberError, Members, Steps
from mockserver.model.events import CONVERSATION_ASSIGNED, CONVERSATION_RESOLVED, MESSAGE_CREATED
from mockserver.model.records import NO_METADATA, Conversation, Message
from mockserver.model.refusal import not_found

AGENT = "agent@example.com"
"""The sender of a reply that names none."""

REPLY_MEMBERS = ("body", "sender_email", "message_type")
CHANGE_MEMBERS = ("status", "assignee", "priority", "subject", "metadata")


@dataclass(frozen=True, slots=True)
class Reply:
    """A message of an agent."""

    body: str
    sender: str = AGENT
    kind: str = REPLY


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a conversation: members of its record and, if `assigns` is true, the new assignee, None for nobody."""

    members: Mapping[str, Any] = field(default_factory=dict)
    assigns: bool = False
    assignee: str | None = None


class AgentActions:
    """Acts as an agent in one namespace. `assignees` are by the id of the conversation, and in memory."""

    def __init__(self, contract: Contract, rules: Conversations) -> None:
        self._contract = contract
        self._rules = rules
        self.assignees: dict[str, str] = {}

    def read_reply(self, value: Any) -> Reply:
        """Return the reply that a JSON object describes. Raises MemberError."""
        return read_reply(value, self._contract)

    def read_change(self, value: Any) -> Change:
        """Return the change that a JSON object describes. Raises MemberError."""
        given = Members(value, CHANGE_MEMBERS)
        if not given:
            raise MemberError((), "says nothing", f"There may be {', '.join(CHANGE_MEMBERS)}.")
        sent = {name: given.raw(name) for name in given if name in ("priority", "subject", "metadata")}
        _check(self._contract.operation("createConversation").body, sent, given, {})
        members: dict[str, Any] = dict(sent)
        if "status" in given:
            statuses = self._contract.statuses
            members["status"] = intern(given.one_of("status", statuses) if statuses else given.text("status"))
        if "priority" in members:
            members["priority"] = intern(given.text("priority"))
        if "metadata" in members:
            members["metadata"] = members["metadata"] or NO_METADATA
        assignee = given.raw("assignee")
        return Change(members, "assignee" in given, None if assignee is None else given.name("assignee"))

    def reply(self, conversation_id: str, reply: Reply) -> Message:
        """Add a message to a conversation, a closed one too. Raises Refusal if there is no such conversation."""
        rules = self._rules
        conversation = self.find(conversation_id)
        organisation = conversation.organisation
        known = rules.look_up(organisation, reply.sender) or rules.new_user(organisation, reply.sender, None, None)
        message = rules.add_message(conversation, known.email, reply.body, reply.kind)
        after = rules.after_reply(conversation, message)
        rules.store.replace_conversation(after)
        rules.announce(MESSAGE_CREATED, after, message)
        return message

    def change(self, conversation_id: str, change: Change) -> Conversation:
        """Change a conversation. Raises Refusal if there is no such one."""
        rules = self._rules
        before = self.find(conversation_id)
        assigned = self.assignees.get(conversation_id)
        after = before._replace(**change.members)
        is_other = after != before or (change.assigns and change.assignee != assigned)
        if is_other:
            after = after._replace(updated_at=max(before.updated_at, rules.clock.now()))
            rules.store.replace_conversation(after)
        if change.assigns and change.assignee != assigned:
            self._assign(after, change.assignee)
        if rules.is_closed(after) and not rules.is_closed(before):
            rules.announce(CONVERSATION_RESOLVED, after)
        return after

    def closing(self) -> Change:
        """The change that resolves a conversation."""
        return Change({"status": self._rules.closed_status()})

    def opening(self) -> Change:
        """The change that opens a conversation again."""
        return Change({"status": self._rules.first_status()})

    def find(self, conversation_id: str) -> Conversation:
        """Return a conversation of whatever organisation. Raises Refusal if there is none."""
        found = self._rules.store.conversation(conversation_id)
        if found is None:
            raise not_found()
        return found

    def _assign(self, conversation: Conversation, assignee: str | None) -> None:
        if assignee is None:
            del self.assignees[conversation.id]
            return
        self.assignees[conversation.id] = assignee
        self._rules.announce(CONVERSATION_ASSIGNED, conversation)


def read_reply(value: Any, contract: Contract, steps: Steps = (), sender: str = AGENT) -> Reply:
    """Return the reply that a JSON object describes, from `sender` if it names no sender of its own. Raises MemberError."""
    given = Members(value, REPLY_MEMBERS, steps)
    body = given.text("body")
    sender = given.text("sender_email") if "sender_email" in given else sender
    sent = {"body": body, "user_email": sender}
    _check(contract.operation("createMessage").body, sent, given, {"user_email": "sender_email"})
    return Reply(body, sender, given.name("message_type") if "message_type" in given else REPLY)


def _check(body: Body | None, sent: Mapping[str, Any], given: Members, names: Mapping[str, str]) -> None:
    """Raise MemberError for a value that the contract does not allow in a request body. `names`: its members to those used here."""
    for violation in body.schema.violations(sent) if body else ():
        if violation.keyword != "required":
            first, *rest = violation.path or ("",)
            steps = (*given.steps, names.get(str(first), first), *rest)
            raise MemberError(steps, f"cannot be used: {violation.message.rstrip('.')}")
