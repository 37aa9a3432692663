"""Servers that refuse a key in the wrong way, or refuse and do what was asked for."""

from collections.abc import Callable

import orjson

from mockserver.contract.document import Operation
from mockserver.handling.authentication import Authenticator
from mockserver.handling.errors import HttpRefusal
from mockserver.handling.pipeline import Pipeline
from mockserver.http.messages import Request, Response
from mockserver.model.caller import ApiKey, Caller
from mockserver.model.refusal import INVALID_KEY, Refusal, invalid_key
from mockserver.serving.server import WsgiApp
from tests.defects.kit.parts import (
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
    status_of,
)
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


# --- what a refusal says ----------------------------------------------------------------------------------------------------------


@defect("auth.missing-key", difficulty=EASY)
def keys_missing_is_403() -> WsgiApp:
    """A request without a key is answered with 403, as some frameworks do by themselves."""

    class Forbidding(Authenticator):
        def presented(self, request: Request) -> tuple[str, str]:
            try:
                return super().presented(request)
            except Refusal as refusal:
                raise HttpRefusal(403, refusal.detail) from None

    return broken(authenticator=Forbidding)


@defect("auth.malformed-authorization", "auth.other-scheme", difficulty=MEDIUM)
def keys_malformed_is_400() -> WsgiApp:
    """An Authorization header that cannot be read is answered with 400."""

    class Complaining(Authenticator):
        def presented(self, request: Request) -> tuple[str, str]:
            try:
                return super().presented(request)
            except Refusal as refusal:
                if request.header("Authorization"):
                    raise HttpRefusal(400, "Malformed Authorization.") from None
                raise refusal

    return broken(authenticator=Complaining)


@defect("auth.revoked-key", difficulty=EASY)
def keys_revoked_is_403() -> WsgiApp:
    """A revoked key is answered with 403."""

    class Forbidding(Authenticator):
        def is_revoked(self, key: ApiKey) -> bool:
            if key.revoked:
                raise HttpRefusal(403, "This key was revoked.")
            return False

    return broken(authenticator=Forbidding)


@defect("auth.missing-key", "auth.invalid-key", difficulty=MEDIUM)
def keys_missing_is_404_on_get() -> WsgiApp:
    """Getting a conversation looks for it among the caller's before it looks at the key: 404 where the key is not known."""
    return broken(
        pipeline=refusing(lambda response, refusal: response._replace(status=404) if status_of(refusal) == 401 else response, GET)
    )


@defect("auth.invalid-key", "auth.altered-key", difficulty=MEDIUM)
def keys_unknown_is_200_and_empty() -> WsgiApp:
    """A key that nobody has lists the conversations of nobody: an empty page, and no refusal."""

    def otherwise(auth: Authenticator, request: Request, operation: str) -> ApiKey | None:
        unknown = sent_key(request).startswith("bnc_") and auth.keys.get(sent_key(request)) is None
        return ApiKey("", "server", "nobody") if unknown else None

    return broken(authenticator=accepting(otherwise, LIST))


@defect("auth.refusal-body", difficulty=EASY)
def keys_refusal_is_a_text() -> WsgiApp:
    """The body of a 401 is the bare sentence, as a JSON text."""
    return broken(pipeline=saying(lambda response: orjson.dumps("Invalid or revoked API key.")))


@defect("auth.refusal-body", difficulty=EASY)
def keys_refusal_says_error() -> WsgiApp:
    """The body of a 401 has its sentence in `error`."""
    return broken(pipeline=saying(lambda response: orjson.dumps({"error": "Invalid or revoked API key."})))


@defect("auth.refusal-body", difficulty=RARE)
def keys_refusal_is_a_list_on_resolve() -> WsgiApp:
    """When resolving is refused for the key, `detail` is a list of sentences."""
    return broken(pipeline=saying(lambda response: orjson.dumps({"detail": ["Invalid or revoked API key."]}), RESOLVE))


@defect("auth.refusal-body", difficulty=MEDIUM)
def keys_refusal_has_no_body_on_messages() -> WsgiApp:
    """When listing messages is refused for the key, the answer is empty."""
    return broken(pipeline=saying(lambda response: b"", MESSAGES))


