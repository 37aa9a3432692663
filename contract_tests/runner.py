"""A whole verification: preflight, the shipped tests under pytest, and the Run that follows from what they found."""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from accord.errors import AccordError
from contract_tests.catalogue import load_catalogue
from contract_tests.contract import load_contract
from contract_tests.credentials import redact
from contract_tests.effort import effort_named
from contract_tests.preflight import preflight
from contract_tests.results import Run, Tally, conclude
from contract_tests.settings import Settings
from contract_tests.target import Target

KILL_SCORE = Path(__file__).with_name("kill_score.json")
"""Written by tests/kill_matrix.py."""

_UNUSED = ("terminal", "cacheprovider", "logging", "threadexception", "unraisableexception")
"""Plugins of pytest whose work nobody sees, and which take their time with each test, or at the end."""

if TYPE_CHECKING:
    from requests.adapters import BaseAdapter

    from contract_tests.plugin import Collector, Progress


def prepare() -> None:
    """Import and read what a run needs later, for a caller that has to wait for something anyway."""
    import hypothesis.stateful  # noqa: F401

    import contract_tests.plugin  # noqa: F401

    load_catalogue()


def verify(settings: Settings, *, adapter: "Callable[[], BaseAdapter] | None" = None, progress: "Progress | None" = None) -> Run:
    """Judge a server. `adapter` replaces the network for a server in this process.

    Raises AccordError for a mistake of configuration, before anything is judged.
    """
    contract, catalogue = load_contract(settings.spec_path), load_catalogue()
    if not any(settings.selects(requirement.id) for requirement in catalogue):
        raise AccordError("No requirement is left to check.", "Compare --only and --skip with `accord requirements`.")
    effort = effort_named(settings.effort)
    started, began = datetime.now(UTC), time.monotonic()
    target = Target(
        settings.base_url,
        settings.keys,
        timeout=settings.timeout,
        requests_per_second=settings.requests_per_second,
        adapter=adapter,
    )
    try:
        run_id = preflight(settings, contract, target)
        chosen = effort.workers_for(target.latency) if adapter is None else 1
        settings = settings.started(run_id, settings.workers or chosen)
        found = _run_tests(settings, target, progress)
    finally:
        target.close()
    selected = [requirement.id for requirement in catalogue if settings.selects(requirement.id)]
    tallies = {name: found.tallies.get(name, Tally()) for name in selected}
    return Run(
        id=settings.run_id,
        seed=settings.seed,
        effort=settings.effort,
        workers=settings.workers or 1,
        started_at=started.isoformat(timespec="seconds").replace("+00:00", "Z"),
        duration_s=round(time.monotonic() - began, 2),
        requests=target.sent + found.sent,
        suite_version=metadata.version("accord"),
        spec_sha256=contract.sha256,
        requirements_sha256=catalogue.requirements_sha256,
        base_url=target.base_url,
        keys={name: redact(credential.key) for name, credential in settings.keys.named().items()},
        strict=settings.strict,
        results=conclude(catalogue, tallies, settings.missing, contract.inapplicable),
        choices=found.observations,
        problems=tuple(found.problems),
        left_out=(*effort.left_out(), *found.left_out),
        kill_score=json.loads(KILL_SCORE.read_text(encoding="utf-8")),
        baseline=frozenset(settings.baseline),
    )


def _run_tests(settings: Settings, target: Target, progress: "Progress | None") -> "Collector":
    with TemporaryDirectory(prefix="accord-") as directory, _environment(directory):
        import pytest

        from contract_tests import plugin

        collector = plugin.Collector(progress)
        ini = Path(directory, "pytest.ini")
        ini.write_text("[pytest]\n")
        arguments = [
            *("--pyargs", "contract_tests.suite"),
            *("-c", str(ini), "--rootdir", directory, "--noconftest", "--import-mode=importlib"),
            *("-p", "contract_tests.plugin", *(part for name in _UNUSED for part in ("-p", f"no:{name}"))),
        ]
        if settings.workers is not None and settings.workers > 1:
            arguments += ["-p", "xdist.plugin", "-n", str(settings.workers), "--dist", "loadscope"]
        code = pytest.main(arguments, plugins=[collector, plugin.Carrier(settings, target)])
    stopped = code == pytest.ExitCode.INTERRUPTED and (settings.fail_fast or collector.problems)
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) and not stopped:
        collector.problems.append(f"pytest could not run the suite to its end: {pytest.ExitCode(code).name}.")
    return collector


@contextmanager
def _environment(directory: str) -> Iterator[None]:
    """What keeps the user's surroundings out of the suite, for as long as it runs; xdist workers inherit it."""
    before = dict(os.environ)
    # Plugins of the user's environment must not join in, and a json.py of the user's must not take the place of Python's.
    os.environ.update(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", PYTHONSAFEPATH="1", HYPOTHESIS_STORAGE_DIRECTORY=_tables(directory))
    for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
        os.environ.pop(name, None)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _tables(directory: str) -> str:
    """Where Hypothesis keeps the tables that it makes of Unicode and of our modules, which take a quarter of a second to make.

    Nothing of a run is kept there. Where the user's cache cannot be written to, it is a directory that ends with the run.
    """
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    kept = Path(cache, "accord", "hypothesis")
    try:
        kept.mkdir(parents=True, exist_ok=True)
    except OSError:
        return directory
    return str(kept) if os.access(kept, os.W_OK) else directory
