"""Servers that show or find a conversation otherwise for some callers, in some places, or after something else."""

import time
from typing import Any

from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.records import Conversation
from mockserver.serving.server import WsgiApp
from tests.defects.get.found import missing
from tests.defects.kit.parts import CREATE, GET, LIST, MESSAGES, RESOLVE, Counter, Event, answering, broken
from tests.defects.kit.rules import SECOND, selecting, then
from tests.defects.kit.stores import kept_messages
from tests.defects.list.lists_shown import items, without
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


# --- found ------------------------------------------------------------------------------------------------------------------------


@defect("any.concurrent-reads", "get.answer", "any.concurrent-creates", difficulty=RARE)
def get_not_young_ones_of_the_other_tier() -> WsgiApp:
    """What a client key created cannot be read with a server key in its first 50 ms, and the other way round."""
    creators: dict[str, str] = {}

    def remember(value: Any, event: Event) -> Any:
        if event.operation == CREATE:
            creators[value["id"]] = event.tier
        elif event.operation == GET and creators.get(value["id"]) not in (None, event.tier):
            found = app.namespace.store.conversation(value["id"])
            if found is not None and time.time_ns() // 1000 - found.created_at < SECOND // 20:
                return {"detail": "No such conversation."}
        return value

    app = broken(pipeline=answering(remember, CREATE, GET))
    return app


@defect("get.answer", difficulty=RARE)
def get_not_with_large_metadata() -> WsgiApp:
    """A conversation whose metadata has more than a hundred members is not found: the row is too long for the cache."""
    return missing(lambda rules, found, caller, times: len(found.metadata) > 100)


@defect("get.answer", "any.durable", difficulty=RARE)
def get_not_the_fifth_time() -> WsgiApp:
    """A conversation is not found when it is got for the fifth time."""
    return missing(lambda rules, found, caller, times: times == 5)


@defect("get.answer", "messages.conversation-kept", difficulty=RARE)
def get_not_with_messages_for_clients() -> WsgiApp:
    """With a client key, a conversation that has messages of others is not found."""

    def foreign(rules: Any, found: Conversation, caller: Caller, times: int) -> bool:
        senders = {one.sender_email for one in rules.store.messages(found.id)}
        return caller.key.tier == "client" and bool(senders - {found.requester.email})

    return missing(foreign)


# --- shown ------------------------------------------------------------------------------------------------------------------------


def got(change: Any) -> WsgiApp:
    """A server that shows a conversation otherwise when it is got."""
    return broken(pipeline=answering(change, GET))


@defect("resolve.get-agrees", difficulty=RARE)
def get_closed_as_open_for_clients() -> WsgiApp:
    """A client key reads closed conversations as open."""
    return got(lambda value, event: value | {"status": "open"} if event.tier == "client" else value)


@defect("resolve.rest-kept", "any.durable", difficulty=RARE)
def get_closed_without_metadata() -> WsgiApp:
    """A closed conversation is read with empty metadata: the archive has none."""
    return got(lambda value, event: value | {"metadata": {}} if value["status"] == "closed" else value)


@defect("get.as-created", difficulty=RARE)
def get_without_last_name_for_clients() -> WsgiApp:
    """A client key reads of a last name the first letter."""

    def change(value: Any, event: Event) -> Any:
        requester = value["requester"]
        if event.tier == "client" and requester["last_name"]:
            return value | {"requester": requester | {"last_name": f"{requester['last_name'][0]}."}}
        return value

    return got(change)


@defect("get.as-created", difficulty=RARE)
def get_subject_without_emoji() -> WsgiApp:
    """A conversation that is got has question marks for emoji in its subject; the answer to the create has them."""

    def change(value: Any, event: Event) -> Any:
        return value | {"subject": "".join("?" if ord(letter) > 0xFFFF else letter for letter in value["subject"])}

    return got(change)


@defect("get.as-created", difficulty=RARE)
def get_number_by_bearer_is_zero() -> WsgiApp:
    """A client key after Bearer reads 0 as the number."""
    return got(lambda value, event: value | {"number": 0} if event.by_bearer and event.tier == "client" else value)


@defect("get.as-created", difficulty=RARE)
def get_low_is_shown_as_normal() -> WsgiApp:
    """The priority low is read as normal."""
    return got(lambda value, event: value | {"priority": "normal"} if value["priority"] == "low" else value)


