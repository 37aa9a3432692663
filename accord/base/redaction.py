"""Keys are never shown whole: the one place that finds them in a text, however they are spelled, and shortens them.

A `Redactor` knows some keys. It finds each of them, parts of them with twelve or more characters, and any text that begins like a
documented key (unless the rest is one repeated character). It finds them in upper or lower case, percent-encoded, in Base64 within
a longer text, escaped for JSON, HTML, Markdown or a shell, and in mixtures of these. Code that writes something for other people
passes it through a `Redactor` before it escapes or cuts it.

Ordinary text stays: a key with fewer than `SHORTEST` characters is not searched for, and is refused where that is possible.
"""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from accord.base.spelling import Unescaped

PREFIXES = ("bnc_sv_", "bnc_cl_")
"""How documented keys begin (authentication page)."""

SHORTEST = 8
"""Characters that a key must have to be told from ordinary text."""

LONG_ENOUGH = 16
"""Shortest length of a key whose last four characters are shown."""

_PART = 12
"""Shortest length of a part of a key that is hidden even without the rest of the key."""

_GRAM = 6
_STRIDE = _PART - _GRAM + 1
"""Looking at six characters at every seventh position finds every part of twelve characters."""

_LEAST_AT_AN_END = 6
"""Fewest characters of a key's beginning that are hidden if the text was cut after them."""

_FAR_ENOUGH = 500

_SEPARATORS = str.maketrans("-+/", "___")
_CAPITALS = re.compile("[A-Z]+")
_ELLIPSIS = re.compile("…")
_TAIL = re.compile(r"[\w+…-]+")
_BASE64_TAIL = re.compile(r"[A-Za-z0-9+/_-]*={0,2}")
_ORDINARY = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+/=")
_CHANGES_OF_CASE = 4
_WITHIN_WORDS = frozenset("-_./: ")


def shown(key: str) -> str:
    """Return a key as it may be shown: its documented prefix and, if it is long enough, its last four characters."""
    return f"{prefix_of(key)}…{key[-4:] if len(key) >= LONG_ENOUGH else ''}"


def looks_random(text: str) -> bool:
    """Return whether a text is no word of an ordinary text: it has digits, or signs, or its case changes again and again."""
    if any(one.isalpha() for one in text) and not all(one.isalpha() or one in _WITHIN_WORDS for one in text):
        return True
    letters = [one.isupper() for one in text if one.isalpha()]
    return sum(one != other for one, other in pairwise(letters)) >= _CHANGES_OF_CASE


def prefix_of(key: str) -> str:
    """Return `bnc_sv_` or `bnc_cl_` (authentication page); nothing for a key of another shape."""
    return next((prefix for prefix in PREFIXES if key.startswith(prefix)), "")


@dataclass(frozen=True, slots=True)
class _Needle:
    """What is looked for, folded; what is shown in its place; and whether parts of it are hidden as well."""

    folded: str
    shown: str
    original: str = ""

    def telling(self, begin: int, end: int) -> bool:
        """Whether a part of it is random enough to be no word of an ordinary text."""
        return looks_random(self.original[begin:end])


@dataclass(frozen=True, slots=True)
class _Span:
    """A place in a text, and what is shown there instead."""

    begin: int
    end: int
    shown: str

    @property
    def length(self) -> int:
        return self.end - self.begin


