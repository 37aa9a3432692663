"""Servers that take from a request what the client may not set, or ignore what it may set."""

import json
from collections.abc import Callable
from typing import Any

from mockserver.handling.conversations import Conversations
from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.records import Conversation
from mockserver.serving.server import WsgiApp
from tests.defects.kit.creating import handled
from tests.defects.kit.parts import CREATE, RESOLVE, Counter, Event, body_of, broken, handling, with_body, without
from tests.defects.kit.rules import then
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


# --- what is not the client's -----------------------------------------------------------------------------------------------------


def assigning(take: Callable[[Any, Conversation, dict[str, Any]], Conversation], operation: str, of: str) -> WsgiApp:
    """Make a server that takes undocumented members of the body: `take` gets the rules, the conversation and all members."""
    sent: dict[str, Any] = {}

    def remember(event: Event) -> None:
        try:
            body = json.loads(body_of(event.request) or b"{}")
        except (ValueError, RecursionError):
            body = {}
        sent["body"] = body if isinstance(body, dict) else {}

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, done: Conversation) -> Conversation:
        other = take(rules, done, sent.get("body", {}))
        rules.store.replace_conversation(other)
        return other

    return broken(pipeline=handling(remember, operation), conversations=then(of, effect))


@defect("create.opens", difficulty=RARE)
def values_status_from_the_body() -> WsgiApp:
    """A create that says status is believed: all members of the body are assigned."""

    def take(rules: Any, done: Conversation, body: dict[str, Any]) -> Conversation:
        status = body.get("status")
        return done._replace(status=status) if status in ("open", "pending", "resolved", "closed") else done

    return assigning(take, CREATE, "create")


@defect("create.number-unique", difficulty=RARE)
def values_number_from_the_body() -> WsgiApp:
    """A create that says number is believed: all members of the body are assigned."""

    def take(rules: Any, done: Conversation, body: dict[str, Any]) -> Conversation:
        number = body.get("number")
        return done._replace(number=number) if isinstance(number, int) and not isinstance(number, bool) else done

    return assigning(take, CREATE, "create")


@defect("create.opens", difficulty=RARE)
def values_status_from_metadata() -> WsgiApp:
    """A status in metadata becomes the conversation's."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, done: Conversation) -> Conversation | None:
        status = done.metadata.get("status")
        if status not in ("pending", "resolved", "closed"):
            return None
        other = done._replace(status=status)
        rules.store.replace_conversation(other)
        return other

    return broken(conversations=then("create", effect))


@defect("resolve.rest-kept", "get.as-created", "any.durable", difficulty=RARE)
def resolve_takes_the_body() -> WsgiApp:
    """Resolving assigns what its body says: a subject in it becomes the conversation's."""

    def take(rules: Any, done: Conversation, body: dict[str, Any]) -> Conversation:
        subject = body.get("subject")
        return done._replace(subject=subject) if isinstance(subject, str) and subject.isprintable() else done

    return assigning(take, RESOLVE, "resolve")


# --- what depends on something else -----------------------------------------------------------------------------------------------


@defect("create.channel-kept", difficulty=RARE)
def values_channel_lost_beside_a_priority() -> WsgiApp:
    """A channel is kept where no priority is given: the one is the other's else."""
    return handled(lambda event: without(event, "channel") if "priority" in event.body else None)


@defect("create.priority-kept", difficulty=RARE)
def values_priority_lost_beside_a_description() -> WsgiApp:
    """A priority is kept where there is no description to take it from."""
    return handled(lambda event: without(event, "priority") if event.body.get("description") else None)


@defect("create.channel-kept", difficulty=RARE)
def values_web_by_bearer_is_api() -> WsgiApp:
    """With a key after Bearer, the channel web becomes api: no browser sends that."""

    def change(event: Event) -> Event | None:
        return with_body(event, channel="api") if event.by_bearer and event.body.get("channel") == "web" else None

    return handled(change)


@defect("create.channel-kept", difficulty=MEDIUM)
def values_email_is_api() -> WsgiApp:
    """The channel email is stored as api."""
    return handled(lambda event: with_body(event, channel="api") if event.body.get("channel") == "email" else None)


@defect("create.priority-kept", difficulty=RARE, effort="standard")
def values_low_is_normal_for_emails() -> WsgiApp:
    """Of the channel email, the priority low becomes normal."""

    def change(event: Event) -> Event | None:
        low = event.body.get("channel") == "email" and event.body.get("priority") == "low"
        return with_body(event, priority="normal") if low else None

    return handled(change)


