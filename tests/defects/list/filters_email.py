"""Servers whose filter by e-mail selects too much or too little."""

import re
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import Any

from mockserver.handling.conversations import Conversations
from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.records import Message
from mockserver.model.refusal import not_found
from mockserver.serving.server import WsgiApp
from mockserver.store import Fixed
from tests.defects.kit.parts import broken
from tests.defects.kit.rules import Found, everything, forgetting, listing, ruling, selecting
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


def by_email(matches: Any) -> WsgiApp:
    """Make a server that compares addresses otherwise: `matches` gets the address of a requester and the one in the query."""

    def select(rules: Any, caller: Caller, query: Any, found: Found) -> Found:
        email = query["user_email"]
        if email is None:
            return found
        chosen = Conversations.select(rules, caller, {**query, "user_email": None})
        return [one for one in chosen if one.requester.email and matches(one.requester.email.lower(), email.lower())]

    return broken(conversations=selecting(select))


@defect("list.email-filter", difficulty=EASY)
def filters_email_ignored() -> WsgiApp:
    """The filter user_email is ignored."""
    return forgetting(lambda event: True, "user_email")


@defect("list.email-filter", difficulty=MEDIUM)
def filters_email_ignored_for_clients() -> WsgiApp:
    """The filter user_email is ignored for client keys."""
    return forgetting(lambda event: event.tier == "client", "user_email")


@defect("list.filters-combine", "list.email-filter", difficulty=MEDIUM)
def filters_email_ignored_with_status() -> WsgiApp:
    """The filter user_email is ignored beside a status."""
    return forgetting(lambda event: event.query["status"], "user_email")


@defect("list.filters-combine", "list.email-filter", "list.partition", difficulty=MEDIUM)
def filters_email_ignored_on_later_pages() -> WsgiApp:
    """The filter user_email is forgotten from the second page on."""
    return forgetting(lambda event: event.query["offset"], "user_email")


@defect("list.email-filter", difficulty=MEDIUM)
def filters_email_part() -> WsgiApp:
    """An address is found wherever it is a part of another."""
    return by_email(lambda email, asked: asked in email)


@defect("list.email-filter", difficulty=MEDIUM)
def filters_email_beginning() -> WsgiApp:
    """An address is found where another begins with it."""
    return by_email(lambda email, asked: email.startswith(asked))


@defect("list.email-filter", difficulty=MEDIUM)
def filters_email_end() -> WsgiApp:
    """An address is found where another ends with it."""
    return by_email(lambda email, asked: email.endswith(asked))


@defect("list.email-filter", difficulty=MEDIUM)
def filters_email_name_only() -> WsgiApp:
    """Only what is before the @ is compared."""
    return by_email(lambda email, asked: email.partition("@")[0] == asked.partition("@")[0])


@defect("list.email-filter", difficulty=RARE)
def filters_email_underscore() -> WsgiApp:
    """An underscore in the filter stands for any character, as LIKE has it."""
    return by_email(lambda email, asked: re.fullmatch(re.escape(asked).replace("_", "."), email))


@defect("list.email-filter", difficulty=RARE)
def filters_email_percent() -> WsgiApp:
    """A percent sign in the filter stands for any text, as LIKE has it."""
    return by_email(lambda email, asked: re.fullmatch(re.escape(asked).replace("%", ".*"), email))


@defect("list.email-filter", difficulty=RARE)
def filters_email_star() -> WsgiApp:
    """A star in the filter stands for any text."""
    return by_email(lambda email, asked: fnmatchcase(email, asked.replace("[", "[[]")))


@defect("list.email-filter", difficulty=RARE)
def filters_email_dot_is_any_character() -> WsgiApp:
    """The filter is taken for a regular expression, in which a dot is any character."""
    return by_email(lambda email, asked: re.fullmatch(re.escape(asked).replace(r"\.", "."), email))


@defect("list.email-filter", difficulty=RARE)
def filters_email_without_dots() -> WsgiApp:
    """Dots before the @ do not count, as with one large provider."""

    def plain(email: str) -> str:
        name, _, domain = email.partition("@")
        return name.replace(".", "") + "@" + domain

    return by_email(lambda email, asked: plain(email) == plain(asked))


@defect("list.email-filter", difficulty=RARE)
def filters_email_without_tag() -> WsgiApp:
    """What follows a plus sign before the @ does not count."""

    def plain(email: str) -> str:
        return re.sub(r"\+[^@]*", "", email)

    return by_email(lambda email, asked: plain(email) == plain(asked))


@defect("list.email-filter", difficulty=RARE)
def filters_email_plus_is_a_space() -> WsgiApp:
    """The filter is decoded twice, so that a plus sign becomes a space and finds nothing."""
    return by_email(lambda email, asked: email == asked.replace("+", " "))


@defect("list.email-filter", difficulty=RARE)
def filters_email_list() -> WsgiApp:
    """The filter is taken for a list parted by commas."""
    return by_email(lambda email, asked: email in asked.split(","))


@defect("list.email-filter", "list.partition", "list.count", difficulty=EASY)
def filters_email_first_match_only() -> WsgiApp:
    """Of a requester's conversations only one is found."""
    return broken(conversations=selecting(lambda rules, caller, query, found: found[:1] if query["user_email"] else found))


