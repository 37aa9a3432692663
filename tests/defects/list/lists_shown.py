"""Servers that show conversations in lists otherwise than when they are read alone, or in another envelope."""

import time
from typing import Any

from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.refusal import not_found
from mockserver.serving.server import WsgiApp
from tests.defects.kit.parts import LIST, Event, answering, broken, text_of
from tests.defects.kit.rules import listing
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty
Item = dict[str, Any]


def items(change: Any, **parts: Any) -> WsgiApp:
    """A server that changes each item of a list; `change` gets the item and the event, and returns what is shown."""

    def rewrite(value: Any, event: Event) -> Any:
        return value | {"results": [change(item, event) for item in value["results"]]}

    return broken(pipeline=answering(rewrite, LIST), **parts)


def without(item: Item, name: str) -> Item:
    return {member: value for member, value in item.items() if member != name}


# --- how conversations are shown --------------------------------------------------------------------------------------------------


@defect("list.answer", difficulty=EASY)
def lists_without_updated_at() -> WsgiApp:
    """Listed conversations have no updated_at."""
    return items(lambda item, _: without(item, "updated_at"))


@defect("list.answer", "list.items-as-get", difficulty=MEDIUM)
def lists_without_names() -> WsgiApp:
    """The requester of a listed conversation has an email and no names."""
    return items(lambda item, _: item | {"requester": {"email": item["requester"]["email"]}})


@defect("list.answer", difficulty=EASY)
def lists_requester_as_text() -> WsgiApp:
    """The requester of a listed conversation is an address and no object."""
    return items(lambda item, _: item | {"requester": item["requester"]["email"]})


@defect("list.items-as-get", difficulty=EASY)
def lists_metadata_empty() -> WsgiApp:
    """Listed conversations have empty metadata."""
    return items(lambda item, _: item | {"metadata": {}})


@defect("list.answer", difficulty=MEDIUM)
def lists_no_metadata_for_clients() -> WsgiApp:
    """Listed for a client key, conversations have no metadata."""
    return items(lambda item, event: without(item, "metadata") if event.tier == "client" else item)


@defect("list.items-as-get", difficulty=MEDIUM)
def lists_subject_cut() -> WsgiApp:
    """Subjects are cut after 80 characters in lists."""
    return items(lambda item, _: item | {"subject": item["subject"][:80]})


@defect("list.answer", difficulty=EASY)
def lists_number_as_text() -> WsgiApp:
    """The number of a listed conversation is a text."""
    return items(lambda item, _: item | {"number": str(item["number"])})


@defect("list.items-as-get", difficulty=MEDIUM)
def lists_priority_always_normal() -> WsgiApp:
    """Every listed conversation has the priority normal."""
    return items(lambda item, _: item | {"priority": "normal"})


@defect("list.items-as-get", difficulty=MEDIUM)
def lists_urgent_shown_as_high() -> WsgiApp:
    """In lists, and nowhere else, the priority urgent is shown as high."""
    return items(lambda item, _: item | {"priority": item["priority"].replace("urgent", "high")})


@defect("list.items-as-get", difficulty=MEDIUM)
def lists_channel_of_the_first() -> WsgiApp:
    """All conversations of a page have the channel of its first."""

    def rewrite(value: Any, _: Event) -> Any:
        return value | {"results": [item | {"channel": value["results"][0]["channel"]} for item in value["results"]]}

    return broken(pipeline=answering(rewrite, LIST))


@defect("list.email-filter", "list.items-as-get", difficulty=MEDIUM)
def lists_requester_of_the_first() -> WsgiApp:
    """In a list without filters, all conversations of a page have the requester of its first."""

    def rewrite(value: Any, event: Event) -> Any:
        if event.query["user_email"] is not None:
            return value
        return value | {"results": [item | {"requester": value["results"][0]["requester"]} for item in value["results"]]}

    return broken(pipeline=answering(rewrite, LIST))


@defect("list.items-as-get", difficulty=RARE)
def lists_nested_metadata_as_text() -> WsgiApp:
    """Objects within metadata are shown as text in lists."""

    def flat(metadata: Item) -> Item:
        return {name: str(value) if isinstance(value, dict) else value for name, value in metadata.items()}

    return items(lambda item, _: item | {"metadata": flat(item["metadata"])})


