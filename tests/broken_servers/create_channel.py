"""Servers that change the channel of a new conversation, or the status that it begins with."""

from typing import Any

from broken_servers.create_seams import answered, handled
from broken_servers.registry import Difficulty, defect
from broken_servers.seams import CREATE, Event, broken, with_body, without
from mockserver.conversations import Conversations
from mockserver.records import Conversation
from mockserver.server import WsgiApp

EASY, MEDIUM, RARE = Difficulty


@defect("values-channel-ignored", "create.channel-kept", difficulty=EASY)
def _() -> WsgiApp:
    """Whatever channel is given, it is api."""
    return handled(lambda event: without(event, "channel"))


@defect("values-callback-is-web", "create.channel-kept", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The channel callback is stored as web."""
    return handled(lambda event: with_body(event, channel="web") if event.body.get("channel") == "callback" else None)


@defect("values-api-not-for-clients", "create.channel-kept", difficulty=RARE)
def _() -> WsgiApp:
    """With a client key, the channel api becomes web."""

    def change(event: Event) -> Event | None:
        return with_body(event, channel="web") if event.tier == "client" and event.body.get("channel") == "api" else None

    return handled(change)


@defect("values-email-channel-without-address", "create.channel-kept", difficulty=RARE, effort="standard")
def _() -> WsgiApp:
    """Without user_email the channel email becomes web."""

    def change(event: Event) -> Event | None:
        return with_body(event, channel="web") if event.body.get("channel") == "email" and "user_email" not in event.body else None

    return handled(change)


@defect("values-channel-of-the-first", "create.channel-kept", difficulty=RARE, effort="standard")
def _() -> WsgiApp:
    """All conversations of a requester have the channel of the first."""
    first: dict[str, str] = {}

    def change(event: Event) -> Event | None:
        email = event.body.get("user_email")
        if email is None or "channel" not in event.body:
            return None
        return with_body(event, channel=first.setdefault(email, event.body["channel"]))

    return handled(change)


@defect("values-pending-when-urgent", "create.opens", difficulty=RARE)
def _() -> WsgiApp:
    """An urgent conversation begins as pending."""

    class Pending(Conversations):
        def create(self, caller: Any, request: Any) -> Conversation:
            created = super().create(caller, request)
            if created.priority == "urgent":
                created = created._replace(status="pending")
                self.store.replace_conversation(created)
            return created

    return broken(conversations=Pending)


@defect("values-status-new", "create.opens", "create.answer", difficulty=EASY)
def _() -> WsgiApp:
    """The answer to a create has the status new."""
    return answered(lambda value, event: value | {"status": "new"}, CREATE)


@defect("values-status-pending-when-anonymous", "create.opens", difficulty=RARE)
def _() -> WsgiApp:
    """An anonymous conversation begins as pending."""

    class Pending(Conversations):
        def create(self, caller: Any, request: Any) -> Conversation:
            created = super().create(caller, request)
            if created.requester.anonymous:
                created = created._replace(status="pending")
                self.store.replace_conversation(created)
            return created

    return broken(conversations=Pending)
