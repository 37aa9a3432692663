"""Servers that resolve ids which no conversation has, or break down at them."""

import itertools
import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from mockserver.handling.conversations import Conversations
from mockserver.handling.errors import HttpRefusal
from mockserver.handling.validation import Validator
from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.records import Conversation
from mockserver.serving.server import WsgiApp
from tests.defects.kit.parts import broken
from tests.defects.kit.rules import ruling
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


class _AnyId(Validator):
    def read_id(self, text: str) -> str:
        return text


def unknown_resolved(when: Callable[[str, Caller], bool], status: int) -> WsgiApp:
    """Make a server that responds with this status when some ids that do not exist are resolved."""
    example = {"subject": "", "priority": "normal", "channel": "api"}

    def resolve(self: Any, caller: Caller, checked: CheckedRequest) -> Conversation:
        if self.store.conversation(checked.id) is not None or not when(checked.id, caller):
            return Conversations.resolve(self, caller, checked)
        if status != 200:
            raise HttpRefusal(status, "Something went wrong.")
        nobody, now = self.new_anonymous(caller.organisation, None, None), self.clock.now()
        place = {"id": checked.id, "organisation": caller.organisation, "number": 0, "status": "closed"}
        return Conversation(**place, **example, metadata={}, requester=nobody, created_at=now, updated_at=now)

    return broken(conversations=ruling(resolve=resolve), validator=_AnyId)


@defect("resolve.unknown-id", difficulty=EASY)
def resolve_unknown_accepted() -> WsgiApp:
    """Resolving an id that no conversation has is answered with 200."""
    return unknown_resolved(lambda conversation_id, caller: True, 200)


@defect("resolve.unknown-id", difficulty=RARE)
def resolve_unknown_by_bearer_accepted() -> WsgiApp:
    """Resolving an id that no conversation has is answered with 200 where the key came after Bearer."""
    return unknown_resolved(lambda conversation_id, caller: caller.scheme != "apiKey", 200)


@defect("resolve.unknown-id", "any.no-server-error", difficulty=EASY)
def resolve_unknown_is_an_error() -> WsgiApp:
    """Resolving an id that no conversation has is answered with 500."""
    return unknown_resolved(lambda conversation_id, caller: True, 500)


@defect("resolve.unknown-id", difficulty=MEDIUM)
def resolve_malformed_id_accepted() -> WsgiApp:
    """Resolving a malformed id is answered with 200."""
    return unknown_resolved(lambda conversation_id, caller: len(conversation_id) != 36, 200)


@defect("resolve.unknown-id", "any.no-server-error", difficulty=MEDIUM)
def resolve_malformed_id_is_an_error() -> WsgiApp:
    """Resolving a malformed id is answered with 500."""
    return unknown_resolved(lambda conversation_id, caller: len(conversation_id) != 36, 500)


@defect("resolve.unknown-id", "resolve.only-that", difficulty=RARE)
def resolve_nearest_id() -> WsgiApp:
    """Ids are counted, and resolving looks at all but the last character of one."""
    counter = itertools.count(0x0190_0000_0000_7000_8000_0000_0000_0000)

    def resolve(self: Any, caller: Caller, checked: CheckedRequest) -> Conversation:
        alike = [one for one in self.store.conversations(caller.organisation) if one.id[:-1] == checked.id[:-1]]
        return Conversations.resolve(self, caller, checked._replace(id=alike[0].id) if alike else checked)

    def new() -> str:
        return str(uuid.UUID(int=next(counter)))

    class Counted(ruling(resolve=resolve)):  # type: ignore[misc]
        def __init__(self, *parts: Any) -> None:
            super().__init__(*parts)
            self.ids: Any = SimpleNamespace(new=new)

    return broken(conversations=Counted)
