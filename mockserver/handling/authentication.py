"""Who is calling: a request and its operation become a Caller or a refusal."""

from mockserver.contract.choices import Choices
from mockserver.contract.document import KeyScheme, Operation
from mockserver.http.messages import Request
from mockserver.keys.model import KeyRing
from mockserver.model.caller import ApiKey, Caller
from mockserver.model.refusal import Kind, Refusal, invalid_key

BUNDLE_HEADER = "X-Bundle-Id"
"""Which header carries a bundle id is not documented; this one is our choice."""


class Authenticator:
    """Checks the key of a request. Each rule has a method of its own, which a subclass may replace."""

    def __init__(self, schemes: tuple[KeyScheme, ...], keys: KeyRing, choices: Choices) -> None:
        self.schemes = schemes
        self.keys = keys
        self.choices = choices

    def authenticate(self, request: Request, operation: Operation) -> Caller:
        """The caller. Raises Refusal for a missing, unknown or revoked key, a forbidden place, or a tier that may not call."""
        text, scheme = self.presented(request)
        key = self.look_up(text)
        if key is None or self.is_revoked(key):
            raise invalid_key(Kind.UNKNOWN_KEY if key is None else Kind.REVOKED_KEY)
        self.check_origin(key, request)
        self.check_bundle(key, request)
        self.check_tier(key, scheme, operation)
        return Caller(key, scheme)

    def presented(self, request: Request) -> tuple[str, str]:
        """The first text sent as a key that is not empty, and the name of its scheme. Raises Refusal if there is none."""
        for scheme in self.schemes:
            text = self.key_from_header(scheme, request)
            if text:
                return text, scheme.name
        raise invalid_key(self.why_no_key(request))

    def why_no_key(self, request: Request) -> Kind:
        """What is wrong with a request that carries no key."""
        sent = [(scheme, value) for scheme in self.schemes if (value := request.header(scheme.header)) is not None]
        for scheme, value in sent:
            name, _, rest = value.strip(" ").partition(" ")
            if scheme.prefix is not None and value.strip(" ") and name.lower() != scheme.prefix.lower():
                return Kind.OTHER_SCHEME if rest else Kind.MALFORMED_AUTHORIZATION
        return Kind.EMPTY_KEY if sent else Kind.MISSING_KEY

    def key_from_header(self, scheme: KeyScheme, request: Request) -> str | None:
        """What the request carries by this scheme, or None."""
        value = request.header(scheme.header)
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
            raise Refusal(Kind.FORBIDDEN_TIER, f"A {key.tier} key may not do this.")

    def check_origin(self, key: ApiKey, request: Request) -> None:
        """Raise Refusal if the key is restricted to origins and the request comes from another."""
        if not key.origins:
            return
        origin = request.header("Origin")
        allowed = self.choices.takes("missing_origin", "accept") if origin is None else self.origin_matches(key, origin)
        if not allowed:
            kind = Kind.MISSING_ORIGIN if origin is None else Kind.OTHER_ORIGIN
            raise Refusal(kind, "This key may not be used from this origin.")

    def origin_matches(self, key: ApiKey, origin: str) -> bool:
        """Whether the key may be used from the origin."""
        return origin in key.origins

    def check_bundle(self, key: ApiKey, request: Request) -> None:
        """Raise Refusal if the key is restricted to app bundles and the request names no such one."""
        if key.bundle_ids and request.header(BUNDLE_HEADER) not in key.bundle_ids:
            raise Refusal(Kind.OTHER_APP, "This key may not be used from this app.")


def sent_key(authenticator: Authenticator, request: Request) -> ApiKey | None:
    """Return the key that a request was sent with, whatever it may do; None if there is no such key."""
    try:
        return authenticator.look_up(authenticator.presented(request)[0])
    except Refusal:
        return None
