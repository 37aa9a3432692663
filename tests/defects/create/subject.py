"""Servers that change a subject on its way in or out."""

import html
import re
import unicodedata
from collections.abc import Callable
from typing import Any

from mockserver.serving.server import WsgiApp
from tests.defects.kit.creating import storing
from tests.defects.kit.parts import CREATE, GET, LIST, Event, answering, broken, decoding, handling, text_of, with_body
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


def showing(member: str, change: Callable[[str], str], *operations: str) -> WsgiApp:
    """A server that changes one member of a conversation when it shows it."""

    def answered(value: Any, event: Event) -> Any:
        for shown in value["results"] if event.operation == LIST else [value]:
            shown[member] = text_of(shown[member], change)
        return value

    return broken(pipeline=answering(answered, *operations))


@defect("create.text-exact", difficulty=RARE)
def text_subject_nfc() -> WsgiApp:
    """A subject is normalised: e and a combining accent become é."""
    return storing("subject", lambda text: unicodedata.normalize("NFC", text))


@defect("create.text-exact", difficulty=MEDIUM)
def text_subject_nfkc() -> WsgiApp:
    """A subject is normalised for search: ﬁ becomes fi, ½ three characters."""
    return storing("subject", lambda text: unicodedata.normalize("NFKC", text))


@defect("create.text-exact", difficulty=EASY)
def text_subject_escaped() -> WsgiApp:
    """A subject is stored escaped for HTML."""
    return storing("subject", html.escape)


@defect("create.text-exact", difficulty=RARE)
def text_subject_unescaped() -> WsgiApp:
    """Entities in a subject are resolved: &amp; becomes &."""
    return storing("subject", html.unescape)


@defect("create.text-exact", difficulty=MEDIUM)
def text_subject_without_tags() -> WsgiApp:
    """What looks like a tag is taken out of a subject."""
    return storing("subject", lambda text: re.sub(r"<[^>]*>", "", text))


@defect("create.text-exact", difficulty=MEDIUM)
def text_subject_single_spaces() -> WsgiApp:
    """Several spaces within a subject become one."""
    return storing("subject", lambda text: re.sub(" {2,}", " ", text))


@defect("create.text-exact", difficulty=RARE)
def text_subject_plain_spaces() -> WsgiApp:
    """A no-break space within a subject becomes a space."""
    return storing("subject", lambda text: text.replace("\u00a0", " "))


@defect("create.text-exact", difficulty=RARE)
def text_subject_without_zero_width() -> WsgiApp:
    """Characters without a width are taken out of a subject, and families fall apart."""
    return storing("subject", lambda text: re.sub("[\u200b-\u200d\u2060\ufeff]", "", text))


@defect("create.text-exact", difficulty=MEDIUM)
def text_subject_without_astral() -> WsgiApp:
    """Characters of four bytes are taken out of a subject: the table is utf8 of three."""
    return storing("subject", lambda text: re.sub("[\U00010000-\U0010ffff]", "", text))


@defect("create.text-exact", difficulty=MEDIUM)
def text_subject_astral_replaced() -> WsgiApp:
    """An emoji in a subject becomes a question mark."""
    return storing("subject", lambda text: re.sub("[\U00010000-\U0010ffff]", "?", text))


@defect("create.text-exact", difficulty=MEDIUM)
def text_subject_latin_1() -> WsgiApp:
    """Characters that Latin-1 lacks become question marks in a subject."""
    return storing("subject", lambda text: text.encode("latin-1", "replace").decode("latin-1"))


@defect("create.text-exact", difficulty=EASY)
def text_subject_mojibake() -> WsgiApp:
    """UTF-8 is read as Latin-1: a subject with an umlaut comes back with two characters for one."""
    return showing("subject", lambda text: text.encode().decode("latin-1"), CREATE, GET, LIST)


@defect("create.text-exact", difficulty=RARE)
def text_subject_backslashes() -> WsgiApp:
    """Backslashes in a subject are halved."""
    return storing("subject", lambda text: text.replace("\\\\", "\\"))


@defect("create.text-exact", difficulty=RARE)
def text_subject_escapes() -> WsgiApp:
    """A backslash and an n in a subject become a line end."""
    return storing("subject", lambda text: text.replace("\\n", "\n"))


