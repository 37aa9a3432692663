"""Replaces what a namespace holds by a state, or by any scenario."""

import orjson

from accord.base.errors import AccordError
from mockserver.handling.conversations import Conversations
from mockserver.model.clock import Clock
from mockserver.model.ids import Ids
from mockserver.namespaces.namespace import Namespace
from mockserver.scenarios.loader import Loader
from mockserver.scenarios.reader import Scenario, scenario_of
from mockserver.state.exporting import organisations_of
from mockserver.store import Store
from mockserver.store.memory import MemoryStore


def imported(namespace: Namespace, data: bytes) -> None:
    """Replace the state by the one in the JSON text. Snapshots are kept.

    Raises AccordError, and then nothing was changed, if it is no scenario, does not keep the contract, or is of organisations that
    the namespace does not know. May raise StoreUnavailableError.
    """
    try:
        content = orjson.loads(data)
    except ValueError as error:
        raise AccordError(f"The state is not JSON: {error}.", "Send what GET returned, or a scenario as JSON.") from error
    scenario = scenario_of(content, "state")
    known = organisations_of(namespace)
    for organisation in scenario.organisations:
        if organisation not in known:
            raise AccordError(
                f"The state has the organisation {organisation[:100]!r}, of which this namespace has no keys.",
                f"Its organisations are {', '.join(known)}.",
            )
    # Tried on another store first: a store in memory cannot roll back if the scenario turns out to be wrong.
    _load(scenario, namespace, MemoryStore(namespace.plan.order), Clock())
    with namespace.store.transaction():
        namespace.store.clear()
        _load(scenario, namespace, namespace.store, namespace.clock)
    if not namespace.store.durable:
        namespace.pipeline.conversations.ids.go_on_from(data)


def _load(scenario: Scenario, namespace: Namespace, store: Store, clock: Clock) -> None:
    # With the plain rules, as for the data that a namespace starts with (`Plan.fill`).
    ids = Ids(None if store.durable else f"{namespace.plan.seed}:state")
    Loader(scenario, namespace.contract, Conversations(namespace.contract, namespace.choices, store, ids, clock)).load()
