"""Servers that refuse what they should create."""

import re
from collections.abc import Callable
from typing import Any

from mockserver.contract.document import Operation
from mockserver.handling.conversations import Conversations
from mockserver.handling.errors import HttpRefusal
from mockserver.handling.validation import Validator
from mockserver.http.messages import Request
from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.records import Conversation
from mockserver.serving.server import WsgiApp
from tests.defects.kit.parts import CREATE, Event, broken, handling
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


def demanding(when: Callable[[Event], bool]) -> WsgiApp:
    """A server that refuses some creates that are as documented."""

    def change(event: Event) -> Event | None:
        if when(event):
            raise HttpRefusal(400, "This is not accepted.")
        return None

    return broken(pipeline=handling(change, CREATE))


@defect("create.status", difficulty=EASY)
def refusals_description_is_required() -> WsgiApp:
    """A create without a description is refused."""
    return demanding(lambda event: "description" not in event.body)


@defect("create.status", difficulty=MEDIUM)
def refusals_channel_is_required_of_clients() -> WsgiApp:
    """With a client key, a create without a channel is refused."""
    return demanding(lambda event: event.tier == "client" and "channel" not in event.body)


@defect("create.status", "create.channel-kept", difficulty=RARE)
def refusals_callback_without_phone() -> WsgiApp:
    """The channel callback is refused where metadata has no phone."""
    return demanding(lambda event: event.body.get("channel") == "callback" and "phone" not in event.body.get("metadata", {}))


@defect("create.status", "create.priority-kept", difficulty=RARE)
def refusals_urgent_from_clients() -> WsgiApp:
    """With a client key, the priority urgent is refused."""
    return demanding(lambda event: event.tier == "client" and event.body.get("priority") == "urgent")


@defect("create.status", "create.metadata-kept", difficulty=MEDIUM)
def refusals_metadata_with_objects() -> WsgiApp:
    """Metadata with objects or lists in it is refused: a flat list of texts and numbers, says the model."""
    return demanding(
        lambda event: any(isinstance(value, dict | list) for value in event.body.get("metadata", {}).values()),
    )


@defect("create.status", "create.text-exact", difficulty=RARE)
def refusals_emoji() -> WsgiApp:
    """A subject with characters of four bytes is refused."""
    return demanding(lambda event: any(ord(character) > 0xFFFF for character in event.body["subject"]))


@defect("create.status", difficulty=RARE)
def refusals_charset() -> WsgiApp:
    """A media type with a charset is refused: it is compared as a whole."""

    class Whole(Validator):
        def check_content_type(self, request: Request) -> None:
            if ";" in str(request.environ.get("CONTENT_TYPE", "")):
                raise HttpRefusal(415, "The body should be application/json.")
            super().check_content_type(request)

    return broken(validator=Whole)


@defect("create.status", difficulty=RARE)
def refusals_charset_in_capitals() -> WsgiApp:
    """A create whose media type has the charset UTF-8 in capitals is refused; utf-8 is taken."""

    class InSmallLetters(Validator):
        def read(self, request: Request, operation: Operation) -> CheckedRequest:
            if operation.id == CREATE and "charset=UTF-8" in str(request.environ.get("CONTENT_TYPE", "")):
                raise HttpRefusal(415, "The body should be in utf-8.")
            return super().read(request, operation)

    return broken(validator=InSmallLetters)


@defect("create.status", difficulty=RARE)
def refusals_third_of_a_user() -> WsgiApp:
    """A requester may have two open conversations, and a third is refused."""

    class Two(Conversations):
        def create(self, caller: Caller, checked: CheckedRequest) -> Conversation:
            email = checked.body.get("user_email")
            user = self.look_up(caller.organisation, email) if email else None
            if user is not None and len(self.store.conversations(caller.organisation, user.id, "open")) > 1:
                raise HttpRefusal(409, "There is an open conversation already.")
            return super().create(caller, checked)

    return broken(conversations=Two)


