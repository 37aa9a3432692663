"""The part of a body worth showing: all of a short one; of a long one, what surrounds the value that is wrong."""

import re
from dataclasses import dataclass

from contract_tests.reports.text import NOTE, WHOLE, laid_out, visible

Span = tuple[int, int]
"""The first character of a part of a text, and the one after its last."""

_SPACE = re.compile(r"\s+")
_BETWEEN = re.compile(r",? |,")
"""Where a line may be cut or broken: between words, and between the members of JSON that is written without spaces."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Part of a text: what is wrong in it (empty where that is no part), and what is shown before and after.

    `note` says how much is left out and where it is; it is empty where nothing is left out.
    """

    before: str
    marked: str
    after: str
    note: str = ""

    @property
    def text(self) -> str:
        return self.before + self.marked + self.after

    @property
    def span(self) -> Span:
        """Where the marked part is in the text that is shown."""
        return len(self.before), len(self.before) + len(self.marked)


def in_a_line(text: str, marked: Span | None, limit: int) -> Excerpt:
    """A text on one line, white space collapsed; of one beyond the limit the beginning, or what surrounds the marked part."""
    before, part, after = (_flat(piece) for piece in _parts(text, marked))
    shown = _around(before.lstrip(), part, after.rstrip(), limit)
    left_out = len(before.lstrip() + part + after.rstrip()) - len("".join(shown))
    return Excerpt(*shown, f"({left_out:,} characters left out; {_whole(text)})" if left_out > 0 else "")


def in_lines(text: str, marked: Span | None, most: int, limit: int) -> Excerpt:
    """A text in lines, JSON with a member a line: at most so many lines and characters, those around the marked part."""
    laid, marked = laid_out(text, marked)
    before, part, after = _parts(laid, marked)
    lines = laid.count("\n") + 1
    shown_part = _first_lines(part, max(1, most // 2))
    room = most - shown_part.count("\n") - 1
    lead = min(before.count("\n"), max(room // 2, room - after.count("\n")))
    shown_before = "\n".join(before.split("\n")[-lead - 1 :])
    shown_after = _first_lines(after, room - lead + 1) if shown_part == part else ""
    shown = _around(shown_before, shown_part, shown_after, limit)
    left_out = lines - "".join(shown).count("\n") - 1
    if left_out:
        return Excerpt(*shown, f"({left_out:,} of {lines:,} lines left out; {_whole(text)})")
    cut = len(laid) - len("".join(shown))
    return Excerpt(*shown, f"({cut:,} characters left out; {_whole(text)})" if cut > 0 else "")


def broken(line: str, width: int) -> list[str]:
    """A line in lines of a width, none of its characters lost; broken between words and members, where they are not too long."""
    lines, place = list[str](), 0
    while len(line) - place > width:
        fits = [between.end() for between in _BETWEEN.finditer(line, place, place + width)]
        end = fits[-1] if fits and fits[-1] > place else place + width
        lines.append(line[place:end])
        place = end
    return [*lines, line[place:]]


def _parts(text: str, marked: Span | None) -> tuple[str, str, str]:
    start, end = marked or (0, 0)
    return text[:start], text[start:end], text[end:]


def _around(before: str, part: str, after: str, limit: int) -> tuple[str, str, str]:
    """As much of three texts that follow each other as the limit allows, the middle first; cut between words."""
    if len(before) + len(part) + len(after) <= limit:
        return before, part, after
    shown = _beginning(part, limit // 2)
    room = limit - len(shown)
    lead = min(len(before), max(room // 2, room - len(after)))
    return _end(before, lead), shown, _beginning(after, room - lead) if shown == part else ""


def _flat(text: str) -> str:
    return _SPACE.sub(" ", visible(text))


def _beginning(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    place = max((between.end() for between in _BETWEEN.finditer(text, limit * 3 // 4, max(limit, 0))), default=limit)
    return f"{text[:place]}…" if limit > 0 else ""


def _end(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    between = _BETWEEN.search(text, len(text) - limit, len(text) - limit * 3 // 4)
    return f"…{text[between.end() if between else len(text) - limit :]}"


def _first_lines(text: str, most: int) -> str:
    return "\n".join(text.split("\n")[:most])


def _whole(text: str) -> str:
    return "as far as it was kept, it is in report.json" if NOTE.search(text) else WHOLE
