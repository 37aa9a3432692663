"""Servers that change the values of metadata on the way through some other notation."""

import datetime as dt
import itertools
import json
import re
from contextlib import suppress
from typing import Any

from mockserver.serving.server import WsgiApp
from tests.defects.create.metadata import deep, metadata, scalars
from tests.defects.kit.creating import handled
from tests.defects.kit.parts import Event, in_chunks, text_of, with_body
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty
KEPT = "create.metadata-kept"


@defect(KEPT, difficulty=RARE)
def metadata_without_empty_texts() -> WsgiApp:
    """Members of metadata that are empty texts are dropped."""
    return metadata(lambda given: {name: value for name, value in given.items() if value != ""})


@defect(KEPT, difficulty=RARE)
def metadata_empty_texts_are_null() -> WsgiApp:
    """Empty texts in metadata come back as null, as one data base has it."""
    return metadata(lambda given: scalars(given, lambda item: None if item == "" else item))


@defect(KEPT, difficulty=RARE)
def metadata_lists_flattened() -> WsgiApp:
    """Lists within lists in metadata come back as one list."""

    def flat(value: Any) -> Any:
        if isinstance(value, list):
            items = [flat(item) for item in value]
            return [*itertools.chain.from_iterable(item if isinstance(item, list) else [item] for item in items)]
        return {name: flat(item) for name, item in value.items()} if isinstance(value, dict) else value

    return metadata(flat)


@defect(KEPT, difficulty=RARE)
def metadata_lists_of_one_unwrapped() -> WsgiApp:
    """A list of one in metadata comes back as what it holds, as from XML."""

    def unwrapped(value: Any) -> Any:
        if isinstance(value, list):
            return unwrapped(value[0]) if len(value) == 1 else [unwrapped(item) for item in value]
        return {name: unwrapped(item) for name, item in value.items()} if isinstance(value, dict) else value

    return metadata(lambda given: {name: unwrapped(value) for name, value in given.items()})


@defect(KEPT, difficulty=RARE)
def metadata_lists_in_order() -> WsgiApp:
    """Lists of texts or of numbers in metadata come back sorted."""

    def ordered(value: Any) -> Any:
        if isinstance(value, list):
            with suppress(TypeError):
                return sorted(value)
        return {name: ordered(item) for name, item in value.items()} if isinstance(value, dict) else value

    return metadata(ordered)


@defect(KEPT, difficulty=RARE)
def metadata_lists_of_100() -> WsgiApp:
    """A list in metadata keeps its first hundred items."""

    def short(value: Any) -> Any:
        if isinstance(value, list):
            return [short(item) for item in value[:100]]
        return {name: short(item) for name, item in value.items()} if isinstance(value, dict) else value

    return metadata(short)


@defect(KEPT, difficulty=RARE)
def metadata_fifteen_digits() -> WsgiApp:
    """Numbers in metadata are kept with fifteen significant digits, as in a spreadsheet."""

    def rounded(item: Any) -> Any:
        if isinstance(item, bool) or not isinstance(item, int | float):
            return item
        return type(item)(float(f"{item:.15g}"))

    return metadata(lambda given: scalars(given, rounded))


@defect(KEPT, difficulty=RARE)
def metadata_numbers_of_single_range() -> WsgiApp:
    """Numbers in metadata beyond the range of single precision come back as null."""

    def ranged(item: Any) -> Any:
        return None if isinstance(item, float) and abs(item) > 3.4e38 else item

    return metadata(lambda given: scalars(given, ranged))


@defect(KEPT, difficulty=RARE)
def metadata_tiny_numbers_are_zero() -> WsgiApp:
    """Numbers in metadata that are very close to zero come back as zero."""
    return metadata(lambda given: scalars(given, lambda item: 0 if isinstance(item, float) and abs(item) < 1e-40 else item))


@defect(KEPT, difficulty=RARE)
def metadata_large_numbers_are_texts() -> WsgiApp:
    """Integers in metadata beyond 32 bits come back as texts, for the sake of a language that would round larger ones."""

    def text(item: Any) -> Any:
        return str(item) if isinstance(item, int) and abs(item) >= 2**31 else item

    return metadata(lambda given: scalars(given, text))


@defect(KEPT, difficulty=RARE)
def metadata_fractions_of_decimals() -> WsgiApp:
    """Fractions in metadata come back as texts: their type is decimal."""
    return metadata(lambda given: scalars(given, lambda item: str(item) if isinstance(item, float) else item))


@defect(KEPT, difficulty=RARE)
def metadata_minus_lost() -> WsgiApp:
    """Integers in metadata are unsigned: negative ones come back as 0."""

    def unsigned(item: Any) -> Any:
        return max(item, 0) if isinstance(item, int) and not isinstance(item, bool) else item

    return metadata(lambda given: scalars(given, unsigned))


@defect(KEPT, difficulty=RARE)
def metadata_words_are_booleans() -> WsgiApp:
    """The texts true and false in metadata come back as booleans."""
    words = {"true": True, "false": False}
    return metadata(lambda given: scalars(given, lambda item: words.get(item, item) if isinstance(item, str) else item))


@defect(KEPT, difficulty=RARE)
def metadata_null_words_are_null() -> WsgiApp:
    """The text null in metadata comes back as null."""
    return metadata(lambda given: scalars(given, lambda item: None if item == "null" else item))


@defect(KEPT, difficulty=RARE)
def metadata_times_rewritten() -> WsgiApp:
    """A text in metadata that is a time comes back with another offset, as one library reads and writes times unasked."""

    def rewritten(text: str) -> str:
        return re.sub(r"(\d\d:\d\d:\d\d)Z$", r"\1+00:00", text) if re.match(r"\d{4}-\d\d-\d\dT", text) else text

    return metadata(lambda given: text_of(given, rewritten))


