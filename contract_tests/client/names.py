"""Names that nobody else has: addresses, subjects and texts of a run, each with the run's id."""

import itertools
import random
from typing import Any

from contract_tests.contract.document import Contract
from contract_tests.model.marks import marked

EMAIL_DOMAIN = "example.com"
"""The domain of the run's addresses, where no other is given: it is nobody's (RFC 2606)."""

_SCATTERING, _MARKS = 7_654_321, 10_000_000
"""A multiplier that is coprime to the number of marks, so that no two messages get the same mark."""

_LONGEST_LOCAL_PART = 64
"""Characters of an e-mail address before the @ (RFC 5321)."""


class Names:
    """What one worker of a run calls things. `random` is the source of all its choices, so that a seed repeats them."""

    def __init__(self, contract: Contract, run_id: str, chance: random.Random, email_domain: str = EMAIL_DOMAIN) -> None:
        self.run_id = run_id
        self.email_domain = email_domain
        self.random = chance
        self._contract = contract
        self._numbers = itertools.count(1)

    def email(self, hint: str = "user") -> str:
        """An address that nobody used before and that any validator accepts."""
        own = f"{next(self._numbers)}.{self.run_id}"
        return f"{hint[: _LONGEST_LOCAL_PART - len(own)]}{own}@{self.email_domain}"

    def subject(self, hint: str = "Order") -> str:
        """A subject that carries the run's id, short enough for any contract."""
        return f"{hint} {next(self._numbers)} {self.run_id}"[: self._contract.subject_maximum]

    def body(self, text: str = "Where is my parcel?", *, first: str = "") -> str:
        """The text of a message, marked so that it is known again wherever it turns up. `first` goes before the mark.

        The marks do not ascend, so that messages sorted by their text are not in the order in which they were sent.
        """
        mark = marked(next(self._numbers) * _SCATTERING % _MARKS, self.run_id)
        return f"{first}{first and ' '}{mark} {text}"

    def payload(self, **members: Any) -> dict[str, Any]:
        """A valid create: a subject, a requester of its own, and mostly metadata that can get lost. None leaves a member out."""
        number = next(self._numbers)
        metadata = {"number": number} if number % 3 else None
        filled = {"subject": self.subject(), "user_email": self.email(), "metadata": metadata, **members}
        return {name: value for name, value in filled.items() if value is not None}


def addresses_of_preflight(run_id: str) -> set[str]:
    """Addresses that requests gave for somebody before the first test."""
    return {"preflight@example.com", f"run.{run_id}@example.com"}
