"""Servers that are wrong about keys: which are accepted, how they may be sent, what a refusal says, and that it refuses."""

import base64
from collections.abc import Callable
from dataclasses import replace

import orjson

from broken_servers.registry import Difficulty, defect
from broken_servers.seams import (
    CREATE,
    EVERYWHERE,
    GET,
    LIST,
    MESSAGES,
    RESOLVE,
    SEND,
    Counter,
    accepting,
    broken,
    done_although,
    named_key,
    refusing,
    rejecting,
    sent_key,
)
from mockserver.answers import Answer, Call
from mockserver.auth import Authenticator, Caller
from mockserver.contract import KeyScheme, Operation
from mockserver.keys import ApiKey
from mockserver.pipeline import Pipeline
from mockserver.problems import Refusal, invalid_key
from mockserver.server import WsgiApp

EASY, MEDIUM, RARE = Difficulty

# --- valid keys that are refused --------------------------------------------------------------------------------------------------


@defect("keys-no-bearer", "auth.bearer", difficulty=EASY)
def _() -> WsgiApp:
    """The header Authorization is not looked at."""
    return broken(authenticator=rejecting(lambda caller, call, operation: caller.scheme != "apiKey"))


@defect("keys-no-x-api-key", "auth.x-api-key", difficulty=EASY)
def _() -> WsgiApp:
    """The header X-API-Key is not looked at."""
    return broken(authenticator=rejecting(lambda caller, call, operation: caller.scheme == "apiKey"))


