"""Servers that refuse what they should create."""

from collections.abc import Callable

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
