"""The one way of a request: authenticate, validate, handle, answer. Every refusal leaves through `Problems`."""

from collections.abc import Callable, Mapping
from typing import Any

from werkzeug.wsgi import get_current_url

from mockserver.answers import Answer, Call
from mockserver.auth import Authenticator, Caller
from mockserver.choices import Choices
from mockserver.contract import Operation
from mockserver.conversations import Conversations
from mockserver.presenter import Presenter
from mockserver.problems import Problems, Refusal
from mockserver.store import Store
from mockserver.validation import Request, Validator


class Pipeline:
    """Answers calls of the documented operations. Each step has a method of its own, which a subclass may replace."""

    def __init__(
        self,
        *,
        choices: Choices,
        authenticator: Authenticator,
        validator: Validator,
        conversations: Conversations,
        presenter: Presenter,
        problems: Problems,
        store: Store,
    ) -> None:
        self.choices = choices
        self.authenticator = authenticator
        self.validator = validator
        self.conversations = conversations
        self.presenter = presenter
        self.problems = problems
        self.store = store
        self.handlers = self.make_handlers()

    def make_handlers(self) -> Mapping[str, Callable[[Caller, Request, Call], Any]]:
        """What each operation does, by operationId: from a checked request to the JSON value of the answer."""
        rules, show = self.conversations, self.presenter
        # A subclass may look into what is answered, or show the same conversation otherwise the next time.
        plain = type(self) is Pipeline and type(show) is Presenter
        read = show.written if plain else show.conversation
        return {
            "createConversation": lambda caller, request, _: show.conversation(rules.create(caller, request)),
            "listConversations": lambda caller, request, call: show.page(rules.list(caller, request), read, lambda: url_of(call)),
            "getConversation": lambda caller, request, _: read(rules.get(caller, request)),
            "listMessages": lambda caller, request, call: show.page(
                rules.messages(caller, request), show.message, lambda: url_of(call)
            ),
            "createMessage": lambda caller, request, _: show.sent_message(rules.send(caller, request)),
            "resolveConversation": lambda caller, request, _: show.conversation(rules.resolve(caller, request)),
        }

    def answer(self, operation: Operation, call: Call) -> Answer:
        """The answer to a call."""
        try:
            caller = self.authenticate(call, operation)
            request = self.validate(call, operation)
            value = self.handle(operation, caller, request, call)
        except Refusal as refusal:
            return self.refused(operation, call, refusal)
        return self.succeeded(operation, call, value)

    def authenticate(self, call: Call, operation: Operation) -> Caller:
        """Who calls. Raises Refusal."""
        return self.authenticator.authenticate(call, operation)

    def validate(self, call: Call, operation: Operation) -> Request:
        """What is asked for. Raises Refusal."""
        return self.validator.read(call, operation)

    def handle(self, operation: Operation, caller: Caller, request: Request, call: Call) -> Any:
        """Do it, as one unit of work, and return the JSON value of the answer. Raises Refusal, and then nothing was changed."""
        with self.store.transaction(write=operation.method != "GET"):
            return self.handlers[operation.id](caller, request, call)

    def succeeded(self, operation: Operation, call: Call, value: Any) -> Answer:
        """The answer to a call that was done."""
        return Answer.json(self.success_status(operation), value)

    def refused(self, operation: Operation, call: Call, refusal: Refusal) -> Answer:
        """The answer to a call that was refused."""
        return self.problems.answer(refusal)

    def success_status(self, operation: Operation) -> int:
        """The status of a success: the documented one, or the chosen one of several."""
        if operation.id == "createMessage":
            return int(self.choices["create_message_status"])
        return operation.successes[0]


def url_of(call: Call) -> str:
    """The address that was called, without its query."""
    return get_current_url(call.environ, strip_querystring=True)
