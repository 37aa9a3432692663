"""Content codings: a body without the gzip and deflate that a server put around it, within a limit."""

import zlib
from collections.abc import Iterable

LARGEST = 16 * 1024 * 1024
"""Bytes of a response's body that are read, as it travels and as it is without its codings."""

_MOST_CODINGS = 4
_MOST_MEMBERS = 10_000
_PIECE = 8 * 1024
"""Bytes that are decompressed at once: what follows the end of a member is copied, so that it must be little."""

_GZIP, _ZLIB, _RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS


class TooLarge(Exception):
    """Something is larger than anybody needs, and was not read to its end. The text says what."""


class _Undecodable(Exception):
    """A body is not what its headers say. The text says how."""


def decoded(body: bytes, encodings: str) -> bytes:
    """Return the body without the codings that the suite accepts, down to the first of another kind.

    `encodings` is the header's value, in the order in which they were applied. If the body does not match it, a text that says why
    is returned, which is not JSON: the response came as a whole, so that it counts as a wrong one. Raises TooLarge.
    """
    applied = [name.strip() for name in encodings.lower().split(",") if name.strip()]
    if len(applied) > _MOST_CODINGS:
        raise TooLarge(f"the response body has {len(applied)} content codings: it was not decoded")
    try:
        for name in reversed(applied):
            if name in ("gzip", "x-gzip"):
                body = _decompressed(body, _GZIP, name)
            elif name == "deflate":
                body = _inflated(body)
            elif name != "identity":
                break
    except _Undecodable as error:
        return str(error).encode()
    return body


def _inflated(body: bytes) -> bytes:
    """Decode deflate with or without the zlib header: the standard asks for it, but some servers leave it out."""
    if not _has_zlib_header(body):
        return _decompressed(body, _RAW, "deflate")
    try:
        return _decompressed(body, _ZLIB, "deflate")
    except _Undecodable:
        try:
            return _decompressed(body, _RAW, "deflate")
        except _Undecodable:
            pass
        raise


def _has_zlib_header(body: bytes) -> bool:
    """RFC 1950: the method is 8, whatever the size of the window, and both bytes are a multiple of 31."""
    return len(body) >= 2 and body[0] & 0x0F == 8 and (body[0] * 256 + body[1]) % 31 == 0


def _decompressed(body: bytes, bits: int, name: str) -> bytes:
    pieces: list[bytes] = []
    size = members = 0
    member = None
    for piece in _pieces(body):
        while piece:
            if member is None:
                members += 1
                if members > _MOST_MEMBERS:
                    raise TooLarge(f"the response body has more than {_MOST_MEMBERS:,} gzip members: reading stopped")
                member = zlib.decompressobj(bits)
            try:
                out = member.decompress(piece, LARGEST - size + 1)
            except zlib.error as error:
                if members > 1 and not piece.strip(b"\0"):
                    # Padding after the last member, which gzip ignores, too.
                    return b"".join(pieces)
                raise _Undecodable(f"the response body is not the {name} that its headers say: {_reason(error)}") from error
            size += len(out)
            if size > LARGEST:
                raise TooLarge(f"the response body is larger than {LARGEST >> 20} MiB once it is decompressed: reading stopped")
            pieces.append(out)
            if not member.eof:
                break
            piece = member.unused_data
            member = None
            if bits != _GZIP:
                return b"".join(pieces)
    if member is not None:
        raise _Undecodable(f"the response body ends before its {name} does")
    return b"".join(pieces)


def _pieces(body: bytes) -> Iterable[bytes]:
    return (body[start : start + _PIECE] for start in range(0, len(body), _PIECE))


def _reason(error: zlib.error) -> str:
    """What zlib says, without the number before it."""
    return str(error).rpartition(": ")[2]
