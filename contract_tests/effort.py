"""How much a run does. Each effort is a budget, on a fast server: `quick` about 3 seconds, `standard` 10, `thorough` minutes."""

import math
from dataclasses import dataclass, replace
from os import cpu_count

from accord.errors import AccordError

_PATIENCE = 15.0
"""Seconds that one worker may spend on waiting for answers."""

_SLOW = 0.005
"""Seconds from which on an answer is waited for rather than worked for."""

_MOST_WORKERS = 32
"""Each takes half a second of a processor to start, and some 45 MB."""

_FEWEST_AUDITED = 15


@dataclass(frozen=True, slots=True)
class Effort:
    """The sizes of what is generated.

    `lifecycles` x `steps` calls of the state machine; `values` texts and metadata; `schema_cases` generated requests per operation;
    `rounds` of concurrent calls by `threads` clients; `audited` conversations that are read again at the end. `requests`: about
    how many all of it sends. `sparse`: of two
    things that are tried in every combination, each is tried with every other of the other.
    """

    name: str
    lifecycles: int
    steps: int
    values: int
    schema_cases: int
    rounds: int
    threads: int
    audited: int
    requests: int
    sparse: bool = False

    def combined(self, first: int, second: int) -> bool:
        """Whether the combination of two things, by their positions, is tried at this effort."""
        return not self.sparse or (first + second) % 2 == 0

    def shared_by(self, workers: int) -> "Effort":
        """The effort of one of several workers: together they read as many conversations again as one would alone."""
        return replace(self, audited=max(_FEWEST_AUDITED, self.audited // workers)) if workers > 1 else self

    def workers_for(self, latency: float) -> int:
        """How many workers keep a run at this effort short, where an answer takes `latency` seconds.

        Of a fast server one is enough, and starting more costs more than they save; a slow one is waited for side by side.
        """
        wanted = math.ceil(self.requests * latency / _PATIENCE)
        most = _MOST_WORKERS if latency > _SLOW else cpu_count() or 1
        return max(1, min(wanted, most))

    def left_out(self) -> tuple[str, ...]:
        """What the largest effort does and this one does not, in words."""
        most = EFFORTS["thorough"]
        sizes = {
            "lifecycles": "lives of conversations",
            "values": "generated texts and metadata",
            "schema_cases": "requests generated from the contract, for each operation",
            "rounds": "rounds of concurrent calls",
            "audited": "conversations read again at the end, if there are as many",
        }
        every_other = ("every other combination of bad keys, and of origins, with operations",) if self.sparse else ()
        return every_other + tuple(
            f"{getattr(most, name) - getattr(self, name):,} of {getattr(most, name):,} {what}"
            for name, what in sizes.items()
            if getattr(self, name) < getattr(most, name)
        )


EFFORTS = {
    effort.name: effort
    for effort in (
        Effort(
            "quick", lifecycles=4, steps=30, values=20, schema_cases=0, rounds=4, threads=6, audited=75, requests=3_700, sparse=True
        ),
        Effort(
            "standard", lifecycles=50, steps=30, values=150, schema_cases=25, rounds=8, threads=8, audited=1_000, requests=9_000
        ),
        Effort(
            "thorough",
            lifecycles=300,
            steps=50,
            values=1000,
            schema_cases=200,
            rounds=30,
            threads=16,
            audited=100_000,
            requests=60_000,
        ),
    )
}


def effort_named(name: str) -> Effort:
    """Raises AccordError for a name that is none of them."""
    if name not in EFFORTS:
        raise AccordError(f"There is no effort {name!r}.", f"Take one of {', '.join(EFFORTS)}.")
    return EFFORTS[name]
