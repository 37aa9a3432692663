"""Messages."""

import uuid

from django.db import models

from helpdesk.models.conversation import Conversation
from helpdesk.models.person import Person


class Message(models.Model):
    """Something said in a conversation.

    The numeric key is the order of arrival, which breaks ties between equal timestamps; clients know only the UUID.
    """

    class Type(models.TextChoices):
        """What sort of message it is."""

        REPLY = "reply"

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="messages", db_index=False)
    sender = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="messages")
    body = models.TextField()
    message_type = models.CharField(max_length=20, choices=Type.choices, default=Type.REPLY)
    created_at = models.DateTimeField()

    class Meta:
        """Oldest first."""

        ordering = ("created_at", "id")
        indexes = (models.Index(fields=["conversation", "created_at", "id"], name="message_in_order"),)

    def __str__(self) -> str:
        return f"{self.sender}: {self.body[:40]}"
