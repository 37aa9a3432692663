"""Servers on which an act of one organisation also changes a similar conversation of another: same person, same words."""

import json
from collections.abc import Iterator
from typing import Any

from mockserver.handling.conversations import Conversations
from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.records import Conversation, Message, User
from mockserver.model.refusal import not_found
from mockserver.serving.server import WsgiApp
from tests.defects.kit.parts import broken
from tests.defects.kit.rules import ruling, then
from tests.defects.kit.stores import all_conversations, kept_messages
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


def _twins(rules: Any, of: Conversation) -> Iterator[Conversation]:
    """The conversations of the same person in other organisations."""
    for one in all_conversations(rules.store):
        if one.organisation != of.organisation and one.requester.email and one.requester.email == of.requester.email:
            yield one


@defect("isolation.resolve", difficulty=RARE)
def isolation_resolves_the_twin() -> WsgiApp:
    """A resolve also closes what the same person wrote under the same subject to another organisation."""

    def close(rules: Any, caller: Caller, checked: CheckedRequest, done: Conversation) -> None:
        for twin in _twins(rules, done):
            if twin.subject == done.subject:
                rules.store.replace_conversation(twin._replace(status="closed"))

    return broken(conversations=then("resolve", close))


@defect("isolation.create-message", difficulty=RARE)
def isolation_sends_to_the_twin() -> WsgiApp:
    """A message is also listed in what the same person has open with another organisation."""

    def send(rules: Any, caller: Caller, checked: CheckedRequest, done: Message) -> None:
        [of] = [one for one in all_conversations(rules.store) if one.id == done.conversation]
        for twin in _twins(rules, of):
            kept_messages(rules.store, twin.id).append(done)

    return broken(conversations=then("send", send))


@defect("isolation.create-message", "create.existing-user-names", difficulty=RARE)
def isolation_renames_the_twin() -> WsgiApp:
    """A create with names gives them to whoever has that address in another organisation as well."""

    def rename(rules: Any, caller: Caller, checked: CheckedRequest, done: Conversation) -> None:
        first, last = checked.body.get("user_first_name"), checked.body.get("user_last_name")
        for twin in _twins(rules, done):
            renamed = twin.requester._replace(first_name=first, last_name=last)
            if first and last:
                rules.store.replace_conversation(twin._replace(requester=renamed))

    return broken(conversations=then("create", rename))


@defect("isolation.create-message", difficulty=RARE)
def isolation_names_the_twin_as_a_new_user() -> WsgiApp:
    """The names of a new user are copied to the user of the same address in the other organisation."""

    def new_user(self: Any, organisation: str, email: str, first_name: str | None, last_name: str | None) -> User:
        user = Conversations.new_user(self, organisation, email, first_name, last_name)
        for other in app.namespace.keys.organisations if first_name or last_name else ():
            twin = self.look_up(other, email)
            if twin is not None and other != organisation:
                renamed = self.store.add_user(twin._replace(first_name=first_name, last_name=last_name), self.email_key(email))
                for one in [*self.store.conversations(other, twin.id)]:
                    self.store.replace_conversation(one._replace(requester=renamed))
        return user

    app = broken(conversations=ruling(new_user=new_user))
    return app


@defect("isolation.get", "create.status", difficulty=RARE)
def isolation_takes_equal_creates_for_one() -> WsgiApp:
    """An equal create of another organisation is answered with the conversation that is there."""
    made: dict[str, Conversation] = {}

    class Once(Conversations):
        def create(self, caller: Caller, checked: CheckedRequest) -> Conversation:
            body = json.dumps(dict(checked.body), sort_keys=True, default=str)
            before = made.get(body)
            if before is not None and before.organisation != caller.organisation:
                return before
            made[body] = super().create(caller, checked)
            return made[body]

    return broken(conversations=Once)


@defect("messages.accepted", difficulty=RARE)
def isolation_refuses_the_twin() -> WsgiApp:
    """A message is refused from whoever has the same address in another organisation, too: addresses are unique among all."""

    def send(rules: Any, caller: Caller, checked: CheckedRequest) -> Message:
        email = checked.body["user_email"]
        if any(_has(one, email) for one in all_conversations(rules.store) if one.organisation != caller.organisation):
            raise not_found()
        return Conversations.send(rules, caller, checked)

    return broken(conversations=ruling(send=send))


def _has(conversation: Conversation, email: str) -> bool:
    return (conversation.requester.email or "").lower() == email.lower()
