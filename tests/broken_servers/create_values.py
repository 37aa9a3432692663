"""Servers that lose or change the values of a new conversation: priority, channel, metadata, requester, number, times."""

import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from broken_servers.registry import Difficulty, defect
from broken_servers.seams import (
    CREATE,
    GET,
    LIST,
    Counter,
    Event,
    answering,
    broken,
    handling,
    text_of,
    with_body,
    without,
)
from mockserver.clock import Clock, system_time
from mockserver.conversations import Conversations
from mockserver.ids import Ids
from mockserver.pipeline import Pipeline
from mockserver.presenter import Presenter
from mockserver.records import Conversation, User
from mockserver.server import WsgiApp

EASY, MEDIUM, RARE = Difficulty


def handled(change: Callable[[Event], Event | None]) -> WsgiApp:
    """A server that handles a create as if it had been another one."""
    return broken(pipeline=handling(change, CREATE))


def answered(change: Callable[[Any, Event], Any], *operations: str) -> WsgiApp:
    """A server that changes what these operations answer; all that show one conversation, where none is named."""
    return broken(pipeline=answering(change, *(operations or (CREATE, GET))))


# --- priority and channel ---------------------------------------------------------------------------------------------------------


@defect("values-priority-ignored", "create.priority-kept", difficulty=EASY)
def _() -> WsgiApp:
    """Whatever priority is given, it is normal."""
    return handled(lambda event: without(event, "priority"))


