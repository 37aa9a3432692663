"""Servers that change the bodies of messages."""

import html
import re
import unicodedata
from collections.abc import Callable

from broken_servers.registry import Difficulty, defect
from broken_servers.seams import SEND, broken, handling, with_body
from mockserver.server import WsgiApp

EASY, MEDIUM, RARE = Difficulty


def bodies(change_text: Callable[[str], str]) -> WsgiApp:
    """A server that stores the body of a message otherwise."""
    return broken(pipeline=handling(lambda event: with_body(event, body=change_text(event.body["body"])), SEND))


@defect("messages-body-cut-255", "messages.body-exact", difficulty=EASY)
def _() -> WsgiApp:
    """Bodies are cut after 255 characters."""
    return bodies(lambda text: text[:255])


@defect("messages-body-cut-1000", "messages.body-exact", difficulty=EASY)
def _() -> WsgiApp:
    """Bodies are cut after 1,000 characters."""
    return bodies(lambda text: text[:1000])


@defect("messages-body-cut-4096", "messages.body-exact", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Bodies are cut after 4,096 characters."""
    return bodies(lambda text: text[:4096])


@defect("messages-body-cut-8192-bytes", "messages.body-exact", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Bodies are cut after 8,192 bytes."""
    return bodies(lambda text: text.encode()[:8192].decode("utf-8", "ignore"))


@defect("messages-body-cut-65535", "messages.whole-or-refused", difficulty=RARE)
def _() -> WsgiApp:
    """Bodies are cut after 65,535 bytes."""
    return bodies(lambda text: text.encode()[:65535].decode("utf-8", "ignore"))


@defect("messages-body-one-space", "messages.body-exact", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Several spaces in a body become one."""
    return bodies(lambda text: re.sub(" +", " ", text))


@defect("messages-body-one-line", "messages.body-exact", difficulty=EASY)
def _() -> WsgiApp:
    """Line ends in a body become spaces."""
    return bodies(lambda text: re.sub("[\r\n]+", " ", text))


@defect("messages-body-unix-lines", "messages.body-exact", difficulty=MEDIUM)
def _() -> WsgiApp:
    """CR LF in a body becomes LF."""
    return bodies(lambda text: text.replace("\r\n", "\n"))


@defect("messages-body-without-empty-lines", "messages.body-exact", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Several empty lines in a body become one."""
    return bodies(lambda text: re.sub("\n{3,}", "\n\n", text))


@defect("messages-body-tabs-as-spaces", "messages.body-exact", "messages.whole-or-refused", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Tabs in a body become spaces."""
    return bodies(lambda text: text.replace("\t", "    "))


@defect("messages-body-escaped", "messages.body-exact", difficulty=EASY)
def _() -> WsgiApp:
    """Bodies are escaped as in HTML."""
    return bodies(html.escape)


@defect("messages-body-unescaped", "messages.body-exact", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Entities of HTML in a body are taken for the characters that they name."""
    return bodies(html.unescape)


@defect("messages-body-without-tags", "messages.body-exact", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Tags of HTML are removed from bodies."""
    return bodies(lambda text: re.sub("<[^>]+>", "", text))


@defect("messages-body-composed", "messages.body-exact", difficulty=RARE)
def _() -> WsgiApp:
    """Bodies are normalised to composed characters (NFC)."""
    return bodies(lambda text: unicodedata.normalize("NFC", text))


@defect("messages-body-compatible", "messages.body-exact", difficulty=RARE)
def _() -> WsgiApp:
    """Ligatures, fractions and other compatibility characters are replaced in bodies (NFKC)."""
    return bodies(lambda text: unicodedata.normalize("NFKC", text))


@defect("messages-body-without-emoji", "messages.body-exact", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Characters beyond the Basic Multilingual Plane become question marks in bodies."""
    return bodies(lambda text: re.sub("[\U00010000-\U0010ffff]", "?", text))


@defect("messages-body-without-joiners", "messages.body-exact", difficulty=RARE)
def _() -> WsgiApp:
    """Characters without a width are removed from bodies."""
    return bodies(lambda text: re.sub("[\u200b-\u200d\ufeff]", "", text))


@defect("messages-body-plain-spaces", "messages.body-exact", difficulty=RARE)
def _() -> WsgiApp:
    """No-break spaces in a body become spaces."""
    return bodies(lambda text: text.replace("\u00a0", " "))


@defect("messages-body-backslashes-lost", "messages.body-exact", difficulty=MEDIUM)
def _() -> WsgiApp:
    """Backslashes are removed from bodies."""
    return bodies(lambda text: text.replace("\\", ""))


@defect("messages-body-percent-decoded", "messages.body-exact", difficulty=RARE)
def _() -> WsgiApp:
    """A percent sign and two digits in a body are decoded as in an address."""
    return bodies(lambda text: text.replace("%20", " "))


@defect("messages-body-templated", "messages.body-exact", difficulty=RARE)
def _() -> WsgiApp:
    """Placeholders in braces are filled in, with nothing."""
    return bodies(lambda text: re.sub(r"\{\w+\}", "", text))


@defect("messages-body-quotes-cut", "messages.body-exact", difficulty=RARE)
def _() -> WsgiApp:
    """Lines that quote others are taken off bodies, as from an e-mail."""
    return bodies(lambda text: re.sub(r"(?m)^>+.*\n", "", text))


@defect("messages-body-in-lower-case", "messages.body-exact", difficulty=EASY)
def _() -> WsgiApp:
    """Bodies are stored in lower case."""
    return bodies(str.lower)


@defect("messages-body-stripped-lines", "messages.body-exact", difficulty=RARE)
def _() -> WsgiApp:
    """White space at the beginning of each line of a body is removed."""
    return bodies(lambda text: re.sub(r"(?m)^[ \t]+", "", text))


@defect("messages-nul-cuts", "messages.whole-or-refused", difficulty=RARE)
def _() -> WsgiApp:
    """A body ends where it has a NUL."""
    return broken(
        choices={"nul_character": "keep"},
        pipeline=handling(lambda event: with_body(event, body=event.body["body"].partition("\0")[0]), SEND),
    )


@defect("messages-control-characters-removed", "messages.whole-or-refused", "messages.body-exact", difficulty=RARE)
def _() -> WsgiApp:
    """Control characters are removed from bodies without a word."""
    return bodies(lambda text: re.sub("[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f]", "", text))
