"""More places where a mock is broken: the rules of conversations, their lists and messages, what they leave behind, and routes."""

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import orjson
from werkzeug.wrappers import Response

from mockserver.app import MockApp
from mockserver.handling.conversations import Conversations
from mockserver.handling.pipeline import Pipeline
from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.pages import Page
from mockserver.model.records import Conversation, Message
from mockserver.serving.server import WsgiApp
from mockserver.store import Fixed
from tests.defects.kit.parts import LIST, Event, broken, handling, with_query

SECOND = 1_000_000
"""A second in microseconds."""

Rules = type[Conversations]
Found = list[Conversation]


def ruling(**methods: Any) -> Rules:
    """Return rules with other methods, by name. Each of them gets the rules first, as `self`."""
    return type("Ruling", (Conversations,), methods)


def then(name: str, effect: Callable[[Any, Caller, CheckedRequest, Any], Any]) -> Rules:
    """Return rules whose operation `name` also calls `effect`, with the rules, the caller, the request and the result.

    If `effect` returns something else than None, that is the result.
    """

    def operation(self: Any, caller: Caller, checked: CheckedRequest) -> Any:
        done = getattr(Conversations, name)(self, caller, checked)
        other = effect(self, caller, checked, done)
        return done if other is None else other

    return ruling(**{name: operation})


def listing(change: Callable[[Any, Caller, CheckedRequest, Page[Conversation]], Page[Conversation]]) -> Rules:
    """Return rules that list another page: `change` gets the rules, the caller, the request and the correct page."""
    return then("list", change)


def selecting(select: Callable[[Any, Caller, dict[str, Any], Found], Iterable[Conversation]]) -> Rules:
    """Return rules that list and count other conversations: `select` gets the rules, the caller, the query and all matches."""

    def chosen(self: Any, caller: Caller, query: Any) -> Fixed[Conversation]:
        return Fixed([*select(self, caller, dict(query), [*Conversations.select(self, caller, query)])])

    return ruling(select=chosen)


def everything(rules: Conversations, caller: Caller) -> Found:
    """All of the organisation's conversations, latest first."""
    return [*rules.store.conversations(caller.organisation)]


def cutting(cut: Callable[[Found, int, int], Iterable[Conversation]]) -> Rules:
    """Return rules that cut pages in their own way: `cut` gets all matches, the limit and the offset."""

    def page(rules: Any, caller: Caller, checked: CheckedRequest, page: Page[Conversation]) -> Page[Conversation]:
        matches = [*rules.select(caller, checked.query)]
        limit = page.limit if page.limit is not None else len(matches)
        return replace(page, results=[*cut(matches, limit, page.offset)])

    return listing(page)


def counting(count: Callable[[Page[Conversation], Any, Caller, CheckedRequest], int]) -> Rules:
    """Rules that count the conversations of a list in their own way."""
    return listing(lambda rules, caller, checked, page: replace(page, count=count(page, rules, caller, checked)))


def reading(change: Callable[[list[Message]], Iterable[Message]]) -> Rules:
    """Rules that list other messages of a conversation: `change` gets those that are right."""
    return ruling(
        ordered_messages=lambda self, conversation: Fixed([*change([*Conversations.ordered_messages(self, conversation)])])
    )


def change(rules: Conversations, conversation: Conversation, **members: Any) -> None:
    """Store other values for some members of a conversation."""
    current = rules.store.conversation(conversation.id)
    if current is not None:
        rules.store.replace_conversation(current._replace(**members))


def siblings(rules: Conversations, caller: Caller, conversation: Conversation) -> Found:
    """The other conversations of the same requester, latest first."""
    own = rules.store.conversations(caller.organisation, conversation.requester.id)
    return [other for other in own if other.id != conversation.id]


def age(rules: Conversations, conversation: Conversation) -> int:
    """Microseconds since it was created."""
    return rules.clock.now() - conversation.created_at


class Sent:
    """The parameters of the query string as the client sent them."""

    def __init__(self, event: Event) -> None:
        self.query = {name: values[-1] for name, values in parse_qs(event.request.query).items()}

    def __contains__(self, name: str) -> bool:
        return name in self.query


def asked(change: Any, **parts: Any) -> WsgiApp:
    """Make a server that takes other limits and offsets: `change` gets the event and what was sent, and returns the changes."""

    def other(event: Event) -> Event:
        return with_query(event, **change(event, Sent(event)))

    return broken(pipeline=handling(other, LIST), **parts)


def forgetting(when: Any, *names: str) -> WsgiApp:
    """Make a server that overlooks parameters of a list, if `when` is true of the event."""
    absent = {name: 20 if name == "limit" else None for name in names}
    return broken(pipeline=handling(lambda event: with_query(event, **absent) if when(event) else None, LIST))


# --- routes and answers -----------------------------------------------------------------------------------------------------------

_PATH = re.compile(r"/api/v1/conversations/(?:(?!create/)(?P<id>[^/]+)/)?(?P<rest>.*)")
Doing = Callable[[Conversations, Caller, Conversation | None, Any], None]


def undocumented(methods: str | tuple[str, ...], rest: str, do: Doing, status: int = 200, **parts: Any) -> WsgiApp:
    """Make a mock that also accepts other methods at a path, and then calls `do`.

    `rest` is what follows the id in the path; with a slash at its beginning, what follows the collection. `do` gets the rules, the
    caller, the conversation of the id, and the JSON of the body.
    """
    app = broken(**parts)
    pipeline: Pipeline = app.namespace.pipeline

    def respond(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        match = _PATH.fullmatch(environ["PATH_INFO"])
        if environ["REQUEST_METHOD"] in ((methods,) if isinstance(methods, str) else methods) and match:
            where = match["rest"] if match["id"] else f"/{match['rest']}"
            key = _key_of(app, environ)
            if where == rest and key is not None:
                with pipeline.store.transaction():
                    found = pipeline.store.conversation(match["id"]) if match["id"] else None
                    do(pipeline.conversations, Caller(key, "apiKey"), found, _json_of(environ))
                return Response("{}", status, mimetype="application/json")(environ, start_response)
        return app(environ, start_response)

    return respond


def _key_of(app: MockApp, environ: dict[str, Any]) -> Any:
    text = environ.get("HTTP_X_API_KEY") or environ.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer ")
    key = app.namespace.keys.get(text)
    return None if key is None or key.revoked else key


def _json_of(environ: dict[str, Any]) -> Any:
    try:
        return orjson.loads(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
    except ValueError:
        return {}


def rewritten(app: WsgiApp, rewrite: Callable[[Response, dict[str, Any]], Response]) -> WsgiApp:
    """Make a server whose responses are changed as a whole: status, headers and bytes."""

    def respond(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return rewrite(Response.from_app(app, environ, buffered=True), environ)(environ, start_response)

    return respond


def pause(milliseconds: float) -> None:
    """Sleep, so that other threads can do something meanwhile."""
    time.sleep(milliseconds / 1000)
