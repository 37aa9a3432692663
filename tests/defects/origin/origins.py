"""Servers that are wrong about the origins from which a client key may be used."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from mockserver.contract.document import Operation
from mockserver.handling.authentication import Authenticator
from mockserver.handling.pipeline import Pipeline
from mockserver.http.messages import Request, Response
from mockserver.model.caller import ApiKey, Caller
from mockserver.model.refusal import Kind, Refusal
from mockserver.serving.server import WsgiApp
from tests.defects.kit.parts import CREATE, GET, LIST, MESSAGES, SEND, Counter, body_of, broken, done_although, status_of
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


def matching(matches: Callable[[str, str], bool]) -> type[Authenticator]:
    """An authenticator that compares the allowed origin with the one that was sent in another way."""

    class Matching(Authenticator):
        def origin_matches(self, key: ApiKey, origin: str) -> bool:
            return any(matches(allowed, origin) for allowed in key.origins)

    return Matching


def unchecked(when: Callable[[Request, Operation], bool]) -> type[Authenticator]:
    """An authenticator that does not look at the origin of some calls."""

    class Unchecked(Authenticator):
        def authenticate(self, request: Request, operation: Operation) -> Caller:
            self_or_lax = self.lax if when(request, operation) else super()
            return self_or_lax.authenticate(request, operation)

        @property
        def lax(self) -> Authenticator:
            return _Lax(self.schemes, self.keys, self.choices)

    return Unchecked


class _Lax(Authenticator):
    """Does not check origins."""

    def check_origin(self, key: ApiKey, request: Request) -> None:
        """Accept any origin."""


def strict(when: Callable[[Request, Operation], bool]) -> type[Authenticator]:
    """Return an authenticator that, for some calls, refuses a restricted key even from its own origin."""

    class Strict(Authenticator):
        def authenticate(self, request: Request, operation: Operation) -> Caller:
            caller = super().authenticate(request, operation)
            if caller.key.origins and when(request, operation):
                raise Refusal(Kind.OTHER_ORIGIN, "This key may not be used from this origin.")
            return caller

    return Strict


# --- other origins that are accepted ----------------------------------------------------------------------------------------------


@defect("origin.other", difficulty=EASY)
def origins_any() -> WsgiApp:
    """The origins of a key are stored and never looked at."""
    return broken(authenticator=matching(lambda allowed, origin: True))


@defect("origin.other", difficulty=MEDIUM)
def origins_by_prefix() -> WsgiApp:
    """An origin that begins like the allowed one is accepted: https://app.example.com.evil.example."""
    return broken(authenticator=matching(lambda allowed, origin: origin.startswith(allowed)))


@defect("origin.other", difficulty=MEDIUM)
def origins_by_suffix() -> WsgiApp:
    """An origin whose host ends like the allowed one is accepted: https://not-app.example.com."""
    return broken(authenticator=matching(lambda allowed, origin: origin.endswith(urlsplit(allowed).netloc)))


@defect("origin.other", difficulty=MEDIUM)
def origins_by_substring() -> WsgiApp:
    """An origin in which the allowed host occurs is accepted."""
    return broken(authenticator=matching(lambda allowed, origin: urlsplit(allowed).netloc in origin))


@defect("origin.other", difficulty=MEDIUM)
def origins_with_subdomains() -> WsgiApp:
    """The subdomains of the allowed origin are accepted."""

    def matches(allowed: str, origin: str) -> bool:
        host, other = urlsplit(allowed).netloc, urlsplit(origin).netloc
        return origin == allowed or other.endswith(f".{host}")

    return broken(authenticator=matching(matches))


@defect("origin.other", difficulty=MEDIUM)
def origins_without_scheme() -> WsgiApp:
    """The scheme is not compared: http passes for https."""
    return broken(authenticator=matching(lambda allowed, origin: urlsplit(allowed).netloc == urlsplit(origin).netloc))


@defect("origin.other", difficulty=MEDIUM)
def origins_without_port() -> WsgiApp:
    """The port is not compared."""

    def matches(allowed: str, origin: str) -> bool:
        one, other = urlsplit(allowed), urlsplit(origin)
        return (one.scheme, one.hostname) == (other.scheme, other.hostname)

    return broken(authenticator=matching(matches))


@defect("origin.other", difficulty=RARE)
def origins_by_registered_domain() -> WsgiApp:
    """Only the last two labels of the host are compared."""

    def domain(origin: str) -> list[str]:
        return (urlsplit(origin).hostname or "").split(".")[-2:]

    return broken(authenticator=matching(lambda allowed, origin: domain(allowed) == domain(origin)))


@defect("origin.other", difficulty=RARE)
def origins_as_a_pattern() -> WsgiApp:
    """The allowed origin is taken for a regular expression, so that its dots match anything."""
    return broken(authenticator=matching(lambda allowed, origin: re.fullmatch(allowed, origin) is not None))


