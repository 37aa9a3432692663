"""A whole verification: preflight, the shipped tests under pytest, and the Run that follows from what they found."""

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from accord.base.errors import AccordError
from accord.base.redaction import hide, shown
from contract_tests.contract.catalogue import load_catalogue
from contract_tests.contract.document import load_contract
from contract_tests.contract.excludes import load_excludes
from contract_tests.effort import Effort, busy, effort_named
from contract_tests.outcome.checks import CheckLog, Terms
from contract_tests.outcome.conclude import results_of
from contract_tests.outcome.redacted import redacted
from contract_tests.outcome.run import Run
from contract_tests.outcome.traffic import together
from contract_tests.reproduction.reduction import LONGEST_S, Reducer
from contract_tests.run import keeping
from contract_tests.run.closing import counting, creations_of, resolve_all
from contract_tests.run.plan import Plan, plan
from contract_tests.run.preflight import preflight
from contract_tests.run.recordings import read
from contract_tests.run.settings import Settings
from contract_tests.run.targets import target_of
from contract_tests.run.workers import started_for
from contract_tests.transport.sender import Target
from contract_tests.transport.stopping import Deadline, Stopped, enforced
from contract_tests.webhook_receiver.listener import listening

KILL_SCORE = Path(__file__).parents[1] / "kill_score.json"
"""Written by tests/harness/kill_matrix.py."""

_UNUSED = ("terminal", "cacheprovider", "logging", "threadexception", "unraisableexception")
"""Plugins of pytest whose work nobody sees, and which take their time with each test, or at the end."""

if TYPE_CHECKING:
    from requests.adapters import BaseAdapter

    from contract_tests.run.collector import Collector, Progress


def prepare() -> None:
    """Import and read what a run needs later, for a caller that has to wait for something anyway."""
    import hypothesis.stateful  # noqa: F401

    import contract_tests.run.plugin  # noqa: F401

    load_catalogue()


def verify(
    settings: Settings,
    *,
    adapter: "Callable[[], BaseAdapter] | None" = None,
    progress: "Progress | None" = None,
    deadline: Deadline | None = None,
) -> Run:
    """Judge a server. `adapter` replaces the network for a server in this process; `deadline` lets others end the run.

    A run that is ended early is returned with what it had found, and the reason among its problems. Raises AccordError for a
    mistake of configuration, before anything is judged.
    """
    with counting(settings) as counted, _listening(counted) as heard:
        return _judged(heard, adapter, progress, deadline or Deadline())


@contextmanager
def _listening(settings: Settings) -> Iterator[Settings]:
    """Let events come, if the run is to hear of them, from before its first request to its end. Raises AccordError."""
    if not settings.webhook_listen and not settings.webhook_secret:
        yield settings
        return
    if not settings.webhook_listen or not settings.webhook_secret:
        absent = "--webhook-secret" if settings.webhook_listen else "--webhook-listen"
        raise AccordError(f"{absent} is missing: events are received and their signatures checked.", "Give both.")
    with TemporaryDirectory(prefix="accord-") as directory:
        inbox = Path(directory, "events.jsonl")
        with listening(settings.webhook_listen, inbox, settings.webhook_wait):
            yield replace(settings, webhook_inbox=str(inbox))


