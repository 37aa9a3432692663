"""API keys: what one is, the ready-made set, and the ring in which they are looked up."""

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from types import MappingProxyType

from accord.base.redaction import Redactor
from mockserver.model.caller import ApiKey

PREFIXES: Mapping[str, str] = MappingProxyType({"server": "bnc_sv_", "client": "bnc_cl_"})
"""How the keys of each tier begin (authentication page)."""

ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s]+")
"""What an allowed origin looks like."""

BUNDLE_ID = re.compile(r"[!-~]{1,200}")
"""What the id of an app looks like."""

DEMO_ORIGIN = "https://app.example.com"
DEMO_BUNDLE = "com.example.app"


class KeyRing:
    """The keys that were ever issued, revoked ones among them."""

    def __init__(self, keys: Iterable[ApiKey]) -> None:
        self._keys = {key.key: key for key in keys}

    def __iter__(self) -> Iterator[ApiKey]:
        return iter(self._keys.values())

    def get(self, key: str) -> ApiKey | None:
        """The key that is exactly that text, or None."""
        return self._keys.get(key)

    def revoking(self, name: str) -> "KeyRing":
        """A ring in which the keys of that name are revoked."""
        return KeyRing(replace(key, revoked=True) if key.name == name else key for key in self)

    @cached_property
    def redactor(self) -> Redactor:
        """What finds these keys in a text."""
        return Redactor(self._keys)

    def named(self, name: str) -> ApiKey | None:
        """The key of that name, or None."""
        return next((key for key in self if key.name == name), None)

    @property
    def organisations(self) -> tuple[str, ...]:
        """The organisations that have keys, in the order of the keys."""
        return tuple(dict.fromkeys(key.organisation for key in self))


@dataclass(frozen=True, slots=True)
class StandardKeys:
    """The ready-made keys, made from a seed alone: the same seed gives the same keys.

    All are of the first organisation but `other_server`. `origin_client` may be used from `origin` only, `bundle_client` from
    the app `bundle_id` only.
    """

    server: str
    client: str
    revoked: str
    origin_client: str
    bundle_client: str
    other_server: str
    origin: str = DEMO_ORIGIN
    bundle_id: str = DEMO_BUNDLE

    @classmethod
    def of(cls, seed: int | str) -> "StandardKeys":
        """The keys of a seed."""
        return cls(
            server=make_key("server", f"{seed}:server"),
            client=make_key("client", f"{seed}:client"),
            revoked=make_key("server", f"{seed}:revoked"),
            origin_client=make_key("client", f"{seed}:origin"),
            bundle_client=make_key("client", f"{seed}:bundle"),
            other_server=make_key("server", f"{seed}:other"),
        )

    def by_name(self) -> dict[str, str]:
        """The keys, and what restricts them, by their names here."""
        return asdict(self)

    def ring(self, organisation: str, other: str) -> KeyRing:
        """These keys, issued to two organisations."""
        return KeyRing(
            [
                ApiKey(self.server, "server", organisation, "server"),
                ApiKey(self.client, "client", organisation, "client"),
                ApiKey(self.revoked, "server", organisation, "revoked", revoked=True),
                ApiKey(self.origin_client, "client", organisation, "origin_client", origins=frozenset({self.origin})),
                ApiKey(self.bundle_client, "client", organisation, "bundle_client", bundle_ids=frozenset({self.bundle_id})),
                ApiKey(self.other_server, "server", other, "other_server"),
            ]
        )


def make_key(tier: str, secret: str) -> str:
    """A key of the tier that looks random and depends on the secret alone: the prefix and 32 URL-safe characters."""
    digest = hashlib.sha256(f"accord:{secret}".encode()).digest()
    return PREFIXES[tier] + base64.urlsafe_b64encode(digest)[:32].decode()
