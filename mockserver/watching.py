"""Reloads files of a running mock when they change: scenario, keys, fault rules.

A file that cannot be used is reported once, and its previous content stays in use.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from accord.base.errors import AccordError
from mockserver.faults.rules import read_rules
from mockserver.keys.files import read_keys
from mockserver.members import read_file
from mockserver.namespaces.namespace import Plan, known_to_faults
from mockserver.namespaces.registry import Namespaces
from mockserver.store import DEFAULT_NAMESPACE, StoreUnavailableError
from mockserver.yaml_files import version_of

SECONDS_BETWEEN_LOOKS = 0.3


class Watcher:
    """Checks files again and again. `reloads` has, by path, a function that reloads the file and returns a sentence on that.

    `tell` is called with each such sentence, and with what is wrong with a file that cannot be used.
    """

    def __init__(self, reloads: Mapping[Path, Callable[[], str]], tell: Callable[[str], None]) -> None:
        self._reloads = reloads
        self._tell = tell
        self._taken = {path: version_of(path) for path in reloads}
        self._seen = dict(self._taken)
        self._stopped = threading.Event()
        self._thread = threading.Thread(name="mockserver watching", target=self._run, daemon=True)

    def start(self) -> None:
        """Look from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()

    def look(self) -> None:
        """Reload each changed file that has stayed the same since the last look: before that, it may still be being written."""
        for path, reload in self._reloads.items():
            version, seen = version_of(path), self._seen[path]
            self._seen[path] = version
            # A file that is being replaced may be missing for a moment.
            if version is None or version != seen or version == self._taken[path]:
                continue
            self._taken[path] = version
            try:
                self._tell(reload())
            except (AccordError, StoreUnavailableError) as error:
                self._tell(f"{error} What was there before stays.")

    def _run(self) -> None:
        while not self._stopped.wait(SECONDS_BETWEEN_LOOKS):
            self.look()


def reloads_of(
    namespaces: Namespaces, scenario: str | None = None, keys: str | None = None, faults: str | None = None
) -> dict[Path, Callable[[], str]]:
    """Return the `reloads` of a `Watcher`, for those of the files that are given.

    A changed scenario resets every namespace that began with it. Changed keys replace all keys of the namespaces that have keys
    from a file, and changed fault rules replace all rules; the data stays.
    """
    found: dict[Path, Callable[[], str]] = {}
    if scenario is not None:
        found[Path(scenario)] = lambda: _take_scenario(namespaces, scenario)
    if keys is not None:
        found[Path(keys)] = lambda: _take_keys(namespaces, keys)
    if faults is not None:
        found[Path(faults)] = lambda: _take_faults(namespaces, faults)
    return found


def _take_scenario(namespaces: Namespaces, path: str) -> str:
    # The default one first: if it cannot begin anew, none does.
    names = sorted(namespaces.opened(), key=lambda name: name != DEFAULT_NAMESPACE)
    for name in names:
        if namespaces.get(name).plan.scenario.source == path:
            namespaces.reset(name)
    return f"The scenario {path} was changed: the mock began anew with it."


def _take_keys(namespaces: Namespaces, path: str) -> str:
    ring = read_keys(Path(path))

    def change(plan: Plan) -> Plan:
        return plan if plan.standard_keys is not None else replace(plan, keys=ring)

    namespaces.renew(change)
    return f"The keys file {path} was changed: its keys are taken now."


def _take_faults(namespaces: Namespaces, path: str) -> str:
    default = namespaces.default
    known = known_to_faults(default.contract, default.keys)
    rules = read_file(Path(path), "faults file", lambda value: read_rules(value, known))
    namespaces.renew(lambda plan: replace(plan, faults=rules))
    for name in namespaces.opened():
        namespaces.get(name).faults.begin_with(rules)
    return f"The faults file {path} was changed: its rules are in force now."
