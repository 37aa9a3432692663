"""Where ids come from: shaped like version-4 UUIDs, the same sequence for the same seed."""

import os
import re
from hashlib import blake2b
from itertools import count

_VARIANTS = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Ids:
    """Makes ids: the same sequence for the same seed, random ones without a seed. Thread-safe, as the counter takes one call."""

    def __init__(self, seed: int | str | None) -> None:
        key = os.urandom(32) if seed is None else blake2b(f"ids:{seed}".encode(), digest_size=32).digest()
        self._first = blake2b(key=key, digest_size=16)
        self.restart()

    def restart(self) -> None:
        """Begin the sequence again."""
        self._begun = self._first
        self._numbers = count()

    def go_on_from(self, state: bytes) -> None:
        """Begin another sequence, the same for the same state, since that state may hold ids of the current sequence."""
        begun = self._first.copy()
        begun.update(state)
        self._begun = blake2b(key=begun.digest(), digest_size=16)
        self._numbers = count()

    def new(self) -> str:
        """The next id."""
        digest = self._begun.copy()
        digest.update(next(self._numbers).to_bytes(8, "big"))
        bits = digest.hexdigest()
        return f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-{_VARIANTS[bits[16]]}{bits[17:20]}-{bits[20:]}"


def is_id(text: str) -> bool:
    """Whether the text could be an id."""
    return _ID.fullmatch(text) is not None
