"""The pytest plugin: gives the shipped tests their fixtures and carries what they find, test by test, to the collector.

A test violates requirements without raising; the plugin fails it afterwards. What each test found travels in its report's
`user_properties`, which xdist brings to the controlling process.
"""

import json
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import pytest

from contract_tests.catalogue import Catalogue, Level, load_catalogue
from contract_tests.contract import Contract, load_contract
from contract_tests.corpus import Corpus, build_corpus
from contract_tests.credentials import Credential, Keys
from contract_tests.effort import Effort, effort_named
from contract_tests.helpdesk import Helpdesk
from contract_tests.judge import Blocked, Judge
from contract_tests.results import Observation, Tally
from contract_tests.settings import Settings
from contract_tests.target import Target, Unanswered, Unavailable

FINDINGS = "accord"
"""The name of the user property that carries what a test found."""

Progress = Callable[[int, int, str], None]
"""Called after each test: the number of tests that are done, of all tests, and the name of the one that ended."""

LAST = ("robustness", "concurrency", "lifecycle", "values", "schemas", "choices")
"""The files of tests that run after all others, in this order."""

LONG = ("lifecycle", "values", "concurrency", "schemas", "resolve", "messages")
"""The files of tests that take longest."""

TOGETHER = ("test_paging.py", "test_filters_of_many.py")
"""The files whose tests look through the corpus: they stay together, lest every worker builds one."""

_KINDS = ("requester]", "open]", "closed]")
"""The parameters by which the tests of one file are told apart that are many enough for several workers."""

LEFT_OUT = "left out for want of "
"""How the reason begins for which a test was skipped that the run had no room for."""

_ENDINGS = (Blocked, Unanswered, Unavailable)


@dataclass(frozen=True)
class Context:
    """All that one worker shares between its tests."""

    settings: Settings
    catalogue: Catalogue
    desk: Helpdesk
    worker: str

    @classmethod
    def of(cls, settings: Settings, target: Target, worker: str = "") -> "Context":
        catalogue, contract = load_catalogue(), load_contract(settings.spec_path)
        judge = Judge(catalogue, target.base_url, target.redact)
        desk = Helpdesk(
            contract,
            target,
            judge,
            effort=effort_named(settings.effort).shared_by(settings.workers or 1),
            run_id=settings.run_id,
            seed=settings.seed,
            worker=worker,
            consistency_window=settings.consistency_window,
        )
        return cls(settings, catalogue, desk, worker)


class Carrier:
    """A plugin that brings the settings and the target of this process to the shipped tests, and the settings to xdist workers."""

    def __init__(self, settings: Settings, target: Target) -> None:
        self.settings = settings
        self.target = target

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        node.workerinput["accord"] = self.settings.to_json()

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> object:
        """Each test goes to whichever worker is free, but for those of some files, which go together.

        Not by marks, as `--dist=loadgroup` has it: with pytest 9.2 they are overlooked (pytest-xdist, issue 1386).
        """
        from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

        class Scheduler(LoadScopeScheduling):  # type: ignore[misc]
            def _split_scope(self, nodeid: str) -> str:
                return together(nodeid)

        return Scheduler(config, log)


def together(nodeid: str) -> str:
    """What a test is to share a worker with: the tests of which this says the same."""
    file = nodeid.rpartition("/")[2].partition("::")[0]
    kind = nodeid.partition("[")[2]
    return f"{file} {kind if kind in _KINDS else ''}" if file in TOGETHER else nodeid


