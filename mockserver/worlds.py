"""Namespaces: worlds that know nothing of each other, served by one mock and made when somebody first asks for them."""

import re
import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import orjson

from accord.errors import AccordError
from mockserver.store import DEFAULT_NAMESPACE, Namespace, NamespaceGoneError, Storage
from mockserver.world import Plan, World, namespace_settings

NAMESPACE_HEADER = "X-Accord-Namespace"
"""A request that carries it is one to that namespace."""

T = TypeVar("T")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,99}")
_PLANS = 64


class Worlds:
    """The worlds of a mock by the names of their namespaces. Safe to use from several threads.

    `default` is what worlds are made from that nobody gave settings of their own; `planner` makes a plan from settings.
    """

    def __init__(self, storage: Storage, default: Plan, planner: Callable[[Mapping[str, Any]], Plan]) -> None:
        self.storage = storage
        self.problems = default.parts.problems(default.choices)
        self._planner = planner
        self._plans: dict[bytes, Plan] = {b"{}": default}
        self._worlds: dict[str, World] = {}
        self._lock = threading.RLock()

    def get(self, name: str) -> World:
        """The world of that name, made now if it is not there. Raises AccordError if nothing can have that name."""
        world = self._worlds.get(name)
        return self._open(name) if world is None else world

    def _open(self, name: str) -> World:
        check_name(name)
        with self._lock:
            namespace = self.storage.namespace(name)
            if namespace is None:
                namespace = Namespace(name)
                self._create(namespace)
                # Another process may have been faster, and with settings of its own.
                namespace = self.storage.namespace(name) or namespace
            plan = self._plan(namespace.settings)
            world = World(plan, self.storage.open(name, plan.order))
            self._worlds[name] = world
            return world

    def create(self, name: str, settings: Mapping[str, Any]) -> bool:
        """Make a world with settings of its own: scenario, seed, choices. False if there is one of that name.

        Raises AccordError for a name or settings that cannot be used.
        """
        check_name(name)
        return self._create(Namespace(name, namespace_settings(settings)))

    def _create(self, namespace: Namespace) -> bool:
        plan = self._plan(namespace.settings)
        return self.storage.create(namespace, plan.order, plan.fill)

    def _plan(self, settings: Mapping[str, Any]) -> Plan:
        key = orjson.dumps(settings, option=orjson.OPT_SORT_KEYS)
        plan = self._plans.get(key)
        if plan is None:
            plan = self._planner(settings)
            if len(self._plans) < _PLANS:
                self._plans[key] = plan
        return plan

    def names(self) -> list[Namespace]:
        """The namespaces that were made, sorted by name."""
        return self.storage.namespaces()

    def drop(self, name: str) -> bool:
        """Forget a world with all that is in it. False if there is none. Raises AccordError for the one that is always there."""
        if name == DEFAULT_NAMESPACE:
            raise AccordError("The default namespace is always there.", "Reset it instead.")
        with self._lock:
            self._worlds.pop(name, None)
            return self.storage.drop(name)

    def forget(self, name: str) -> None:
        """Open the world anew when it is next asked for: somebody else dropped what it was."""
        with self._lock:
            self._worlds.pop(name, None)

    def again(self, name: str, act: Callable[[World], T]) -> T:
        """Do it in that world; once more, in the world that is there now, if it was dropped by another process meanwhile."""
        try:
            return act(self.get(name))
        except NamespaceGoneError:
            self.forget(name)
            return act(self.get(name))


def check_name(name: str) -> None:
    """Raise AccordError if no namespace can have that name."""
    if not _NAME.fullmatch(name):
        raise AccordError(f"{name[:120]!r} cannot be the name of a namespace.", "Use up to 100 of A-Z a-z 0-9 . _ ~ -")
