"""The suite accuses nobody: every variation that conforms is found conformant.

Each is a whole verification. Every fifteenth variation of each theme is tried, not counting spare ones, and in `make test` a few of
these; all with ACCORD_ALL_VARIATIONS=1 in the environment, or by `make variations`. More seeds:
`python -m tests.variations --seeds 20`.
"""

import os
from itertools import combinations, product

import pytest

from mockserver.contract.choices import load_catalogue
from tests.sampling import sample
from tests.variations.choices import mixtures
from tests.variations.judging import judge, objections
from tests.variations.registry import Variation, all_variations

_ALL = os.environ.get("ACCORD_ALL_VARIATIONS") == "1"


def _chosen() -> list[Variation]:
    if _ALL:
        return [*all_variations().values()]
    by_theme: dict[str, list[Variation]] = {}
    for variation in all_variations().values():
        if not variation.spare:
            by_theme.setdefault(variation.theme, []).append(variation)
    return [variation for members in by_theme.values() for variation in members[::15]]


@pytest.mark.parametrize("variation", _chosen() if _ALL else sample(_chosen(), every=7), ids=lambda variation: variation.name)
def test_a_variation_is_found_conformant(variation: Variation) -> None:
    found = objections(judge(variation))
    assert not found, f"{variation.text}\n" + "\n".join(found)


def test_every_theme_is_among_those_that_are_tried() -> None:
    assert {variation.theme for variation in _chosen()} == {variation.theme for variation in all_variations().values()}


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
