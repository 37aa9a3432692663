"""Servers that change the bodies of messages."""

import html
import re
import unicodedata
from collections.abc import Callable

from mockserver.serving.server import WsgiApp
from tests.defects.kit.parts import SEND, broken, handling, with_body
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


def bodies(change_text: Callable[[str], str]) -> WsgiApp:
    """A server that stores the body of a message otherwise."""
    return broken(pipeline=handling(lambda event: with_body(event, body=change_text(event.body["body"])), SEND))


@defect("messages.body-exact", difficulty=EASY)
def messages_body_cut_255() -> WsgiApp:
    """Bodies are cut after 255 characters."""
    return bodies(lambda text: text[:255])


@defect("messages.body-exact", difficulty=EASY)
def messages_body_cut_1000() -> WsgiApp:
    """Bodies are cut after 1,000 characters."""
    return bodies(lambda text: text[:1000])


@defect("messages.body-exact", difficulty=MEDIUM)
def messages_body_cut_4096() -> WsgiApp:
    """Bodies are cut after 4,096 characters."""
    return bodies(lambda text: text[:4096])


@defect("messages.body-exact", difficulty=MEDIUM)
def messages_body_cut_8192_bytes() -> WsgiApp:
    """Bodies are cut after 8,192 bytes."""
    return bodies(lambda text: text.encode()[:8192].decode("utf-8", "ignore"))


@defect("messages.whole-or-refused", difficulty=RARE)
def messages_body_cut_65535() -> WsgiApp:
    """Bodies are cut after 65,535 bytes."""
    return bodies(lambda text: text.encode()[:65535].decode("utf-8", "ignore"))


@defect("messages.body-exact", difficulty=MEDIUM)
def messages_body_one_space() -> WsgiApp:
    """Several spaces in a body become one."""
    return bodies(lambda text: re.sub(" +", " ", text))


@defect("messages.body-exact", difficulty=EASY)
def messages_body_one_line() -> WsgiApp:
    """Line ends in a body become spaces."""
    return bodies(lambda text: re.sub("[\r\n]+", " ", text))


@defect("messages.body-exact", difficulty=MEDIUM)
def messages_body_unix_lines() -> WsgiApp:
    """CR LF in a body becomes LF."""
    return bodies(lambda text: text.replace("\r\n", "\n"))


@defect("messages.body-exact", difficulty=MEDIUM)
def messages_body_without_empty_lines() -> WsgiApp:
    """Several empty lines in a body become one."""
    return bodies(lambda text: re.sub("\n{3,}", "\n\n", text))


@defect("messages.body-exact", "messages.whole-or-refused", difficulty=MEDIUM)
def messages_body_tabs_as_spaces() -> WsgiApp:
    """Tabs in a body become spaces."""
    return bodies(lambda text: text.replace("\t", "    "))


@defect("messages.body-exact", difficulty=EASY)
def messages_body_escaped() -> WsgiApp:
    """Bodies are escaped as in HTML."""
    return bodies(html.escape)


@defect("messages.body-exact", difficulty=MEDIUM)
def messages_body_unescaped() -> WsgiApp:
    """Entities of HTML in a body are taken for the characters that they name."""
    return bodies(html.unescape)


@defect("messages.body-exact", difficulty=MEDIUM)
def messages_body_without_tags() -> WsgiApp:
    """Tags of HTML are removed from bodies."""
    return bodies(lambda text: re.sub("<[^>]+>", "", text))


@defect("messages.body-exact", difficulty=RARE)
def messages_body_composed() -> WsgiApp:
    """Bodies are normalised to composed characters (NFC)."""
    return bodies(lambda text: unicodedata.normalize("NFC", text))


@defect("messages.body-exact", difficulty=RARE)
def messages_body_compatible() -> WsgiApp:
    """Ligatures, fractions and other compatibility characters are replaced in bodies (NFKC)."""
    return bodies(lambda text: unicodedata.normalize("NFKC", text))


@defect("messages.body-exact", difficulty=MEDIUM)
def messages_body_without_emoji() -> WsgiApp:
    """Characters beyond the Basic Multilingual Plane become question marks in bodies."""
    return bodies(lambda text: re.sub("[\U00010000-\U0010ffff]", "?", text))


@defect("messages.body-exact", difficulty=RARE)
def messages_body_without_joiners() -> WsgiApp:
    """Characters without a width are removed from bodies."""
    return bodies(lambda text: re.sub("[\u200b-\u200d\ufeff]", "", text))


@defect("messages.body-exact", difficulty=RARE)
def messages_body_plain_spaces() -> WsgiApp:
    """No-break spaces in a body become spaces."""
    return bodies(lambda text: text.replace("\u00a0", " "))


@defect("messages.body-exact", difficulty=MEDIUM)
def messages_body_backslashes_lost() -> WsgiApp:
    """Backslashes are removed from bodies."""
    return bodies(lambda text: text.replace("\\", ""))


@defect("messages.body-exact", difficulty=RARE)
def messages_body_percent_decoded() -> WsgiApp:
    """A percent sign and two digits in a body are decoded as in an address."""
    return bodies(lambda text: text.replace("%20", " "))


@defect("messages.body-exact", difficulty=RARE)
def messages_body_templated() -> WsgiApp:
    """Placeholders in braces are filled in, with nothing."""
    return bodies(lambda text: re.sub(r"\{\w+\}", "", text))


@defect("messages.body-exact", difficulty=RARE)
def messages_body_quotes_cut() -> WsgiApp:
    """Lines that quote others are taken off bodies, as from an e-mail."""
    return bodies(lambda text: re.sub(r"(?m)^>+.*\n", "", text))


@defect("messages.body-exact", difficulty=EASY)
def messages_body_in_lower_case() -> WsgiApp:
    """Bodies are stored in lower case."""
    return bodies(str.lower)


@defect("messages.body-exact", difficulty=RARE)
def messages_body_stripped_lines() -> WsgiApp:
    """White space at the beginning of each line of a body is removed."""
    return bodies(lambda text: re.sub(r"(?m)^[ \t]+", "", text))


@defect("messages.whole-or-refused", difficulty=RARE)
def messages_nul_cuts() -> WsgiApp:
    """A body ends where it has a NUL."""
    return broken(
        choices={"nul_character": "keep"},
        pipeline=handling(lambda event: with_body(event, body=event.body["body"].partition("\0")[0]), SEND),
    )


@defect("messages.whole-or-refused", "messages.body-exact", difficulty=RARE)
def messages_control_characters_removed() -> WsgiApp:
    """Control characters are removed from bodies without a word."""
    return bodies(lambda text: re.sub("[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f]", "", text))


@defect("messages.listed-once", "messages.body-exact", "messages.own-conversation", difficulty=RARE)
def messages_body_long_kept_by_its_beginning() -> WsgiApp:
    """Bodies of more than 1,000 characters are kept once, under their first 500: one that begins alike shows the earlier text."""
    kept: dict[str, str] = {}
    return bodies(lambda text: kept.setdefault(text[:500], text) if len(text) > 1000 else text)