@defect("auth.refusal-body", "any.json", difficulty=EASY)
def keys_refusal_is_html() -> WsgiApp:
    """A 401 is the web server's page."""

    def change(response: Response, refusal: Refusal) -> Response:
        page = b"<html><h1>401 Authorization Required</h1></html>"
        return Response(401, page, {"Content-Type": "text/html"}) if status_of(refusal) == 401 else response

    return broken(pipeline=refusing(change))


@defect("auth.refusal-body", "any.json", difficulty=MEDIUM)
def keys_refusal_is_html_without_a_key() -> WsgiApp:
    """Without any key, sending a message is answered by a page for people."""

    class Page(Pipeline):
        def refused(self, operation: Operation, request: Request, refusal: Refusal) -> Response:
            if operation.id == SEND and status_of(refusal) == 401 and not sent_key(request):
                return Response(401, b"<h1>Please log in</h1>", {"Content-Type": "text/html; charset=utf-8"})
            return super().refused(operation, request, refusal)

    return broken(pipeline=Page)


@defect("auth.refusal-body", difficulty=RARE)
def keys_refusal_without_detail_when_revoked() -> WsgiApp:
    """A revoked key is told so in `message`; other keys get the documented body."""

    class Telling(Pipeline):
        def refused(self, operation: Operation, request: Request, refusal: Refusal) -> Response:
            key = self.authenticator.keys.get(sent_key(request))
            if key is not None and key.revoked:
                return Response.json(401, {"message": "This key was revoked."})
            return super().refused(operation, request, refusal)

    return broken(pipeline=Telling)


def saying(body: Callable[[Response], bytes], *operations: str) -> type[Pipeline]:
    """A pipeline whose 401 has another body."""

    def change(response: Response, refusal: Refusal) -> Response:
        return response._replace(body=body(response)) if status_of(refusal) == 401 else response

    return refusing(change, *(operations or EVERYWHERE))


# --- refused, and done ------------------------------------------------------------------------------------------------------------


def for_the_key(refusal: Refusal, request: Request) -> bool:
    """Whether it is refused for its key."""
    return status_of(refusal) == 401


@defect("auth.refusal-changes-nothing", difficulty=MEDIUM)
def keys_refused_and_created() -> WsgiApp:
    """The key is checked after the conversation was stored: 401, and there it is."""
    return broken(pipeline=done_although(for_the_key, CREATE))


@defect("auth.refusal-changes-nothing", difficulty=MEDIUM)
def keys_refused_and_sent() -> WsgiApp:
    """The key is checked after the message was stored."""
    return broken(pipeline=done_although(for_the_key, SEND))


@defect("auth.refusal-changes-nothing", difficulty=MEDIUM)
def keys_refused_and_resolved() -> WsgiApp:
    """The key is checked after the conversation was closed."""
    return broken(pipeline=done_although(for_the_key, RESOLVE))


@defect("auth.refusal-changes-nothing", difficulty=RARE)
def keys_revoked_refused_and_resolved() -> WsgiApp:
    """A revoked key is refused when it resolves, and the conversation is closed."""

    class Done(Pipeline):
        def refused(self, operation: Operation, request: Request, refusal: Refusal) -> Response:
            key = self.authenticator.keys.get(sent_key(request))
            if operation.id == RESOLVE and key is not None and key.revoked:
                body_of(request)
                self.handle(operation, Caller(key, "apiKey"), self.validate(request, operation), request)
            return super().refused(operation, request, refusal)

    return broken(pipeline=Done)


@defect("auth.refusal-changes-nothing", difficulty=RARE)
def keys_missing_refused_and_created() -> WsgiApp:
    """Without a key a conversation is refused and stored; with a wrong one it is only refused."""
    return broken(pipeline=done_although(lambda refusal, request: status_of(refusal) == 401 and not sent_key(request), CREATE))


@defect("auth.missing-key", difficulty=MEDIUM)
def keys_missing_is_a_redirect() -> WsgiApp:
    """A request without a key is redirected to a page on which people log in."""

    def change(response: Response, refusal: Refusal) -> Response:
        return Response(302, b"", {"Location": "/accounts/login/"}) if status_of(refusal) == 401 else response

    class Redirecting(Pipeline):
        def refused(self, operation: Operation, request: Request, refusal: Refusal) -> Response:
            nothing = request.header("X-API-Key") is None and request.header("Authorization") is None
            response = super().refused(operation, request, refusal)
            return change(response, refusal) if nothing else response

    return broken(pipeline=Redirecting)