def _judged(
    settings: Settings, adapter: "Callable[[], BaseAdapter] | None", progress: "Progress | None", deadline: Deadline
) -> Run:
    deadline.limit(settings.time_budget)
    contract, catalogue, excludes = load_contract(settings.spec_path), load_catalogue(), load_excludes()
    if not any(settings.selects(requirement.id) for requirement in catalogue):
        raise AccordError("No requirement is left to check.", "Compare --only and --skip with `accord requirements`.")
    redactor = settings.keys.redactor()
    hide(redactor.keys, redactor.altered)
    effort = effort_named(settings.effort).within(settings.max_conversations)
    planned = plan(settings)
    if planned is not None and planned.left_out:
        settings = replace(settings, left_out=tuple(planned.left_out))
        _tell(planned)
    started, began = datetime.now(UTC), time.monotonic()
    creations, conversations, why = creations_of(settings, alone=True), {}, ""
    pace = settings.requests_per_second
    target = target_of(settings, contract, deadline, requests_per_second=pace, adapter=adapter, creations=creations)
    try:
        if progress is not None:
            progress.counts(lambda: target.sent)
        run_id = preflight(settings, contract, target)
        asked_first = target.sent
        if creations is not None:
            creations.recognize(run_id, settings.email_domain)
        chosen, why = (settings.workers, "") if settings.workers else _workers(effort, target, adapter)
        settings = settings.started(run_id, chosen, deadline.ends_at)
        if creations is not None and chosen > 1:
            creations.share(Path(settings.count))
        found = _run_tests(settings, target, progress, started.timestamp())
        _try_again(settings, target, found, time.monotonic() - began)
        if settings.resolve_at_end:
            conversations["resolved"] = resolve_all(target, contract)
    except Stopped as stopped:
        asked_first = target.sent
        found = _nothing(f"{stopped} Nothing was judged by then.", deadline)
    finally:
        target.close()
        if creations is not None:
            conversations["created"] = sum(1 for _ in creations.made())
            creations.close()
    if settings.max_conversations is not None:
        conversations["most"] = settings.max_conversations
    if planned is not None:
        found.leave_out(planned.entries())
    selected = tuple(requirement.id for requirement in catalogue if settings.selects(requirement.id))
    # A violated requirement was tested, even if something else that it needs never came.
    untested = {name: why for name, why in found.untested.items() if name in selected and not found.violated(name)}
    terms = Terms(selected, settings.missing, contract.inapplicable, untested, catalogue=settings.version)
    run = Run(
        id=settings.run_id,
        seed=settings.seed,
        effort=settings.effort,
        workers=settings.workers or 1,
        started_at=started.isoformat(timespec="seconds").replace("+00:00", "Z"),
        duration_s=round(time.monotonic() - began, 2),
        requests=target.sent + found.sent,
        horizon_s=effort.horizon,
        requests_by_area=_by_area(found, asked_first, target.sent + found.sent),
        suite_version=metadata.version("accord"),
        spec_sha256=contract.sha256,
        requirements_sha256=catalogue.requirements_sha256,
        base_url=target.base_url,
        keys={name: shown(credential.key) for name, credential in settings.keys.named().items()},
        access=settings.access.to_json(),
        conversations=conversations,
        workers_reason=why,
        strict=settings.strict,
        results=results_of(catalogue, terms, found.tallies),
        choices=found.observations,
        problems=tuple(found.problems),
        tracebacks=tuple(target.redact(text) for text in found.tracebacks),
        left_out=(*effort.left_out(), *found.left_out, *(planned.said() if planned else ())),
        kill_score=json.loads(KILL_SCORE.read_text(encoding="utf-8")),
        catalogue=settings.version,
        pinned=settings.catalogue is not None,
        log=CheckLog(terms, tuple(found.entries)),
        excluded=excludes.reasons,
        excludes_sha256=excludes.sha256,
        traffic=found.traffic,
        exchanges=found.exchanges,
    )
    return redacted(run)


def _tell(planned: Plan) -> None:
    """Say, before anything is sent, what a run leaves out, and what it cannot decide."""
    number = f"{len(planned.left_out)} test{'' if len(planned.left_out) == 1 else 's'}"
    sys.stderr.write(f"--max-conversations {planned.most} leaves no room for {number}, which the report names.\n")
    names = planned.undecided
    if names:
        number = f"{len(names)} requirement{'' if len(names) == 1 else 's'} cannot be decided"
        sys.stderr.write(f"With --max-conversations {planned.most}, {number}: {', '.join(names)}\n")


def _workers(effort: Effort, target: Target, adapter: object) -> tuple[int, str]:
    """How many workers share the tests, and why so many. A server in this process has one thread to answer all of them."""
    if adapter is not None:
        return 1, "The server is in the same process."
    return effort.workers_for(target.latency, busy(), here=_is_here(target.base_url))


