"""One mock, put together: contract, choices, keys, store and rules. Nothing in it is shared with another."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from accord.errors import AccordError
from mockserver.auth import Authenticator
from mockserver.choices import Choices, choose
from mockserver.clock import Clock
from mockserver.contract import Contract, load_contract
from mockserver.conversations import Conversations
from mockserver.ids import Ids
from mockserver.key_files import read_keys
from mockserver.keys import KeyRing, StandardKeys
from mockserver.pipeline import Pipeline
from mockserver.presenter import Presenter
from mockserver.problems import Problems
from mockserver.scenarios import Loader, Scenario, load_scenario
from mockserver.store import Order, Store
from mockserver.store.memory import MemoryStore
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
class World:
    """A mock that can answer calls. `standard_keys` is None if the keys came from elsewhere."""

    contract: Contract
    choices: Choices
    scenario: Scenario
    keys: KeyRing
    standard_keys: StandardKeys | None
    store: Store
    pipeline: Pipeline


def build_world(
    *,
    spec: str | Path | Contract | None = None,
    scenario: str = DEFAULT_SCENARIO,
    keys: str | Path | KeyRing | None = None,
    choices: Mapping[str, object] | None = None,
    seed: int | str = DEFAULT_SEED,
    clock: Clock | None = None,
    store: Store | None = None,
    parts: Parts | None = None,
) -> World:
    """Put a mock together and load its scenario. The arguments are those of `create_app`. Raises AccordError."""
    parts, clock = parts or Parts(), clock or Clock()
    contract = spec if isinstance(spec, Contract) else load_contract(spec)
    taken = choose(choices)
    _check_default_channel(contract, taken)
    start = load_scenario(scenario)
    ring, standard = _keys(keys, seed, start)
    store = store or MemoryStore(Order(taken["list_order"]))
    problems = parts.problems(taken)
    rules = parts.conversations(contract, taken, store, Ids(seed), clock, problems)
    pipeline = parts.pipeline(
        choices=taken,
        authenticator=parts.authenticator(contract.schemes, ring, taken),
        validator=parts.validator(contract, taken, problems),
        conversations=rules,
        presenter=parts.presenter(taken),
        problems=problems,
        store=store,
    )
    for operation in contract:
        if operation.id not in pipeline.handlers:
            raise AccordError(f"{contract.source}: the mock has no operation {operation.id}.", "Take it out.")
    # By the plain rules: a part that breaks one is to break what requests do, not what is there before.
    Loader(start, contract, Conversations(contract, taken, store, rules.ids, clock, problems)).load()
    return World(contract, taken, start, ring, standard, store, pipeline)


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
