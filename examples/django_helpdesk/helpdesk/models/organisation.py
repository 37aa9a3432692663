"""The tenant everything else belongs to."""

from django.db import models


class Organisation(models.Model):
    """A customer of the helpdesk, which sees its own conversations and no other's."""

    name = models.CharField(max_length=200, unique=True)
    # A counter of its own, because the highest number in use would be given out again after a deletion.
    last_number = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return self.name