@defect("values-urgent-is-high", "create.priority-kept", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The priority urgent is stored as high."""
    return handled(lambda event: with_body(event, priority="high") if event.body.get("priority") == "urgent" else None)


@defect("values-low-is-normal", "create.priority-kept", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The priority low, number 0 of its enumeration, counts as none."""
    return handled(lambda event: without(event, "priority") if event.body.get("priority") == "low" else None)


@defect("values-urgent-not-for-clients", "create.priority-kept", difficulty=RARE)
def _() -> WsgiApp:
    """With a client key, urgent is taken for normal without a word."""

    def change(event: Event) -> Event | None:
        return without(event, "priority") if event.tier == "client" and event.body.get("priority") == "urgent" else None

    return handled(change)


@defect("values-high-callbacks-are-urgent", "create.priority-kept", difficulty=RARE)
def _() -> WsgiApp:
    """Of the channel callback, the priority high becomes urgent."""

    def change(event: Event) -> Event | None:
        both = (event.body.get("priority"), event.body.get("channel")) == ("high", "callback")
        return with_body(event, priority="urgent") if both else None

    return handled(change)


@defect("values-priority-lost-when-anonymous", "create.priority-kept", difficulty=RARE)
def _() -> WsgiApp:
    """Without user_email the priority is not kept."""
    return handled(lambda event: without(event, "priority") if "user_email" not in event.body else None)


@defect("values-default-priority-low", "create.priority-default", difficulty=EASY)
def _() -> WsgiApp:
    """Without a priority it is low."""
    return handled(lambda event: with_body(event, priority=event.body.get("priority", "low")))


@defect("values-default-priority-null", "create.priority-default", "create.answer", difficulty=EASY)
def _() -> WsgiApp:
    """Without a priority it is null."""

    def change(value: Any, event: Event) -> Any:
        return value if event.body.get("priority") else value | {"priority": None}

    return answered(change, CREATE)


@defect("values-default-priority-high-for-callbacks", "create.priority-default", difficulty=RARE, effort="standard")
def _() -> WsgiApp:
    """Without a priority it is high, if the channel is callback."""

    def change(event: Event) -> Event | None:
        callback = "priority" not in event.body and event.body.get("channel") == "callback"
        return with_body(event, priority="high") if callback else None

    return handled(change)


@defect("values-default-priority-low-when-anonymous", "create.priority-default", difficulty=RARE)
def _() -> WsgiApp:
    """Without a priority and without user_email it is low."""

    def change(event: Event) -> Event | None:
        return with_body(event, priority="low") if not {"priority", "user_email"} & event.body.keys() else None

    return handled(change)


@defect("values-default-priority-of-the-user", "create.priority-default", difficulty=RARE)
def _() -> WsgiApp:
    """Without a priority it is that of the requester's last conversation."""
    last: dict[str, str] = {}

    def change(event: Event) -> Event | None:
        email = event.body.get("user_email", "")
        if "priority" in event.body:
            last[email] = event.body["priority"]
            return None
        return with_body(event, priority=last[email]) if email in last else None

    return handled(change)


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
                created = replace(created, status="pending")
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
                created = replace(created, status="pending")
                self.store.replace_conversation(created)
            return created

    return broken(conversations=Pending)


# --- status and members of the answer ---------------------------------------------------------------------------------------------


@defect("values-created-is-200", "create.status", difficulty=EASY)
def _() -> WsgiApp:
    """A conversation is created with 200."""

    class Ok(Pipeline):
        def success_status(self, operation: Any) -> int:
            return 200 if operation.id == CREATE else super().success_status(operation)

    return broken(pipeline=Ok)


@defect("values-created-is-202-when-anonymous", "create.status", "create.anonymous", difficulty=RARE)
def _() -> WsgiApp:
    """A conversation of an anonymous requester is created with 202."""

    class Accepted(Pipeline):
        def succeeded(self, operation: Any, call: Any, value: Any) -> Any:
            answer = super().succeeded(operation, call, value)
            later = operation.id == CREATE and value["requester"]["email"] is None
            return replace(answer, status=202) if later else answer

    return broken(pipeline=Accepted)


@defect("values-created-is-200-for-known-users", "create.status", difficulty=RARE)
def _() -> WsgiApp:
    """A conversation of a user who exists is created with 200."""
    known: set[str] = set()

    class Ok(Pipeline):
        def succeeded(self, operation: Any, call: Any, value: Any) -> Any:
            answer = super().succeeded(operation, call, value)
            if operation.id != CREATE or value["requester"]["email"] is None:
                return answer
            again = value["requester"]["email"] in known
            known.add(value["requester"]["email"])
            return replace(answer, status=200) if again else answer

    return broken(pipeline=Ok)


def lacking(member: str, *operations: str) -> WsgiApp:
    """A server whose answers of these operations lack a member."""

    def change(value: Any, event: Event) -> Any:
        del value[member]
        return value

    return answered(change, *operations)


@defect("values-created-without-number", "create.answer", difficulty=EASY)
def _() -> WsgiApp:
    """The answer to a create has no number."""
    return lacking("number", CREATE)


@defect("values-created-without-updated-at", "create.answer", difficulty=EASY)
def _() -> WsgiApp:
    """The answer to a create has no updated_at."""
    return lacking("updated_at", CREATE)


@defect("values-created-without-metadata-when-empty", "create.answer", "create.metadata-default", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The answer to a create leaves metadata out when it is empty."""

    def change(value: Any, event: Event) -> Any:
        return value if value["metadata"] else {name: member for name, member in value.items() if name != "metadata"}

    return answered(change, CREATE)


@defect("values-number-is-text", "create.answer", difficulty=EASY)
def _() -> WsgiApp:
    """The number is a text."""
    return answered(lambda value, event: value | {"number": str(value["number"])}, CREATE)


@defect("values-id-is-a-number", "create.answer", difficulty=EASY)
def _() -> WsgiApp:
    """The id in the answer to a create is the number, as a number."""
    return answered(lambda value, event: value | {"id": value["number"]}, CREATE)


@defect("values-requester-is-an-address", "create.answer", "create.requester-email", difficulty=EASY)
def _() -> WsgiApp:
    """The requester is the bare address."""
    return answered(lambda value, event: value | {"requester": (value["requester"] or {}).get("email")}, CREATE)


@defect("values-metadata-is-text", "create.answer", "create.metadata-kept", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Metadata is answered as a text that holds JSON."""
    return answered(lambda value, event: value | {"metadata": json.dumps(value["metadata"])}, CREATE)


# --- metadata ---------------------------------------------------------------------------------------------------------------------


def metadata(change: Callable[[Any], Any]) -> WsgiApp:
    """A server that changes metadata before it stores it."""

    def stored(event: Event) -> Event | None:
        return with_body(event, metadata=change(event.body["metadata"])) if "metadata" in event.body else None

    return handled(stored)


def deep(value: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """A JSON value with every object in it changed, innermost first."""
    if isinstance(value, dict):
        return change({name: deep(item, change) for name, item in value.items()})
    if isinstance(value, list):
        return [deep(item, change) for item in value]
    return value


def scalars(value: Any, change: Callable[[Any], Any]) -> Any:
    """A JSON value with everything in it that holds nothing else changed."""
    if isinstance(value, dict):
        return {name: scalars(item, change) for name, item in value.items()}
    if isinstance(value, list):
        return [scalars(item, change) for item in value]
    return change(value)


@defect("metadata-lost", "create.metadata-kept", difficulty=EASY)
def _() -> WsgiApp:
    """Metadata is not kept."""
    return metadata(lambda given: {})


@defect("metadata-null-by-default", "create.metadata-default", "create.answer", difficulty=EASY)
def _() -> WsgiApp:
    """Without metadata it is null."""
    return answered(lambda value, event: value | {"metadata": value["metadata"] or None}, CREATE)


@defect("metadata-empty-is-null", "create.metadata-kept", "create.answer", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Metadata that was given as {} is null; where none was given, it is {}."""
    return answered(lambda value, event: value | {"metadata": None} if event.body.get("metadata") == {} else value, CREATE)


@defect("metadata-without-nulls", "create.metadata-kept", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Members of metadata that are null are dropped."""
    return metadata(lambda given: {name: value for name, value in given.items() if value is not None})


@defect("metadata-without-nested-nulls", "create.metadata-kept", difficulty=RARE)
def _() -> WsgiApp:
    """Nulls in objects within metadata are dropped; those at its top are kept."""

    def pruned(given: Any) -> Any:
        return {name: deep(value, without_nulls) for name, value in given.items()}

    return metadata(pruned)


def without_nulls(value: dict[str, Any]) -> dict[str, Any]:
    """The members that are not null."""
    return {name: item for name, item in value.items() if item is not None}


@defect("metadata-without-nulls-in-lists", "create.metadata-kept", difficulty=RARE)
def _() -> WsgiApp:
    """Nulls in lists within metadata are dropped."""

    def pruned(value: Any) -> Any:
        if isinstance(value, list):
            return [pruned(item) for item in value if item is not None]
        return {name: pruned(item) for name, item in value.items()} if isinstance(value, dict) else value

    return metadata(pruned)


@defect("metadata-without-empty-containers", "create.metadata-kept", difficulty=RARE)
def _() -> WsgiApp:
    """Empty objects and lists within metadata are dropped."""

    def full(value: dict[str, Any]) -> dict[str, Any]:
        return {name: item for name, item in value.items() if item not in ({}, [])}

    return metadata(lambda given: deep(given, full))


@defect("metadata-empty-object-is-list", "create.metadata-kept", difficulty=RARE)
def _() -> WsgiApp:
    """An empty object within metadata comes back as an empty list, as PHP has it."""
    return metadata(lambda given: {name: deep(value, lambda inner: inner or []) for name, value in given.items()})  # type: ignore[arg-type, return-value]


@defect("metadata-without-falsy", "create.metadata-kept", difficulty=RARE)
def _() -> WsgiApp:
    """Members of metadata that are 0, false or empty are dropped."""
    return metadata(lambda given: {name: value for name, value in given.items() if value or value is None})


@defect("metadata-flat", "create.metadata-kept", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Objects and lists within metadata are stored as texts that hold JSON."""
    return metadata(
        lambda given: {name: json.dumps(value) if isinstance(value, dict | list) else value for name, value in given.items()}
    )


@defect("metadata-all-texts", "create.metadata-kept", difficulty=EASY)
def _() -> WsgiApp:
    """Numbers in metadata come back as texts."""
    return metadata(
        lambda given: scalars(
            given, lambda item: str(item) if isinstance(item, int | float) and not isinstance(item, bool) else item
        )
    )


@defect("metadata-floats-are-cut", "create.metadata-kept", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Fractions in metadata are rounded to two digits."""
    return metadata(lambda given: scalars(given, lambda item: round(item, 2) if isinstance(item, float) else item))


@defect("metadata-single-precision", "create.metadata-kept", difficulty=RARE)
def _() -> WsgiApp:
    """Fractions in metadata are rounded to seven significant digits."""
    return metadata(lambda given: scalars(given, lambda item: float(f"{item:.7g}") if isinstance(item, float) else item))


@defect("metadata-integers-of-32-bits", "create.metadata-kept", difficulty=RARE)
def _() -> WsgiApp:
    """Integers in metadata end at 2147483647."""

    def change(item: Any) -> Any:
        return max(-(2**31), min(item, 2**31 - 1)) if isinstance(item, int) and not isinstance(item, bool) else item

    return metadata(lambda given: scalars(given, change))


@defect("metadata-booleans-are-numbers", "create.metadata-kept", difficulty=MEDIUM)
def _() -> WsgiApp:
    """true and false in metadata come back as 1 and 0."""
    return metadata(lambda given: scalars(given, lambda item: int(item) if isinstance(item, bool) else item))


@defect("metadata-numbers-from-texts", "create.metadata-kept", difficulty=RARE)
def _() -> WsgiApp:
    """A text of digits in metadata comes back as a number."""
    return metadata(lambda given: text_of(given, lambda text: int(text) if text.isascii() and text.isdigit() else text))  # type: ignore[arg-type, return-value]


@defect("metadata-trimmed", "create.metadata-kept", difficulty=RARE)
def _() -> WsgiApp:
    """White space around texts in metadata is taken off."""
    return metadata(lambda given: text_of(given, str.strip))


@defect("metadata-names-lowered", "create.metadata-kept", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Names in metadata come back in lower case."""
    return metadata(lambda given: {name.lower(): value for name, value in given.items()})


@defect("metadata-names-in-snake-case", "create.metadata-kept", difficulty=RARE)
def _() -> WsgiApp:
    """Names in metadata come back with underscores for hyphens."""
    return metadata(lambda given: {name.replace("-", "_"): value for name, value in given.items()})


@defect("metadata-dots-unfold", "create.metadata-kept", difficulty=RARE)
def _() -> WsgiApp:
    """A name with a dot in it comes back as an object within an object."""

    def unfolded(given: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in given.items():
            head, dot, tail = name.partition(".")
            found[head] = {tail: value} if dot else value
        return found

    return metadata(unfolded)


@defect("metadata-dollars-dropped", "create.metadata-kept", difficulty=RARE)
def _() -> WsgiApp:
    """Names in metadata that begin with a dollar are dropped."""
    return metadata(lambda given: {name: value for name, value in given.items() if not name.startswith("$")})


@defect("metadata-without-empty-name", "create.metadata-kept", difficulty=RARE)
def _() -> WsgiApp:
    """A member of metadata whose name is empty is dropped."""
    return metadata(lambda given: {name: value for name, value in given.items() if name})


@defect("metadata-reserved-names", "create.metadata-kept", difficulty=RARE)
def _() -> WsgiApp:
    """Members of metadata that are called id or status are dropped."""
    return metadata(lambda given: {name: value for name, value in given.items() if name not in ("id", "status")})


@defect("metadata-ascii", "create.metadata-kept", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Characters in metadata that are not ASCII become question marks."""
    return metadata(lambda given: text_of(given, lambda text: text.encode("ascii", "replace").decode()))


@defect("metadata-names-without-emoji", "create.metadata-kept", difficulty=RARE)
def _() -> WsgiApp:
    """Emoji in the names of metadata become question marks."""

    def change(given: dict[str, Any]) -> dict[str, Any]:
        return {"".join("?" if ord(sign) > 0xFFFF else sign for sign in name): value for name, value in given.items()}

    return metadata(change)


@defect("metadata-depth", "create.metadata-kept", difficulty=RARE)
def _() -> WsgiApp:
    """Metadata deeper than five levels is cut there."""

    def cut(value: Any, depth: int) -> Any:
        if depth == 0:
            return None
        if isinstance(value, dict):
            return {name: cut(item, depth - 1) for name, item in value.items()}
        return [cut(item, depth - 1) for item in value] if isinstance(value, list) else value

    return metadata(lambda given: cut(given, 6))


@defect("metadata-fifty-members", "create.metadata-kept", difficulty=RARE)
def _() -> WsgiApp:
    """Metadata keeps its first fifty members."""
    return metadata(lambda given: dict(itertools.islice(given.items(), 50)))


@defect("metadata-values-of-1024", "create.metadata-kept", difficulty=RARE)
def _() -> WsgiApp:
    """A text in metadata is cut after 1,024 characters."""
    return metadata(lambda given: text_of(given, lambda text: text[:1024]))


@defect("metadata-lists-sorted", "create.metadata-kept", difficulty=RARE)
def _() -> WsgiApp:
    """Lists in metadata come back without repetitions."""

    def once(value: Any) -> Any:
        if isinstance(value, list):
            return [once(item) for at, item in enumerate(value) if item not in value[:at]]
        return {name: once(item) for name, item in value.items()} if isinstance(value, dict) else value

    return metadata(once)


@defect("metadata-large-cut", "create.whole-or-refused", difficulty=RARE)
def _() -> WsgiApp:
    """A text in metadata is cut after 65,535 characters."""
    return metadata(lambda given: text_of(given, lambda text: text[:65_535]))


@defect("metadata-large-lost", "create.whole-or-refused", difficulty=RARE)
def _() -> WsgiApp:
    """Metadata beyond 64 KiB is replaced by an empty object."""
    return metadata(lambda given: given if len(json.dumps(given)) <= 65_536 else {})


@defect("metadata-shared", "create.metadata-default", "create.metadata-kept", "get.as-created", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The default of metadata is one object for all: what one conversation is given, all have that were given none."""
    shared: dict[str, Any] = {}

    class Shared(Conversations):
        def metadata(self, body: Any) -> dict[str, Any]:
            shared.update(body.get("metadata") or {})
            return dict(shared) if body.get("metadata") else shared

    return broken(conversations=Shared)


@defect("metadata-of-the-user", "create.metadata-kept", "create.metadata-default", difficulty=RARE)
def _() -> WsgiApp:
    """Metadata is kept with the user: a second conversation has that of the first, too."""
    known: dict[str, dict[str, Any]] = {}

    def change(event: Event) -> Event | None:
        email = event.body.get("user_email")
        if email is None:
            return None
        known[email] = {**known.get(email, {}), **event.body.get("metadata", {})}
        return with_body(event, metadata=known[email])

    return handled(change)


@defect("metadata-lost-when-anonymous", "create.metadata-kept", difficulty=RARE)
def _() -> WsgiApp:
    """Without user_email metadata is not kept."""
    return handled(lambda event: without(event, "metadata") if "user_email" not in event.body else None)


@defect("metadata-lost-for-clients", "create.metadata-kept", difficulty=MEDIUM)
def _() -> WsgiApp:
    """With a client key metadata is not kept."""
    return handled(lambda event: without(event, "metadata") if event.tier == "client" else None)


@defect("metadata-callback-only", "create.metadata-kept", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Metadata is kept for the channel callback only, as in the page's example."""
    return handled(lambda event: without(event, "metadata") if event.body.get("channel") != "callback" else None)


# --- the requester ----------------------------------------------------------------------------------------------------------------


@defect("requester-names-overwritten", "create.existing-user-names", difficulty=EASY)
def _() -> WsgiApp:
    """The names of a user who exists are overwritten."""
    return renaming(lambda first, last: True)


@defect("requester-names-overwritten-by-both", "create.existing-user-names", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The names of a user who exists are overwritten when both are given."""
    return renaming(lambda first, last: bool(first and last))


@defect("requester-names-overwritten-by-one", "create.existing-user-names", difficulty=RARE)
def _() -> WsgiApp:
    """The last name of a user who exists is overwritten when it is given alone."""
    return renaming(lambda first, last: bool(last and not first))


@defect("requester-names-emptied", "create.existing-user-names", difficulty=RARE)
def _() -> WsgiApp:
    """The names of a user who exists are overwritten by empty ones."""
    return renaming(lambda first, last: first == "" and last == "")


@defect("requester-names-lost-without", "create.existing-user-names", "create.new-user-names", difficulty=RARE)
def _() -> WsgiApp:
    """The names of a user who exists are lost with a create that gives none."""
    return renaming(lambda first, last: first is None and last is None, forget=True)


def renaming(when: Callable[[str | None, str | None], bool], *, forget: bool = False) -> WsgiApp:
    """A server that changes the names of users who exist, everywhere."""
    names: dict[str, tuple[str | None, str | None]] = {}

    class Renaming(Conversations):
        def requester(self, organisation: str, body: Any) -> User:
            known = self.look_up(organisation, body["user_email"]) if body.get("user_email") else None
            first, last = body.get("user_first_name"), body.get("user_last_name")
            user = super().requester(organisation, body)
            if known is not None and when(first, last):
                kept_first, kept_last = names.get(user.id, (user.first_name, user.last_name))
                names[user.id] = (
                    (None, None)
                    if forget
                    else (
                        kept_first if first is None else first,
                        kept_last if last is None else last,
                    )
                )
            return user

    class Renamed(Presenter):
        def requester(self, user: User) -> dict[str, Any] | None:
            first, last = names.get(user.id, (user.first_name, user.last_name))
            return super().requester(replace(user, first_name=first, last_name=last))

    return broken(conversations=Renaming, presenter=Renamed)


@defect("requester-names-overwritten-in-the-answer", "create.existing-user-names", difficulty=RARE)
def _() -> WsgiApp:
    """The answer to a create shows the names of the request, though the user who exists keeps others."""

    def change(value: Any, event: Event) -> Any:
        for part in ("first", "last"):
            name = event.body.get(f"user_{part}_name")
            if name is not None:
                value["requester"][f"{part}_name"] = name
        return value

    return answered(change, CREATE)


@defect("requester-names-ignored", "create.new-user-names", difficulty=EASY)
def _() -> WsgiApp:
    """The names of a new user are not kept."""
    return handled(lambda event: without(event, "user_first_name", "user_last_name"))


@defect("requester-names-swapped", "create.new-user-names", difficulty=EASY)
def _() -> WsgiApp:
    """First and last name are exchanged."""
    return answered(swapped)


def swapped(value: Any, event: Event) -> Any:
    """The conversation with the names of its requester exchanged."""
    requester = value["requester"]
    requester["first_name"], requester["last_name"] = requester["last_name"], requester["first_name"]
    return value


@defect("requester-names-only-together", "create.new-user-names", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A single name is not kept: a user has both or none."""

    def change(event: Event) -> Event | None:
        both = event.body.get("user_first_name") and event.body.get("user_last_name")
        return None if both else without(event, "user_first_name", "user_last_name")

    return handled(change)


@defect("requester-last-name-only-after-first", "create.new-user-names", difficulty=RARE)
def _() -> WsgiApp:
    """A last name without a first one is not kept."""
    return handled(lambda event: without(event, "user_last_name") if not event.body.get("user_first_name") else None)


@defect("requester-names-not-from-clients", "create.new-user-names", difficulty=MEDIUM)
def _() -> WsgiApp:
    """With a client key the names of a new user are not kept."""
    return handled(lambda event: without(event, "user_first_name", "user_last_name") if event.tier == "client" else None)


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


# --- ids, numbers, times ----------------------------------------------------------------------------------------------------------


@defect("ids-reused-for-equal-requests", "create.id-unique", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A second request that equals the first is answered with the conversation of the first."""
    seen: dict[str, Any] = {}

    class Once(Conversations):
        def create(self, caller: Any, request: Any) -> Conversation:
            key = json.dumps([caller.organisation, dict(request.body)], sort_keys=True)
            if "user_email" in request.body and key in seen:
                return seen[key]
            seen[key] = super().create(caller, request)
            return seen[key]

    return broken(conversations=Once)


@defect("ids-same-in-the-answer", "create.id-unique", "get.unknown-id", difficulty=RARE)
def _() -> WsgiApp:
    """Every fiftieth create is answered with the id of the one before."""
    last: list[str] = []

    def change(value: Any, event: Event) -> Any:
        last.append(value["id"])
        return value | {"id": last[-2]} if event.number % 50 == 0 else value

    return answered(change, CREATE)


@defect("ids-differ-between-answers", "get.answer", "get.unknown-id", difficulty=EASY)
def _() -> WsgiApp:
    """The id in the answer to a create is not that of the conversation."""
    return answered(lambda value, event: value | {"id": Ids(value["id"]).new()}, CREATE)


@defect("numbers-constant", "create.number-unique", difficulty=EASY)
def _() -> WsgiApp:
    """Every conversation has the number 42."""
    return numbering(lambda number, body: 42)


@defect("numbers-by-user", "create.number-unique", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Numbers count the conversations of a user, not those of the organisation."""
    counter = Counter()
    return numbering(lambda number, body: counter.next(body.get("user_email") or ""))


@defect("numbers-anonymous", "create.number-unique", difficulty=RARE)
def _() -> WsgiApp:
    """Conversations without user_email have the number 0."""
    return numbering(lambda number, body: number if body.get("user_email") else 0)


@defect("numbers-of-8-bits", "create.number-unique", difficulty=RARE)
def _() -> WsgiApp:
    """After 255 comes 0."""
    return numbering(lambda number, body: number % 256)


@defect("numbers-by-priority", "create.number-unique", difficulty=RARE)
def _() -> WsgiApp:
    """Urgent conversations are numbered by themselves."""
    counter = Counter()
    return numbering(lambda number, body: counter.next() if body.get("priority") == "urgent" else number)


@defect("numbers-by-channel", "create.number-unique", difficulty=RARE)
def _() -> WsgiApp:
    """Each channel has numbers of its own."""
    counter = Counter()
    return numbering(lambda number, body: counter.next(body.get("channel") or ""))


def numbering(number_of: Callable[[int, Any], int]) -> WsgiApp:
    """A server that numbers conversations in another way."""

    class Numbering(Conversations):
        def create(self, caller: Any, request: Any) -> Conversation:
            created = super().create(caller, request)
            numbered = replace(created, number=number_of(created.number, request.body))
            self.store.replace_conversation(numbered)
            return numbered

    return broken(conversations=Numbering)


def timed(show: Callable[[datetime], str], *members: str) -> WsgiApp:
    """A server that shows these times of a conversation in another way."""

    def change(value: Any, event: Event) -> Any:
        for shown in value["results"] if event.operation == LIST else [value]:
            for member in members or ("created_at", "updated_at"):
                shown[member] = show(datetime.fromisoformat(shown[member]))
        return value

    return broken(pipeline=answering(change, CREATE, GET, LIST))


@defect("times-without-offset", "create.timestamps", difficulty=EASY)
def _() -> WsgiApp:
    """Times have no offset."""
    return timed(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}")


@defect("times-updated-without-offset", "create.timestamps", difficulty=MEDIUM)
def _() -> WsgiApp:
    """updated_at has no offset; created_at has one."""
    return timed(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}", "updated_at")


@defect("times-with-a-space", "create.timestamps", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Times have no T: 2026-02-26 10:00:00+0000."""
    return timed(lambda moment: f"{moment:%Y-%m-%d %H:%M:%S%z}")


@defect("times-offset-without-colon", "create.timestamps", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The offset has no colon: +0000."""
    return timed(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S%z}")


@defect("times-unix", "create.timestamps", "create.answer", difficulty=EASY)
def _() -> WsgiApp:
    """Times are seconds since 1970."""
    return timed(lambda moment: int(moment.timestamp()))  # type: ignore[arg-type, return-value]


@defect("times-http", "create.timestamps", difficulty=EASY)
def _() -> WsgiApp:
    """Times are written as in HTTP headers."""
    return timed(lambda moment: f"{moment.astimezone(UTC):%a, %d %b %Y %H:%M:%S GMT}")


@defect("times-updated-before-created", "create.timestamps", difficulty=MEDIUM)
def _() -> WsgiApp:
    """updated_at is a second before created_at: it is taken from another clock."""

    class Skewed(Conversations):
        def create(self, caller: Any, request: Any) -> Conversation:
            created = super().create(caller, request)
            skewed = replace(created, updated_at=created.created_at - 1_000_000)
            self.store.replace_conversation(skewed)
            return skewed

    return broken(conversations=Skewed)


@defect("times-twelve-hours", "create.timestamps", difficulty=RARE)
def _() -> WsgiApp:
    """updated_at is written with hours to twelve: in the afternoon it is before created_at."""
    noon = 1_772_100_000_000_000  # 2026-02-26T10:00:00Z, to be after noon whenever this runs
    began = system_time()
    clock = Clock(lambda: noon + 6 * 3_600_000_000 + system_time() - began)

    def change(value: Any, event: Event) -> Any:
        for shown in value["results"] if event.operation == LIST else [value]:
            shown["updated_at"] = f"{datetime.fromisoformat(shown['updated_at']):%Y-%m-%dT%I:%M:%SZ}"
        return value

    return broken(clock=clock, pipeline=answering(change, CREATE, GET, LIST))


@defect("times-of-now", "get.as-created", difficulty=MEDIUM)
def _() -> WsgiApp:
    """created_at is the time at which it is read."""

    def change(value: Any, event: Event) -> Any:
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
        return value | {"created_at": now, "updated_at": now}

    return answered(change, GET)


@defect("times-read-touches", "get.as-created", "list.reads-only", difficulty=RARE)
def _() -> WsgiApp:
    """Reading a conversation sets its updated_at."""

    class Touching(Conversations):
        def get(self, caller: Any, request: Any) -> Conversation:
            found = super().get(caller, request)
            touched = replace(found, updated_at=found.updated_at + 1_000_000)
            self.store.replace_conversation(touched)
            return touched

    return broken(conversations=Touching)