def _is_here(base_url: str) -> bool:
    """Whether a server is on this machine, and shares its processors."""
    host = urlsplit(base_url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


def _by_area(found: "Collector", asked_first: int, whole: int) -> dict[str, int]:
    """How many requests each area took, most first: the files of the suite, and what comes before and after them."""
    counted = Counter(found.requests)
    counted["preflight"] = asked_first
    counted["reproductions"] = whole - counted.total()
    return {area: requests for area, requests in counted.most_common() if requests > 0}


def _try_again(settings: Settings, target: Target, found: "Collector", took: float) -> None:
    """Send the requests of each finding again to find the fewest that show it. This takes a fraction of the run's time."""
    longest = min(LONGEST_S, max(3.0, took / 2))
    if settings.deadline is not None:
        longest = min(longest, settings.deadline - time.time())
    if found.problems or target.deadline.over:
        longest = 0.0
    Reducer(target, settings.run_id, time.monotonic() + longest).reduce([*found.tallies.values()])


def _nothing(reason: str, deadline: Deadline) -> "Collector":
    """What a run has found that ended before its first test."""
    from contract_tests.run.collector import Collector

    collector = Collector(deadline)
    collector.problems.append(reason)
    return collector


def _run_tests(settings: Settings, target: Target, progress: "Progress | None", began: float) -> "Collector":
    with TemporaryDirectory(prefix="accord-") as directory, _environment(directory):
        import pytest

        from contract_tests.run.collector import Collector
        from contract_tests.run.plugin import Carrier

        collector = Collector(target.deadline, progress, began=began)
        recordings = Path(directory, "recordings")
        recordings.mkdir()
        carrier = Carrier(settings, target, recordings)
        if progress is not None:
            progress.counts(lambda: target.sent + collector.sent)
        ini = Path(directory, "pytest.ini")
        ini.write_text("[pytest]\n")
        arguments = [
            *("--pyargs", "contract_tests.suite"),
            *("-c", str(ini), "--rootdir", directory, "--noconftest", "--import-mode=importlib"),
            # Where xdist makes folders of its own, which would stay.
            *("--basetemp", str(Path(directory, "workers"))),
            *("-p", "contract_tests.run.plugin", *(part for name in _UNUSED for part in ("-p", f"no:{name}"))),
        ]
        several, errors = settings.workers is not None and settings.workers > 1, Path(directory, "errors")
        if several:
            arguments += ["-p", "xdist.plugin", "-n", str(settings.workers), "--dist", "loadscope"]
        try:
            with started_for(target.deadline, errors) if several else nullcontext(), enforced(target.deadline):
                code = pytest.main(arguments, plugins=[collector, carrier])
        except KeyboardInterrupt:
            if not target.deadline.over:
                raise
            code = pytest.ExitCode.INTERRUPTED
        collector.traffic = together([*carrier.kept, *read(recordings)])
        collector.exchanges = keeping.read(recordings)
        if several and not target.deadline.over:
            sys.stderr.write(target.redact(errors.read_text(encoding="utf-8", errors="replace")))
    if reason := target.deadline.over:
        collector.tell_end(reason)
        return collector
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

    Nothing of a run is kept there. Without a cache of the user that can be written to, it is a directory that ends with the run.
    """
    cache = _cache()
    if cache is None:
        return directory
    kept = cache / "accord" / "hypothesis"
    try:
        kept.mkdir(parents=True, exist_ok=True)
    except OSError:
        return directory
    return str(kept) if os.access(kept, os.W_OK | os.X_OK) else directory


def _cache() -> Path | None:
    """The user's cache. Relative paths mean none: they would lead somewhere in the working directory (XDG base directories)."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    if named and Path(named).is_absolute():
        return Path(named)
    home = os.path.expanduser("~")
    return Path(home, ".cache") if Path(home).is_absolute() and os.environ.get("HOME") != "" else None
