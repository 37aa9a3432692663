"""Servers that give a new conversation another requester, or none, or insist on one."""

from typing import Any

from broken_servers.create_seams import answered, handled
from broken_servers.registry import Difficulty, defect
from broken_servers.seams import CREATE, Event, broken, handling, with_body
from mockserver.conversations import Conversations
from mockserver.server import WsgiApp

EASY, MEDIUM, RARE = Difficulty


@defect("requester-by-local-part", "create.requester-email", difficulty=RARE)
def _() -> WsgiApp:
    """Users are looked up by the part of the address before the @."""

    class ByLocalPart(Conversations):
        def email_key(self, email: str) -> str:
            return email.partition("@")[0].lower()

    return broken(conversations=ByLocalPart)


@defect("requester-email-without-plus", "create.requester-email", difficulty=RARE)
def _() -> WsgiApp:
    """What follows a plus in an address is left out."""

    def change(event: Event) -> Event | None:
        name, _, host = event.body.get("user_email", "").partition("@")
        return with_body(event, user_email=f"{name.split('+')[0]}@{host}") if "+" in name else None

    return handled(change)


@defect("requester-email-of-the-first", "create.requester-email", difficulty=EASY)
def _() -> WsgiApp:
    """Every conversation has the first requester."""
    first: list[str] = []

    def change(event: Event) -> Event | None:
        if "user_email" not in event.body:
            return None
        first.append(event.body["user_email"])
        return with_body(event, user_email=first[0])

    return handled(change)


@defect("requester-email-null-for-clients", "create.requester-email", difficulty=MEDIUM)
def _() -> WsgiApp:
    """With a client key the answer to a create does not show the requester's address."""

    def change(value: Any, event: Event) -> Any:
        if event.tier == "client":
            value["requester"]["email"] = None
        return value

    return answered(change, CREATE)


@defect("requester-email-is-required", "create.anonymous", difficulty=EASY)
def _() -> WsgiApp:
    """Without user_email a create is refused."""

    def change(event: Event) -> Event | None:
        if "user_email" not in event.body:
            raise app.world.pipeline.problems.invalid_value([])
        return None

    app = broken(pipeline=handling(change, CREATE))
    return app


@defect("requester-email-is-required-of-clients", "create.anonymous", difficulty=MEDIUM)
def _() -> WsgiApp:
    """With a client key, a create without user_email is refused."""

    def change(event: Event) -> Event | None:
        if "user_email" not in event.body and event.tier == "client":
            raise app.world.pipeline.problems.invalid_value([])
        return None

    app = broken(pipeline=handling(change, CREATE))
    return app


@defect("requester-anonymous-with-a-name-refused", "create.anonymous", difficulty=RARE)
def _() -> WsgiApp:
    """Names without user_email are refused."""

    def change(event: Event) -> Event | None:
        if "user_email" not in event.body and event.body.get("user_first_name"):
            raise app.world.pipeline.problems.invalid_value([])
        return None

    app = broken(pipeline=handling(change, CREATE))
    return app


@defect("requester-anonymous-is-the-last-one", "create.anonymous", "list.email-filter", difficulty=RARE)
def _() -> WsgiApp:
    """A conversation without user_email is the last requester's."""
    last: list[str] = []

    def change(event: Event) -> Event | None:
        if "user_email" in event.body:
            last.append(event.body["user_email"])
            return None
        return with_body(event, user_email=last[-1]) if last else None

    return handled(change)
