"""Servers whose filters select too much or too little."""

import re
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from broken_servers.list_seams import SECOND, Found, counting, cutting, everything, listing, selecting, then
from broken_servers.registry import Difficulty, defect
from broken_servers.seams import LIST, broken, handling, with_query
from mockserver.answers import Call
from mockserver.auth import Caller
from mockserver.conversations import Conversations
from mockserver.problems import not_found
from mockserver.records import Conversation
from mockserver.server import WsgiApp
from mockserver.validation import Request, Validator

EASY, MEDIUM, RARE = Difficulty


def by_email(matches: Any) -> WsgiApp:
    """A server that compares addresses otherwise: `matches` gets the one of a requester and the one that is asked for."""

    def select(rules: Any, caller: Caller, query: Any, found: Found) -> Found:
        email = query["user_email"]
        if email is None:
            return found
        chosen = Conversations.select(rules, caller, {**query, "user_email": None})
        return [one for one in chosen if one.requester.email and matches(one.requester.email.lower(), email.lower())]

    return broken(conversations=selecting(select))


def by_status(matches: Any) -> WsgiApp:
    """A server that compares statuses otherwise: `matches` gets the conversation and the status that is asked for."""

    def select(rules: Any, caller: Caller, query: Any, found: Found) -> Found:
        if query["status"] is None:
            return found
        chosen = Conversations.select(rules, caller, {**query, "status": None})
        return [one for one in chosen if matches(one, query["status"])]

    return broken(conversations=selecting(select))


def forgetting(when: Any, *names: str) -> WsgiApp:
    """A server that overlooks parameters of a list. `when` gets the event."""
    absent = {name: 20 if name == "limit" else None for name in names}
    return broken(pipeline=handling(lambda event: with_query(event, **absent) if when(event) else None, LIST))


# --- by e-mail --------------------------------------------------------------------------------------------------------------------


@defect("filters-email-ignored", "list.email-filter", difficulty=EASY)
def _() -> WsgiApp:
    """The filter user_email is ignored."""
    return forgetting(lambda event: True, "user_email")


