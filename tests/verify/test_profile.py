"""`accord profile` reads from a server what `accord mock --profile` makes it do."""

import pytest
import yaml

from accord.profiling import profile
from contract_tests.catalogue import load_catalogue
from mockserver.app import create_app
from mockserver.choices import read_profile
from mockserver.server import serving

CHOICES = load_catalogue().choices

UNSEEN = {"first_number"}
"""What cannot be read from a server that holds conversations already."""


@pytest.mark.parametrize("turn", range(4))
def test_a_profile_is_what_the_mock_was_told(turn: int, tmp_path: object) -> None:
    chosen = {name: list(choice.options)[turn % len(choice.options)] for name, choice in CHOICES.items()}
    if chosen["anonymous_requester"] == "null_requester":
        chosen["anonymous_names"] = ""
    if chosen["description_as_message"] == "not_a_message":
        # The mock's other type of message is that of a description.
        chosen["message_types"] = ""
    app = create_app(choices={name: option for name, option in chosen.items() if option})
    keys = app.world.standard_keys
    assert keys is not None
    given = {"server_key": keys.server, "client_key": keys.client, "origin_client_key": keys.origin_client, "origin": keys.origin}
    with serving(app) as url:
        observed = yaml.safe_load(profile(url, given))
    expected = {name: option for name, option in chosen.items() if option and name not in UNSEEN}
    different = {name: (option, observed.get(name)) for name, option in expected.items() if observed.get(name) != option}
    assert not different


def test_a_profile_is_a_file_that_the_mock_takes(tmp_path: object) -> None:
    app = create_app()
    keys = app.world.standard_keys
    assert keys is not None
    with serving(app) as url:
        text = profile(url, {"server_key": keys.server})
    path = f"{tmp_path}/profile.yaml"
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    create_app(choices=read_profile(path))
