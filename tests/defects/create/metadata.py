"""Servers that lose or change metadata, or keep it in the wrong place."""

import itertools
import json
from collections.abc import Callable
from typing import Any

from mockserver.handling.conversations import Conversations
from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.records import Conversation
from mockserver.serving.server import WsgiApp
from tests.defects.kit.creating import answered, handled
from tests.defects.kit.parts import CREATE, Event, broken, text_of, with_body, without
from tests.defects.kit.rules import change, everything, then
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


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
    """Return a JSON value in which everything except objects and arrays is changed."""
    if isinstance(value, dict):
        return {name: scalars(item, change) for name, item in value.items()}
    if isinstance(value, list):
        return [scalars(item, change) for item in value]
    return change(value)


@defect("create.metadata-kept", difficulty=EASY)
def metadata_lost() -> WsgiApp:
    """Metadata is not kept."""
    return metadata(lambda given: {})


@defect("create.metadata-default", "create.answer", difficulty=EASY)
def metadata_null_by_default() -> WsgiApp:
    """Without metadata it is null."""
    return answered(lambda value, event: value | {"metadata": value["metadata"] or None}, CREATE)


@defect("create.metadata-kept", "create.answer", difficulty=MEDIUM)
def metadata_empty_is_null() -> WsgiApp:
    """Metadata that was given as {} is null; where none was given, it is {}."""
    return answered(lambda value, event: value | {"metadata": None} if event.body.get("metadata") == {} else value, CREATE)


@defect("create.metadata-kept", difficulty=MEDIUM)
def metadata_without_nulls() -> WsgiApp:
    """Members of metadata that are null are dropped."""
    return metadata(lambda given: {name: value for name, value in given.items() if value is not None})


@defect("create.metadata-kept", difficulty=RARE)
def metadata_without_nested_nulls() -> WsgiApp:
    """Nulls in objects within metadata are dropped; those at its top are kept."""

    def pruned(given: Any) -> Any:
        return {name: deep(value, without_nulls) for name, value in given.items()}

    return metadata(pruned)


def without_nulls(value: dict[str, Any]) -> dict[str, Any]:
    """The members that are not null."""
    return {name: item for name, item in value.items() if item is not None}


@defect("create.metadata-kept", difficulty=RARE)
def metadata_without_nulls_in_lists() -> WsgiApp:
    """Nulls in lists within metadata are dropped."""

    def pruned(value: Any) -> Any:
        if isinstance(value, list):
            return [pruned(item) for item in value if item is not None]
        return {name: pruned(item) for name, item in value.items()} if isinstance(value, dict) else value

    return metadata(pruned)


@defect("create.metadata-kept", difficulty=RARE)
def metadata_without_empty_containers() -> WsgiApp:
    """Empty objects and lists within metadata are dropped."""

    def full(value: dict[str, Any]) -> dict[str, Any]:
        return {name: item for name, item in value.items() if item not in ({}, [])}

    return metadata(lambda given: deep(given, full))


@defect("create.metadata-kept", difficulty=RARE)
def metadata_empty_object_is_list() -> WsgiApp:
    """An empty object within metadata comes back as an empty list, as PHP has it."""
    return metadata(lambda given: {name: deep(value, lambda inner: inner or []) for name, value in given.items()})  # type: ignore[arg-type, return-value]


@defect("create.metadata-kept", difficulty=RARE)
def metadata_without_falsy() -> WsgiApp:
    """Members of metadata that are 0, false or empty are dropped."""
    return metadata(lambda given: {name: value for name, value in given.items() if value or value is None})


@defect("create.metadata-kept", difficulty=MEDIUM)
def metadata_flat() -> WsgiApp:
    """Objects and lists within metadata are stored as texts that hold JSON."""
    return metadata(
        lambda given: {name: json.dumps(value) if isinstance(value, dict | list) else value for name, value in given.items()}
    )


@defect("create.metadata-kept", difficulty=EASY)
def metadata_all_texts() -> WsgiApp:
    """Numbers in metadata come back as texts."""
    return metadata(
        lambda given: scalars(
            given, lambda item: str(item) if isinstance(item, int | float) and not isinstance(item, bool) else item
        )
    )


