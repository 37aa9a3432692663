"""Keeping the exchanges that checks cite, where a run was asked to: in a file of the run's own folder for each process."""

from collections.abc import Callable
from pathlib import Path

import pytest

from contract_tests.judging.check_log import Judge
from contract_tests.outcome.checks import Check
from contract_tests.outcome.exchanges import Kept, KeptExchange, line_of
from contract_tests.transport.credentials import Credential
from contract_tests.transport.exchange import Exchange
from contract_tests.transport.sender import headers_of

FOLDER = "exchanges"
"""The folder beside that of the recordings."""

_CARRIERS = ("x-api-key", "authorization")


class Keeper:
    """Writes the exchanges that a judge's checks cite, each once. `worker` is empty where there is only one."""

    def __init__(self, folder: Path, worker: str, redact: Callable[[str], str]) -> None:
        self._path = folder / (worker or "main")
        self._worker = worker
        self._redact = redact
        self._written: set[int] = set()

    def keep(self, judge: Judge) -> None:
        """Write what the checks of the running test cite."""
        cited = dict.fromkeys(entry.exchange for entry in judge.entries() if isinstance(entry, Check))
        fresh = [number for number in cited if number not in self._written and number in (judge.cited or {})]
        self._written.update(fresh)
        with self._path.open("a", encoding="ascii") as file:
            for number in sorted(fresh):
                file.write(line_of(kept((judge.cited or {})[number], self._worker), self._redact) + "\n")


KEEPER = pytest.StashKey[Keeper]()
"""What keeps the exchanges of this process, in pytest's configuration; not there where nobody asked."""


def begin(config: pytest.Config, judge: Judge, recordings: Path, worker: str, redact: Callable[[str], str]) -> None:
    """Keep from now on what the checks of a judge cite."""
    folder = recordings.with_name(FOLDER)
    folder.mkdir(exist_ok=True)
    judge.cited = {}
    config.stash[KEEPER] = Keeper(folder, worker, redact)


def read(recordings: Path) -> Kept:
    """Return what all processes kept; nothing where nobody asked."""
    folder = recordings.with_name(FOLDER)
    if not folder.is_dir():
        return Kept()
    texts = (path.read_text(encoding="ascii") for path in sorted(folder.iterdir()))
    # The last line is incomplete if the process was ended while it wrote.
    return Kept(tuple(line for text in texts for line in text.splitlines() if line.endswith("}")))


def kept(exchange: Exchange, worker: str) -> KeptExchange:
    """Return what is kept of an exchange: all but the headers that carry its key."""
    call = exchange.call
    hidden = {name.lower() for name in call.forgery.headers} if call.forgery else set(_CARRIERS if call.credential else ())
    role = _role(call.credential) if call.credential else "bad" if call.forgery else ""
    key = str(call.credential or "") or (call.forgery.label if call.forgery else "")
    return KeptExchange(
        worker,
        exchange.number,
        call.method,
        f"{call.path}{call.search}",
        {name: value for name, value in headers_of(call).items() if name.lower() not in hidden},
        call.body,
        exchange.status,
        exchange.headers,
        exchange.body,
        key,
        role,
    )


def _role(credential: Credential) -> str:
    return credential.shell.removeprefix("$ACCORD_").removesuffix("_KEY").lower()
