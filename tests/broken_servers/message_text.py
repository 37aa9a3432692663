"""Servers that do to the body of a message what some product does to text: chunks, mark-up, filters and what counts as empty."""

import re
from collections.abc import Callable

from broken_servers.message_bodies import bodies
from broken_servers.registry import Difficulty, defect
from broken_servers.seams import SEND, Event, broken, handling, in_chunks, with_body
from mockserver.problems import Refusal
from mockserver.server import WsgiApp

EASY, MEDIUM, RARE = Difficulty
EXACT, WHOLE = "messages.body-exact", "messages.whole-or-refused"


@defect("messages-body-garbled-at-1024", EXACT, difficulty=MEDIUM)
def _() -> WsgiApp:
    """Bodies are decoded 1,024 bytes at a time, and a character that lies across is garbled."""
    return bodies(lambda text: in_chunks(text, 1024))


@defect("messages-body-garbled-at-4096", EXACT, difficulty=RARE)
def _() -> WsgiApp:
    """Bodies are decoded 4,096 bytes at a time, and a character that lies across is garbled."""
    return bodies(lambda text: in_chunks(text, 4096))


@defect("messages-body-garbled-at-8192", EXACT, WHOLE, difficulty=RARE)
def _() -> WsgiApp:
    """Bodies are decoded 8,192 bytes at a time, and a character that lies across is garbled."""
    return bodies(lambda text: in_chunks(text, 8192))


@defect("messages-body-garbled-at-65536", WHOLE, difficulty=RARE)
def _() -> WsgiApp:
    """Bodies are decoded 65,536 bytes at a time, and a character that lies across is garbled."""
    return bodies(lambda text: in_chunks(text, 65_536))


@defect("messages-body-halved-pairs", EXACT, difficulty=RARE)
def _() -> WsgiApp:
    """Bodies are kept in pieces of 255 units of UTF-16, and a pair that lies across becomes two question marks."""

    def change(text: str) -> str:
        units = text.encode("utf-16-le")
        return "".join(units[at : at + 510].decode("utf-16-le", "replace") for at in range(0, len(units), 510))

    return bodies(change)


@defect("messages-body-linked", EXACT, difficulty=RARE)
def _() -> WsgiApp:
    """Addresses of the web in a body become links."""
    return bodies(lambda text: re.sub(r"(https?://\S+)", r'<a href="\1">\1</a>', text))


@defect("messages-body-smileys", EXACT, difficulty=RARE)
def _() -> WsgiApp:
    """Smileys and names between colons in a body become emoji."""
    return bodies(lambda text: text.replace(":)", "🙂").replace(":-)", "🙂").replace(":tada:", "🎉"))


@defect("messages-body-typographic", EXACT, difficulty=RARE)
def _() -> WsgiApp:
    """Straight quotation marks in a body become curly ones."""
    return bodies(lambda text: re.sub(r'"([^"]*)"', "\u201c\\1\u201d", text))


@defect("messages-body-ellipses", EXACT, difficulty=RARE)
def _() -> WsgiApp:
    """Three dots in a body become an ellipsis."""
    return bodies(lambda text: text.replace("...", "\u2026"))


@defect("messages-body-cards-masked", EXACT, difficulty=RARE)
def _() -> WsgiApp:
    """What could be the number of a card is masked in a body: thirteen digits and more."""
    return bodies(lambda text: re.sub(r"\d(?:[ -]?\d){12,15}", "****", text))


@defect("messages-body-signature-cut", EXACT, difficulty=RARE)
def _() -> WsgiApp:
    """What follows two dashes on a line by themselves is taken for a signature and cut off."""
    return bodies(lambda text: re.split(r"(?m)^-- ?$", text)[0])


@defect("messages-body-no-formulas", EXACT, difficulty=RARE)
def _() -> WsgiApp:
    """An apostrophe is put before a body that a spreadsheet would take for a formula."""
    return bodies(lambda text: f"'{text}" if text[:1] in ("=", "+", "-", "@") else text)


