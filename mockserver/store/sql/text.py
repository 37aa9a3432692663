"""Text that every database can keep: PostgreSQL has no NUL character, so it is written as two characters that stand for it.

The first of these two is SUBSTITUTE, which is then written as two characters itself: so different texts stay different, and each
comes back as it was. In the text of JSON both are escaped already.
"""

_NUL, _SUBSTITUTE = "\x00", "\x1a"


def to_database(text: str) -> str:
    """Return the text as it is stored."""
    if _NUL in text or _SUBSTITUTE in text:
        return text.replace(_SUBSTITUTE, _SUBSTITUTE + "s").replace(_NUL, _SUBSTITUTE + "n")
    return text


def from_database(text: str) -> str:
    """Return the original of a stored text."""
    if _SUBSTITUTE in text:
        return text.replace(_SUBSTITUTE + "n", _NUL).replace(_SUBSTITUTE + "s", _SUBSTITUTE)
    return text
