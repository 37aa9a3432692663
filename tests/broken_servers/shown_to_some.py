"""Servers that show or find a conversation otherwise for some callers, in some places, or after something else."""

import time
from typing import Any

from broken_servers.get_found import missing
from broken_servers.list_seams import SECOND, selecting, then
from broken_servers.lists_shown import items, without
from broken_servers.registry import Difficulty, defect
from broken_servers.seams import CREATE, GET, LIST, MESSAGES, RESOLVE, Counter, Event, answering, broken
from broken_servers.store_seams import kept_messages
from mockserver.auth import Caller
from mockserver.records import Conversation
from mockserver.server import WsgiApp
from mockserver.validation import Request

EASY, MEDIUM, RARE = Difficulty


# --- found ------------------------------------------------------------------------------------------------------------------------


@defect("get-not-young-ones-of-the-other-tier", "any.concurrent-reads", "get.answer", "any.concurrent-creates", difficulty=RARE)
def _() -> WsgiApp:
    """What a client key created cannot be read with a server key in its first 50 ms, and the other way round."""
    creators: dict[str, str] = {}

    def remember(value: Any, event: Event) -> Any:
        if event.operation == CREATE:
            creators[value["id"]] = event.tier
        elif event.operation == GET and creators.get(value["id"]) not in (None, event.tier):
            found = app.world.store.conversation(value["id"])
            if found is not None and time.time_ns() // 1000 - found.created_at < SECOND // 20:
                return {"detail": "No such conversation."}
        return value

    app = broken(pipeline=answering(remember, CREATE, GET))
    return app


@defect("get-not-with-large-metadata", "get.answer", difficulty=RARE)
def _() -> WsgiApp:
    """A conversation whose metadata has more than a hundred members is not found: the row is too long for the cache."""
    return missing(lambda rules, found, caller, times: len(found.metadata) > 100)


@defect("get-not-the-fifth-time", "get.answer", "any.durable", difficulty=RARE)
def _() -> WsgiApp:
    """A conversation is not found when it is got for the fifth time."""
    return missing(lambda rules, found, caller, times: times == 5)


@defect("get-not-with-messages-for-clients", "get.answer", "messages.conversation-kept", difficulty=RARE)
def _() -> WsgiApp:
    """With a client key, a conversation that has messages of others is not found."""

    def foreign(rules: Any, found: Conversation, caller: Caller, times: int) -> bool:
        senders = {one.sender_email for one in rules.store.messages(found.id)}
        return caller.key.tier == "client" and bool(senders - {found.requester.email})

    return missing(foreign)


# --- shown ------------------------------------------------------------------------------------------------------------------------


def got(change: Any) -> WsgiApp:
    """A server that shows a conversation otherwise when it is got."""
    return broken(pipeline=answering(change, GET))


@defect("get-closed-as-open-for-clients", "resolve.get-agrees", difficulty=RARE)
def _() -> WsgiApp:
    """A client key reads closed conversations as open."""
    return got(lambda value, event: value | {"status": "open"} if event.tier == "client" else value)


@defect("get-closed-without-metadata", "resolve.rest-kept", "any.durable", difficulty=RARE)
def _() -> WsgiApp:
    """A closed conversation is read with empty metadata: the archive has none."""
    return got(lambda value, event: value | {"metadata": {}} if value["status"] == "closed" else value)


@defect("get-without-last-name-for-clients", "get.as-created", difficulty=RARE)
def _() -> WsgiApp:
    """A client key reads of a last name the first letter."""

    def change(value: Any, event: Event) -> Any:
        requester = value["requester"]
        if event.tier == "client" and requester["last_name"]:
            return value | {"requester": requester | {"last_name": f"{requester['last_name'][0]}."}}
        return value

    return got(change)


@defect("get-subject-without-emoji", "get.as-created", difficulty=RARE)
def _() -> WsgiApp:
    """A conversation that is got has question marks for emoji in its subject; the answer to the create has them."""

    def change(value: Any, event: Event) -> Any:
        return value | {"subject": "".join("?" if ord(letter) > 0xFFFF else letter for letter in value["subject"])}

    return got(change)


@defect("get-number-by-bearer-is-zero", "get.as-created", difficulty=RARE)
def _() -> WsgiApp:
    """A client key after Bearer reads 0 as the number."""
    return got(lambda value, event: value | {"number": 0} if event.by_bearer and event.tier == "client" else value)


@defect("get-low-is-shown-as-normal", "get.as-created", difficulty=RARE)
def _() -> WsgiApp:
    """The priority low is read as normal."""
    return got(lambda value, event: value | {"priority": "normal"} if value["priority"] == "low" else value)