@defect("messages-body-markdown", EXACT, difficulty=RARE)
def _() -> WsgiApp:
    """Marks of lists and headings at the beginning of a line are taken off a body."""
    return bodies(lambda text: re.sub(r"(?m)^(#+|[*-]) ", "", text))


@defect("messages-body-network-lines", EXACT, difficulty=RARE)
def _() -> WsgiApp:
    """LF in a body becomes CR LF."""
    return bodies(lambda text: re.sub("(?<!\r)\n", "\r\n", text))


@defect("messages-body-without-directions", EXACT, WHOLE, difficulty=RARE)
def _() -> WsgiApp:
    """Marks of direction are taken out of a body, for safety."""
    return bodies(lambda text: re.sub("[\u200e\u200f\u202a-\u202e\u2066-\u2069]", "", text))


@defect("messages-body-spaces-at-line-ends", EXACT, difficulty=RARE)
def _() -> WsgiApp:
    """White space at the end of each line of a body is removed."""
    return bodies(lambda text: re.sub(r"(?m)[ \t]+$", "", text))


@defect("messages-body-turkish", EXACT, difficulty=RARE)
def _() -> WsgiApp:
    """A body loses the dot of a capital I that has one: it was lowered and raised again."""
    return bodies(lambda text: text.replace("İ", "I"))


@defect("messages-body-skin-lost", EXACT, difficulty=RARE)
def _() -> WsgiApp:
    """Emoji in a body lose the colour of their skin."""
    return bodies(lambda text: re.sub("[\U0001f3fb-\U0001f3ff]", "", text))


# --- for some callers -------------------------------------------------------------------------------------------------------------


def for_some(change: Callable[[str], str], some: Callable[[Event], bool]) -> WsgiApp:
    """A server that stores the body of some messages otherwise."""
    return broken(pipeline=handling(lambda event: with_body(event, body=change(event.body["body"])) if some(event) else None, SEND))


@defect("messages-body-escaped-for-clients", EXACT, difficulty=RARE)
def _() -> WsgiApp:
    """The bodies of messages that came with a client key, which nobody trusts, are escaped as in HTML."""
    return for_some(lambda text: text.replace("&", "&amp;").replace("<", "&lt;"), lambda event: event.tier == "client")


@defect("messages-body-cut-by-bearer", EXACT, difficulty=RARE)
def _() -> WsgiApp:
    """The bodies of messages whose key came after Bearer are cut after 4,000 characters."""
    return for_some(lambda text: text[:4000], lambda event: event.by_bearer)


@defect("messages-body-every-fifteenth-cut", EXACT, difficulty=RARE)
def _() -> WsgiApp:
    """Every fifteenth body loses its last character."""
    return for_some(lambda text: text[:-1], lambda event: event.number % 15 == 0)


# --- refused ----------------------------------------------------------------------------------------------------------------------


def refused(when: Callable[[Event], bool], status: int = 400) -> WsgiApp:
    """A server that refuses some messages that are as documented."""

    def change(event: Event) -> Event | None:
        if when(event):
            raise Refusal(status, "This is not accepted.")
        return None

    return broken(pipeline=handling(change, SEND))


@defect("messages-refused-over-5000", "messages.accepted", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A body of more than 5,000 characters is refused."""
    return refused(lambda event: len(event.body["body"]) > 5000)


@defect("messages-refused-twice-the-same", "messages.accepted", difficulty=RARE)
def _() -> WsgiApp:
    """A message that equals the one before it is refused as sent twice."""
    last: list[tuple[str, str]] = []

    def again(event: Event) -> bool:
        current = (event.request.id, event.body["body"])
        before = last[:]
        last[:] = [current]
        return current in before

    return refused(again, 409)


@defect("messages-refused-with-script", "messages.accepted", EXACT, difficulty=RARE)
def _() -> WsgiApp:
    """A body that a firewall takes for an attack is refused with 403."""
    return refused(lambda event: "<script" in event.body["body"] or "DROP TABLE" in event.body["body"], 403)