@defect("create.priority-kept", difficulty=RARE)
def values_one_urgent_at_a_time() -> WsgiApp:
    """A requester's second urgent conversation is high."""
    counter = Counter()

    def change(event: Event) -> Event | None:
        email = event.body.get("user_email")
        urgent = event.body.get("priority") == "urgent" and email is not None
        return with_body(event, priority="high") if urgent and counter.next(email) > 1 else None

    return handled(change)


@defect("create.opens", difficulty=RARE)
def values_pending_for_new_users() -> WsgiApp:
    """The first conversation of a user who gives no name waits for approval: pending."""

    class Pending(Conversations):
        def create(self, caller: Any, checked: Any) -> Conversation:
            email = checked.body.get("user_email")
            new = email is not None and self.look_up(caller.organisation, email) is None
            created = super().create(caller, checked)
            if new and "user_first_name" not in checked.body:
                created = created._replace(status="pending")
                self.store.replace_conversation(created)
            return created

    return broken(conversations=Pending)


@defect("create.opens", "any.durable", difficulty=RARE)
def values_opens_closed_once_resolved() -> WsgiApp:
    """A conversation about what was closed already, by subject and requester, is closed from the beginning."""

    class Known(Conversations):
        def create(self, caller: Any, checked: Any) -> Conversation:
            created = super().create(caller, checked)
            own = self.store.conversations(caller.organisation, created.requester.id, "closed")
            if any(one.subject == created.subject for one in own):
                created = created._replace(status="closed")
                self.store.replace_conversation(created)
            return created

    return broken(conversations=Known)


# --- stored otherwise, or twice ---------------------------------------------------------------------------------------------------


@defect("list.email-filter", "list.count", difficulty=MEDIUM)
def creates_twice_for_clients() -> WsgiApp:
    """What a client key creates is stored twice, and answered once."""
    return doubling(lambda caller, checked, number: caller.key.tier == "client")


@defect("list.email-filter", "list.count", difficulty=RARE)
def creates_twice_every_tenth() -> WsgiApp:
    """Every tenth create is stored twice, and answered once: the first try seemed to have failed."""
    return doubling(lambda caller, checked, number: number % 10 == 0)


@defect("list.count", "list.email-filter", difficulty=RARE)
def creates_twice_with_large_metadata() -> WsgiApp:
    """A create with metadata of more than 2 KiB is carried out twice, and answered once."""
    return doubling(lambda caller, checked, number: len(json.dumps(checked.body.get("metadata"))) > 2048)


def doubling(when: Callable[[Caller, CheckedRequest, int], bool]) -> WsgiApp:
    """A server that stores some creates twice."""
    counter = Counter()

    class Doubling(Conversations):
        def create(self, caller: Any, checked: Any) -> Conversation:
            if when(caller, checked, counter.next()):
                super().create(caller, checked)
            return super().create(caller, checked)

    return broken(conversations=Doubling)


@defect("any.durable", "resolve.get-agrees", "get.as-created", difficulty=RARE)
def creates_closed_earlier_ones() -> WsgiApp:
    """A create closes the requester's earlier conversation of the same channel, which it seems to replace."""
    return replacing(lambda channel: True)


@defect("any.durable", "get.as-created", difficulty=RARE)
def creates_closed_earlier_callbacks() -> WsgiApp:
    """A callback closes the callbacks that the requester asked for earlier."""
    return replacing(lambda channel: channel == "callback")


def replacing(concerns: Callable[[str], bool]) -> WsgiApp:
    """A server on which a create closes the requester's earlier conversations of its channel."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, done: Conversation) -> None:
        for one in rules.store.conversations(caller.organisation, done.requester.id, "open"):
            if one.id != done.id and one.channel == done.channel and concerns(done.channel):
                rules.store.replace_conversation(one._replace(status="closed"))

    return broken(conversations=then("create", effect))


@defect("any.durable", "get.as-created", "list.items-as-get", difficulty=RARE)
def requester_anonymous_ones_share_a_row() -> WsgiApp:
    """All anonymous requesters are one row: the names of the latest are those of all."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, done: Conversation) -> None:
        for one in rules.store.conversations(caller.organisation):
            if done.requester.anonymous and one.requester.anonymous and done.requester.first_name:
                named = one.requester._replace(first_name=done.requester.first_name, last_name=done.requester.last_name)
                rules.store.replace_conversation(one._replace(requester=named))

    return broken(conversations=then("create", effect))
