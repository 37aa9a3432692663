"""What conversations, messages and users do. No web framework and no database in here: it acts on a store.

Every rule has a method of its own. What a rule decides comes from the contract (defaults, final status), from the choices, or
from the pages, which the method then says.
"""

from collections.abc import Mapping, Sequence
from sys import intern
from typing import Any, TypeVar

from mockserver.contract.choices import Choices
from mockserver.contract.document import Body, Contract
from mockserver.contract.schema import Schema, Violation
from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.clock import Clock
from mockserver.model.events import (
    CALLBACK_REQUESTED,
    CONVERSATION_CREATED,
    CONVERSATION_RESOLVED,
    MESSAGE_CREATED,
    Event,
    Listeners,
)
from mockserver.model.ids import Ids
from mockserver.model.pages import Page
from mockserver.model.records import NO_METADATA, Conversation, Message, User
from mockserver.model.refusal import Kind, Refusal, invalid_value, not_found
from mockserver.store import Fixed, Selection, Store

T = TypeVar("T")

REPLY = "reply"
"""The one documented message_type."""

DESCRIPTION = "description"
"""The message_type of a description that became a message, where more types than `reply` are chosen."""

CALLBACK = "callback"
"""The channel whose conversations ask for a callback, of which there is an event (webhooks page)."""

_FIRST_NUMBERS: Mapping[str, int] = {"one": 1, "other": 1000}
_LARGEST = 2**63 - 1
_RULED = frozenset(
    [
        "subject",
        "user_email",
        "description",
        "user_first_name",
        "user_last_name",
        "priority",
        "channel",
        "metadata",
        "id",
        "number",
        "status",
        "requester",
        "created_at",
        "updated_at",
    ]
)
"""Members of a create and of a conversation that the mock has rules for. Others are those that a document adds."""

_RULED_OF_MESSAGES = frozenset(["body", "user_email", "id", "sender_email", "message_type", "created_at"])
"""The same of a message."""


