"""Servers that change the priority of a new conversation, or give it the wrong one."""

from typing import Any

from mockserver.handling.conversations import Conversations
from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.records import Conversation
from mockserver.serving.server import WsgiApp
from tests.defects.create.wrong_values import PRIORITIES
from tests.defects.kit.creating import answered, handled
from tests.defects.kit.parts import CREATE, Event, answering, broken, with_body, without
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


@defect("create.priority-kept", difficulty=EASY)
def values_priority_ignored() -> WsgiApp:
    """Whatever priority is given, it is normal."""
    return handled(lambda event: without(event, "priority"))


@defect("create.priority-kept", difficulty=MEDIUM)
def values_urgent_is_high() -> WsgiApp:
    """The priority urgent is stored as high."""
    return handled(lambda event: with_body(event, priority="high") if event.body.get("priority") == "urgent" else None)


@defect("create.priority-kept", difficulty=MEDIUM)
def values_low_is_normal() -> WsgiApp:
    """The priority low, number 0 of its enumeration, counts as none."""
    return handled(lambda event: without(event, "priority") if event.body.get("priority") == "low" else None)


@defect("create.priority-kept", difficulty=RARE)
def values_urgent_not_for_clients() -> WsgiApp:
    """With a client key, urgent is taken for normal without a word."""

    def change(event: Event) -> Event | None:
        return without(event, "priority") if event.tier == "client" and event.body.get("priority") == "urgent" else None

    return handled(change)


@defect("create.priority-kept", difficulty=RARE)
def values_high_callbacks_are_urgent() -> WsgiApp:
    """Of the channel callback, the priority high becomes urgent."""

    def change(event: Event) -> Event | None:
        both = (event.body.get("priority"), event.body.get("channel")) == ("high", "callback")
        return with_body(event, priority="urgent") if both else None

    return handled(change)


@defect("create.priority-kept", difficulty=RARE)
def values_priority_lost_when_anonymous() -> WsgiApp:
    """Without user_email the priority is not kept."""
    return handled(lambda event: without(event, "priority") if "user_email" not in event.body else None)


@defect("create.priority-default", difficulty=EASY)
def values_default_priority_low() -> WsgiApp:
    """Without a priority it is low."""
    return handled(lambda event: with_body(event, priority=event.body.get("priority", "low")))


@defect("create.priority-default", "create.answer", difficulty=EASY)
def values_default_priority_null() -> WsgiApp:
    """Without a priority it is null."""

    def change(value: Any, event: Event) -> Any:
        return value if event.body.get("priority") else value | {"priority": None}

    return answered(change, CREATE)


@defect("create.priority-default", difficulty=RARE, effort="standard")
def values_default_priority_high_for_callbacks() -> WsgiApp:
    """Without a priority it is high, if the channel is callback."""

    def change(event: Event) -> Event | None:
        callback = "priority" not in event.body and event.body.get("channel") == "callback"
        return with_body(event, priority="high") if callback else None

    return handled(change)


@defect("create.priority-default", difficulty=RARE)
def values_default_priority_low_when_anonymous() -> WsgiApp:
    """Without a priority and without user_email it is low."""

    def change(event: Event) -> Event | None:
        return with_body(event, priority="low") if not {"priority", "user_email"} & event.body.keys() else None

    return handled(change)


@defect("create.priority-default", difficulty=RARE)
def values_default_priority_of_the_user() -> WsgiApp:
    """Without a priority it is that of the requester's last conversation."""
    last: dict[str, str] = {}

    def change(event: Event) -> Event | None:
        email = event.body.get("user_email", "")
        if "priority" in event.body:
            last[email] = event.body["priority"]
            return None
        return with_body(event, priority=last[email]) if email in last else None

    return handled(change)


@defect("create.priority-default", difficulty=RARE)
def values_default_priority_of_the_last_resolved() -> WsgiApp:
    """Without a priority, the next conversation of a requester has that of their conversation that was resolved last."""
    resolved: dict[str, str] = {}

    class Inheriting(Conversations):
        def resolve(self, caller: Caller, checked: CheckedRequest) -> Conversation:
            done = super().resolve(caller, checked)
            resolved[done.requester.id] = done.priority
            return done

        def create(self, caller: Caller, checked: CheckedRequest) -> Conversation:
            email = checked.body.get("user_email")
            user = self.look_up(caller.organisation, email) if email else None
            priority = resolved.pop(user.id, None) if user else None
            if priority is not None and "priority" not in checked.body:
                checked = checked._replace(body={**checked.body, "priority": priority})
            return super().create(caller, checked)

    return broken(conversations=Inheriting)


@defect("create.priority-default", difficulty=RARE)
def priority_by_words() -> WsgiApp:
    """Whose subject begins with URGENT has that priority."""

    def changed(value: Any, event: Event) -> Any:
        if "priority" not in event.body and value["subject"].startswith("URGENT"):
            value["priority"] = "urgent"
        return value

    return broken(pipeline=answering(changed, CREATE))


@defect("create.priority-kept", difficulty=RARE)
def values_priority_from_metadata() -> WsgiApp:
    """A priority that is given yields to the one in metadata."""

    def change(event: Event) -> Event | None:
        inner = event.body.get("metadata", {}).get("priority")
        return with_body(event, priority=inner) if "priority" in event.body and inner in PRIORITIES else None

    return handled(change)
