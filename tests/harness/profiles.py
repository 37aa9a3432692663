"""The round trip of profiles: `accord profile` observes of a mock exactly the profile that it was given, whichever that is.

    python -m tests.harness.profiles                    500 profiles by chance
    python -m tests.harness.profiles --number 50 --seed 7

Hypothesis draws an option for each open point. If one is observed otherwise, the other choices are set back to the mock's defaults
as long as the difference remains. Choices that cannot be observed, because another option hides them or because they need more than
a server and its keys, are declared in spec/choices.yaml (`hidden_by`, `needs`), and are not compared.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from accord.commands.profile import agreed, as_yaml, observing_tests
from contract_tests.contract.catalogue import load_catalogue
from mockserver.app import create_app
from mockserver.contract.choices import read_profile
from tests.harness.trials import Trial, run_here, try_all, try_apart

CHOICES = load_catalogue().choices
DEFAULTS = {name: choice.default for name, choice in CHOICES.items()}
ROUNDS = 2
"""The number of rounds, as in `accord profile`."""

Profile = Mapping[str, str]


def drawn(number: int, seeded: int) -> list[Profile]:
    """Return so many profiles, no two the same."""
    found: dict[tuple[tuple[str, str], ...], Profile] = {}
    options = {
        name: st.sampled_from(sorted(one.options, key=lambda option: option != one.default)) for name, one in CHOICES.items()
    }

    @seed(seeded)
    @settings(max_examples=number, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(st.fixed_dictionaries(options))
    def take(told: dict[str, str]) -> None:
        found[tuple(told.items())] = told

    take()
    return list(found.values())


def observed(told: Profile) -> dict[str, str]:
    """Observe a mock that was given a profile, and return what was observed, read back as the mock reads profiles."""
    app = create_app(choices=told)
    try:
        rounds = [run_here(app, "quick", tests=observing_tests(), seed=number).choices for number in range(ROUNDS)]
    finally:
        app.namespaces.close()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "profile.yaml"
        path.write_text(as_yaml(agreed(rounds), "A mock."), encoding="utf-8")
        return {name: str(option) for name, option in read_profile(path).items()}


def differences(told: Profile) -> dict[str, str]:
    """Return the choices that can be observed but came back otherwise, each with the option that was observed."""
    found = observed(told)
    seen = [name for name in told if not CHOICES[name].hidden(told)]
    return {name: found.get(name, "nothing") for name in seen if found.get(name) != told[name]}


def trial(told: Profile) -> Trial:
    """Compare a profile with what is observed of it, and return the differences as a Trial."""
    found = differences(told)
    return Trial("different" if found else "same", evidence=found)


def simplest(name: str, told: Profile) -> Profile:
    """Return the options of a profile, other than the defaults, that are needed for a choice to be observed otherwise."""
    kept = {one: option for one, option in told.items() if option != DEFAULTS[one]}
    for one in [one for one in kept if one != name]:
        without = {other: option for other, option in kept.items() if other != one}
        if name in try_apart(partial(trial, {**DEFAULTS, **without})).evidence:
            kept = without
    return kept


def main(arguments: Sequence[str] | None = None) -> int:
    """Try random profiles. Returns 0 if every profile came back as it was given, else 1."""
    parser = argparse.ArgumentParser(description="Tell a mock profiles by chance, and observe them.")
    parser.add_argument("--number", type=int, default=500, help="how many (500)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=8, help="how many at a time (8); most of their time they wait for a clock")
    options = parser.parse_args(arguments)
    told = dict(enumerate(drawn(options.number, options.seed), 1))
    began = time.monotonic()
    tasks = {str(number): partial(trial, profile) for number, profile in told.items()}
    found = {int(number): one for number, one in try_all(tasks, jobs=options.jobs)}
    took = time.monotonic() - began
    failed = {number: one for number, one in sorted(found.items()) if one.verdict != "same"}
    for name, times in Counter(name for one in failed.values() for name in one.evidence).items():
        number = next(number for number, one in failed.items() if name in one.evidence)
        print(f"✗ {name} in {times} profiles: {told[number][name]} is observed as {failed[number].evidence[name]}", flush=True)
        print(f"  told {simplest(name, told[number])}")
    for number, one in failed.items():
        if one.problems:
            print(f"✗ profile {number}: {'; '.join(one.problems)}")
    seen = sum(not CHOICES[name].hidden(profile) for profile in told.values() for name in profile)
    print(f"{len(told) - len(failed)} of {len(told)} profiles came back as they were told ({seen} choices compared), {took:.0f} s")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
