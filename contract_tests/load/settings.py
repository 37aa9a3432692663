"""What a load run was asked for: plain values, which reach the process that loads."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from contract_tests.run.settings import Settings

EFFORT = "load"
"""What reports call the effort of such a run."""

TEST = "accord load"
"""What stands in evidence and in the check log where the name of a test does otherwise."""

ALONE, MASTER, WORKER = "alone", "master", "worker"


@dataclass(frozen=True, slots=True)
class LoadSettings:
    """The options of `accord load`; times are in seconds, `spawn_rate` in users a second.

    `role` says whether this process loads alone, leads others or follows one. `host` and `port` are where the master listens: of a
    master its own, of a worker that of the master. A worker's `target` has no `base_url` where it takes the master's.
    """

    target: Settings
    users: int = 10
    spawn_rate: float = 10.0
    duration: float = 30.0
    role: str = ALONE
    host: str = "127.0.0.1"
    port: int = 5557
    expect_workers: int = 1

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "target": self.target.to_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "LoadSettings":
        return cls(**{**data, "target": Settings.from_json(data["target"])})
