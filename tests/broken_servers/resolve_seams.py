"""Where resolving is broken: what it does besides, answers or refuses."""

from collections.abc import Callable
from typing import Any

from broken_servers.list_seams import ruling, then
from broken_servers.seams import RESOLVE, Event, answering, broken
from mockserver.auth import Caller
from mockserver.conversations import Conversations
from mockserver.problems import Refusal
from mockserver.records import Conversation
from mockserver.server import WsgiApp
from mockserver.validation import Request


def besides(effect: Callable[[Any, Caller, Request, Conversation], Any]) -> WsgiApp:
    """A server on which resolving has an effect besides."""
    return broken(conversations=then("resolve", effect))


def answered(rewrite: Callable[[dict[str, Any], Event], Any]) -> WsgiApp:
    """A server that answers resolving otherwise."""
    return broken(pipeline=answering(rewrite, RESOLVE))


def refusing(when: Callable[[Conversations, Conversation], bool], status: int = 409) -> WsgiApp:
    """A server that refuses to resolve some conversations."""

    def resolve(self: Any, caller: Caller, request: Request) -> Conversation:
        if when(self, self.find(caller, request.id)):
            raise Refusal(status, "This cannot be resolved.")
        return Conversations.resolve(self, caller, request)

    return broken(conversations=ruling(resolve=resolve))
