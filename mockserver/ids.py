"""Where ids come from: shaped like version-4 UUIDs, the same sequence for the same seed."""

import os
import re
from hashlib import blake2b
from itertools import count

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Ids:
    """Ids in the order of one seed; without one, ids by chance. Thread-safe, since the counter takes a single call."""

    def __init__(self, seed: int | str | None) -> None:
        self._key = os.urandom(32) if seed is None else blake2b(f"ids:{seed}".encode(), digest_size=32).digest()
        self.restart()

    def restart(self) -> None:
        """Begin the sequence again."""
        self._numbers = count()

    def new(self) -> str:
        """The next id."""
        number = next(self._numbers)
        bits = blake2b(number.to_bytes(8, "big"), key=self._key, digest_size=16).hexdigest()
        return f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-{'89ab'[int(bits[16], 16) & 3]}{bits[17:20]}-{bits[20:]}"


def is_id(text: str) -> bool:
    """Whether the text could be an id."""
    return _ID.fullmatch(text) is not None