_CONTEXT = pytest.StashKey[Context]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "requirements(*ids): the requirements that the test exercises")
    carrier = next((plugin for plugin in config.pluginmanager.get_plugins() if isinstance(plugin, Carrier)), None)
    if carrier is not None:
        config.stash[_CONTEXT] = Context.of(carrier.settings, carrier.target)
        return
    data: dict[str, Any] | None = getattr(config, "workerinput", {}).get("accord")
    if data is None:
        raise pytest.UsageError("The suite is run by `accord verify`, which gives it a server to judge.")
    settings = Settings.from_json(data)
    # The pace that was asked for is that of all workers together.
    pace = settings.requests_per_second / (settings.workers or 1) if settings.requests_per_second else None
    target = Target(settings.base_url, settings.keys, timeout=settings.timeout, requests_per_second=pace)
    config.stash[_CONTEXT] = Context.of(settings, target, worker=str(config.workerinput["workerid"]))  # type: ignore[attr-defined]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests that exercise a selected requirement."""
    settings = config.stash[_CONTEXT].settings
    dropped = [item for item in items if not _wanted(settings, item)]
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = [item for item in items if item not in dropped]
    items.sort(key=_place if settings.workers == 1 else _place_beside_others)


def _place(item: pytest.Item) -> int:
    """Quick looks at everything come first, so that defects show early; what is generated and what is only observed comes last."""
    file = item.path.stem.removeprefix("test_")
    return LAST.index(file) if file in LAST else -1


def _place_beside_others(item: pytest.Item) -> int:
    """What takes longest comes first, lest one worker is left with it while all others are done."""
    file = item.path.stem.removeprefix("test_")
    return LONG.index(file) if file in LONG else len(LONG) + (file in LAST)


def _wanted(settings: Settings, item: pytest.Item) -> bool:
    """Whether a test belongs to the run; one that only observes choices does, unless requirements were named."""
    if settings.tests:
        return name_of(item) in settings.tests
    requirement_ids = cited(item)
    if not requirement_ids:
        return not settings.only
    return any(settings.selects(name) for name in requirement_ids)


def name_of(item: pytest.Item) -> str:
    """A test's name in evidence: its file, and its own with parameters."""
    return item.nodeid.rsplit("/", 1)[-1]


def cited(item: pytest.Item) -> list[str]:
    """The requirements that a test says it exercises."""
    return [name for marker in item.iter_markers("requirements") for name in marker.args]


