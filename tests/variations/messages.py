"""Messages: what a server writes by itself, what they do to a conversation, and in which pages they come."""

import re
from typing import Any

from mockserver.contract.document import Operation
from mockserver.handling.conversations import REPLY, Conversations
from mockserver.handling.serializer import Serializer
from mockserver.handling.validation import Validator
from mockserver.http.messages import Request
from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.pages import Page
from mockserver.model.records import Conversation, Message
from mockserver.serving.server import WsgiApp
from mockserver.store import Fixed
from tests.variations.registry import variation
from tests.variations.seams import mock


@variation("automatic-messages")
def automatic_messages() -> WsgiApp:
    """A create is answered by a message of the helpdesk, and resolving adds a note without a sender."""

    class Automatic(Conversations):
        def create(self, caller: Caller, checked: CheckedRequest) -> Conversation:
            conversation = super().create(caller, checked)
            self.add_message(conversation, "support@helpdesk.example", "We got your message.", "auto_reply")
            return conversation

        def resolved(self, conversation: Conversation) -> Conversation:
            self.add_message(conversation, None, "The conversation was closed.", "system")
            return super().resolved(conversation)

    return mock(conversations=Automatic)


@variation("automatic-answers", spare=True)
def automatic_answers() -> WsgiApp:
    """Each message is followed by one of the helpdesk that says only that it came."""

    class Echo(Conversations):
        def send(self, caller: Caller, checked: CheckedRequest) -> Message:
            message = super().send(caller, checked)
            self.add_message(self.find(caller, checked.id), "bot@helpdesk.example", "Thank you.", "bot")
            return message

    return mock(conversations=Echo)


@variation("notes-for-server-keys")
def notes_for_server_keys() -> WsgiApp:
    """With the first message the server adds two notes of its own to a conversation, shown and counted for server keys only."""

    class Notes(Conversations):
        def send(self, caller: Caller, checked: CheckedRequest) -> Message:
            message = super().send(caller, checked)
            conversation = self.find(caller, checked.id)
            if all(one.message_type != "note" for one in self.ordered_messages(conversation)):
                for note in ("The customer wrote.", "Somebody will look at this."):
                    self.add_message(conversation, None, note, "note")
            return message

        def messages(self, caller: Caller, checked: CheckedRequest) -> Page[Message]:
            if caller.key.tier == "server":
                return super().messages(caller, checked)
            found = self.ordered_messages(self.find(caller, checked.id))
            return self.page(Fixed([one for one in found if one.message_type != "note"]), checked.query)

    return mock(conversations=Notes)


@variation("messages-make-pending")
def pending() -> WsgiApp:
    """A message to an open conversation makes it pending; one to a closed conversation opens it."""

    class Pending(Conversations):
        def after_reply(self, conversation: Conversation, message: Message) -> Conversation:
            status = "open" if self.is_closed(conversation) else "pending"
            return super().after_reply(conversation, message)._replace(status=status)

    return mock(conversations=Pending)


@variation("every-second-message-opens-again", spare=True)
def toggling() -> WsgiApp:
    """A message from the requester opens the conversation, one from anybody else makes it pending, unless it is closed."""

    class Waiting(Conversations):
        def after_reply(self, conversation: Conversation, message: Message) -> Conversation:
            after = super().after_reply(conversation, message)
            if self.is_closed(conversation):
                return after
            own = message.sender_email == conversation.requester.email
            return after._replace(status="open" if own else "pending")

    return mock(conversations=Waiting)


@variation("description-is-a-note", spare=True)
def description_note() -> WsgiApp:
    """The description becomes a message of the type note, from nobody, and answers show it as a member too."""

    class Note(Conversations):
        def add_description(self, conversation: Conversation, description: str | None) -> None:
            if description:
                self.add_message(conversation, None, description, "note")

    return mock(conversations=Note)


@variation("subject-is-the-first-message", spare=True)
def subject_message() -> WsgiApp:
    """Without a description, the subject is the first message."""

    class Subject(Conversations):
        def add_description(self, conversation: Conversation, description: str | None) -> None:
            self.add_message(conversation, conversation.requester.email, description or conversation.subject, REPLY)

    return mock(conversations=Subject)


@variation("messages-leave-updated-at", spare=True)
def updated_at_stays() -> WsgiApp:
    """Neither a message nor resolving changes updated_at."""

    class Still(Conversations):
        def after_reply(self, conversation: Conversation, message: Message) -> Conversation:
            return super().after_reply(conversation, message)._replace(updated_at=conversation.updated_at)

        def resolved(self, conversation: Conversation) -> Conversation:
            return super().resolved(conversation)._replace(updated_at=conversation.updated_at)

    return mock(conversations=Still, choices={"timestamp_fraction": "microseconds"})


@variation("messages-in-small-pages")
def small_message_pages() -> WsgiApp:
    """Messages come in pages of five unless more are asked for, with the absolute address of the next page."""

    class Five(Validator):
        def read_query(self, request: Request, operation: Operation) -> tuple[dict[str, Any], bool]:
            values, impossible = super().read_query(request, operation)
            if operation.id == "listMessages" and "limit" not in self.sent_parameters(request):
                values["limit"] = 5
            return values, impossible

    return mock(validator=Five, choices={"message_paging": "limit_offset", "envelope_extra_members": "next_previous"})


@variation("messages-by-cursor")
def message_cursors() -> WsgiApp:
    """Messages come in pages of ten, the next one named by a cursor in an absolute address."""

    class Cursor(Validator):
        def read_query(self, request: Request, operation: Operation) -> tuple[dict[str, Any], bool]:
            values, impossible = super().read_query(request, operation)
            if operation.id == "listMessages":
                cursor = self.sent_parameters(request).get("cursor", "")
                values |= {"limit": 10, "offset": int(cursor, 36) if re.fullmatch("[0-9a-z]{1,4}", cursor) else 0}
            return values, impossible

    class Linked(Serializer):
        def page_url(self, page: Page[Any], url: str, offset: int) -> str:
            digits = "0123456789abcdefghijklmnopqrstuvwxyz"
            return (
                f"{url}?cursor={digits[offset // 36]}{digits[offset % 36]}"
                if url.endswith("/messages/")
                else super().page_url(page, url, offset)
            )

    return mock(validator=Cursor, serializer=Linked, choices={"envelope_extra_members": "next_previous"})


@variation("messages-by-offset-only", spare=True)
def message_offsets() -> WsgiApp:
    """Messages come in pages of 50 at most, without a word about the next."""

    class Fifty(Validator):
        def read_query(self, request: Request, operation: Operation) -> tuple[dict[str, Any], bool]:
            values, impossible = super().read_query(request, operation)
            if operation.id == "listMessages":
                values["limit"] = min(values["limit"] or 50, 50)
            return values, impossible

    return mock(validator=Fifty, choices={"message_paging": "limit_offset"})
