"""Servers that change the values of metadata on the way through some other notation."""

import datetime as dt
import itertools
import re
from contextlib import suppress
from typing import Any

from broken_servers.create_metadata import deep, metadata, scalars
from broken_servers.registry import Difficulty, defect
from broken_servers.seams import in_chunks, text_of
from mockserver.server import WsgiApp

EASY, MEDIUM, RARE = Difficulty
KEPT = "create.metadata-kept"


@defect("metadata-without-empty-texts", KEPT, difficulty=RARE)
def _() -> WsgiApp:
    """Members of metadata that are empty texts are dropped."""
    return metadata(lambda given: {name: value for name, value in given.items() if value != ""})


@defect("metadata-empty-texts-are-null", KEPT, difficulty=RARE)
def _() -> WsgiApp:
    """Empty texts in metadata come back as null, as one data base has it."""
    return metadata(lambda given: scalars(given, lambda item: None if item == "" else item))


@defect("metadata-lists-flattened", KEPT, difficulty=RARE)
def _() -> WsgiApp:
    """Lists within lists in metadata come back as one list."""

    def flat(value: Any) -> Any:
        if isinstance(value, list):
            items = [flat(item) for item in value]
            return [*itertools.chain.from_iterable(item if isinstance(item, list) else [item] for item in items)]
        return {name: flat(item) for name, item in value.items()} if isinstance(value, dict) else value

    return metadata(flat)


@defect("metadata-lists-of-one-unwrapped", KEPT, difficulty=RARE)
def _() -> WsgiApp:
    """A list of one in metadata comes back as what it holds, as from XML."""

    def unwrapped(value: Any) -> Any:
        if isinstance(value, list):
            return unwrapped(value[0]) if len(value) == 1 else [unwrapped(item) for item in value]
        return {name: unwrapped(item) for name, item in value.items()} if isinstance(value, dict) else value

    return metadata(lambda given: {name: unwrapped(value) for name, value in given.items()})


@defect("metadata-lists-in-order", KEPT, difficulty=RARE)
def _() -> WsgiApp:
    """Lists of texts or of numbers in metadata come back sorted."""

    def ordered(value: Any) -> Any:
        if isinstance(value, list):
            with suppress(TypeError):
                return sorted(value)
        return {name: ordered(item) for name, item in value.items()} if isinstance(value, dict) else value

    return metadata(ordered)


@defect("metadata-lists-of-100", KEPT, difficulty=RARE)
def _() -> WsgiApp:
    """A list in metadata keeps its first hundred items."""

    def short(value: Any) -> Any:
        if isinstance(value, list):
            return [short(item) for item in value[:100]]
        return {name: short(item) for name, item in value.items()} if isinstance(value, dict) else value

    return metadata(short)


@defect("metadata-fifteen-digits", KEPT, difficulty=RARE)
def _() -> WsgiApp:
    """Numbers in metadata are kept with fifteen significant digits, as in a spreadsheet."""

    def rounded(item: Any) -> Any:
        if isinstance(item, bool) or not isinstance(item, int | float):
            return item
        return type(item)(float(f"{item:.15g}"))

    return metadata(lambda given: scalars(given, rounded))


@defect("metadata-numbers-of-single-range", KEPT, difficulty=RARE)
def _() -> WsgiApp:
    """Numbers in metadata beyond the range of single precision come back as null."""

    def ranged(item: Any) -> Any:
        return None if isinstance(item, float) and abs(item) > 3.4e38 else item

    return metadata(lambda given: scalars(given, ranged))


@defect("metadata-tiny-numbers-are-zero", KEPT, difficulty=RARE)
def _() -> WsgiApp:
    """Numbers in metadata that are very close to zero come back as zero."""
    return metadata(lambda given: scalars(given, lambda item: 0 if isinstance(item, float) and abs(item) < 1e-40 else item))


@defect("metadata-large-numbers-are-texts", KEPT, difficulty=RARE)
def _() -> WsgiApp:
    """Integers in metadata beyond 32 bits come back as texts, for the sake of a language that would round larger ones."""

    def text(item: Any) -> Any:
        return str(item) if isinstance(item, int) and abs(item) >= 2**31 else item

    return metadata(lambda given: scalars(given, text))


@defect("metadata-fractions-of-decimals", KEPT, difficulty=RARE)
def _() -> WsgiApp:
    """Fractions in metadata come back as texts: their type is decimal."""
    return metadata(lambda given: scalars(given, lambda item: str(item) if isinstance(item, float) else item))


@defect("metadata-minus-lost", KEPT, difficulty=RARE)
def _() -> WsgiApp:
    """Integers in metadata are unsigned: negative ones come back as 0."""

    def unsigned(item: Any) -> Any:
        return max(item, 0) if isinstance(item, int) and not isinstance(item, bool) else item

    return metadata(lambda given: scalars(given, unsigned))