@defect("get-requester-of-long-ago", "get.as-created", "create.existing-user-names", "any.durable", difficulty=RARE)
def _() -> WsgiApp:
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


@defect("lists-fifty-first-without-metadata", "list.items-as-get", difficulty=RARE)
def _() -> WsgiApp:
    """From the fifty-first item of a page on, metadata is empty: it is fetched for fifty at a time."""

    def rewrite(value: Any, _: Event) -> Any:
        return value | {"results": [*value["results"][:50], *(item | {"metadata": {}} for item in value["results"][50:])]}

    return broken(pipeline=answering(rewrite, LIST))


@defect("lists-closed-without-names", "list.items-as-get", "resolve.rest-kept", difficulty=RARE)
def _() -> WsgiApp:
    """In lists, the requesters of closed conversations have no names."""

    def change(item: Any, _: Event) -> Any:
        nameless = item["requester"] | {"first_name": "", "last_name": ""}
        return item | {"requester": nameless} if item["status"] == "closed" else item

    return items(change)


@defect("lists-channel-by-bearer", "list.items-as-get", difficulty=RARE)
def _() -> WsgiApp:
    """Listed with a key after Bearer, the channel callback is web."""
    return items(lambda item, event: item | {"channel": item["channel"].replace("callback", "web")} if event.by_bearer else item)


@defect("lists-later-pages-without-number", "list.answer", difficulty=RARE)
def _() -> WsgiApp:
    """On every page but the first, conversations have no number."""
    return items(lambda item, event: without(item, "number") if event.query.get("offset") else item)


@defect("lists-number-is-the-place", "list.items-as-get", difficulty=MEDIUM)
def _() -> WsgiApp:
    """In lists, the number of a conversation is its place on the page."""

    def rewrite(value: Any, _: Event) -> Any:
        return value | {"results": [item | {"number": place} for place, item in enumerate(value["results"], 1)]}

    return broken(pipeline=answering(rewrite, LIST))


@defect("lists-metadata-cut", "list.items-as-get", difficulty=RARE)
def _() -> WsgiApp:
    """In lists, texts in metadata are cut after 200 characters."""

    def change(item: Any, _: Event) -> Any:
        short = {name: value[:200] if isinstance(value, str) else value for name, value in item["metadata"].items()}
        return item | {"metadata": short}

    return items(change)


@defect("lists-anonymous-as-the-one-before", "list.items-as-get", "list.email-filter", difficulty=RARE)
def _() -> WsgiApp:
    """In a list, an anonymous requester is shown as the requester of the conversation before."""

    def rewrite(value: Any, _: Event) -> Any:
        shown, last = [], None
        for item in value["results"]:
            anonymous = item["requester"]["email"] is None
            shown.append(item | {"requester": last} if anonymous and last else item)
            last = item["requester"] if not anonymous else last
        return value | {"results": shown}

    return broken(pipeline=answering(rewrite, LIST))


@defect("lists-without-the-longest-subjects", "list.unfiltered", "list.email-filter", "list.fresh", difficulty=RARE)
def _() -> WsgiApp:
    """Conversations whose subject has more than 255 characters are not listed: the index could not take it."""
    return broken(
        conversations=selecting(lambda rules, caller, query, found: [one for one in found if len(one.subject) <= 255]),
    )


# --- changed by reading -----------------------------------------------------------------------------------------------------------


