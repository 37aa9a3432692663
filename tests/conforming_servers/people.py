"""Requesters and senders: who may write, and what they are called."""

from conforming_servers.registry import variation
from conforming_servers.seams import mock
from mockserver.auth import Caller
from mockserver.conversations import Conversations
from mockserver.problems import Refusal
from mockserver.records import Message, User
from mockserver.server import WsgiApp
from mockserver.validation import Request


@variation("participants-only")
def participants_only() -> WsgiApp:
    """Only the requester of a conversation may send messages to it; everybody else is refused with 403."""

    class Participants(Conversations):
        def send(self, caller: Caller, request: Request) -> Message:
            conversation = self.find(caller, request.id)
            email = request.body["user_email"]
            if self.email_key(email) != self.email_key(conversation.requester.email or ""):
                raise Refusal(403, "Not a participant.")
            return super().send(caller, request)

    return mock(conversations=Participants)


@variation("anonymous-people-are-one", spare=True)
def one_anonymous() -> WsgiApp:
    """All anonymous conversations belong to one user, whose address is made up and can be listed by."""

    class OneAnonymous(Conversations):
        def new_anonymous(self, organisation: str, first_name: str | None, last_name: str | None) -> User:
            known = self.look_up(organisation, "anonymous@users.invalid")
            return known or self.new_user(organisation, "anonymous@users.invalid", "Anonymous", "Visitor")

    return mock(conversations=OneAnonymous)


@variation("senders-are-not-users", spare=True)
def senders_are_not_users() -> WsgiApp:
    """Who sends a message is written down and does not become a user, so that a later create names them."""

    class Passing(Conversations):
        def sender(self, organisation: str, email: str) -> User:
            return self.look_up(organisation, email) or User("", organisation, email, None, None)

    return mock(conversations=Passing)


@variation("unknown-senders-get-names", spare=True)
def named_senders() -> WsgiApp:
    """A user who first appears as a sender is named after the address."""

    class Named(Conversations):
        def sender(self, organisation: str, email: str) -> User:
            return self.look_up(organisation, email) or self.new_user(organisation, email, email.partition("@")[0], "")

    return mock(conversations=Named)


@variation("addresses-in-lower-case", spare=True)
def lower_addresses() -> WsgiApp:
    """Addresses are folded in every answer and in the look-up; those of senders too."""
    return mock(choices={"email_lookup_case": "fold", "email_answer_case": "fold"})


@variation("missing-names-from-the-address", spare=True)
def names_from_address() -> WsgiApp:
    """A new user without names is called after the address; given names are kept."""

    class Called(Conversations):
        def new_user(self, organisation: str, email: str, first_name: str | None, last_name: str | None) -> User:
            if first_name is None and last_name is None:
                first_name, last_name = email.partition("@")[0], "(unknown)"
            return super().new_user(organisation, email, first_name, last_name)

    return mock(conversations=Called)
