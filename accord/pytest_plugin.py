"""The suite in the tests of whoever builds a server: `pytest -p accord.pytest_plugin`, and a fixture that brings the server.

    @pytest.fixture(scope="session")
    def conversations_api():
        return Api(wsgi=application, server_key="bnc_sv_...", client_key="bnc_cl_...")

Where the fixture is defined, or imported, a test appears for each requirement, and has its id. The suite is run once, when the
first of them is: the requirements that are selected, and no others. Under xdist one worker runs it, and the others read what it
found.

PYTEST_DONT_REWRITE: nothing is asserted here, and a filter for the warning below has this module imported before it is loaded.
"""

import fcntl
import hashlib
import json
import logging
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from accord.addresses import check_origin, check_url
from accord.base.errors import AccordError
from accord.known_failures import known_in
from accord.settings_file import load_settings

if TYPE_CHECKING:
    from contract_tests.outcome.known import Known
    from contract_tests.outcome.run import Result, Run
    from contract_tests.run.settings import Settings
    from contract_tests.transport.applications import AsgiApp, WsgiApp

FIXTURE = "conversations_api"
"""The fixture that brings the server."""

WHOLE = "run.whole"
"""The test that fails where the run was not whole, as in junit.xml: the server went away, or the suite had an error of its own."""

IN_PROCESS_URL = "http://testserver"
"""The default URL of an application in this process, the same as in the test clients of Django and Starlette."""

_OPTION = re.compile(r"--([a-z-]+)")


@dataclass(frozen=True, kw_only=True)
class Api:
    """A server to verify, its keys, and how: the options of `accord verify`, by their names there.

    `url` says where it is; or it is an application in this process, `wsgi` or `asgi`, which is called without a socket, and as
    `url` where it is to have another name than http://testserver. Without a key, the requirements that need it are not tested.
    `report_dir` is where the reports go that `accord verify` writes; by default, nowhere.
    """

    url: str | None = None
    wsgi: "WsgiApp | None" = None
    asgi: "AsgiApp | None" = None
    server_key: str
    client_key: str | None = None
    revoked_key: str | None = None
    other_server_key: str | None = None
    origin_client_key: str | None = None
    origin: str | None = None
    effort: str = "quick"
    seed: int = 0
    workers: int | None = 1
    requests_per_second: float | None = None
    timeout: float = 10.0
    strict: bool = False
    skip: Sequence[str] = ()
    time_budget: float | None = None
    consistency_window: float = 0.0
    email_domain: str = "example.com"
    catalogue: int | None = None
    report_dir: Path | None = None

    def __post_init__(self) -> None:
        """Raise AccordError for what cannot be verified."""
        if (self.wsgi is not None) + (self.asgi is not None) > 1 or not (self.url or self.wsgi or self.asgi):
            raise AccordError("Api needs one server.", "Give it url, wsgi or asgi.")
        check_url(self.url or IN_PROCESS_URL)
        check_origin(self.origin or "")
        if self.catalogue is not None:
            from contract_tests.contract.versions import version_named

            version_named(str(self.catalogue))

    def settings(self, only: Sequence[str]) -> "Settings":
        """What the suite is asked for: these requirements, and all where none is named."""
        from contract_tests.run.settings import Settings

        own = ("url", "wsgi", "asgi", "report_dir", "skip")
        given = {name: value for name, value in vars(self).items() if name not in own}
        return Settings(base_url=self.url or IN_PROCESS_URL, only=tuple(only), skip=tuple(self.skip), **given)


class RequirementWarning(UserWarning):
    """A requirement that a server should meet was violated."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What a test says: `how` is `passed`, `failed`, `warned`, `known` or `skipped`."""

    how: str
    text: str = ""


class RequirementTest(pytest.Function):
    """The test of one requirement."""

    def reportinfo(self) -> tuple[Path, None, str]:
        """Return the place of the fixture, not of this file. If the node id ended with this name, pytest would replace its dots."""
        return self.path, None, f"requirement {self.name}"


