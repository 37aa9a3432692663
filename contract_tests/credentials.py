"""Keys, how they travel, and how they are shown: redacted in every report, as shell variables in curl lines."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

PREFIXES = ("bnc_sv_", "bnc_cl_")


class Style(StrEnum):
    """The two documented ways in which a key travels (authentication page)."""

    HEADER = "X-API-Key"
    BEARER = "Authorization: Bearer"


def redact(key: str) -> str:
    """A key as it may be shown: its prefix (`bnc_sv_`) and its last four characters."""
    return f"{prefix_of(key)}…{key[-4:]}" if len(key) > 16 else "…"


def prefix_of(key: str) -> str:
    """`bnc_sv_` or `bnc_cl_` (authentication page); nothing for a key of another shape."""
    return next((prefix for prefix in PREFIXES if key.startswith(prefix)), "")


@dataclass(frozen=True, slots=True)
class Credential:
    """A key and the way in which it is sent.

    `label` is its name in texts ("a client key"), `shell` an expression for it in a curl line ("$ACCORD_CLIENT_KEY").
    """

    key: str
    label: str
    shell: str
    style: Style = Style.HEADER
    tier: str = ""
    origin: str = ""

    def by(self, style: Style) -> "Credential":
        return replace(self, style=style)

    def headers(self) -> dict[str, str]:
        """The headers that carry it, and the origin that it is used from."""
        origin = {"Origin": self.origin} if self.origin else {}
        if self.style is Style.HEADER:
            return {"X-API-Key": self.key, **origin}
        return {"Authorization": f"Bearer {self.key}", **origin}

    def __str__(self) -> str:
        return f"{self.label} by {self.style}"


@dataclass(frozen=True)
class Keys:
    """The keys that a run was given. Only the server key must be there; the others are None where they were not given."""

    server: Credential
    client: Credential | None = None
    revoked: Credential | None = None
    other_server: Credential | None = None
    origin_client: Credential | None = None
    origin: str = ""

    @classmethod
    def given(
        cls,
        server: str,
        client: str | None = None,
        revoked: str | None = None,
        other_server: str | None = None,
        origin_client: str | None = None,
        origin: str = "",
    ) -> "Keys":
        def credential(key: str | None, name: str, label: str, tier: str = "") -> Credential | None:
            return Credential(key, label, f"$ACCORD_{name}_KEY", tier=tier) if key else None

        return cls(
            Credential(server, "the server key", "$ACCORD_SERVER_KEY", tier="server"),
            credential(client, "CLIENT", "the client key", "client"),
            credential(revoked, "REVOKED", "the revoked key"),
            credential(other_server, "OTHER_SERVER", "the other organisation's server key", "server"),
            credential(origin_client, "ORIGIN_CLIENT", "the origin-restricted client key", "client"),
            origin,
        )

    def named(self) -> Mapping[str, Credential]:
        """The keys that were given, by their names in reports."""
        found = {
            "server": self.server,
            "client": self.client,
            "revoked": self.revoked,
            "other_server": self.other_server,
            "origin_client": self.origin_client,
        }
        return {name: credential for name, credential in found.items() if credential is not None}

    def for_tiers(self, tiers: frozenset[str]) -> list[Credential]:
        """Every valid credential of the run's organisation that may call an operation of these tiers, in both styles."""
        valid = [self.server, *([self.client] if self.client else [])]
        return [credential.by(style) for credential in valid if credential.tier in tiers for style in Style]


_SEPARATORS = str.maketrans("_-", "-_")

_WORDS = ("null", "' OR '1'='1", "constructor", "__proto__", "toString")
"""Words that careless look-ups find: in a query, or among what every object of a language has."""


@dataclass(frozen=True, slots=True)
class Forgery:
    """Headers that must not be accepted, made from a valid key or from nothing. `shell` is the -H options of a curl line."""

    label: str
    headers: Mapping[str, str]
    shell: str
    secret: str = ""


def unknown_keys(server: Credential) -> list[Forgery]:
    """Keys that were never issued: well-formed ones, the bare prefix, and words that are no keys at all."""
    prefix = prefix_of(server.key)
    tail = "0" * max(len(server.key) - len(prefix), 8)
    words = [prefix + tail, *PREFIXES, *(other + "x" * 32 for other in PREFIXES), *_WORDS]
    return [both for word in dict.fromkeys(words) for both in _both_ways(word, f"the unknown key {word!r}", word)]


