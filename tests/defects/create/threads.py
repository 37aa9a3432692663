"""Servers that take a create for an answer to an earlier conversation, as mail is sorted into threads."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from mockserver.handling.conversations import REPLY, Conversations
from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.events import MESSAGE_CREATED
from mockserver.model.records import Conversation
from mockserver.serving.server import WsgiApp
from tests.defects.kit.parts import broken
from tests.defects.kit.rules import everything, ruling
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty
JOINED = (
    "create.id-unique",
    "create.text-exact",
    "messages.touches-no-other",
    "create.channel-kept",
    "create.metadata-kept",
    "create.metadata-default",
)
"""What a create breaks that is answered with an earlier conversation, which has all its own members, and one message more."""

Answered = Callable[[Conversations, Caller, Mapping[str, Any]], Conversation | None]


def threading(answered: Answered) -> WsgiApp:
    """A server that appends some creates to an earlier conversation, and answers with that one.

    `answered` gets the rules, the caller and the body, and returns the earlier conversation, or None for a create as it should be.
    """

    def create(self: Any, caller: Caller, checked: CheckedRequest) -> Conversation:
        body = checked.body
        earlier = answered(self, caller, body)
        if earlier is None:
            return Conversations.create(self, caller, checked)
        sender = self.requester(caller.organisation, body)
        message = self.add_message(earlier, sender.email, body.get("description") or body["subject"], REPLY)
        after: Conversation = self.after_reply(earlier, message)
        self.store.replace_conversation(after)
        self.announce(MESSAGE_CREATED, after, message)
        return after

    return broken(conversations=ruling(create=create))


@defect(*JOINED, difficulty=RARE)
def creates_joined_to_the_subject_by_mail() -> WsgiApp:
    """A create by mail with Re: and the subject of an earlier one of its requester becomes a message of that, which is answered."""

    def answered(rules: Conversations, caller: Caller, body: Mapping[str, Any]) -> Conversation | None:
        user = rules.look_up(caller.organisation, body.get("user_email") or "")
        if user is None or body.get("channel") != "email":
            return None
        own = rules.store.conversations(caller.organisation, user.id)
        return next((one for one in own if body["subject"] == f"Re: {one.subject}"), None)

    return threading(answered)


@defect(*JOINED, difficulty=RARE)
def creates_joined_to_the_number() -> WsgiApp:
    """A create that has [#NUMBER] of a conversation in its subject becomes a message of that conversation, which is answered."""

    def answered(rules: Conversations, caller: Caller, body: Mapping[str, Any]) -> Conversation | None:
        numbers = re.findall(r"\[#([0-9]+)\]", body["subject"])
        named = (one for one in everything(rules, caller) if str(one.number) in numbers) if numbers else ()
        return next(iter(named), None)

    return threading(answered)
