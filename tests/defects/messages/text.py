"""Servers that do to the body of a message what some product does to text: chunks, mark-up, filters and what counts as empty."""

import re
from collections.abc import Callable

from mockserver.handling.errors import HttpRefusal
from mockserver.serving.server import WsgiApp
from tests.defects.kit.parts import SEND, Event, broken, handling, in_chunks, with_body
from tests.defects.messages.bodies import bodies
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty
EXACT, WHOLE = "messages.body-exact", "messages.whole-or-refused"


@defect(EXACT, difficulty=MEDIUM)
def messages_body_garbled_at_1024() -> WsgiApp:
    """Bodies are decoded 1,024 bytes at a time, and a character that lies across is garbled."""
    return bodies(lambda text: in_chunks(text, 1024))


@defect(EXACT, difficulty=RARE)
def messages_body_garbled_at_4096() -> WsgiApp:
    """Bodies are decoded 4,096 bytes at a time, and a character that lies across is garbled."""
    return bodies(lambda text: in_chunks(text, 4096))


@defect(EXACT, WHOLE, difficulty=RARE)
def messages_body_garbled_at_8192() -> WsgiApp:
    """Bodies are decoded 8,192 bytes at a time, and a character that lies across is garbled."""
    return bodies(lambda text: in_chunks(text, 8192))


@defect(WHOLE, difficulty=RARE)
def messages_body_garbled_at_65536() -> WsgiApp:
    """Bodies are decoded 65,536 bytes at a time, and a character that lies across is garbled."""
    return bodies(lambda text: in_chunks(text, 65_536))


@defect(EXACT, difficulty=RARE)
def messages_body_halved_pairs() -> WsgiApp:
    """Bodies are kept in pieces of 255 units of UTF-16, and a pair that lies across becomes two question marks."""

    def change(text: str) -> str:
        units = text.encode("utf-16-le")
        return "".join(units[at : at + 510].decode("utf-16-le", "replace") for at in range(0, len(units), 510))

    return bodies(change)


@defect(EXACT, difficulty=RARE)
def messages_body_linked() -> WsgiApp:
    """Addresses of the web in a body become links."""
    return bodies(lambda text: re.sub(r"(https?://\S+)", r'<a href="\1">\1</a>', text))


@defect(EXACT, difficulty=RARE)
def messages_body_smileys() -> WsgiApp:
    """Smileys and names between colons in a body become emoji."""
    return bodies(lambda text: text.replace(":)", "🙂").replace(":-)", "🙂").replace(":tada:", "🎉"))


@defect(EXACT, difficulty=RARE)
def messages_body_typographic() -> WsgiApp:
    """Straight quotation marks in a body become curly ones."""
    return bodies(lambda text: re.sub(r'"([^"]*)"', "\u201c\\1\u201d", text))


@defect(EXACT, difficulty=RARE)
def messages_body_ellipses() -> WsgiApp:
    """Three dots in a body become an ellipsis."""
    return bodies(lambda text: text.replace("...", "\u2026"))


@defect(EXACT, difficulty=RARE)
def messages_body_cards_masked() -> WsgiApp:
    """What could be the number of a card is masked in a body: thirteen digits and more."""
    return bodies(lambda text: re.sub(r"\d(?:[ -]?\d){12,15}", "****", text))


@defect(EXACT, difficulty=RARE)
def messages_body_signature_cut() -> WsgiApp:
    """What follows two dashes on a line by themselves is taken for a signature and cut off."""
    return bodies(lambda text: re.split(r"(?m)^-- ?$", text)[0])


@defect(EXACT, difficulty=RARE)
def messages_body_no_formulas() -> WsgiApp:
    """An apostrophe is put before a body that a spreadsheet would take for a formula."""
    return bodies(lambda text: f"'{text}" if text[:1] in ("=", "+", "-", "@") else text)


@defect(EXACT, difficulty=RARE)
def messages_body_markdown() -> WsgiApp:
    """Marks of lists and headings at the beginning of a line are taken off a body."""
    return bodies(lambda text: re.sub(r"(?m)^(#+|[*-]) ", "", text))


