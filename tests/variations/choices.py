"""The points that the pages leave open: each option by itself, and many of them at once."""

import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product

from mockserver.contract.choices import load_catalogue
from mockserver.serving.server import WsgiApp
from tests.variations.registry import variation
from tests.variations.seams import mock

_CATALOGUE = load_catalogue()
_MIXTURES = 15
_MIXTURES_IN_SHORT = 10
_CANDIDATES = 60
_SEED = 2026

Selection = Mapping[str, str]
Pair = tuple[tuple[str, str], tuple[str, str]]


def mixtures(options: Mapping[str, Sequence[str]], number: int, seed: int) -> Iterator[Selection]:
    """Yield `number` selections of one option for each choice, each with as many pairs as possible that none had before."""
    chance = random.Random(seed)
    missing = {pair for one, other in combinations(options, 2) for pair in _pairs(one, options[one], other, options[other])}
    for _ in range(number):
        candidates = [{name: chance.choice(list(choices)) for name, choices in options.items()} for _ in range(_CANDIDATES)]
        best = max(candidates, key=lambda candidate: len(missing.intersection(combinations(candidate.items(), 2))))
        missing.difference_update(combinations(best.items(), 2))
        yield best


def _pairs(one: str, options: Sequence[str], other: str, others: Sequence[str]) -> Iterator[Pair]:
    return (((one, a), (other, b)) for a, b in product(options, others))


def _declare(name: str, selection: Selection, text: str, *, spare: bool) -> None:
    def make() -> WsgiApp:
        return mock(choices=selection)

    make.__doc__ = text
    variation(name, spare=spare)(make)


for _choice in _CATALOGUE.values():
    for _option in _choice.options:
        if _option != _choice.default:
            _declare(
                f"choice-{_choice.name}-{_option}", {_choice.name: _option}, f"Takes {_option} for {_choice.name}.", spare=True
            )

for _number, _mixture in enumerate(
    mixtures({name: choice.options for name, choice in _CATALOGUE.items()}, _MIXTURES, _SEED), start=1
):
    _taken = ", ".join(f"{name}={option}" for name, option in _mixture.items() if option != _CATALOGUE[name].default)
    _declare(f"mixture-{_number:02}", _mixture, f"Takes {_taken}.", spare=_number > _MIXTURES_IN_SHORT)
