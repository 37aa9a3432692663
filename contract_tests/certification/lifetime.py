"""How long a certificate counts, and why it does not any more."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from contract_tests.certification.statement import LIFETIME, stamp

_SKEW = timedelta(days=1)
"""How far clocks may be apart."""


@dataclass(frozen=True, slots=True)
class Lifetime:
    """When a certificate was issued and ends, the moment at which it is looked at, and versions of the catalogue.

    `catalogue` is the version that it was judged by, and `newest` the newest one, None where nobody says.
    """

    issued: datetime
    not_after: datetime
    now: datetime
    catalogue: int
    newest: int | None = None

    def objections(self) -> Iterator[str]:
        """Yield why it does not count: each reason a sentence."""
        if self.not_after != self.issued + LIFETIME:
            yield f"It does not last {LIFETIME.days} days from {stamp(self.issued)}."
        if self.now > self.not_after:
            yield f"It is expired: it lasted until {stamp(self.not_after)}."
        if self.now < self.issued - _SKEW:
            yield f"It is issued in the future, at {stamp(self.issued)}."

    @property
    def state(self) -> str:
        """In a sentence, whether it is current, expired or superseded."""
        if self.now > self.not_after:
            return f"expired on {self.not_after.date().isoformat()}"
        until = f"current until {self.not_after.date().isoformat()}"
        if self.newest is None:
            return f"{until}; whether a newer catalogue supersedes it is not known"
        if self.newest > self.catalogue:
            return f"superseded: it is of version {self.catalogue} of the catalogue, and version {self.newest} is there"
        return f"{until}, and of the newest catalogue"
