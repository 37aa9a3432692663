"""Calls as they are sent and shown, and how a message that was sent is recognised."""

import pytest

from contract_tests.model.marks import leading_mark, mark_of
from contract_tests.reproduction.shell import script
from contract_tests.reproduction.steps import reproduction_of
from contract_tests.transport.exchange import Call, Exchange


def test_the_parameters_of_a_query_are_encoded() -> None:
    assert (
        Call("GET", "/x/", (("user_email", "a+b@example.com"), ("limit", "1"))).search == "?user_email=a%2Bb%40example.com&limit=1"
    )
    assert Call("GET", "/x/").search == ""


def test_a_raw_query_is_sent_and_told_as_it_is() -> None:
    call = Call("GET", "/x/", raw_query="limit=10%&user_email=%FF")
    assert call.search == "?limit=10%&user_email=%FF"
    exchange = Exchange(call, "", 200, {}, b"{}", 0.0)
    lines = script(reproduction_of(exchange, []), "http://server.test")
    assert lines == "curl -i 'http://server.test/x/?limit=10%&user_email=%FF'"


@pytest.mark.parametrize("body", ["[m42.r1gw0] Hello", "=1+1 [m42.r1gw0] Hello", "[one] > [m42.r1gw0]"])
def test_a_body_is_known_by_its_mark_wherever_that_is(body: str) -> None:
    assert mark_of(body) == "[m42.r1gw0"


def test_a_body_without_a_mark_is_known_by_all_of_it() -> None:
    assert mark_of("Hello [you]") == "Hello [you]"


@pytest.mark.parametrize(
    ("body", "mark"),
    [(" [m42.r-1xw0] Hello", "[m42.r-1xw0]"), ("> [m42.r1] quoted", ""), ("[m42.r1", ""), ("[note] [m42.r1]", ""), (None, "")],
)
def test_a_body_begins_with_its_mark(body: object, mark: str) -> None:
    assert leading_mark(body) == mark
