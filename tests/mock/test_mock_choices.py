"""Every option of every open point does what spec/choices.yaml says of it."""

from datetime import datetime

import pytest
import yaml

from accord.base.assets import CHOICES
from accord.base.errors import AccordError
from mockserver.contract.choices import choose, load_catalogue, read_profile
from tests.mock import observers_of_requests, observers_of_responses  # noqa: F401
from tests.mock.observing import OBSERVED

CATALOGUE = yaml.safe_load(CHOICES.read_text())
PAIRS = [(name, option) for name, choice in CATALOGUE.items() for option in choice["options"]]


@pytest.mark.parametrize(("name", "option"), PAIRS)
def test_the_mock_takes_the_option(make_api, name, option):
    assert name in OBSERVED, f"nothing here observes {name}"
    assert OBSERVED[name](make_api(choices={name: option})) == option


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_mock_takes_the_default(make_api, name):
    assert OBSERVED[name](make_api()) == str(CATALOGUE[name]["default"])


@pytest.mark.parametrize(("name", "option"), PAIRS)
def test_whatever_the_option_the_answers_keep_the_contract(make_api, contract, name, option):
    api = make_api(choices={name: option}, scenario="demo")
    made = api.made(user_email="ada@example.com", user_first_name="Ada", description="Hello?", priority="high", metadata={"a": 1})
    anonymous = api.made()
    assert api.get(made["id"]).json == made
    assert api.list(user_email="ada@example.com").json["results"] == [made]
    assert api.send(made["id"]).status_code in (200, 201) or name == "unknown_sender"
    page = api.list(limit=100).json
    assert page["count"] == len(page["results"]) == 14
    for shown in (made, anonymous, *page["results"]):
        assert contract.conversation.violations(shown) == []
        assert datetime.fromisoformat(shown["created_at"]) <= datetime.fromisoformat(shown["updated_at"])
    for shown in page["results"]:
        messages = api.messages(shown["id"]).json
        assert messages["count"] == len(messages["results"])
        for message in messages["results"]:
            assert contract.message.violations(message) == []
    assert api.resolve(made["id"]).json["status"] == "closed"
    assert api.list(status="closed", user_email="ada@example.com").json["count"] == 1
    assert api.create(key="nonsense").json == {"detail": "Invalid or revoked API key."}


def test_paged_messages_link_to_their_neighbours(make_api):
    api = make_api(choices={"message_paging": "limit_offset", "envelope_extra_members": "next_previous"})
    id = api.made()["id"]
    for n in range(5):
        api.send(id, body=str(n))
    page = api.messages(id, limit=2).json
    found = page["results"]
    while page["next"]:
        page = api.request("GET", page["next"]).json
        found += page["results"]
    assert [message["body"] for message in found] == ["0", "1", "2", "3", "4"]


def test_an_unknown_choice_is_told_with_those_that_exist():
    with pytest.raises(AccordError) as caught:
        choose({"limit_over_maximun": "clamp"})
    assert "Did you mean limit_over_maximum?" in caught.value.message
    assert "resolve_twice" in caught.value.hint
    with pytest.raises(AccordError) as caught:
        choose({"limit_over_maximum": "rejekt"})
    assert "Did you mean reject?" in caught.value.message
    assert "clamp, reject" in caught.value.hint


def test_a_profile_is_read_with_its_scalars_as_text(tmp_path):
    path = tmp_path / "profile.yaml"
    path.write_text("invalid_value_status: 422\nlimit_over_maximum: reject\n")
    taken = choose(read_profile(path))
    assert taken["invalid_value_status"] == "422"
    assert taken["resolve_twice"] == load_catalogue()["resolve_twice"].default
    for text in ("- a\n", "a: {b: c}\n", "a: [b\n", "just text\n"):
        path.write_text(text)
        with pytest.raises(AccordError):
            read_profile(path)
    with pytest.raises(AccordError):
        read_profile(tmp_path / "none.yaml")
