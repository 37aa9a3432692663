"""The pytest plugin: selects the shipped tests, and carries what they find, test by test, to the collector.

A test violates requirements without raising; the plugin fails it afterwards. What each test found travels in its report's
`user_properties`, which xdist brings to the controlling process.
"""

import json
import traceback
from collections.abc import Generator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from accord.base.visible import visible
from contract_tests.contract.catalogue import Level
from contract_tests.contract.document import load_contract
from contract_tests.judging.check_log import Blocked
from contract_tests.outcome.checks import Took, packed
from contract_tests.outcome.traffic import MOST
from contract_tests.run import keeping
from contract_tests.run.closing import creations_of
from contract_tests.run.collector import FINDINGS, LONGEST_CRASH, LONGEST_TRACEBACK, short
from contract_tests.run.context import AUDITED, CONTEXT, Context
from contract_tests.run.order import MARKERS, place, place_beside_others, together
from contract_tests.run.plan import created_by
from contract_tests.run.recordings import RECORDINGS, recorded, write
from contract_tests.run.settings import Settings
from contract_tests.run.targets import target_of
from contract_tests.transport.creations import Exhausted
from contract_tests.transport.guard import Withheld
from contract_tests.transport.sender import Target, Unanswered, Unavailable
from contract_tests.transport.stopping import (
    CUT_SHORT,
    LEFT_OUT,
    Deadline,
    Stopped,
    stopped_by_parent,
)

READ_AGAIN = "read_again"
"""The area of the requests that are sent when the last test has ended."""

pytest_plugins = ["contract_tests.run.fixtures"]

_ENDINGS = (Blocked, Unanswered, Unavailable, Withheld, Exhausted, Stopped)
_OUTCOMES = (pytest.fail.Exception, pytest.skip.Exception, pytest.exit.Exception)


class Carrier:
    """A plugin that brings the settings and the target of this process to the shipped tests, and the settings to xdist workers."""

    def __init__(self, settings: Settings, target: Target, recordings: Path) -> None:
        self.settings = settings
        self.target = target
        self.recordings = recordings
        self.kept: list[tuple[float, str]] = []
        """The recordings of this process."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        node.workerinput["accord"] = self.settings.to_json()
        node.workerinput["accord_recordings"] = str(self.recordings)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Kill the worker if the run is over, and start no other: the worker has already said what it found."""
        if self.target.deadline.over:
            dsession = node.config.pluginmanager.getplugin("dsession")
            dsession.shouldstop = self.target.deadline.over
            dsession._max_worker_restart = 0
            node.gateway._io.popen.kill()

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> object:
        """Send each test to whichever worker is free, except those of some files, which go together.

        The marks of `--dist=loadgroup` are not used, because they are ignored with pytest 9.2 (pytest-xdist, issue 1386).
        """
        from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

        class Scheduler(LoadScopeScheduling):  # type: ignore[misc]
            def _split_scope(self, nodeid: str) -> str:
                return together(nodeid)

        return Scheduler(config, log)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "requirements(*ids): the requirements that the test exercises")
    config.addinivalue_line("markers", "since(version, *ids): the version that first had the test, or its checks of ids")
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    carrier = next((plugin for plugin in config.pluginmanager.get_plugins() if isinstance(plugin, Carrier)), None)
    if carrier is not None:
        config.stash[CONTEXT] = Context.of(carrier.settings, carrier.target)
        config.stash[RECORDINGS] = carrier.kept.extend
        if carrier.settings.exchanges:
            keeping.begin(config, config.stash[CONTEXT].desk.judge, carrier.recordings, "", carrier.target.redact)
        return
    data: dict[str, Any] | None = getattr(config, "workerinput", {}).get("accord")
    if data is None:
        raise pytest.UsageError("The suite is run by `accord verify`, which gives it a server to judge.")
    settings = Settings.from_json(data)
    # The pace that was asked for is that of all workers together.
    pace = settings.requests_per_second / (settings.workers or 1) if settings.requests_per_second else None
    deadline = Deadline(settings.deadline, settings.time_budget)
    stopped_by_parent(deadline)
    contract = load_contract(settings.spec_path)
    target = target_of(settings, contract, deadline, requests_per_second=pace, creations=creations_of(settings))
    config.stash[CONTEXT] = Context.of(settings, target, worker=str(config.workerinput["workerid"]))  # type: ignore[attr-defined]
    given: dict[str, Any] = config.workerinput  # type: ignore[attr-defined]
    folder, worker = Path(given["accord_recordings"]), str(given["workerid"])
    config.stash[RECORDINGS] = lambda kept: write(folder, worker, kept)
    if settings.exchanges:
        keeping.begin(config, config.stash[CONTEXT].desk.judge, folder, worker, target.redact)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Leave what this process sent, and got, where the run finds it."""
    if CONTEXT not in session.config.stash:
        return
    context = session.config.stash[CONTEXT]
    most = MOST // (context.settings.workers or 1)
    session.config.stash[RECORDINGS](recorded(context.desk.judge.history, context.desk.target.redact, most))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests that exercise a selected requirement."""
    settings = config.stash[CONTEXT].settings
    dropped = [item for item in items if not _wanted(settings, item)]
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = [item for item in items if item not in dropped]
    if settings.max_conversations is not None:
        # If tests create more than expected, as many requirements as possible are decided before the limit is reached.
        items.sort(key=lambda item: created_by(name_of(item)))
    items.sort(key=place if settings.workers == 1 else place_beside_others)


