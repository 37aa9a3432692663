"""Servers that let methods change something that no page documents."""

from collections.abc import Iterable
from typing import Any

from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.records import Conversation
from mockserver.serving.server import WsgiApp
from tests.defects.kit.rules import change, undocumented
from tests.defects.kit.stores import forget, kept_messages
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty
UNDOCUMENTED = "any.undocumented-methods"


def close(rules: Any, caller: Caller, found: Conversation | None, body: Any) -> None:
    if found is not None:
        rules.resolve(caller, CheckedRequest(found.id, {}, {}))


def delete(rules: Any, caller: Caller, found: Conversation | None, body: Any) -> None:
    if found is not None:
        forget(rules.store, found.id)


def edit(*names: str) -> Any:
    """Return a function that changes these members of a conversation to those of the body."""

    def do(rules: Any, caller: Caller, found: Conversation | None, body: Any) -> None:
        if found is not None and isinstance(body, dict):
            change(rules, found, **{name: body[name] for name in names if name in body})

    return do


def say(rules: Any, caller: Caller, found: Conversation | None, body: Any) -> None:
    if found is not None and isinstance(body, dict):
        text = {"body": str(body.get("body", "")), "user_email": str(body.get("user_email", "nobody@example.com"))}
        rules.send(caller, CheckedRequest(found.id, {}, text))


def create(rules: Any, caller: Caller, found: Conversation | None, body: Any) -> None:
    if isinstance(body, dict) and "subject" in body:
        rules.create(caller, CheckedRequest("", {}, {"subject": str(body["subject"]), "user_email": body.get("user_email")}))


def clear_messages(rules: Any, caller: Caller, found: Conversation | None, body: Any) -> None:
    if found is not None:
        kept_messages(rules.store, found.id).clear()


@defect(UNDOCUMENTED, difficulty=EASY)
def methods_delete_deletes() -> WsgiApp:
    """DELETE of a conversation deletes it."""
    return undocumented("DELETE", "", delete, 204)


@defect(UNDOCUMENTED, difficulty=MEDIUM)
def methods_delete_closes() -> WsgiApp:
    """DELETE of a conversation closes it."""
    return undocumented("DELETE", "", close, 204)


@defect(UNDOCUMENTED, difficulty=EASY)
def methods_put_replaces() -> WsgiApp:
    """PUT of a conversation replaces subject, priority and metadata."""
    return undocumented("PUT", "", edit("subject", "priority", "metadata"))


@defect(UNDOCUMENTED, difficulty=EASY)
def methods_patch_changes_status() -> WsgiApp:
    """PATCH of a conversation changes its status."""
    return undocumented("PATCH", "", edit("status"))


@defect(UNDOCUMENTED, difficulty=MEDIUM)
def methods_patch_changes_metadata() -> WsgiApp:
    """PATCH of a conversation changes its metadata."""
    return undocumented("PATCH", "", edit("metadata"))


@defect(UNDOCUMENTED, difficulty=RARE)
def methods_patch_changes_although_refused() -> WsgiApp:
    """PATCH of a conversation changes its priority, and is answered with 405."""
    return undocumented("PATCH", "", edit("priority"), 405)


@defect(UNDOCUMENTED, difficulty=MEDIUM)
def methods_post_changes() -> WsgiApp:
    """POST to a conversation changes its subject."""
    return undocumented("POST", "", edit("subject"))


@defect(UNDOCUMENTED, difficulty=EASY)
def methods_get_resolves() -> WsgiApp:
    """GET at the path of resolve resolves."""
    return undocumented("GET", "resolve/", close)


@defect(UNDOCUMENTED, difficulty=RARE)
def methods_head_resolves() -> WsgiApp:
    """HEAD at the path of resolve resolves."""
    return undocumented("HEAD", "resolve/", close)


