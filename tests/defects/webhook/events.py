"""Servers that tell too little of what happened, or too much."""

from typing import Any

import orjson

from mockserver.handling.conversations import Conversations
from mockserver.http.messages import Request
from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.events import (
    CALLBACK_REQUESTED,
    CONVERSATION_CREATED,
    CONVERSATION_RESOLVED,
    MESSAGE_CREATED,
    Event,
)
from mockserver.model.records import Conversation, Message, User
from mockserver.serving.server import WsgiApp
from tests.defects.kit.hooks import hooked, publishing_by, telling_of_refused
from tests.defects.kit.parts import CREATE, RESOLVE, body_of
from tests.defects.registry import Difficulty, defect


def json_of(request: Request) -> Any:
    """The value of the body; None if it is no JSON."""
    try:
        return orjson.loads(body_of(request))
    except ValueError:
        return None


FIRST = "Harbour & Pine"
"""The organisation whose events are sent."""

EASY, MEDIUM, RARE = Difficulty


def without(name: str) -> WsgiApp:
    """A server without one event."""
    return publishing_by(lambda event: [] if event.name == name else [event])


@defect("webhook.conversation-created", difficulty=EASY)
def hook_no_created() -> WsgiApp:
    """No event tells that a conversation was created."""
    return without(CONVERSATION_CREATED)


@defect("webhook.conversation-created", difficulty=MEDIUM)
def hook_callback_instead_of_created() -> WsgiApp:
    """A conversation of the channel callback is told by callback.requested alone."""
    return publishing_by(
        lambda event: [] if event.name == CONVERSATION_CREATED and event.conversation.channel == "callback" else [event]
    )


@defect("webhook.callback-requested", difficulty=EASY)
def hook_no_callback() -> WsgiApp:
    """No event tells that a callback was requested."""
    return without(CALLBACK_REQUESTED)


@defect("webhook.callback-requested", difficulty=RARE)
def hook_callback_by_server_key_only() -> WsgiApp:
    """A callback that is requested with a client key is not told."""

    class Deaf(Conversations):
        def create(self, caller: Caller, checked: CheckedRequest) -> Conversation:
            self.tier = caller.key.tier
            return super().create(caller, checked)

        def announce(self, event: str, conversation: Conversation, message: Message | None = None) -> None:
            if event != CALLBACK_REQUESTED or self.tier == "server":
                super().announce(event, conversation, message)

    return hooked(conversations=Deaf)


@defect("webhook.message-created", difficulty=EASY)
def hook_no_message() -> WsgiApp:
    """No event tells that a message was sent."""
    return without(MESSAGE_CREATED)


@defect("webhook.message-created", difficulty=MEDIUM)
def hook_message_with_id_of_the_conversation() -> WsgiApp:
    """The message_id of an event is the id of the conversation."""

    def change(event: Event) -> list[Event]:
        message = event.message
        return [event if message is None else event._replace(message=message._replace(id=event.conversation.id))]

    return publishing_by(change)


@defect("webhook.conversation-resolved", difficulty=EASY)
def hook_no_resolved() -> WsgiApp:
    """No event tells that a conversation was resolved."""
    return without(CONVERSATION_RESOLVED)


@defect("webhook.conversation-resolved", difficulty=RARE)
def hook_resolved_only_without_metadata() -> WsgiApp:
    """A conversation with metadata is resolved in silence."""
    return publishing_by(lambda event: [] if event.name == CONVERSATION_RESOLVED and event.conversation.metadata else [event])


@defect("webhook.none-for-refused", difficulty=EASY)
def hook_resolved_though_refused() -> WsgiApp:
    """A key that must not resolve is refused, and the event tells that it did."""

    def tell(rules: Conversations, operation: str, request: Request) -> Event | None:
        found = rules.store.conversation(request.path["id"]) if operation == RESOLVE else None
        return None if found is None else Event(CONVERSATION_RESOLVED, found)

    return telling_of_refused(tell)


@defect("webhook.none-for-refused", difficulty=MEDIUM)
def hook_created_before_it_is_checked() -> WsgiApp:
    """The event of a create is published before the subject is found to be too long."""

    def tell(rules: Conversations, operation: str, request: Request) -> Event | None:
        body = json_of(request) if operation == CREATE else None
        if not isinstance(body, dict) or not isinstance(body.get("user_email"), str) or len(str(body.get("subject"))) < 500:
            return None
        user = User(rules.ids.new(), FIRST, body["user_email"], None, None)
        return Event(
            CONVERSATION_CREATED,
            Conversation(rules.ids.new(), FIRST, 1, str(body["subject"]), "open", "normal", "api", {}, user, 0, 0),
        )

    return telling_of_refused(tell)


@defect("webhook.isolation", difficulty=EASY)
def hook_of_all_organisations() -> WsgiApp:
    """Every organisation's events go to whoever subscribed."""
    return publishing_by(lambda event: [_as_of_the_first(event)])


@defect("webhook.isolation", difficulty=RARE)
def hook_of_resolved_of_all_organisations() -> WsgiApp:
    """What was resolved is told to whoever subscribed, in whatever organisation it was."""
    return publishing_by(lambda event: [_as_of_the_first(event) if event.name == CONVERSATION_RESOLVED else event])


def _as_of_the_first(event: Event) -> Event:
    return event._replace(conversation=event.conversation._replace(organisation=FIRST))
