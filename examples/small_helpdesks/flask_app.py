"""The helpdesk in Flask, as a WSGI application: `create_app(Helpdesk())`."""

from typing import Any

from flask import Flask, Response, jsonify, request
from helpdesk import Helpdesk, Key, Refused, parsed
from werkzeug.exceptions import HTTPException


def create_app(helpdesk: Helpdesk) -> Flask:
    """A helpdesk, over HTTP."""
    app = Flask(__name__)
    base = "/api/v1/conversations"

    def key() -> Key:
        headers = request.headers
        return helpdesk.admit(headers.get("X-API-Key"), headers.get("Authorization"), headers.get("Origin"))

    def body() -> dict[str, Any]:
        return parsed(request.get_data(), request.headers.get("Content-Type"))

    @app.post(f"{base}/create/")
    def create() -> tuple[dict[str, Any], int]:
        return helpdesk.create(key(), body()), 201

    @app.get(f"{base}/")
    def list_all() -> dict[str, Any]:
        return helpdesk.list(key(), request.args.to_dict())

    @app.get(f"{base}/<conversation_id>/")
    def get(conversation_id: str) -> dict[str, Any]:
        return helpdesk.get(key(), conversation_id)

    @app.get(f"{base}/<conversation_id>/messages/")
    def messages(conversation_id: str) -> dict[str, Any]:
        return helpdesk.messages(key(), conversation_id, request.args.to_dict())

    @app.post(f"{base}/<conversation_id>/messages/create/")
    def reply(conversation_id: str) -> tuple[dict[str, Any], int]:
        return helpdesk.reply(key(), conversation_id, body()), 201

    @app.post(f"{base}/<conversation_id>/resolve/")
    def resolve(conversation_id: str) -> dict[str, Any]:
        return helpdesk.resolve(key(), conversation_id)

    @app.errorhandler(Refused)
    def refuse(error: Refused) -> tuple[Response, int]:
        return jsonify(error.body), error.status

    @app.errorhandler(HTTPException)
    def fail(error: HTTPException) -> tuple[Response, int]:
        # Flask's own are HTML.
        return jsonify({"detail": error.name}), error.code or 500

    return app
