"""Servers that accept keys which they should refuse, or need none."""

from collections.abc import Callable
from dataclasses import replace

from broken_servers.registry import Difficulty, defect
from broken_servers.seams import GET, LIST, MESSAGES, RESOLVE, SEND, Counter, accepting, broken, named_key, sent_key
from mockserver.answers import Call
from mockserver.auth import Authenticator, Caller
from mockserver.contract import Operation
from mockserver.keys import ApiKey
from mockserver.problems import Refusal
from mockserver.server import WsgiApp

EASY, MEDIUM, RARE = Difficulty


@defect("keys-any-key", "auth.invalid-key", "auth.altered-key", difficulty=EASY)
def _() -> WsgiApp:
    """Whatever is sent as a key is accepted, as long as something is."""
    return broken(authenticator=accepting(lambda auth, call, operation: named_key(auth, "server") if sent_key(call) else None))


@defect("keys-none-needed-to-list", "auth.missing-key", difficulty=EASY)
def _() -> WsgiApp:
    """Conversations are listed for whoever asks without a key."""
    return broken(authenticator=accepting(without_any, LIST))


@defect("keys-none-needed-to-get", "auth.missing-key", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A conversation is shown to whoever knows its id and sends no key."""
    return broken(authenticator=accepting(without_any, GET))


@defect("keys-none-needed-to-read-messages", "auth.missing-key", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Messages are shown to whoever knows the conversation's id and sends no key."""
    return broken(authenticator=accepting(without_any, MESSAGES))


@defect("keys-none-needed-to-send", "auth.missing-key", "auth.refusal-changes-nothing", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Messages are accepted without a key."""
    return broken(authenticator=accepting(without_any, SEND))


@defect("keys-none-needed-to-resolve", "auth.missing-key", "auth.refusal-changes-nothing", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A conversation is resolved without a key."""
    return broken(authenticator=accepting(without_any, RESOLVE))


def without_any(auth: Authenticator, call: Call, operation: str) -> ApiKey | None:
    """The server key for whoever sends nothing."""
    nothing = call.header("X-API-Key") is None and call.header("Authorization") is None
    return named_key(auth, "server") if nothing else None


@defect("keys-prefix-only", "auth.invalid-key", difficulty=EASY)
def _() -> WsgiApp:
    """Whatever begins like a server key is accepted as one."""

    def otherwise(auth: Authenticator, call: Call, operation: str) -> ApiKey | None:
        return named_key(auth, "server") if sent_key(call).startswith("bnc_sv_") else None

    return broken(authenticator=accepting(otherwise))


@defect("keys-prefix-only-of-clients", "auth.invalid-key", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Whatever begins like a client key is accepted as one, since it is public anyway."""

    def otherwise(auth: Authenticator, call: Call, operation: str) -> ApiKey | None:
        return named_key(auth, "client") if sent_key(call).startswith("bnc_cl_") and operation != RESOLVE else None

    return broken(authenticator=accepting(otherwise))


@defect("keys-prefix-only-to-get-by-bearer", "auth.invalid-key", difficulty=RARE)
def _() -> WsgiApp:
    """Getting a conversation looks at the beginning of a key only, when it comes after Bearer."""

    def otherwise(auth: Authenticator, call: Call, operation: str) -> ApiKey | None:
        bearer = call.header("Authorization") or ""
        return named_key(auth, "server") if bearer.startswith("Bearer bnc_sv_") else None

    return broken(authenticator=accepting(otherwise, GET))


@defect("keys-case-is-ignored", "auth.altered-key", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Keys are compared without regard to case, as the database's collation has it."""
    return broken(authenticator=comparing(lambda key, text: key.lower() == text.lower()))


@defect("keys-case-is-ignored-of-clients", "auth.altered-key", difficulty=RARE)
def _() -> WsgiApp:
    """Client keys are compared without regard to case."""
    return broken(authenticator=comparing(lambda key, text: key.startswith("bnc_cl_") and key.lower() == text.lower()))


@defect("keys-first-characters", "auth.altered-key", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Keys are looked up by their first sixteen characters, and the rest is not compared."""
    return broken(authenticator=comparing(lambda key, text: len(text) >= 16 and key[:16] == text[:16]))


@defect("keys-last-character-is-cut", "auth.altered-key", difficulty=RARE)
def _() -> WsgiApp:
    """The column of the key is one character too short: the last character is not compared."""
    return broken(authenticator=comparing(lambda key, text: len(text) >= len(key) - 1 and key[:-1] == text[: len(key) - 1]))


@defect("keys-longer-ones", "auth.altered-key", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A key with something after it is accepted."""
    return broken(authenticator=comparing(lambda key, text: text.startswith(key)))


@defect("keys-shorter-ones", "auth.altered-key", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Half a key is enough: it is looked up by LIKE 'key%'."""
    return broken(authenticator=comparing(lambda key, text: len(text) > 10 and key.startswith(text)))


@defect("keys-longer-ones-to-read-messages", "auth.altered-key", difficulty=RARE)
def _() -> WsgiApp:
    """Listing messages accepts a key with something after it."""
    return broken(authenticator=comparing(lambda key, text: text.startswith(key), MESSAGES))


def comparing(same: Callable[[str, str], bool], *operations: str) -> type[Authenticator]:
    """An authenticator that accepts, besides valid keys, what is the same as one of them by some measure."""

    def otherwise(auth: Authenticator, call: Call, operation: str) -> ApiKey | None:
        text = sent_key(call)
        found = (key for key in auth.keys if text and not (key.revoked or key.origins or key.bundle_ids) and same(key.key, text))
        key = next(found, None)
        return None if key and key.tier == "client" and operation == RESOLVE else key

    return accepting(otherwise, *operations)


@defect("keys-sql-injection", "auth.invalid-key", difficulty=RARE)
def _() -> WsgiApp:
    """The key is put into the text of a query, so that a quote in it opens the door."""

    def otherwise(auth: Authenticator, call: Call, operation: str) -> ApiKey | None:
        return named_key(auth, "server") if "' OR '" in sent_key(call) else None

    return broken(authenticator=accepting(otherwise))


@defect("keys-empty-is-the-first", "auth.empty-key", difficulty=MEDIUM)
def _() -> WsgiApp:
    """An empty X-API-Key is taken for a key."""

    def otherwise(auth: Authenticator, call: Call, operation: str) -> ApiKey | None:
        return named_key(auth, "server") if call.header("X-API-Key") == "" else None

    return broken(authenticator=accepting(otherwise))


@defect("keys-empty-bearer-to-list", "auth.empty-key", difficulty=RARE)
def _() -> WsgiApp:
    """Listing conversations accepts Bearer with nothing after it."""

    def otherwise(auth: Authenticator, call: Call, operation: str) -> ApiKey | None:
        return named_key(auth, "server") if (call.header("Authorization") or "").strip() == "Bearer" else None

    return broken(authenticator=accepting(otherwise, LIST))


@defect("keys-revoked", "auth.revoked-key", difficulty=EASY)
def _() -> WsgiApp:
    """Revoked keys go on working."""
    return broken(authenticator=accepting(revoked))


@defect("keys-revoked-to-read-messages", "auth.revoked-key", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Revoked keys go on working for listing messages."""
    return broken(authenticator=accepting(revoked, MESSAGES))


@defect("keys-revoked-to-resolve", "auth.revoked-key", "auth.refusal-changes-nothing", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Revoked keys go on working for resolving."""
    return broken(authenticator=accepting(revoked, RESOLVE))


@defect("keys-revoked-by-bearer", "auth.revoked-key", difficulty=RARE)
def _() -> WsgiApp:
    """Whether a key is revoked is checked for X-API-Key only, and not when it comes after Bearer."""

    def otherwise(auth: Authenticator, call: Call, operation: str) -> ApiKey | None:
        return revoked(auth, call, operation) if call.header("X-API-Key") is None else None

    return broken(authenticator=accepting(otherwise))


@defect("keys-revoked-to-get-by-x-api-key", "auth.revoked-key", difficulty=RARE)
def _() -> WsgiApp:
    """Getting a conversation accepts a revoked key in X-API-Key."""

    def otherwise(auth: Authenticator, call: Call, operation: str) -> ApiKey | None:
        return revoked(auth, call, operation) if call.header("X-API-Key") else None

    return broken(authenticator=accepting(otherwise, GET))


def revoked(auth: Authenticator, call: Call, operation: str) -> ApiKey | None:
    """The revoked key, as if it were not."""
    key = auth.keys.get(sent_key(call))
    return replace(key, revoked=False) if key is not None and key.revoked else None


@defect("keys-every-ninth-forgery", "auth.invalid-key", "auth.altered-key", difficulty=RARE)
def _() -> WsgiApp:
    """A cache of keys has collisions: one in nine unknown keys is taken for a known one."""
    counter = Counter()

    def otherwise(auth: Authenticator, call: Call, operation: str) -> ApiKey | None:
        unknown = sent_key(call) and auth.keys.get(sent_key(call)) is None
        return named_key(auth, "server") if unknown and counter.next() % 9 == 0 else None

    return broken(authenticator=accepting(otherwise))


@defect("keys-remembered-after-a-good-one", "auth.missing-key", "auth.empty-key", difficulty=RARE)
def _() -> WsgiApp:
    """Who was let in is kept by conversation: once a key has got one, getting it needs no key any more."""
    seen: set[str] = set()

    class Remembering(Authenticator):
        def authenticate(self, call: Call, operation: Operation) -> Caller:
            try:
                caller = super().authenticate(call, operation)
            except Refusal:
                if operation.id == GET and call.path.get("id") in seen and not sent_key(call):
                    return Caller(named_key(self, "server"), "apiKey")
                raise
            if operation.id == GET:
                seen.add(call.path["id"])
            return caller

    return broken(authenticator=Remembering)