@defect("create.metadata-kept", difficulty=MEDIUM)
def metadata_floats_are_cut() -> WsgiApp:
    """Fractions in metadata are rounded to two digits."""
    return metadata(lambda given: scalars(given, lambda item: round(item, 2) if isinstance(item, float) else item))


@defect("create.metadata-kept", difficulty=RARE)
def metadata_single_precision() -> WsgiApp:
    """Fractions in metadata are rounded to seven significant digits."""
    return metadata(lambda given: scalars(given, lambda item: float(f"{item:.7g}") if isinstance(item, float) else item))


@defect("create.metadata-kept", difficulty=RARE)
def metadata_integers_of_32_bits() -> WsgiApp:
    """Integers in metadata end at 2147483647."""

    def change(item: Any) -> Any:
        return max(-(2**31), min(item, 2**31 - 1)) if isinstance(item, int) and not isinstance(item, bool) else item

    return metadata(lambda given: scalars(given, change))


@defect("create.metadata-kept", difficulty=MEDIUM)
def metadata_booleans_are_numbers() -> WsgiApp:
    """true and false in metadata come back as 1 and 0."""
    return metadata(lambda given: scalars(given, lambda item: int(item) if isinstance(item, bool) else item))


@defect("create.metadata-kept", difficulty=RARE)
def metadata_numbers_from_texts() -> WsgiApp:
    """A text of digits in metadata comes back as a number."""
    return metadata(lambda given: text_of(given, lambda text: int(text) if text.isascii() and text.isdigit() else text))  # type: ignore[arg-type, return-value]


@defect("create.metadata-kept", difficulty=RARE)
def metadata_trimmed() -> WsgiApp:
    """White space around texts in metadata is taken off."""
    return metadata(lambda given: text_of(given, str.strip))


@defect("create.metadata-kept", difficulty=MEDIUM)
def metadata_names_lowered() -> WsgiApp:
    """Names in metadata come back in lower case."""
    return metadata(lambda given: {name.lower(): value for name, value in given.items()})


@defect("create.metadata-kept", difficulty=RARE)
def metadata_names_in_snake_case() -> WsgiApp:
    """Names in metadata come back with underscores for hyphens."""
    return metadata(lambda given: {name.replace("-", "_"): value for name, value in given.items()})