def _wanted(settings: Settings, item: pytest.Item) -> bool:
    """Whether a test belongs to the run; one that only observes choices does, unless requirements were named."""
    if name_of(item).partition("[")[0] in settings.left_out:
        return False
    if settings.tests:
        return name_of(item) in settings.tests
    requirement_ids = cited(item)
    if not requirement_ids:
        return not settings.only
    return any(settings.selects(name) for name in requirement_ids)


def name_of(item: pytest.Item) -> str:
    """A test's name in evidence: its file, and its own with parameters."""
    return short(item.nodeid)


def cited(item: pytest.Item) -> list[str]:
    """The requirements that a test says it exercises."""
    return [name for marker in item.iter_markers("requirements") for name in marker.args]


def since(item: pytest.Item) -> tuple[int, dict[str, int]]:
    """The version of the catalogue that first had a test, and those that first had its checks of single requirements."""
    whole, single = 1, dict[str, int]()
    for marker in item.iter_markers("since"):
        version, *names = marker.args
        whole = whole if names else max(whole, version)
        single |= dict.fromkeys(names, version)
    return whole, single


def pytest_runtest_setup(item: pytest.Item) -> None:
    context = item.config.stash[CONTEXT]
    context.desk.judge.begin(name_of(item))
    context.desk.wardrobe.begin(name_of(item))
    if context.desk.target.deadline.out_of_time:
        pytest.skip(LEFT_OUT + "time")
    if reason := context.desk.target.deadline.over:
        pytest.skip(LEFT_OUT + f"time: {reason}")


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Fail a test that saw a requirement violated, and one that asserted nothing."""
    result = yield
    context = pyfuncitem.config.stash[CONTEXT]
    judge = context.desk.judge
    violated = [name for name in judge.violated if context.catalogue[name].level is Level.MUST]
    if violated:
        pytest.fail(", ".join(violated), pytrace=False)
    if not judge.looked:
        raise AssertionError("The test asserted nothing.")
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    context = item.config.stash[CONTEXT]
    judge = context.desk.judge
    took = _took(context, item, call)
    if call.excinfo is not None and isinstance(call.excinfo.value, _ENDINGS):
        # The channel from a worker takes no text with half a surrogate pair, and a reason may contain an id from the server.
        reason = visible(str(call.excinfo.value))
        if isinstance(call.excinfo.value, Unanswered) and not _is_alive(context):
            item.session.shouldstop = f"The server went away. {reason}"
        if isinstance(call.excinfo.value, Stopped):
            reason = CUT_SHORT + reason
        for requirement_id in cited(item):
            judge.note_undecided(requirement_id, reason)
        report.outcome = "skipped"
        report.longrepr = (str(item.path), 0, reason)
    crash = _crash_in(context, call)
    if crash and call.when != "teardown":
        for requirement_id in cited(item):
            judge.note_undecided(requirement_id, f"An error of the suite: {crash}")
    if context.desk.target.deadline.reason:
        item.session.shouldstop = context.desk.target.deadline.reason
    findings = {
        **_findings(context, call, took, _area(context, item, call)),
        "crash": crash,
        "traceback": _traceback(call) if crash else "",
    }
    # JSON, because the channel from a worker takes no text with half a surrogate pair, and a finding may contain one.
    report.user_properties.append((FINDINGS, json.dumps(findings)))
    if keeping.KEEPER in item.config.stash:
        item.config.stash[keeping.KEEPER].keep(judge)
    violated = judge.has_violated(context.settings.version)
    if violated and context.settings.fail_fast:
        item.session.shouldstop = "a requirement failed"
    # The versions count for the body only: set-up and tear-down may belong to fixtures that other tests share.
    judge.begin(name_of(item), *(since(item) if call.when == "setup" else ()))
    return report


def _took(context: Context, item: pytest.Item, call: pytest.CallInfo[None]) -> list[Took]:
    """What a test took, and the requirements of the run that it is about.

    What is read again after the last test counts for `AUDITED` alone. A test that only observes counts for no requirement.
    """
    audited = call.when == "teardown" and AUDITED in context.desk.judge.touched
    about = [name for name in ([AUDITED] if audited else cited(item)) if context.settings.selects(name)]
    return [Took(name_of(item), round(call.duration, 6), tuple(about))] if about else []


def _is_alive(context: Context) -> bool:
    """Whether the server answers; where the run is over, nobody asks any more."""
    try:
        return context.desk.target.is_alive()
    except Stopped:
        return True


def _area(context: Context, item: pytest.Item, call: pytest.CallInfo[None]) -> str:
    """What the requests of a part of a test count for: the name of its file, or that all is read again."""
    audited = call.when == "teardown" and AUDITED in context.desk.judge.touched
    return READ_AGAIN if audited else item.path.stem.removeprefix("test_")


def _findings(context: Context, call: pytest.CallInfo[None], took: list[Took], area: str) -> dict[str, Any]:
    judge = context.desk.judge
    gone = call.excinfo is not None and isinstance(call.excinfo.value, Unanswered | Unavailable)
    return {
        "log": packed([*judge.entries(), *took]),
        "evidence": {name: [asdict(one) for one in kept] for name, kept in judge.evidence().items()},
        "observations": {name: asdict(observation) for name, observation in judge.observations.items()},
        "untested": judge.untested,
        "worker": context.worker,
        "sent": context.desk.target.sent,
        "area": [area, context.asked_since()],
        "gone": str(call.excinfo.value) if gone and call.excinfo is not None else "",
        "silent": context.desk.target.deadline.reason if context.desk.target.deadline.silent else "",
        "unread": context.desk.unread,
    }


def _crash_in(context: Context, call: pytest.CallInfo[None]) -> str:
    """Return, in a line, the exception that ended a test and is not the server's fault; empty if there is none.

    An exception after a violation of a MUST is not reported: the violation is.
    """
    if call.excinfo is None or isinstance(call.excinfo.value, (*_ENDINGS, *_OUTCOMES)):
        return ""
    if any(context.catalogue[name].level is Level.MUST for name in context.desk.judge.violated):
        return ""
    last = call.excinfo.traceback[-1]
    where = f"{Path(last.path).name}:{last.lineno + 1}"
    return context.desk.target.redact(f"{call.excinfo.typename}: {call.excinfo.value}")[:LONGEST_CRASH] + f" ({where})"


def _traceback(call: pytest.CallInfo[None]) -> str:
    assert call.excinfo is not None
    return "".join(traceback.format_exception(call.excinfo.value))[-LONGEST_TRACEBACK:]


def pytest_internalerror() -> bool:
    """Keep pytest from writing its traceback to stderr, in workers as well: the collector keeps it."""
    return True
