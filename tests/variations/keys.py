"""Keys of another shape, and what is left open about how they travel."""

import hashlib
from dataclasses import replace

from mockserver.contract.document import KeyScheme
from mockserver.handling.authentication import Authenticator
from mockserver.http.messages import Request
from mockserver.keys.model import StandardKeys
from mockserver.model.refusal import invalid_key
from tests.variations.registry import Conforming, variation
from tests.variations.seams import mock


def with_keys(**keys: str) -> Conforming:
    """A mock with keys of its own; each is named as in StandardKeys."""
    standard = replace(StandardKeys.of(1), **keys)
    given = {f"{name}_key": key for name, key in keys.items() if name != "bundle_client"}
    return Conforming(mock(keys=standard.ring("acme", "globex")), given)


_NAMES = ("server", "client", "revoked", "origin_client", "other_server")


@variation("keys-with-dashes", spare=True)
def dashes() -> Conforming:
    """Keys look like sv-1234567890 and cl-1234567890: digits only, and differing in few of them."""
    return with_keys(**{name: f"{'cl' if 'client' in name else 'sv'}-12345678{number:02}" for number, name in enumerate(_NAMES)})


@variation("keys-in-hex")
def hexadecimal() -> Conforming:
    """Keys are 64 hexadecimal digits without a prefix, which a change of case leaves different keys."""
    return with_keys(**{name: hashlib.sha256(name.encode()).hexdigest() for name in _NAMES})


@variation("keys-are-uuids", spare=True)
def uuids() -> Conforming:
    """Keys are UUIDs, their tier told by nothing in them."""
    return with_keys(**{name: f"6f9619ff-8b86-d011-b42d-00cf4fc964f{number}" for number, name in enumerate(_NAMES)})


@variation("keys-are-numbers", spare=True)
def digits() -> Conforming:
    """Keys are 24 digits, in which there is no case to change."""
    return with_keys(**{name: f"90071992547409910000{number:04}" for number, name in enumerate(_NAMES)})


@variation("keys-are-jwt-like", spare=True)
def jwt_like() -> Conforming:
    """Keys are long, with dots, dashes, underscores, slashes, plus and equals signs."""
    return with_keys(**{name: f"eyJhbGciOiJIUzI1NiJ9.{name}+/{'Zm9v_-' * 30}.{number}c_w==" for number, name in enumerate(_NAMES)})


@variation("two-keys-are-refused", spare=True)
def both_headers() -> Conforming:
    """A request that sends a key in both headers is refused, whatever they are; an empty header beside a good one too."""

    class One(Authenticator):
        def presented(self, request: Request) -> tuple[str, str]:
            if sum(request.header(scheme.header) is not None for scheme in self.schemes) > 1:
                raise invalid_key()
            return super().presented(request)

    return Conforming(mock(authenticator=One))


@variation("bearer-first", spare=True)
def bearer_first() -> Conforming:
    """Where both headers are sent, Authorization decides; the name of its scheme may be in any case."""

    class BearerFirst(Authenticator):
        def presented(self, request: Request) -> tuple[str, str]:
            self.schemes = tuple(sorted(self.schemes, key=lambda scheme: scheme.prefix is None))
            return super().presented(request)

    return Conforming(mock(authenticator=BearerFirst))


@variation("bearer-in-one-case-only", spare=True)
def bearer_exact() -> Conforming:
    """The scheme is Bearer exactly, with one space; other spellings are refused."""

    class Exact(Authenticator):
        def key_from_header(self, scheme: KeyScheme, request: Request) -> str | None:
            value = request.header(scheme.header)
            if value is None or scheme.prefix is None:
                return value
            return value.removeprefix("Bearer ") if value.startswith("Bearer ") else None

    return Conforming(mock(authenticator=Exact))


@variation("without-restricted-origins", spare=True)
def no_origin_key() -> Conforming:
    """No key is restricted to an origin, so the run has none to give."""
    return Conforming(mock(), {"origin_client_key": None, "origin": None})


@variation("server-key-only")
def server_key_only() -> Conforming:
    """The run is given a server key and nothing else."""
    return Conforming(mock(), {f"{name}_key": None for name in _NAMES if name != "server"} | {"origin": None})