@defect(EXACT, difficulty=RARE)
def messages_body_network_lines() -> WsgiApp:
    """LF in a body becomes CR LF."""
    return bodies(lambda text: re.sub("(?<!\r)\n", "\r\n", text))


@defect(EXACT, WHOLE, difficulty=RARE)
def messages_body_without_directions() -> WsgiApp:
    """Marks of direction are taken out of a body, for safety."""
    return bodies(lambda text: re.sub("[\u200e\u200f\u202a-\u202e\u2066-\u2069]", "", text))


@defect(EXACT, difficulty=RARE)
def messages_body_spaces_at_line_ends() -> WsgiApp:
    """White space at the end of each line of a body is removed."""
    return bodies(lambda text: re.sub(r"(?m)[ \t]+$", "", text))


@defect(EXACT, difficulty=RARE)
def messages_body_turkish() -> WsgiApp:
    """A body loses the dot of a capital I that has one: it was lowered and raised again."""
    return bodies(lambda text: text.replace("İ", "I"))


@defect(EXACT, difficulty=RARE)
def messages_body_skin_lost() -> WsgiApp:
    """Emoji in a body lose the colour of their skin."""
    return bodies(lambda text: re.sub("[\U0001f3fb-\U0001f3ff]", "", text))


# --- for some callers -------------------------------------------------------------------------------------------------------------


def for_some(change: Callable[[str], str], some: Callable[[Event], bool]) -> WsgiApp:
    """A server that stores the body of some messages otherwise."""
    return broken(pipeline=handling(lambda event: with_body(event, body=change(event.body["body"])) if some(event) else None, SEND))


@defect(EXACT, difficulty=RARE)
def messages_body_escaped_for_clients() -> WsgiApp:
    """The bodies of messages that came with a client key, which nobody trusts, are escaped as in HTML."""
    return for_some(lambda text: text.replace("&", "&amp;").replace("<", "&lt;"), lambda event: event.tier == "client")


@defect(EXACT, difficulty=RARE)
def messages_body_cut_by_bearer() -> WsgiApp:
    """The bodies of messages whose key came after Bearer are cut after 4,000 characters."""
    return for_some(lambda text: text[:4000], lambda event: event.by_bearer)


@defect(EXACT, difficulty=RARE)
def messages_body_every_fifteenth_cut() -> WsgiApp:
    """Every fifteenth body loses its last character."""
    return for_some(lambda text: text[:-1], lambda event: event.number % 15 == 0)


@defect(EXACT, difficulty=RARE)
def messages_body_latin_1_with_a_charset() -> WsgiApp:
    """The body of a message whose media type has a charset, whichever it is, is read as Latin-1."""
    return for_some(
        lambda text: text.encode().decode("latin-1"), lambda event: "charset=" in str(event.request.environ.get("CONTENT_TYPE"))
    )


# --- refused ----------------------------------------------------------------------------------------------------------------------


def refused(when: Callable[[Event], bool], status: int = 400) -> WsgiApp:
    """A server that refuses some messages that are as documented."""

    def change(event: Event) -> Event | None:
        if when(event):
            raise HttpRefusal(status, "This is not accepted.")
        return None

    return broken(pipeline=handling(change, SEND))


@defect("messages.accepted", difficulty=MEDIUM)
def messages_refused_over_5000() -> WsgiApp:
    """A body of more than 5,000 characters is refused."""
    return refused(lambda event: len(event.body["body"]) > 5000)


@defect("messages.accepted", difficulty=RARE)
def messages_refused_twice_the_same() -> WsgiApp:
    """A message that equals the one before it is refused as sent twice."""
    last: list[tuple[str, str]] = []

    def again(event: Event) -> bool:
        current = (event.checked.id, event.body["body"])
        before = last[:]
        last[:] = [current]
        return current in before

    return refused(again, 409)


@defect("messages.accepted", EXACT, difficulty=RARE)
def messages_refused_with_script() -> WsgiApp:
    """A body that a firewall takes for an attack is refused with 403."""
    return refused(lambda event: "<script" in event.body["body"] or "DROP TABLE" in event.body["body"], 403)