class Conversations:
    """The six operations on the conversations of one store. To be called within a transaction of it."""

    def __init__(self, contract: Contract, choices: Choices, store: Store, ids: Ids, clock: Clock) -> None:
        self.contract = contract
        self.choices = choices
        self.store = store
        self.ids = ids
        self.clock = clock
        self.listeners: Listeners | None = None
        self._create = contract.operation("createConversation")
        self._added = _added_by(self._create.body, contract.conversation, _RULED)
        self._send = contract.operation("createMessage")
        self._added_to_messages = _added_by(self._send.body, contract.message, _RULED_OF_MESSAGES)
        self._resolve = contract.operation("resolveConversation")

    # --- the operations -----------------------------------------------------------------------------------------------

    def create(self, caller: Caller, checked: CheckedRequest) -> Conversation:
        """Open a conversation."""
        body = checked.body
        requester = self.requester(caller.organisation, body)
        number = self.next_number(caller.organisation)
        # The time is read after taking the number, so that a later number has a later time, even from another process.
        now = self.clock.now()
        conversation = Conversation(
            id=self.ids.new(),
            organisation=caller.organisation,
            number=number,
            subject=body["subject"],
            status=self.first_status(),
            priority=self.priority(body),
            channel=self.channel(body),
            metadata=self.metadata(body) or NO_METADATA,
            requester=requester,
            created_at=now,
            updated_at=now,
            added=self.added(body) if self._added else NO_METADATA,
        )
        self.store.add_conversation(conversation)
        self.announce(CONVERSATION_CREATED, conversation)
        if conversation.channel == CALLBACK:
            self.announce(CALLBACK_REQUESTED, conversation)
        self.add_description(conversation, body.get("description"))
        return conversation

    def list(self, caller: Caller, checked: CheckedRequest) -> Page[Conversation]:
        """One page of the organisation's conversations."""
        query = checked.query
        selection: Selection[Conversation] = Fixed(()) if checked.no_match else self.select(caller, query)
        return self.page(selection, query)

    def get(self, caller: Caller, checked: CheckedRequest) -> Conversation:
        """One conversation."""
        return self.find(caller, checked.id)

    def messages(self, caller: Caller, checked: CheckedRequest) -> Page[Message]:
        """The messages of a conversation, oldest first; a page of them where paging is chosen."""
        conversation = self.find(caller, checked.id)
        return self.page(self.ordered_messages(conversation), checked.query)

    def send(self, caller: Caller, checked: CheckedRequest) -> Message:
        """Add a message to a conversation."""
        conversation = self.find(caller, checked.id)
        self.check_may_reply(conversation)
        sender = self.sender(caller.organisation, checked.body["user_email"])
        added = {"added": self.added_to_message(checked.body)} if self._added_to_messages else {}
        message = self.add_message(conversation, sender.email, checked.body["body"], REPLY, **added)
        after = self.after_reply(conversation, message)
        self.store.replace_conversation(after)
        self.announce(MESSAGE_CREATED, after, message)
        return message

    def resolve(self, caller: Caller, checked: CheckedRequest) -> Conversation:
        """Close a conversation."""
        conversation = self.find(caller, checked.id)
        if self.is_closed(conversation):
            self.check_may_resolve_again()
            return conversation
        resolved = self.resolved(conversation)
        self.store.replace_conversation(resolved)
        self.announce(CONVERSATION_RESOLVED, resolved)
        return resolved

    def announce(self, event: str, conversation: Conversation, message: Message | None = None) -> None:
        """Publish an event to its subscribers. `conversation` is as it was right after the event."""
        if self.listeners is not None and self.listeners.are_there():
            self.listeners.publish(Event(event, conversation, message))

    # --- finding ------------------------------------------------------------------------------------------------------

    def find(self, caller: Caller, conversation_id: str) -> Conversation:
        """The conversation with that id. Raises Refusal if there is none, or none that the caller may see."""
        conversation = self.store.conversation(conversation_id)
        if conversation is None:
            raise not_found()
        if not self.belongs_to(caller, conversation):
            raise not_found(Kind.OTHER_ORGANISATION)
        return conversation

    def belongs_to(self, caller: Caller, conversation: Conversation) -> bool:
        """Whether the conversation is one of the caller's organisation."""
        return conversation.organisation == caller.organisation

    def select(self, caller: Caller, query: Mapping[str, Any]) -> Selection[Conversation]:
        """The caller's conversations that all given filters match."""
        requester = None
        email = query.get("user_email")
        if email is not None:
            user = self.look_up(caller.organisation, email)
            if user is None:
                return Fixed(())
            requester = user.id
        return self.store.conversations(caller.organisation, requester, query.get("status"))

    def page(self, selection: Selection[T], query: Mapping[str, Any]) -> Page[T]:
        """The page of the selection that limit and offset ask for; all of it where there is no limit."""
        limit, offset = query.get("limit"), min(query.get("offset") or 0, _LARGEST)
        filters = {name: str(value) for name, value in query.items() if value is not None and name not in ("limit", "offset")}
        count = self.count(selection)
        return Page(count, self.cut(selection, count if limit is None else limit, offset), limit, offset, filters)

    def count(self, selection: Selection[Any]) -> int:
        """How many match, whatever the page."""
        return len(selection)

    def cut(self, selection: Selection[T], limit: int, offset: int) -> Sequence[T]:
        """The records of a page."""
        return selection.page(offset, limit)

    def ordered_messages(self, conversation: Conversation) -> Selection[Message]:
        """The messages of a conversation, oldest first (documented); those of the same moment as they came."""
        return self.store.messages(conversation.id)

    # --- users --------------------------------------------------------------------------------------------------------

    def requester(self, organisation: str, body: Mapping[str, Any]) -> User:
        """Who opens a conversation: looked up by e-mail, created if nobody has it, anonymous without one (documented).

        The names are used only for a user who is created: an existing user keeps theirs.
        """
        email, names = body.get("user_email"), (body.get("user_first_name"), body.get("user_last_name"))
        if email is None:
            return self.new_anonymous(organisation, *names)
        return self.look_up(organisation, email) or self.new_user(organisation, email, *names)

    def sender(self, organisation: str, email: str) -> User:
        """Who sends a message: identified by e-mail (documented), and created if nobody has it. May raise Refusal."""
        user = self.look_up(organisation, email)
        if user is None and self.choices.takes("unknown_sender", "refuse"):
            violation = Violation(("user_email",), "unknown_sender", "Nobody has this address.")
            raise invalid_value([violation], Kind.UNKNOWN_SENDER)
        return user or self.new_user(organisation, email, None, None)

    def look_up(self, organisation: str, email: str) -> User | None:
        """The organisation's user with that address, or None."""
        return self.store.user_by_key(organisation, self.email_key(email))

    def email_key(self, email: str) -> str:
        """Return the key that all spellings of one user's address share."""
        return email.lower() if self.choices.takes("email_lookup_case", "fold") else email

    def new_user(self, organisation: str, email: str, first_name: str | None, last_name: str | None) -> User:
        """A new user with an address."""
        shown = email.lower() if self.choices.takes("email_answer_case", "fold") else email
        user = User(self.ids.new(), organisation, shown, first_name, last_name)
        return self.store.add_user(user, self.email_key(email))

    def new_anonymous(self, organisation: str, first_name: str | None, last_name: str | None) -> User:
        """A new user without an address, or with one that is made up."""
        user_id = self.ids.new()
        generated = self.choices.takes("anonymous_requester", "generated_email")
        email = f"anonymous-{user_id[:8]}{user_id[9:13]}@users.invalid" if generated else None
        user = User(user_id, organisation, email, first_name, last_name, anonymous=True)
        return self.store.add_user(user, None if email is None else self.email_key(email))

    # --- a new conversation -------------------------------------------------------------------------------------------

    def next_number(self, organisation: str) -> int:
        """The number of a new conversation, unique within the organisation."""
        return self.store.next_number(organisation, _FIRST_NUMBERS[self.choices["first_number"]])

    def first_status(self) -> str:
        """The status of a new conversation: the one that the contract's response to a create has."""
        return self._create.final_status or "open"

    def priority(self, body: Mapping[str, Any]) -> str:
        """The priority asked for, or the documented default."""
        return intern(str(self.member(body, "priority")))

    def channel(self, body: Mapping[str, Any]) -> str:
        """The channel asked for, or the default that the contract names, or else the chosen one."""
        return intern(str(self.member(body, "channel") or self.choices["default_channel"]))

    def metadata(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The metadata given, or the documented default, an empty object."""
        return dict(self.member(body, "metadata") or {})

    def added(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The members that the contract document adds to a conversation: those given, or their documented defaults."""
        return _values(self._added, body, self._create.body)

    def added_to_message(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The members that the contract document adds to a message: those given, or their documented defaults."""
        return _values(self._added_to_messages, body, self._send.body)

    def member(self, body: Mapping[str, Any], name: str) -> Any:
        """A member of the body, or its documented default."""
        if name in body:
            return body[name]
        return self._create.body.default(name) if self._create.body else None

    def add_description(self, conversation: Conversation, description: str | None) -> None:
        """Make the description the first message, where that is chosen and there is one."""
        if description and self.choices.takes("description_as_message", "first_message"):
            kind = DESCRIPTION if self.choices.takes("message_types", "more") else REPLY
            self.add_message(conversation, conversation.requester.email, description, kind)

    # --- messages -----------------------------------------------------------------------------------------------------

    def add_message(
        self, conversation: Conversation, sender: str | None, body: str, kind: str, *, added: Mapping[str, Any] = NO_METADATA
    ) -> Message:
        """Keep a new message of the conversation."""
        # The latest change may come from another machine, whose clock is ahead.
        now = max(self.clock.now(), conversation.updated_at)
        message = Message(self.ids.new(), conversation.id, sender, body, kind, now, added)
        self.store.add_message(message)
        return message

    def check_may_reply(self, conversation: Conversation) -> None:
        """Raise Refusal if the conversation takes no more messages."""
        if self.is_closed(conversation) and self.choices.takes("reply_to_closed", "refuse"):
            raise Refusal(Kind.CONVERSATION_CLOSED, "The conversation is closed.")

    def after_reply(self, conversation: Conversation, message: Message) -> Conversation:
        """The conversation after a message: changed just now, and open again where that is chosen."""
        status = conversation.status
        if self.is_closed(conversation) and self.choices.takes("reply_to_closed", "reopen"):
            status = self.first_status()
        return conversation._replace(status=status, updated_at=max(conversation.updated_at, message.created_at))

    # --- resolving ----------------------------------------------------------------------------------------------------

    def closed_status(self) -> str:
        """The status in which resolving ends: the one that the contract's response to it has."""
        return self._resolve.final_status or "closed"

    def is_closed(self, conversation: Conversation) -> bool:
        """Whether the conversation was resolved."""
        return conversation.status == self.closed_status()

    def check_may_resolve_again(self) -> None:
        """Raise Refusal if a closed conversation may not be resolved."""
        if self.choices.takes("resolve_twice", "409"):
            raise Refusal(Kind.RESOLVED_ALREADY, "The conversation is closed.")

    def resolved(self, conversation: Conversation) -> Conversation:
        """Return the conversation after resolving: only its status and `updated_at` change."""
        return conversation._replace(status=self.closed_status(), updated_at=max(conversation.updated_at, self.clock.now()))


def _added_by(body: Body | None, shown: Schema, ruled: frozenset[str]) -> list[str]:
    """Return the members that a document adds to both a request body and the response. Those that are only sent are not shown."""
    asked = body.members if body else {}
    return [name for name in asked if name not in ruled and name in shown.facts.get("properties", {})]


def _values(names: Sequence[str], given: Mapping[str, Any], body: Body | None) -> Mapping[str, Any]:
    """Return the values of those members: as given, else their documented defaults, if they have one."""
    found = {name: given[name] if name in given else body and body.default(name) for name in names}
    return {name: value for name, value in found.items() if value is not None or name in given}
