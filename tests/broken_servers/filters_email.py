"""Servers whose filter by e-mail selects too much or too little."""

import re
from fnmatch import fnmatchcase
from typing import Any

from broken_servers.list_seams import Found, everything, forgetting, listing, selecting
from broken_servers.registry import Difficulty, defect
from broken_servers.seams import broken
from mockserver.auth import Caller
from mockserver.conversations import Conversations
from mockserver.problems import not_found
from mockserver.server import WsgiApp
from mockserver.validation import Request

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
