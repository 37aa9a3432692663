"""How much a run does. Each effort is a budget, on a fast server: `quick` about 3 seconds, `standard` 10, `thorough` minutes."""

import math
import os
from dataclasses import dataclass, replace
from os import cpu_count

from accord.base.errors import AccordError

_PATIENCE = 15.0
"""Seconds that one worker may spend on waiting for answers."""

_SLOW = 0.005
"""Latency in seconds above which a worker mostly waits for a response instead of working on it."""

_MOST_WORKERS = 32
"""Each takes half a second of a processor to start, and some 45 MB."""

_FEWEST_AUDITED = 15


@dataclass(frozen=True, slots=True)
class Effort:
    """The sizes of what is generated.

    `lifecycles` x `steps` calls of the state machine; `values` texts and metadata; `schema_cases` generated requests per operation;
    `rounds` of concurrent calls by `threads` clients; `audited` conversations that are read again at the end. `requests`: about
    how many all of it sends, and `conversations` how many it creates. `sparse` and `halved` limit the combinations of two things:
    with `sparse`, each is tried with one in so many of the other, and with `halved`, with one in half as many.
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
    halved: bool = False
    conversations: int = 0
    horizon: float = 0.0
    """Seconds that lie between the first writes of each kind and the last reading, on any machine."""

    def combined(self, first: int, second: int, one_in: int = 2) -> bool:
        """Whether the combination of two things, by their positions, is tried at this effort.

        If it is sparse, each of the first is combined with one in `one_in` of the second, and the next of the first with the next.
        """
        step = one_in if self.sparse else max(1, one_in // 2) if self.halved else 1
        return (first + second) % step == 0

    def shared_by(self, workers: int) -> "Effort":
        """The effort of one of several workers: together they read as many conversations again as one would alone."""
        return replace(self, audited=max(_FEWEST_AUDITED, self.audited // workers)) if workers > 1 else self

    def within(self, conversations: int | None) -> "Effort":
        """Return this effort; if it creates more conversations than a run may, return the smallest effort, or smaller sizes."""
        if conversations is None or self.conversations <= conversations:
            return self
        quick = replace(EFFORTS["quick"], name=self.name)
        return quick if quick.conversations <= conversations else replace(quick, lifecycles=2, rounds=2, threads=4)

    def workers_for(self, latency: float, busy: float = 0.0, *, here: bool = False) -> tuple[int, str]:
        """How many workers keep a run at this effort short, where a response takes `latency` seconds, and why so many.

        For a fast server, one worker is enough: more would cost more than they save. Several workers wait for a slow server side by
        side. If `busy` processes per processor of this machine want to run, that much of the latency is waiting for a processor.
        If the server is `here`, on this machine, more processes would make that wait longer.
        """
        without = latency / max(busy, 1.0)
        wanted = math.ceil(self.requests * without / _PATIENCE)
        processors = cpu_count() or 1
        most = _MOST_WORKERS if without > _SLOW and not (here and busy > 1) else processors
        number = max(1, min(wanted, most))
        why = f"A response took {latency * 1000:.1f} ms"
        if busy > 1:
            why += f", which counts as {without * 1000:.1f}: this machine has {busy:.1f} times as much to run as processors"
        return number, f"{why}."

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
        share = "most" if self.sparse else "some" if self.halved else ""
        first: tuple[str, ...] = (f"{share} combinations of bad keys, and of origins, with operations",) if share else ()
        later = f"what shows only more than {self.horizon:g} seconds after a write, and within {most.horizon:g}"
        first += (later,) if self.horizon < most.horizon else ()
        return first + tuple(
            f"{getattr(most, name) - getattr(self, name):,} of {getattr(most, name):,} {what}"
            for name, what in sizes.items()
            if getattr(self, name) < getattr(most, name)
        )


def busy() -> float:
    """How many processes want to run for each processor of this machine, over the last minute; 0 where the system does not say."""
    return os.getloadavg()[0] / (cpu_count() or 1) if hasattr(os, "getloadavg") else 0.0


EFFORTS = {
    effort.name: effort
    for effort in (
        Effort(
            "quick",
            lifecycles=4,
            steps=30,
            values=20,
            schema_cases=0,
            rounds=4,
            threads=6,
            audited=75,
            requests=3_760,
            conversations=660,
            sparse=True,
            horizon=1.0,
        ),
        Effort(
            "standard",
            lifecycles=24,
            steps=30,
            values=150,
            schema_cases=25,
            rounds=6,
            threads=8,
            audited=300,
            requests=6_570,
            conversations=1_080,
            halved=True,
            horizon=5.0,
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
            conversations=20_000,
            horizon=60.0,
        ),
    )
}


def effort_named(name: str) -> Effort:
    """Raises AccordError for a name that is none of them."""
    if name not in EFFORTS:
        raise AccordError(f"There is no effort {name!r}.", f"Take one of {', '.join(EFFORTS)}.")
    return EFFORTS[name]
