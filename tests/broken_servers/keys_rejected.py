"""Servers that refuse valid keys."""

from broken_servers.registry import Difficulty, defect
from broken_servers.seams import CREATE, GET, LIST, MESSAGES, RESOLVE, SEND, Counter, broken, rejecting
from mockserver.answers import Call
from mockserver.auth import Authenticator, Caller
from mockserver.contract import Operation
from mockserver.problems import invalid_key
from mockserver.server import WsgiApp

EASY, MEDIUM, RARE = Difficulty


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
