"""Servers that change a description on its way to the first message."""

import html
import re
import unicodedata
from typing import Any

from broken_servers.create_seams import handled, storing
from broken_servers.list_seams import ruling
from broken_servers.registry import Difficulty, defect
from broken_servers.seams import Event, broken, in_chunks, with_body
from mockserver.conversations import Conversations
from mockserver.records import Conversation
from mockserver.server import WsgiApp

EASY, MEDIUM, RARE = Difficulty


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


@defect("messages-description-cut", "create.description-whole", difficulty=MEDIUM)
def _() -> WsgiApp:
    """A description becomes a message of at most 1,000 characters."""

    def add(self: Any, conversation: Conversation, description: str | None) -> None:
        Conversations.add_description(self, conversation, description[:1000] if description else None)

    return broken(conversations=ruling(add_description=add))


@defect("messages-description-in-one-line", "create.description-whole", difficulty=RARE)
def _() -> WsgiApp:
    """The line ends of a description are lost where it becomes a message."""

    def add(self: Any, conversation: Conversation, description: str | None) -> None:
        Conversations.add_description(self, conversation, description.replace("\n", " ") if description else None)

    return broken(conversations=ruling(add_description=add))


@defect("text-description-composed", "create.description-whole", difficulty=RARE)
def _() -> WsgiApp:
    """The message made of a description is normalised to composed characters (NFC)."""
    return storing("description", lambda text: unicodedata.normalize("NFC", text))


@defect("text-description-unix-lines", "create.description-whole", difficulty=RARE)
def _() -> WsgiApp:
    """CR LF in a description becomes LF in the message made of it."""
    return storing("description", lambda text: text.replace("\r\n", "\n"))


@defect("text-description-single-spaces", "create.description-whole", difficulty=RARE)
def _() -> WsgiApp:
    """Several spaces in a description become one in the message made of it."""
    return storing("description", lambda text: re.sub(" {2,}", " ", text))


@defect("text-description-garbled-in-chunks", "create.description-whole", difficulty=RARE)
def _() -> WsgiApp:
    """A description is decoded 1,024 bytes at a time, and a character that lies across is garbled in the message."""
    return storing("description", lambda text: in_chunks(text, 1024))


@defect("text-description-cut-for-clients", "create.description-whole", difficulty=RARE)
def _() -> WsgiApp:
    """The message made of a description that came with a client key is cut after 500 characters."""

    def change(event: Event) -> Event | None:
        text = event.body.get("description")
        return with_body(event, description=text[:500]) if text and event.tier == "client" else None

    return handled(change)
