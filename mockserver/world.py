"""One mock, put together: contract, choices, keys, store and rules. Nothing in it is shared with another but what never changes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from accord.errors import AccordError
from mockserver.auth import Authenticator
from mockserver.choices import Choices, choose
from mockserver.clock import Clock
from mockserver.contract import Contract, load_contract
from mockserver.conversations import Conversations
from mockserver.ids import Ids
from mockserver.key_files import read_keys
from mockserver.keys import KeyRing, StandardKeys
from mockserver.loading import Loader
from mockserver.pipeline import Pipeline
from mockserver.presenter import Presenter
from mockserver.problems import Problems
from mockserver.scenarios import Scenario, load_scenario
from mockserver.store import Order, Store
from mockserver.validation import Validator

DEFAULT_SCENARIO = "demo"
DEFAULT_SEED = 1


@dataclass(frozen=True)
class Parts:
    """The classes that a mock is made of. A subclass in the place of any one changes that part and nothing else."""

    authenticator: type[Authenticator] = Authenticator
    validator: type[Validator] = Validator
    conversations: type[Conversations] = Conversations
    presenter: type[Presenter] = Presenter
    problems: type[Problems] = Problems
    pipeline: type[Pipeline] = Pipeline


@dataclass(frozen=True)
class Plan:
    """What a world is made from, read and checked: worlds of the same settings share one. `standard_keys` is None if the
    keys came from elsewhere."""

    contract: Contract
    choices: Choices
    scenario: Scenario
    seed: int | str
    keys: KeyRing
    standard_keys: StandardKeys | None
    parts: Parts
    clock: Clock
    progress: Callable[[int], None] | None = None

    @cached_property
    def presenter(self) -> Presenter:
        """What shows the records in all worlds made from this, since they begin with the same ones."""
        return self.parts.presenter(self.choices)

    @property
    def order(self) -> Order:
        """How the store is to list conversations."""
        return Order(self.choices["list_order"])

    def fill(self, store: Store) -> None:
        """Put the scenario into an empty store. Raises AccordError if it does not keep the contract."""
        # By the plain rules: a part that breaks one is to break what requests do, not what is there before.
        # With ids of their own, so that a store that is a copy of a filled one does not give the same ids again.
        ids = Ids(f"{self.seed}:scenario")
        rules = Conversations(self.contract, self.choices, store, ids, self.clock, Problems(self.choices))
        Loader(self.scenario, self.contract, rules, self.progress).load()


def plan(
    *,
    spec: str | Path | Contract | None = None,
    scenario: str = DEFAULT_SCENARIO,
    keys: str | Path | KeyRing | None = None,
    choices: Mapping[str, object] | None = None,
    seed: int | str = DEFAULT_SEED,
    clock: Clock | None = None,
    parts: Parts | None = None,
    progress: Callable[[int], None] | None = None,
) -> Plan:
    """Read and check what a world is made from. The arguments are those of `create_app`. Raises AccordError."""
    contract = spec if isinstance(spec, Contract) else load_contract(spec)
    taken = choose(choices)
    _check_default_channel(contract, taken)
    start = load_scenario(scenario)
    ring, standard = _keys(keys, seed, start)
    return Plan(contract, taken, start, seed, ring, standard, parts or Parts(), clock or Clock(), progress)


class World:
    """A mock that can answer calls, by its `pipeline`."""

    def __init__(self, made_from: Plan, store: Store) -> None:
        self.plan = made_from
        self.contract = made_from.contract
        self.choices = made_from.choices
        self.scenario = made_from.scenario
        self.keys = made_from.keys
        self.standard_keys = made_from.standard_keys
        self.store = store
        self.pipeline = self._make_pipeline()
        for operation in self.contract:
            if operation.id not in self.pipeline.handlers:
                raise AccordError(f"{self.contract.source}: the mock has no operation {operation.id}.", "Take it out.")

    def _make_pipeline(self) -> Pipeline:
        contract, choices, parts = self.contract, self.choices, self.plan.parts
        problems = parts.problems(choices)
        rules = parts.conversations(contract, choices, self.store, self._ids(), self.plan.clock, problems)
        return parts.pipeline(
            choices=choices,
            authenticator=parts.authenticator(contract.schemes, self.keys, choices),
            validator=parts.validator(contract, choices, problems),
            conversations=rules,
            presenter=self.plan.presenter,
            problems=problems,
            store=self.store,
        )

    def _ids(self) -> Ids:
        # A sequence that begins again with the process would repeat the ids that a durable store already has.
        return Ids(None if self.store.durable else self.plan.seed)

    def size(self) -> int:
        """How many conversations there are, of the organisations that have keys."""
        with self.store.transaction(write=False):
            return sum(len(self.store.conversations(organisation)) for organisation in self.keys.organisations)

    def reset(self) -> None:
        """Begin again with the scenario; ids begin again too, unless the store is durable. Snapshots are kept."""
        with self.store.transaction():
            self.store.clear()
            self.plan.fill(self.store)
        if not self.store.durable:
            self.pipeline.conversations.ids.restart()


def _keys(keys: str | Path | KeyRing | None, seed: int | str, scenario: Scenario) -> tuple[KeyRing, StandardKeys | None]:
    if isinstance(keys, KeyRing):
        return keys, None
    if keys is not None:
        return read_keys(Path(keys)), None
    standard = StandardKeys.of(seed)
    return standard.ring(*scenario.organisations[:2]), standard


def _check_default_channel(contract: Contract, choices: Choices) -> None:
    body = contract.operation("createConversation").body
    channel = choices["default_channel"]
    facts = body.members.get("channel", {}) if body else {}
    if "default" not in facts and channel not in facts.get("enum", (channel,)):
        raise AccordError(
            f"The choice default_channel={channel} is no channel of {contract.source}.",
            f"Channels: {', '.join(facts['enum'])}; choose one of them, or give the channel a default.",
        )


def namespace_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a namespace as a request names them, checked: scenario, seed, choices. Raises AccordError."""
    unknown = [name for name in settings if name not in ("scenario", "seed", "choices")]
    if unknown:
        raise AccordError(f"A namespace has no setting {unknown[0]!r}.", "Settings: scenario, seed, choices.")
    scenario, seed, choices = settings.get("scenario"), settings.get("seed"), settings.get("choices")
    if scenario is not None and (not isinstance(scenario, str) or "/" in scenario or "." in scenario):
        raise AccordError("The setting scenario is not the name of a scenario.", "Name one that comes with the mock.")
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int | str)):
        raise AccordError("The setting seed is neither a number nor a text.", "For example 7.")
    if choices is not None and not isinstance(choices, dict):
        raise AccordError("The setting choices is not an object.", 'For example {"limit_over_maximum": "reject"}.')
    return {name: value for name, value in settings.items() if value is not None}