@defect("origin.other", difficulty=RARE)
def origins_null() -> WsgiApp:
    """The origin null, which sandboxed frames of any page send, is accepted."""
    return broken(authenticator=matching(lambda allowed, origin: origin in (allowed, "null")))


@defect("origin.other", difficulty=RARE)
def origins_of_this_machine() -> WsgiApp:
    """An exception for development was left in: http://localhost:3000 is accepted for every key."""
    return broken(authenticator=matching(lambda allowed, origin: origin == allowed or origin.startswith("http://localhost")))


@defect("origin.other", "origin.refusal-changes-nothing", difficulty=MEDIUM)
def origins_only_on_get() -> WsgiApp:
    """The origin is looked at when something is read, and not when something is written."""
    return broken(authenticator=unchecked(lambda request, operation: operation.method == "POST"))


@defect("origin.other", difficulty=MEDIUM)
def origins_only_on_post() -> WsgiApp:
    """The origin is looked at when something is written, and not when something is read."""
    return broken(authenticator=unchecked(lambda request, operation: operation.method == "GET"))


@defect("origin.other", "origin.refusal-changes-nothing", difficulty=MEDIUM)
def origins_not_on_create() -> WsgiApp:
    """The origin is not looked at when a conversation is created."""
    return broken(authenticator=unchecked(lambda request, operation: operation.id == CREATE))


@defect("origin.other", difficulty=RARE)
def origins_not_on_messages() -> WsgiApp:
    """The origin is not looked at when messages are listed."""
    return broken(authenticator=unchecked(lambda request, operation: operation.id == MESSAGES))


@defect("origin.other", difficulty=RARE)
def origins_not_by_bearer() -> WsgiApp:
    """The origin is not looked at when the key comes after Bearer."""
    return broken(authenticator=unchecked(lambda request, operation: request.header("Authorization") is not None))


@defect("origin.other", difficulty=RARE)
def origins_not_by_x_api_key_on_list() -> WsgiApp:
    """The origin is not looked at when conversations are listed with the key in X-API-Key."""
    return broken(
        authenticator=unchecked(lambda request, operation: operation.id == LIST and request.header("X-API-Key") is not None)
    )


# --- the allowed origin that is refused -------------------------------------------------------------------------------------------


@defect("origin.allowed", difficulty=EASY)
def origins_all_refused() -> WsgiApp:
    """A key that has origins is refused from each of them."""
    return broken(authenticator=matching(lambda allowed, origin: False))


@defect("origin.allowed", difficulty=MEDIUM)
def origins_refused_on_get() -> WsgiApp:
    """A restricted key cannot get a conversation, even from its origin."""
    return broken(authenticator=strict(lambda request, operation: operation.id == GET))


@defect("origin.allowed", difficulty=RARE)
def origins_refused_on_send_by_bearer() -> WsgiApp:
    """A restricted key after Bearer cannot send a message, even from its origin."""
    return broken(authenticator=strict(lambda request, operation: operation.id == SEND and request.header("X-API-Key") is None))


@defect("origin.allowed", difficulty=MEDIUM)
def origins_with_a_slash() -> WsgiApp:
    """The allowed origin is kept with a slash at its end, which no browser sends."""
    return broken(authenticator=matching(lambda allowed, origin: origin == f"{allowed}/"))


@defect("origin.allowed", difficulty=MEDIUM)
def origins_as_host() -> WsgiApp:
    """The header Origin is expected to be the host alone."""
    return broken(authenticator=matching(lambda allowed, origin: origin == urlsplit(allowed).netloc))


# --- refused, and done ------------------------------------------------------------------------------------------------------------


def for_the_origin(refusal: Refusal, request: Request) -> bool:
    """Whether it is refused for its origin."""
    return status_of(refusal) == 403 and request.header("Origin") is not None


@defect("origin.refusal-changes-nothing", difficulty=MEDIUM)
def origins_refused_and_created() -> WsgiApp:
    """The origin is checked after the conversation was stored."""
    return broken(pipeline=done_although(for_the_origin, CREATE))


@defect("origin.refusal-changes-nothing", difficulty=MEDIUM)
def origins_refused_and_sent() -> WsgiApp:
    """The origin is checked after the message was stored."""
    return broken(pipeline=done_although(for_the_origin, SEND))


@defect("origin.refusal-changes-nothing", difficulty=RARE)
def origins_refused_and_created_by_bearer() -> WsgiApp:
    """Refused for its origin after Bearer, a conversation is stored all the same; in X-API-Key it is not."""

    def refused(refusal: Refusal, request: Request) -> bool:
        return for_the_origin(refusal, request) and request.header("Authorization") is not None

    return broken(pipeline=done_although(refused, CREATE))


@defect("origin.other", difficulty=RARE)
def origins_by_user_info() -> WsgiApp:
    """What stands before an @ in an origin is taken for its host: https://app.example.com@evil.example."""
    return broken(authenticator=matching(lambda allowed, origin: origin.partition("@")[0] == allowed))


