"""The people who write."""

from django.db import models

from helpdesk.models.organisation import Organisation


class Person(models.Model):
    """Somebody an organisation talks with or through; without an address, somebody anonymous."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="people")
    email = models.EmailField(blank=True, default="")
    first_name = models.CharField(max_length=150, blank=True, default="")
    last_name = models.CharField(max_length=150, blank=True, default="")

    class Meta:
        """Constraints the application relies on."""

        verbose_name_plural = "people"
        constraints = (
            models.UniqueConstraint(fields=["organisation", "email"], condition=~models.Q(email=""), name="one_person_per_address"),
        )

    def __str__(self) -> str:
        return self.email or "anonymous"
