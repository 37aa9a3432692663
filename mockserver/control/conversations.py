"""Acting as the agent: `POST /__accord__/conversations/ID/messages` and `PATCH /__accord__/conversations/ID`."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, jsonify, request

from mockserver.control.bodies import ControlError, value_of
from mockserver.model.ids import is_id
from mockserver.model.refusal import Refusal
from mockserver.namespaces.addressing import PREFIX, namespace_of
from mockserver.namespaces.namespace import Namespace
from mockserver.namespaces.registry import Namespaces


def conversation_routes(namespaces: Namespaces) -> Blueprint:
    """Return the routes, for a Flask application."""
    blueprint = Blueprint("accord_conversations", __name__, url_prefix=f"{PREFIX}/conversations")

    def here(id: str, act: Callable[[Namespace], dict[str, Any]]) -> Response:
        name = namespace_of(request.environ)
        if not is_id(id) or not namespaces.is_there(name):
            raise _missing(id)

        def within(namespace: Namespace) -> dict[str, Any]:
            with namespace.store.transaction():
                return act(namespace)

        try:
            return jsonify(namespaces.again(name, within))
        except Refusal:
            raise _missing(id) from None

    @blueprint.post("/<id>/messages", provide_automatic_options=False)
    def reply(id: str) -> Response:
        value = value_of(request)

        def act(namespace: Namespace) -> dict[str, Any]:
            message = namespace.agent.reply(id, namespace.agent.read_reply(value))
            return namespace.pipeline.serializer.message(message)

        response = here(id, act)
        response.status_code = 201
        return response

    @blueprint.patch("/<id>", provide_automatic_options=False)
    def change(id: str) -> Response:
        value = value_of(request)

        def act(namespace: Namespace) -> dict[str, Any]:
            changed = namespace.agent.change(id, namespace.agent.read_change(value))
            return {**namespace.pipeline.serializer.conversation(changed), "assignee": namespace.agent.assignees.get(id)}

        return here(id, act)

    return blueprint


def _missing(id: str) -> ControlError:
    return ControlError(404, f"There is no conversation {id[:100]}.")
