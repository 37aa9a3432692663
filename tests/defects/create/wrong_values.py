"""Servers that create with values which are not documented, or are of another type."""

import re
from collections.abc import Callable
from typing import Any

from mockserver.contract.schema import Violation
from mockserver.handling.conversations import Conversations
from mockserver.handling.validation import Validator
from mockserver.serving.server import WsgiApp
from tests.defects.kit.parts import LIST, Event, answering, broken, ignoring, receiving
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


def overlooking(when: Callable[[Violation, Any], bool]) -> type[Validator]:
    """Return a validator that overlooks some violations: `when` gets each of them and the value of the member."""

    class Overlooking(Validator):
        def violations(self, members: dict[str, Any], body: Any) -> Any:
            for violation in super().violations(members, body):
                if not when(violation, members.get(violation.field)):
                    yield violation

    return Overlooking


# --- values that are not documented -----------------------------------------------------------------------------------------------


@defect("create.undocumented-values", difficulty=EASY)
def refusals_any_priority() -> WsgiApp:
    """Any text is a priority."""
    return broken(validator=ignoring("enum", member="priority"))


@defect("create.undocumented-values", difficulty=EASY)
def refusals_any_channel() -> WsgiApp:
    """Any text is a channel."""
    return broken(validator=ignoring("enum", member="channel"))


@defect("create.undocumented-values", difficulty=MEDIUM)
def refusals_priority_critical() -> WsgiApp:
    """A fifth priority was added: critical."""
    return broken(validator=overlooking(lambda violation, value: violation.keyword == "enum" and value == "critical"))


@defect("create.undocumented-values", difficulty=MEDIUM)
def refusals_channel_phone() -> WsgiApp:
    """A fifth channel was added: phone."""
    return broken(validator=overlooking(lambda violation, value: violation.keyword == "enum" and value == "phone"))


@defect("create.undocumented-values", difficulty=MEDIUM)
def refusals_priority_in_capitals() -> WsgiApp:
    """A priority is checked without regard to case, and stored as it came: LOW."""
    return broken(
        validator=overlooking(lambda violation, value: violation.field == "priority" and str(value).lower() in PRIORITIES)
    )


@defect("create.undocumented-values", difficulty=RARE)
def refusals_channel_with_a_space() -> WsgiApp:
    """A channel is checked after it was trimmed, and stored before."""
    return broken(validator=overlooking(lambda violation, value: violation.field == "channel" and str(value).strip() in CHANNELS))


@defect("create.undocumented-values", difficulty=RARE)
def refusals_priority_by_beginning() -> WsgiApp:
    """A priority is checked by a pattern without an end: lowx is accepted and stored."""
    pattern = re.compile("low|normal|high|urgent")
    return broken(
        validator=overlooking(lambda violation, value: violation.field == "priority" and pattern.match(str(value)) is not None)
    )


@defect("create.undocumented-values", difficulty=RARE)
def refusals_priority_empty() -> WsgiApp:
    """An empty priority is stored."""
    return broken(validator=overlooking(lambda violation, value: violation.keyword == "enum" and value == ""))


@defect("create.undocumented-values", difficulty=RARE)
def refusals_channel_of_the_other_list() -> WsgiApp:
    """Channels are checked against the list of priorities as well."""
    return broken(validator=overlooking(lambda violation, value: violation.field == "channel" and value in PRIORITIES))


@defect("create.undocumented-values", difficulty=RARE)
def refusals_any_channel_beside_a_priority() -> WsgiApp:
    """A channel is not looked at where a documented priority comes with it: one check is the other's else."""

    class Either(Validator):
        def violations(self, members: dict[str, Any], body: Any) -> Any:
            for violation in super().violations(members, body):
                of_channel = (violation.keyword, violation.field) == ("enum", "channel")
                if not (of_channel and members.get("priority") in PRIORITIES):
                    yield violation

    return broken(validator=Either)


@defect("create.undocumented-values", difficulty=RARE)
def refusals_priority_shown_only_in_lists() -> WsgiApp:
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


@defect("create.wrong-types", difficulty=EASY)
def refusals_subject_is_a_number() -> WsgiApp:
    """A number is accepted as a subject, and comes back as a number."""
    return of_type("subject", int, float)


@defect("create.wrong-types", difficulty=RARE)
def refusals_subject_is_true() -> WsgiApp:
    """true is accepted as a subject, and comes back as true."""
    return of_type("subject", bool)


@defect("create.wrong-types", difficulty=RARE)
def refusals_subject_is_an_object() -> WsgiApp:
    """An object is accepted as a subject, and comes back as one."""
    return of_type("subject", dict)


@defect("create.wrong-types", difficulty=MEDIUM)
def refusals_first_name_is_a_number() -> WsgiApp:
    """A number is accepted as a first name, and comes back as a number."""
    return of_type("user_first_name", int, float)


@defect("create.wrong-types", difficulty=RARE)
def refusals_last_name_is_a_list() -> WsgiApp:
    """A list is accepted as a last name, and comes back as a list."""
    return of_type("user_last_name", list)


@defect("create.wrong-types", difficulty=MEDIUM)
def refusals_metadata_is_a_list() -> WsgiApp:
    """Any JSON is metadata: a list, a text and a number come back as such."""

    class Anything(Conversations):
        def metadata(self, body: Any) -> Any:
            return body.get("metadata", {})

    return broken(
        conversations=Anything, validator=overlooking(lambda violation, value: violation.field == "metadata" and value is not None)
    )


@defect("create.wrong-types", difficulty=RARE)
def refusals_metadata_is_true() -> WsgiApp:
    """true is accepted as metadata, and comes back as true."""

    class Anything(Conversations):
        def metadata(self, body: Any) -> Any:
            return True if body.get("metadata") is True else super().metadata(body)

    return broken(
        conversations=Anything, validator=overlooking(lambda violation, value: violation.field == "metadata" and value is True)
    )


@defect("create.wrong-types", "create.undocumented-values", difficulty=RARE)
def refusals_priority_is_a_number() -> WsgiApp:
    """A priority may be the number of one, and comes back as that number."""

    class Numbered(Conversations):
        def priority(self, body: Any) -> Any:
            return body.get("priority", "normal")

    validator = overlooking(lambda violation, value: violation.field == "priority" and type(value) is int)
    return broken(conversations=Numbered, validator=validator)


@defect("any.no-server-error", difficulty=MEDIUM)
def refusals_number_is_500() -> WsgiApp:
    """A number in the place of a first name is answered with 500."""

    def change(members: dict[str, Any]) -> dict[str, Any]:
        return {**members, "user_first_name": members["user_first_name"].strip()} if "user_first_name" in members else members

    return broken(validator=receiving(change))


@defect("any.no-server-error", difficulty=MEDIUM)
def refusals_metadata_list_is_500() -> WsgiApp:
    """A list in the place of metadata is answered with 500."""
    return broken(validator=receiving(lambda members: (members.get("metadata", {}).get("phone"), members)[1]))