@defect("persistence-reading-marks-metadata", "list.reads-only", "get.as-created", "any.durable", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Reading a conversation notes in its metadata that it was read."""

    def effect(rules: Any, caller: Caller, request: Request, found: Conversation) -> None:
        rules.store.replace_conversation(found._replace(metadata={**found.metadata, "read": True}))

    return broken(conversations=then("get", effect))


@defect("persistence-reading-messages-touches", "list.reads-only", "get.as-created", "any.durable", difficulty=RARE)
def _() -> WsgiApp:
    """Listing the messages of a conversation sets its updated_at a minute later."""

    def effect(rules: Any, caller: Caller, request: Request, page: Any) -> None:
        found = rules.find(caller, request.id)
        rules.store.replace_conversation(found._replace(updated_at=found.updated_at + 60 * SECOND))

    return broken(conversations=then("messages", effect))


@defect("persistence-listing-makes-pending", "list.reads-only", "get.as-created", "any.durable", difficulty=RARE)
def _() -> WsgiApp:
    """The unfiltered list makes the first of its open conversations pending: somebody looks at it."""

    def effect(rules: Any, caller: Caller, request: Request, page: Any) -> None:
        if request.query.get("user_email") is None and request.query.get("status") is None:
            for one in [one for one in page.results if one.status == "open"][:1]:
                rules.store.replace_conversation(one._replace(status="pending"))

    return broken(conversations=then("list", effect))


@defect("persistence-messages-are-read-once", "messages.listed-once", "any.durable", "list.reads-only", difficulty=RARE)
def _() -> WsgiApp:
    """A message is listed three times, and then it counts as read and is not listed any more."""
    times = Counter()

    def rewrite(value: Any, event: Event) -> Any:
        kept = [one for one in value["results"] if times.next(one["id"]) < 4]
        return value | {"count": len(kept), "results": kept}

    return broken(pipeline=answering(rewrite, MESSAGES))


@defect("persistence-reading-takes-over", "list.reads-only", "get.as-created", "any.durable", difficulty=RARE)
def _() -> WsgiApp:
    """A server key that reads an urgent conversation takes it over: its priority is high from then on."""

    def effect(rules: Any, caller: Caller, request: Request, found: Conversation) -> None:
        if caller.key.tier == "server" and found.priority == "urgent":
            rules.store.replace_conversation(found._replace(priority="high"))

    return broken(conversations=then("get", effect))


# --- resolving --------------------------------------------------------------------------------------------------------------------


@defect("resolve-answers-names-swapped", "resolve.rest-kept", difficulty=RARE)
def _() -> WsgiApp:
    """The answer to resolving has the names of the requester exchanged; nothing is changed."""

    def change(value: Any, event: Event) -> Any:
        requester = value["requester"]
        swapped = {"first_name": requester["last_name"], "last_name": requester["first_name"]}
        return value | {"requester": requester | swapped}

    return broken(pipeline=answering(change, RESOLVE))


@defect("resolve-cuts-the-fraction", "resolve.rest-kept", "any.durable", difficulty=RARE)
def _() -> WsgiApp:
    """Resolving writes created_at back without its fraction."""

    def effect(rules: Any, caller: Caller, request: Request, done: Conversation) -> Conversation:
        cut = done._replace(created_at=done.created_at // SECOND * SECOND)
        rules.store.replace_conversation(cut)
        return cut

    return broken(choices={"timestamp_fraction": "microseconds"}, conversations=then("resolve", effect))


@defect("resolve-keeps-twenty-messages", "resolve.rest-kept", "messages.listed-once", difficulty=RARE)
def _() -> WsgiApp:
    """Resolving keeps the latest twenty messages and archives the others out of reach."""

    def effect(rules: Any, caller: Caller, request: Request, done: Conversation) -> None:
        kept = kept_messages(rules.store, done.id)
        kept[:] = kept[-20:]

    return broken(conversations=then("resolve", effect))


@defect("resolve-deletes-messages-of-others", "resolve.rest-kept", "messages.listed-once", difficulty=RARE)
def _() -> WsgiApp:
    """Resolving keeps the requester's messages and deletes those of others."""

    def effect(rules: Any, caller: Caller, request: Request, done: Conversation) -> None:
        kept = kept_messages(rules.store, done.id)
        kept[:] = [one for one in kept if one.sender_email == done.requester.email]

    return broken(conversations=then("resolve", effect))


@defect("resolve-flattens-metadata", "resolve.rest-kept", difficulty=RARE)
def _() -> WsgiApp:
    """Resolving empties lists in metadata."""

    def effect(rules: Any, caller: Caller, request: Request, done: Conversation) -> Conversation:
        emptied = {name: [] if isinstance(value, list) else value for name, value in done.metadata.items()}
        other = done._replace(metadata=emptied)
        rules.store.replace_conversation(other)
        return other

    return broken(conversations=then("resolve", effect))


@defect("resolve-closes-namesakes", "resolve.only-that", "resolve.get-agrees", difficulty=RARE)
def _() -> WsgiApp:
    """Resolving closes the conversations of the same channel of all requesters with the same first name."""

    def effect(rules: Any, caller: Caller, request: Request, done: Conversation) -> None:
        for one in [*rules.store.conversations(caller.organisation, None, "open")]:
            if one.channel == done.channel and one.requester.first_name == done.requester.first_name:
                rules.store.replace_conversation(one._replace(status="closed"))

    return broken(conversations=then("resolve", effect))


@defect("resolve-again-loses-metadata", "resolve.twice", "resolve.rest-kept", "any.durable", difficulty=RARE)
def _() -> WsgiApp:
    """Resolving a conversation for the second time clears its metadata."""
    times = Counter()

    def effect(rules: Any, caller: Caller, request: Request, done: Conversation) -> Conversation | None:
        if times.next(done.id) < 2:
            return None
        other = done._replace(metadata={})
        rules.store.replace_conversation(other)
        return other

    return broken(conversations=then("resolve", effect))