@defect("filters-email-ignored-for-clients", "list.email-filter", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The filter user_email is ignored for client keys."""
    return forgetting(lambda event: event.tier == "client", "user_email")


@defect("filters-email-ignored-with-status", "list.filters-combine", "list.email-filter", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The filter user_email is ignored beside a status."""
    return forgetting(lambda event: event.query["status"], "user_email")


@defect("filters-email-ignored-on-later-pages", "list.filters-combine", "list.email-filter", "list.partition", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The filter user_email is forgotten from the second page on."""
    return forgetting(lambda event: event.query["offset"], "user_email")


@defect("filters-email-part", "list.email-filter", difficulty=MEDIUM)
def _() -> WsgiApp:
    """An address is found wherever it is a part of another."""
    return by_email(lambda email, asked: asked in email)


@defect("filters-email-beginning", "list.email-filter", difficulty=MEDIUM)
def _() -> WsgiApp:
    """An address is found where another begins with it."""
    return by_email(lambda email, asked: email.startswith(asked))


@defect("filters-email-end", "list.email-filter", difficulty=MEDIUM)
def _() -> WsgiApp:
    """An address is found where another ends with it."""
    return by_email(lambda email, asked: email.endswith(asked))


@defect("filters-email-name-only", "list.email-filter", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Only what is before the @ is compared."""
    return by_email(lambda email, asked: email.partition("@")[0] == asked.partition("@")[0])


@defect("filters-email-underscore", "list.email-filter", difficulty=RARE)
def _() -> WsgiApp:
    """An underscore in the filter stands for any character, as LIKE has it."""
    return by_email(lambda email, asked: re.fullmatch(re.escape(asked).replace("_", "."), email))


@defect("filters-email-percent", "list.email-filter", difficulty=RARE)
def _() -> WsgiApp:
    """A percent sign in the filter stands for any text, as LIKE has it."""
    return by_email(lambda email, asked: re.fullmatch(re.escape(asked).replace("%", ".*"), email))


@defect("filters-email-star", "list.email-filter", difficulty=RARE)
def _() -> WsgiApp:
    """A star in the filter stands for any text."""
    return by_email(lambda email, asked: fnmatchcase(email, asked.replace("[", "[[]")))


@defect("filters-email-dot-is-any-character", "list.email-filter", difficulty=RARE)
def _() -> WsgiApp:
    """The filter is taken for a regular expression, in which a dot is any character."""
    return by_email(lambda email, asked: re.fullmatch(re.escape(asked).replace(r"\.", "."), email))


@defect("filters-email-without-dots", "list.email-filter", difficulty=RARE)
def _() -> WsgiApp:
    """Dots before the @ do not count, as with one large provider."""

    def plain(email: str) -> str:
        name, _, domain = email.partition("@")
        return name.replace(".", "") + "@" + domain

    return by_email(lambda email, asked: plain(email) == plain(asked))


@defect("filters-email-without-tag", "list.email-filter", difficulty=RARE)
def _() -> WsgiApp:
    """What follows a plus sign before the @ does not count."""

    def plain(email: str) -> str:
        return re.sub(r"\+[^@]*", "", email)

    return by_email(lambda email, asked: plain(email) == plain(asked))


@defect("filters-email-plus-is-a-space", "list.email-filter", difficulty=RARE)
def _() -> WsgiApp:
    """The filter is decoded twice, so that a plus sign becomes a space and finds nothing."""
    return by_email(lambda email, asked: email == asked.replace("+", " "))


@defect("filters-email-list", "list.email-filter", difficulty=RARE)
def _() -> WsgiApp:
    """The filter is taken for a list parted by commas."""
    return by_email(lambda email, asked: email in asked.split(","))


@defect("filters-email-first-match-only", "list.email-filter", "list.partition", "list.count", difficulty=EASY)
def _() -> WsgiApp:
    """Of a requester's conversations only one is found."""
    return broken(conversations=selecting(lambda rules, caller, query, found: found[:1] if query["user_email"] else found))


@defect("filters-email-of-senders", "list.email-filter", difficulty=RARE)
def _() -> WsgiApp:
    """The filter also finds conversations to which the address sent a message."""

    def select(rules: Any, caller: Caller, query: Any, found: Found) -> Found:
        email = query["user_email"]
        if email is None:
            return found
        chosen = Conversations.select(rules, caller, {**query, "user_email": None})
        sent = [one for one in chosen if any(m.sender_email == email for m in rules.store.messages(one.id))]
        return [*found, *(one for one in sent if one not in found)]

    return broken(conversations=selecting(select))


@defect("filters-email-among-the-latest", "list.email-filter", "list.partition", "list.count", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The filter looks through the latest 100 conversations of the organisation only."""

    def select(rules: Any, caller: Caller, query: Any, found: Found) -> Found:
        latest = {one.id for one in everything(rules, caller)[:100]}
        return [one for one in found if query["user_email"] is None or one.id in latest]

    return broken(conversations=selecting(select))


@defect("filters-email-among-the-first-200", "list.email-filter", "list.fresh", difficulty=RARE)
def _() -> WsgiApp:
    """The filter looks through the first 200 conversations of the organisation only."""

    def select(rules: Any, caller: Caller, query: Any, found: Found) -> Found:
        first = {one.id for one in everything(rules, caller)[-200:]}
        return [one for one in found if query["user_email"] is None or one.id in first]

    return broken(conversations=selecting(select))


@defect("filters-email-unknown-is-everybody", "list.email-filter", difficulty=MEDIUM)
def _() -> WsgiApp:
    """An address that nobody has selects everything."""

    def select(rules: Any, caller: Caller, query: Any, found: Found) -> Any:
        unknown = query["user_email"] is not None and rules.look_up(caller.organisation, query["user_email"]) is None
        return Conversations.select(rules, caller, {**query, "user_email": None}) if unknown else found

    return broken(conversations=selecting(select))


@defect("filters-email-unknown-is-not-found", "list.email-filter", "list.answer", difficulty=MEDIUM)
def _() -> WsgiApp:
    """An address that nobody has is answered with 404."""

    def change(rules: Any, caller: Caller, request: Request, page: Any) -> Any:
        if request.query["user_email"] and rules.look_up(caller.organisation, request.query["user_email"]) is None:
            raise not_found()
        return page

    return broken(conversations=listing(change))


@defect("filters-email-includes-anonymous", "list.email-filter", difficulty=RARE)
def _() -> WsgiApp:
    """A filter by e-mail also finds the conversations of anonymous users."""

    def select(rules: Any, caller: Caller, query: Any, found: Found) -> Found:
        if query["user_email"] is None:
            return found
        chosen = Conversations.select(rules, caller, {**query, "user_email": None})
        return [*found, *(one for one in chosen if one.requester.anonymous)]

    return broken(conversations=selecting(select))


# --- by status --------------------------------------------------------------------------------------------------------------------


@defect("filters-status-ignored", "list.status-filter", difficulty=EASY)
def _() -> WsgiApp:
    """The filter status is ignored."""
    return forgetting(lambda event: True, "status")


@defect("filters-status-ignored-for-clients", "list.status-filter", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The filter status is ignored for client keys."""
    return forgetting(lambda event: event.tier == "client", "status")


@defect("filters-status-ignored-with-email", "list.filters-combine", "list.status-filter", "resolve.lists-agree", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The filter status is ignored beside an address."""
    return forgetting(lambda event: event.query["user_email"], "status")


@defect("filters-status-ignored-on-later-pages", "list.status-filter", "list.filters-combine", "list.partition", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The filter status is forgotten from the second page on."""
    return forgetting(lambda event: event.query["offset"], "status")


@defect("filters-pending-ignored", "list.status-filter", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The filter status=pending is ignored, and everything listed."""
    return forgetting(lambda event: event.query["status"] == "pending", "status")


@defect("filters-open-is-everything", "list.status-filter", difficulty=EASY)
def _() -> WsgiApp:
    """Filtered by open, everything is listed."""
    return by_status(lambda one, asked: asked == "open" or one.status == asked)


@defect("filters-closed-is-empty", "list.status-filter", "resolve.lists-agree", difficulty=EASY)
def _() -> WsgiApp:
    """Filtered by closed, nothing is listed."""
    return by_status(lambda one, asked: asked != "closed" and one.status == asked)


@defect("filters-resolved-is-closed", "list.status-filter", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Filtered by resolved, closed conversations are listed."""
    return by_status(lambda one, asked: one.status == asked or (asked, one.status) == ("resolved", "closed"))


@defect("filters-pending-is-open", "list.status-filter", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Filtered by pending, open conversations are listed."""
    return by_status(lambda one, asked: one.status == asked or (asked, one.status) == ("pending", "open"))


@defect("filters-pending-is-refused", "list.answer", "list.status-filter", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The documented status pending is refused as an unknown one."""

    class Refusing(Validator):
        def sent_parameters(self, call: Call) -> dict[str, str]:
            sent = super().sent_parameters(call)
            return sent | {"status": "unknown"} if sent.get("status") == "pending" else sent

    return broken(validator=Refusing)


@defect("filters-status-of-creation", "list.status-filter", "resolve.lists-agree", difficulty=EASY)
def _() -> WsgiApp:
    """The filter looks at the status with which a conversation was created, which is open."""
    return by_status(lambda one, asked: asked == "open")


@defect("filters-status-late", "resolve.lists-agree", "list.status-filter", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The filter knows of a status 200 ms after it changed."""

    def select(rules: Any, caller: Caller, query: Any, found: Found) -> Found:
        if query["status"] is None:
            return found
        chosen = Conversations.select(rules, caller, {**query, "status": None})
        now = rules.clock.now()

        def known(one: Conversation) -> str:
            return "open" if one.status == "closed" and now - one.updated_at < 0.2 * SECOND else one.status

        return [one for one in chosen if known(one) == query["status"]]

    return broken(conversations=selecting(select))


@defect("filters-closed-and-still-open", "resolve.lists-agree", "list.status-filter", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A closed conversation is listed among the closed ones and among the open ones."""
    return by_status(lambda one, asked: one.status == asked or (asked, one.status) == ("open", "closed"))


@defect("filters-closed-without-callbacks", "list.status-filter", "resolve.lists-agree", difficulty=RARE)
def _() -> WsgiApp:
    """Closed conversations of the channel callback are not found by their status."""
    return by_status(lambda one, asked: one.status == asked and (asked, one.channel) != ("closed", "callback"))


@defect("filters-open-without-urgent", "list.status-filter", difficulty=RARE)
def _() -> WsgiApp:
    """Open conversations of the priority urgent are not found by their status."""
    return by_status(lambda one, asked: one.status == asked and (asked, one.priority) != ("open", "urgent"))


# --- together, and with paging ----------------------------------------------------------------------------------------------------


@defect("filters-or", "list.filters-combine", "list.email-filter", "list.status-filter", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Of two filters, one is enough."""

    def select(rules: Any, caller: Caller, query: Any, found: Found) -> Any:
        if not (query["user_email"] and query["status"]):
            return found
        email = {one.id for one in Conversations.select(rules, caller, {**query, "status": None})}
        return [one for one in everything(rules, caller) if one.id in email or one.status == query["status"]]

    return broken(conversations=selecting(select))


@defect("filters-limit-ignored-with-status", "list.limit", "list.partition", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The limit is ignored beside a status."""
    return forgetting(lambda event: event.query["status"], "limit")


@defect("filters-limit-ignored-with-email", "list.limit", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The limit is ignored beside an address."""
    return forgetting(lambda event: event.query["user_email"], "limit")


@defect("filters-limit-ignored-with-both", "list.limit", "list.partition", "list.filters-combine", difficulty=RARE)
def _() -> WsgiApp:
    """The limit is ignored beside both filters."""
    return forgetting(lambda event: event.query["user_email"] and event.query["status"], "limit")


@defect("filters-offset-ignored-with-both", "list.partition", "list.offset", "list.filters-combine", difficulty=RARE)
def _() -> WsgiApp:
    """The offset is ignored beside both filters."""
    return forgetting(lambda event: event.query["user_email"] and event.query["status"], "offset")


@defect("filters-both-on-the-first-page-of-one", "list.filters-combine", "list.partition", "list.limit", difficulty=RARE)
def _() -> WsgiApp:
    """With both filters, those of another status are taken off the requester's first 100 only after these were cut."""

    def cut(rules: Any, caller: Caller, request: Request, page: Any) -> Any:
        query = request.query
        if not (query["user_email"] and query["status"]):
            return page
        own = [*Conversations.select(rules, caller, {**query, "status": None})][:20]
        found = [one for one in own if one.status == query["status"]]
        return replace(page, results=found[page.offset : page.offset + page.limit])

    return broken(conversations=listing(cut))


@defect("filters-latest-twenty-of-a-status", "list.status-filter", "list.partition", "list.limit", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Of a status, only the latest 20 are ever found, though all are counted."""

    def page(rules: Any, caller: Caller, request: Request, page: Any) -> Any:
        if request.query["status"] is None:
            return page
        found = [*rules.select(caller, request.query)][:20]
        return replace(page, results=found[page.offset : page.offset + page.limit])

    return broken(conversations=listing(page))


@defect("filters-not-counted", "list.count", difficulty=EASY)
def _() -> WsgiApp:
    """The count is that of all conversations, whatever the filters."""
    return broken(conversations=counting(lambda page, rules, caller, request: len(everything(rules, caller))))


@defect("filters-status-not-counted", "list.count", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The count does not heed the status."""

    def count(page: Any, rules: Any, caller: Caller, request: Request) -> int:
        return len(rules.select(caller, {**request.query, "status": None}))

    return broken(conversations=counting(count))


@defect("filters-email-not-counted-with-status", "list.count", difficulty=MEDIUM)
def _() -> WsgiApp:
    """With both filters, the count does not heed the address."""

    def count(page: Any, rules: Any, caller: Caller, request: Request) -> int:
        query = request.query
        return len(rules.select(caller, {**query, "user_email": None})) if query["status"] else page.count

    return broken(conversations=counting(count))


@defect("filters-count-one-less-with-email", "list.count", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The count is one too small for a requester with more than one conversation."""

    def count(page: Any, rules: Any, caller: Caller, request: Request) -> int:
        return page.count - 1 if request.query["user_email"] and page.count > 1 else page.count

    return broken(conversations=counting(count))


@defect("filters-count-one-more-for-nobody", "list.count", difficulty=RARE)
def _() -> WsgiApp:
    """The count of an address that nobody has is 1."""

    def count(page: Any, rules: Any, caller: Caller, request: Request) -> int:
        return 1 if request.query["user_email"] and not page.count else page.count

    return broken(conversations=counting(count))


@defect("filters-count-before-resolving", "list.count", difficulty=RARE)
def _() -> WsgiApp:
    """The count of a status is that of before the latest resolving in the organisation."""
    resolved: list[str] = []

    def count(page: Any, rules: Any, caller: Caller, request: Request) -> int:
        latest = rules.store.conversation(resolved[-1]) if resolved else None
        own = latest is not None and latest.requester.email == request.query["user_email"]
        if not own or request.query["status"] not in ("open", "closed"):
            return page.count
        return page.count + (1 if request.query["status"] == "open" else -1)

    rules = counting(count)
    rules.resolve = then("resolve", lambda rules, caller, request, done: resolved.append(done.id)).resolve  # type: ignore[method-assign]
    return broken(conversations=rules)


@defect("filters-pages-of-a-status-overlap", "list.partition", "list.filters-combine", "list.offset", difficulty=RARE)
def _() -> WsgiApp:
    """Filtered by status, an offset counts conversations of every status."""

    def page(rules: Any, caller: Caller, request: Request, page: Any) -> Any:
        if request.query["status"] is None or not page.offset:
            return page
        every = [*Conversations.select(rules, caller, {**request.query, "status": None})][page.offset :]
        return replace(page, results=[one for one in every if one.status == request.query["status"]][: page.limit])

    return broken(conversations=listing(page))


@defect("filters-first-hundred-rows", "list.partition", "list.limit", "list.count", difficulty=RARE)
def _() -> WsgiApp:
    """Filtered by an address, what lies behind a requester's first 100 conversations is on no page."""
    return broken(conversations=cutting(lambda found, limit, offset: found[-100:][offset : offset + limit]))
