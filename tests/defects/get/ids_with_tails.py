"""Servers that find a conversation by a text that is longer than its id, or different from it."""

from collections.abc import Callable

from mockserver.contract.document import Operation
from mockserver.handling.validation import Validator
from mockserver.http.messages import Request
from mockserver.model.checked_request import CheckedRequest
from mockserver.serving.server import WsgiApp
from tests.defects.kit.parts import GET, broken
from tests.defects.kit.stores import all_conversations
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


def finding(change: Callable[[str], str], *operations: str) -> WsgiApp:
    """A server that looks up another text than the one in the path, for these operations."""

    class Lenient(Validator):
        def read(self, request: Request, operation: Operation) -> CheckedRequest:
            if operation.id in operations:
                request = Request(request.environ, {**request.path, "id": change(request.path["id"])})
            return super().read(request, operation)

    return broken(validator=Lenient)


@defect("get.unknown-id", difficulty=RARE)
def ids_last_digit_rounded() -> WsgiApp:
    """Getting a conversation compares ids as floating-point numbers, whose last bits are not kept."""
    app = finding(lambda text: near(text), GET)

    def near(text: str) -> str:
        known = (one.id for one in all_conversations(app.namespace.store))  # type: ignore[attr-defined]
        return next((one for one in known if one[:-1] == text[:-1]), text)

    return app
