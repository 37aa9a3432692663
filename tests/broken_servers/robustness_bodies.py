"""Servers that break down at some body."""

import json
import re
from typing import Any

from broken_servers.crash_seams import ERROR, Crash, by_body, by_member, crashing
from broken_servers.registry import Difficulty, defect
from broken_servers.seams import CREATE, RESOLVE, SEND
from mockserver.server import WsgiApp

EASY, MEDIUM, RARE = Difficulty


@defect("robustness-500-nul-in-subject", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """A NUL in a subject is answered with 500, as from a data base that cannot store it."""
    return by_member("subject", lambda value: "\0" in str(value))


@defect("robustness-500-nul-in-metadata", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """A NUL in metadata is answered with 500."""
    return by_member("metadata", lambda value: "\\u0000" in json.dumps(value))


@defect("robustness-500-nul-in-message", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """A NUL in the body of a message is answered with 500."""
    return by_member("body", lambda value: "\0" in str(value))


@defect("robustness-500-lone-surrogate", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """A lone surrogate in a subject is answered with 500, since it cannot be encoded."""
    return by_member("subject", lambda value: str(value).encode() is None)


@defect("robustness-500-lone-surrogate-in-message", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """A lone surrogate in the body of a message is answered with 500."""
    return by_member("body", lambda value: str(value).encode() is None)


@defect("robustness-500-lone-surrogate-in-metadata", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """A lone surrogate in metadata is answered with 500."""
    return by_member("metadata", lambda value: json.dumps(value, ensure_ascii=False).encode() is None)


@defect("robustness-500-deep-nesting", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """A body that is nested too deeply for a recursive parser is answered with 500."""
    return by_body(lambda data: data.count(b"[") + data.count(b"{") > 5000)


@defect("robustness-500-malformed-json", ERROR, difficulty=EASY)
def _() -> WsgiApp:
    """A body that is not JSON is answered with 500."""
    return by_body(lambda data: json.loads(data) is Crash)


@defect("robustness-500-malformed-json-in-message", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """A message that is not JSON is answered with 500."""
    return by_body(lambda data: json.loads(data) is Crash, SEND)


@defect("robustness-500-empty-body", ERROR, difficulty=EASY)
def _() -> WsgiApp:
    """An empty body of a create is answered with 500."""
    return by_body(lambda data: not data, CREATE)


@defect("robustness-500-malformed-json-in-resolve", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """A body of resolve that is there and not JSON is answered with 500."""
    return by_body(lambda data: bool(data) and json.loads(data) is Crash, RESOLVE)


@defect("robustness-500-array", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """An array in the place of the object is answered with 500."""
    return by_body(lambda data: data.lstrip()[:1] == b"[" and data.rstrip()[-1:] == b"]")


@defect("robustness-500-null-body", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """A body that is null is answered with 500."""
    return by_body(lambda data: data.strip() == b"null")


@defect("robustness-500-text-body-of-message", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """A text in the place of the object of a message is answered with 500."""
    return by_body(lambda data: data.strip()[:1] == b'"' and data.strip()[-1:] == b'"' and len(data) > 1, SEND)


@defect("robustness-500-not-utf-8", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """A body that is not UTF-8 is answered with 500."""
    return by_body(lambda data: data.decode() is None)


@defect("robustness-500-byte-order-mark", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """A body with a byte order mark is answered with 500."""
    return by_body(lambda data: data[:3] == b"\xef\xbb\xbf")


@defect("robustness-500-huge-integer", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """An integer of more than 4,300 digits in a body is answered with 500."""
    return by_body(lambda data: re.search(rb"\d{4301}", data) is not None)


@defect("robustness-500-infinity", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """A number that is too large for a double is answered with 500."""
    return by_body(lambda data: re.search(rb"\de\d{3}\D", data) is not None and b"e300" not in data)


@defect("robustness-500-long-subject", ERROR, difficulty=EASY)
def _() -> WsgiApp:
    """A subject that is longer than its column is answered with 500."""
    return by_member("subject", lambda value: len(str(value)) > 500)


@defect("robustness-500-very-long-subject", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """A subject of more than 10,000 characters is answered with 500."""
    return by_member("subject", lambda value: len(str(value)) > 10_000)


@defect("robustness-500-long-first-name", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """A first name of more than 150 characters is answered with 500."""
    return by_member("user_first_name", lambda value: isinstance(value, str) and len(value) > 150)


@defect("robustness-500-long-address", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """An address of more than 254 characters is answered with 500."""
    return by_member("user_email", lambda value: isinstance(value, str) and len(value) > 254, CREATE)


@defect("robustness-500-address-without-at", ERROR, difficulty=EASY)
def _() -> WsgiApp:
    """An address without @ is answered with 500."""
    return by_member("user_email", lambda value: isinstance(value, str) and value.split("@")[1] is None)


@defect("robustness-500-address-of-sender-without-at", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """A sender's address without @ is answered with 500."""
    return by_member("user_email", lambda value: isinstance(value, str) and value.split("@")[1] is None, SEND)


@defect("robustness-500-megabyte", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """A body of a mebibyte is answered with 500."""
    return by_body(lambda data: len(data) >= 2**20)


@defect("robustness-500-megabyte-in-message", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """A message of more than half a mebibyte is answered with 500."""
    return by_body(lambda data: len(data) >= 2**19, SEND)


@defect("robustness-500-number-as-first-name", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """A first name that is a number is answered with 500."""
    return by_member("user_first_name", lambda value: isinstance(value, int | float))


@defect("robustness-500-number-as-description", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """A description that is no text is answered with 500."""
    return by_member("description", lambda value: value is not None and not isinstance(value, str))


@defect("robustness-500-object-as-priority", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """A priority that is an object or a list is answered with 500, since it cannot be looked up."""
    return by_member("priority", lambda value: isinstance(value, dict | list))


@defect("robustness-500-list-as-metadata", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """Metadata that is a list is answered with 500."""
    return by_member("metadata", lambda value: isinstance(value, list))


@defect("robustness-500-text-as-metadata", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """Metadata that is a text is answered with 500."""
    return by_member("metadata", lambda value: isinstance(value, str))


@defect("robustness-500-null-metadata", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """Metadata that is null is answered with 500."""
    return by_member("metadata", lambda value: value is None)


@defect("robustness-500-null-address", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """An address that is null is answered with 500."""
    return by_member("user_email", lambda value: value is None, CREATE)


@defect("robustness-500-number-as-body", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """The body of a message that is a number is answered with 500."""
    return by_member("body", lambda value: isinstance(value, int | float) and not isinstance(value, bool), SEND)


@defect("robustness-500-list-as-sender", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """A sender that is a list or an object is answered with 500."""
    return by_member("user_email", lambda value: isinstance(value, dict | list), SEND)


@defect("robustness-500-unknown-priority", ERROR, difficulty=EASY)
def _() -> WsgiApp:
    """An undocumented priority is answered with 500."""
    return by_member("priority", lambda value: isinstance(value, str) and value not in ("low", "normal", "high", "urgent"))


@defect("robustness-500-emoji", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """Characters beyond the Basic Multilingual Plane in a first name are answered with 500."""
    return by_member("user_first_name", lambda value: any(ord(character) > 0xFFFF for character in str(value)))


@defect("robustness-500-quote", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """An apostrophe in a last name is answered with 500."""
    return by_member("user_last_name", lambda value: "'" in str(value))


@defect("robustness-500-percent", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """A percent sign with a letter in the body of a message is answered with 500."""
    return by_member("body", lambda value: "%s" in str(value), SEND)


@defect("robustness-500-braces", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """Braces in a description are answered with 500, since it is taken for a template."""
    return by_member("description", lambda value: "{" in str(value))


@defect("robustness-500-member-twice", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """A member that is there twice is answered with 500."""

    def broken_by(data: bytes) -> bool:
        def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
            if len(dict(pairs)) < len(pairs):
                raise Crash
            return dict(pairs)

        try:
            json.loads(data, object_pairs_hook=once)
        except Crash:
            return True
        except (ValueError, RecursionError):
            return False
        return False

    return by_body(broken_by)


@defect("robustness-500-many-members", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """Metadata with more than 1,000 members is answered with 500."""
    return by_member("metadata", lambda value: isinstance(value, dict) and len(value) > 1000)


@defect("robustness-500-content-type", ERROR, difficulty=MEDIUM)
def _() -> WsgiApp:
    """A body that is said to be a form is answered with 500."""
    return crashing(lambda operation, call: "form" in call.content_type)


@defect("robustness-500-no-content-type", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """A create without a content type is answered with 500."""
    return crashing(lambda operation, call: operation.id == CREATE and not call.content_type)


@defect("robustness-500-unknown-charset", ERROR, difficulty=RARE)
def _() -> WsgiApp:
    """An unknown charset in the content type is answered with 500."""
    return crashing(lambda operation, call: "unknown-8" in str(call.environ.get("CONTENT_TYPE")))
