"""Keys that are accepted in another spelling: with another prefix, in quotation marks, with more before or behind them."""

from collections.abc import Callable

from broken_servers.registry import Difficulty, defect
from broken_servers.seams import accepting, broken, sent_key
from mockserver.answers import Call
from mockserver.auth import Authenticator
from mockserver.keys import ApiKey
from mockserver.server import WsgiApp

RARE = Difficulty.RARE


def spelled(*spellings: Callable[[str], str]) -> WsgiApp:
    """A server that accepts a key also where it is spelled so."""

    def otherwise(auth: Authenticator, call: Call, operation: str) -> ApiKey | None:
        text = sent_key(call)
        valid = [key for key in auth.keys if not key.revoked and not key.origins and not key.bundle_ids]
        tiers = ("server",) if operation == "resolveConversation" else ("server", "client")
        return next((key for key in valid if key.tier in tiers and any(spell(key.key) == text for spell in spellings)), None)

    return broken(authenticator=accepting(otherwise))


@defect("keys-prefix-in-any-case", "auth.altered-key", difficulty=RARE)
def _() -> WsgiApp:
    """The prefix of a key is compared without regard to case, and the rest exactly."""
    return spelled(lambda key: key[:7].upper() + key[7:])


@defect("keys-prefix-optional", "auth.altered-key", difficulty=RARE)
def _() -> WsgiApp:
    """A key is looked up by what follows its prefix, which may be missing."""
    return spelled(lambda key: key[7:])


@defect("keys-found-at-the-end", "auth.altered-key", difficulty=RARE)
def _() -> WsgiApp:
    """A key is accepted with a letter before it."""
    return spelled(lambda key: f"x{key}")


@defect("keys-until-a-colon", "auth.altered-key", difficulty=RARE)
def _() -> WsgiApp:
    """What follows a colon or a dot behind a key is not looked at."""
    return spelled(lambda key: f"{key}:x", lambda key: f"{key}.x")


@defect("keys-in-quotation-marks", "auth.malformed-authorization", "auth.altered-key", difficulty=RARE)
def _() -> WsgiApp:
    """A key is accepted in quotation marks."""
    return spelled(lambda key: f'"{key}"')
