"""Servers that create with values which are not documented, or are of another type."""

import re
from collections.abc import Callable
from typing import Any

from broken_servers.registry import Difficulty, defect
from broken_servers.seams import LIST, Event, answering, broken, ignoring, receiving
from mockserver.conversations import Conversations
from mockserver.schema import Violation
from mockserver.server import WsgiApp
from mockserver.validation import Validator

EASY, MEDIUM, RARE = Difficulty


def overlooking(when: Callable[[Violation, Any], bool]) -> type[Validator]:
    """A validator that overlooks some violations. It is asked with each, and with the value of the member at fault."""

    class Overlooking(Validator):
        def violations(self, members: dict[str, Any], body: Any) -> Any:
            for violation in super().violations(members, body):
                if not when(violation, members.get(violation.field)):
                    yield violation

    return Overlooking


# --- values that are not documented -----------------------------------------------------------------------------------------------


@defect("refusals-any-priority", "create.undocumented-values", difficulty=EASY)
def _() -> WsgiApp:
    """Any text is a priority."""
    return broken(validator=ignoring("enum", member="priority"))


@defect("refusals-any-channel", "create.undocumented-values", difficulty=EASY)
def _() -> WsgiApp:
    """Any text is a channel."""
    return broken(validator=ignoring("enum", member="channel"))


@defect("refusals-priority-critical", "create.undocumented-values", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A fifth priority was added: critical."""
    return broken(validator=overlooking(lambda violation, value: violation.keyword == "enum" and value == "critical"))


@defect("refusals-channel-phone", "create.undocumented-values", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A fifth channel was added: phone."""
    return broken(validator=overlooking(lambda violation, value: violation.keyword == "enum" and value == "phone"))


@defect("refusals-priority-in-capitals", "create.undocumented-values", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A priority is checked without regard to case, and stored as it came: LOW."""
    return broken(
        validator=overlooking(lambda violation, value: violation.field == "priority" and str(value).lower() in PRIORITIES)
    )


@defect("refusals-channel-with-a-space", "create.undocumented-values", difficulty=RARE)
def _() -> WsgiApp:
    """A channel is checked after it was trimmed, and stored before."""
    return broken(validator=overlooking(lambda violation, value: violation.field == "channel" and str(value).strip() in CHANNELS))


@defect("refusals-priority-by-beginning", "create.undocumented-values", difficulty=RARE)
def _() -> WsgiApp:
    """A priority is checked by a pattern without an end: lowx is accepted and stored."""
    pattern = re.compile("low|normal|high|urgent")
    return broken(
        validator=overlooking(lambda violation, value: violation.field == "priority" and pattern.match(str(value)) is not None)
    )


@defect("refusals-priority-empty", "create.undocumented-values", difficulty=RARE)
def _() -> WsgiApp:
    """An empty priority is stored."""
    return broken(validator=overlooking(lambda violation, value: violation.keyword == "enum" and value == ""))


@defect("refusals-channel-of-the-other-list", "create.undocumented-values", difficulty=RARE)
def _() -> WsgiApp:
    """Channels are checked against the list of priorities as well."""
    return broken(validator=overlooking(lambda violation, value: violation.field == "channel" and value in PRIORITIES))


@defect("refusals-priority-shown-only-in-lists", "create.undocumented-values", difficulty=RARE)
def _() -> WsgiApp:
    """An undocumented priority is stored; create and get show normal in its place, and lists show it."""

    def change(value: Any, event: Event) -> Any:
        if event.operation != LIST and value.get("priority", "low") not in PRIORITIES:
            value["priority"] = "normal"
        return value

    return broken(validator=ignoring("enum", member="priority"), pipeline=answering(change))


PRIORITIES, CHANNELS = ("low", "normal", "high", "urgent"), ("web", "email", "api", "callback")


# --- values of another type -------------------------------------------------------------------------------------------------------


def of_type(member: str, *types: type) -> WsgiApp:
    """A server that takes values of these types for a member, and shows them as they came."""
    return broken(validator=overlooking(lambda violation, value: violation.field == member and type(value) in types))


@defect("refusals-subject-is-a-number", "create.wrong-types", difficulty=EASY)
def _() -> WsgiApp:
    """A number is accepted as a subject, and comes back as a number."""
    return of_type("subject", int, float)


@defect("refusals-subject-is-true", "create.wrong-types", difficulty=RARE)
def _() -> WsgiApp:
    """true is accepted as a subject, and comes back as true."""
    return of_type("subject", bool)


@defect("refusals-subject-is-an-object", "create.wrong-types", difficulty=RARE)
def _() -> WsgiApp:
    """An object is accepted as a subject, and comes back as one."""
    return of_type("subject", dict)


@defect("refusals-first-name-is-a-number", "create.wrong-types", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A number is accepted as a first name, and comes back as a number."""
    return of_type("user_first_name", int, float)


@defect("refusals-last-name-is-a-list", "create.wrong-types", difficulty=RARE)
def _() -> WsgiApp:
    """A list is accepted as a last name, and comes back as a list."""
    return of_type("user_last_name", list)


@defect("refusals-metadata-is-a-list", "create.wrong-types", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Any JSON is metadata: a list, a text and a number come back as such."""

    class Anything(Conversations):
        def metadata(self, body: Any) -> Any:
            return body.get("metadata", {})

    return broken(
        conversations=Anything, validator=overlooking(lambda violation, value: violation.field == "metadata" and value is not None)
    )


@defect("refusals-metadata-is-true", "create.wrong-types", difficulty=RARE)
def _() -> WsgiApp:
    """true is accepted as metadata, and comes back as true."""

    class Anything(Conversations):
        def metadata(self, body: Any) -> Any:
            return True if body.get("metadata") is True else super().metadata(body)

    return broken(
        conversations=Anything, validator=overlooking(lambda violation, value: violation.field == "metadata" and value is True)
    )


@defect("refusals-priority-is-a-number", "create.wrong-types", "create.undocumented-values", difficulty=RARE)
def _() -> WsgiApp:
    """A priority may be the number of one, and comes back as that number."""

    class Numbered(Conversations):
        def priority(self, body: Any) -> Any:
            return body.get("priority", "normal")

    validator = overlooking(lambda violation, value: violation.field == "priority" and type(value) is int)
    return broken(conversations=Numbered, validator=validator)


@defect("refusals-number-is-500", "any.no-server-error", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A number in the place of a first name is answered with 500."""

    def change(members: dict[str, Any]) -> dict[str, Any]:
        return {**members, "user_first_name": members["user_first_name"].strip()} if "user_first_name" in members else members

    return broken(validator=receiving(change))


@defect("refusals-metadata-list-is-500", "any.no-server-error", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A list in the place of metadata is answered with 500."""
    return broken(validator=receiving(lambda members: (members.get("metadata", {}).get("phone"), members)[1]))
