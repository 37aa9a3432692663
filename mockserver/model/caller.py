"""Who calls: an API key, and how it was sent."""

from dataclasses import dataclass
from typing import NamedTuple

from accord.base.redaction import shown


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key of an organisation. `tier` is `server` or `client`; empty `origins` and `bundle_ids` restrict nothing."""

    key: str
    tier: str
    organisation: str
    name: str = ""
    origins: frozenset[str] = frozenset()
    bundle_ids: frozenset[str] = frozenset()
    revoked: bool = False

    @property
    def redacted(self) -> str:
        """The prefix and the last four characters, which may be shown and logged."""
        return shown(self.key)


class Caller(NamedTuple):
    """An accepted key, and how it was sent."""

    key: ApiKey
    scheme: str

    @property
    def organisation(self) -> str:
        """Whose conversations the caller may see."""
        return self.key.organisation