def altered_keys(valid: Credential) -> list[Forgery]:
    """A valid key, changed a little: a server that compares only a part of it, or not exactly, accepts one of these."""
    key, name = valid.key, valid.shell.removeprefix("$")
    last = "a" if key[-1] != "a" else "b"
    head = len(prefix_of(key))
    # Nearer to its beginning: then it is none of the last half, either, that is all that a careless server compares.
    inner = head + (len(key) - head) // 3
    other = "a" if key[inner] != "a" else "b"
    turned = next(prefix for prefix in PREFIXES if prefix != key[:head]) if head else ""
    changed: dict[str, tuple[str, str]] = {
        "without its last character": (key[:-1], f"${{{name}%?}}"),
        "with a character more": (key + "a", f"${{{name}}}a"),
        "with its last character changed": (key[:-1] + last, f"${{{name}%?}}{last}"),
        "with its first half only": (key[: head + (len(key) - head) // 2], f"(the first half of ${name})"),
        "with its separators exchanged": (key.translate(_SEPARATORS), f"$(tr _- -_ <<<${name})"),
        "with a character in its middle changed": (
            key[:inner] + other + key[inner + 1 :],
            f"(${name}, a character within changed)",
        ),
        "with the prefix of the other tier": (turned + key[head:], f"{turned}${{{name}#{key[:head]}}}"),
        "with something before it": ("x" + key, f"x${name}"),
        "with a colon and more behind it": (key + ":x", f"${name}:x"),
        "with a dot and more behind it": (key + ".x", f"${name}.x"),
        "without its prefix": (key[head:], f"${{{name}#{key[:head]}}}"),
        "with its prefix in capitals": (key[:head].upper() + key[head:], f"{key[:head].upper()}${{{name}#{key[:head]}}}"),
        "percent-encoded": (key.replace("_", "%5F"), f"$(sed s/_/%5F/g <<<${name})"),
        "in the other case": (key.swapcase(), f"$(tr a-zA-Z A-Za-z <<<${name})"),
        "with the case of its tail changed": (key[:head] + key[head:].swapcase(), f"(${name}, tail in the other case)"),
    }
    return [
        both
        for change, (altered, shell) in changed.items()
        if altered != key
        for both in _both_ways(altered, f"{valid.label} {change}", shell)
    ]


def empty_keys() -> list[Forgery]:
    """Both headers with nothing in them."""
    return [
        Forgery("an empty X-API-Key", {"X-API-Key": ""}, "-H 'X-API-Key;'"),
        Forgery("Bearer and nothing", {"Authorization": "Bearer"}, "-H 'Authorization: Bearer'"),
        Forgery("an empty Authorization", {"Authorization": ""}, "-H 'Authorization;'"),
    ]


def malformed_authorizations(valid: Credential) -> list[Forgery]:
    """A valid key in an Authorization header that is not `Bearer KEY`."""
    values = {
        "without a scheme": "{}",
        "without a space after Bearer": "Bearer{}",
        "with a colon after Bearer": "Bearer: {}",
        "with something after the key": "Bearer {} x",
        "twice": "Bearer {0} {0}",
        "after Bearer twice": "Bearer Bearer {}",
        "after two schemes": "Token Bearer {}",
        "in quotation marks": 'Bearer "{}"',
        "with a comma behind it": "Bearer {}, x",
        "with a semicolon behind it": "Bearer {}; x",
    }
    return [_authorization(valid, f"{valid.label} {how}", value) for how, value in values.items()]


def other_schemes(valid: Credential) -> list[Forgery]:
    """A valid key by an authentication scheme that is not documented."""
    plain = [_authorization(valid, f"{valid.label} by {name}", f"{name} {{}}") for name in ("Token", "ApiKey", "Basic", "Digest")]
    pairs = {"user name": f"{valid.key}:", "password": f"x:{valid.key}"}
    basic = [
        Forgery(
            f"{valid.label} as the {part} of Basic",
            {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()},
            f"-u '{pair.replace(valid.key, '')}'\"{valid.shell}\"",
            base64.b64encode(pair.encode()).decode(),
        )
        for part, pair in pairs.items()
    ]
    return plain + basic


def _authorization(valid: Credential, label: str, value: str) -> Forgery:
    filled: Callable[[str], str] = value.format
    return Forgery(label, {"Authorization": filled(valid.key)}, f'-H "Authorization: {filled(valid.shell)}"')


def _both_ways(key: str, label: str, shell: str) -> list[Forgery]:
    return [
        Forgery(f"{label} by X-API-Key", {"X-API-Key": key}, f'-H "X-API-Key: {shell}"', key),
        Forgery(f"{label} by Bearer", {"Authorization": f"Bearer {key}"}, f'-H "Authorization: Bearer {shell}"', key),
    ]
