"""All namespaces of one mock, each made when somebody first asks for it."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import orjson

from accord.base.errors import AccordError
from mockserver.agents.runner import Runner
from mockserver.coverage.met import Met
from mockserver.namespaces import steering
from mockserver.namespaces.addressing import PREFIX, check_name
from mockserver.namespaces.following import Follower
from mockserver.namespaces.namespace import Namespace, Plan
from mockserver.store import DEFAULT_NAMESPACE, NamespaceGoneError, NamespaceRecord, Steered, Storage, Store, StoreUnavailableError
from mockserver.store.memory import MemoryStore
from mockserver.webhooks.delivery import Deliverer
from mockserver.webhooks.targets import Targets

T = TypeVar("T")

_PLANS = 64
_NO_SETTINGS = b"{}"

_UNKNOWN = -1
"""The version of a change of which it is not known whether it was stored."""

MOST_NAMESPACES = 1000
"""The default limit of namespaces, not counting the default namespace."""


class Namespaces:
    """The namespaces of a mock by name. Safe to use from several threads.

    `default` is the plan of those that nobody gave settings of their own; `planner` makes a plan from settings. `files` are
    the paths of what the mock was started with.
    """

    def __init__(
        self,
        storage: Storage,
        default: Plan,
        planner: Callable[[Mapping[str, Any]], Plan],
        most_namespaces: int = MOST_NAMESPACES,
        targets: Targets | None = None,
        *,
        notes_at_once: bool = False,
    ) -> None:
        self.storage = storage
        self.files = (default.contract.source, default.scenario.source)
        self._most = most_namespaces
        self.errors = default.parts.errors(default.choices)
        self._planner = planner
        self._plans: dict[bytes, Plan] = {_NO_SETTINGS: default}
        self._namespaces: dict[str, Namespace] = {}
        self._versions: dict[str, int] = {}
        self._lock = threading.RLock()
        self.targets = targets or Targets()
        self.shared = storage.shared
        self.deliverer = Deliverer(self, self.targets)
        self.follower = Follower(self.follow)
        self._contract = default.contract
        self._notes_at_once = notes_at_once
        self._met_by_dropped = Met(default.contract)
        self.runner = Runner()

    def get(self, name: str) -> Namespace:
        """The namespace of that name, made now if it is not there. Raises AccordError if nothing can have that name."""
        namespace = self._namespaces.get(name)
        return self._open(name) if namespace is None else namespace

    def is_there(self, name: str) -> bool:
        """Whether there is a namespace of that name. Raises AccordError if nothing can have that name."""
        if name in self._namespaces:
            return True
        check_name(name)
        return self.storage.namespace(name) is not None

    def _open(self, name: str) -> Namespace:
        check_name(name)
        with self._lock:
            record = self.storage.namespace(name)
            if record is None:
                record = NamespaceRecord(name)
                self._create(record)
                # Another process may have been faster, and with settings of its own.
                record = self.storage.namespace(name) or record
            plan = self._plan(record.settings)
            namespace = Namespace(plan, self.storage.open(name, plan.order))
            namespace.met.at_once = self._notes_at_once
            namespace.publish_to(self.deliverer.wake, self.runner)
            self._namespaces[name] = namespace
            self._catch_up(name, self.storage.steered(name))
            return self._namespaces[name]

    def create(self, name: str, settings: Mapping[str, Any]) -> tuple[NamespaceRecord, bool]:
        """Make a namespace with its own `namespace_settings`. Return the one of that name, and whether it is new.

        Raises AccordError for a name or settings that cannot be used, and if the limit of namespaces is reached.
        """
        check_name(name)
        wanted = NamespaceRecord(name, settings)
        with self._lock:
            found = self.storage.namespace(name)
            if found is None and self._create(wanted):
                return wanted, True
            return found or self.storage.namespace(name) or wanted, False

    def _create(self, record: NamespaceRecord) -> bool:
        if record.name != DEFAULT_NAMESPACE and len(self.storage.namespaces()) > self._most:
            raise AccordError(
                f"There are {self._most} namespaces, which is the most there may be.",
                f"Drop some by DELETE {PREFIX}/namespaces/NAME, or start the mock with a higher --max-namespaces.",
            )
        plan = self._plan(record.settings)
        return self.storage.create(record, plan.order, plan.fill)

    def _plan(self, settings: Mapping[str, Any]) -> Plan:
        key = orjson.dumps(settings, option=orjson.OPT_SORT_KEYS)
        plan = self._plans.get(key)
        if plan is None:
            plan = self._planner(settings)
            if len(self._plans) < _PLANS:
                self._plans[key] = plan
        return plan

    def reset(self, name: str) -> None:
        """Begin again with the scenario of the namespace, read anew if its file was changed. Snapshots are kept.

        Raises AccordError, and then nothing was changed, if the file is not a scenario any more.
        """
        self.again(name, lambda namespace: self._reset(name, namespace))
        with self._lock:
            self._versions[name] = self.storage.steer(name, lambda _: None)

    def _reset(self, name: str, namespace: Namespace) -> None:
        first = namespace.plan.first
        plan = first.renewed()
        if plan is namespace.plan:
            namespace.reset()
            return
        if plan is not first:
            # Tried on another store first: a store in memory cannot roll back if the scenario turns out to be wrong.
            plan.fill(MemoryStore(plan.order))
        fresh = Namespace(plan, self._store(name, namespace, plan))
        fresh.publish_to(self.deliverer.wake, self.runner)
        fresh.met = namespace.met
        with self._lock:
            if namespace.desk is not None:
                namespace.desk.reset()
            fresh.reset()
            self._plans.update({settings: plan for settings, known in self._plans.items() if known is first})
            self._namespaces.update({name: fresh for name, known in self._namespaces.items() if known is namespace})

    def change(self, name: str, change: Callable[[Plan], Plan]) -> Namespace:
        """Replace the plan by one made from it, keeping the rest. A reset restores the first plan. Raises AccordError."""
        return self.steer(name, lambda namespace: self._change(name, namespace, change))

    def steer(self, name: str, act: Callable[[Namespace], T]) -> T:
        """Change something of the namespace besides its data, for all mocks that share it. Raises what `act` raises."""

        def steered(kept: Steered) -> dict[str, Any] | None:
            self._catch_up(name, kept)
            done.append(act(self._namespaces[name]))
            return steering.written(self._namespaces[name])

        def within(_: Namespace) -> T:
            with self._lock:
                try:
                    self._versions[name] = self.storage.steer(name, steered)
                except StoreUnavailableError:
                    # The change was made here, but may not have been stored.
                    self._versions[name] = _UNKNOWN
                    raise
            return done[-1]

        done: list[T] = []
        return self.again(name, within)

    def follow(self) -> None:
        """Take over what other mocks on the database changed besides data. Raises StoreUnavailableError."""
        versions = self.storage.versions()
        for name in self.opened():
            if versions.get(name, 0) != self._versions.get(name, 0):
                self._read_again(name)

    def _read_again(self, name: str) -> None:
        self.again(name, lambda _: self._catch_up(name, self.storage.steered(name)))

    def _catch_up(self, name: str, kept: Steered) -> None:
        with self._lock:
            if kept.version == self._versions.get(name, 0):
                return
            namespace, document = self._namespaces[name], kept.document or {}
            plan = steering.plan_by(namespace.plan, document)
            if plan is not namespace.plan:
                namespace = self._change(name, namespace, lambda _: plan)
            steering.follow(namespace, document)
            self._versions[name] = kept.version

    def _change(self, name: str, namespace: Namespace, change: Callable[[Plan], Plan]) -> Namespace:
        with self._lock:
            plan = change(namespace.plan)
            fresh = Namespace(plan, self._store(name, namespace, plan))
            fresh.go_on_from(namespace)
            self._namespaces[name] = fresh
            return fresh

    @property
    def default(self) -> Plan:
        """The plan of namespaces that nobody gave settings of their own."""
        return self._plans[_NO_SETTINGS]

    def watch(self) -> None:
        """Look for changes by other processes, from now on and while this one runs, if others can share the namespaces."""
        self.deliverer.watch()
        if self.shared:
            self.follower.start()

    def opened(self) -> list[str]:
        """Return the names of the namespaces that are open in this process."""
        return list(self._namespaces)

    def renew(self, change: Callable[[Plan], Plan]) -> None:
        """Apply `change` to the plans of all namespaces: of those made later, and of existing ones, which keep their data."""
        with self._lock:
            firsts = [*self._plans.values(), *(namespace.plan.first for namespace in self._namespaces.values())]
            changed = {id(plan): change(plan) for plan in firsts}
            self._plans = {settings: changed[id(plan)] for settings, plan in self._plans.items()}
            for name, namespace in self._namespaces.items():
                first = changed[id(namespace.plan.first)]
                plan = first if namespace.plan.origin is None else replace(change(namespace.plan), origin=first)
                fresh = Namespace(plan, namespace.store)
                fresh.go_on_from(namespace)
                self._namespaces[name] = fresh

    def _store(self, name: str, namespace: Namespace, plan: Plan) -> Store:
        """The store of a namespace, for a plan that may list in another order."""
        return namespace.store if plan.order is namespace.plan.order else self.storage.open(name, plan.order)

    def names(self) -> list[NamespaceRecord]:
        """The namespaces that were made, sorted by name."""
        return self.storage.namespaces()

    def listening(self) -> bool:
        """Whether somebody subscribed to events of a namespace that was opened."""
        return any(namespace.outbox.subscriptions() for namespace in list(self._namespaces.values()))

    def leads(self) -> bool:
        """Whether this process is the one that delivers events. Raises StoreUnavailableError."""
        return self.storage.leads()

    def waiting(self) -> Sequence[tuple[str, Namespace]]:
        """The namespaces that may have events to deliver, by name. Raises StoreUnavailableError."""
        return [(name, self.get(name)) for name in self.storage.waiting()]

    def close(self) -> None:
        """Deliver nothing any more, have no agent act, and let go of what the state is kept in."""
        self.runner.stop()
        self.deliverer.stop()
        self.follower.stop()
        self.storage.close()

    def drop(self, name: str) -> bool:
        """Forget a namespace with all that is in it. False if there is none. Raises AccordError for the default one."""
        if name == DEFAULT_NAMESPACE:
            raise AccordError("The default namespace is always there.", "Reset it instead.")
        with self._lock:
            self._let_go(name)
            return self.storage.drop(name)

    def forget(self, name: str) -> None:
        """Forget the namespace, which another process dropped. It is opened again when it is next asked for."""
        with self._lock:
            self._let_go(name)

    def _let_go(self, name: str) -> None:
        self._versions.pop(name, None)
        namespace = self._namespaces.pop(name, None)
        if namespace is not None:
            self._met_by_dropped.add(namespace.met)

    def met(self) -> Met:
        """Return what clients met in all namespaces together, dropped ones among them."""
        with self._lock:
            found = Met(self._contract)
            for met in (self._met_by_dropped, *(namespace.met for namespace in self._namespaces.values())):
                found.add(met)
        return found

    def again(self, name: str, act: Callable[[Namespace], T]) -> T:
        """Call `act` with the namespace. If another process dropped it meanwhile, call it again with the one that is there now."""
        try:
            return act(self.get(name))
        except NamespaceGoneError:
            self.forget(name)
            return act(self.get(name))
