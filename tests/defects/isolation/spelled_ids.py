"""Servers on which an id that is spelled otherwise leads to another organisation's conversation."""

import uuid
from dataclasses import replace
from typing import Any

from mockserver.handling.conversations import Conversations
from mockserver.handling.validation import Validator
from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.ids import is_id
from mockserver.model.records import Conversation
from mockserver.serving.server import WsgiApp
from tests.defects.kit.parts import broken
from tests.defects.registry import Difficulty, defect

RARE = Difficulty.RARE


@defect("isolation.get", difficulty=RARE)
def isolation_of_capitals() -> WsgiApp:
    """An id in capitals is looked up without regard to the organisation."""

    class Capitals(Conversations):
        def find(self, caller: Caller, conversation_id: str) -> Conversation:
            found = self.store.conversation(conversation_id.lower())
            if conversation_id != conversation_id.lower() and found is not None:
                return found
            return super().find(caller, conversation_id)

    class AnyCase(Validator):
        def read_id(self, text: str) -> str:
            return text if is_id(text.lower()) else super().read_id(text)

    return broken(conversations=Capitals, validator=AnyCase)


@defect("isolation.messages", difficulty=RARE)
def isolation_of_ids_without_hyphens() -> WsgiApp:
    """Messages are found by an id without hyphens as well, of any organisation."""

    class Short(Validator):
        def read_id(self, text: str) -> str:
            return str(uuid.UUID(text)) + "?" if len(text) == 32 else super().read_id(text)

    class Found(Conversations):
        def messages(self, caller: Caller, checked: CheckedRequest) -> Any:
            if not checked.id.endswith("?"):
                return super().messages(caller, checked)
            found = self.store.conversation(checked.id[:-1])
            owner = caller if found is None else caller._replace(key=replace(caller.key, organisation=found.organisation))
            return super().messages(owner, checked._replace(id=checked.id[:-1]))

    return broken(conversations=Found, validator=Short)
