"""The one way of a request: authenticate, validate, handle, respond. Every refusal leaves through `ErrorResponses`."""

from collections.abc import Callable, Mapping
from typing import Any

from werkzeug.wsgi import get_current_url

from mockserver.contract.choices import Choices
from mockserver.contract.document import Operation
from mockserver.handling.authentication import Authenticator
from mockserver.handling.conversations import Conversations
from mockserver.handling.errors import ErrorResponses
from mockserver.handling.serializer import Serializer
from mockserver.handling.stateless import Stateless
from mockserver.handling.validation import Validator
from mockserver.http.messages import Request, Response
from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.refusal import Refusal
from mockserver.store import Store


class Pipeline:
    """Responds to requests for the documented operations. Each step has a method of its own, which a subclass may replace."""

    def __init__(
        self,
        *,
        choices: Choices,
        authenticator: Authenticator,
        validator: Validator,
        conversations: Conversations,
        serializer: Serializer,
        errors: ErrorResponses,
        store: Store,
    ) -> None:
        self.choices = choices
        self.authenticator = authenticator
        self.validator = validator
        self.conversations = conversations
        self.serializer = serializer
        self.errors = errors
        self.store = store
        self.handlers = self.make_handlers()
        self.stateless: dict[str, Stateless] = {}

    def make_handlers(self) -> Mapping[str, Callable[[Caller, CheckedRequest, Request], Any]]:
        """What each operation does, by operationId: from a checked request to the JSON value of the response."""
        rules, show = self.conversations, self.serializer
        # Cached texts are not for subclasses: one may need the value itself, or show a conversation differently each time.
        plain = type(self) is Pipeline and type(show) is Serializer
        read = show.written if plain else show.conversation
        return {
            "createConversation": lambda caller, checked, _: show.conversation(rules.create(caller, checked)),
            "listConversations": lambda caller, checked, request: show.page(
                rules.list(caller, checked), read, lambda: url_of(request)
            ),
            "getConversation": lambda caller, checked, _: read(rules.get(caller, checked)),
            "listMessages": lambda caller, checked, request: show.page(
                rules.messages(caller, checked), show.message, lambda: url_of(request)
            ),
            "createMessage": lambda caller, checked, _: show.sent_message(rules.send(caller, checked)),
            "resolveConversation": lambda caller, checked, _: show.conversation(rules.resolve(caller, checked)),
        }

    def respond(self, operation: Operation, request: Request) -> Response:
        """Return the response to a request."""
        if self.stateless and operation.id in self.stateless:
            return self.stateless[operation.id].respond(self, request)
        try:
            caller = self.authenticate(request, operation)
            checked = self.validate(request, operation)
            value = self.handle(operation, caller, checked, request)
        except Refusal as refusal:
            return self.refused(operation, request, refusal)
        return self.succeeded(operation, request, value)

    def authenticate(self, request: Request, operation: Operation) -> Caller:
        """Who calls. Raises Refusal."""
        return self.authenticator.authenticate(request, operation)

    def validate(self, request: Request, operation: Operation) -> CheckedRequest:
        """What is asked for. Raises Refusal."""
        return self.validator.read(request, operation)

    def handle(self, operation: Operation, caller: Caller, checked: CheckedRequest, request: Request) -> Any:
        """Run the operation in one transaction. Return the response's JSON value. Raises Refusal, and then nothing was changed."""
        with self.store.transaction(write=operation.method != "GET"):
            return self.handlers[operation.id](caller, checked, request)

    def succeeded(self, operation: Operation, request: Request, value: Any) -> Response:
        """Return the response to a request that was done."""
        return Response.json(self.success_status(operation), value)

    def refused(self, operation: Operation, request: Request, refusal: Refusal) -> Response:
        """Return the response to a request that was refused."""
        return self.errors.response_to(refusal, operation.id)

    def success_status(self, operation: Operation) -> int:
        """The status of a success: the documented one, or the chosen one of several."""
        if operation.id == "createMessage":
            return int(self.choices["create_message_status"])
        return operation.successes[0]


def url_of(request: Request) -> str:
    """The address that was requested, without its query."""
    return get_current_url(request.environ, strip_querystring=True)
