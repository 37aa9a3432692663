"""A text without its escapes, and where each character of it stands in the text as it is written.

A key may be written percent-encoded, as JSON, as HTML or for a shell, wholly or in part, and several of these at once.
"""

import re
from bisect import bisect_right
from functools import cache

_INTRODUCERS = frozenset("%\\&#;")
"""What escapes are written with: an escape may itself be written by escapes."""

_MOST_ROUNDS = 5


class Unescaped:
    """A text in which every escape that stands for one of `characters` is decoded. The rest of `text` is unchanged."""

    def __init__(self, source: str, characters: frozenset[str]) -> None:
        self.text = source
        self._maps: list[tuple[list[int], list[int]]] = []
        wanted = characters | _INTRODUCERS
        for _ in range(_MOST_ROUNDS):
            if not ("%" in self.text or "\\" in self.text or "&" in self.text or "'" in self.text):
                return
            text, places, sources = _without_escapes(self.text, wanted)
            if not places:
                return
            self.text = text
            self._maps.append((places, sources))

    def place(self, index: int) -> int:
        """Return where in the source the character at an index of `text` begins; its end for the length of `text`."""
        for places, sources in reversed(self._maps):
            found = bisect_right(places, index) - 1
            if found >= 0:
                index = sources[found] + index - places[found]
        return index


def _without_escapes(text: str, wanted: frozenset[str]) -> tuple[str, list[int], list[int]]:
    """Return the decoded text, the indexes in it where its distance to the source changes, and the source indexes of these."""
    pieces: list[str] = []
    places: list[int] = []
    sources: list[int] = []
    copied = length = 0
    for match in _escapes(wanted).finditer(text):
        character = _meant(match)
        if character not in wanted:
            continue
        begin, end = match.span()
        pieces += [text[copied:begin], character]
        length += begin - copied
        places += [length, length + 1]
        sources += [begin, end]
        length += 1
        copied = end
    return "".join([*pieces, text[copied:]]), places, sources


@cache
def _escapes(wanted: frozenset[str]) -> re.Pattern[str]:
    """Escapes of those characters, and few others: most of those in a report are quotation marks and white space."""
    html5 = _html_names()
    itself = "".join(re.escape(one) for one in sorted(wanted) if not one.isalnum())
    names = "|".join(name.removesuffix(";") for name, meant in html5.items() if name.endswith(";") and meant in wanted)
    common = "|".join(str(ord(one)) for one in "\"'<>&" if one not in wanted)
    code = "[2-7][0-9A-Fa-f]"
    return re.compile(
        rf"%(?:25)*(?P<percent>{code})"
        rf"|\\+(?:u00(?P<json>{code})|u\{{0*(?P<braces>{code})\}}|x(?P<hex>{code})|(?P<itself>[{itself}]))"
        rf"|&(?:amp;)*(?:#0*(?!(?:{common or '-'});)(?P<decimal>\d{{2,3}})|#[xX]0*(?P<hexadecimal>{code})|(?P<name>{names}));"
        + (r"""|(?P<shell>'"'"'|'\\'')""" if "'" in wanted else "")
    )


def _html_names() -> dict[str, str]:
    # Most commands write nothing with an escape in it, and start without.
    from html.entities import html5

    return html5


def _meant(match: re.Match[str]) -> str:
    kind, written = match.lastgroup, match[match.lastgroup or 0]
    if kind == "itself":
        return written
    if kind == "shell":
        return "'"
    if kind == "name":
        return _html_names()[f"{written};"]
    code = int(written, 10 if kind == "decimal" else 16)
    return chr(code) if code < 128 else ""
