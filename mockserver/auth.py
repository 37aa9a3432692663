"""Who is calling: a request and its operation become a Caller or a refusal."""

from typing import NamedTuple

from mockserver.answers import Call
from mockserver.choices import Choices
from mockserver.contract import KeyScheme, Operation
from mockserver.keys import ApiKey, KeyRing
from mockserver.problems import INVALID_KEY, Refusal, invalid_key

BUNDLE_HEADER = "X-Bundle-Id"
"""Which header carries a bundle id is not documented; this one is our choice."""


class Caller(NamedTuple):
    """An accepted key, and how it was sent."""

    key: ApiKey
    scheme: str

    @property
    def organisation(self) -> str:
        """Whose conversations the caller may see."""
        return self.key.organisation


class Authenticator:
    """Checks the key of a request. Each rule has a method of its own, which a subclass may replace."""

    def __init__(self, schemes: tuple[KeyScheme, ...], keys: KeyRing, choices: Choices) -> None:
        self.schemes = schemes
        self.keys = keys
        self.choices = choices

    def authenticate(self, call: Call, operation: Operation) -> Caller:
        """The caller. Raises Refusal for a missing, unknown or revoked key, a forbidden place, or a tier that may not call."""
        text, scheme = self.presented(call)
        key = self.look_up(text)
        if key is None or self.is_revoked(key):
            raise invalid_key()
        self.check_origin(key, call)
        self.check_bundle(key, call)
        self.check_tier(key, scheme, operation)
        return Caller(key, scheme)

    def presented(self, call: Call) -> tuple[str, str]:
        """The first text sent as a key that is not empty, and the name of its scheme. Raises Refusal if there is none."""
        for scheme in self.schemes:
            text = self.key_from_header(scheme, call)
            if text:
                return text, scheme.name
        raise invalid_key()

    def key_from_header(self, scheme: KeyScheme, call: Call) -> str | None:
        """What the request carries by this scheme, or None."""
        value = call.header(scheme.header)
        if value is None or scheme.prefix is None:
            return value
        # The name of a scheme is case-insensitive (RFC 9110, 11.1); what follows it is not.
        name, _, rest = value.partition(" ")
        return rest.strip(" ") if name.lower() == scheme.prefix.lower() else None

    def look_up(self, text: str) -> ApiKey | None:
        """The key that is exactly that text, or None."""
        return self.keys.get(text)

    def is_revoked(self, key: ApiKey) -> bool:
        """Whether the key may no longer be used."""
        return key.revoked

    def check_tier(self, key: ApiKey, scheme: str, operation: Operation) -> None:
        """Raise Refusal if keys of this tier may not call the operation, or not by this scheme."""
        if key.tier not in operation.tiers.get(scheme, frozenset()):
            status = int(self.choices["client_resolve_status"])
            raise Refusal(status, self.forbidden_text(status, f"A {key.tier} key may not do this."))

    def check_origin(self, key: ApiKey, call: Call) -> None:
        """Raise Refusal if the key is restricted to origins and the request comes from another."""
        if not key.origins:
            return
        origin = call.header("Origin")
        allowed = self.choices.takes("missing_origin", "accept") if origin is None else self.origin_matches(key, origin)
        if not allowed:
            raise self.wrong_place("This key may not be used from this origin.")

    def origin_matches(self, key: ApiKey, origin: str) -> bool:
        """Whether the key may be used from the origin."""
        return origin in key.origins

    def check_bundle(self, key: ApiKey, call: Call) -> None:
        """Raise Refusal if the key is restricted to app bundles and the request names no such one."""
        if key.bundle_ids and call.header(BUNDLE_HEADER) not in key.bundle_ids:
            raise self.wrong_place("This key may not be used from this app.")

    def wrong_place(self, detail: str) -> Refusal:
        """The refusal of another origin or app."""
        status = int(self.choices["origin_refusal_status"])
        return Refusal(status, self.forbidden_text(status, detail))

    def forbidden_text(self, status: int, detail: str) -> str:
        """The sentence of a refusal: that of a 401 is documented, and always the same."""
        return INVALID_KEY if status == 401 else detail
