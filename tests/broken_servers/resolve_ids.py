"""Servers that resolve ids which no conversation has, or break down at them."""

from collections.abc import Callable
from typing import Any

from broken_servers.list_seams import ruling
from broken_servers.registry import Difficulty, defect
from broken_servers.seams import broken
from mockserver.auth import Caller
from mockserver.conversations import Conversations
from mockserver.problems import Refusal
from mockserver.records import Conversation
from mockserver.server import WsgiApp
from mockserver.validation import Request, Validator

EASY, MEDIUM, RARE = Difficulty


class _AnyId(Validator):
    def read_id(self, text: str) -> str:
        return text


def unknown_resolved(when: Callable[[str, Caller], bool], status: int) -> WsgiApp:
    """A server that does not mind ids that no conversation has."""
    example = {"subject": "", "priority": "normal", "channel": "api"}

    def resolve(self: Any, caller: Caller, request: Request) -> Conversation:
        if self.store.conversation(request.id) is not None or not when(request.id, caller):
            return Conversations.resolve(self, caller, request)
        if status != 200:
            raise Refusal(status, "Something went wrong.")
        nobody, now = self.new_anonymous(caller.organisation, None, None), self.clock.now()
        place = {"id": request.id, "organisation": caller.organisation, "number": 0, "status": "closed"}
        return Conversation(**place, **example, metadata={}, requester=nobody, created_at=now, updated_at=now)

    return broken(conversations=ruling(resolve=resolve), validator=_AnyId)


@defect("resolve-unknown-accepted", "resolve.unknown-id", difficulty=EASY)
def _() -> WsgiApp:
    """Resolving an id that no conversation has is answered with 200."""
    return unknown_resolved(lambda conversation_id, caller: True, 200)


@defect("resolve-unknown-by-bearer-accepted", "resolve.unknown-id", difficulty=RARE)
def _() -> WsgiApp:
    """Resolving an id that no conversation has is answered with 200 where the key came after Bearer."""
    return unknown_resolved(lambda conversation_id, caller: caller.scheme != "apiKey", 200)


@defect("resolve-unknown-is-an-error", "resolve.unknown-id", "any.no-server-error", difficulty=EASY)
def _() -> WsgiApp:
    """Resolving an id that no conversation has is answered with 500."""
    return unknown_resolved(lambda conversation_id, caller: True, 500)


@defect("resolve-malformed-id-accepted", "resolve.unknown-id", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Resolving a malformed id is answered with 200."""
    return unknown_resolved(lambda conversation_id, caller: len(conversation_id) != 36, 200)


@defect("resolve-malformed-id-is-an-error", "resolve.unknown-id", "any.no-server-error", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Resolving a malformed id is answered with 500."""
    return unknown_resolved(lambda conversation_id, caller: len(conversation_id) != 36, 500)


@defect("resolve-nearest-id", "resolve.unknown-id", "resolve.only-that", difficulty=RARE)
def _() -> WsgiApp:
    """Resolving looks at all but the last character of an id."""

    def resolve(self: Any, caller: Caller, request: Request) -> Conversation:
        alike = [one for one in self.store.conversations(caller.organisation) if one.id[:-1] == request.id[:-1]]
        return Conversations.resolve(self, caller, request._replace(id=alike[0].id) if alike else request)

    return broken(conversations=ruling(resolve=resolve))
