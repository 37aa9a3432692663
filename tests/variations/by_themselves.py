"""What a server does and changes by itself: messages that it adds, times that it moves, members that count."""

import itertools
import threading
import time
from typing import Any

from werkzeug.wrappers import Response

from mockserver.handling.conversations import REPLY, Conversations
from mockserver.handling.errors import HttpRefusal
from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.records import Conversation, Message
from mockserver.serving.server import WsgiApp
from tests.variations.registry import variation
from tests.variations.seams import Environ, mock, rewriting


class Talkative(Conversations):
    """Rules by which the helpdesk adds messages of its own at every step."""

    bot = "bot@helpdesk.example"

    def create(self, caller: Caller, checked: CheckedRequest) -> Conversation:
        conversation = super().create(caller, checked)
        self.add_message(conversation, self.bot, f"Welcome! You wrote: {conversation.subject}", "reply")
        description = checked.body.get("description")
        if description:
            self.add_message(conversation, self.bot, f"> {description[:200]}\n\nWe got it.", "reply")
        return conversation

    def send(self, caller: Caller, checked: CheckedRequest) -> Message:
        message = super().send(caller, checked)
        conversation = self.find(caller, checked.id)
        self.add_message(conversation, self.bot, f"Thank you for your message:\n> {message.body}\n", "auto_reply")
        self.add_message(conversation, message.sender_email, "wrote a message", "note")
        return message

    def get(self, caller: Caller, checked: CheckedRequest) -> Conversation:
        conversation = super().get(caller, checked)
        self.add_message(conversation, None, "Somebody looked at it.", "system")
        return conversation

    def resolved(self, conversation: Conversation) -> Conversation:
        self.add_message(conversation, self.bot, "How did we do? 1 2 3 4 5", "survey")
        return super().resolved(conversation)


@variation("server-has-its-say")
def talkative() -> WsgiApp:
    """Welcomes, replies that quote the whole message, notes at every reading, a survey: messages that nobody of the run sent."""
    return mock(conversations=Talkative)


@variation("server-has-its-say-first", spare=True)
def talkative_about_description() -> WsgiApp:
    """The same where the description becomes no message, and the acknowledgement of it quotes its beginning."""
    return mock(conversations=Talkative, choices={"description_as_message": "not_a_message"})


@variation("updated-at-moves")
def updated_at_moves() -> WsgiApp:
    """A job touches each conversation a moment after it was looked at: updated_at moves forward without anything else changing."""

    class Touching(Conversations):
        def get(self, caller: Caller, checked: CheckedRequest) -> Conversation:
            conversation = super().get(caller, checked)
            self.store.replace_conversation(conversation._replace(updated_at=max(self.clock.now(), conversation.updated_at + 1)))
            return conversation

        def messages(self, caller: Caller, checked: CheckedRequest) -> Any:
            page = super().messages(caller, checked)
            self.get(caller, checked)
            return page

    return mock(conversations=Touching, choices={"timestamp_fraction": "microseconds"})


@variation("extra-members-count")
def counting_members() -> WsgiApp:
    """Conversations, requesters, messages and pages have undocumented members that are something else each time."""
    looks = itertools.count(1)

    def rewrite(value: Any, response: Response) -> Any:
        if isinstance(value, list):
            return [rewrite(item, response) for item in value]
        if not isinstance(value, dict):
            return value
        more = {"last_seen_at": f"2026-01-01T00:00:{next(looks) % 60:02}Z", "views": next(looks), "seen": {"by": [next(looks)]}}
        return {name: member if name == "metadata" else rewrite(member, response) for name, member in value.items()} | more

    return rewriting(mock(choices={"message_paging": "limit_offset", "envelope_extra_members": "next_previous"}), rewrite)


# --- what a message does to its conversation --------------------------------------------------------------------------


@variation("reply-reopens-by-tier")
def reopens_by_tier() -> WsgiApp:
    """A reply with a client key opens a closed conversation; one with a server key leaves it, or makes an open one resolved."""

    class ByTier(Conversations):
        def send(self, caller: Caller, checked: CheckedRequest) -> Message:
            message = super().send(caller, checked)
            conversation = self.find(caller, checked.id)
            left = "closed" if self.is_closed(conversation) else "resolved"
            status = "open" if caller.key.tier == "client" else left
            self.store.replace_conversation(conversation._replace(status=status))
            return message

    return mock(conversations=ByTier, choices={"reply_to_closed": "accept"})


@variation("reply-reopens-by-sender")
def reopens_by_sender() -> WsgiApp:
    """A reply of the requester opens the conversation, whatever it was; one of anybody else makes it pending."""

    class BySender(Conversations):
        def after_reply(self, conversation: Conversation, message: Message) -> Conversation:
            own = message.sender_email == conversation.requester.email
            return super().after_reply(conversation, message)._replace(status="open" if own else "pending")

    return mock(conversations=BySender)


@variation("messages-that-meet-are-refused")
def meeting_messages() -> WsgiApp:
    """Of messages to one conversation at the same moment one is taken, and the others are refused with 409."""
    app, guard, busy = mock(), threading.Lock(), set[str]()

    def serve(environ: Environ, start_response: Any) -> Any:
        path = environ["PATH_INFO"]
        if environ["REQUEST_METHOD"] != "POST" or not path.endswith("/messages/create/"):
            return app(environ, start_response)
        with guard:
            taken = path in busy
            busy.add(path)
        if taken:
            return Response('{"detail": "Somebody else is writing."}', 409, mimetype="application/json")(environ, start_response)
        try:
            time.sleep(0.002)
            return app(environ, start_response)
        finally:
            with guard:
                busy.discard(path)

    return serve


@variation("messages-acknowledged-by-anything")
def acknowledged_by_anything() -> WsgiApp:
    """What a message is acknowledged by is a text, a number, null, a list or an empty object, by turns, and always JSON."""
    answers = itertools.cycle(('"ok"', "42", "null", "[]", "{}", '["id", 7]', '{"id": null, "body": 5}'))
    app = mock()

    def serve(environ: Environ, start_response: Any) -> Any:
        response = Response.from_app(app, environ, buffered=True)
        if response.status_code == 201 and environ["PATH_INFO"].endswith("/messages/create/"):
            response.data = next(answers)
        return response(environ, start_response)

    return serve


@variation("messages-set-resolved")
def messages_set_resolved() -> WsgiApp:
    """Each message sets its conversation to resolved, one that is closed, too."""

    class Resolved(Conversations):
        def after_reply(self, conversation: Conversation, message: Message) -> Conversation:
            return super().after_reply(conversation, message)._replace(status="resolved")

    return mock(conversations=Resolved)


@variation("quotations-in-the-name-of-the-sender")
def quotations() -> WsgiApp:
    """Each message is followed by one of the same sender and type that quotes it."""

    class Quoting(Conversations):
        def send(self, caller: Caller, checked: CheckedRequest) -> Message:
            message = super().send(caller, checked)
            conversation = self.find(caller, checked.id)
            self.add_message(conversation, message.sender_email, f"Re: {message.body}", REPLY)
            return message

    return mock(conversations=Quoting)


@variation("ids-of-others-are-unauthorized")
def ids_of_others() -> WsgiApp:
    """The id of another organisation's conversation is answered with 401."""

    class Unauthorized(Conversations):
        def find(self, caller: Caller, conversation_id: str) -> Conversation:
            found = self.store.conversation(conversation_id)
            if found is not None and found.organisation != caller.organisation:
                raise HttpRefusal(401, "You have no access to this conversation.")
            return super().find(caller, conversation_id)

    return mock(conversations=Unauthorized)
