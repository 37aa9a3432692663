"""Servers that change a text on its way in or out, or that count its characters wrongly."""

import html
import re
import unicodedata
from collections.abc import Callable
from typing import Any

from broken_servers.registry import Difficulty, defect
from broken_servers.seams import CREATE, GET, LIST, Event, answering, broken, handling, ignoring, receiving, text_of, with_body
from mockserver.server import WsgiApp
from mockserver.validation import Validator

EASY, MEDIUM, RARE = Difficulty


def storing(member: str, change: Callable[[str], str]) -> WsgiApp:
    """A server that changes one member of a create before it stores it."""

    def handled(event: Event) -> Event | None:
        value = event.body.get(member)
        return with_body(event, **{member: text_of(value, change)}) if value is not None else None

    return broken(pipeline=handling(handled, CREATE))


def showing(member: str, change: Callable[[str], str], *operations: str) -> WsgiApp:
    """A server that changes one member of a conversation when it shows it."""

    def answered(value: Any, event: Event) -> Any:
        for shown in value["results"] if event.operation == LIST else [value]:
            shown[member] = text_of(shown[member], change)
        return value

    return broken(pipeline=answering(answered, *operations))


# --- the subject ------------------------------------------------------------------------------------------------------------------


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


@defect("text-subject-255", "create.subject-longest", "create.whole-or-refused", difficulty=EASY)
def _() -> WsgiApp:
    """A subject is cut after 255 characters."""
    return storing("subject", lambda text: text[:255])