@defect("list.items-as-get", difficulty=RARE)
def lists_null_in_metadata_dropped() -> WsgiApp:
    """Members of metadata that are null are left out in lists."""
    return items(
        lambda item, _: item | {"metadata": {name: value for name, value in item["metadata"].items() if value is not None}}
    )


@defect("list.items-as-get", difficulty=RARE)
def lists_text_escaped() -> WsgiApp:
    """Ampersands and angle brackets are escaped as in HTML in the subjects of a list."""
    escape = {"&": "&amp;", "<": "&lt;"}
    return items(lambda item, _: item | {"subject": text_of(item["subject"], lambda text: text.translate(str.maketrans(escape)))})


@defect("create.timestamps", "list.answer", difficulty=EASY)
def lists_time_without_offset() -> WsgiApp:
    """The created_at of a listed conversation has no offset."""
    return items(lambda item, _: item | {"created_at": item["created_at"].rstrip("Z")})


@defect("list.items-as-get", difficulty=MEDIUM)
def lists_updated_at_is_now() -> WsgiApp:
    """Listing shows the time of the listing as updated_at."""
    app = broken(choices={"timestamp_fraction": "microseconds"})

    def rewrite(value: Any, _: Event) -> Any:
        now = app.namespace.pipeline.serializer.time(time.time_ns() // 1000)
        return value | {"results": [item | {"updated_at": now} for item in value["results"]]}

    app = broken(choices={"timestamp_fraction": "microseconds"}, pipeline=answering(rewrite, LIST))
    return app


@defect("list.items-as-get", "messages.conversation-kept", "resolve.rest-kept", difficulty=RARE)
def lists_created_at_is_updated_at() -> WsgiApp:
    """Listing shows updated_at in the place of created_at, which differ once there was a message."""
    return items(lambda item, _: item | {"created_at": item["updated_at"]}, choices={"timestamp_fraction": "microseconds"})


@defect(
    "list.items-as-get",
    "resolve.lists-agree",
    "resolve.get-agrees",
    "list.status-filter",
    difficulty=EASY,
)
def lists_status_of_creation() -> WsgiApp:
    """Listed conversations are shown as open for good."""
    return items(lambda item, _: item | {"status": "open"})


@defect("list.items-as-get", "resolve.get-agrees", difficulty=MEDIUM)
def lists_status_stale_without_filter() -> WsgiApp:
    """Closed conversations are shown as open where the list is not filtered by status."""
    return items(lambda item, event: item if event.query["status"] else item | {"status": "open"})


# --- the envelope -----------------------------------------------------------------------------------------------------------------


@defect("list.answer", difficulty=EASY)
def lists_bare_array() -> WsgiApp:
    """A list is an array, without count and results."""
    return broken(pipeline=answering(lambda value, _: value["results"], LIST))


@defect("list.answer", difficulty=MEDIUM)
def lists_null_for_nothing() -> WsgiApp:
    """An empty page has null in the place of results."""
    return broken(pipeline=answering(lambda value, _: value | {"results": value["results"] or None}, LIST))


@defect("list.answer", difficulty=EASY)
def lists_count_as_text() -> WsgiApp:
    """The count is a text."""
    return broken(pipeline=answering(lambda value, _: value | {"count": str(value["count"])}, LIST))


@defect("list.answer", difficulty=RARE)
def lists_without_count_for_one() -> WsgiApp:
    """A page with a single conversation has no count."""
    return broken(pipeline=answering(lambda value, _: without(value, "count") if len(value["results"]) == 1 else value, LIST))


@defect("list.answer", difficulty=RARE)
def lists_object_for_one() -> WsgiApp:
    """Where a single conversation matches, results is that conversation and no array."""
    return broken(
        pipeline=answering(lambda value, _: value | {"results": value["results"][0]} if value["count"] == 1 else value, LIST)
    )


@defect("list.answer", "list.email-filter", "list.past-the-end", difficulty=MEDIUM)
def lists_nothing_is_not_found() -> WsgiApp:
    """An empty page is answered with 404."""

    def change(rules: Any, caller: Caller, checked: CheckedRequest, page: Any) -> Any:
        if not page.results:
            raise not_found()
        return page

    return broken(conversations=listing(change))


@defect("list.items-as-get", difficulty=RARE)
def lists_never_updated() -> WsgiApp:
    """In lists, a conversation last changed when it was created."""

    def changed(value: Any, event: Event) -> Any:
        for item in value["results"]:
            item["updated_at"] = item["created_at"]
        return value

    return broken(pipeline=answering(changed, LIST))
