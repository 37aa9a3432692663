"""Servers that give a new conversation another requester, or none, or insist on one."""

from typing import Any

from mockserver.handling.conversations import Conversations
from mockserver.handling.serializer import Serializer
from mockserver.model.records import User
from mockserver.model.refusal import invalid_value
from mockserver.serving.server import WsgiApp
from tests.defects.kit.creating import answered, handled
from tests.defects.kit.parts import CREATE, Event, broken, handling, with_body
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


@defect("create.requester-email", difficulty=RARE)
def requester_by_local_part() -> WsgiApp:
    """Users are looked up by the part of the address before the @."""

    class ByLocalPart(Conversations):
        def email_key(self, email: str) -> str:
            return email.partition("@")[0].lower()

    return broken(conversations=ByLocalPart)


@defect("create.requester-email", difficulty=RARE)
def requester_email_without_plus() -> WsgiApp:
    """What follows a plus in an address is left out."""

    def change(event: Event) -> Event | None:
        name, _, host = event.body.get("user_email", "").partition("@")
        return with_body(event, user_email=f"{name.split('+')[0]}@{host}") if "+" in name else None

    return handled(change)


@defect("create.requester-email", difficulty=EASY)
def requester_email_of_the_first() -> WsgiApp:
    """Every conversation has the first requester."""
    first: list[str] = []

    def change(event: Event) -> Event | None:
        if "user_email" not in event.body:
            return None
        first.append(event.body["user_email"])
        return with_body(event, user_email=first[0])

    return handled(change)


@defect("create.requester-email", difficulty=RARE)
def requester_cached_by_a_number_of_each_organisation() -> WsgiApp:
    """Requesters are cached by a number that each organisation counts for itself, so that the second shows people of the first."""
    numbers: dict[str, dict[str, int]] = {}
    cache: dict[int, User] = {}

    class Cached(Serializer):
        def requester(self, user: User) -> dict[str, Any] | None:
            own = numbers.setdefault(user.organisation, {})
            return super().requester(cache.setdefault(own.setdefault(user.id, len(own) + 1), user))

    return broken(serializer=Cached)


@defect("create.requester-email", difficulty=MEDIUM)
def requester_email_null_for_clients() -> WsgiApp:
    """With a client key the answer to a create does not show the requester's address."""

    def change(value: Any, event: Event) -> Any:
        if event.tier == "client":
            value["requester"]["email"] = None
        return value

    return answered(change, CREATE)


@defect("create.anonymous", difficulty=EASY)
def requester_email_is_required() -> WsgiApp:
    """Without user_email a create is refused."""

    def change(event: Event) -> Event | None:
        if "user_email" not in event.body:
            raise invalid_value([])
        return None

    return broken(pipeline=handling(change, CREATE))


@defect("create.anonymous", difficulty=MEDIUM)
def requester_email_is_required_of_clients() -> WsgiApp:
    """With a client key, a create without user_email is refused."""

    def change(event: Event) -> Event | None:
        if "user_email" not in event.body and event.tier == "client":
            raise invalid_value([])
        return None

    return broken(pipeline=handling(change, CREATE))


@defect("create.anonymous", difficulty=RARE)
def requester_anonymous_with_a_name_refused() -> WsgiApp:
    """Names without user_email are refused."""

    def change(event: Event) -> Event | None:
        if "user_email" not in event.body and event.body.get("user_first_name"):
            raise invalid_value([])
        return None

    return broken(pipeline=handling(change, CREATE))


@defect("create.anonymous", "list.email-filter", difficulty=RARE)
def requester_anonymous_is_the_last_one() -> WsgiApp:
    """A conversation without user_email is the last requester's."""
    last: list[str] = []

    def change(event: Event) -> Event | None:
        if "user_email" in event.body:
            last.append(event.body["user_email"])
            return None
        return with_body(event, user_email=last[-1]) if last else None

    return handled(change)
