"""Servers that read the header Authorization wrongly."""

import base64
from collections.abc import Callable
from dataclasses import replace

from broken_servers.registry import Difficulty, defect
from broken_servers.seams import LIST, accepting, broken, named_key
from mockserver.answers import Call
from mockserver.auth import Authenticator, Caller
from mockserver.contract import KeyScheme, Operation
from mockserver.keys import ApiKey
from mockserver.server import WsgiApp

EASY, MEDIUM, RARE = Difficulty


@defect("keys-without-bearer", "auth.malformed-authorization", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The key may stand in Authorization by itself."""
    return broken(authenticator=reading(lambda value: value))


@defect("keys-after-any-scheme", "auth.other-scheme", difficulty=EASY)
def _() -> WsgiApp:
    """Any word may stand before the key in Authorization."""
    return broken(authenticator=reading(lambda value: value.partition(" ")[2].strip()))


@defect("keys-after-token", "auth.other-scheme", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Token is accepted like Bearer, as the framework's own keys are sent."""
    return broken(authenticator=reading(lambda value: value.removeprefix("Token ") if value.startswith("Token ") else ""))


@defect("keys-by-basic", "auth.other-scheme", difficulty=RARE)
def _() -> WsgiApp:
    """The key is accepted as the user name of Basic, too."""

    def read(value: str) -> str:
        if not value.startswith("Basic "):
            return ""
        try:
            return base64.b64decode(value[6:]).decode().partition(":")[0]
        except ValueError:
            return ""

    return broken(authenticator=reading(read))


@defect("keys-anywhere-in-authorization", "auth.malformed-authorization", "auth.other-scheme", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The last word of Authorization is the key, whatever stands before it."""
    return broken(authenticator=reading(lambda value: value.split()[-1] if value.split() else ""))


@defect("keys-first-word-after-bearer", "auth.malformed-authorization", difficulty=RARE)
def _() -> WsgiApp:
    """Of several words after Bearer, the first is taken."""

    def read(value: str) -> str:
        words = value.split()
        return words[1] if len(words) > 2 and words[0] == "Bearer" else ""

    return broken(authenticator=reading(read))


def reading(read: Callable[[str], str]) -> type[Authenticator]:
    """An authenticator that reads Authorization in another way, where it finds no key in the documented one."""

    class Reading(Authenticator):
        def key_from_header(self, scheme: KeyScheme, call: Call) -> str | None:
            text = super().key_from_header(scheme, call)
            if scheme.prefix is None or (text and self.keys.get(text)):
                return text
            return read(call.header(scheme.header) or "") or text

    return Reading


@defect("keys-bearer-is-case-folded", "auth.altered-key", difficulty=RARE)
def _() -> WsgiApp:
    """The whole of Authorization is lowered before it is compared, and the keys with it."""

    def otherwise(auth: Authenticator, call: Call, operation: str) -> ApiKey | None:
        text = (call.header("Authorization") or "").lower().removeprefix("bearer ")
        return next((key for key in auth.keys if key.name == "server" and key.key.lower() == text), None)

    return broken(authenticator=accepting(otherwise))


@defect("keys-other-organisations-bearer", "isolation.list", difficulty=RARE)
def _() -> WsgiApp:
    """Which organisation calls is taken from X-API-Key; after Bearer it is always the first one."""

    class First(Authenticator):
        def authenticate(self, call: Call, operation: Operation) -> Caller:
            caller = super().authenticate(call, operation)
            if caller.scheme == "apiKey" or operation.id != LIST:
                return caller
            return caller._replace(key=replace(caller.key, organisation=named_key(self, "server").organisation))

    return broken(authenticator=First)


@defect("keys-bearer-with-a-colon", "auth.malformed-authorization", difficulty=RARE)
def _() -> WsgiApp:
    """A colon may stand after Bearer."""
    return broken(authenticator=reading(lambda value: value.removeprefix("Bearer: ") if value.startswith("Bearer: ") else ""))


@defect("keys-bearer-without-a-space", "auth.malformed-authorization", difficulty=RARE)
def _() -> WsgiApp:
    """Bearer is taken off the front, and a space only where there is one."""
    return broken(authenticator=reading(lambda value: value[6:].strip() if value.startswith("Bearer") else ""))


@defect("keys-after-api-key", "auth.other-scheme", difficulty=RARE)
def _() -> WsgiApp:
    """ApiKey is accepted like Bearer."""
    return broken(authenticator=reading(lambda value: value.removeprefix("ApiKey ") if value.startswith("ApiKey ") else ""))


@defect("keys-by-basic-as-the-password", "auth.other-scheme", difficulty=RARE)
def _() -> WsgiApp:
    """The key is accepted as the password of Basic, whoever the user is."""

    def read(value: str) -> str:
        try:
            return base64.b64decode(value[6:]).decode().partition(":")[2] if value.startswith("Basic ") else ""
        except ValueError:
            return ""

    return broken(authenticator=reading(read))


@defect("keys-twice-after-bearer", "auth.malformed-authorization", difficulty=RARE)
def _() -> WsgiApp:
    """After Bearer, the same key may stand twice: words are gathered in a set."""

    def read(value: str) -> str:
        words = value.split()
        return words[1] if words[:1] == ["Bearer"] and len(words) == 3 and words[1] == words[2] else ""

    return broken(authenticator=reading(read))
