"""Conversations as an agent sees them, of every organisation and beside the journal.

`GET /__accord__/conversations` lists those of one organisation, `GET /__accord__/conversations/ID` has one with its messages.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Blueprint, Response, jsonify, request

from mockserver.control.bodies import ControlError
from mockserver.control.responses import detail_response
from mockserver.model.records import Conversation
from mockserver.namespaces.addressing import PREFIX, namespace_of
from mockserver.namespaces.namespace import Namespace
from mockserver.namespaces.registry import Namespaces
from mockserver.store import DEFAULT_NAMESPACE

T = TypeVar("T")

USUAL_LIMIT = 50
MOST = 200
"""Conversations that one response holds."""

MOST_SEARCHED = 10_000
"""Conversations, in the order of the list, that a search looks at."""

MOST_MESSAGES = 1000
"""Messages that are shown of one conversation: the latest."""


def inbox_routes(namespaces: Namespaces) -> Blueprint:
    """Return the routes, for a Flask application."""
    blueprint = Blueprint("accord_inbox", __name__, url_prefix=f"{PREFIX}/conversations")

    def here(read: Callable[[Namespace], T]) -> T:
        name = namespace_of(request.environ)

        def within(namespace: Namespace) -> T:
            with namespace.store.transaction(write=False):
                return read(namespace)

        # Reading makes no namespace: one that is not there begins as the default one does.
        return namespaces.again(name if namespaces.is_there(name) else DEFAULT_NAMESPACE, within)

    @blueprint.get("", provide_automatic_options=False)
    def show_all() -> Response:
        limit, offset = _number("limit", USUAL_LIMIT, MOST), _number("offset", 0, 10**9)
        organisation, status, text = (request.args.get(name) or None for name in ("organisation", "status", "q"))

        def read(namespace: Namespace) -> dict[str, Any]:
            organisations = namespace.keys.organisations
            if organisation is not None and organisation not in organisations:
                raise ControlError(400, f"There is no organisation {organisation[:100]!r}. There are: {', '.join(organisations)}.")
            chosen = organisation or next(iter(organisations), "")
            found = namespace.store.conversations(chosen, status=status)
            count, page = len(found), []
            if text is None:
                page = found.page(offset, limit)
            else:
                matching = [one for one in found.page(0, MOST_SEARCHED) if _holds(one, text.casefold())]
                count, page = len(matching), matching[offset : offset + limit]
            show = namespace.pipeline.serializer.conversation
            return {
                "organisations": list(organisations),
                "organisation": chosen,
                "count": count,
                "results": [show(one) for one in page],
            }

        return jsonify(here(read))

    @blueprint.get("/<id>", provide_automatic_options=False)
    def show(id: str) -> Response:
        found = here(lambda namespace: _whole(namespace, id))
        return detail_response(404, f"There is no conversation {id[:100]}.") if found is None else jsonify(found)

    return blueprint


def _whole(namespace: Namespace, id: str) -> dict[str, Any] | None:
    conversation = namespace.store.conversation(id)
    if conversation is None:
        return None
    serializer = namespace.pipeline.serializer
    messages = namespace.store.messages(id)
    latest = messages.page(max(0, len(messages) - MOST_MESSAGES), MOST_MESSAGES)
    return {
        **serializer.conversation(conversation),
        "organisation": conversation.organisation,
        "assignee": namespace.agent.assignees.get(id),
        "message_count": len(messages),
        "messages": [serializer.message(one) for one in latest],
    }


def _holds(conversation: Conversation, text: str) -> bool:
    requester = conversation.requester
    names = (requester.email, requester.first_name, requester.last_name)
    texts = (conversation.subject, *names, f"#{conversation.number}", conversation.id)
    return any(text in one.casefold() for one in texts if one)


def _number(name: str, usual: int, most: int) -> int:
    text = request.args.get(name)
    if text is None:
        return usual
    if not (text.isascii() and text.isdecimal() and len(text) < 12):
        raise ControlError(400, f"The parameter {name} is not a number, such as 20.")
    return min(int(text), most)
