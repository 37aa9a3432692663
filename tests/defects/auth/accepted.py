"""Servers that accept keys which they should refuse, or need none."""

from collections.abc import Callable
from dataclasses import replace

from mockserver.contract.document import Operation
from mockserver.handling.authentication import Authenticator
from mockserver.http.messages import Request
from mockserver.model.caller import ApiKey, Caller
from mockserver.model.records import Conversation
from mockserver.model.refusal import Refusal
from mockserver.serving.server import WsgiApp
from tests.defects.kit.parts import GET, LIST, MESSAGES, RESOLVE, SEND, Counter, accepting, broken, named_key, sent_key
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


@defect("auth.invalid-key", "auth.altered-key", difficulty=EASY)
def keys_any_key() -> WsgiApp:
    """Whatever is sent as a key is accepted, as long as something is."""
    return broken(
        authenticator=accepting(lambda auth, request, operation: named_key(auth, "server") if sent_key(request) else None)
    )


@defect("auth.missing-key", difficulty=EASY)
def keys_none_needed_to_list() -> WsgiApp:
    """Conversations are listed for whoever asks without a key."""
    return broken(authenticator=accepting(without_any, LIST))


@defect("auth.missing-key", difficulty=MEDIUM)
def keys_none_needed_to_get() -> WsgiApp:
    """A conversation is shown to whoever knows its id and sends no key."""
    return broken(authenticator=accepting(without_any, GET))


@defect("auth.missing-key", difficulty=MEDIUM)
def keys_none_needed_to_read_messages() -> WsgiApp:
    """Messages are shown to whoever knows the conversation's id and sends no key."""
    return broken(authenticator=accepting(without_any, MESSAGES))


@defect("auth.missing-key", "auth.refusal-changes-nothing", difficulty=MEDIUM)
def keys_none_needed_to_send() -> WsgiApp:
    """Messages are accepted without a key."""
    return broken(authenticator=accepting(without_any, SEND))


@defect("auth.missing-key", "auth.refusal-changes-nothing", difficulty=MEDIUM)
def keys_none_needed_to_resolve() -> WsgiApp:
    """A conversation is resolved without a key."""
    return broken(authenticator=accepting(without_any, RESOLVE))


def without_any(auth: Authenticator, request: Request, operation: str) -> ApiKey | None:
    """Return the server key if the request has no key at all."""
    nothing = request.header("X-API-Key") is None and request.header("Authorization") is None
    return named_key(auth, "server") if nothing else None


@defect("auth.invalid-key", difficulty=EASY)
def keys_prefix_only() -> WsgiApp:
    """Whatever begins like a server key is accepted as one."""

    def otherwise(auth: Authenticator, request: Request, operation: str) -> ApiKey | None:
        return named_key(auth, "server") if sent_key(request).startswith("bnc_sv_") else None

    return broken(authenticator=accepting(otherwise))


@defect("auth.invalid-key", difficulty=MEDIUM)
def keys_prefix_only_of_clients() -> WsgiApp:
    """Whatever begins like a client key is accepted as one, since it is public anyway."""

    def otherwise(auth: Authenticator, request: Request, operation: str) -> ApiKey | None:
        return named_key(auth, "client") if sent_key(request).startswith("bnc_cl_") and operation != RESOLVE else None

    return broken(authenticator=accepting(otherwise))


@defect("auth.invalid-key", difficulty=RARE)
def keys_prefix_only_to_get_by_bearer() -> WsgiApp:
    """Getting a conversation looks at the beginning of a key only, when it comes after Bearer."""

    def otherwise(auth: Authenticator, request: Request, operation: str) -> ApiKey | None:
        bearer = request.header("Authorization") or ""
        return named_key(auth, "server") if bearer.startswith("Bearer bnc_sv_") else None

    return broken(authenticator=accepting(otherwise, GET))


@defect("auth.altered-key", difficulty=MEDIUM)
def keys_case_is_ignored() -> WsgiApp:
    """Keys are compared without regard to case, as the database's collation has it."""
    return broken(authenticator=comparing(lambda key, text: key.lower() == text.lower()))


@defect("auth.altered-key", difficulty=RARE)
def keys_case_is_ignored_of_clients() -> WsgiApp:
    """Client keys are compared without regard to case."""
    return broken(authenticator=comparing(lambda key, text: key.startswith("bnc_cl_") and key.lower() == text.lower()))