@defect("any.no-server-error", "auth.invalid-key", difficulty=RARE)
def keys_long_ones_are_500() -> WsgiApp:
    """A key of more than 255 characters is answered with 500: its column is not that wide."""
    return failing_at(lambda text: len(text) > 255)


@defect("any.no-server-error", "auth.invalid-key", difficulty=RARE)
def keys_wide_ones_are_500() -> WsgiApp:
    """A key with letters beyond ASCII is answered with 500."""
    return failing_at(lambda text: not text.isascii())


@defect("any.no-server-error", "auth.invalid-key", difficulty=RARE)
def keys_with_quotes_are_500() -> WsgiApp:
    """A key with an apostrophe is answered with 500."""
    return failing_at(lambda text: "'" in text)


def failing_at(when: Callable[[str], bool]) -> WsgiApp:
    """Make a server that responds with 500 to some keys."""

    class Failing(Pipeline):
        def respond(self, operation: Operation, request: Request) -> Response:
            if when(sent_key(request)):
                return Response.json(500, {"detail": "Internal server error."})
            return super().respond(operation, request)

    return broken(pipeline=Failing)


@defect("auth.invalid-key", "auth.altered-key", difficulty=MEDIUM)
def keys_wrong_after_bearer_is_403() -> WsgiApp:
    """A wrong key after Bearer is answered with 403; in X-API-Key with 401."""

    class Forbidding(Pipeline):
        def refused(self, operation: Operation, request: Request, refusal: Refusal) -> Response:
            response = super().refused(operation, request, refusal)
            return response._replace(status=403) if response.status == 401 and request.header("Authorization") else response

    return broken(pipeline=Forbidding)


@defect("auth.x-api-key", "auth.bearer", "get.answer", difficulty=RARE)
def keys_refusal_is_cached() -> WsgiApp:
    """A 401 for a conversation is kept by its path: the next call, with a good key, gets it as well."""
    kept: set[str] = set()

    class Caching(Pipeline):
        def respond(self, operation: Operation, request: Request) -> Response:
            path = str(request.environ["PATH_INFO"])
            if operation.id == GET and path in kept:
                kept.discard(path)
                return Response.json(401, {"detail": INVALID_KEY})
            response = super().respond(operation, request)
            if operation.id == GET and response.status == 401:
                kept.add(path)
            return response

    return broken(pipeline=Caching)


@defect("auth.x-api-key", "auth.bearer", difficulty=RARE)
def keys_many_wrong_ones_lock_out() -> WsgiApp:
    """After every twentieth wrong key, the next good one is refused with 401 too."""
    counter = Counter()
    state = {"locked": False}

    class Locking(Authenticator):
        def authenticate(self, request: Request, operation: Operation) -> Caller:
            try:
                caller = super().authenticate(request, operation)
            except Refusal:
                state["locked"] = counter.next() % 20 == 0
                raise
            locked, state["locked"] = state["locked"], False
            if locked:
                raise invalid_key()
            return caller

    return broken(authenticator=Locking)


@defect("auth.refusal-changes-nothing", "any.durable", difficulty=RARE)
def keys_refused_and_pending() -> WsgiApp:
    """A wrong key that reads a conversation is refused, and the conversation is pending from then on."""

    class Pending(Pipeline):
        def refused(self, operation: Operation, request: Request, refusal: Refusal) -> Response:
            found = self.store.conversation(request.path.get("id", ""))
            if operation.id == GET and status_of(refusal) == 401 and found is not None:
                self.store.replace_conversation(found._replace(status="pending"))
            return super().refused(operation, request, refusal)

    return broken(pipeline=Pending)


@defect("auth.refusal-changes-nothing", difficulty=RARE)
def keys_revoked_refused_and_sent() -> WsgiApp:
    """A revoked key is refused when it sends, and the message is stored."""

    def revoked(refusal: Refusal, request: Request) -> bool:
        return status_of(refusal) == 401 and (key := app.namespace.keys.get(sent_key(request))) is not None and key.revoked

    app = broken(pipeline=done_although(revoked, SEND))
    return app
