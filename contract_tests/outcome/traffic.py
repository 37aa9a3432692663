"""What of a run's requests and responses is kept for traffic.har: as HAR 1.2 has it, redacted, and no more than somebody opens.

An exchange is an entry, a line of JSON. Those that showed a violation come first, then the latest, until `MOST` is reached.
"""

from collections.abc import Iterable
from dataclasses import dataclass

MOST = 1_000_000
"""Characters of all entries of a run together."""

KEPT_BODY, KEPT_TEXT = 4_000, 1_000
"""Characters that are kept of a body, and of any other text."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """Entries in the order in which they were sent. Nothing of them has to be redacted any more."""

    entries: tuple[str, ...] = ()


def together(recordings: Iterable[tuple[float, str]]) -> Traffic:
    """The entries of all workers, in their order."""
    return Traffic(tuple(line for _, line in sorted(recordings)))
