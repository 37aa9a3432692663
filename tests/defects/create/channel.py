"""Servers that change the channel of a new conversation, or the status that it begins with."""

from typing import Any

from mockserver.handling.conversations import Conversations
from mockserver.model.records import Conversation
from mockserver.serving.server import WsgiApp
from tests.defects.kit.creating import answered, handled
from tests.defects.kit.parts import CREATE, Event, broken, with_body, without
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


@defect("create.channel-kept", difficulty=EASY)
def values_channel_ignored() -> WsgiApp:
    """Whatever channel is given, it is api."""
    return handled(lambda event: without(event, "channel"))


@defect("create.channel-kept", difficulty=MEDIUM)
def values_callback_is_web() -> WsgiApp:
    """The channel callback is stored as web."""
    return handled(lambda event: with_body(event, channel="web") if event.body.get("channel") == "callback" else None)


@defect("create.channel-kept", difficulty=RARE)
def values_api_not_for_clients() -> WsgiApp:
    """With a client key, the channel api becomes web."""

    def change(event: Event) -> Event | None:
        return with_body(event, channel="web") if event.tier == "client" and event.body.get("channel") == "api" else None

    return handled(change)


@defect("create.channel-kept", difficulty=RARE, effort="standard")
def values_email_channel_without_address() -> WsgiApp:
    """Without user_email the channel email becomes web."""

    def change(event: Event) -> Event | None:
        return with_body(event, channel="web") if event.body.get("channel") == "email" and "user_email" not in event.body else None

    return handled(change)


@defect("create.channel-kept", difficulty=RARE, effort="standard")
def values_channel_of_the_first() -> WsgiApp:
    """All conversations of a requester have the channel of the first."""
    first: dict[str, str] = {}

    def change(event: Event) -> Event | None:
        email = event.body.get("user_email")
        if email is None or "channel" not in event.body:
            return None
        return with_body(event, channel=first.setdefault(email, event.body["channel"]))

    return handled(change)


@defect("create.channel-kept", difficulty=RARE)
def values_channel_email_for_good() -> WsgiApp:
    """Whose first conversation came by email has the channel email ever after."""
    first: dict[tuple[str, str], str | None] = {}

    def change(event: Event) -> Event | None:
        if "user_email" not in event.body:
            return None
        requester = event.caller.organisation, event.body["user_email"]
        channel = first.setdefault(requester, event.body.get("channel"))
        return with_body(event, channel=channel) if channel == "email" else None

    return handled(change)


@defect("create.opens", difficulty=RARE)
def values_pending_when_urgent() -> WsgiApp:
    """An urgent conversation begins as pending."""

    class Pending(Conversations):
        def create(self, caller: Any, checked: Any) -> Conversation:
            created = super().create(caller, checked)
            if created.priority == "urgent":
                created = created._replace(status="pending")
                self.store.replace_conversation(created)
            return created

    return broken(conversations=Pending)


@defect("create.opens", "create.answer", difficulty=EASY)
def values_status_new() -> WsgiApp:
    """The answer to a create has the status new."""
    return answered(lambda value, event: value | {"status": "new"}, CREATE)


@defect("create.opens", difficulty=RARE)
def values_status_pending_when_anonymous() -> WsgiApp:
    """An anonymous conversation begins as pending."""

    class Pending(Conversations):
        def create(self, caller: Any, checked: Any) -> Conversation:
            created = super().create(caller, checked)
            if created.requester.anonymous:
                created = created._replace(status="pending")
                self.store.replace_conversation(created)
            return created

    return broken(conversations=Pending)
