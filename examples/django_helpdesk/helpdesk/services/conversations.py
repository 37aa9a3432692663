"""Opening, continuing and closing conversations, each in one transaction."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from helpdesk.models import Conversation, Message, Organisation, Status
from helpdesk.services import people


@transaction.atomic
def create(
    organisation: Organisation,
    *,
    user_email: str = "",
    user_first_name: str = "",
    user_last_name: str = "",
    description: str = "",
    **fields: Any,
) -> Conversation:
    """Open a conversation; a description is its first message."""
    now = timezone.now()
    conversation = Conversation.objects.create(
        organisation=organisation,
        number=_next_number(organisation),
        requester=people.find_or_create(organisation, user_email, user_first_name, user_last_name),
        created_at=now,
        updated_at=now,
        **fields,
    )
    if description:
        conversation.messages.create(sender=conversation.requester, body=description, created_at=now)
    return conversation


@transaction.atomic
def reply(conversation: Conversation, *, user_email: str, body: str) -> Message:
    """Add a message; one in a closed conversation opens it again, so that nobody's answer goes unread."""
    conversation.refresh_from_db(fields=["status", "updated_at"])
    now = _not_before(conversation.updated_at)
    sender = people.find_or_create(conversation.organisation, user_email)
    message = conversation.messages.create(sender=sender, body=body, created_at=now)
    if conversation.status == Status.CLOSED:
        conversation.status = Status.OPEN
    conversation.updated_at = now
    conversation.save(update_fields=["status", "updated_at"])
    return message


@transaction.atomic
def resolve(conversation: Conversation) -> Conversation:
    """Close a conversation; one that is closed already stays as it is."""
    conversation.refresh_from_db(fields=["status", "updated_at"])
    if conversation.status != Status.CLOSED:
        conversation.status = Status.CLOSED
        conversation.updated_at = _not_before(conversation.updated_at)
        conversation.save(update_fields=["status", "updated_at"])
    return conversation


def _next_number(organisation: Organisation) -> int:
    # The transaction holds SQLite's write lock since BEGIN IMMEDIATE; on other databases this update locks the row.
    mine = Organisation.objects.filter(pk=organisation.pk)
    mine.update(last_number=F("last_number") + 1)
    return mine.values_list("last_number", flat=True).get()


def _not_before(earlier: datetime) -> datetime:
    return max(timezone.now(), earlier)
