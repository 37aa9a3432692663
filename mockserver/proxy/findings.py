"""What is wrong with an exchange: on which side, by which requirement, and how."""

from dataclasses import dataclass
from typing import Any

from mockserver.contract.catalogue import requirements

CLIENT, SERVER = "client", "server"


@dataclass(frozen=True, slots=True)
class Finding:
    """A violation. `id` is that of a requirement or, on the client's side, of a choice, or empty where neither names it."""

    side: str
    id: str
    sentence: str

    @property
    def level(self) -> str:
        """MUST, SHOULD, or `open` for what is left to the server."""
        found = requirements().get(self.id)
        return "open" if found is None else found.level

    @property
    def is_violation_of_server(self) -> bool:
        """Whether the server does not conform by this."""
        return self.side == SERVER and self.level == "MUST"

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON value."""
        found = requirements().get(self.id)
        return {
            "side": self.side,
            "requirement": self.id if found else None,
            "choice": None if found or not self.id else self.id,
            "level": self.level,
            "sentence": self.sentence,
        }
