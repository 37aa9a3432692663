"""What a run was asked for: plain values, so that they reach every xdist worker."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from accord.base.assets import OPENAPI
from contract_tests.contract.versions import newest
from contract_tests.transport.access import Access
from contract_tests.transport.credentials import Keys


@dataclass(frozen=True, slots=True)
class Settings:
    """The options of `accord verify`, by their names there; times are in seconds.

    `workers` is None where the run is to choose; `run_id` is empty where chance is to choose, and settled by the preflight;
    `deadline` is the moment, in seconds since 1970, at which the run ends; `tests` are names of tests, where only these are to
    run; `catalogue` is the version to be judged by, None for the newest; `left_out` are tests that there is no room for, by file
    and function; `created` is the file that names what the run creates, and `count` the one by which its processes count that, both
    empty where nobody asks; `webhook_inbox` is the file of what came to `webhook_listen`, empty where nobody listens; `exchanges`
    says whether every exchange is kept that a check cites.
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
    email_domain: str = "example.com"
    tests: tuple[str, ...] = ()
    catalogue: int | None = None
    run_id: str = ""
    header: tuple[str, ...] = ()
    ca_file: str = ""
    client_cert: str = ""
    client_key_file: str = ""
    insecure: bool = False
    proxy: str = ""
    max_conversations: int | None = None
    resolve_at_end: bool = False
    left_out: tuple[str, ...] = ()
    count: str = ""
    created: str = ""
    webhook_listen: str = ""
    webhook_secret: str | None = None
    webhook_wait: float = 60.0
    webhook_inbox: str = ""
    exchanges: bool = False

    @property
    def access(self) -> Access:
        """How the server is reached. Raises AccordError where that cannot be."""
        return Access.of(self.header, self.ca_file, self.client_cert, self.client_key_file, self.insecure, self.proxy)

    @property
    def keys(self) -> Keys:
        return Keys.given(
            self.server_key,
            self.client_key,
            self.revoked_key,
            self.other_server_key,
            self.origin_client_key,
            self.origin or "",
            (*self.access.secrets, *filter(None, [self.webhook_secret])),
        )

    @property
    def spec_path(self) -> Path:
        return Path(self.spec)

    @property
    def version(self) -> int:
        """The version of the catalogue that the run is judged by."""
        return newest() if self.catalogue is None else self.catalogue

    @property
    def missing(self) -> dict[str, str]:
        """The inputs that the run was not given, each with the option that gives it."""
        optional = ("client_key", "revoked_key", "other_server_key", "origin_client_key", "origin")
        missing = {name: f"--{name.replace('_', '-')}" for name in optional if not getattr(self, name)}
        return missing if self.webhook_listen else missing | {"webhook_listen": "--webhook-listen and --webhook-secret"}

    def selects(self, requirement_id: str) -> bool:
        """Whether `--only` and `--skip` leave a requirement in the run."""
        wanted = not self.only or any(fnmatchcase(requirement_id, glob) for glob in self.only)
        return wanted and not any(fnmatchcase(requirement_id, glob) for glob in self.skip)

    def started(self, run_id: str, workers: int, deadline: float | None) -> "Settings":
        """The settings of a run that was looked at by the preflight."""
        return replace(self, run_id=run_id, workers=workers, deadline=deadline)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Settings":
        values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}
        return cls(**values)
