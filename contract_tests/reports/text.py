"""Text that came from anywhere, made fit to be shown: no control characters, no keys, no more than a reader wants.

Whatever a server sends ends up in a report, so every writer passes what it shows through here.
"""

import json
import math
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from accord.base.redaction import redact
from accord.base.visible import UNSHOWABLE, visible

__all__ = ["UNSHOWABLE", "visible"]

NOTE = re.compile(r"… \([\d,]+ characters (?:left out\) …|in all\)$)")
"""What evidence says in place of what it did not keep of a body."""

_TOKEN = re.compile(NOTE.pattern + r'|"(?:[^"\\]|\\.)*(?:"|$)|[\[\]{}:,]|[^\s\[\]{}:,"]+', re.DOTALL)
_INDENTED_AT_MOST = 50_000

WHOLE = "whole in report.json"
"""Says where to find the whole of a text that a report for people shows in part."""


_LARGEST = 2**53 - 1
_MOST_BITS = 2000


def without_keys(text: str) -> str:
    """Return the text without keys, whatever a server made of them. Recorded text has none already: this is a safety net."""
    return redact(text)


def shortened(text: str, limit: int) -> str:
    """The text, or its beginning and a note of how much is left out and where it is. It is cut between lines, or else words."""
    if len(text) <= limit:
        return text
    place = next((at for mark in "\n " if (at := text.rfind(mark, limit // 2, limit + 1)) >= 0), limit)
    return f"{text[:place]}… ({len(text) - place:,} more characters; {WHOLE})"


def one_line(text: str, limit: int) -> str:
    """The text on one line, white space collapsed; beyond the limit its beginning, cut between words, and where the whole is."""
    # The slice keeps a body of a mebibyte from being split into words only to be thrown away.
    line = " ".join(visible(text[: 2 * limit]).split())
    if len(line) <= limit and len(text) <= 2 * limit:
        return line
    place = line.rfind(" ", limit * 3 // 4, limit + 1)
    return f"{line[: place if place >= 0 else limit]}… ({WHOLE})"


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
    """JSON with one member a line, token for token as it was; any other text unchanged."""
    return laid_out(text, None)[0]


def laid_out(text: str, marked: tuple[int, int] | None) -> tuple[str, tuple[int, int] | None]:
    """Return the text as `indented` lays it out, and the new place of the `marked` part, which begins and ends with a token.

    It is laid out by its tokens, not parsed and written again: a report that drops doubled members or rounds numbers
    hides what was sent. JSON of which some was left out in the middle is laid out as well.
    """
    if len(text) > _INDENTED_AT_MOST or not _is_container(text):
        return text, marked
    pieces, depth, place, previous = list[str](), 0, 0, ""
    starts, ends = dict[int, int](), dict[int, int]()
    for found in _TOKEN.finditer(text):
        token = found[0]
        closes, is_note = token in "]}", token.startswith("… (")
        depth -= closes
        if previous and (is_note or (previous in "[{," if not closes else previous not in "[{")):
            pieces.append("\n" + "  " * depth)
            place += len(pieces[-1])
        pieces.append(token + (" " if token == ":" else ""))
        starts[found.start()] = place
        place += len(pieces[-1])
        ends[found.end()] = place
        depth += token in "[{"
        # What follows a note begins a line, as what follows a comma does.
        previous = "," if is_note else token
    return "".join(pieces), marked and (starts.get(marked[0], 0), ends.get(marked[1], place))


def _is_container(text: str) -> bool:
    if text.startswith(("{", "[")) and NOTE.search(text):
        return True
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


def number_of(count: int, singular: str, plural: str = "") -> str:
    """A count with its noun: `1 request`, `1,200 requests`."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def duration(seconds: float) -> str:
    """How long it took, as people say it."""
    if seconds < 100:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def plain(value: object) -> Any:
    """The value in the types that JSON has; whatever else was recorded becomes its text."""
    if isinstance(value, Mapping):
        return {str(key): plain(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        return body_text(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value if abs(value) <= _LARGEST else _digits(value)
    if value is None or isinstance(value, bool) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return str(value)


def _digits(number: int) -> str:
    """A number that many readers of JSON would round, as text. Python spells none of more than some thousand digits."""
    return str(number) if number.bit_length() < _MOST_BITS else hex(number)


def spelled(json_text: str) -> str:
    """Return JSON with escapes for what cannot be seen.

    A lone surrogate has no UTF-8, and others of these command a terminal that shows the file; JSON can spell them all.
    """
    return UNSHOWABLE.sub(lambda match: json.dumps(match[0])[1:-1], json_text)