@defect("get.as-created", "create.existing-user-names", "any.durable", difficulty=RARE)
def get_requester_of_long_ago() -> WsgiApp:
    """Who has no names is read with those of the user who was made before."""
    last: dict[str, Any] = {}

    def change(value: Any, event: Event) -> Any:
        requester = value["requester"]
        if requester["first_name"]:
            last.update(first_name=requester["first_name"], last_name=requester["last_name"])
            return value
        return value | {"requester": requester | last}

    return got(change)


# --- in lists ---------------------------------------------------------------------------------------------------------------------


@defect("list.items-as-get", difficulty=RARE)
def lists_fifty_first_without_metadata() -> WsgiApp:
    """From the fifty-first item of a page on, metadata is empty: it is fetched for fifty at a time."""

    def rewrite(value: Any, _: Event) -> Any:
        return value | {"results": [*value["results"][:50], *(item | {"metadata": {}} for item in value["results"][50:])]}

    return broken(pipeline=answering(rewrite, LIST))


@defect("list.items-as-get", "resolve.rest-kept", difficulty=RARE)
def lists_closed_without_names() -> WsgiApp:
    """In lists, the requesters of closed conversations have no names."""

    def change(item: Any, _: Event) -> Any:
        nameless = item["requester"] | {"first_name": "", "last_name": ""}
        return item | {"requester": nameless} if item["status"] == "closed" else item

    return items(change)


@defect("list.items-as-get", difficulty=RARE)
def lists_channel_by_bearer() -> WsgiApp:
    """Listed with a key after Bearer, the channel callback is web."""
    return items(lambda item, event: item | {"channel": item["channel"].replace("callback", "web")} if event.by_bearer else item)


@defect("list.answer", difficulty=RARE)
def lists_later_pages_without_number() -> WsgiApp:
    """On every page but the first, conversations have no number."""
    return items(lambda item, event: without(item, "number") if event.query.get("offset") else item)


@defect("list.items-as-get", difficulty=MEDIUM)
def lists_number_is_the_place() -> WsgiApp:
    """In lists, the number of a conversation is its place on the page."""

    def rewrite(value: Any, _: Event) -> Any:
        return value | {"results": [item | {"number": place} for place, item in enumerate(value["results"], 1)]}

    return broken(pipeline=answering(rewrite, LIST))


@defect("list.items-as-get", difficulty=RARE)
def lists_metadata_cut() -> WsgiApp:
    """In lists, texts in metadata are cut after 200 characters."""

    def change(item: Any, _: Event) -> Any:
        short = {name: value[:200] if isinstance(value, str) else value for name, value in item["metadata"].items()}
        return item | {"metadata": short}

    return items(change)


@defect("list.items-as-get", "list.email-filter", difficulty=RARE)
def lists_anonymous_as_the_one_before() -> WsgiApp:
    """In a list, an anonymous requester is shown as the requester of the conversation before."""

    def rewrite(value: Any, _: Event) -> Any:
        shown, last = [], None
        for item in value["results"]:
            anonymous = item["requester"]["email"] is None
            shown.append(item | {"requester": last} if anonymous and last else item)
            last = item["requester"] if not anonymous else last
        return value | {"results": shown}

    return broken(pipeline=answering(rewrite, LIST))


@defect("list.unfiltered", "list.email-filter", "list.fresh", difficulty=RARE)
def lists_without_the_longest_subjects() -> WsgiApp:
    """Conversations whose subject has more than 255 characters are not listed: the index could not take it."""
    return broken(
        conversations=selecting(lambda rules, caller, query, found: [one for one in found if len(one.subject) <= 255]),
    )


# --- changed by reading -----------------------------------------------------------------------------------------------------------


@defect("list.reads-only", "get.as-created", "any.durable", difficulty=MEDIUM)
def persistence_reading_marks_metadata() -> WsgiApp:
    """Reading a conversation notes in its metadata that it was read."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, found: Conversation) -> None:
        rules.store.replace_conversation(found._replace(metadata={**found.metadata, "read": True}))

    return broken(conversations=then("get", effect))


@defect("list.reads-only", "get.as-created", "any.durable", difficulty=RARE)
def persistence_reading_messages_touches() -> WsgiApp:
    """Listing the messages of a conversation sets its updated_at a minute back."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, page: Any) -> None:
        found = rules.find(caller, checked.id)
        rules.store.replace_conversation(found._replace(updated_at=found.updated_at - 60 * SECOND))

    return broken(conversations=then("messages", effect))


