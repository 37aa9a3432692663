"""Keys that are accepted in another spelling: with another prefix, in quotation marks, with more before or behind them."""

from collections.abc import Callable

from mockserver.handling.authentication import Authenticator
from mockserver.http.messages import Request
from mockserver.model.caller import ApiKey
from mockserver.serving.server import WsgiApp
from tests.defects.kit.parts import accepting, broken, sent_key
from tests.defects.registry import Difficulty, defect

RARE = Difficulty.RARE


def spelled(*spellings: Callable[[str], str]) -> WsgiApp:
    """Make a server that also accepts keys in these spellings."""

    def otherwise(auth: Authenticator, request: Request, operation: str) -> ApiKey | None:
        text = sent_key(request)
        valid = [key for key in auth.keys if not key.revoked and not key.origins and not key.bundle_ids]
        tiers = ("server",) if operation == "resolveConversation" else ("server", "client")
        return next((key for key in valid if key.tier in tiers and any(spell(key.key) == text for spell in spellings)), None)

    return broken(authenticator=accepting(otherwise))


@defect("auth.altered-key", difficulty=RARE)
def keys_prefix_in_any_case() -> WsgiApp:
    """The prefix of a key is compared without regard to case, and the rest exactly."""
    return spelled(lambda key: key[:7].upper() + key[7:])


@defect("auth.altered-key", difficulty=RARE)
def keys_prefix_optional() -> WsgiApp:
    """A key is looked up by what follows its prefix, which may be missing."""
    return spelled(lambda key: key[7:])


@defect("auth.altered-key", difficulty=RARE)
def keys_found_at_the_end() -> WsgiApp:
    """A key is accepted with a letter before it."""
    return spelled(lambda key: f"x{key}")


@defect("auth.altered-key", difficulty=RARE)
def keys_until_a_colon() -> WsgiApp:
    """What follows a colon or a dot behind a key is not looked at."""
    return spelled(lambda key: f"{key}:x", lambda key: f"{key}.x")


@defect("auth.malformed-authorization", "auth.altered-key", difficulty=RARE)
def keys_in_quotation_marks() -> WsgiApp:
    """A key is accepted in quotation marks."""
    return spelled(lambda key: f'"{key}"')


@defect("auth.altered-key", difficulty=RARE)
def keys_without_what_fills_up() -> WsgiApp:
    """Equals signs and hyphens at the end of a key are not looked at."""
    return spelled(lambda key: f"{key}=", lambda key: f"{key}-")


@defect("auth.altered-key", difficulty=RARE)
def keys_after_bearer_in_the_other_header() -> WsgiApp:
    """In X-API-Key, too, the word Bearer may stand before the key."""
    return spelled(lambda key: f"Bearer {key}")


@defect("auth.altered-key", difficulty=RARE)
def keys_of_either_alphabet() -> WsgiApp:
    """Hyphens and underscores in a key, behind its prefix, are the same."""
    return spelled(lambda key: key[:7] + key[7:].translate(str.maketrans("_-", "-_")))


@defect("auth.altered-key", difficulty=RARE)
def keys_whose_end_ignores_case() -> WsgiApp:
    """The last eight characters of a key are compared without regard to case."""
    return spelled(lambda key: key[:-8] + key[-8:].swapcase())