class Redactor:
    """Finds `keys` in texts, and hides them. Safe to use from several threads.

    `altered` are texts made from keys that reveal most of a key: they are found only as a whole, and none of their tail is shown.
    """

    def __init__(self, keys: Iterable[str] = (), altered: Iterable[str] = ()) -> None:
        self.keys = frozenset(key for key in keys if len(key) >= SHORTEST)
        enough = (text for text in altered if len(text) >= (SHORTEST if looks_random(text) else _PART))
        self.altered = frozenset(enough) - self.keys
        self._characters = _ORDINARY.union(*self.keys, *self.altered)
        needles = {needle.folded: needle for needle in self._made()}
        # The longest first: one key may begin with another.
        ordered = sorted(needles.values(), key=lambda needle: -len(needle.folded))
        self._sought = [needle for needle in ordered if not _has_grams(needle.folded)]
        self._beginnings = [
            (folded(text), len(prefix_of(text)) or _LEAST_AT_AN_END - 1) for key in self.keys for text in (key, *_in_base64(key))
        ]
        self._grams: dict[str, list[tuple[_Needle, int]]] = {}
        for needle in ordered:
            if _has_grams(needle.folded):
                for at, gram in enumerate(_grams(needle.folded)):
                    self._grams.setdefault(gram, []).append((needle, at))

    def also(self, keys: Iterable[str] = (), altered: Iterable[str] = ()) -> "Redactor":
        """Return one that knows these as well, or this one where it knows them all."""
        keys, altered = frozenset(keys), frozenset(altered)
        return self if keys <= self.keys and altered <= self.altered else Redactor(self.keys | keys, self.altered | altered)

    def redact(self, text: str, *, cut: bool = False) -> str:
        """Return the text without any whole key, and without the beginning of one where something was cut.

        Something was cut where there is an ellipsis (…), and at the end of the text if `cut` says so.
        """
        spans = self._found(text)
        unescaped = Unescaped(text, self._characters)
        if unescaped.text is not text:
            place = unescaped.place
            spans += [_Span(place(one.begin), place(one.end), one.shown) for one in self._found(unescaped.text)]
        ends = [match.start() for match in _ELLIPSIS.finditer(unescaped.text)] if self.keys else []
        for end in [*ends, len(unescaped.text)] if cut else ends:
            before = unescaped.text[max(0, end - _FAR_ENOUGH) : end]
            if length := self._begun_at_the_end_of(before):
                spans.append(_Span(unescaped.place(end - length), unescaped.place(end), "" if end in ends else "…"))
        return _replaced(text, spans) if spans else text

    def _made(self) -> Iterable[_Needle]:
        for text in self.altered:
            for spelling in self._plain(text):
                yield _Needle(folded(spelling), f"{prefix_of(text)}…")
        for key in self.keys:
            for spelling in _in_base64(key):
                yield _Needle(folded(spelling), "…", spelling)
        for key in self.keys:
            for spelling in self._plain(key):
                yield _Needle(folded(spelling), shown(key), spelling)

    def _plain(self, key: str) -> set[str]:
        """Return the key and, if parts of it look like escapes, also the key with these parts decoded."""
        return {key, Unescaped(key, self._characters).text} if len(Unescaped(key, self._characters).text) >= SHORTEST else {key}

    def _found(self, text: str) -> list[_Span]:
        low = folded(text)
        spans = list(_of_documented_form(text, low))
        for needle in self._sought:
            at = low.find(needle.folded)
            while at >= 0:
                spans.append(_Span(at, at + len(needle.folded), needle.shown))
                at = low.find(needle.folded, at + len(needle.folded))
        grams = self._grams
        if grams:
            hits = [at for at in range(0, len(low) - _GRAM + 1, _STRIDE) if low[at : at + _GRAM] in grams]
            spans += self._around(low, hits)
        return spans

    def _around(self, low: str, hits: list[int]) -> Iterable[_Span]:
        """What stands around the places that look like a part of a key."""
        behind = 0
        for at in hits:
            if at + _GRAM <= behind:
                continue
            candidates = self._grams[low[at : at + _GRAM]]
            span = _whole(low, at, candidates) or _part(low, at, candidates)
            if span is not None:
                behind = span.end
                yield span

    def _begun_at_the_end_of(self, text: str) -> int:
        """How many characters at the end of a text are the beginning of a key."""
        low, longest = folded(text), 0
        for beginning, least in self._beginnings:
            lengths = range(min(len(beginning) - 1, len(low)), max(least, longest), -1)
            longest = next((length for length in lengths if low.endswith(beginning[:length])), longest)
        return longest


def folded(text: str) -> str:
    """Return the text of the same length in which case and separators do not matter: ASCII in lower case, `-`, `+`, `/` as `_`."""
    if text.isascii():
        return text.lower().translate(_SEPARATORS)
    low = text.lower()
    if len(low) != len(text):
        # A few letters are longer in lower case, and what is found is to be found in the text as well.
        low = _CAPITALS.sub(lambda match: match[0].lower(), text)
    return low.replace("-", "_").replace("+", "_").replace("/", "_")


def _grams(text: str) -> list[str]:
    return [text[at : at + _GRAM] for at in range(len(text) - _GRAM + 1)]


def _has_grams(text: str) -> bool:
    """Return whether each six-character part of a text occurs only once in it. Those of `aaaaaaaaaaaaaaaa` do not."""
    return len(text) >= _PART and len(set(_grams(text))) == len(text) - _GRAM + 1