@defect("auth.altered-key", difficulty=MEDIUM)
def keys_first_characters() -> WsgiApp:
    """Keys are looked up by their first sixteen characters, and the rest is not compared."""
    return broken(authenticator=comparing(lambda key, text: len(text) >= 16 and key[:16] == text[:16]))


@defect("auth.altered-key", difficulty=RARE)
def keys_last_character_is_cut() -> WsgiApp:
    """The column of the key is one character too short: the last character is not compared."""
    return broken(authenticator=comparing(lambda key, text: len(text) >= len(key) - 1 and key[:-1] == text[: len(key) - 1]))


@defect("auth.altered-key", difficulty=MEDIUM)
def keys_longer_ones() -> WsgiApp:
    """A key with something after it is accepted."""
    return broken(authenticator=comparing(lambda key, text: text.startswith(key)))


@defect("auth.altered-key", difficulty=MEDIUM)
def keys_shorter_ones() -> WsgiApp:
    """Half a key is enough: it is looked up by LIKE 'key%'."""
    return broken(authenticator=comparing(lambda key, text: len(text) > 10 and key.startswith(text)))


@defect("auth.altered-key", difficulty=RARE)
def keys_longer_ones_to_read_messages() -> WsgiApp:
    """Listing messages accepts a key with something after it."""
    return broken(authenticator=comparing(lambda key, text: text.startswith(key), MESSAGES))


def comparing(same: Callable[[str, str], bool], *operations: str) -> type[Authenticator]:
    """Return an authenticator that also accepts texts that are the same as a valid key by the measure of `same`."""

    def otherwise(auth: Authenticator, request: Request, operation: str) -> ApiKey | None:
        text = sent_key(request)
        found = (key for key in auth.keys if text and not (key.revoked or key.origins or key.bundle_ids) and same(key.key, text))
        key = next(found, None)
        return None if key and key.tier == "client" and operation == RESOLVE else key

    return accepting(otherwise, *operations)


@defect("auth.invalid-key", difficulty=RARE)
def keys_sql_injection() -> WsgiApp:
    """The key is put into the text of a query, so that a quote in it opens the door."""

    def otherwise(auth: Authenticator, request: Request, operation: str) -> ApiKey | None:
        return named_key(auth, "server") if "' OR '" in sent_key(request) else None

    return broken(authenticator=accepting(otherwise))


@defect("auth.empty-key", difficulty=MEDIUM)
def keys_empty_is_the_first() -> WsgiApp:
    """An empty X-API-Key is taken for a key."""

    def otherwise(auth: Authenticator, request: Request, operation: str) -> ApiKey | None:
        return named_key(auth, "server") if request.header("X-API-Key") == "" else None

    return broken(authenticator=accepting(otherwise))


@defect("auth.empty-key", difficulty=RARE)
def keys_empty_bearer_to_list() -> WsgiApp:
    """Listing conversations accepts Bearer with nothing after it."""

    def otherwise(auth: Authenticator, request: Request, operation: str) -> ApiKey | None:
        return named_key(auth, "server") if (request.header("Authorization") or "").strip() == "Bearer" else None

    return broken(authenticator=accepting(otherwise, LIST))


@defect("auth.revoked-key", difficulty=EASY)
def keys_revoked() -> WsgiApp:
    """Revoked keys go on working."""
    return broken(authenticator=accepting(revoked))


@defect("auth.revoked-key", difficulty=MEDIUM)
def keys_revoked_to_read_messages() -> WsgiApp:
    """Revoked keys go on working for listing messages."""
    return broken(authenticator=accepting(revoked, MESSAGES))


@defect("auth.revoked-key", "auth.refusal-changes-nothing", difficulty=MEDIUM)
def keys_revoked_to_resolve() -> WsgiApp:
    """Revoked keys go on working for resolving."""
    return broken(authenticator=accepting(revoked, RESOLVE))


@defect("auth.revoked-key", difficulty=RARE)
def keys_revoked_by_bearer() -> WsgiApp:
    """Whether a key is revoked is checked for X-API-Key only, and not when it comes after Bearer."""

    def otherwise(auth: Authenticator, request: Request, operation: str) -> ApiKey | None:
        return revoked(auth, request, operation) if request.header("X-API-Key") is None else None

    return broken(authenticator=accepting(otherwise))


