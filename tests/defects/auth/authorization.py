"""Servers that read the header Authorization wrongly."""

import base64
from collections.abc import Callable
from dataclasses import replace

from mockserver.contract.document import KeyScheme, Operation
from mockserver.handling.authentication import Authenticator
from mockserver.http.messages import Request
from mockserver.model.caller import ApiKey, Caller
from mockserver.serving.server import WsgiApp
from tests.defects.kit.parts import LIST, accepting, broken, named_key
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


@defect("auth.malformed-authorization", difficulty=MEDIUM)
def keys_without_bearer() -> WsgiApp:
    """The key may stand in Authorization by itself."""
    return broken(authenticator=reading(lambda value: value))


@defect("auth.other-scheme", difficulty=EASY)
def keys_after_any_scheme() -> WsgiApp:
    """Any word may stand before the key in Authorization."""
    return broken(authenticator=reading(lambda value: value.partition(" ")[2].strip()))


@defect("auth.other-scheme", difficulty=MEDIUM)
def keys_after_token() -> WsgiApp:
    """Token is accepted like Bearer, as the framework's own keys are sent."""
    return broken(authenticator=reading(lambda value: value.removeprefix("Token ") if value.startswith("Token ") else ""))


@defect("auth.other-scheme", difficulty=RARE)
def keys_by_basic() -> WsgiApp:
    """The key is accepted as the user name of Basic, too."""

    def read(value: str) -> str:
        if not value.startswith("Basic "):
            return ""
        try:
            return base64.b64decode(value[6:]).decode().partition(":")[0]
        except ValueError:
            return ""

    return broken(authenticator=reading(read))


@defect("auth.malformed-authorization", "auth.other-scheme", difficulty=MEDIUM)
def keys_anywhere_in_authorization() -> WsgiApp:
    """The last word of Authorization is the key, whatever stands before it."""
    return broken(authenticator=reading(lambda value: value.split()[-1] if value.split() else ""))


@defect("auth.malformed-authorization", difficulty=RARE)
def keys_first_word_after_bearer() -> WsgiApp:
    """Of several words after Bearer, the first is taken."""

    def read(value: str) -> str:
        words = value.split()
        return words[1] if len(words) > 2 and words[0] == "Bearer" else ""

    return broken(authenticator=reading(read))


def reading(read: Callable[[str], str]) -> type[Authenticator]:
    """Return an authenticator that reads Authorization in another way if the documented way finds no key."""

    class Reading(Authenticator):
        def key_from_header(self, scheme: KeyScheme, request: Request) -> str | None:
            text = super().key_from_header(scheme, request)
            if scheme.prefix is None or (text and self.keys.get(text)):
                return text
            return read(request.header(scheme.header) or "") or text

    return Reading


@defect("auth.altered-key", difficulty=RARE)
def keys_bearer_is_case_folded() -> WsgiApp:
    """The whole of Authorization is lowered before it is compared, and the keys with it."""

    def otherwise(auth: Authenticator, request: Request, operation: str) -> ApiKey | None:
        text = (request.header("Authorization") or "").lower().removeprefix("bearer ")
        return next((key for key in auth.keys if key.name == "server" and key.key.lower() == text), None)

    return broken(authenticator=accepting(otherwise))


@defect("isolation.list", difficulty=RARE)
def keys_other_organisations_bearer() -> WsgiApp:
    """Which organisation calls is taken from X-API-Key; after Bearer it is always the first one."""

    class First(Authenticator):
        def authenticate(self, request: Request, operation: Operation) -> Caller:
            caller = super().authenticate(request, operation)
            if caller.scheme == "apiKey" or operation.id != LIST:
                return caller
            return caller._replace(key=replace(caller.key, organisation=named_key(self, "server").organisation))

    return broken(authenticator=First)


@defect("auth.malformed-authorization", difficulty=RARE)
def keys_bearer_with_a_colon() -> WsgiApp:
    """A colon may stand after Bearer."""
    return broken(authenticator=reading(lambda value: value.removeprefix("Bearer: ") if value.startswith("Bearer: ") else ""))


@defect("auth.malformed-authorization", difficulty=RARE)
def keys_bearer_without_a_space() -> WsgiApp:
    """Bearer is taken off the front, and a space only where there is one."""
    return broken(authenticator=reading(lambda value: value[6:].strip() if value.startswith("Bearer") else ""))


@defect("auth.other-scheme", difficulty=RARE)
def keys_after_api_key() -> WsgiApp:
    """ApiKey is accepted like Bearer."""
    return broken(authenticator=reading(lambda value: value.removeprefix("ApiKey ") if value.startswith("ApiKey ") else ""))


@defect("auth.other-scheme", difficulty=RARE)
def keys_by_basic_as_the_password() -> WsgiApp:
    """The key is accepted as the password of Basic, whoever the user is."""

    def read(value: str) -> str:
        try:
            return base64.b64decode(value[6:]).decode().partition(":")[2] if value.startswith("Basic ") else ""
        except ValueError:
            return ""

    return broken(authenticator=reading(read))


@defect("auth.malformed-authorization", difficulty=RARE)
def keys_twice_after_bearer() -> WsgiApp:
    """After Bearer, the same key may stand twice: words are gathered in a set."""

    def read(value: str) -> str:
        words = value.split()
        return words[1] if words[:1] == ["Bearer"] and len(words) == 3 and words[1] == words[2] else ""

    return broken(authenticator=reading(read))