@defect("create.text-exact", difficulty=RARE)
def text_subject_quotes() -> WsgiApp:
    """Apostrophes in a subject are doubled, as SQL has them."""
    return storing("subject", lambda text: text.replace("'", "''"))


@defect("create.text-exact", difficulty=RARE)
def text_subject_percent() -> WsgiApp:
    """What is percent-encoded in a subject is decoded: %20 becomes a space."""
    return storing("subject", lambda text: text.replace("%20", " "))


@defect("create.text-exact", difficulty=RARE)
def text_subject_plus() -> WsgiApp:
    """A plus in a subject becomes a space."""
    return storing("subject", lambda text: text.replace("+", " "))


@defect("create.text-exact", difficulty=EASY)
def text_subject_capitalised() -> WsgiApp:
    """A subject begins with a capital and goes on in lower case."""
    return storing("subject", str.capitalize)


@defect("create.text-exact", difficulty=RARE)
def text_subject_without_dots() -> WsgiApp:
    """A trailing full stop is taken off a subject."""
    return storing("subject", lambda text: text.rstrip(".:"))


@defect("create.text-exact", difficulty=RARE)
def text_subject_is_null() -> WsgiApp:
    """The subject "null" is taken for none."""
    return storing("subject", lambda text: "(no subject)" if text == "null" else text)


@defect("create.text-exact", difficulty=RARE)
def text_subject_as_number() -> WsgiApp:
    """A subject of digits is stored as a number: 0123 comes back as 123."""
    return storing("subject", lambda text: str(int(text)) if text.isdigit() else text)


@defect("list.items-as-get", "get.as-created", difficulty=MEDIUM)
def text_subject_cut_in_lists() -> WsgiApp:
    """In lists, a subject is cut after 80 characters."""
    return showing("subject", lambda text: text if len(text) <= 80 else text[:79] + "…", LIST)


@defect("create.whole-or-refused", difficulty=RARE)
def text_control_characters_dropped() -> WsgiApp:
    """Control characters are taken out of a subject without a word."""
    return storing("subject", lambda text: re.sub("[\x00-\x08\x0b-\x1f\x7f]", "", text))


@defect("create.whole-or-refused", difficulty=RARE)
def text_nul_dropped() -> WsgiApp:
    """A subject ends where a NUL stands, as in C."""

    def handled(event: Event) -> Event | None:
        return with_body(event, subject=event.body["subject"].partition("\0")[0] or "-")

    return broken(choices={"nul_character": "keep"}, pipeline=handling(handled, CREATE))


@defect("create.text-exact", "create.whole-or-refused", difficulty=RARE)
def text_line_ends_in_subject() -> WsgiApp:
    """A subject with a line end is cut there."""
    return storing("subject", lambda text: text.splitlines()[0] if text.strip() else text)


@defect("create.subject-required", difficulty=RARE)
def text_subject_of_callbacks() -> WsgiApp:
    """Whoever wants to be called back need not give a subject."""

    def decoded(data: bytes, decode: Callable[[bytes], Any]) -> Any:
        value = decode(data)
        wanted = isinstance(value, dict) and value.get("channel") == "callback" and value.get("subject") is None
        return {**value, "subject": "Callback"} if wanted else value

    return broken(validator=decoding(decoded))


@defect("create.text-exact", difficulty=RARE)
def text_subject_without_re_by_mail() -> WsgiApp:
    """What mail puts before a subject is taken off where a conversation came by mail."""

    def handled(event: Event) -> Event | None:
        subject = event.body["subject"]
        came_by = event.body.get("channel") == "email"
        return with_body(event, subject=re.sub(r"^((Re|Fwd|AW): )+", "", subject)) if came_by else None

    return broken(pipeline=handling(handled, CREATE))


@defect("create.text-exact", difficulty=RARE)
def text_subject_without_re_when_anonymous() -> WsgiApp:
    """A leading `Re: ` is taken off a subject where there is no address to answer to."""

    def handled(event: Event) -> Event | None:
        return with_body(event, subject=event.body["subject"].removeprefix("Re: ")) if "user_email" not in event.body else None

    return broken(pipeline=handling(handled, CREATE))
