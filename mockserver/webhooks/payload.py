"""The body of an event, as the contract document has it (WebhookPayload)."""

from typing import Any

import orjson

from mockserver.model.events import Event


def payload(event: Event, event_id: str | None = None) -> bytes:
    """Return the bytes that are sent: the documented members and no others, but for an id, if one is given."""
    conversation = event.conversation
    members: dict[str, Any] = {
        "event": event.name,
        "conversation": {
            "id": conversation.id,
            "number": conversation.number,
            "subject": conversation.subject,
            "status": conversation.status,
            "requester_email": conversation.requester.email,
            "channel": conversation.channel,
            "metadata": conversation.metadata,
        },
    }
    if event.message is not None:
        members["message_id"] = event.message.id
        members["message_type"] = event.message.message_type
    if event_id is not None:
        members["id"] = event_id
    # `default=dict`, since immutable objects are mappings of other types than dict.
    return orjson.dumps(members, default=dict)