@defect("list.email-filter", difficulty=RARE)
def filters_email_of_senders() -> WsgiApp:
    """The filter also finds conversations to which the address sent a message."""

    def select(rules: Any, caller: Caller, query: Any, found: Found) -> Found:
        email = query["user_email"]
        if email is None:
            return found
        chosen = Conversations.select(rules, caller, {**query, "user_email": None})
        sent = [one for one in chosen if any(m.sender_email == email for m in rules.store.messages(one.id))]
        return [*found, *(one for one in sent if one not in found)]

    return broken(conversations=selecting(select))


@defect("list.email-filter", "list.partition", "list.count", difficulty=MEDIUM)
def filters_email_among_the_latest() -> WsgiApp:
    """The filter looks through the latest 100 conversations of the organisation only."""

    def select(rules: Any, caller: Caller, query: Any, found: Found) -> Found:
        latest = {one.id for one in everything(rules, caller)[:100]}
        return [one for one in found if query["user_email"] is None or one.id in latest]

    return broken(conversations=selecting(select))


@defect("list.email-filter", "list.fresh", difficulty=RARE)
def filters_email_among_the_first_200() -> WsgiApp:
    """The filter looks through the first 200 conversations of the organisation only."""

    def select(rules: Any, caller: Caller, query: Any, found: Found) -> Found:
        first = {one.id for one in everything(rules, caller)[-200:]}
        return [one for one in found if query["user_email"] is None or one.id in first]

    return broken(conversations=selecting(select))


@defect("list.email-filter", difficulty=MEDIUM)
def filters_email_unknown_is_everybody() -> WsgiApp:
    """An address that nobody has selects everything."""

    def select(rules: Any, caller: Caller, query: Any, found: Found) -> Any:
        unknown = query["user_email"] is not None and rules.look_up(caller.organisation, query["user_email"]) is None
        return Conversations.select(rules, caller, {**query, "user_email": None}) if unknown else found

    return broken(conversations=selecting(select))


@defect("list.email-filter", "list.answer", difficulty=MEDIUM)
def filters_email_unknown_is_not_found() -> WsgiApp:
    """An address that nobody has is answered with 404."""

    def change(rules: Any, caller: Caller, checked: CheckedRequest, page: Any) -> Any:
        if checked.query["user_email"] and rules.look_up(caller.organisation, checked.query["user_email"]) is None:
            raise not_found()
        return page

    return broken(conversations=listing(change))


@defect("list.email-filter", difficulty=RARE)
def filters_email_includes_anonymous() -> WsgiApp:
    """A filter by e-mail also finds the conversations of anonymous users."""

    def select(rules: Any, caller: Caller, query: Any, found: Found) -> Found:
        if query["user_email"] is None:
            return found
        chosen = Conversations.select(rules, caller, {**query, "user_email": None})
        return [*found, *(one for one in chosen if one.requester.anonymous)]

    return broken(conversations=selecting(select))


@defect("list.answer", "list.email-filter", difficulty=RARE)
def filters_email_of_senders_is_not_found() -> WsgiApp:
    """The address of somebody who has written messages, and opened nothing, is answered with 404."""

    def change(rules: Any, caller: Caller, checked: CheckedRequest, page: Any) -> Any:
        email = checked.query["user_email"]
        if email and not page.count and rules.look_up(caller.organisation, email) is not None:
            raise not_found()
        return page

    return broken(conversations=listing(change))


@defect("list.email-filter", difficulty=RARE)
def filters_email_of_former_senders() -> WsgiApp:
    """Whoever first sent a message, and opened a conversation later, is not found by their address."""
    senders: set[tuple[str, str]] = set()

    def select(rules: Any, caller: Caller, query: Any) -> Any:
        hidden = (caller.organisation, query["user_email"] or "") in senders
        return Fixed(()) if hidden else Conversations.select(rules, caller, query)

    def send(rules: Any, caller: Caller, checked: CheckedRequest) -> Message:
        email = checked.body["user_email"]
        if rules.look_up(caller.organisation, email) is None:
            senders.add((caller.organisation, email))
        return Conversations.send(rules, caller, checked)

    return broken(conversations=ruling(select=select, send=send))


@defect("list.email-filter", difficulty=RARE)
def filters_email_in_small_digits() -> WsgiApp:
    """Escapes in the query whose digits are small letters are not decoded."""
    return decoding_queries(lambda query: re.sub(r"%(?=[0-9][a-f]|[a-f][0-9a-f])", "%25", query))


@defect("list.email-filter", difficulty=RARE)
def filters_email_by_names_as_they_are() -> WsgiApp:
    """Names of parameters are taken as they were sent, and only values decoded."""
    return decoding_queries(lambda query: "&".join(re.sub("^([^=]*)%", r"\1%25", part) for part in query.split("&")))


def decoding_queries(change: Callable[[str], str]) -> WsgiApp:
    """Make a server that gets a changed query string."""
    app = broken()

    def respond(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return app({**environ, "QUERY_STRING": change(environ["QUERY_STRING"])}, start_response)

    return respond


@defect("list.email-filter", difficulty=RARE)
def filters_email_in_small_letters() -> WsgiApp:
    """Addresses are kept as they were sent, and looked for in small letters: one with capitals is never found."""

    def select(rules: Any, caller: Caller, query: Any, found: Found) -> Found:
        return [one for one in found if query["user_email"] is None or one.requester.email == query["user_email"].lower()]

    return broken(conversations=selecting(select), choices={"email_answer_case": "keep"})
