"""API keys: what they open, and for whom."""

import hashlib

from django.db import models

from helpdesk.models.organisation import Organisation


class ApiKey(models.Model):
    """A key of an organisation, stored as a digest only.

    A key is long and random, so one round of SHA-256 is enough: there is no dictionary to try.
    """

    class Kind(models.TextChoices):
        """What a key may do. The value is the part of the key that shows it."""

        SERVER = "sv"
        CLIENT = "cl"

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="keys")
    kind = models.CharField(max_length=2, choices=Kind.choices)
    digest = models.CharField(max_length=64, unique=True)
    allowed_origins = models.JSONField(default=list, blank=True)
    allowed_bundle_ids = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Constraints the application relies on."""

        constraints = (models.CheckConstraint(condition=models.Q(kind__in=["sv", "cl"]), name="key_kind_known"),)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} key of {self.organisation}"

    @staticmethod
    def digest_of(plaintext: str) -> str:
        """Return what is stored of a key."""
        return hashlib.sha256(plaintext.encode()).hexdigest()

    @property
    def is_server(self) -> bool:
        """Tell whether the key gives full access."""
        return self.kind == self.Kind.SERVER

    def admits(self, origin: str, bundle_id: str) -> bool:
        """Tell whether the key may be used from that origin or application. A key without restrictions may be used anywhere."""
        if not self.allowed_origins and not self.allowed_bundle_ids:
            return True
        return origin.lower() in self.allowed_origins or bundle_id in self.allowed_bundle_ids
