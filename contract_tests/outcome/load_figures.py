"""What was measured while a load lasted."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OperationFigures:
    """How a server responded to an operation under load. Errors are responses of 5xx and requests without a response."""

    operation: str
    requests: int
    errors: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    slowest_ms: float


@dataclass(frozen=True, slots=True)
class LoadFigures:
    """What was measured while a load lasted, from which no verdict follows.

    `waits` are responses that asked to wait, all processes together; `writes_in_doubt` got no response, so that nobody knows
    whether they happened; `generator_busy` says that the machine that loaded had no time left: more could have
    been asked of the server.
    """

    users: int
    spawn_rate: float
    processes: int
    duration_s: float
    requests: int
    requests_per_second: float
    waits: int
    waited_s: float
    unanswered: int
    writes_in_doubt: int
    generator_busy: bool
    operations: tuple[OperationFigures, ...]