@defect("create.status", difficulty=RARE)
def refusals_one_letter() -> WsgiApp:
    """A subject of one letter is refused: no problem is that short."""
    return demanding(lambda event: len(event.body["subject"]) < 2)


@defect("create.status", difficulty=RARE)
def refusals_digits() -> WsgiApp:
    """A subject of digits only is refused: it is numeric, and so no text."""
    return demanding(lambda event: event.body["subject"].isdigit())


@defect("create.status", "create.text-exact", difficulty=RARE)
def refusals_subject_without_latin_letters() -> WsgiApp:
    """A subject in which there is no Latin letter is refused as spam."""
    return demanding(lambda event: re.search("[A-Za-z]", event.body["subject"]) is None)


@defect("create.status", "create.text-exact", difficulty=RARE)
def refusals_mark_up() -> WsgiApp:
    """A subject that a firewall takes for an attack is refused."""
    return demanding(lambda event: "<script" in event.body["subject"] or "DROP TABLE" in event.body["subject"])


@defect("create.status", "create.metadata-kept", difficulty=RARE)
def refusals_51_members() -> WsgiApp:
    """Metadata with more than fifty members is refused."""
    return demanding(lambda event: len(event.body.get("metadata", {})) > 50)


@defect("create.status", "create.metadata-kept", difficulty=RARE)
def refusals_fifth_level() -> WsgiApp:
    """Metadata deeper than five levels is refused."""

    def depth(value: Any) -> int:
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return 1 + max(map(depth, inner), default=0) if isinstance(value, dict | list) else 0

    return demanding(lambda event: depth(event.body.get("metadata", {})) > 5)


@defect("create.status", "create.metadata-kept", difficulty=RARE)
def refusals_null_in_metadata() -> WsgiApp:
    """Metadata in which a member is null is refused."""
    return demanding(lambda event: None in event.body.get("metadata", {}).values())


@defect("create.status", "create.metadata-kept", difficulty=RARE)
def refusals_dots_in_names() -> WsgiApp:
    """Metadata is refused where the name of a member has a dot or begins with a dollar, which the store cannot keep."""
    return demanding(lambda event: any("." in name or name.startswith("$") for name in event.body.get("metadata", {})))


@defect("create.status", difficulty=RARE)
def refusals_the_same_subject() -> WsgiApp:
    """A second conversation with the same subject is refused while the requester's first one is open."""

    class Once(Conversations):
        def create(self, caller: Caller, checked: CheckedRequest) -> Conversation:
            email = checked.body.get("user_email")
            user = self.look_up(caller.organisation, email) if email else None
            own = self.store.conversations(caller.organisation, user.id, "open") if user else ()
            if any(one.subject == checked.body["subject"] for one in own):
                raise HttpRefusal(409, "You told us already.")
            return super().create(caller, checked)

    return broken(conversations=Once)


@defect("create.status", difficulty=RARE)
def refusals_last_name_alone() -> WsgiApp:
    """A last name without a first one is refused."""
    return demanding(lambda event: "user_last_name" in event.body and "user_first_name" not in event.body)


@defect("create.status", "create.new-user-names", difficulty=RARE)
def refusals_names_with_apostrophes() -> WsgiApp:
    """A name that holds anything but letters, spaces and dashes is refused."""
    return demanding(lambda event: not re.fullmatch(r"[^\W\d_]*(?:[ -][^\W\d_]+)*", event.body.get("user_last_name", "")))


@defect("create.status", difficulty=RARE)
def refusals_after_a_closed_one() -> WsgiApp:
    """Whose latest conversation was closed may not open another one."""

    class Done(Conversations):
        def create(self, caller: Caller, checked: CheckedRequest) -> Conversation:
            email = checked.body.get("user_email")
            user = self.look_up(caller.organisation, email) if email else None
            latest = next(iter(self.store.conversations(caller.organisation, user.id)), None) if user else None
            if latest is not None and self.is_closed(latest):
                raise HttpRefusal(409, "Your case is closed.")
            return super().create(caller, checked)

    return broken(conversations=Done)
