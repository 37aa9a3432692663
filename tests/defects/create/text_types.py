"""Servers that take a text for what it holds, such as a number or a moment, and servers that stumble over what is no text."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from mockserver.serving.server import WsgiApp
from tests.defects.kit.crashing import ERROR, by_body
from tests.defects.kit.creating import answered, storing
from tests.defects.kit.parts import CREATE, GET, MESSAGES, Event, answering, broken
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


def _in_utc(text: str) -> str:
    """A moment with an offset, written in UTC."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", text):
        return text
    return f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


@defect("create.metadata-kept", difficulty=MEDIUM)
def metadata_moments_in_utc() -> WsgiApp:
    """Metadata strings that are date-times with an offset come back in UTC."""
    return storing("metadata", _in_utc)


@defect("create.metadata-kept", difficulty=RARE)
def metadata_moments_without_fractions() -> WsgiApp:
    """Metadata strings that are moments with a fraction of a second come back without it."""
    return storing("metadata", lambda text: re.sub(r"(T\d\d:\d\d:\d\d)\.\d+(?=Z$|\+00:00$)", r"\1", text))


@defect("create.metadata-kept", difficulty=MEDIUM)
def metadata_texts_of_digits_are_numbers() -> WsgiApp:
    """Metadata strings of five digits come back as numbers."""

    def typed(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: typed(item) for name, item in value.items()}
        if isinstance(value, list):
            return [typed(item) for item in value]
        return int(value) if isinstance(value, str) and re.fullmatch("[1-9][0-9]{4}", value) else value

    return answered(lambda value, event: value | {"metadata": typed(value["metadata"])}, CREATE, GET)


@defect("create.text-exact", "create.answer", "get.answer", difficulty=MEDIUM)
def subject_of_digits_is_a_number() -> WsgiApp:
    """A subject of digits comes back as a number."""

    def show(value: Any, event: Event) -> Any:
        return value | {"subject": int(value["subject"])} if re.fullmatch("[1-9][0-9]{0,8}", value["subject"]) else value

    return answered(show, CREATE, GET)


@defect("create.text-exact", difficulty=RARE)
def subject_of_a_moment_is_in_utc() -> WsgiApp:
    """A subject that is a moment with an offset comes back in UTC."""
    return storing("subject", _in_utc)


@defect("create.new-user-names", "create.answer", difficulty=RARE)
def name_of_digits_is_a_number() -> WsgiApp:
    """A first name that is a number without a zero before it comes back as one written by the server: 1.50 as 1.5."""
    return storing("user_first_name", lambda text: str(float(text)) if re.fullmatch(r"-?[1-9]\d*\.\d+", text) else text)


def _listed(change: Callable[[str], Any]) -> WsgiApp:
    def show(value: Any, event: Event) -> Any:
        return value | {"results": [item | {"body": change(item["body"])} for item in value["results"]]}

    return broken(pipeline=answering(show, MESSAGES))


@defect("messages.body-exact", "messages.answer", difficulty=MEDIUM)
def body_of_digits_is_a_number() -> WsgiApp:
    """A message that is all digits is listed as a number."""
    return _listed(lambda body: int(body) if body.isdigit() else body)


@defect("messages.body-exact", difficulty=RARE)
def body_of_a_moment_is_in_utc() -> WsgiApp:
    """A message that is a moment with an offset is listed in UTC."""
    return _listed(_in_utc)


@defect("messages.body-exact", difficulty=RARE)
def body_of_json_is_written_anew() -> WsgiApp:
    """A message that is JSON is listed without the white space in it."""

    def compact(body: str) -> str:
        try:
            return json.dumps(json.loads(body), separators=(",", ":")) if body[:1] in "[{" else body
        except ValueError:
            return body

    return _listed(compact)


# --- what is no text ------------------------------------------------------------------------------------------------------------


def _by_names(breaks: Callable[[dict[str, Any]], bool]) -> WsgiApp:
    """Make a server that responds with 500 to creates for whose members `breaks` is true."""

    def when(data: bytes) -> bool:
        body = json.loads(data)
        return isinstance(body, dict) and breaks(body)

    return by_body(lambda data: data.startswith(b"{") and data.endswith(b"}") and _is_json(data) and when(data), CREATE)


def _is_json(data: bytes) -> bool:
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True


@defect(ERROR, difficulty=MEDIUM)
def names_of_other_types_beside_an_address() -> WsgiApp:
    """First and last name that are both lists or objects, beside an address, are answered with 500."""
    parts = ("user_first_name", "user_last_name")
    return _by_names(lambda sent: bool(sent.get("user_email")) and all(isinstance(sent.get(part), list | dict) for part in parts))


@defect(ERROR, difficulty=RARE)
def names_of_a_list_and_an_object() -> WsgiApp:
    """A first name that is a list and a last name that is an object are answered with 500."""
    return _by_names(lambda sent: isinstance(sent.get("user_first_name"), list) and isinstance(sent.get("user_last_name"), dict))
