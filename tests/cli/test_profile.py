"""`accord profile` reads from a server what `accord mock --profile` makes it do."""

import json
from pathlib import Path

import pytest
import yaml

from accord.base.errors import AccordError
from accord.commands.profile import agreed, as_yaml, profile
from contract_tests.contract.catalogue import load_catalogue
from contract_tests.outcome.run import Observation
from mockserver.app import create_app
from mockserver.contract.choices import read_profile
from mockserver.keys.model import StandardKeys
from mockserver.namespaces.namespace import DEFAULT_SEED
from mockserver.serving.server import serving
from tests.cli.forking import accord
from tests.harness.profiles import differences, drawn
from tests.sampling import sample

CHOICES = load_catalogue().choices


@pytest.mark.parametrize("turn", sample(range(4)))
def test_a_profile_is_what_the_mock_was_told(turn: int, tmp_path: object) -> None:
    chosen = {name: list(choice.options)[turn % len(choice.options)] for name, choice in CHOICES.items()}
    app = create_app(choices=chosen)
    keys = app.namespace.standard_keys
    assert keys is not None
    given = {"server_key": keys.server, "client_key": keys.client, "origin_client_key": keys.origin_client, "origin": keys.origin}
    with serving(app) as url:
        observed = yaml.safe_load(profile(url, given))
    expected = {name: option for name, option in chosen.items() if not CHOICES[name].hidden(chosen)}
    different = {name: (option, observed.get(name)) for name, option in expected.items() if observed.get(name) != option}
    assert not different


@pytest.mark.extended
def test_profiles_by_chance_come_back() -> None:
    """A sample of `make profiles`, without a socket."""
    for told in drawn(3, seeded=11):
        assert differences(told) == {}


def test_what_a_choice_hides_is_declared_of_choices_and_options_that_there_are() -> None:
    for choice in CHOICES.values():
        for name, options in choice.hidden_by.items():
            assert set(options) < set(CHOICES[name].options)
            assert choice.hidden({name: options[0]})
    assert {name for name, choice in CHOICES.items() if choice.needs} == {"first_number", "webhook_duplicates", "webhook_event_id"}


def test_a_profile_is_a_file_that_the_mock_takes(tmp_path: object) -> None:
    app = create_app()
    keys = app.namespace.standard_keys
    assert keys is not None
    with serving(app) as url:
        text = profile(url, {"server_key": keys.server})
    path = f"{tmp_path}/profile.yaml"
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    create_app(choices=read_profile(path))


def test_a_profile_in_json_has_the_evidence_and_is_a_file_that_the_mock_takes(tmp_path: Path) -> None:
    app = create_app(choices={"limit_over_maximum": "reject"})
    keys = StandardKeys.of(DEFAULT_SEED)
    with serving(app) as url:
        given = ("--server-key", keys.server, "--format", "json", "--output", "profile.json")
        ended = accord(tmp_path, "profile", url, *given)
    assert ended.code == 0, ended.said
    seen = json.loads((tmp_path / "profile.json").read_text("utf-8"))["choices"]["limit_over_maximum"]
    assert seen["observed"] == "reject"
    assert seen["evidence"].startswith("2 of 2: ")
    assert create_app(choices=read_profile(tmp_path / "profile.json")).namespace.choices["limit_over_maximum"] == "reject"


def test_what_rounds_do_not_agree_in_is_not_observed() -> None:
    one, other, *_ = CHOICES
    rounds = [
        {one: Observation("a", "first"), other: Observation("x", "there")},
        {one: Observation("b", "second"), other: Observation(None, "nothing")},
    ]
    found = agreed(rounds)
    assert found[one] == Observation(None, "seen now as a and now as b")
    assert found[other] == Observation("x", "1 of 2: there")


def test_a_file_that_is_no_profile_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text('{"schema": "accord/profile/1", "choices": ["a"]}')
    with pytest.raises(AccordError, match="has no choices"):
        read_profile(tmp_path / "bad.json")


HOSTILE = (
    "a\nlimit_over_maximum: reject",
    "a\r\nlimit_over_maximum: reject",
    "a\x85limit_over_maximum: reject",
    "a\u2028limit_over_maximum: reject",
    "\x00\x1b[31m",
    "half \ud800",
    "x" * 100_000,
    "--- \n... \n",
)


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_what_a_server_says_writes_no_line_of_the_profile(text: str) -> None:
    seen = {name: Observation(None, text) for name in CHOICES}
    written = as_yaml(seen, f"The choices of {text}")
    assert all(line.startswith("# ") for line in written.splitlines())
    assert yaml.safe_load(written) is None
    assert written.isprintable() or set(filter(lambda char: not char.isprintable(), written)) == {"\n"}
    assert max(map(len, written.splitlines())) < 400


@pytest.mark.parametrize("option", ["400", "no", "null", "1e3", "a: b", "- x", "# x", "a\nb: c", "'", '"', "!!python/name:x", "ü"])
def test_an_option_is_read_as_it_was_written(option: str) -> None:
    name = next(iter(CHOICES))
    assert yaml.safe_load(as_yaml({name: Observation(option, "")}, "title")) == {name: option}
