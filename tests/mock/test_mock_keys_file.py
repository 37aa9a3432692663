"""Keys: the ready-made set, and those of a file."""

import re

import pytest

from accord.base.errors import AccordError
from mockserver.keys.files import read_keys
from mockserver.keys.model import StandardKeys

FILE = """
organisations: [Harbour & Pine, Elsewhere]
keys:
  - {key: bnc_sv_mine-000000000000000000000000000, tier: server, organisation: Harbour & Pine, name: mine}
  - {key: bnc_cl_mine-000000000000000000000000000, tier: client, organisation: Harbour & Pine, allowed_origins: [https://a.example]}
  - {key: bnc_sv_gone-000000000000000000000000000, tier: server, organisation: Harbour & Pine, revoked: true}
  - {key: plain-key-of-elsewhere, tier: server, organisation: Elsewhere, allowed_bundle_ids: [com.example.a, com.example.b]}
"""
PATH = "/api/v1/conversations/"


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "keys.yaml"
        path.write_text(text)
        return path

    return write


def test_the_ready_made_keys_look_like_keys_and_depend_on_the_seed():
    keys, again, others = StandardKeys.of(1), StandardKeys.of(1), StandardKeys.of(2)
    assert keys == again
    for name in ("server", "revoked", "other_server"):
        assert re.fullmatch(r"bnc_sv_[A-Za-z0-9_-]{32}", getattr(keys, name))
        assert getattr(keys, name) != getattr(others, name)
    for name in ("client", "origin_client", "bundle_client"):
        assert re.fullmatch(r"bnc_cl_[A-Za-z0-9_-]{32}", getattr(keys, name))


def test_keys_of_a_file_take_the_place_of_the_ready_made_ones(make_api, write):
    api = make_api(keys=write(FILE), scenario="demo")

    def status(key, **headers):
        return api.request("GET", PATH, key, headers).status_code

    assert api.keys is None
    assert api.request("GET", PATH, "bnc_sv_mine-000000000000000000000000000").json["count"] == 12
    assert status("bnc_cl_mine-000000000000000000000000000", Origin="https://a.example") == 200
    assert status("bnc_cl_mine-000000000000000000000000000", Origin="https://b.example") == 403
    assert status("bnc_sv_gone-000000000000000000000000000") == 401
    assert status("plain-key-of-elsewhere", **{"X-Bundle-Id": "com.example.b"}) == 200
    assert status("plain-key-of-elsewhere") == 403
    assert status(StandardKeys.of(1).server) == 401


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("tier: server, organisation: Elsewhere", "tier: admin, organisation: Elsewhere", "keys.3.tier"),
        ("organisation: Elsewhere", "organisation: Nowhere", "keys.3"),
        ("revoked: true", "revoked: yes please", "keys.2.revoked"),
        ("[https://a.example]", "[https://a.example/path]", "keys.1.allowed_origins.0"),
        ("name: mine", "nmae: mine", "keys.0"),
        ("bnc_sv_gone-000000000000000000000000000", "bnc_sv_mine-000000000000000000000000000", "repeats"),
        ("key: plain-key-of-elsewhere", "key: bnc_cl_plain-key", "bnc_cl_"),
        ("key: plain-key-of-elsewhere", "key: two words", "keys.3.key"),
        ("organisations: [Harbour & Pine, Elsewhere]", "", "organisations"),
        ("keys:", "keys: []\nmore:", "malformed"),
    ],
)
def test_a_bad_file_is_told_with_the_place(write, old, new, place):
    assert old in FILE
    with pytest.raises(AccordError) as caught:
        read_keys(write(FILE.replace(old, new)))
    assert place in caught.value.message


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(AccordError, match="No such file"):
        read_keys(tmp_path / "none.yaml")
    with pytest.raises(AccordError, match="Is a directory"):
        read_keys(tmp_path)
