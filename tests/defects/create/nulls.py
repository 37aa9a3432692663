"""Servers that make a text of null, or stumble over NUL, or over what an anonymous person sends."""

import json
from typing import Any

from mockserver.serving.server import WsgiApp
from tests.defects.kit.crashing import by_body, by_member
from tests.defects.kit.creating import handled
from tests.defects.kit.parts import CREATE, Event, body_of, with_body
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


def _taking_null_for(text: str, *names: str) -> WsgiApp:
    """Make a server that takes null for this text in these members."""

    def change(event: Event) -> Event | None:
        sent = json.loads(body_of(event.request))
        spelled: dict[str, Any] = {name: text for name in names if name in sent and sent[name] is None}
        return with_body(event, **spelled) if spelled else None

    return handled(change)


@defect("create.anonymous", difficulty=RARE)
def null_address_is_a_text() -> WsgiApp:
    """Whoever sends null for the address has the address "None"."""
    return _taking_null_for("None", "user_email")


@defect("create.new-user-names", difficulty=RARE)
def null_names_are_texts() -> WsgiApp:
    """Whoever sends null for a name is called "null"."""
    return _taking_null_for("null", "user_first_name", "user_last_name")


@defect("create.description-whole", difficulty=RARE)
def null_description_is_a_message() -> WsgiApp:
    """Null for the description becomes the message "undefined"."""
    return _taking_null_for("undefined", "description")


@defect("create.anonymous", difficulty=RARE)
def anonymous_description_fails() -> WsgiApp:
    """A description of somebody who gives both names, and no address, ends in an error."""

    def broken_by(data: bytes) -> bool:
        body = json.loads(data)
        named = {"description", "user_first_name", "user_last_name"}
        return isinstance(body, dict) and "user_email" not in body and named <= body.keys()

    return by_body(broken_by, CREATE)


@defect("create.whole-or-refused", "any.no-server-error", difficulty=RARE)
def nul_in_a_description_fails() -> WsgiApp:
    """NUL in a description, which a database does not take, ends in an error."""
    return by_member("description", lambda text: "\x00" in str(text), CREATE)
