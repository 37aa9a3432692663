"""What a run was asked for: plain values, so that they reach every xdist worker."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from accord.assets import OPENAPI
from contract_tests.credentials import Keys


@dataclass(frozen=True, slots=True)
class Settings:
    """The options of `accord verify`, by their names there. `run_id` is found by the preflight; `timeout` is in seconds."""

    base_url: str
    server_key: str
    client_key: str | None = None
    revoked_key: str | None = None
    other_server_key: str | None = None
    origin_client_key: str | None = None
    origin: str | None = None
    effort: str = "standard"
    seed: int = 0
    workers: int = 1
    requests_per_second: float | None = None
    timeout: float = 10.0
    strict: bool = False
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    spec: str = str(OPENAPI)
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

    def named(self, run_id: str) -> "Settings":
        return replace(self, run_id=run_id)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Settings":
        return cls(**{**data, "only": tuple(data["only"]), "skip": tuple(data["skip"])})
