"""Servers that are wrong about the origins from which a client key may be used."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from broken_servers.registry import Difficulty, defect
from broken_servers.seams import CREATE, GET, LIST, MESSAGES, SEND, Counter, broken, done_although
from mockserver.answers import Answer, Call
from mockserver.auth import Authenticator, Caller
from mockserver.contract import Operation
from mockserver.keys import ApiKey
from mockserver.pipeline import Pipeline
from mockserver.problems import Refusal
from mockserver.server import WsgiApp

EASY, MEDIUM, RARE = Difficulty


def matching(matches: Callable[[str, str], bool]) -> type[Authenticator]:
    """An authenticator that compares the allowed origin with the one that was sent in another way."""

    class Matching(Authenticator):
        def origin_matches(self, key: ApiKey, origin: str) -> bool:
            return any(matches(allowed, origin) for allowed in key.origins)

    return Matching


def unchecked(when: Callable[[Call, Operation], bool]) -> type[Authenticator]:
    """An authenticator that does not look at the origin of some calls."""

    class Unchecked(Authenticator):
        def authenticate(self, call: Call, operation: Operation) -> Caller:
            self_or_lax = self.lax if when(call, operation) else super()
            return self_or_lax.authenticate(call, operation)

        @property
        def lax(self) -> Authenticator:
            return _Lax(self.schemes, self.keys, self.choices)

    return Unchecked


class _Lax(Authenticator):
    """Looks at no origin."""

    def check_origin(self, key: ApiKey, call: Call) -> None:
        """Any will do."""


def strict(when: Callable[[Call, Operation], bool]) -> type[Authenticator]:
    """An authenticator that refuses a restricted key also from its own origin, for some calls."""

    class Strict(Authenticator):
        def authenticate(self, call: Call, operation: Operation) -> Caller:
            caller = super().authenticate(call, operation)
            if caller.key.origins and when(call, operation):
                raise self.wrong_place("This key may not be used from this origin.")
            return caller

    return Strict


# --- other origins that are accepted ----------------------------------------------------------------------------------------------


@defect("origins-any", "origin.other", difficulty=EASY)
def _() -> WsgiApp:
    """The origins of a key are stored and never looked at."""
    return broken(authenticator=matching(lambda allowed, origin: True))


@defect("origins-by-prefix", "origin.other", difficulty=MEDIUM)
def _() -> WsgiApp:
    """An origin that begins like the allowed one is accepted: https://app.example.com.evil.example."""
    return broken(authenticator=matching(lambda allowed, origin: origin.startswith(allowed)))


@defect("origins-by-suffix", "origin.other", difficulty=MEDIUM)
def _() -> WsgiApp:
    """An origin whose host ends like the allowed one is accepted: https://not-app.example.com."""
    return broken(authenticator=matching(lambda allowed, origin: origin.endswith(urlsplit(allowed).netloc)))


@defect("origins-by-substring", "origin.other", difficulty=MEDIUM)
def _() -> WsgiApp:
    """An origin in which the allowed host occurs is accepted."""
    return broken(authenticator=matching(lambda allowed, origin: urlsplit(allowed).netloc in origin))