def pytest_runtest_setup(item: pytest.Item) -> None:
    context = item.config.stash[_CONTEXT]
    context.desk.judge.begin(name_of(item))
    if context.settings.deadline is not None and time.time() > context.settings.deadline:
        pytest.skip(LEFT_OUT + "time")


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Fail a test that saw a requirement violated, and one that asserted nothing."""
    result = yield
    context = pyfuncitem.config.stash[_CONTEXT]
    judge = context.desk.judge
    violated = [name for name in judge.violated if context.catalogue[name].level is Level.MUST]
    if violated:
        pytest.fail(", ".join(violated), pytrace=False)
    if not any(tally.exercised for tally in judge.tallies.values()) and not judge.observations:
        raise AssertionError("The test asserted nothing.")
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    context = item.config.stash[_CONTEXT]
    judge = context.desk.judge
    if call.excinfo is not None and isinstance(call.excinfo.value, _ENDINGS):
        reason = str(call.excinfo.value)
        for requirement_id in cited(item):
            judge.undecided(requirement_id, reason)
        report.outcome = "skipped"
        report.longrepr = (str(item.path), 0, reason)
        if isinstance(call.excinfo.value, Unanswered) and not context.desk.target.is_alive():
            item.session.shouldstop = f"The server went away. {reason}"
    # As JSON: what carries reports from a worker takes no text with half a surrogate, and a server may be shown to have one.
    report.user_properties.append((FINDINGS, json.dumps(_findings(context, call))))
    violated = any(context.catalogue[name].level is Level.MUST for name in judge.violated)
    if violated and context.settings.fail_fast:
        item.session.shouldstop = "a requirement failed"
    judge.begin(name_of(item))
    return report


def _findings(context: Context, call: pytest.CallInfo[None]) -> dict[str, Any]:
    judge = context.desk.judge
    gone = call.excinfo is not None and isinstance(call.excinfo.value, Unanswered | Unavailable)
    return {
        "tallies": {name: tally.to_json() for name, tally in judge.tallies.items()},
        "observations": {name: asdict(observation) for name, observation in judge.observations.items()},
        "worker": context.worker,
        "sent": context.desk.target.sent,
        "gone": str(call.excinfo.value) if gone and call.excinfo is not None else "",
    }


class Collector:
    """Folds what the tests of all workers found, and keeps errors of the suite apart from failures of the server."""

    def __init__(self, progress: Progress | None = None) -> None:
        self.tallies: dict[str, Tally] = {}
        self.observations: dict[str, Observation] = {}
        self.problems: list[str] = []
        self.left_out: list[str] = []
        self._sent: dict[str, int] = {}
        self._progress = progress
        self._total = 0
        self._done = 0

    @property
    def sent(self) -> int:
        """Requests that xdist workers sent, each by a target of its own."""
        return sum(self._sent.values())

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._total = len(session.items)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        findings: dict[str, Any] = json.loads(str(dict(report.user_properties).get(FINDINGS, "{}")))
        for name, data in findings.get("tallies", {}).items():
            self.tallies.setdefault(name, Tally()).add(Tally.from_json(data))
        for name, data in findings.get("observations", {}).items():
            self.observations[name] = Observation(**data)
        if report.skipped and isinstance(report.longrepr, tuple) and LEFT_OUT in report.longrepr[2]:
            self.left_out.append(f"{report.nodeid.rsplit('/', 1)[-1]}: {report.longrepr[2].removeprefix('Skipped: ')}")
        if findings.get("worker"):
            self._sent[findings["worker"]] = findings["sent"]
        if findings.get("gone"):
            self.problems.append(findings["gone"])
        if report.when == "teardown" and self._progress is not None:
            self._done += 1
            self._progress(self._done, max(self._total, self._done), report.nodeid.rsplit("::", 1)[-1])
        if report.failed and not any(tally["violations"] for tally in findings.get("tallies", {}).values()):
            self.problems.append(f"An error of the suite in {report.nodeid} ({report.when}): {_crash(report)}")

    @pytest.hookimpl(optionalhook=True)
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.problems.append(f"An error of the suite while collecting {report.nodeid}: {_crash(report)}")


def _crash(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Where a test of the suite failed and with what, in a line."""
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(crash) if crash is not None else report.longreprtext[-500:]


# --- fixtures of the shipped tests ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def desk(request: pytest.FixtureRequest) -> Iterator[Helpdesk]:
    """The server under test. At the end of the run, all that it acknowledged is read again."""
    helpdesk = request.config.stash[_CONTEXT].desk
    yield helpdesk
    helpdesk.audit()


@pytest.fixture(scope="session")
def judge(desk: Helpdesk) -> Judge:
    return desk.judge


@pytest.fixture(scope="session")
def contract(desk: Helpdesk) -> Contract:
    return desk.contract


@pytest.fixture(scope="session")
def effort(desk: Helpdesk) -> Effort:
    return desk.effort


@pytest.fixture(scope="session")
def run_settings(request: pytest.FixtureRequest) -> Settings:
    return request.config.stash[_CONTEXT].settings


@pytest.fixture(scope="session")
def keys(desk: Helpdesk) -> Keys:
    return desk.target.keys


@pytest.fixture(scope="session")
def client_key(keys: Keys) -> Credential:
    return keys.client or pytest.skip("needs --client-key")


@pytest.fixture(scope="session")
def revoked_key(keys: Keys) -> Credential:
    return keys.revoked or pytest.skip("needs --revoked-key")


@pytest.fixture(scope="session")
def other_server_key(keys: Keys) -> Credential:
    return keys.other_server or pytest.skip("needs --other-server-key")


@pytest.fixture(scope="session")
def origin_client_key(keys: Keys) -> Credential:
    return keys.origin_client or pytest.skip("needs --origin-client-key and --origin")


@pytest.fixture(scope="session")
def corpus(desk: Helpdesk) -> Corpus:
    """One requester's conversations, more than the largest page holds, some of them resolved."""
    return build_corpus(desk)