@defect("create.metadata-kept", difficulty=RARE)
def metadata_dots_unfold() -> WsgiApp:
    """A name with a dot in it comes back as an object within an object."""

    def unfolded(given: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in given.items():
            head, dot, tail = name.partition(".")
            found[head] = {tail: value} if dot else value
        return found

    return metadata(unfolded)


@defect("create.metadata-kept", difficulty=RARE)
def metadata_dollars_dropped() -> WsgiApp:
    """Names in metadata that begin with a dollar are dropped."""
    return metadata(lambda given: {name: value for name, value in given.items() if not name.startswith("$")})


@defect("create.metadata-kept", difficulty=RARE)
def metadata_without_empty_name() -> WsgiApp:
    """A member of metadata whose name is empty is dropped."""
    return metadata(lambda given: {name: value for name, value in given.items() if name})


@defect("create.metadata-kept", difficulty=RARE)
def metadata_reserved_names() -> WsgiApp:
    """Members of metadata that are called id or status are dropped."""
    return metadata(lambda given: {name: value for name, value in given.items() if name not in ("id", "status")})


@defect("create.metadata-kept", difficulty=MEDIUM)
def metadata_ascii() -> WsgiApp:
    """Characters in metadata that are not ASCII become question marks."""
    return metadata(lambda given: text_of(given, lambda text: text.encode("ascii", "replace").decode()))


@defect("create.metadata-kept", difficulty=RARE)
def metadata_names_without_emoji() -> WsgiApp:
    """Emoji in the names of metadata become question marks."""

    def change(given: dict[str, Any]) -> dict[str, Any]:
        return {"".join("?" if ord(sign) > 0xFFFF else sign for sign in name): value for name, value in given.items()}

    return metadata(change)


@defect("create.metadata-kept", difficulty=RARE)
def metadata_depth() -> WsgiApp:
    """Metadata deeper than five levels is cut there."""

    def cut(value: Any, depth: int) -> Any:
        if depth == 0:
            return None
        if isinstance(value, dict):
            return {name: cut(item, depth - 1) for name, item in value.items()}
        return [cut(item, depth - 1) for item in value] if isinstance(value, list) else value

    return metadata(lambda given: cut(given, 6))


@defect("create.metadata-kept", difficulty=RARE)
def metadata_fifty_members() -> WsgiApp:
    """Metadata keeps its first fifty members."""
    return metadata(lambda given: dict(itertools.islice(given.items(), 50)))


@defect("create.metadata-kept", difficulty=RARE)
def metadata_values_of_1024() -> WsgiApp:
    """A text in metadata is cut after 1,024 characters."""
    return metadata(lambda given: text_of(given, lambda text: text[:1024]))


@defect("create.metadata-kept", difficulty=RARE)
def metadata_lists_sorted() -> WsgiApp:
    """Lists in metadata come back without repetitions."""

    def once(value: Any) -> Any:
        if isinstance(value, list):
            return [once(item) for at, item in enumerate(value) if item not in value[:at]]
        return {name: once(item) for name, item in value.items()} if isinstance(value, dict) else value

    return metadata(once)


@defect("create.whole-or-refused", difficulty=RARE)
def metadata_large_cut() -> WsgiApp:
    """A text in metadata is cut after 65,535 characters."""
    return metadata(lambda given: text_of(given, lambda text: text[:65_535]))


@defect("create.whole-or-refused", difficulty=RARE)
def metadata_large_lost() -> WsgiApp:
    """Metadata beyond 64 KiB is replaced by an empty object."""
    return metadata(lambda given: given if len(json.dumps(given)) <= 65_536 else {})


@defect("create.metadata-default", "create.metadata-kept", "get.as-created", difficulty=MEDIUM)
def metadata_shared() -> WsgiApp:
    """The default of metadata is one object for all: what one conversation is given, all have that were given none."""
    shared: dict[str, Any] = {}

    class Shared(Conversations):
        def metadata(self, body: Any) -> dict[str, Any]:
            shared.update(body.get("metadata") or {})
            return dict(shared) if body.get("metadata") else shared

    return broken(conversations=Shared)


@defect("create.metadata-kept", "create.metadata-default", difficulty=RARE)
def metadata_of_the_user() -> WsgiApp:
    """Metadata is kept with the user: a second conversation has that of the first, too."""
    known: dict[str, dict[str, Any]] = {}

    def change(event: Event) -> Event | None:
        email = event.body.get("user_email")
        if email is None:
            return None
        known[email] = {**known.get(email, {}), **event.body.get("metadata", {})}
        return with_body(event, metadata=known[email])

    return handled(change)


@defect("create.metadata-kept", difficulty=RARE)
def metadata_lost_when_anonymous() -> WsgiApp:
    """Without user_email metadata is not kept."""
    return handled(lambda event: without(event, "metadata") if "user_email" not in event.body else None)


@defect("create.metadata-kept", difficulty=MEDIUM)
def metadata_lost_for_clients() -> WsgiApp:
    """With a client key metadata is not kept."""
    return handled(lambda event: without(event, "metadata") if event.tier == "client" else None)


@defect("create.metadata-kept", difficulty=MEDIUM)
def metadata_callback_only() -> WsgiApp:
    """Metadata is kept for the channel callback only, as in the page's example."""
    return handled(lambda event: without(event, "metadata") if event.body.get("channel") != "callback" else None)


@defect("create.metadata-kept", "get.as-created", "any.durable", difficulty=RARE)
def metadata_large_kept_by_its_length() -> WsgiApp:
    """Metadata of more than 1,024 characters is kept by a name made of its length: the next of that length takes its place."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, done: Conversation) -> None:
        length = len(json.dumps(dict(done.metadata)))
        if length > 1024:
            for one in everything(rules, caller):
                if len(json.dumps(dict(one.metadata))) == length:
                    change(rules, one, metadata=done.metadata)

    return broken(conversations=then("create", effect))
