"""Servers that break down at some body."""

import json
import re
from typing import Any

from mockserver.serving.server import WsgiApp
from tests.defects.kit.crashing import ERROR, PATHOLOGICAL, Crash, by_body, by_member, crashing
from tests.defects.kit.parts import CREATE, RESOLVE, SEND
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


@defect(ERROR, difficulty=MEDIUM)
def robustness_500_nul_in_subject() -> WsgiApp:
    """A NUL in a subject is answered with 500, as from a data base that cannot store it."""
    return by_member("subject", lambda value: "\0" in str(value))


@defect(ERROR, difficulty=RARE)
def robustness_500_nul_in_metadata() -> WsgiApp:
    """A NUL in metadata is answered with 500."""
    return by_member("metadata", lambda value: "\\u0000" in json.dumps(value))


@defect(ERROR, difficulty=MEDIUM)
def robustness_500_nul_in_message() -> WsgiApp:
    """A NUL in the body of a message is answered with 500."""
    return by_member("body", lambda value: "\0" in str(value))


@defect(PATHOLOGICAL, difficulty=MEDIUM)
def robustness_500_lone_surrogate() -> WsgiApp:
    """A lone surrogate in a subject is answered with 500, since it cannot be encoded."""
    return by_member("subject", lambda value: str(value).encode() is None)


@defect(PATHOLOGICAL, difficulty=RARE)
def robustness_500_lone_surrogate_in_message() -> WsgiApp:
    """A lone surrogate in the body of a message is answered with 500."""
    return by_member("body", lambda value: str(value).encode() is None)


@defect(PATHOLOGICAL, difficulty=RARE)
def robustness_500_lone_surrogate_in_metadata() -> WsgiApp:
    """A lone surrogate in metadata is answered with 500."""
    return by_member("metadata", lambda value: json.dumps(value, ensure_ascii=False).encode() is None)


@defect(PATHOLOGICAL, difficulty=MEDIUM)
def robustness_500_deep_nesting() -> WsgiApp:
    """A body that is nested too deeply for a recursive parser is answered with 500."""
    return by_body(lambda data: data.count(b"[") + data.count(b"{") > 5000)


@defect(ERROR, difficulty=EASY)
def robustness_500_malformed_json() -> WsgiApp:
    """A body that is not JSON is answered with 500."""
    return by_body(lambda data: json.loads(data) is Crash)


@defect(ERROR, difficulty=MEDIUM)
def robustness_500_malformed_json_in_message() -> WsgiApp:
    """A message that is not JSON is answered with 500."""
    return by_body(lambda data: json.loads(data) is Crash, SEND)


@defect(ERROR, difficulty=EASY)
def robustness_500_empty_body() -> WsgiApp:
    """An empty body of a create is answered with 500."""
    return by_body(lambda data: not data, CREATE)


@defect(ERROR, difficulty=RARE)
def robustness_500_malformed_json_in_resolve() -> WsgiApp:
    """A body of resolve that is there and not JSON is answered with 500."""
    return by_body(lambda data: bool(data) and json.loads(data) is Crash, RESOLVE)


@defect(ERROR, difficulty=MEDIUM)
def robustness_500_array() -> WsgiApp:
    """An array in the place of the object is answered with 500."""
    return by_body(lambda data: data.lstrip()[:1] == b"[" and data.rstrip()[-1:] == b"]")


@defect(ERROR, difficulty=MEDIUM)
def robustness_500_null_body() -> WsgiApp:
    """A body that is null is answered with 500."""
    return by_body(lambda data: data.strip() == b"null")


@defect(ERROR, difficulty=RARE)
def robustness_500_text_body_of_message() -> WsgiApp:
    """A text in the place of the object of a message is answered with 500."""
    return by_body(lambda data: data.strip()[:1] == b'"' and data.strip()[-1:] == b'"' and len(data) > 1, SEND)


@defect(PATHOLOGICAL, difficulty=MEDIUM)
def robustness_500_not_utf_8() -> WsgiApp:
    """A body that is not UTF-8 is answered with 500."""
    return by_body(lambda data: data.decode() is None)


