"""Servers that let methods change something that no page documents."""

from typing import Any

from broken_servers.list_seams import change, undocumented
from broken_servers.registry import Difficulty, defect
from broken_servers.store_seams import forget, kept_messages
from mockserver.auth import Caller
from mockserver.records import Conversation
from mockserver.server import WsgiApp
from mockserver.validation import Request

EASY, MEDIUM, RARE = Difficulty
UNDOCUMENTED = "any.undocumented-methods"


def close(rules: Any, caller: Caller, found: Conversation | None, body: Any) -> None:
    if found is not None:
        rules.resolve(caller, Request(found.id, {}, {}))


def delete(rules: Any, caller: Caller, found: Conversation | None, body: Any) -> None:
    if found is not None:
        forget(rules.store, found.id)


def edit(*names: str) -> Any:
    """What changes these members of a conversation to those of the body."""

    def do(rules: Any, caller: Caller, found: Conversation | None, body: Any) -> None:
        if found is not None and isinstance(body, dict):
            change(rules, found, **{name: body[name] for name in names if name in body})

    return do


def say(rules: Any, caller: Caller, found: Conversation | None, body: Any) -> None:
    if found is not None and isinstance(body, dict):
        text = {"body": str(body.get("body", "")), "user_email": str(body.get("user_email", "nobody@example.com"))}
        rules.send(caller, Request(found.id, {}, text))


def create(rules: Any, caller: Caller, found: Conversation | None, body: Any) -> None:
    if isinstance(body, dict) and "subject" in body:
        rules.create(caller, Request("", {}, {"subject": str(body["subject"]), "user_email": body.get("user_email")}))


def clear_messages(rules: Any, caller: Caller, found: Conversation | None, body: Any) -> None:
    if found is not None:
        kept_messages(rules.store, found.id).clear()


@defect("methods-delete-deletes", UNDOCUMENTED, difficulty=EASY)
def _() -> WsgiApp:
    """DELETE of a conversation deletes it."""
    return undocumented("DELETE", "", delete, 204)


@defect("methods-delete-closes", UNDOCUMENTED, difficulty=MEDIUM)
def _() -> WsgiApp:
    """DELETE of a conversation closes it."""
    return undocumented("DELETE", "", close, 204)


@defect("methods-put-replaces", UNDOCUMENTED, difficulty=EASY)
def _() -> WsgiApp:
    """PUT of a conversation replaces subject, priority and metadata."""
    return undocumented("PUT", "", edit("subject", "priority", "metadata"))


@defect("methods-patch-changes-status", UNDOCUMENTED, difficulty=EASY)
def _() -> WsgiApp:
    """PATCH of a conversation changes its status."""
    return undocumented("PATCH", "", edit("status"))


@defect("methods-patch-changes-metadata", UNDOCUMENTED, difficulty=MEDIUM)
def _() -> WsgiApp:
    """PATCH of a conversation changes its metadata."""
    return undocumented("PATCH", "", edit("metadata"))


@defect("methods-patch-changes-although-refused", UNDOCUMENTED, difficulty=RARE)
def _() -> WsgiApp:
    """PATCH of a conversation changes its priority, and is answered with 405."""
    return undocumented("PATCH", "", edit("priority"), 405)


@defect("methods-post-changes", UNDOCUMENTED, difficulty=MEDIUM)
def _() -> WsgiApp:
    """POST to a conversation changes its subject."""
    return undocumented("POST", "", edit("subject"))


@defect("methods-get-resolves", UNDOCUMENTED, difficulty=EASY)
def _() -> WsgiApp:
    """GET at the path of resolve resolves."""
    return undocumented("GET", "resolve/", close)


@defect("methods-head-resolves", UNDOCUMENTED, difficulty=RARE)
def _() -> WsgiApp:
    """HEAD at the path of resolve resolves."""
    return undocumented("HEAD", "resolve/", close)


