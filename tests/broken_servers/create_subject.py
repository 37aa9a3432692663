"""Servers that change a subject on its way in or out."""

import html
import re
import unicodedata
from collections.abc import Callable
from typing import Any

from broken_servers.create_seams import storing
from broken_servers.registry import Difficulty, defect
from broken_servers.seams import CREATE, GET, LIST, Event, answering, broken, decoding, handling, text_of, with_body
from mockserver.server import WsgiApp

EASY, MEDIUM, RARE = Difficulty


def showing(member: str, change: Callable[[str], str], *operations: str) -> WsgiApp:
    """A server that changes one member of a conversation when it shows it."""

    def answered(value: Any, event: Event) -> Any:
        for shown in value["results"] if event.operation == LIST else [value]:
            shown[member] = text_of(shown[member], change)
        return value

    return broken(pipeline=answering(answered, *operations))


@defect("text-subject-nfc", "create.text-exact", difficulty=RARE)
def _() -> WsgiApp:
    """A subject is normalised: e and a combining accent become é."""
    return storing("subject", lambda text: unicodedata.normalize("NFC", text))


@defect("text-subject-nfkc", "create.text-exact", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A subject is normalised for search: ﬁ becomes fi, ½ three characters."""
    return storing("subject", lambda text: unicodedata.normalize("NFKC", text))


@defect("text-subject-escaped", "create.text-exact", difficulty=EASY)
def _() -> WsgiApp:
    """A subject is stored escaped for HTML."""
    return storing("subject", html.escape)


@defect("text-subject-unescaped", "create.text-exact", difficulty=RARE)
def _() -> WsgiApp:
    """Entities in a subject are resolved: &amp; becomes &."""
    return storing("subject", html.unescape)


@defect("text-subject-without-tags", "create.text-exact", difficulty=MEDIUM)
def _() -> WsgiApp:
    """What looks like a tag is taken out of a subject."""
    return storing("subject", lambda text: re.sub(r"<[^>]*>", "", text))


@defect("text-subject-single-spaces", "create.text-exact", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Several spaces within a subject become one."""
    return storing("subject", lambda text: re.sub(" {2,}", " ", text))


@defect("text-subject-plain-spaces", "create.text-exact", difficulty=RARE)
def _() -> WsgiApp:
    """A no-break space within a subject becomes a space."""
    return storing("subject", lambda text: text.replace("\u00a0", " "))


@defect("text-subject-without-zero-width", "create.text-exact", difficulty=RARE)
def _() -> WsgiApp:
    """Characters without a width are taken out of a subject, and families fall apart."""
    return storing("subject", lambda text: re.sub("[\u200b-\u200d\u2060\ufeff]", "", text))


@defect("text-subject-without-astral", "create.text-exact", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Characters of four bytes are taken out of a subject: the table is utf8 of three."""
    return storing("subject", lambda text: re.sub("[\U00010000-\U0010ffff]", "", text))


@defect("text-subject-astral-replaced", "create.text-exact", difficulty=MEDIUM)
def _() -> WsgiApp:
    """An emoji in a subject becomes a question mark."""
    return storing("subject", lambda text: re.sub("[\U00010000-\U0010ffff]", "?", text))


@defect("text-subject-latin-1", "create.text-exact", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Characters that Latin-1 lacks become question marks in a subject."""
    return storing("subject", lambda text: text.encode("latin-1", "replace").decode("latin-1"))


@defect("text-subject-mojibake", "create.text-exact", difficulty=EASY)
def _() -> WsgiApp:
    """UTF-8 is read as Latin-1: a subject with an umlaut comes back with two characters for one."""
    return showing("subject", lambda text: text.encode().decode("latin-1"), CREATE, GET, LIST)


@defect("text-subject-backslashes", "create.text-exact", difficulty=RARE)
def _() -> WsgiApp:
    """Backslashes in a subject are halved."""
    return storing("subject", lambda text: text.replace("\\\\", "\\"))


@defect("text-subject-escapes", "create.text-exact", difficulty=RARE)
def _() -> WsgiApp:
    """A backslash and an n in a subject become a line end."""
    return storing("subject", lambda text: text.replace("\\n", "\n"))


@defect("text-subject-quotes", "create.text-exact", difficulty=RARE)
def _() -> WsgiApp:
    """Apostrophes in a subject are doubled, as SQL has them."""
    return storing("subject", lambda text: text.replace("'", "''"))


@defect("text-subject-percent", "create.text-exact", difficulty=RARE)
def _() -> WsgiApp:
    """What is percent-encoded in a subject is decoded: %20 becomes a space."""
    return storing("subject", lambda text: text.replace("%20", " "))


@defect("text-subject-plus", "create.text-exact", difficulty=RARE)
def _() -> WsgiApp:
    """A plus in a subject becomes a space."""
    return storing("subject", lambda text: text.replace("+", " "))


@defect("text-subject-capitalised", "create.text-exact", difficulty=EASY)
def _() -> WsgiApp:
    """A subject begins with a capital and goes on in lower case."""
    return storing("subject", str.capitalize)


@defect("text-subject-without-dots", "create.text-exact", difficulty=RARE)
def _() -> WsgiApp:
    """A trailing full stop is taken off a subject."""
    return storing("subject", lambda text: text.rstrip(".:"))


@defect("text-subject-is-null", "create.text-exact", difficulty=RARE)
def _() -> WsgiApp:
    """The subject "null" is taken for none."""
    return storing("subject", lambda text: "(no subject)" if text == "null" else text)


@defect("text-subject-as-number", "create.text-exact", difficulty=RARE)
def _() -> WsgiApp:
    """A subject of digits is stored as a number: 0123 comes back as 123."""
    return storing("subject", lambda text: str(int(text)) if text.isdigit() else text)


@defect("text-subject-cut-in-lists", "list.items-as-get", "get.as-created", difficulty=MEDIUM)
def _() -> WsgiApp:
    """In lists, a subject is cut after 80 characters."""
    return showing("subject", lambda text: text if len(text) <= 80 else text[:79] + "…", LIST)


@defect("text-control-characters-dropped", "create.whole-or-refused", difficulty=RARE)
def _() -> WsgiApp:
    """Control characters are taken out of a subject without a word."""
    return storing("subject", lambda text: re.sub("[\x00-\x08\x0b-\x1f\x7f]", "", text))


@defect("text-nul-dropped", "create.whole-or-refused", difficulty=RARE)
def _() -> WsgiApp:
    """A subject ends where a NUL stands, as in C."""

    def handled(event: Event) -> Event | None:
        return with_body(event, subject=event.body["subject"].partition("\0")[0] or "-")

    return broken(choices={"nul_character": "keep"}, pipeline=handling(handled, CREATE))


@defect("text-line-ends-in-subject", "create.text-exact", "create.whole-or-refused", difficulty=RARE)
def _() -> WsgiApp:
    """A subject with a line end is cut there."""
    return storing("subject", lambda text: text.splitlines()[0] if text.strip() else text)


@defect("text-subject-of-callbacks", "create.subject-required", difficulty=RARE)
def _() -> WsgiApp:
    """Whoever wants to be called back need not give a subject."""

    def decoded(data: bytes, decode: Callable[[bytes], Any]) -> Any:
        value = decode(data)
        wanted = isinstance(value, dict) and value.get("channel") == "callback" and value.get("subject") is None
        return {**value, "subject": "Callback"} if wanted else value

    return broken(validator=decoding(decoded))