@defect("auth.revoked-key", difficulty=RARE)
def keys_revoked_to_get_by_x_api_key() -> WsgiApp:
    """Getting a conversation accepts a revoked key in X-API-Key."""

    def otherwise(auth: Authenticator, request: Request, operation: str) -> ApiKey | None:
        return revoked(auth, request, operation) if request.header("X-API-Key") else None

    return broken(authenticator=accepting(otherwise, GET))


def revoked(auth: Authenticator, request: Request, operation: str) -> ApiKey | None:
    """Return the revoked key as if it were valid."""
    key = auth.keys.get(sent_key(request))
    return replace(key, revoked=False) if key is not None and key.revoked else None


@defect("auth.invalid-key", "auth.altered-key", difficulty=RARE)
def keys_every_ninth_forgery() -> WsgiApp:
    """A cache of keys has collisions: one in nine unknown keys is taken for a known one."""
    counter = Counter()

    def otherwise(auth: Authenticator, request: Request, operation: str) -> ApiKey | None:
        unknown = sent_key(request) and auth.keys.get(sent_key(request)) is None
        return named_key(auth, "server") if unknown and counter.next() % 9 == 0 else None

    return broken(authenticator=accepting(otherwise))


@defect("auth.missing-key", "auth.empty-key", difficulty=RARE)
def keys_remembered_after_a_good_one() -> WsgiApp:
    """Who was let in is kept by conversation: once a key has got one, getting it needs no key any more."""
    seen: set[str] = set()

    class Remembering(Authenticator):
        def authenticate(self, request: Request, operation: Operation) -> Caller:
            try:
                caller = super().authenticate(request, operation)
            except Refusal:
                if operation.id == GET and request.path.get("id") in seen and not sent_key(request):
                    return Caller(named_key(self, "server"), "apiKey")
                raise
            if operation.id == GET:
                seen.add(request.path["id"])
            return caller

    return broken(authenticator=Remembering)


@defect("auth.revoked-key", difficulty=RARE)
def keys_revoked_beside_an_origin() -> WsgiApp:
    """A revoked key goes on working where the request names an Origin."""
    return broken(
        authenticator=accepting(
            lambda auth, request, operation: revoked(auth, request, operation) if request.header("Origin") else None
        )
    )


@defect("auth.altered-key", difficulty=RARE)
def keys_secret_part_in_any_case() -> WsgiApp:
    """A key is found by its first half, as it is written, and the rest of it is compared without its case."""
    return broken(authenticator=comparing(lambda key, sent: sent[:15] == key[:15] and sent.lower() == key.lower()))


@defect("auth.revoked-key", difficulty=RARE)
def keys_revoked_to_get_what_is_closed() -> WsgiApp:
    """Revoked keys go on working for reading closed conversations."""
    return of_some(revoked, lambda found: found.status == "closed", GET)


@defect("auth.missing-key", difficulty=RARE)
def keys_none_needed_to_read_what_was_closed() -> WsgiApp:
    """The messages of closed conversations are shown to whoever sends no key."""
    return of_some(without_any, lambda found: found.status == "closed", MESSAGES)


@defect("auth.missing-key", difficulty=RARE)
def keys_none_needed_to_read_what_is_anonymous() -> WsgiApp:
    """The messages of an anonymous conversation are shown to whoever sends no key: their address is a link to be shared."""
    return of_some(without_any, lambda found: found.requester.anonymous, MESSAGES)


@defect("auth.missing-key", difficulty=RARE)
def keys_none_needed_to_resolve_again() -> WsgiApp:
    """Resolving a conversation that is closed already is answered with 200, as nothing is to be done, to whoever sends no key."""
    return of_some(without_any, lambda found: found.status == "closed", RESOLVE)


def of_some(
    otherwise: Callable[[Authenticator, Request, str], ApiKey | None], concerns: Callable[[Conversation], bool], operation: str
) -> WsgiApp:
    """A server that accepts another key for an operation on some conversations."""

    def accept(auth: Authenticator, request: Request, asked: str) -> ApiKey | None:
        found = app.namespace.store.conversation(request.path.get("id", ""))
        return otherwise(auth, request, asked) if found is not None and concerns(found) else None

    app = broken(authenticator=accepting(accept, operation))
    return app