@defect(UNDOCUMENTED, difficulty=MEDIUM)
def methods_put_resolves() -> WsgiApp:
    """PUT and PATCH at the path of resolve resolve."""
    return undocumented(("PUT", "PATCH"), "resolve/", close)


@defect(UNDOCUMENTED, difficulty=RARE)
def methods_delete_of_resolve_resolves() -> WsgiApp:
    """DELETE at the path of resolve resolves."""
    return undocumented("DELETE", "resolve/", close)


@defect(UNDOCUMENTED, difficulty=RARE)
def methods_options_resolves() -> WsgiApp:
    """OPTIONS at the path of resolve resolves."""
    return undocumented("OPTIONS", "resolve/", close)


@defect(UNDOCUMENTED, difficulty=MEDIUM)
def methods_post_to_messages_sends() -> WsgiApp:
    """POST to the list of messages adds one."""
    return undocumented("POST", "messages/", say, 201)


@defect(UNDOCUMENTED, difficulty=MEDIUM)
def methods_put_sends() -> WsgiApp:
    """PUT at the path of create message adds one."""
    return undocumented("PUT", "messages/create/", say, 201)


@defect(UNDOCUMENTED, difficulty=RARE)
def methods_get_sends() -> WsgiApp:
    """GET at the path of create message adds a message."""
    return undocumented("GET", "messages/create/", say, 405)


@defect(UNDOCUMENTED, difficulty=EASY)
def methods_delete_of_messages_clears() -> WsgiApp:
    """DELETE of the list of messages deletes them."""
    return undocumented("DELETE", "messages/", clear_messages, 204)


@defect(UNDOCUMENTED, difficulty=RARE)
def methods_patch_of_messages_clears() -> WsgiApp:
    """PATCH of the list of messages deletes them."""
    return undocumented("PATCH", "messages/", clear_messages)


@defect(UNDOCUMENTED, difficulty=MEDIUM)
def methods_post_to_the_list_creates() -> WsgiApp:
    """POST to the list of conversations creates one."""
    return undocumented("POST", "/", create, 201)


@defect(UNDOCUMENTED, difficulty=MEDIUM)
def methods_put_creates() -> WsgiApp:
    """PUT at the path of create creates a conversation."""
    return undocumented("PUT", "/create/", create, 201)


@defect(UNDOCUMENTED, difficulty=RARE)
def methods_patch_of_create_creates() -> WsgiApp:
    """PATCH at the path of create creates a conversation, and is answered with 405."""
    return undocumented("PATCH", "/create/", create, 405)


@defect(UNDOCUMENTED, difficulty=RARE)
def methods_delete_with_a_client_key_deletes() -> WsgiApp:
    """DELETE of a conversation with a client key empties its subject."""

    def do(rules: Any, caller: Caller, found: Conversation | None, body: Any) -> None:
        if found is not None and caller.key.tier == "client":
            change(rules, found, subject="")

    return undocumented("DELETE", "", do, 405)


@defect(UNDOCUMENTED, difficulty=RARE)
def methods_deletes_what_is_said_to_be_a_delete() -> WsgiApp:
    """POST of a conversation with `X-HTTP-Method-Override: DELETE` deletes it."""
    deleting = undocumented("DELETE", "", delete, 204)

    def respond(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        meant = environ.get("HTTP_X_HTTP_METHOD_OVERRIDE")
        if environ["REQUEST_METHOD"] == "POST" and meant:
            environ["REQUEST_METHOD"] = meant
        return deleting(environ, start_response)

    return respond


@defect(UNDOCUMENTED, difficulty=RARE)
def methods_resolves_what_is_said_to_be_a_post() -> WsgiApp:
    """GET at the path of resolve with `_method=POST` closes the conversation, by whatever key."""
    closing = undocumented("OVERRIDDEN", "resolve/", close)

    def respond(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "GET" and "_method=POST" in environ["QUERY_STRING"]:
            environ["REQUEST_METHOD"] = "OVERRIDDEN"
        return closing(environ, start_response)

    return respond
