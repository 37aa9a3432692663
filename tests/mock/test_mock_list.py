"""Listing: pages, filters, counts."""

import itertools

import pytest

from mockserver.model.clock import Clock


@pytest.fixture
def paged(make_api):
    return make_api(scenario="paging")


def test_a_page_holds_twenty_unless_asked_otherwise(paged):
    assert len(paged.list().json["results"]) == 20
    assert len(paged.list(limit=7).json["results"]) == 7
    assert len(paged.list(limit=1).json["results"]) == 1
    assert len(paged.list(limit=100).json["results"]) == 48


@pytest.mark.parametrize("limit", [1, 3, 7, 20, 44, 45, 46, 100])
@pytest.mark.parametrize("filters", [{}, {"user_email": "paula.page@example.com"}, {"status": "open"}])
def test_pages_partition_the_collection(paged, limit, filters):
    whole = paged.list(limit=100, **filters).json
    assert len(whole["results"]) == whole["count"]
    found = []
    for offset in range(0, whole["count"] + limit, limit):
        page = paged.list(limit=limit, offset=offset, **filters).json
        assert page["count"] == whole["count"]
        found += page["results"]
    assert found == whole["results"]


def test_filters_select_exactly_what_they_say(paged):
    everything = paged.list(limit=100).json["results"]
    for status in ("open", "pending", "resolved", "closed"):
        expected = [item for item in everything if item["status"] == status]
        assert expected
        assert paged.list(limit=100, status=status).json["results"] == expected
        both = [item for item in expected if item["requester"]["email"] == "paula.page@example.com"]
        page = paged.list(limit=2, offset=1, status=status, user_email="paula.page@example.com").json
        assert (page["count"], page["results"]) == (len(both), both[1:3])
    assert paged.list(user_email="paula").json == {"count": 0, "results": []}
    assert paged.list(user_email="").json == {"count": 0, "results": []}
    assert paged.list(user_email="ruth@example.com").json["count"] == 1


@pytest.mark.parametrize("offset", [48, 49, 1000, 2**31, 2**63, 2**64, 10**30, 10**900])
def test_an_offset_past_the_end_is_an_empty_page(paged, offset):
    assert paged.list(offset=offset).json == {"count": 48, "results": []}


@pytest.mark.parametrize("limit", [101, 1000, 2**31, 2**64, 10**30, 10**900])
def test_no_page_holds_more_than_the_maximum(make_api, limit):
    busy = make_api(scenario="busy-inbox")
    assert len(busy.list(limit=limit).json["results"]) == 100


INVALID = ["limit=0", "limit=-1", "limit=x", "limit=", "limit=1.5", "limit=%00", "limit=٣", "limit=+1", "offset=-1", "offset=x"]
INVALID += ["offset=1e3", "offset=" + "9" * 5000, "status=OPEN", "status=", "status=x%FF"]


@pytest.mark.parametrize("query", INVALID)
def test_invalid_parameters_are_refused(paged, query):
    response = paged.request("GET", f"/api/v1/conversations/?{query}")
    assert response.status_code == 400
    assert response.json["detail"].startswith(query.partition("=")[0])


def test_unknown_parameters_are_ignored_and_of_repeated_ones_the_last_counts(paged):
    assert paged.request("GET", "/api/v1/conversations/?page=3&limit=5&limit=2").json["count"] == 48
    assert len(paged.request("GET", "/api/v1/conversations/?limit=5&limit=2").json["results"]) == 2


def test_a_resolved_conversation_changes_sides_at_once(api):
    shown = api.made(user_email="a@example.com")
    api.made(user_email="b@example.com")
    assert api.list(status="open").json["count"] == 2
    api.resolve(shown["id"])
    assert [item["id"] for item in api.list(status="closed").json["results"]] == [shown["id"]]
    assert api.list(status="open").json["count"] == 1
    assert api.list(status="open", user_email="a@example.com").json["count"] == 0
    assert api.list(status="closed", user_email="a@example.com").json["count"] == 1


def test_an_address_may_be_sent_encoded_or_not(api):
    api.made(user_email="jörg+x@example.com")
    assert api.list(user_email="jörg+x@example.com").json["count"] == 1
    raw = "/api/v1/conversations/?user_email=jörg%2Bx@example.com"
    assert api.request("GET", raw).json["count"] == 1


def test_head_is_get_without_a_body(paged):
    response = paged.request("HEAD", "/api/v1/conversations/")
    assert (response.status_code, response.data) == (200, b"")
    assert paged.request("HEAD", "/api/v1/conversations/", key=None).status_code == 401


def test_what_was_listed_before_is_listed_as_it_is_now(make_api):
    seconds = itertools.count(1_800_000_000)
    api = make_api(clock=Clock(lambda: next(seconds) * 1_000_000))
    id = api.made()["id"]

    def shown():
        found = api.get(id).json
        assert api.list().json["results"] == [found]
        return found

    states = [shown()]
    for change in (api.send, api.resolve):
        change(id)
        states.append(shown())
    assert [state["status"] for state in states] == ["open", "open", "closed"]
    assert states[0]["updated_at"] < states[1]["updated_at"] < states[2]["updated_at"]
