"""Where ids come from: shaped like version-4 UUIDs, the same sequence for the same seed."""

import random
import re

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Ids:
    """Ids in the order of one seed. Thread-safe, since each takes a single call of the generator."""

    def __init__(self, seed: int | str) -> None:
        self._bits = random.Random(f"ids:{seed}").getrandbits

    def new(self) -> str:
        """The next id."""
        bits = f"{self._bits(124):031x}"
        return f"{bits[:8]}-{bits[8:12]}-4{bits[12:15]}-{'89ab'[int(bits[15], 16) & 3]}{bits[16:19]}-{bits[19:31]}"


def is_id(text: str) -> bool:
    """Whether the text could be an id."""
    return _ID.fullmatch(text) is not None
