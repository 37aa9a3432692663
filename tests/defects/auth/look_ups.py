"""Servers whose look-up finds a key for a text that is none: words, wildcards, other spellings, or just the first key."""

from mockserver.handling.authentication import Authenticator
from mockserver.http.messages import Request
from mockserver.model.caller import ApiKey
from mockserver.serving.server import WsgiApp
from tests.defects.auth.accepted import comparing
from tests.defects.kit.parts import EVERYWHERE, GET, LIST, RESOLVE, accepting, broken, named_key, sent_key
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


def for_words(*words: str, operations: tuple[str, ...] = EVERYWHERE) -> WsgiApp:
    """A server that takes certain words for a key."""

    def otherwise(auth: Authenticator, request: Request, operation: str) -> ApiKey | None:
        return named_key(auth, "server") if sent_key(request) in words else None

    return broken(authenticator=accepting(otherwise, *operations))


@defect("auth.invalid-key", difficulty=RARE)
def keys_words_of_every_object() -> WsgiApp:
    """Keys are members of an object, and every object has a constructor, a toString and a __proto__."""
    return for_words("constructor", "toString", "__proto__", "valueOf", "hasOwnProperty")


@defect("auth.invalid-key", difficulty=RARE)
def keys_proto_only_to_get() -> WsgiApp:
    """Getting a conversation finds a key called __proto__."""
    return for_words("__proto__", operations=(GET,))


@defect("auth.invalid-key", difficulty=RARE)
def keys_null() -> WsgiApp:
    """The word null, which careless clients send, is the key of whoever has none."""
    return for_words("null", "undefined", "None")


@defect("auth.altered-key", difficulty=RARE)
def keys_separators_exchanged() -> WsgiApp:
    """Keys are compared with all their dashes and underscores as one character, as some tables of URLs have it."""
    return broken(authenticator=comparing(lambda key, text: key.replace("_", "-") == text.replace("_", "-")))


@defect("auth.altered-key", difficulty=RARE)
def keys_separators_exchanged_to_list() -> WsgiApp:
    """Listing conversations looks a key up by LIKE, in which an underscore is any character."""
    wild = comparing(lambda key, text: len(key) == len(text) and all(a in (b, "_") for a, b in zip(key, text, strict=True)), LIST)
    return broken(authenticator=wild)


@defect("auth.altered-key", difficulty=RARE)
def keys_last_four_characters() -> WsgiApp:
    """Of a key, the prefix and what the page of settings shows of it are compared: its last four characters."""

    def same(key: str, text: str) -> bool:
        return key != text and len(key) == len(text) and (key[:7], key[-4:]) == (text[:7], text[-4:])

    return broken(authenticator=comparing(same))


@defect("auth.altered-key", difficulty=RARE)
def keys_last_half() -> WsgiApp:
    """Of a key, the prefix and the last half are compared."""

    def same(key: str, text: str) -> bool:
        return key != text and len(key) == len(text) and key[:7] == text[:7] and key[len(key) // 2 :] == text[len(key) // 2 :]

    return broken(authenticator=comparing(same))


@defect("auth.altered-key", difficulty=RARE)
def keys_of_either_prefix() -> WsgiApp:
    """The prefix is cut off a key before it is looked up, whichever of the two it is."""
    return broken(authenticator=comparing(lambda key, text: text.startswith(("bnc_sv_", "bnc_cl_")) and key[7:] == text[7:]))


@defect("auth.altered-key", "auth.invalid-key", difficulty=RARE)
def keys_prefix_is_the_tier() -> WsgiApp:
    """The prefix tells the tier and the rest is looked up: a client key with the prefix of servers is a server key."""

    def otherwise(auth: Authenticator, request: Request, operation: str) -> ApiKey | None:
        tail = named_key(auth, "client").key.removeprefix("bnc_cl_")
        return named_key(auth, "server") if sent_key(request) == f"bnc_sv_{tail}" else None

    return broken(authenticator=accepting(otherwise))


@defect("auth.invalid-key", "auth.altered-key", difficulty=RARE)
def keys_accepted_until_checked() -> WsgiApp:
    """Keys are checked in the background: one that nobody has is accepted the first time and refused from then on."""
    seen: set[str] = set()

    def otherwise(auth: Authenticator, request: Request, operation: str) -> ApiKey | None:
        text = sent_key(request)
        first = bool(text) and text not in seen and auth.keys.get(text) is None
        seen.add(text)
        return named_key(auth, "server") if first else None

    return broken(authenticator=accepting(otherwise))


@defect("auth.altered-key", difficulty=RARE)
def keys_one_character_less_to_resolve() -> WsgiApp:
    """Resolving takes a key whose last character is missing."""
    return broken(authenticator=comparing(lambda key, text: len(text) == len(key) - 1 and key.startswith(text), RESOLVE))


@defect("auth.altered-key", difficulty=RARE)
def keys_by_a_sum() -> WsgiApp:
    """Keys are compared by the sum of their characters in lower case, whatever their order."""

    def summed(text: str) -> int:
        return sum(text.lower().encode("utf-8", "replace")) % 65_536

    return broken(authenticator=comparing(lambda key, text: summed(key) == summed(text)))


@defect("auth.altered-key", difficulty=RARE)
def keys_percent_is_any_tail() -> WsgiApp:
    """A key is looked up by LIKE, in which a percent sign is any tail."""
    return broken(
        authenticator=comparing(lambda key, text: len(text) > 8 and text.endswith("%") and key.startswith(text.removesuffix("%")))
    )


@defect("auth.altered-key", difficulty=RARE)
def keys_in_a_list() -> WsgiApp:
    """X-API-Key is taken for a list with commas, one of which is enough."""
    return broken(authenticator=comparing(lambda key, text: "," in text and key in text.split(",")))


@defect("auth.altered-key", difficulty=RARE)
def keys_up_to_a_blank() -> WsgiApp:
    """Of what is sent as a key, what comes before a blank is looked at."""
    return broken(authenticator=comparing(lambda key, text: " " in text and text.split(" ")[0] == key))