@defect("origin.other", "origin.refusal-changes-nothing", difficulty=RARE)
def origins_remembered() -> WsgiApp:
    """Where a restricted key was used from its origin, the next call of it is not looked at again."""

    class Remembering(Authenticator):
        trusted = False

        def check_origin(self, key: ApiKey, request: Request) -> None:
            if not key.origins:
                return
            trusted, type(self).trusted = type(self).trusted, False
            if not trusted:
                super().check_origin(key, request)
                type(self).trusted = True

    return broken(authenticator=Remembering)


@defect("origin.other", difficulty=RARE)
def origins_not_by_x_api_key_on_send() -> WsgiApp:
    """The origin is not looked at when messages are sent with the key in X-API-Key."""
    return broken(
        authenticator=unchecked(lambda request, operation: operation.id == SEND and request.header("X-API-Key") is not None)
    )


@defect("origin.allowed", difficulty=RARE)
def origins_refused_on_every_fifth() -> WsgiApp:
    """Every fifth call of a restricted key is refused, even from its origin."""
    counter = Counter()
    return broken(authenticator=strict(lambda request, operation: counter.next() % 5 == 0))


@defect("origin.refusal-changes-nothing", "any.durable", difficulty=RARE)
def origins_refused_and_pending() -> WsgiApp:
    """Refused for its origin, a key that reads a conversation leaves it pending."""

    class Pending(Pipeline):
        def refused(self, operation: Operation, request: Request, refusal: Refusal) -> Response:
            found = self.store.conversation(request.path.get("id", ""))
            if operation.id == GET and status_of(refusal) == 403 and found is not None:
                self.store.replace_conversation(found._replace(status="pending"))
            return super().refused(operation, request, refusal)

    return broken(pipeline=Pending)


@defect("origin.other", "origin.refusal-changes-nothing", difficulty=RARE)
def origins_own_accepted() -> WsgiApp:
    """A restricted key may be used from the server's own origin, too."""
    return broken(
        authenticator=matching(lambda allowed, origin: origin == allowed or "//127.0.0.1:" in origin or "//server.test" in origin)
    )


@defect("origin.other", difficulty=RARE)
def origins_or_the_referer() -> WsgiApp:
    """Another origin is accepted where the Referer is a page of the allowed one."""
    return broken(authenticator=unchecked(lambda request, operation: "//app.example.com/" in (request.header("Referer") or "")))


@defect("origin.other", difficulty=RARE)
def origins_or_the_forwarded_host() -> WsgiApp:
    """Another origin is accepted where X-Forwarded-Host is the allowed host."""
    return broken(authenticator=unchecked(lambda request, operation: request.header("X-Forwarded-Host") == "app.example.com"))


@defect("origin.refusal-changes-nothing", difficulty=RARE)
def origins_refused_and_created_if_anonymous() -> WsgiApp:
    """An anonymous create from another origin is refused after the conversation was stored."""
    return broken(
        pipeline=done_although(
            lambda refusal, request: status_of(refusal) == 403 and b'"user_email"' not in body_of(request), CREATE
        )
    )


@defect("origin.refusal-changes-nothing", difficulty=RARE)
def origins_refused_and_reopened() -> WsgiApp:
    """A message from another origin is refused, and has opened the closed conversation again."""

    class Reopened(Pipeline):
        def refused(self, operation: Operation, request: Request, refusal: Refusal) -> Response:
            found = self.store.conversation(request.path.get("id", ""))
            if operation.id == SEND and status_of(refusal) == 403 and found is not None and found.status == "closed":
                self.store.replace_conversation(found._replace(status="open"))
            return super().refused(operation, request, refusal)

    return broken(pipeline=Reopened)


@defect("origin.other", difficulty=RARE)
def origins_last_of_several() -> WsgiApp:
    """Of several origins in the header, which redirects leave there, only the last one is compared."""
    return broken(authenticator=matching(lambda allowed, origin: origin.split()[-1:] == [allowed]))


@defect("create.new-user-names", difficulty=RARE)
def origins_refused_leave_a_user() -> WsgiApp:
    """A create from another origin is refused when its user was made: the names in it are that user's from then on."""

    class Leaving(Pipeline):
        def refused(self, operation: Operation, request: Request, refusal: Refusal) -> Response:
            if operation.id == CREATE and status_of(refusal) == 403:
                body = self.validate(request, operation).body
                first = next(key.organisation for key in self.authenticator.keys if key.origins)
                with self.store.transaction():
                    self.conversations.requester(first, body)
            return super().refused(operation, request, refusal)

    return broken(pipeline=Leaving)


@defect("origin.other", difficulty=RARE)
def origins_of_the_parent_domain() -> WsgiApp:
    """The domain above that of the allowed origin is accepted, too."""
    return broken(authenticator=matching(lambda allowed, origin: allowed == origin or origin.replace("//", "//app.") == allowed))


@defect("origin.other", difficulty=RARE)
def origins_that_are_a_part() -> WsgiApp:
    """Whatever is a part of the allowed origin is accepted."""
    return broken(authenticator=matching(lambda allowed, origin: origin in allowed))
