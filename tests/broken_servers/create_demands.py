"""Servers that refuse what they should create."""

import re
from collections.abc import Callable
from typing import Any

from broken_servers.registry import Difficulty, defect
from broken_servers.seams import CREATE, Event, broken, handling
from mockserver.answers import Call
from mockserver.auth import Caller
from mockserver.conversations import Conversations
from mockserver.problems import Refusal
from mockserver.records import Conversation
from mockserver.server import WsgiApp
from mockserver.validation import Request, Validator

EASY, MEDIUM, RARE = Difficulty


def demanding(when: Callable[[Event], bool]) -> WsgiApp:
    """A server that refuses some creates that are as documented."""

    def change(event: Event) -> Event | None:
        if when(event):
            raise Refusal(400, "This is not accepted.")
        return None

    return broken(pipeline=handling(change, CREATE))


@defect("refusals-description-is-required", "create.status", difficulty=EASY)
def _() -> WsgiApp:
    """A create without a description is refused."""
    return demanding(lambda event: "description" not in event.body)


@defect("refusals-channel-is-required-of-clients", "create.status", difficulty=MEDIUM)
def _() -> WsgiApp:
    """With a client key, a create without a channel is refused."""
    return demanding(lambda event: event.tier == "client" and "channel" not in event.body)


@defect("refusals-callback-without-phone", "create.status", "create.channel-kept", difficulty=RARE)
def _() -> WsgiApp:
    """The channel callback is refused where metadata has no phone."""
    return demanding(lambda event: event.body.get("channel") == "callback" and "phone" not in event.body.get("metadata", {}))


@defect("refusals-urgent-from-clients", "create.status", "create.priority-kept", difficulty=RARE)
def _() -> WsgiApp:
    """With a client key, the priority urgent is refused."""
    return demanding(lambda event: event.tier == "client" and event.body.get("priority") == "urgent")


@defect("refusals-metadata-with-objects", "create.status", "create.metadata-kept", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Metadata with objects or lists in it is refused: a flat list of texts and numbers, says the model."""
    return demanding(
        lambda event: any(isinstance(value, dict | list) for value in event.body.get("metadata", {}).values()),
    )


@defect("refusals-emoji", "create.status", "create.text-exact", difficulty=RARE)
def _() -> WsgiApp:
    """A subject with characters of four bytes is refused."""
    return demanding(lambda event: any(ord(character) > 0xFFFF for character in event.body["subject"]))


@defect("refusals-charset", "create.status", difficulty=RARE)
def _() -> WsgiApp:
    """A media type with a charset is refused: it is compared as a whole."""

    class Whole(Validator):
        def check_content_type(self, call: Call) -> None:
            if ";" in str(call.environ.get("CONTENT_TYPE", "")):
                raise Refusal(415, "The body should be application/json.")
            super().check_content_type(call)

    return broken(validator=Whole)


@defect("refusals-third-of-a-user", "create.status", difficulty=RARE)
def _() -> WsgiApp:
    """A requester may have two open conversations, and a third is refused."""

    class Two(Conversations):
        def create(self, caller: Caller, request: Request) -> Conversation:
            email = request.body.get("user_email")
            user = self.look_up(caller.organisation, email) if email else None
            if user is not None and len(self.store.conversations(caller.organisation, user.id, "open")) > 1:
                raise Refusal(409, "There is an open conversation already.")
            return super().create(caller, request)

    return broken(conversations=Two)


@defect("refusals-one-letter", "create.status", difficulty=RARE)
def _() -> WsgiApp:
    """A subject of one letter is refused: no problem is that short."""
    return demanding(lambda event: len(event.body["subject"]) < 2)


@defect("refusals-digits", "create.status", difficulty=RARE)
def _() -> WsgiApp:
    """A subject of digits only is refused: it is numeric, and so no text."""
    return demanding(lambda event: event.body["subject"].isdigit())


@defect("refusals-subject-without-latin-letters", "create.status", "create.text-exact", difficulty=RARE)
def _() -> WsgiApp:
    """A subject in which there is no Latin letter is refused as spam."""
    return demanding(lambda event: re.search("[A-Za-z]", event.body["subject"]) is None)


@defect("refusals-mark-up", "create.status", "create.text-exact", difficulty=RARE)
def _() -> WsgiApp:
    """A subject that a firewall takes for an attack is refused."""
    return demanding(lambda event: "<script" in event.body["subject"] or "DROP TABLE" in event.body["subject"])


@defect("refusals-51-members", "create.status", "create.metadata-kept", difficulty=RARE)
def _() -> WsgiApp:
    """Metadata with more than fifty members is refused."""
    return demanding(lambda event: len(event.body.get("metadata", {})) > 50)


@defect("refusals-fifth-level", "create.status", "create.metadata-kept", difficulty=RARE)
def _() -> WsgiApp:
    """Metadata deeper than five levels is refused."""

    def depth(value: Any) -> int:
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return 1 + max(map(depth, inner), default=0) if isinstance(value, dict | list) else 0

    return demanding(lambda event: depth(event.body.get("metadata", {})) > 5)


@defect("refusals-null-in-metadata", "create.status", "create.metadata-kept", difficulty=RARE)
def _() -> WsgiApp:
    """Metadata in which a member is null is refused."""
    return demanding(lambda event: None in event.body.get("metadata", {}).values())


@defect("refusals-dots-in-names", "create.status", "create.metadata-kept", difficulty=RARE)
def _() -> WsgiApp:
    """Metadata is refused where the name of a member has a dot or begins with a dollar, which the store cannot keep."""
    return demanding(lambda event: any("." in name or name.startswith("$") for name in event.body.get("metadata", {})))


@defect("refusals-the-same-subject", "create.status", difficulty=RARE)
def _() -> WsgiApp:
    """A second conversation with the same subject is refused while the requester's first one is open."""

    class Once(Conversations):
        def create(self, caller: Caller, request: Request) -> Conversation:
            email = request.body.get("user_email")
            user = self.look_up(caller.organisation, email) if email else None
            own = self.store.conversations(caller.organisation, user.id, "open") if user else ()
            if any(one.subject == request.body["subject"] for one in own):
                raise Refusal(409, "You told us already.")
            return super().create(caller, request)

    return broken(conversations=Once)


@defect("refusals-last-name-alone", "create.status", difficulty=RARE)
def _() -> WsgiApp:
    """A last name without a first one is refused."""
    return demanding(lambda event: "user_last_name" in event.body and "user_first_name" not in event.body)


@defect("refusals-names-with-apostrophes", "create.status", "create.new-user-names", difficulty=RARE)
def _() -> WsgiApp:
    """A name that holds anything but letters, spaces and dashes is refused."""
    return demanding(lambda event: not re.fullmatch(r"[^\W\d_]*(?:[ -][^\W\d_]+)*", event.body.get("user_last_name", "")))


@defect("refusals-after-a-closed-one", "create.status", difficulty=RARE)
def _() -> WsgiApp:
    """Whose latest conversation was closed may not open another one."""

    class Done(Conversations):
        def create(self, caller: Caller, request: Request) -> Conversation:
            email = request.body.get("user_email")
            user = self.look_up(caller.organisation, email) if email else None
            latest = next(iter(self.store.conversations(caller.organisation, user.id)), None) if user else None
            if latest is not None and self.is_closed(latest):
                raise Refusal(409, "Your case is closed.")
            return super().create(caller, request)

    return broken(conversations=Done)
