"""Conversations, and the words their fields may hold."""

import uuid

from django.db import models

from helpdesk.models.organisation import Organisation
from helpdesk.models.person import Person


class Status(models.TextChoices):
    """Where a conversation stands."""

    OPEN = "open"
    PENDING = "pending"
    RESOLVED = "resolved"
    CLOSED = "closed"


class Priority(models.TextChoices):
    """How soon somebody should look."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class Channel(models.TextChoices):
    """Where a conversation came from."""

    WEB = "web"
    EMAIL = "email"
    API = "api"
    CALLBACK = "callback"


class Conversation(models.Model):
    """A matter somebody brought to an organisation."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="conversations")
    number = models.PositiveBigIntegerField()
    requester = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="conversations")
    subject = models.CharField(max_length=500)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.OPEN)
    priority = models.CharField(max_length=6, choices=Priority.choices, default=Priority.NORMAL)
    channel = models.CharField(max_length=8, choices=Channel.choices, default=Channel.API)
    metadata = models.JSONField(default=dict, blank=True)
    assignee = models.EmailField(blank=True, default="")
    tags = models.JSONField(default=list, blank=True)
    # Set by hand: the two must be equal at first, and must not run backwards when the clock does.
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        """Oldest first: numbers only grow, so a page seen once stays as it was while new conversations come in."""

        ordering = ("number",)
        constraints = (
            models.UniqueConstraint(fields=["organisation", "number"], name="number_unique_in_organisation"),
            models.CheckConstraint(condition=models.Q(status__in=Status.values), name="status_known"),
            models.CheckConstraint(condition=models.Q(priority__in=Priority.values), name="priority_known"),
            models.CheckConstraint(condition=models.Q(channel__in=Channel.values), name="channel_known"),
            models.CheckConstraint(condition=models.Q(updated_at__gte=models.F("created_at")), name="updated_after_created"),
        )
        indexes = (
            models.Index(fields=["organisation", "status", "number"], name="conversation_by_status"),
            models.Index(fields=["requester", "number"], name="conversation_by_requester"),
        )

    def __str__(self) -> str:
        return f"#{self.number} {self.subject}"