def pytest_pycollect_makeitem(collector: pytest.Collector, name: str, obj: object) -> list[pytest.Item] | None:
    """Put the requirements in the place of the fixture."""
    if name != FIXTURE or not isinstance(collector, pytest.Module):
        return None
    from contract_tests.contract.catalogue import load_catalogue

    names = [*(requirement.id for requirement in load_catalogue()), WHOLE]
    return [RequirementTest.from_parent(collector, name=one, callobj=_requirement) for one in names]


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Collect a conftest.py that defines the fixture; other files are collected as ever."""
    if file_path.name != "conftest.py" or parent.session.isinitpath(file_path):
        return None
    for plugin in parent.config.pluginmanager.get_plugins():
        if getattr(plugin, "__file__", None) == str(file_path) and hasattr(plugin, FIXTURE):
            module: pytest.Module = pytest.Module.from_parent(parent, path=file_path)
            # This conftest is already imported, and by now another one may be registered under its name.
            module.obj = plugin
            return module
    return None


def pytest_report_collectionfinish(config: pytest.Config, items: Sequence[pytest.Item]) -> str:
    """Say how many requirements there are, and that there are none: a run that tests nothing passes."""
    count = sum(isinstance(item, RequirementTest) for item in items)
    return f"accord: {count} requirements" if count else f"accord: no requirement, since no fixture {FIXTURE} was collected"


def _requirement(request: pytest.FixtureRequest) -> None:
    """Say what the run found of one requirement."""
    item = request.node
    told = _findings(request)[item.name]
    if told.how == "failed":
        pytest.fail(told.text, pytrace=False)
    if told.how == "known":
        pytest.xfail(told.text)
    if told.how == "skipped":
        pytest.skip(told.text)
    if told.how == "warned":
        warnings.warn(RequirementWarning(told.text), stacklevel=1)


_FINDINGS = pytest.StashKey[dict[str, dict[str, _Told]]]()
"""What was found, by where the fixture is and by requirement."""


def _findings(request: pytest.FixtureRequest) -> dict[str, _Told]:
    """Return what the run found; start the run if there was none yet."""
    place = request.node.parent.nodeid
    found = request.config.stash.setdefault(_FINDINGS, {})
    if place not in found:
        found[place] = _shared(request, place) if hasattr(request.config, "workerinput") else _run(request)
    return found[place]


def _shared(request: pytest.FixtureRequest, place: str) -> dict[str, _Told]:
    """Return what the first xdist worker found: it runs the suite, and the others read its result."""
    folder: Path = request.getfixturevalue("tmp_path_factory").getbasetemp().parent
    file = folder / f"accord-{hashlib.sha256(place.encode()).hexdigest()[:16]}.json"
    with file.open("a+", encoding="utf-8") as kept:
        # The lock ends with the process, even if the process is killed.
        fcntl.flock(kept, fcntl.LOCK_EX)
        kept.seek(0)
        if text := kept.read():
            return {name: _Told(*told) for name, told in json.loads(text).items()}
        found = _run(request)
        kept.write(json.dumps({name: (told.how, told.text) for name, told in found.items()}))
    return found


def _run(request: pytest.FixtureRequest) -> dict[str, _Told]:
    """Run the suite for the tests that are selected."""
    item = request.node
    names = [other.name for other in request.session.items if isinstance(other, RequirementTest) and other.parent is item.parent]
    api = request.getfixturevalue(FIXTURE)
    if not isinstance(api, Api):
        raise pytest.UsageError(
            f"The fixture {FIXTURE} returns {type(api).__name__}; it has to return an accord.pytest_plugin.Api."
        )
    try:
        known = known_in(load_settings(None, request.config.rootpath))
        run = _verify(api, [name for name in names if name != WHOLE], known)
    except AccordError as error:
        # Said once: it is one mistake, however many requirements it leaves untested.
        mistake = _by_field(str(error))
        return {name: _Told("skipped", f"Not tested: {mistake}") for name in names} | {item.name: _Told("failed", mistake)}
    whole = _Told("failed", "\n".join(run.problems)) if run.problems else _Told("passed")
    found = {result.requirement.id: _told(run, result) for result in run.results}
    return {**dict.fromkeys(names, _Told("skipped", "Left out by skip.")), **found, WHOLE: whole}


def _told(run: "Run", result: "Result") -> _Told:
    from contract_tests.contract.catalogue import Level
    from contract_tests.outcome.run import Outcome, Standing
    from contract_tests.reports.junit import account
    from contract_tests.reports.text import visible, without_keys
    from contract_tests.reports.wording import mended_note, standing_note

    standing = run.standing(result)
    if standing is not None:
        text = f"{standing_note(run, result)}. {result.reason} ({result.requirement.text})"
        return _Told("known" if standing is Standing.KNOWN else "skipped", without_keys(visible(text)))
    if result in run.mended:
        return _Told("warned", mended_note(run, result))
    must = result.requirement.level is Level.MUST
    how = {
        Outcome.PASSED: "passed",
        Outcome.FAILED: "failed",
        Outcome.WARNED: "failed" if run.strict else "warned",
        Outcome.INCONCLUSIVE: "failed" if must else "skipped",
        Outcome.NOT_TESTED: "skipped",
    }[result.outcome]
    if how == "passed":
        return _Told(how)
    text = _by_field(f"{result.reason} ({result.requirement.text})") if how == "skipped" else account(result)
    return _Told(how, without_keys(visible(text)))


def _by_field(text: str) -> str:
    """A text that names fields of Api in place of options."""
    return _OPTION.sub(lambda found: found[1].replace("-", "_"), text)


def _verify(api: Api, only: Sequence[str], known: "Mapping[str, Known]") -> "Run":
    from contract_tests.reports import write_reports
    from contract_tests.run.runner import verify
    from contract_tests.transport.applications import AsgiHost, WsgiAdapter
    from contract_tests.transport.stopping import Deadline, ended_by_signals

    deadline = Deadline()
    with ExitStack() as stack:
        # The suite runs in a pytest session of its own, which would not pass Ctrl-C on to this one.
        stack.enter_context(ended_by_signals(deadline))
        stack.enter_context(_undisturbed())
        adapter: Any = None
        if api.wsgi is not None:
            app = api.wsgi
            adapter = lambda: WsgiAdapter(app)  # noqa: E731
        elif api.asgi is not None:
            host = AsgiHost(api.asgi)
            stack.callback(host.close)
            adapter = host.adapter
        run = replace(verify(api.settings(only), adapter=adapter, deadline=deadline), known=known)
    if deadline.signalled_at:
        raise KeyboardInterrupt
    if api.report_dir is not None:
        write_reports(run, api.report_dir)
    return run


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep the application's warnings from becoming errors, and its thousands of requests from filling the first test's log."""
    before = logging.root.handlers[:]
    logging.root.handlers[:] = [
        logging.NullHandler(),
        *(handler for handler in before if not type(handler).__module__.startswith("_pytest.")),
    ]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.root.handlers[:] = before
