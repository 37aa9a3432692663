"""Keys, how they travel, and what is made from them that a server must refuse."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from accord.base.redaction import PREFIXES, Redactor, looks_random, prefix_of
from contract_tests.transport.texts import Ref, Text, Turned, joined, value_of

_MOST_OF_A_KEY = 0.75
"""A part with at least this share of a key is always hidden; a shorter part only if it is no ordinary word."""


class Style(StrEnum):
    """The two documented ways in which a key travels (authentication page)."""

    HEADER = "X-API-Key"
    BEARER = "Authorization: Bearer"


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
    others: tuple[str, ...] = ()
    """What else must not be shown: values of headers that a gate asks for, a proxy's password."""

    @classmethod
    def given(
        cls,
        server: str,
        client: str | None = None,
        revoked: str | None = None,
        other_server: str | None = None,
        origin_client: str | None = None,
        origin: str = "",
        others: tuple[str, ...] = (),
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
            others,
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

    def variables(self) -> Mapping[str, str]:
        """The whole keys, each with the variable that stands for it in a reproduction (ACCORD_SERVER_KEY)."""
        return {credential.key: credential.shell.removeprefix("$") for credential in self.named().values()}

    def redactor(self) -> Redactor:
        """Return what finds these keys in a text, and the bad keys that are made from them, which tell all but a character."""
        keys = [credential.key for credential in self.named().values()]
        bad = [forgery.secret for credential in self.named().values() for forgery in altered_keys(credential)]
        pieces = {one for one in bad for key in keys if one in key and len(one) < _MOST_OF_A_KEY * len(key)}
        return Redactor([*keys, *self.others], [one for one in bad if one not in pieces or looks_random(one)])

    def for_tiers(self, tiers: frozenset[str]) -> list[Credential]:
        """Every valid credential of the run's organisation that may call an operation of these tiers, in both styles."""
        valid = [self.server, *([self.client] if self.client else [])]
        return [credential.by(style) for credential in valid if credential.tier in tiers for style in Style]


_TOKENS = {
    "of three parts": "x.y.z",
    "that is a JSON Web Token": "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiIxIn0.",
}
"""What libraries before an application take for a token of their own kind, and may refuse in their own way, or accept."""

_WORDS = ("null", "' OR '1'='1", "constructor", "__proto__", "toString")
"""Words that a careless look-up finds: in a database query, or among the members that every object of a language has."""


@dataclass(frozen=True, slots=True)
class Forgery:
    """Headers that must not be accepted, made from a valid key or from nothing.

    `texts` are the same headers with the valid key named, as a reproduction shows them. `since` is the version of the catalogue
    that first had it.
    """

    label: str
    headers: Mapping[str, str]
    texts: Mapping[str, Text] = field(default_factory=dict)
    secret: str = ""
    since: int = 1


def literal(label: str, headers: Mapping[str, str]) -> Forgery:
    """A forgery that is made from no key."""
    return Forgery(label, headers, {name: (value,) if value else () for name, value in headers.items()})


def as_sent(credential: Credential, style: Style) -> Forgery:
    """A credential that must not be accepted, by one of the ways of sending it."""
    by = credential.by(style)
    name, before = ("X-API-Key", "") if style is Style.HEADER else ("Authorization", "Bearer ")
    return _made(credential, str(by), name, joined(before, _key(credential)), credential.key)


def unknown_keys(server: Credential) -> list[Forgery]:
    """Keys that were never issued: well-formed ones, the bare prefix, and words that are no keys at all."""
    prefix = prefix_of(server.key)
    tail = "0" * max(len(server.key) - len(prefix), 8)
    words = [prefix + tail, *PREFIXES, *(other + "x" * 32 for other in PREFIXES), *_WORDS]
    # A text that looks like a whole key is shortened in reports, so its prefix is written as a part of the valid key.
    texts = {words[0]: joined(Ref(_key(server).name, 0, len(prefix)), tail)} if prefix else {}
    found = [
        both
        for word in dict.fromkeys(words)
        for both in _both_ways(server, f"the unknown key {word!r}", texts.get(word, (word,)), word)
    ]
    return found + [_both_ways(server, f"an unknown key {what}", (token,), token)[1] for what, token in _TOKENS.items()]


def altered_keys(valid: Credential) -> list[Forgery]:
    """A valid key, changed a little: a server that compares only a part of it, or not exactly, accepts one of these."""
    key, name = valid.key, _key(valid).name
    whole, all_but_last = Ref(name), Ref(name, 0, -1)
    last = "a" if key[-1] != "a" else "b"
    head = len(prefix_of(key))
    # Nearer to the beginning, and so not in the last half: a careless server may compare only that half.
    inner = head + (len(key) - head) // 3
    end = max(inner, len(key) - 8)
    other = "a" if key[inner] != "a" else "b"
    turned = next(prefix for prefix in PREFIXES if prefix != key[:head]) if head else ""
    changed: dict[str, Text] = {
        "without its last character": (all_but_last,),
        "with a character more": (whole, "a"),
        "with its last character changed": (all_but_last, last),
        "with its first half only": (Ref(name, 0, head + (len(key) - head) // 2),),
        "with its separators exchanged": (Turned("separators", (whole,)),),
        "with the separators of its tail exchanged": joined(key[:head], Turned("separators", (Ref(name, head),))),
        "with the case of its last characters changed": (Ref(name, 0, end), Turned("swapcase", (Ref(name, end),))),
        "with a character in its middle changed": (Ref(name, 0, inner), other, Ref(name, inner + 1)),
        "with the prefix of the other tier": joined(turned, Ref(name, head)),
        "with something before it": ("x", whole),
        "with a colon and more behind it": (whole, ":x"),
        "with a dot and more behind it": (whole, ".x"),
        "without its prefix": (Ref(name, head),),
        "with its prefix in capitals": joined(key[:head].upper(), Ref(name, head)),
        "percent-encoded": (Turned("percent", (whole,)),),
        "with a blank and more behind it": (whole, " x"),
        "with a comma and more behind it": (whole, ",x"),
        "with an equals sign behind it": (whole, "="),
        "with a hyphen behind it": (whole, "-"),
        "after the name of a scheme": ("Bearer ", whole),
        "behind another one and a comma": ("x,", whole),
        "with a wildcard for its tail": (Ref(name, 0, head + 4), "%"),
        "with a wildcard for its last character": (all_but_last, "_"),
        "with a pattern for its tail": (Ref(name, 0, head + 4), ".*"),
        "in the other case": (Turned("swapcase", (whole,)),),
        "with the case of its tail changed": joined(key[:head], Turned("swapcase", (Ref(name, head),))),
        "with the case of its last letters changed": (Ref(name, 0, inner), Turned("swapcase", (Ref(name, inner),))),
    }
    altered = {change: (text, value_of(text, {name: key})) for change, text in changed.items()}
    return [
        replace(both, since=2 if change in _NEWER else 1)
        for change, (text, value) in altered.items()
        if value != key
        for both in _both_ways(valid, f"{valid.label} {change}", text, value)
    ]


_NEWER = frozenset(
    [
        "with an equals sign behind it",
        "with a hyphen behind it",
        "after the name of a scheme",
        "with the separators of its tail exchanged",
        "with the case of its last characters changed",
    ]
)
"""Changes of a key that version 2 of the catalogue brought."""


def empty_keys() -> list[Forgery]:
    """Both headers with nothing in them."""
    return [
        literal("an empty X-API-Key", {"X-API-Key": ""}),
        literal("Bearer and nothing", {"Authorization": "Bearer"}),
        literal("an empty Authorization", {"Authorization": ""}),
    ]


def malformed_authorizations(valid: Credential) -> list[Forgery]:
    """A valid key in an Authorization header that is not `Bearer KEY`."""
    key = _key(valid)
    values: dict[str, Text] = {
        "without a scheme": (key,),
        "without a space after Bearer": ("Bearer", key),
        "with a colon after Bearer": ("Bearer: ", key),
        "with something after the key": ("Bearer ", key, " x"),
        "twice": ("Bearer ", key, " ", key),
        "after Bearer twice": ("Bearer Bearer ", key),
        "after two schemes": ("Token Bearer ", key),
        "in quotation marks": ('Bearer "', key, '"'),
        "with a comma behind it": ("Bearer ", key, ", x"),
        "with a semicolon behind it": ("Bearer ", key, "; x"),
    }
    return [_made(valid, f"{valid.label} {how}", "Authorization", value) for how, value in values.items()]


def other_schemes(valid: Credential) -> list[Forgery]:
    """A valid key by an authentication scheme that is not documented."""
    key = _key(valid)
    plain = [
        _made(valid, f"{valid.label} by {name}", "Authorization", (f"{name} ", key))
        for name in ("Token", "ApiKey", "Basic", "Digest")
    ]
    pairs: dict[str, Text] = {"user name": (key, ":"), "password": ("x:", key)}
    basic = []
    for part, pair in pairs.items():
        spelled: Text = (Turned("base64", pair),)
        secret = value_of(spelled, {key.name: valid.key})
        basic.append(_made(valid, f"{valid.label} as the {part} of Basic", "Authorization", ("Basic ", *spelled), secret))
    return plain + basic


def _key(credential: Credential) -> Ref:
    return Ref(credential.shell.removeprefix("$"))


def _made(valid: Credential, label: str, header: str, text: Text, secret: str = "") -> Forgery:
    return Forgery(label, {header: value_of(text, {_key(valid).name: valid.key})}, {header: text}, secret)


def _both_ways(valid: Credential, label: str, text: Text, secret: str) -> list[Forgery]:
    return [
        _made(valid, f"{label} by X-API-Key", "X-API-Key", text, secret),
        _made(valid, f"{label} by Bearer", "Authorization", joined("Bearer ", *text), secret),
    ]
