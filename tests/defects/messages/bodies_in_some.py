"""Servers that change the bodies of messages to some conversations only."""

import re
from collections.abc import Callable
from typing import Any

from mockserver.handling.conversations import Conversations
from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.records import Conversation, Message
from mockserver.serving.server import WsgiApp
from tests.defects.kit.parts import broken
from tests.defects.kit.rules import ruling
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


def bodies_in(concerned: Callable[[Conversation], bool], change_text: Callable[[str], str]) -> WsgiApp:
    """A server that stores the body of a message to some conversations otherwise."""

    def send(self: Any, caller: Caller, checked: CheckedRequest) -> Message:
        if concerned(self.find(caller, checked.id)):
            checked = checked._replace(body={**checked.body, "body": change_text(checked.body["body"])})
        return Conversations.send(self, caller, checked)

    return broken(conversations=ruling(send=send))


@defect("messages.body-exact", difficulty=RARE)
def messages_body_addresses_masked_in_anonymous() -> WsgiApp:
    """E-mail addresses in bodies become asterisks in conversations of an anonymous requester."""
    return bodies_in(lambda found: found.requester.anonymous, lambda text: re.sub(r"[\w.+-]+@[\w-]+(\.[\w-]+)+", "***", text))


@defect("messages.body-exact", difficulty=RARE)
def messages_body_cut_2000_in_closed() -> WsgiApp:
    """Bodies of messages to a closed conversation are cut after 2,000 characters."""
    return bodies_in(lambda found: found.status == "closed", lambda text: text[:2000])