@defect("list.reads-only", "get.as-created", "any.durable", difficulty=RARE)
def persistence_listing_makes_pending() -> WsgiApp:
    """The unfiltered list makes the first of its open conversations pending: somebody looks at it."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, page: Any) -> None:
        if checked.query.get("user_email") is None and checked.query.get("status") is None:
            for one in [one for one in page.results if one.status == "open"][:1]:
                rules.store.replace_conversation(one._replace(status="pending"))

    return broken(conversations=then("list", effect))


@defect("messages.listed-once", "any.durable", "list.reads-only", difficulty=RARE)
def persistence_messages_are_read_once() -> WsgiApp:
    """A message is listed three times, and then it counts as read and is not listed any more."""
    times = Counter()

    def rewrite(value: Any, event: Event) -> Any:
        kept = [one for one in value["results"] if times.next(one["id"]) < 4]
        return value | {"count": len(kept), "results": kept}

    return broken(pipeline=answering(rewrite, MESSAGES))


@defect("list.reads-only", "get.as-created", "any.durable", difficulty=RARE)
def persistence_reading_takes_over() -> WsgiApp:
    """A server key that reads an urgent conversation takes it over: its priority is high from then on."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, found: Conversation) -> None:
        if caller.key.tier == "server" and found.priority == "urgent":
            rules.store.replace_conversation(found._replace(priority="high"))

    return broken(conversations=then("get", effect))


# --- resolving --------------------------------------------------------------------------------------------------------------------


@defect("resolve.rest-kept", difficulty=RARE)
def resolve_answers_names_swapped() -> WsgiApp:
    """The answer to resolving has the names of the requester exchanged; nothing is changed."""

    def change(value: Any, event: Event) -> Any:
        requester = value["requester"]
        swapped = {"first_name": requester["last_name"], "last_name": requester["first_name"]}
        return value | {"requester": requester | swapped}

    return broken(pipeline=answering(change, RESOLVE))


@defect("resolve.rest-kept", "any.durable", difficulty=RARE)
def resolve_cuts_the_fraction() -> WsgiApp:
    """Resolving writes created_at back without its fraction."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, done: Conversation) -> Conversation:
        cut = done._replace(created_at=done.created_at // SECOND * SECOND)
        rules.store.replace_conversation(cut)
        return cut

    return broken(choices={"timestamp_fraction": "microseconds"}, conversations=then("resolve", effect))


@defect("resolve.rest-kept", "messages.listed-once", difficulty=RARE)
def resolve_keeps_twenty_messages() -> WsgiApp:
    """Resolving keeps the latest twenty messages and archives the others out of reach."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, done: Conversation) -> None:
        kept = kept_messages(rules.store, done.id)
        kept[:] = kept[-20:]

    return broken(conversations=then("resolve", effect))


@defect("resolve.rest-kept", "messages.listed-once", difficulty=RARE)
def resolve_deletes_messages_of_others() -> WsgiApp:
    """Resolving keeps the requester's messages and deletes those of others."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, done: Conversation) -> None:
        kept = kept_messages(rules.store, done.id)
        kept[:] = [one for one in kept if one.sender_email == done.requester.email]

    return broken(conversations=then("resolve", effect))


@defect("resolve.rest-kept", difficulty=RARE)
def resolve_flattens_metadata() -> WsgiApp:
    """Resolving empties lists in metadata."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, done: Conversation) -> Conversation:
        emptied = {name: [] if isinstance(value, list) else value for name, value in done.metadata.items()}
        other = done._replace(metadata=emptied)
        rules.store.replace_conversation(other)
        return other

    return broken(conversations=then("resolve", effect))


@defect("resolve.only-that", "resolve.get-agrees", difficulty=RARE)
def resolve_closes_namesakes() -> WsgiApp:
    """Resolving closes the conversations of the same channel of all requesters with the same first name."""

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, done: Conversation) -> None:
        for one in [*rules.store.conversations(caller.organisation, None, "open")]:
            if one.channel == done.channel and one.requester.first_name == done.requester.first_name:
                rules.store.replace_conversation(one._replace(status="closed"))

    return broken(conversations=then("resolve", effect))


@defect("resolve.twice", "resolve.rest-kept", "any.durable", difficulty=RARE)
def resolve_again_loses_metadata() -> WsgiApp:
    """Resolving a conversation for the second time clears its metadata."""
    times = Counter()

    def effect(rules: Any, caller: Caller, checked: CheckedRequest, done: Conversation) -> Conversation | None:
        if times.next(done.id) < 2:
            return None
        other = done._replace(metadata={})
        rules.store.replace_conversation(other)
        return other

    return broken(conversations=then("resolve", effect))
