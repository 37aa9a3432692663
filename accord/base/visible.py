"""Text that came from anywhere, with every character escaped that cannot be seen or that commands a terminal."""

import re

_INVISIBLE = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 but for TAB and LF, DEL, C1
    "\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"  # bidi controls, zero width, line separators
    "\ud800-\udfff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f"  # half surrogates, annotations, no characters, tags
)
UNSHOWABLE = re.compile(f"[{_INVISIBLE}]")
"""Characters that cannot be seen, that command a terminal, or that have no place in XML. TAB and LF are not among them."""

_NOT_ON_A_LINE = re.compile(f"[\t\n{_INVISIBLE}]")
_NAMED = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}


def visible(text: str) -> str:
    """Escape every character of `UNSHOWABLE`, as `\\x1b`, `\\u202e` or `\\U000e0001`."""
    return UNSHOWABLE.sub(_escaped, text)


def on_one_line(text: str) -> str:
    """Escape every character of `UNSHOWABLE`, and TAB, LF and CR as `\\t`, `\\n` and `\\r`."""
    return _NOT_ON_A_LINE.sub(lambda match: _NAMED.get(match[0]) or _escaped(match), text)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
