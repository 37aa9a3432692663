"""What a run was asked for: plain values, so that they reach every xdist worker."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from accord.assets import OPENAPI
from contract_tests.credentials import Keys


@dataclass(frozen=True, slots=True)
class Settings:
    """The options of `accord verify`, by their names there; times are in seconds.

    `workers` is None where the run is to choose; `run_id` is found by the preflight; `deadline` is the moment, in seconds since
    1970, after which no test begins; `tests` are names of tests, where only these are to run; `baseline` are requirements whose
    failure is known.
    """

    base_url: str
    server_key: str
    client_key: str | None = None
    revoked_key: str | None = None
    other_server_key: str | None = None
    origin_client_key: str | None = None
    origin: str | None = None
    effort: str = "standard"
    seed: int = 0
    workers: int | None = 1
    requests_per_second: float | None = None
    timeout: float = 10.0
    strict: bool = False
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    spec: str = str(OPENAPI)
    fail_fast: bool = False
    time_budget: float | None = None
    deadline: float | None = None
    consistency_window: float = 0.0
    tests: tuple[str, ...] = ()
    baseline: tuple[str, ...] = ()
    run_id: str = ""

    @property
    def keys(self) -> Keys:
        return Keys.given(
            self.server_key,
            self.client_key,
            self.revoked_key,
            self.other_server_key,
            self.origin_client_key,
            self.origin or "",
        )

    @property
    def spec_path(self) -> Path:
        return Path(self.spec)

    @property
    def missing(self) -> dict[str, str]:
        """The inputs that the run was not given, each with the option that gives it."""
        optional = ("client_key", "revoked_key", "other_server_key", "origin_client_key", "origin")
        return {name: f"--{name.replace('_', '-')}" for name in optional if not getattr(self, name)}

    def selects(self, requirement_id: str) -> bool:
        """Whether `--only` and `--skip` leave a requirement in the run."""
        wanted = not self.only or any(fnmatchcase(requirement_id, glob) for glob in self.only)
        return wanted and not any(fnmatchcase(requirement_id, glob) for glob in self.skip)

    def started(self, run_id: str, workers: int) -> "Settings":
        """The settings of a run that begins now."""
        deadline = time.time() + self.time_budget if self.time_budget else None
        return replace(self, run_id=run_id, workers=workers, deadline=deadline)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Settings":
        values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}
        return cls(**values)