@defect(KEPT, difficulty=RARE)
def metadata_days_become_times() -> WsgiApp:
    """A text in metadata that is a day comes back as its midnight."""

    def midnight(text: str) -> str:
        with suppress(ValueError):
            return f"{dt.date.fromisoformat(text).isoformat()}T00:00:00" if len(text) == 10 else text
        return text

    return metadata(lambda given: text_of(given, midnight))


@defect(KEPT, difficulty=RARE)
def metadata_line_ends() -> WsgiApp:
    """CR LF in metadata becomes LF."""
    return metadata(lambda given: text_of(given, lambda text: text.replace("\r\n", "\n")))


@defect(KEPT, difficulty=MEDIUM)
def metadata_escaped() -> WsgiApp:
    """Angle brackets in metadata are escaped for HTML; a subject is not."""
    return metadata(lambda given: text_of(given, lambda text: text.replace("<", "&lt;").replace(">", "&gt;")))


@defect(KEPT, difficulty=RARE)
def metadata_astral_replaced() -> WsgiApp:
    """Characters of four bytes in the values of metadata become question marks; in a subject they stay."""
    return metadata(lambda given: text_of(given, lambda text: re.sub("[\U00010000-\U0010ffff]", "?", text)))


@defect(KEPT, "create.whole-or-refused", difficulty=RARE)
def metadata_garbled_in_chunks() -> WsgiApp:
    """Long texts in metadata are decoded 1,024 bytes at a time, and a character that lies across is garbled."""
    return metadata(lambda given: text_of(given, lambda text: in_chunks(text, 1024)))


@defect(KEPT, difficulty=RARE)
def metadata_inner_one_is_merged() -> WsgiApp:
    """A member of metadata that is an object is merged into metadata itself where it is the only one."""

    def merged(given: dict[str, Any]) -> dict[str, Any]:
        only = next(iter(given.values())) if len(given) == 1 else None
        return only if isinstance(only, dict) else given

    return metadata(merged)


@defect(KEPT, difficulty=RARE)
def metadata_nulls_are_empty_texts() -> WsgiApp:
    """Nulls in lists within metadata come back as empty texts."""

    def emptied(value: Any) -> Any:
        if isinstance(value, list):
            return ["" if item is None else emptied(item) for item in value]
        return {name: emptied(item) for name, item in value.items()} if isinstance(value, dict) else value

    return metadata(emptied)


@defect(KEPT, difficulty=RARE)
def metadata_eight_levels() -> WsgiApp:
    """Objects deeper than eight levels within metadata come back empty."""

    def cut(value: Any, levels: int) -> Any:
        if isinstance(value, dict):
            return {name: cut(item, levels - 1) for name, item in value.items()} if levels else {}
        return [cut(item, levels) for item in value] if isinstance(value, list) else value

    return metadata(lambda given: cut(given, 8))


@defect(KEPT, difficulty=RARE)
def metadata_objects_in_lists_lost() -> WsgiApp:
    """Objects in lists within metadata come back without members."""

    def bare(value: Any) -> Any:
        if isinstance(value, list):
            return [{} if isinstance(item, dict) else bare(item) for item in value]
        return {name: bare(item) for name, item in value.items()} if isinstance(value, dict) else value

    return metadata(bare)


@defect(KEPT, difficulty=RARE)
def metadata_hollow_objects_are_null() -> WsgiApp:
    """An object within metadata whose members are all null comes back as null."""

    def hollow(value: dict[str, Any]) -> Any:
        return None if value and all(item is None for item in value.values()) else value

    return metadata(lambda given: {name: deep(value, hollow) for name, value in given.items()})


@defect(KEPT, difficulty=RARE)
def metadata_fractions_of_large_numbers_lost() -> WsgiApp:
    """Numbers with a fraction beyond 32 bits come back as whole ones."""

    def whole(value: Any) -> Any:
        return int(value) if isinstance(value, float) and 2**31 < abs(value) < 2**53 else value

    return metadata(lambda given: scalars(given, whole))


@defect(KEPT, difficulty=RARE)
def metadata_ids_of_rows_lost() -> WsgiApp:
    """Objects in a list within metadata are taken for rows, and lose their id."""

    def bare(value: Any) -> Any:
        if isinstance(value, list):
            return [{name: item for name, item in one.items() if name != "id"} if isinstance(one, dict) else one for one in value]
        return value

    return metadata(lambda given: {name: bare(value) for name, value in given.items()})


@defect(KEPT, difficulty=RARE)
def metadata_equal_objects_once() -> WsgiApp:
    """Of equal objects in a list within metadata one comes back."""

    def once(value: Any) -> Any:
        if not isinstance(value, list):
            return value
        return [one for at, one in enumerate(value) if not isinstance(one, dict) or one not in value[:at]]

    return metadata(lambda given: {name: once(value) for name, value in given.items()})


@defect(KEPT, difficulty=RARE)
def metadata_texts_of_one_member_are_read() -> WsgiApp:
    """Texts within metadata that are JSON objects of one number come back as objects."""
    return metadata(
        lambda given: scalars(
            given, lambda value: json.loads(value) if isinstance(value, str) and re.fullmatch(r'\{"\w+": ?\d+\}', value) else value
        )
    )


@defect(KEPT, difficulty=RARE)
def metadata_phones_of_callbacks_are_dialled() -> WsgiApp:
    """Of the channel callback, the phone in metadata loses its spaces and dashes, so that it can be dialled."""

    def change(event: Event) -> Event | None:
        given = event.body.get("metadata", {})
        if event.body.get("channel") != "callback" or not isinstance(given.get("phone"), str):
            return None
        return with_body(event, metadata={**given, "phone": re.sub("[ -]", "", given["phone"])})

    return handled(change)
