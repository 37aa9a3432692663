"""Servers that refuse a key in the wrong way, or refuse and do what was asked for."""

from collections.abc import Callable

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
    body_of,
    broken,
    done_although,
    refusing,
    sent_key,
)
from mockserver.answers import Answer, Call
from mockserver.auth import Authenticator, Caller
from mockserver.contract import Operation
from mockserver.keys import ApiKey
from mockserver.pipeline import Pipeline
from mockserver.problems import INVALID_KEY, Refusal, invalid_key
from mockserver.server import WsgiApp

EASY, MEDIUM, RARE = Difficulty


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
    return broken(pipeline=refusing(lambda answer, refusal: answer._replace(status=404) if refusal.status == 401 else answer, GET))


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
        return answer._replace(body=body(answer)) if refusal.status == 401 else answer

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
                body_of(call)
                self.handle(operation, Caller(key, "apiKey"), self.validate(call, operation), call)
            return super().refused(operation, call, refusal)

    return broken(pipeline=Done)


@defect("keys-missing-refused-and-created", "auth.refusal-changes-nothing", difficulty=RARE)
def _() -> WsgiApp:
    """Without a key a conversation is refused and stored; with a wrong one it is only refused."""
    return broken(pipeline=done_although(lambda refusal, call: refusal.status == 401 and not sent_key(call), CREATE))


@defect("keys-missing-is-a-redirect", "auth.missing-key", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A request without a key is redirected to a page on which people log in."""

    def change(answer: Answer, refusal: Refusal) -> Answer:
        return Answer(302, b"", {"Location": "/accounts/login/"}) if refusal.status == 401 else answer

    class Redirecting(Pipeline):
        def refused(self, operation: Operation, call: Call, refusal: Refusal) -> Answer:
            nothing = call.header("X-API-Key") is None and call.header("Authorization") is None
            answer = super().refused(operation, call, refusal)
            return change(answer, refusal) if nothing else answer

    return broken(pipeline=Redirecting)


@defect("keys-long-ones-are-500", "any.no-server-error", "auth.invalid-key", difficulty=RARE)
def _() -> WsgiApp:
    """A key of more than 255 characters is answered with 500: its column is not that wide."""
    return failing_at(lambda text: len(text) > 255)


@defect("keys-wide-ones-are-500", "any.no-server-error", "auth.invalid-key", difficulty=RARE)
def _() -> WsgiApp:
    """A key with letters beyond ASCII is answered with 500."""
    return failing_at(lambda text: not text.isascii())


@defect("keys-with-quotes-are-500", "any.no-server-error", "auth.invalid-key", difficulty=RARE)
def _() -> WsgiApp:
    """A key with an apostrophe is answered with 500."""
    return failing_at(lambda text: "'" in text)


def failing_at(when: Callable[[str], bool]) -> WsgiApp:
    """A server that fails at some keys."""

    class Failing(Pipeline):
        def answer(self, operation: Operation, call: Call) -> Answer:
            if when(sent_key(call)):
                return Answer.json(500, {"detail": "Internal server error."})
            return super().answer(operation, call)

    return broken(pipeline=Failing)


@defect("keys-refusal-is-cached", "auth.x-api-key", "auth.bearer", "get.answer", difficulty=RARE)
def _() -> WsgiApp:
    """A 401 for a conversation is kept by its path: the next call, with a good key, gets it as well."""
    kept: set[str] = set()

    class Caching(Pipeline):
        def answer(self, operation: Operation, call: Call) -> Answer:
            path = str(call.environ["PATH_INFO"])
            if operation.id == GET and path in kept:
                kept.discard(path)
                return Answer.json(401, {"detail": INVALID_KEY})
            answer = super().answer(operation, call)
            if operation.id == GET and answer.status == 401:
                kept.add(path)
            return answer

    return broken(pipeline=Caching)


@defect("keys-many-wrong-ones-lock-out", "auth.x-api-key", "auth.bearer", difficulty=RARE)
def _() -> WsgiApp:
    """After every twentieth wrong key, the next good one is refused with 401 too."""
    counter = Counter()
    state = {"locked": False}

    class Locking(Authenticator):
        def authenticate(self, call: Call, operation: Operation) -> Caller:
            try:
                caller = super().authenticate(call, operation)
            except Refusal:
                state["locked"] = counter.next() % 20 == 0
                raise
            locked, state["locked"] = state["locked"], False
            if locked:
                raise invalid_key()
            return caller

    return broken(authenticator=Locking)


@defect("keys-refused-and-pending", "auth.refusal-changes-nothing", "any.durable", difficulty=RARE)
def _() -> WsgiApp:
    """A wrong key that reads a conversation is refused, and the conversation is pending from then on."""

    class Pending(Pipeline):
        def refused(self, operation: Operation, call: Call, refusal: Refusal) -> Answer:
            found = self.store.conversation(call.path.get("id", ""))
            if operation.id == GET and refusal.status == 401 and found is not None:
                self.store.replace_conversation(found._replace(status="pending"))
            return super().refused(operation, call, refusal)

    return broken(pipeline=Pending)


@defect("keys-revoked-refused-and-sent", "auth.refusal-changes-nothing", difficulty=RARE)
def _() -> WsgiApp:
    """A revoked key is refused when it sends, and the message is stored."""

    def revoked(refusal: Refusal, call: Call) -> bool:
        return refusal.status == 401 and (key := app.world.keys.get(sent_key(call))) is not None and key.revoked

    app = broken(pipeline=done_although(revoked, SEND))
    return app
