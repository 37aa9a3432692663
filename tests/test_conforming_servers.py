"""The suite accuses nobody: every variation that conforms is found conformant.

Those that show much the same as others are left out of a short run; ACCORD_ALL_VARIATIONS=1 runs them as well. More seeds and
efforts: `PYTHONPATH=tests python -m conforming_servers --seeds 20`.
"""

import os
from itertools import combinations, product

import pytest
from conforming_servers.choices import mixtures
from conforming_servers.judging import judge, objections
from conforming_servers.registry import Variation, all_variations

from mockserver.choices import load_catalogue

_ALL = os.environ.get("ACCORD_ALL_VARIATIONS") == "1"


def _chosen() -> list[Variation]:
    return [variation for variation in all_variations().values() if _ALL or not variation.spare]


@pytest.mark.parametrize("variation", _chosen(), ids=lambda variation: variation.name)
def test_a_variation_is_found_conformant(variation: Variation) -> None:
    found = objections(judge(variation))
    assert not found, f"{variation.text}\n" + "\n".join(found)


def test_there_are_variations_enough() -> None:
    themes = [variation.theme for variation in all_variations().values()]
    assert len(themes) - themes.count("choices") >= 40


def test_every_option_of_every_choice_is_tried_by_itself_and_in_mixtures() -> None:
    names = set(all_variations())
    for choice in load_catalogue().values():
        assert {f"choice-{choice.name}-{option}" for option in choice.options if option != choice.default} <= names
    options = {name: choice.options for name, choice in load_catalogue().items()}
    mixed = {pair for mixture in mixtures(options, 10, 2026) for pair in combinations(mixture.items(), 2)}
    singles = {single for pair in mixed for single in pair}
    assert singles == {(name, option) for name, choices in options.items() for option in choices}
    pairs = sum(len(options[one]) * len(options[other]) for one, other in combinations(options, 2))
    assert len(mixed) >= 0.85 * pairs


def test_mixtures_are_selections_of_the_options() -> None:
    options = {"a": ("1", "2"), "b": ("x", "y", "z")}
    made = list(mixtures(options, 6, 1))
    assert {tuple(mixture.values()) for mixture in made} == set(product(*options.values()))