@defect("metadata-words-are-booleans", KEPT, difficulty=RARE)
def _() -> WsgiApp:
    """The texts true and false in metadata come back as booleans."""
    words = {"true": True, "false": False}
    return metadata(lambda given: scalars(given, lambda item: words.get(item, item) if isinstance(item, str) else item))


@defect("metadata-null-words-are-null", KEPT, difficulty=RARE)
def _() -> WsgiApp:
    """The text null in metadata comes back as null."""
    return metadata(lambda given: scalars(given, lambda item: None if item == "null" else item))


@defect("metadata-times-rewritten", KEPT, difficulty=RARE)
def _() -> WsgiApp:
    """A text in metadata that is a time comes back with another offset, as one library reads and writes times unasked."""

    def rewritten(text: str) -> str:
        return re.sub(r"(\d\d:\d\d:\d\d)Z$", r"\1+00:00", text) if re.match(r"\d{4}-\d\d-\d\dT", text) else text

    return metadata(lambda given: text_of(given, rewritten))


@defect("metadata-days-become-times", KEPT, difficulty=RARE)
def _() -> WsgiApp:
    """A text in metadata that is a day comes back as its midnight."""

    def midnight(text: str) -> str:
        with suppress(ValueError):
            return f"{dt.date.fromisoformat(text).isoformat()}T00:00:00" if len(text) == 10 else text
        return text

    return metadata(lambda given: text_of(given, midnight))


@defect("metadata-line-ends", KEPT, difficulty=RARE)
def _() -> WsgiApp:
    """CR LF in metadata becomes LF."""
    return metadata(lambda given: text_of(given, lambda text: text.replace("\r\n", "\n")))


@defect("metadata-escaped", KEPT, difficulty=MEDIUM)
def _() -> WsgiApp:
    """Angle brackets in metadata are escaped for HTML; a subject is not."""
    return metadata(lambda given: text_of(given, lambda text: text.replace("<", "&lt;").replace(">", "&gt;")))


@defect("metadata-astral-replaced", KEPT, difficulty=RARE)
def _() -> WsgiApp:
    """Characters of four bytes in the values of metadata become question marks; in a subject they stay."""
    return metadata(lambda given: text_of(given, lambda text: re.sub("[\U00010000-\U0010ffff]", "?", text)))


@defect("metadata-garbled-in-chunks", KEPT, "create.whole-or-refused", difficulty=RARE)
def _() -> WsgiApp:
    """Long texts in metadata are decoded 1,024 bytes at a time, and a character that lies across is garbled."""
    return metadata(lambda given: text_of(given, lambda text: in_chunks(text, 1024)))


@defect("metadata-inner-one-is-merged", KEPT, difficulty=RARE)
def _() -> WsgiApp:
    """A member of metadata that is an object is merged into metadata itself where it is the only one."""

    def merged(given: dict[str, Any]) -> dict[str, Any]:
        only = next(iter(given.values())) if len(given) == 1 else None
        return only if isinstance(only, dict) else given

    return metadata(merged)


@defect("metadata-nulls-are-empty-texts", KEPT, difficulty=RARE)
def _() -> WsgiApp:
    """Nulls in lists within metadata come back as empty texts."""

    def emptied(value: Any) -> Any:
        if isinstance(value, list):
            return ["" if item is None else emptied(item) for item in value]
        return {name: emptied(item) for name, item in value.items()} if isinstance(value, dict) else value

    return metadata(emptied)


@defect("metadata-eight-levels", KEPT, difficulty=RARE)
def _() -> WsgiApp:
    """Objects deeper than eight levels within metadata come back empty."""

    def cut(value: Any, levels: int) -> Any:
        if isinstance(value, dict):
            return {name: cut(item, levels - 1) for name, item in value.items()} if levels else {}
        return [cut(item, levels) for item in value] if isinstance(value, list) else value

    return metadata(lambda given: cut(given, 8))


@defect("metadata-objects-in-lists-lost", KEPT, difficulty=RARE)
def _() -> WsgiApp:
    """Objects in lists within metadata come back without members."""

    def bare(value: Any) -> Any:
        if isinstance(value, list):
            return [{} if isinstance(item, dict) else bare(item) for item in value]
        return {name: bare(item) for name, item in value.items()} if isinstance(value, dict) else value

    return metadata(bare)


@defect("metadata-hollow-objects-are-null", KEPT, difficulty=RARE)
def _() -> WsgiApp:
    """An object within metadata whose members are all null comes back as null."""

    def hollow(value: dict[str, Any]) -> Any:
        return None if value and all(item is None for item in value.values()) else value

    return metadata(lambda given: {name: deep(value, hollow) for name, value in given.items()})