def _in_base64(text: str) -> list[str]:
    """Return the Base64 of a text at each possible offset in a longer one, without the characters that depend on its neighbours."""
    data = text.encode("utf-8", "surrogatepass")
    found = []
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + data).decode().rstrip("=")
        first, last = (before * 8 + 5) // 6, (before + len(data)) * 8 // 6
        found.append(whole[first:last])
    return found


_BEGINNINGS = tuple(folded(one) for prefix in PREFIXES for one in _in_base64(prefix))
_FOLDED_PREFIXES = {folded(prefix): prefix for prefix in PREFIXES}


def _of_documented_form(text: str, low: str) -> Iterable[_Span]:
    """Whatever begins like a documented key, or like one in Base64."""
    for prefix, written in _FOLDED_PREFIXES.items():
        at = low.find(prefix)
        while at >= 0:
            tail = _TAIL.match(text, at + len(prefix))
            if tail is not None and not _made_up(tail[0]):
                # What is cut already, by redaction or for its length, may still show too much of a key.
                _, cut, last = tail[0].rpartition("…")
                last = last[-4:] if cut or tail.end() - at >= LONG_ENOUGH else ""
                yield _Span(at, tail.end(), f"{text[at : at + len(written)]}…{last}")
            at = low.find(prefix, tail.end() if tail is not None else at + 1)
    for beginning in _BEGINNINGS:
        at = low.find(beginning)
        while at >= 0:
            tail = _BASE64_TAIL.match(text, at + len(beginning))
            end = tail.end() if tail is not None else at + len(beginning)
            yield _Span(at, end, "…")
            at = low.find(beginning, end)


def _made_up(tail: str) -> bool:
    """Return whether it is one repeated character: nobody issues such a key, and readers must be able to repeat such requests."""
    return len(tail) >= SHORTEST and len(set(tail)) == 1


def _whole(low: str, at: int, candidates: list[tuple[_Needle, int]]) -> _Span | None:
    for needle, offset in candidates:
        if at >= offset and low.startswith(needle.folded, at - offset):
            return _Span(at - offset, at - offset + len(needle.folded), needle.shown)
    return None


def _part(low: str, at: int, candidates: list[tuple[_Needle, int]]) -> _Span | None:
    """The longest part of a key that stands around a place."""
    longest: _Span | None = None
    for needle, offset in candidates:
        if not needle.original:
            continue
        back = 0
        while back < min(offset, at) and low[at - back - 1] == needle.folded[offset - back - 1]:
            back += 1
        forth = _GRAM
        while offset + forth < len(needle.folded) and low[at + forth : at + forth + 1] == needle.folded[offset + forth]:
            forth += 1
        span = _Span(at - back, at + forth, f"{prefix_of(low[at - back : at + forth])}…")
        most = longest.length if longest is not None else _PART - 1
        if span.length > most and needle.telling(offset - back, offset + forth):
            longest = span
    return longest


def _replaced(text: str, spans: list[_Span]) -> str:
    """The text with each span replaced. Of those that overlap, the longest says what is shown for all of them."""
    pieces, copied = [], 0
    for begin, end, instead in _merged(spans):
        pieces += [text[copied:begin], instead]
        copied = end
    return "".join([*pieces, text[copied:]])


def _merged(spans: list[_Span]) -> Iterable[tuple[int, int, str]]:
    ordered = sorted(spans, key=lambda span: (span.begin, -span.end))
    begin, end, longest = ordered[0].begin, ordered[0].end, ordered[0]
    for span in ordered[1:]:
        if span.begin < end:
            end = max(end, span.end)
            # If two spans are equally long, the one found by a known key counts, not the one found by its form.
            longest = span if span.length >= longest.length else longest
        else:
            yield begin, end, longest.shown
            begin, end, longest = span.begin, span.end, span
    yield begin, end, longest.shown


_process = Redactor()


def hide(keys: Iterable[str], altered: Iterable[str] = ()) -> None:
    """Register keys that `redact` hides from now on in everything that this process writes."""
    global _process
    _process = _process.also(keys, altered)


def known() -> Redactor:
    """Return what knows the keys that this process knows."""
    return _process


def redact(text: str, *, cut: bool = False) -> str:
    """Return the text without any key that this process knows, and without whatever begins like a documented one."""
    return _process.redact(text, cut=cut)
