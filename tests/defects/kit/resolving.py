"""Where resolving is broken: in its further effects, its responses and its refusals."""

from collections.abc import Callable
from typing import Any

from mockserver.handling.conversations import Conversations
from mockserver.handling.errors import HttpRefusal
from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.records import Conversation
from mockserver.serving.server import WsgiApp
from tests.defects.kit.parts import RESOLVE, Event, answering, broken
from tests.defects.kit.rules import ruling, then


def besides(effect: Callable[[Any, Caller, CheckedRequest, Conversation], Any]) -> WsgiApp:
    """Make a server on which resolving has a further effect."""
    return broken(conversations=then("resolve", effect))


def answered(rewrite: Callable[[dict[str, Any], Event], Any]) -> WsgiApp:
    """A server that answers resolving otherwise."""
    return broken(pipeline=answering(rewrite, RESOLVE))


def refusing(when: Callable[[Conversations, Conversation], bool], status: int = 409) -> WsgiApp:
    """A server that refuses to resolve some conversations."""

    def resolve(self: Any, caller: Caller, checked: CheckedRequest) -> Conversation:
        if when(self, self.find(caller, checked.id)):
            raise HttpRefusal(status, "This cannot be resolved.")
        return Conversations.resolve(self, caller, checked)

    return broken(conversations=ruling(resolve=resolve))
