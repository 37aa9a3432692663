"""The marks of messages, `[m42.run]`, by which a text that a run sent is recognised anywhere."""

import re

_MARK = re.compile(r"\[m\d+\.[\w-]+")
"""A mark without the bracket at its end, which may be cut off."""


def marked(number: int, run_id: str) -> str:
    """Return a mark."""
    return f"[m{number}.{run_id}]"


def mark_of(body: str) -> str:
    """Return the first mark in a text, without the bracket at its end; the whole text if it has no mark."""
    found = _MARK.search(body)
    return found[0] if found else body


def marks_in(text: str) -> list[str]:
    """Return all marks in a text, of whatever run, without the brackets at their ends."""
    return _MARK.findall(text)


def is_marked(text: object) -> bool:
    """Whether a text has a mark, of whatever run."""
    return _MARK.search(str(text)) is not None


def leading_mark(text: object) -> str:
    """Return the mark that a text begins with, with both brackets; empty where it begins otherwise, as what quotes it does."""
    body = str(text).lstrip()
    found = _MARK.match(body)
    return found[0] + "]" if found and body[found.end() :].startswith("]") else ""


class Marks:
    """The marks of one worker's messages, and the whole text that was last sent with each."""

    def __init__(self, run_id: str) -> None:
        self._own = re.compile(rf"\[m\d+\.{re.escape(run_id)}\]")
        self._texts: dict[str, str] = {}
        self._descriptions: dict[str, str] = {}

    def find(self, text: object) -> str:
        """Return the mark of this worker that a text holds, with both brackets; empty where it holds none."""
        found = self._own.search(str(text))
        return found[0] if found else ""

    def note(self, text: str) -> None:
        """Remember a sent text by its mark: a listed message with another text is not this one."""
        if mark := self.find(text):
            self._texts[mark] = text

    def note_description(self, text: str) -> None:
        """Remember the description of a conversation by its mark: a server may make it the first message."""
        if mark := self.find(text):
            self._descriptions[mark] = text

    def texts_of(self, text: object) -> list[str]:
        """Return the message and the description that were sent with the mark that a text holds, as far as there are any."""
        mark = self.find(text)
        return [texts[mark] for texts in (self._texts, self._descriptions) if mark in texts]

    def text_of(self, mark: str) -> str | None:
        """Return the text that was sent with a mark, if any was."""
        return self._texts.get(mark)
