"""Servers that change a description on its way to the first message."""

import html
import re
import unicodedata
from typing import Any

from mockserver.handling.conversations import Conversations
from mockserver.model.records import Conversation
from mockserver.serving.server import WsgiApp
from tests.defects.kit.creating import handled, storing
from tests.defects.kit.parts import Event, broken, in_chunks, with_body
from tests.defects.kit.rules import ruling
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


@defect("create.description-whole", difficulty=MEDIUM)
def text_description_cut() -> WsgiApp:
    """The message made of a description is cut after 1,000 characters."""
    return storing("description", lambda text: text[:1000])


@defect("create.description-whole", difficulty=MEDIUM)
def text_description_one_line() -> WsgiApp:
    """The message made of a description has spaces for line ends."""
    return storing("description", lambda text: re.sub(r"\s*\n\s*", " ", text))


@defect("create.description-whole", difficulty=RARE)
def text_description_escaped() -> WsgiApp:
    """The message made of a description is escaped for HTML."""
    return storing("description", html.escape)


@defect("create.description-whole", difficulty=RARE)
def text_description_without_emoji() -> WsgiApp:
    """The message made of a description has lost its emoji."""
    return storing("description", lambda text: re.sub("[\U00010000-\U0010ffff]", "", text))


@defect("create.description-whole", "create.whole-or-refused", difficulty=RARE)
def text_description_very_long() -> WsgiApp:
    """The message made of a description is cut after 10,000 characters."""
    return storing("description", lambda text: text[:10_000])


@defect("create.description-whole", difficulty=MEDIUM)
def messages_description_cut() -> WsgiApp:
    """A description becomes a message of at most 1,000 characters."""

    def add(self: Any, conversation: Conversation, description: str | None) -> None:
        Conversations.add_description(self, conversation, description[:1000] if description else None)

    return broken(conversations=ruling(add_description=add))


@defect("create.description-whole", difficulty=RARE)
def messages_description_in_one_line() -> WsgiApp:
    """The line ends of a description are lost where it becomes a message."""

    def add(self: Any, conversation: Conversation, description: str | None) -> None:
        Conversations.add_description(self, conversation, description.replace("\n", " ") if description else None)

    return broken(conversations=ruling(add_description=add))


@defect("create.description-whole", difficulty=RARE)
def text_description_composed() -> WsgiApp:
    """The message made of a description is normalised to composed characters (NFC)."""
    return storing("description", lambda text: unicodedata.normalize("NFC", text))


@defect("create.description-whole", difficulty=RARE)
def text_description_unix_lines() -> WsgiApp:
    """CR LF in a description becomes LF in the message made of it."""
    return storing("description", lambda text: text.replace("\r\n", "\n"))


@defect("create.description-whole", difficulty=RARE)
def text_description_single_spaces() -> WsgiApp:
    """Several spaces in a description become one in the message made of it."""
    return storing("description", lambda text: re.sub(" {2,}", " ", text))


@defect("create.description-whole", difficulty=RARE)
def text_description_garbled_in_chunks() -> WsgiApp:
    """A description is decoded 1,024 bytes at a time, and a character that lies across is garbled in the message."""
    return storing("description", lambda text: in_chunks(text, 1024))


@defect("create.description-whole", difficulty=RARE)
def text_description_cut_for_clients() -> WsgiApp:
    """The message made of a description that came with a client key is cut after 500 characters."""

    def change(event: Event) -> Event | None:
        text = event.body.get("description")
        return with_body(event, description=text[:500]) if text and event.tier == "client" else None

    return handled(change)
