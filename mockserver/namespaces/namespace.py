"""One namespace, put together: contract, choices, keys, store and rules. It shares with others only what never changes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from accord.base.errors import AccordError
from mockserver.agents.desk import Desk, Together
from mockserver.agents.runner import Runner
from mockserver.agents.script import Script, load_script
from mockserver.contract.choices import Choices, choose
from mockserver.contract.document import Contract, load_contract
from mockserver.coverage.met import Met
from mockserver.faults.active import Faults
from mockserver.faults.rules import Known, Rule, read_rules
from mockserver.handling.agent_actions import AgentActions
from mockserver.handling.authentication import Authenticator
from mockserver.handling.conversations import Conversations
from mockserver.handling.errors import ErrorResponses
from mockserver.handling.pipeline import Pipeline
from mockserver.handling.serializer import Serializer
from mockserver.handling.stateless import Stateless
from mockserver.handling.validation import Validator
from mockserver.keys.files import read_keys
from mockserver.keys.model import KeyRing, StandardKeys
from mockserver.members import read_file
from mockserver.model.clock import Clock
from mockserver.model.deliveries import Subscription
from mockserver.model.ids import Ids
from mockserver.scenarios.loader import Loader
from mockserver.scenarios.reader import Scenario, load_scenario
from mockserver.store import Order, Store
from mockserver.store.outbox import Outbox
from mockserver.webhooks.publisher import Publisher

DEFAULT_SCENARIO = "demo"
DEFAULT_SEED = 1

SETTINGS = ("scenario", "seed", "choices")
"""The settings that a namespace may have of its own."""

_LONGEST_SEED = 100

FaultsGiven = str | Path | Sequence[Mapping[str, Any] | Rule]
"""Fault rules: a file of them, or JSON objects, or rules that were read already."""


@dataclass(frozen=True)
class Parts:
    """The classes that a mock is made of. A subclass in the place of any one changes that part and nothing else."""

    authenticator: type[Authenticator] = Authenticator
    validator: type[Validator] = Validator
    conversations: type[Conversations] = Conversations
    serializer: type[Serializer] = Serializer
    errors: type[ErrorResponses] = ErrorResponses
    pipeline: type[Pipeline] = Pipeline


@dataclass(frozen=True)
class Plan:
    """What a namespace is made from, read and checked; namespaces with the same settings share one. `standard_keys` is None if the
    keys came from elsewhere; `subscriptions` are those to events that it starts with. `origin` is the plan it was made from."""

    contract: Contract
    choices: Choices
    scenario: Scenario
    seed: int | str
    keys: KeyRing
    standard_keys: StandardKeys | None
    parts: Parts
    clock: Clock
    progress: Callable[[int], None] | None = None
    faults: tuple[Rule, ...] = ()
    agent: Script | None = None
    origin: "Plan | None" = None
    subscriptions: tuple[Subscription, ...] = ()

    @property
    def first(self) -> "Plan":
        """The plan by which the namespace began, to which a reset goes back."""
        return self.origin or self

    def choosing(self, choices: Mapping[str, object]) -> "Plan":
        """This plan with those options, and the defaults of all others. Raises AccordError for what is no choice or option."""
        taken = choose(choices)
        _check_default_channel(self.contract, taken)
        return replace(self, choices=taken, origin=self.first)

    def with_keys(self, keys: KeyRing) -> "Plan":
        """This plan with those keys."""
        return replace(self, keys=keys, origin=self.first)

    @cached_property
    def serializer(self) -> Serializer:
        """The serializer of all namespaces made from this plan, shared because they begin with the same records."""
        return self.parts.serializer(self.choices)

    @property
    def order(self) -> Order:
        """How the store is to list conversations."""
        return Order(self.choices["list_order"])

    def renewed(self) -> "Plan":
        """This plan with the scenario as its file has it now; itself if the file is the same. Raises AccordError."""
        if not self.scenario.was_changed():
            return self
        scenario = load_scenario(self.scenario.source)
        if self.standard_keys is None:
            return replace(self, scenario=scenario)
        return replace(self, scenario=scenario, keys=self.standard_keys.ring(*scenario.organisations[:2]))

    def fill(self, store: Store) -> None:
        """Put the scenario into an empty store. Raises AccordError if it does not keep the contract."""
        # With the plain rules: a part that breaks one on purpose should affect requests, not the data at the start.
        # With a separate sequence of ids, so that a store copied from a filled one does not give the same ids again.
        ids = Ids(f"{self.seed}:scenario")
        rules = Conversations(self.contract, self.choices, store, ids, self.clock)
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
    faults: FaultsGiven = (),
    agent: str | Script | None = None,
) -> Plan:
    """Read and check what a namespace is made from. The arguments are those of `create_app`. Raises AccordError."""
    contract = spec if isinstance(spec, Contract) else load_contract(spec)
    taken = choose(choices)
    _check_default_channel(contract, taken)
    start = load_scenario(scenario)
    ring, standard = _keys(keys, seed, start)
    rules = _rules(faults, known_to_faults(contract, ring))
    script = load_script(agent, contract) if isinstance(agent, str) else agent
    return Plan(contract, taken, start, seed, ring, standard, parts or Parts(), clock or Clock(), progress, rules, script)


class Namespace:
    """A state of its own, and a `pipeline` that handles requests by it. A reset resets its `clock` and `faults` too."""

    def __init__(self, made_from: Plan, store: Store) -> None:
        self.plan = made_from
        self.contract = made_from.contract
        self.choices = made_from.choices
        self.scenario = made_from.scenario
        self.keys = made_from.keys
        self.standard_keys = made_from.standard_keys
        self.store = store
        self.clock = made_from.clock.of_its_own()
        self.met = Met(made_from.contract)
        self.faults = Faults(made_from.seed, self.clock, self._known_to_faults, made_from.faults)
        self.pipeline = self._make_pipeline()
        self.agent = AgentActions(self.contract, self.pipeline.conversations)
        script = made_from.agent
        self.desk = None if script is None else Desk(script, self.store, self.agent, self.clock)
        for operation in self.contract:
            if operation.id not in self.pipeline.handlers:
                self.pipeline.stateless[operation.id] = Stateless(operation, self.contract.source)

    def _make_pipeline(self) -> Pipeline:
        contract, choices, parts = self.contract, self.choices, self.plan.parts
        errors = parts.errors(choices)
        rules = parts.conversations(contract, choices, self.store, self._ids(), self.clock)
        return parts.pipeline(
            choices=choices,
            authenticator=parts.authenticator(contract.schemes, self.keys, choices),
            validator=parts.validator(contract, choices),
            conversations=rules,
            serializer=self.plan.serializer,
            errors=errors,
            store=self.store,
        )

    def _ids(self) -> Ids:
        # A sequence that begins again with the process would repeat the ids that a durable store already has.
        if self.store.durable:
            return Ids(None)
        # The plain seed could repeat ids that a scenario gives, so the sequence then depends on the scenario too.
        return Ids(f"{self.plan.seed}:{self.scenario.ids}" if self.scenario.ids else self.plan.seed)

    @property
    def outbox(self) -> Outbox:
        """The subscriptions to events, and the deliveries to them."""
        return self.store.outbox

    def publish_to(self, wake: Callable[[], None], runner: Runner) -> None:
        """From now on keep events for subscribers, and call `wake` for each. Begin with the subscriptions of the plan.

        An agent gets the events too.
        """
        first = next(iter(self.keys.organisations), "")
        self.publisher = Publisher(self.outbox, self.clock, first, wake, self.choices)
        self.pipeline.conversations.listeners = self.publisher
        if self.desk is not None:
            self.desk.work(runner)
            self.pipeline.conversations.listeners = Together(self.publisher, self.desk)
        self._subscribe()

    def go_on_from(self, other: "Namespace") -> None:
        """Take over what is no part of a plan: the clock, ids, faults, assignees, what was met, and who is told of events."""
        rules, known = self.pipeline.conversations, other.pipeline.conversations
        self.clock = rules.clock = other.clock
        rules.ids, rules.listeners = known.ids, known.listeners
        self.publisher = other.publisher
        self.publisher.follow(self.choices)
        self.agent.assignees = other.agent.assignees
        self.met = other.met
        self.desk = other.desk
        if self.desk is not None:
            self.desk.go_on(self.store, self.agent)
        self.faults = other.faults
        self.faults.known = self._known_to_faults

    def _known_to_faults(self) -> Known:
        return known_to_faults(self.contract, self.keys)

    def _subscribe(self) -> None:
        for subscription in self.plan.subscriptions:
            if self.outbox.subscription(subscription.id) != subscription:
                self.outbox.keep_subscription(subscription)

    def size(self) -> int:
        """How many conversations there are, of the organisations that have keys."""
        with self.store.transaction(write=False):
            return sum(len(self.store.conversations(organisation)) for organisation in self.keys.organisations)

    def reset(self) -> None:
        """Begin again with the scenario and the first subscriptions; ids too, unless the store is durable. Snapshots are kept."""
        with self.store.transaction():
            self.store.clear()
            self.outbox.clear()
            self.plan.fill(self.store)
            self._subscribe()
        self.clock.reset()
        self.faults.reset()
        self.agent.assignees.clear()
        if self.desk is not None:
            self.desk.reset()
        if not self.store.durable:
            self.pipeline.conversations.ids.restart()


def _keys(keys: str | Path | KeyRing | None, seed: int | str, scenario: Scenario) -> tuple[KeyRing, StandardKeys | None]:
    if isinstance(keys, KeyRing):
        return keys, None
    if keys is not None:
        return read_keys(Path(keys)), None
    standard = StandardKeys.of(seed)
    return standard.ring(*scenario.organisations[:2]), standard


def known_to_faults(contract: Contract, keys: KeyRing) -> Known:
    """Return what fault rules may name."""
    return Known([operation.id for operation in contract], [key.name for key in keys])


def _rules(given: FaultsGiven, known: Known) -> tuple[Rule, ...]:
    if isinstance(given, str | Path):
        return read_file(Path(given), "faults file", lambda value: read_rules(value, known))
    if all(isinstance(one, Rule) for one in given):
        return tuple(one for one in given if isinstance(one, Rule))
    return read_rules(given, known)


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
    """The settings of a namespace as a request names them (of SETTINGS), checked. Raises AccordError."""
    scenario, seed, choices = settings.get("scenario"), settings.get("seed"), settings.get("choices")
    if scenario is not None and (not isinstance(scenario, str) or "/" in scenario or "." in scenario):
        raise AccordError("The setting scenario is not the name of a scenario.", "Name one that comes with the mock.")
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int | str)):
        raise AccordError("The setting seed is neither a whole number nor a text.", "For example 7.")
    if len(str(seed)) > _LONGEST_SEED:
        raise AccordError(f"The setting seed has more than {_LONGEST_SEED} characters.", "For example 7.")
    if choices is not None and not isinstance(choices, dict):
        raise AccordError("The setting choices is not an object.", 'For example {"limit_over_maximum": "reject"}.')
    checked = {name: value for name, value in settings.items() if value is not None}
    # Options become texts, as the settings are compared with those of an existing namespace.
    return checked if choices is None else {**checked, "choices": {name: str(option) for name, option in choices.items()}}
