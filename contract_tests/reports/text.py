"""Text that came from anywhere, made fit to be shown: no control characters, no keys, no more than a reader wants.

Whatever a server answers ends up in a report, so every writer passes what it shows through here.
"""

import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

UNSHOWABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
"""Characters that cannot be seen, that command a terminal, or that have no place in XML."""

_KEY = re.compile(r"(bnc_(?:sv|cl)_)([\w+…-]+)")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}:,]|[^\s\[\]{}:,"]+', re.DOTALL)
_INDENTED_AT_MOST = 50_000


def visible(text: str) -> str:
    """The text with every character of `UNSHOWABLE` escaped."""
    return UNSHOWABLE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def without_keys(text: str) -> str:
    """The text with every whole key of the documented form cut to its prefix and its last four characters.

    What sends keys redacts them as well; this is for a server that repeats one where nobody expects it.
    """
    # What is cut already, by redaction or for its length, may still show too much of a key.
    return _KEY.sub(lambda match: f"{match[1]}…{match[2].rpartition('…')[2][-4:]}", text)


def shortened(text: str, limit: int) -> str:
    """The text, or its beginning and a note of how much is left out."""
    left_out = len(text) - limit
    return text if left_out <= 0 else f"{text[:limit]}… ({left_out:,} more characters)"


def bounded(text: str, limit: int) -> str:
    """The text, or its beginning and its end with a note between them of how much is left out."""
    left_out = len(text) - limit
    tail = limit // 4
    return text if left_out <= 0 else f"{text[: limit - tail]}… ({left_out:,} more characters) …{text[-tail:]}"


def one_line(text: str, limit: int) -> str:
    """The text on one line, with white space collapsed and at most so many characters long."""
    # The slice keeps a body of a mebibyte from being split into words only to be thrown away.
    line = " ".join(visible(text[: 2 * limit]).split())
    return line if len(line) <= limit and len(text) <= 2 * limit else line[: limit - 1] + "…"


def body_text(body: object) -> str:
    """A body as text, whether it was recorded as text, as bytes, as parsed JSON or not at all."""
    if body is None:
        return ""
    if isinstance(body, str):
        return body
    if isinstance(body, bytes):
        return body.decode("utf-8", "backslashreplace")
    return json.dumps(body, ensure_ascii=False, default=str)


def indented(text: str) -> str:
    """JSON with one member a line, token for token as it was; any other text unchanged.

    It is laid out by its tokens, not parsed and written again: a report that drops doubled members or rounds numbers
    hides what was sent.
    """
    if len(text) > _INDENTED_AT_MOST or not _is_container(text):
        return text
    lines, depth, line, previous = list[str](), 0, "", ""
    for token in _TOKEN.findall(text):
        closes = token in "]}"
        depth -= closes
        if previous and (previous in "[{," if not closes else previous not in "[{"):
            lines.append(line)
            line = "  " * depth
        line += token + (" " if token == ":" else "")
        depth += token in "[{"
        previous = token
    return "\n".join([*lines, line])


def _is_container(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False


def status_text(status: object) -> str:
    """A status with its phrase, such as `404 Not Found`."""
    try:
        known = HTTPStatus(int(str(status)))
    except ValueError:
        return str(status)
    return f"{known.value} {known.phrase}"


def request_text(request: Mapping[str, Any], base_url: str = "") -> str:
    """A request in a line: its method and its address, without the base URL where one is given."""
    return one_line(f"{request.get('method', '')} {str(request.get('url', '')).removeprefix(base_url)}", 500)


def answer_text(response: Mapping[str, Any] | None) -> str:
    """An answer in a line: its status and how long it took, or that none came and why."""
    if response is None:
        return "no answer"
    if response.get("status") is None:
        return f"no answer: {one_line(str(response.get('reason', 'the reason is not known')), 400)}"
    elapsed = response.get("elapsed_ms")
    return status_text(response["status"]) + (f" in {elapsed:.0f} ms" if isinstance(elapsed, int | float) else "")


def number_of(count: int, singular: str, plural: str = "") -> str:
    """A count with its noun: `1 request`, `1,200 requests`."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"
