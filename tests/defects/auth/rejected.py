"""Servers that refuse valid keys."""

from mockserver.contract.document import Operation
from mockserver.handling.authentication import Authenticator
from mockserver.http.messages import Request
from mockserver.model.caller import Caller
from mockserver.model.refusal import invalid_key
from mockserver.serving.server import WsgiApp
from tests.defects.kit.parts import CREATE, GET, LIST, MESSAGES, RESOLVE, SEND, Counter, broken, rejecting
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


@defect("auth.bearer", difficulty=EASY)
def keys_no_bearer() -> WsgiApp:
    """The header Authorization is not looked at."""
    return broken(authenticator=rejecting(lambda caller, request, operation: caller.scheme != "apiKey"))


@defect("auth.x-api-key", difficulty=EASY)
def keys_no_x_api_key() -> WsgiApp:
    """The header X-API-Key is not looked at."""
    return broken(authenticator=rejecting(lambda caller, request, operation: caller.scheme == "apiKey"))


@defect("auth.bearer", difficulty=MEDIUM)
def keys_bearer_not_on_create() -> WsgiApp:
    """Creating a conversation takes the key from X-API-Key only."""
    return broken(authenticator=rejecting(lambda caller, request, operation: caller.scheme != "apiKey", CREATE))


@defect("auth.bearer", difficulty=MEDIUM)
def keys_bearer_not_on_resolve() -> WsgiApp:
    """Resolving takes the key from X-API-Key only."""
    return broken(authenticator=rejecting(lambda caller, request, operation: caller.scheme != "apiKey", RESOLVE))


@defect("auth.bearer", "auth.client-operations", difficulty=RARE)
def keys_bearer_not_for_clients_on_messages() -> WsgiApp:
    """The messages of a conversation cannot be listed with a client key after Bearer."""
    return broken(
        authenticator=rejecting(
            lambda caller, request, operation: caller.scheme != "apiKey" and caller.key.tier == "client", MESSAGES
        )
    )


@defect("auth.x-api-key", "auth.client-operations", difficulty=RARE)
def keys_x_api_key_not_for_clients_on_send() -> WsgiApp:
    """A message cannot be sent with a client key in X-API-Key."""
    return broken(
        authenticator=rejecting(lambda caller, request, operation: caller.scheme == "apiKey" and caller.key.tier == "client", SEND)
    )


@defect("auth.x-api-key", difficulty=MEDIUM)
def keys_x_api_key_not_on_messages() -> WsgiApp:
    """The messages of a conversation can be listed with a key after Bearer only."""
    return broken(authenticator=rejecting(lambda caller, request, operation: caller.scheme == "apiKey", MESSAGES))


@defect("auth.client-operations", difficulty=EASY)
def keys_client_may_not_list() -> WsgiApp:
    """Listing conversations takes server keys only."""
    return broken(authenticator=rejecting(lambda caller, request, operation: caller.key.tier == "client", LIST))


@defect("auth.client-operations", difficulty=EASY)
def keys_client_may_not_read_messages() -> WsgiApp:
    """Listing messages takes server keys only."""
    return broken(authenticator=rejecting(lambda caller, request, operation: caller.key.tier == "client", MESSAGES))


@defect("auth.client-operations", difficulty=EASY)
def keys_client_may_not_create() -> WsgiApp:
    """Creating a conversation takes server keys only."""
    return broken(authenticator=rejecting(lambda caller, request, operation: caller.key.tier == "client", CREATE))


@defect("auth.client-operations", difficulty=MEDIUM)
def keys_client_may_not_get() -> WsgiApp:
    """A client key may list conversations and not get one."""
    return broken(authenticator=rejecting(lambda caller, request, operation: caller.key.tier == "client", GET))


@defect("auth.x-api-key", "auth.bearer", "create.status", "get.answer", difficulty=RARE)
def keys_refused_now_and_then() -> WsgiApp:
    """A key is refused at random, once in forty calls: a replica does not know it."""
    counter = Counter()

    class Forgetting(Authenticator):
        def authenticate(self, request: Request, operation: Operation) -> Caller:
            caller = super().authenticate(request, operation)
            if counter.next() % 40 == 0:
                raise invalid_key()
            return caller

    return broken(authenticator=Forgetting)