@defect(ERROR, difficulty=RARE)
def robustness_500_byte_order_mark() -> WsgiApp:
    """A body with a byte order mark is answered with 500."""
    return by_body(lambda data: data[:3] == b"\xef\xbb\xbf")


@defect(PATHOLOGICAL, difficulty=RARE)
def robustness_500_huge_integer() -> WsgiApp:
    """An integer of more than 4,300 digits in a body is answered with 500."""
    return by_body(lambda data: re.search(rb"\d{4301}", data) is not None)


@defect(PATHOLOGICAL, difficulty=RARE)
def robustness_500_infinity() -> WsgiApp:
    """A number that is too large for a double is answered with 500."""
    return by_body(lambda data: re.search(rb"\de\d{3}\D", data) is not None and b"e300" not in data)


@defect(ERROR, difficulty=EASY)
def robustness_500_long_subject() -> WsgiApp:
    """A subject that is longer than its column is answered with 500."""
    return by_member("subject", lambda value: len(str(value)) > 500)


@defect(ERROR, difficulty=MEDIUM)
def robustness_500_very_long_subject() -> WsgiApp:
    """A subject of more than 10,000 characters is answered with 500."""
    return by_member("subject", lambda value: len(str(value)) > 10_000)


@defect(ERROR, difficulty=MEDIUM)
def robustness_500_long_first_name() -> WsgiApp:
    """A first name of more than 150 characters is answered with 500."""
    return by_member("user_first_name", lambda value: isinstance(value, str) and len(value) > 150)


@defect(ERROR, difficulty=MEDIUM)
def robustness_500_long_address() -> WsgiApp:
    """An address of more than 254 characters is answered with 500."""
    return by_member("user_email", lambda value: isinstance(value, str) and len(value) > 254, CREATE)


@defect(ERROR, difficulty=EASY)
def robustness_500_address_without_at() -> WsgiApp:
    """An address without @ is answered with 500."""
    return by_member("user_email", lambda value: isinstance(value, str) and value.split("@")[1] is None)


@defect(ERROR, difficulty=MEDIUM)
def robustness_500_address_of_sender_without_at() -> WsgiApp:
    """A sender's address without @ is answered with 500."""
    return by_member("user_email", lambda value: isinstance(value, str) and value.split("@")[1] is None, SEND)


@defect(ERROR, difficulty=MEDIUM)
def robustness_500_megabyte() -> WsgiApp:
    """A body of a mebibyte is answered with 500."""
    return by_body(lambda data: len(data) >= 2**20)


@defect(ERROR, difficulty=RARE)
def robustness_500_megabyte_in_message() -> WsgiApp:
    """A message of more than half a mebibyte is answered with 500."""
    return by_body(lambda data: len(data) >= 2**19, SEND)


@defect(ERROR, difficulty=MEDIUM)
def robustness_500_number_as_first_name() -> WsgiApp:
    """A first name that is a number is answered with 500."""
    return by_member("user_first_name", lambda value: isinstance(value, int | float))


@defect(ERROR, difficulty=MEDIUM)
def robustness_500_number_as_description() -> WsgiApp:
    """A description that is no text is answered with 500."""
    return by_member("description", lambda value: value is not None and not isinstance(value, str))


@defect(ERROR, difficulty=MEDIUM)
def robustness_500_object_as_priority() -> WsgiApp:
    """A priority that is an object or a list is answered with 500, since it cannot be looked up."""
    return by_member("priority", lambda value: isinstance(value, dict | list))


@defect(ERROR, difficulty=MEDIUM)
def robustness_500_list_as_metadata() -> WsgiApp:
    """Metadata that is a list is answered with 500."""
    return by_member("metadata", lambda value: isinstance(value, list))


@defect(ERROR, difficulty=MEDIUM)
def robustness_500_text_as_metadata() -> WsgiApp:
    """Metadata that is a text is answered with 500."""
    return by_member("metadata", lambda value: isinstance(value, str))