@defect("keys-bearer-not-on-create", "auth.bearer", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Creating a conversation takes the key from X-API-Key only."""
    return broken(authenticator=rejecting(lambda caller, call, operation: caller.scheme != "apiKey", CREATE))


@defect("keys-bearer-not-on-resolve", "auth.bearer", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Resolving takes the key from X-API-Key only."""
    return broken(authenticator=rejecting(lambda caller, call, operation: caller.scheme != "apiKey", RESOLVE))


@defect("keys-bearer-not-for-clients-on-messages", "auth.bearer", "auth.client-operations", difficulty=RARE)
def _() -> WsgiApp:
    """The messages of a conversation cannot be listed with a client key after Bearer."""
    return broken(
        authenticator=rejecting(lambda caller, call, operation: caller.scheme != "apiKey" and caller.key.tier == "client", MESSAGES)
    )


@defect("keys-x-api-key-not-for-clients-on-send", "auth.x-api-key", "auth.client-operations", difficulty=RARE)
def _() -> WsgiApp:
    """A message cannot be sent with a client key in X-API-Key."""
    return broken(
        authenticator=rejecting(lambda caller, call, operation: caller.scheme == "apiKey" and caller.key.tier == "client", SEND)
    )


@defect("keys-x-api-key-not-on-messages", "auth.x-api-key", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The messages of a conversation can be listed with a key after Bearer only."""
    return broken(authenticator=rejecting(lambda caller, call, operation: caller.scheme == "apiKey", MESSAGES))


@defect("keys-client-may-not-list", "auth.client-operations", difficulty=EASY)
def _() -> WsgiApp:
    """Listing conversations takes server keys only."""
    return broken(authenticator=rejecting(lambda caller, call, operation: caller.key.tier == "client", LIST))


@defect("keys-client-may-not-read-messages", "auth.client-operations", difficulty=EASY)
def _() -> WsgiApp:
    """Listing messages takes server keys only."""
    return broken(authenticator=rejecting(lambda caller, call, operation: caller.key.tier == "client", MESSAGES))


@defect("keys-client-may-not-create", "auth.client-operations", difficulty=EASY)
def _() -> WsgiApp:
    """Creating a conversation takes server keys only."""
    return broken(authenticator=rejecting(lambda caller, call, operation: caller.key.tier == "client", CREATE))


@defect("keys-client-may-not-get", "auth.client-operations", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A client key may list conversations and not get one."""
    return broken(authenticator=rejecting(lambda caller, call, operation: caller.key.tier == "client", GET))


# --- keys that are accepted and should not be -------------------------------------------------------------------------------------


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


# --- the header Authorization -----------------------------------------------------------------------------------------------------


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


# --- what a refusal says ----------------------------------------------------------------------------------------------------------


@defect("keys-missing-is-403", "auth.missing-key", difficulty=EASY)
def _() -> WsgiApp:
    """A request without a key is answered with 403, as some frameworks do by themselves."""

    class Forbidding(Authenticator):
        def presented(self, call: Call) -> tuple[str, str]:
            try:
                return super().presented(call)
            except Refusal as refusal:
                raise Refusal(403, refusal.detail) from None

    return broken(authenticator=Forbidding)


@defect("keys-malformed-is-400", "auth.malformed-authorization", "auth.other-scheme", difficulty=MEDIUM)
def _() -> WsgiApp:
    """An Authorization header that cannot be read is answered with 400."""

    class Complaining(Authenticator):
        def presented(self, call: Call) -> tuple[str, str]:
            try:
                return super().presented(call)
            except Refusal as refusal:
                if call.header("Authorization"):
                    raise Refusal(400, "Malformed Authorization.") from None
                raise refusal

    return broken(authenticator=Complaining)


@defect("keys-revoked-is-403", "auth.revoked-key", difficulty=EASY)
def _() -> WsgiApp:
    """A revoked key is answered with 403."""

    class Forbidding(Authenticator):
        def is_revoked(self, key: ApiKey) -> bool:
            if key.revoked:
                raise Refusal(403, "This key was revoked.")
            return False

    return broken(authenticator=Forbidding)


@defect("keys-missing-is-404-on-get", "auth.missing-key", "auth.invalid-key", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Getting a conversation looks for it among the caller's before it looks at the key: 404 where the key is not known."""
    return broken(pipeline=refusing(lambda answer, refusal: replace(answer, status=404) if refusal.status == 401 else answer, GET))


@defect("keys-unknown-is-200-and-empty", "auth.invalid-key", "auth.altered-key", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A key that nobody has lists the conversations of nobody: an empty page, and no refusal."""

    def otherwise(auth: Authenticator, call: Call, operation: str) -> ApiKey | None:
        unknown = sent_key(call).startswith("bnc_") and auth.keys.get(sent_key(call)) is None
        return ApiKey("", "server", "nobody") if unknown else None

    return broken(authenticator=accepting(otherwise, LIST))


@defect("keys-refusal-is-a-text", "auth.refusal-body", difficulty=EASY)
def _() -> WsgiApp:
    """The body of a 401 is the bare sentence, as a JSON text."""
    return broken(pipeline=saying(lambda answer: orjson.dumps("Invalid or revoked API key.")))


@defect("keys-refusal-says-error", "auth.refusal-body", difficulty=EASY)
def _() -> WsgiApp:
    """The body of a 401 has its sentence in `error`."""
    return broken(pipeline=saying(lambda answer: orjson.dumps({"error": "Invalid or revoked API key."})))


@defect("keys-refusal-is-a-list-on-resolve", "auth.refusal-body", difficulty=RARE)
def _() -> WsgiApp:
    """When resolving is refused for the key, `detail` is a list of sentences."""
    return broken(pipeline=saying(lambda answer: orjson.dumps({"detail": ["Invalid or revoked API key."]}), RESOLVE))


@defect("keys-refusal-has-no-body-on-messages", "auth.refusal-body", difficulty=MEDIUM)
def _() -> WsgiApp:
    """When listing messages is refused for the key, the answer is empty."""
    return broken(pipeline=saying(lambda answer: b"", MESSAGES))


@defect("keys-refusal-is-html", "auth.refusal-body", "any.json", difficulty=EASY)
def _() -> WsgiApp:
    """A 401 is the web server's page."""

    def change(answer: Answer, refusal: Refusal) -> Answer:
        page = b"<html><h1>401 Authorization Required</h1></html>"
        return Answer(401, page, {"Content-Type": "text/html"}) if refusal.status == 401 else answer

    return broken(pipeline=refusing(change))


@defect("keys-refusal-is-html-without-a-key", "auth.refusal-body", "any.json", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Without any key, sending a message is answered by a page for people."""

    class Page(Pipeline):
        def refused(self, operation: Operation, call: Call, refusal: Refusal) -> Answer:
            if operation.id == SEND and refusal.status == 401 and not sent_key(call):
                return Answer(401, b"<h1>Please log in</h1>", {"Content-Type": "text/html; charset=utf-8"})
            return super().refused(operation, call, refusal)

    return broken(pipeline=Page)


@defect("keys-refusal-without-detail-when-revoked", "auth.refusal-body", difficulty=RARE)
def _() -> WsgiApp:
    """A revoked key is told so in `message`; other keys get the documented body."""

    class Telling(Pipeline):
        def refused(self, operation: Operation, call: Call, refusal: Refusal) -> Answer:
            key = self.authenticator.keys.get(sent_key(call))
            if key is not None and key.revoked:
                return Answer.json(401, {"message": "This key was revoked."})
            return super().refused(operation, call, refusal)

    return broken(pipeline=Telling)


def saying(body: Callable[[Answer], bytes], *operations: str) -> type[Pipeline]:
    """A pipeline whose 401 has another body."""

    def change(answer: Answer, refusal: Refusal) -> Answer:
        return replace(answer, body=body(answer)) if refusal.status == 401 else answer

    return refusing(change, *(operations or EVERYWHERE))


# --- refused, and done ------------------------------------------------------------------------------------------------------------


def for_the_key(refusal: Refusal, call: Call) -> bool:
    """Whether it is refused for its key."""
    return refusal.status == 401


@defect("keys-refused-and-created", "auth.refusal-changes-nothing", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The key is checked after the conversation was stored: 401, and there it is."""
    return broken(pipeline=done_although(for_the_key, CREATE))


@defect("keys-refused-and-sent", "auth.refusal-changes-nothing", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The key is checked after the message was stored."""
    return broken(pipeline=done_although(for_the_key, SEND))


@defect("keys-refused-and-resolved", "auth.refusal-changes-nothing", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The key is checked after the conversation was closed."""
    return broken(pipeline=done_although(for_the_key, RESOLVE))


@defect("keys-revoked-refused-and-resolved", "auth.refusal-changes-nothing", difficulty=RARE)
def _() -> WsgiApp:
    """A revoked key is refused when it resolves, and the conversation is closed."""

    class Done(Pipeline):
        def refused(self, operation: Operation, call: Call, refusal: Refusal) -> Answer:
            key = self.authenticator.keys.get(sent_key(call))
            if operation.id == RESOLVE and key is not None and key.revoked:
                self.handle(operation, Caller(key, "apiKey"), self.validate(call, operation), call)
            return super().refused(operation, call, refusal)

    return broken(pipeline=Done)


@defect("keys-missing-refused-and-created", "auth.refusal-changes-nothing", difficulty=RARE)
def _() -> WsgiApp:
    """Without a key a conversation is refused and stored; with a wrong one it is only refused."""
    return broken(pipeline=done_although(lambda refusal, call: refusal.status == 401 and not sent_key(call), CREATE))


# --- now and then -----------------------------------------------------------------------------------------------------------------


@defect("keys-every-ninth-forgery", "auth.invalid-key", "auth.altered-key", difficulty=RARE)
def _() -> WsgiApp:
    """A cache of keys has collisions: one in nine unknown keys is taken for a known one."""
    counter = Counter()

    def otherwise(auth: Authenticator, call: Call, operation: str) -> ApiKey | None:
        unknown = sent_key(call) and auth.keys.get(sent_key(call)) is None
        return named_key(auth, "server") if unknown and counter.next() % 9 == 0 else None

    return broken(authenticator=accepting(otherwise))


@defect("keys-bearer-is-case-folded", "auth.altered-key", difficulty=RARE)
def _() -> WsgiApp:
    """The whole of Authorization is lowered before it is compared, and the keys with it."""

    def otherwise(auth: Authenticator, call: Call, operation: str) -> ApiKey | None:
        text = (call.header("Authorization") or "").lower().removeprefix("bearer ")
        return next((key for key in auth.keys if key.name == "server" and key.key.lower() == text), None)

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


@defect("keys-other-organisations-bearer", "isolation.list", difficulty=RARE)
def _() -> WsgiApp:
    """Which organisation calls is taken from X-API-Key; after Bearer it is always the first one."""

    class First(Authenticator):
        def authenticate(self, call: Call, operation: Operation) -> Caller:
            caller = super().authenticate(call, operation)
            if caller.scheme == "apiKey" or operation.id != LIST:
                return caller
            return replace(caller, key=replace(caller.key, organisation=named_key(self, "server").organisation))

    return broken(authenticator=First)


@defect("keys-refused-now-and-then", "auth.x-api-key", "auth.bearer", "create.status", "get.answer", difficulty=RARE)
def _() -> WsgiApp:
    """A key is refused at random, once in forty calls: a replica does not know it."""
    counter = Counter()

    class Forgetting(Authenticator):
        def authenticate(self, call: Call, operation: Operation) -> Caller:
            caller = super().authenticate(call, operation)
            if counter.next() % 40 == 0:
                raise invalid_key()
            return caller

    return broken(authenticator=Forgetting)