@defect("methods-put-resolves", UNDOCUMENTED, difficulty=MEDIUM)
def _() -> WsgiApp:
    """PUT and PATCH at the path of resolve resolve."""
    return undocumented(("PUT", "PATCH"), "resolve/", close)


@defect("methods-delete-of-resolve-resolves", UNDOCUMENTED, difficulty=RARE)
def _() -> WsgiApp:
    """DELETE at the path of resolve resolves."""
    return undocumented("DELETE", "resolve/", close)


@defect("methods-options-resolves", UNDOCUMENTED, difficulty=RARE)
def _() -> WsgiApp:
    """OPTIONS at the path of resolve resolves."""
    return undocumented("OPTIONS", "resolve/", close)


@defect("methods-post-to-messages-sends", UNDOCUMENTED, difficulty=MEDIUM)
def _() -> WsgiApp:
    """POST to the list of messages adds one."""
    return undocumented("POST", "messages/", say, 201)


@defect("methods-put-sends", UNDOCUMENTED, difficulty=MEDIUM)
def _() -> WsgiApp:
    """PUT at the path of create message adds one."""
    return undocumented("PUT", "messages/create/", say, 201)


@defect("methods-get-sends", UNDOCUMENTED, difficulty=RARE)
def _() -> WsgiApp:
    """GET at the path of create message adds a message."""
    return undocumented("GET", "messages/create/", say, 405)


@defect("methods-delete-of-messages-clears", UNDOCUMENTED, difficulty=EASY)
def _() -> WsgiApp:
    """DELETE of the list of messages deletes them."""
    return undocumented("DELETE", "messages/", clear_messages, 204)


@defect("methods-patch-of-messages-clears", UNDOCUMENTED, difficulty=RARE)
def _() -> WsgiApp:
    """PATCH of the list of messages deletes them."""
    return undocumented("PATCH", "messages/", clear_messages)


@defect("methods-post-to-the-list-creates", UNDOCUMENTED, difficulty=MEDIUM)
def _() -> WsgiApp:
    """POST to the list of conversations creates one."""
    return undocumented("POST", "/", create, 201)


@defect("methods-put-creates", UNDOCUMENTED, difficulty=MEDIUM)
def _() -> WsgiApp:
    """PUT at the path of create creates a conversation."""
    return undocumented("PUT", "/create/", create, 201)


@defect("methods-patch-of-create-creates", UNDOCUMENTED, difficulty=RARE)
def _() -> WsgiApp:
    """PATCH at the path of create creates a conversation, and is answered with 405."""
    return undocumented("PATCH", "/create/", create, 405)


@defect("methods-delete-of-the-list-clears", UNDOCUMENTED, "any.durable", difficulty=EASY)
def _() -> WsgiApp:
    """DELETE of the list closes every conversation of the organisation."""

    def do(rules: Any, caller: Caller, found: Conversation | None, body: Any) -> None:
        for one in [*rules.store.conversations(caller.organisation)]:
            change(rules, one, status="closed")

    return undocumented("DELETE", "/", do, 204)


@defect("methods-delete-with-a-client-key-deletes", UNDOCUMENTED, difficulty=RARE)
def _() -> WsgiApp:
    """DELETE of a conversation with a client key empties its subject."""

    def do(rules: Any, caller: Caller, found: Conversation | None, body: Any) -> None:
        if found is not None and caller.key.tier == "client":
            change(rules, found, subject="")

    return undocumented("DELETE", "", do, 405)


@defect("methods-put-of-the-list-renames", UNDOCUMENTED, difficulty=RARE)
def _() -> WsgiApp:
    """PUT of the list gives all conversations of the requester in the body its subject."""

    def do(rules: Any, caller: Caller, found: Conversation | None, body: Any) -> None:
        user = rules.look_up(caller.organisation, str(body.get("user_email"))) if isinstance(body, dict) else None
        for one in [*rules.store.conversations(caller.organisation, user.id)] if user else []:
            change(rules, one, subject=str(body.get("subject")))

    return undocumented("PUT", "/", do)
