"""JSON as bodies of requests carry it: what they are encoded in, how deep they are, and which numbers they hold."""

from collections.abc import Mapping
from typing import Any

_ENCODINGS = ("", "identity")
_CHARSETS = ("utf-8", "utf8", "us-ascii", "ascii")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"


class BeyondRangeError(Exception):
    """An integer that does not fit into 64 bits."""


def unsupported_encoding(environ: Mapping[str, Any]) -> str | None:
    """Return a sentence on what is wrong with the encoding or charset in a request's headers; None if nothing is."""
    encoding = str(environ.get("HTTP_CONTENT_ENCODING", "")).strip().lower()
    if encoding not in _ENCODINGS:
        return f"The body has the Content-Encoding {encoding[:40]}, which is not supported here: send it as it is."
    _, semicolon, parameters = str(environ.get("CONTENT_TYPE") or "").partition(";")
    for parameter in parameters.split(";") if semicolon else ():
        name, _, value = parameter.partition("=")
        charset = value.strip().strip('"').lower()
        if name.strip().lower() == "charset" and charset not in _CHARSETS:
            return f"The body has the charset {charset[:40]}: JSON is UTF-8."
    return None


def not_utf8(data: bytes) -> str | None:
    """Return a sentence on what a body is instead of UTF-8 text; None if it is UTF-8 text."""
    if data.startswith(_GZIP):
        return "The body is compressed by gzip, and its headers do not say so: send it as it is."
    if data.startswith(_BYTE_ORDER_MARK):
        return "The body begins with a byte order mark, which JSON does not have."
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return f"The body is not UTF-8: byte 0x{data[error.start]:02X} at position {error.start} begins no character."
    return None


def integer(digits: str) -> int:
    """The integer. Raises BeyondRangeError if it does not fit into 64 bits."""
    if len(digits) > 20 or not -(2**63) <= (value := int(digits)) < 2**64:
        raise BeyondRangeError("The body holds an integer beyond 64 bits.")
    return value
