"""Requesters and senders: who may write, and what they are called."""

from collections.abc import Mapping
from typing import Any, ClassVar

from mockserver.contract.document import Operation
from mockserver.handling.conversations import Conversations
from mockserver.handling.errors import HttpRefusal
from mockserver.handling.serializer import Serializer
from mockserver.handling.validation import Validator
from mockserver.http.messages import Request
from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.records import Message, User
from mockserver.serving.server import WsgiApp
from tests.variations.registry import Conforming, variation
from tests.variations.seams import mock


@variation("participants-only")
def participants_only() -> WsgiApp:
    """Only the requester of a conversation may send messages to it; everybody else is refused with 403."""

    class Participants(Conversations):
        def send(self, caller: Caller, checked: CheckedRequest) -> Message:
            conversation = self.find(caller, checked.id)
            email = checked.body["user_email"]
            if self.email_key(email) != self.email_key(conversation.requester.email or ""):
                raise HttpRefusal(403, "Not a participant.")
            return super().send(caller, checked)

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


@variation("names-filled-in-later")
def names_filled_in() -> WsgiApp:
    """A name that a user lacks is taken from a later create, for the conversations before as well."""

    class Filling(Conversations):
        def requester(self, organisation: str, body: Mapping[str, Any]) -> User:
            user = super().requester(organisation, body)
            sent = body.get("user_first_name"), body.get("user_last_name")
            known = self.names.setdefault(user.id, (user.first_name, user.last_name))
            self.names[user.id] = (known[0] or sent[0], known[1] or sent[1])
            return user

        names: ClassVar[dict[str, tuple[str | None, str | None]]] = {}

    class Filled(Serializer):
        def requester(self, user: User) -> dict[str, Any] | None:
            first, last = Filling.names.get(user.id, (None, None))
            return super().requester(user._replace(first_name=first, last_name=last))

    return mock(conversations=Filling, serializer=Filled)


@variation("addresses-as-last-sent")
def as_last_sent() -> WsgiApp:
    """Addresses are folded in the look-up, and shown as they were written last, for the conversations before as well."""
    written: dict[str, str] = {}

    class Remembering(Conversations):
        def look_up(self, organisation: str, email: str) -> User | None:
            found = super().look_up(organisation, email)
            if found is not None:
                written[found.id] = email
            return found

    class Last(Serializer):
        def requester(self, user: User) -> dict[str, Any] | None:
            return super().requester(user._replace(email=written.get(user.id, user.email)))

    return mock(conversations=Remembering, serializer=Last, choices={"email_lookup_case": "fold"})


@variation("deliverable-addresses-only")
def deliverable() -> Conforming:
    """Addresses are checked for deliverability: all but those of one domain are refused, in creates, messages and filters."""

    class Checking(Validator):
        def is_email(self, text: str) -> bool:
            return super().is_email(text) and text.rpartition("@")[2].lower() == "mail.vendor.example"

        def read_query(self, request: Request, operation: Operation) -> tuple[dict[str, Any], bool]:
            values, impossible = super().read_query(request, operation)
            if values.get("user_email") is not None and not self.is_email(values["user_email"]):
                raise HttpRefusal(400, "user_email: No mail can be delivered there.")
            return values, impossible

    return Conforming(mock(validator=Checking), {"email_domain": "mail.vendor.example"})