@defect("origins-with-subdomains", "origin.other", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The subdomains of the allowed origin are accepted."""

    def matches(allowed: str, origin: str) -> bool:
        host, other = urlsplit(allowed).netloc, urlsplit(origin).netloc
        return origin == allowed or other.endswith(f".{host}")

    return broken(authenticator=matching(matches))


@defect("origins-without-scheme", "origin.other", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The scheme is not compared: http passes for https."""
    return broken(authenticator=matching(lambda allowed, origin: urlsplit(allowed).netloc == urlsplit(origin).netloc))


@defect("origins-without-port", "origin.other", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The port is not compared."""

    def matches(allowed: str, origin: str) -> bool:
        one, other = urlsplit(allowed), urlsplit(origin)
        return (one.scheme, one.hostname) == (other.scheme, other.hostname)

    return broken(authenticator=matching(matches))


@defect("origins-by-registered-domain", "origin.other", difficulty=RARE)
def _() -> WsgiApp:
    """Only the last two labels of the host are compared."""

    def domain(origin: str) -> list[str]:
        return (urlsplit(origin).hostname or "").split(".")[-2:]

    return broken(authenticator=matching(lambda allowed, origin: domain(allowed) == domain(origin)))


@defect("origins-as-a-pattern", "origin.other", difficulty=RARE)
def _() -> WsgiApp:
    """The allowed origin is taken for a regular expression, so that its dots match anything."""
    return broken(authenticator=matching(lambda allowed, origin: re.fullmatch(allowed, origin) is not None))


@defect("origins-null", "origin.other", difficulty=RARE)
def _() -> WsgiApp:
    """The origin null, which sandboxed frames of any page send, is accepted."""
    return broken(authenticator=matching(lambda allowed, origin: origin in (allowed, "null")))


@defect("origins-of-this-machine", "origin.other", difficulty=RARE)
def _() -> WsgiApp:
    """An exception for development was left in: http://localhost:3000 is accepted for every key."""
    return broken(authenticator=matching(lambda allowed, origin: origin == allowed or origin.startswith("http://localhost")))


@defect("origins-only-on-get", "origin.other", "origin.refusal-changes-nothing", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The origin is looked at when something is read, and not when something is written."""
    return broken(authenticator=unchecked(lambda call, operation: operation.method == "POST"))


@defect("origins-only-on-post", "origin.other", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The origin is looked at when something is written, and not when something is read."""
    return broken(authenticator=unchecked(lambda call, operation: operation.method == "GET"))


@defect("origins-not-on-create", "origin.other", "origin.refusal-changes-nothing", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The origin is not looked at when a conversation is created."""
    return broken(authenticator=unchecked(lambda call, operation: operation.id == CREATE))


@defect("origins-not-on-messages", "origin.other", difficulty=RARE)
def _() -> WsgiApp:
    """The origin is not looked at when messages are listed."""
    return broken(authenticator=unchecked(lambda call, operation: operation.id == MESSAGES))


@defect("origins-not-by-bearer", "origin.other", difficulty=RARE)
def _() -> WsgiApp:
    """The origin is not looked at when the key comes after Bearer."""
    return broken(authenticator=unchecked(lambda call, operation: call.header("Authorization") is not None))


@defect("origins-not-by-x-api-key-on-list", "origin.other", difficulty=RARE)
def _() -> WsgiApp:
    """The origin is not looked at when conversations are listed with the key in X-API-Key."""
    return broken(authenticator=unchecked(lambda call, operation: operation.id == LIST and call.header("X-API-Key") is not None))


# --- the allowed origin that is refused -------------------------------------------------------------------------------------------


@defect("origins-all-refused", "origin.allowed", difficulty=EASY)
def _() -> WsgiApp:
    """A key that has origins is refused from each of them."""
    return broken(authenticator=matching(lambda allowed, origin: False))


@defect("origins-refused-on-get", "origin.allowed", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A restricted key cannot get a conversation, even from its origin."""
    return broken(authenticator=strict(lambda call, operation: operation.id == GET))


@defect("origins-refused-on-send-by-bearer", "origin.allowed", difficulty=RARE)
def _() -> WsgiApp:
    """A restricted key after Bearer cannot send a message, even from its origin."""
    return broken(authenticator=strict(lambda call, operation: operation.id == SEND and call.header("X-API-Key") is None))


@defect("origins-with-a-slash", "origin.allowed", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The allowed origin is kept with a slash at its end, which no browser sends."""
    return broken(authenticator=matching(lambda allowed, origin: origin == f"{allowed}/"))


@defect("origins-as-host", "origin.allowed", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The header Origin is expected to be the host alone."""
    return broken(authenticator=matching(lambda allowed, origin: origin == urlsplit(allowed).netloc))


# --- refused, and done ------------------------------------------------------------------------------------------------------------


def for_the_origin(refusal: Refusal, call: Call) -> bool:
    """Whether it is refused for its origin."""
    return refusal.status == 403 and call.header("Origin") is not None


@defect("origins-refused-and-created", "origin.refusal-changes-nothing", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The origin is checked after the conversation was stored."""
    return broken(pipeline=done_although(for_the_origin, CREATE))


@defect("origins-refused-and-sent", "origin.refusal-changes-nothing", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The origin is checked after the message was stored."""
    return broken(pipeline=done_although(for_the_origin, SEND))


@defect("origins-refused-and-created-by-bearer", "origin.refusal-changes-nothing", difficulty=RARE)
def _() -> WsgiApp:
    """Refused for its origin after Bearer, a conversation is stored all the same; in X-API-Key it is not."""

    def refused(refusal: Refusal, call: Call) -> bool:
        return for_the_origin(refusal, call) and call.header("Authorization") is not None

    return broken(pipeline=done_although(refused, CREATE))


@defect("origins-by-user-info", "origin.other", difficulty=RARE)
def _() -> WsgiApp:
    """What stands before an @ in an origin is taken for its host: https://app.example.com@evil.example."""
    return broken(authenticator=matching(lambda allowed, origin: origin.partition("@")[0] == allowed))


@defect("origins-remembered", "origin.other", "origin.refusal-changes-nothing", difficulty=RARE)
def _() -> WsgiApp:
    """Where a restricted key was used from its origin, the next call of it is not looked at again."""

    class Remembering(Authenticator):
        trusted = False

        def check_origin(self, key: ApiKey, call: Call) -> None:
            if not key.origins:
                return
            trusted, type(self).trusted = type(self).trusted, False
            if not trusted:
                super().check_origin(key, call)
                type(self).trusted = True

    return broken(authenticator=Remembering)


@defect("origins-not-by-x-api-key-on-send", "origin.other", difficulty=RARE)
def _() -> WsgiApp:
    """The origin is not looked at when messages are sent with the key in X-API-Key."""
    return broken(authenticator=unchecked(lambda call, operation: operation.id == SEND and call.header("X-API-Key") is not None))


@defect("origins-refused-on-every-fifth", "origin.allowed", difficulty=RARE)
def _() -> WsgiApp:
    """Every fifth call of a restricted key is refused, even from its origin."""
    counter = Counter()
    return broken(authenticator=strict(lambda call, operation: counter.next() % 5 == 0))


@defect("origins-refused-and-pending", "origin.refusal-changes-nothing", "any.durable", difficulty=RARE)
def _() -> WsgiApp:
    """Refused for its origin, a key that reads a conversation leaves it pending."""

    class Pending(Pipeline):
        def refused(self, operation: Operation, call: Call, refusal: Refusal) -> Answer:
            found = self.store.conversation(call.path.get("id", ""))
            if operation.id == GET and refusal.status == 403 and found is not None:
                self.store.replace_conversation(found._replace(status="pending"))
            return super().refused(operation, call, refusal)

    return broken(pipeline=Pending)


@defect("origins-own-accepted", "origin.other", "origin.refusal-changes-nothing", difficulty=RARE)
def _() -> WsgiApp:
    """A restricted key may be used from the server's own origin, too."""
    return broken(
        authenticator=matching(lambda allowed, origin: origin == allowed or "//127.0.0.1:" in origin or "//server.test" in origin)
    )