@defect("text-subject-499", "create.subject-longest", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A subject of 500 characters is cut by one."""
    return storing("subject", lambda text: text[:499])


@defect("text-subject-cut-in-lists", "list.items-as-get", "get.as-created", difficulty=MEDIUM)
def _() -> WsgiApp:
    """In lists, a subject is cut after 80 characters."""
    return showing("subject", lambda text: text if len(text) <= 80 else text[:79] + "…", LIST)


@defect("text-subject-bytes", "create.subject-longest", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A subject may have 500 bytes and not 500 characters: a long one with umlauts is refused."""

    class Bytes(Validator):
        def empty_texts(self, members: dict[str, Any], body: Any) -> Any:
            subject = members.get("subject")
            if isinstance(subject, str) and len(subject.encode("utf-8", "surrogatepass")) > 500:
                raise self.problems.invalid_value([])
            return super().empty_texts(members, body)

    return broken(validator=Bytes)


@defect("text-subject-bytes-cut", "create.subject-longest", difficulty=RARE)
def _() -> WsgiApp:
    """A subject is cut after 500 bytes, at a character."""
    return storing("subject", lambda text: text.encode("utf-8", "ignore")[:500].decode("utf-8", "ignore"))


@defect("text-subject-longest-refused", "create.subject-longest", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A subject of exactly 500 characters is refused: less than is not at most."""

    class LessThan(Validator):
        def empty_texts(self, members: dict[str, Any], body: Any) -> Any:
            if isinstance(members.get("subject"), str) and len(members["subject"]) >= 500:
                raise self.problems.invalid_value([])
            return super().empty_texts(members, body)

    return broken(validator=LessThan)


@defect("text-subject-longest-refused-to-clients", "create.subject-longest", difficulty=RARE)
def _() -> WsgiApp:
    """A client key may give 250 characters of subject."""

    def handled(event: Event) -> Event | None:
        if event.tier == "client" and len(event.body["subject"]) > 250:
            raise app.world.pipeline.problems.invalid_value([])
        return None

    app = broken(pipeline=handling(handled, CREATE))
    return app


@defect("text-subject-any-length", "create.subject-too-long", difficulty=EASY)
def _() -> WsgiApp:
    """A subject may be as long as it likes."""
    return broken(validator=ignoring("maxLength", member="subject"))


@defect("text-subject-501", "create.subject-too-long", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A subject of 501 characters is accepted, whole."""
    return broken(validator=longest(lambda text: len(text) <= 501))


@defect("text-subject-too-long-is-cut", "create.subject-too-long", difficulty=EASY)
def _() -> WsgiApp:
    """A longer subject is cut to 500 characters, and accepted."""
    return broken(validator=receiving(cut_to_500))


@defect("text-subject-too-long-in-two-bytes", "create.subject-too-long", difficulty=RARE)
def _() -> WsgiApp:
    """The length of a subject is checked only where it is ASCII."""
    return broken(validator=longest(lambda text: not text.isascii()))


@defect("text-subject-too-long-with-spaces", "create.subject-too-long", difficulty=RARE)
def _() -> WsgiApp:
    """Spaces within a subject are not counted."""
    return broken(validator=longest(lambda text: len(text.replace(" ", "")) <= 500))


@defect("text-subject-far-too-long", "create.subject-too-long", difficulty=RARE)
def _() -> WsgiApp:
    """The column is text of 64 KiB: up to 10,000 characters are refused, and a longer subject is accepted."""
    return broken(validator=longest(lambda text: len(text) > 10_000))


def longest(accepted: Callable[[str], bool]) -> type[Validator]:
    """A validator that accepts some subjects that are too long."""

    class Longest(Validator):
        def violations(self, members: dict[str, Any], body: Any) -> Any:
            for violation in super().violations(members, body):
                if (violation.field, violation.keyword) != ("subject", "maxLength") or not accepted(members["subject"]):
                    yield violation

    return Longest


def cut_to_500(members: dict[str, Any]) -> dict[str, Any]:
    """The members with a subject of at most 500 characters."""
    subject = members.get("subject")
    return {**members, "subject": subject[:500]} if isinstance(subject, str) else members


@defect("text-subject-null-is-none", "create.subject-required", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A subject that is null is stored as the text None."""

    def change(members: dict[str, Any]) -> dict[str, Any]:
        return {**members, "subject": "None"} if members.get("subject", "") is None else members

    return broken(validator=receiving(change))


@defect("text-subject-by-default", "create.subject-required", "create.required-members", difficulty=EASY)
def _() -> WsgiApp:
    """Without a subject, one is made up."""
    return broken(validator=receiving(lambda members: {"subject": "New conversation", **members}))


@defect("text-subject-from-description", "create.subject-required", difficulty=RARE, effort="standard")
def _() -> WsgiApp:
    """Where there is a description, the subject may be left out, and is made of it."""

    def change(members: dict[str, Any]) -> dict[str, Any]:
        return {"subject": members["description"][:60], **members} if isinstance(members.get("description"), str) else members

    return broken(validator=receiving(change))


# --- names and descriptions -------------------------------------------------------------------------------------------------------


@defect("text-first-name-30", "create.new-user-names", "create.whole-or-refused", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A first name is cut after 30 characters."""
    return storing("user_first_name", lambda text: text[:30])


@defect("text-last-name-255", "create.new-user-names", "create.whole-or-refused", difficulty=RARE)
def _() -> WsgiApp:
    """A last name is cut after 255 characters."""
    return storing("user_last_name", lambda text: text[:255])


@defect("text-first-name-titled", "create.new-user-names", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A first name is written with capitals: MiXeD becomes Mixed."""
    return storing("user_first_name", str.title)


@defect("text-last-name-ascii", "create.new-user-names", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A last name loses its accents."""

    def change(text: str) -> str:
        return "".join(character for character in unicodedata.normalize("NFD", text) if not unicodedata.combining(character))

    return storing("user_last_name", change)


@defect("text-last-name-nfc", "create.new-user-names", difficulty=RARE)
def _() -> WsgiApp:
    """A last name is normalised; a subject is not."""
    return storing("user_last_name", lambda text: unicodedata.normalize("NFC", text))


@defect("text-first-name-escaped", "create.new-user-names", difficulty=RARE)
def _() -> WsgiApp:
    """A first name is stored escaped for HTML; a subject is not."""
    return storing("user_first_name", html.escape)


@defect("text-first-name-without-emoji", "create.new-user-names", difficulty=RARE)
def _() -> WsgiApp:
    """Emoji are taken out of a first name."""
    return storing("user_first_name", lambda text: re.sub("[\U00010000-\U0010ffff]", "", text))


@defect("text-first-name-first-word", "create.new-user-names", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Of a first name with a space in it, the first word is kept."""
    return storing("user_first_name", lambda text: text.split(" ")[0] if text.strip() else text)


@defect("text-description-cut", "create.description-whole", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The message made of a description is cut after 1,000 characters."""
    return storing("description", lambda text: text[:1000])


@defect("text-description-one-line", "create.description-whole", difficulty=MEDIUM)
def _() -> WsgiApp:
    """The message made of a description has spaces for line ends."""
    return storing("description", lambda text: re.sub(r"\s*\n\s*", " ", text))


@defect("text-description-escaped", "create.description-whole", difficulty=RARE)
def _() -> WsgiApp:
    """The message made of a description is escaped for HTML."""
    return storing("description", html.escape)


@defect("text-description-without-emoji", "create.description-whole", difficulty=RARE)
def _() -> WsgiApp:
    """The message made of a description has lost its emoji."""
    return storing("description", lambda text: re.sub("[\U00010000-\U0010ffff]", "", text))


@defect("text-description-very-long", "create.description-whole", "create.whole-or-refused", difficulty=RARE)
def _() -> WsgiApp:
    """The message made of a description is cut after 10,000 characters."""
    return storing("description", lambda text: text[:10_000])


# --- what is unusual --------------------------------------------------------------------------------------------------------------


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


@defect("text-nul-dropped-in-names", "create.whole-or-refused", "create.new-user-names", difficulty=RARE)
def _() -> WsgiApp:
    """A NUL is taken out of a first name; elsewhere it is refused."""

    def change(data: bytes) -> bytes:
        return re.sub(rb'("user_first_name"\s*:\s*"[^"]*?)\\u0000', rb"\1", data)

    class Dropping(Validator):
        def check_whole(self, value: Any, data: bytes) -> list[Any]:
            return super().check_whole(value, change(data))

        def tidy(self, value: dict[str, Any], body: Any) -> dict[str, Any]:
            name = value.get("user_first_name")
            return super().tidy({**value, "user_first_name": name.replace("\0", "")} if isinstance(name, str) else value, body)

    return broken(validator=Dropping)


@defect("text-line-ends-in-subject", "create.text-exact", "create.whole-or-refused", difficulty=RARE)
def _() -> WsgiApp:
    """A subject with a line end is cut there."""
    return storing("subject", lambda text: text.splitlines()[0] if text.strip() else text)
