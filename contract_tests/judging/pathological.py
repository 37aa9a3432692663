"""Which requests are pathological: that a server handles them is only a SHOULD, since frameworks fail at them by default.

Nesting beyond 100 levels, half of a surrogate pair, integers beyond 64 bits, numbers beyond double range, NaN and Infinity, bodies
that are not UTF-8, and request lines beyond 8 KiB.
"""

import json
import re
from functools import lru_cache
from typing import Any, NoReturn
from urllib.parse import unquote_to_bytes

from contract_tests.contract.json_text import DEEPEST, deeper
from contract_tests.transport.exchange import Call

_LONGEST_LINE = 8 * 1024 - 200
"""Characters of a path and a query: a request line of 8 KiB holds the method, the version and the base path as well."""

_ALL_BUT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_INTEGERS = range(-(2**63), 2**63)
_ALIKE = bytes.maketrans(b"123456789E", b"000000000e")
_JSON_IN_UTF_8 = re.compile(r"application/json(\s*;\s*charset=\"?utf-?8\"?)?", re.IGNORECASE)
_SPECIAL = re.compile(rb"NaN|Infinity|[0-9][eE][+]?[0-9]{3}|\\u[dD][89a-fA-F]")


def is_pathological(call: Call) -> bool:
    """Whether a request holds what servers may break down at."""
    target = call.path + call.search
    if len(target) > _LONGEST_LINE or _in_query(call):
        return True
    return call.body is not None and len(call.body) > 1 and _in_body(call.body)


def is_unparsable(call: Call) -> bool:
    """Whether a parser may refuse the body of a request, before anybody asks what it says.

    It is not JSON, it is not declared as JSON in UTF-8 (read as UTF-16, it is none), or it is a single value: RFC 4627 allowed
    only objects and arrays as JSON texts, and strict parsers still do, such as that of Express by default.
    """
    if call.body is None:
        return False
    media_type = next((value for name, value in call.headers.items() if name.lower() == "content-type"), "application/json")
    return not (_JSON_IN_UTF_8.fullmatch(media_type.strip()) and isinstance(_parsed(call.body), dict | list))


def _in_query(call: Call) -> bool:
    if any(len(value) >= 19 and _beyond(value) for _, value in call.query):
        return True
    return "%ED%" in call.path.upper() and _has_surrogate(call.path)


def _beyond(text: str) -> bool:
    digits = text.strip().lstrip("+-")
    # Longer ones are beyond it, and some are too long for Python to read.
    return digits.isdecimal() and (len(digits) > 19 or int(text) not in _INTEGERS)


def _has_surrogate(path: str) -> bool:
    try:
        unquote_to_bytes(path).decode()
    except UnicodeDecodeError:
        return re.search(b"\xed[\xa0-\xbf]", unquote_to_bytes(path)) is not None
    return False


@lru_cache(maxsize=64)
def _in_body(body: bytes) -> bool:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return True
    if deeper(body) and _depth(body) > DEEPEST:
        return True
    if not _may_be_special(body):
        return False
    try:
        value = json.loads(text, parse_int=_integer, parse_float=_float, parse_constant=_special)
        json.dumps(value, ensure_ascii=False).encode()
    except (_Beyond, UnicodeEncodeError):
        return True
    except (ValueError, RecursionError):
        return bool(_SPECIAL.search(body))
    return False


def _may_be_special(body: bytes) -> bool:
    """Whether a body may hold a long number or what `_SPECIAL` finds: bodies of a megabyte are looked at in a millisecond."""
    alike = body.translate(_ALIKE, b"+")
    return b"0" * 19 in alike or b"0e000" in alike or b"NaN" in body or b"Infinity" in body or b"\\u" in body


def _depth(body: bytes) -> int:
    """How many brackets are open at once; those within texts count as well."""
    deepest = depth = 0
    for byte in body.translate(None, _ALL_BUT_BRACKETS):
        depth += 1 if byte in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


class _Beyond(Exception):
    """A number is beyond what servers compute with."""


def _integer(digits: str) -> int:
    if len(digits) > 20 or int(digits) not in _INTEGERS:
        raise _Beyond
    return int(digits)


def _float(text: str) -> float:
    if float(text) in (float("inf"), float("-inf")):
        raise _Beyond
    return float(text)


def _special(_: str) -> NoReturn:
    raise _Beyond


def _parsed(body: bytes) -> Any:
    try:
        # Decoded first, as json.loads refuses a BOM in a str but not in bytes, and a parser may do either (RFC 8259, 8.1).
        return json.loads(body.decode())
    except (ValueError, RecursionError):
        return None