@defect(ERROR, difficulty=RARE)
def robustness_500_null_metadata() -> WsgiApp:
    """Metadata that is null is answered with 500."""
    return by_member("metadata", lambda value: value is None)


@defect(ERROR, difficulty=RARE)
def robustness_500_null_address() -> WsgiApp:
    """An address that is null is answered with 500."""
    return by_member("user_email", lambda value: value is None, CREATE)


@defect(ERROR, difficulty=MEDIUM)
def robustness_500_number_as_body() -> WsgiApp:
    """The body of a message that is a number is answered with 500."""
    return by_member("body", lambda value: isinstance(value, int | float) and not isinstance(value, bool), SEND)


@defect(ERROR, difficulty=RARE)
def robustness_500_list_as_sender() -> WsgiApp:
    """A sender that is a list or an object is answered with 500."""
    return by_member("user_email", lambda value: isinstance(value, dict | list), SEND)


@defect(ERROR, difficulty=EASY)
def robustness_500_unknown_priority() -> WsgiApp:
    """An undocumented priority is answered with 500."""
    return by_member("priority", lambda value: isinstance(value, str) and value not in ("low", "normal", "high", "urgent"))


@defect(ERROR, difficulty=MEDIUM)
def robustness_500_emoji() -> WsgiApp:
    """Characters beyond the Basic Multilingual Plane in a first name are answered with 500."""
    return by_member("user_first_name", lambda value: any(ord(character) > 0xFFFF for character in str(value)))


@defect(ERROR, difficulty=MEDIUM)
def robustness_500_quote() -> WsgiApp:
    """An apostrophe in a last name is answered with 500."""
    return by_member("user_last_name", lambda value: "'" in str(value))


@defect(ERROR, difficulty=RARE)
def robustness_500_percent() -> WsgiApp:
    """A percent sign with a letter in the body of a message is answered with 500."""
    return by_member("body", lambda value: "%s" in str(value), SEND)


@defect(ERROR, difficulty=RARE)
def robustness_500_braces() -> WsgiApp:
    """Braces in a description are answered with 500, since it is taken for a template."""
    return by_member("description", lambda value: "{" in str(value))


@defect(ERROR, difficulty=RARE)
def robustness_500_member_twice() -> WsgiApp:
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


@defect(ERROR, difficulty=RARE)
def robustness_500_many_members() -> WsgiApp:
    """Metadata with more than 1,000 members is answered with 500."""
    return by_member("metadata", lambda value: isinstance(value, dict) and len(value) > 1000)


@defect(ERROR, difficulty=MEDIUM)
def robustness_500_content_type() -> WsgiApp:
    """A body that is said to be a form is answered with 500."""
    return crashing(lambda operation, request: "form" in request.content_type)


@defect(ERROR, difficulty=RARE)
def robustness_500_no_content_type() -> WsgiApp:
    """A create without a content type is answered with 500."""
    return crashing(lambda operation, request: operation.id == CREATE and not request.content_type)


@defect(ERROR, difficulty=RARE)
def robustness_500_unknown_charset() -> WsgiApp:
    """An unknown charset in the content type is answered with 500."""
    return crashing(lambda operation, request: "unknown-8" in str(request.environ.get("CONTENT_TYPE")))


@defect("any.no-server-error", difficulty=RARE)
def robustness_500_description_that_is_true() -> WsgiApp:
    """A description that is true is answered with 500."""
    return by_member("description", lambda value: value is True, CREATE)


@defect("any.no-server-error", difficulty=RARE)
def robustness_500_nul_in_a_sender() -> WsgiApp:
    """A NUL in the address of a sender is answered with 500."""
    return by_member("user_email", lambda value: "\0" in str(value), SEND)


@defect("any.no-server-error", difficulty=RARE)
def robustness_500_empty_description() -> WsgiApp:
    """An empty description is answered with 500."""
    return by_member("description", lambda value: value == "", CREATE)
