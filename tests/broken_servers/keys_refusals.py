"""Servers that refuse a key in the wrong way, or refuse and do what was asked for."""

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
    accepting,
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
from mockserver.problems import Refusal
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
