"""What the suite adds to requests: cookies as a client keeps them, origins for unrestricted keys, and sensible conditions."""

from collections.abc import Mapping

import pytest

from contract_tests.client.dress import COOKIES, ORIGIN, Wardrobe, Worn
from contract_tests.reproduction.shell import script
from contract_tests.reproduction.steps import reproduction_of
from contract_tests.transport.credentials import Credential
from contract_tests.transport.exchange import Call, Exchange

CLIENT = Credential("client-key", "the client key", "$ACCORD_CLIENT_KEY", tier="client")
SERVER = Credential("server-key", "the server key", "$ACCORD_SERVER_KEY", tier="server")
OTHER = Credential("other-key", "the other organisation's server key", "$ACCORD_OTHER_SERVER_KEY", tier="server")
PATH = "/api/v1/conversations/7/"
ROUND = 30
"""The number of requests after which a wardrobe begins again."""


def wardrobe(base_url: str = "http://server.test") -> Wardrobe:
    return Wardrobe(base_url, unrestricted=CLIENT.key, foreign=OTHER.key)


def response(headers: Mapping[str, str], credential: Credential = SERVER, path: str = PATH, method: str = "GET") -> Exchange:
    return Exchange(Call(method, path, credential=credential), f"http://server.test{path}", 200, headers, b"{}", 0.001)


def worn(by: Wardrobe, credential: Credential = SERVER, operation: str = "getConversation") -> list[Worn]:
    return [by.dress(operation, Call("GET", PATH, credential=credential)) for _ in range(ROUND)]


def cookies(header: str, *, base_url: str = "http://server.test", path: str = PATH) -> str:
    by = wardrobe(base_url)
    by.keep(response({"set-cookie": header}))
    return by.cookies(SERVER.key, path)


@pytest.mark.parametrize(
    ("header", "brought"),
    [
        ("sessionid=1; Path=/; HttpOnly", "sessionid=1"),
        ("a=1; Expires=Wed, 09 Jun 2060 10:18:14 GMT; Path=/, b=x=y", "a=1; b=x=y"),
        ("a=1, a=2", "a=2"),
        ("a=1; Max-Age=0", ""),
        ("a=1, a=; Path=/", ""),
        ("a=1; Path=/api", "a=1"),
        ("a=1; Path=/admin", ""),
        ("a=1; Secure", ""),
    ],
)
def test_cookies_come_back_as_a_client_keeps_them(header: str, brought: str) -> None:
    assert cookies(header) == brought


def test_secure_cookies_come_back_by_tls() -> None:
    assert cookies("a=1; Secure", base_url="https://server.test") == "a=1"


@pytest.mark.parametrize("header", ["a=1; Secure", "a=1; Path=/admin"])
def test_where_no_cookie_is_to_be_brought_back_none_is_waited_for(header: str) -> None:
    """A requirement that a run could never exercise would be undecided."""
    by = wardrobe()
    by.keep(response({"set-cookie": header}))
    assert COOKIES in {one.idle for one in worn(by)}
    by.keep(response({"set-cookie": "b=1"}))
    assert COOKIES not in {one.idle for one in worn(by)}


def test_each_key_has_cookies_of_its_own() -> None:
    by = wardrobe()
    by.keep(response({"set-cookie": "a=1"}))
    assert any("Cookie" in one.call.headers and one.blamed == COOKIES for one in worn(by))
    assert not any("Cookie" in one.call.headers for one in worn(by, CLIENT))


def test_only_the_unrestricted_client_key_comes_from_an_origin() -> None:
    by = wardrobe()
    assert len({one.call.headers.get("Origin") for one in worn(by, CLIENT) if one.blamed == ORIGIN}) > 2
    restricted = Credential("restricted", "the origin-restricted client key", "$ACCORD_ORIGIN_CLIENT_KEY", tier="client")
    assert not any("Origin" in one.call.headers for key in (SERVER, OTHER, restricted) for one in worn(by, key))


def test_what_was_found_wrong_is_not_worn_again() -> None:
    by = wardrobe()
    by.keep(response({"set-cookie": "a=1"}, CLIENT))
    by.seen |= {COOKIES, ORIGIN}
    assert not any(one.call.headers.keys() & {"Cookie", "Origin"} for one in worn(by, CLIENT))


def test_a_test_wears_the_same_whenever_it_is_run() -> None:
    by = wardrobe()
    by.begin("test_a")
    first = worn(by, CLIENT)
    by.begin("test_b")
    worn(by, CLIENT)
    by.begin("test_a")
    assert worn(by, CLIENT) == first


def test_a_read_is_asked_about_only_after_a_write_to_what_it_shows() -> None:
    by = wardrobe()
    read = response({"etag": '"1"'})
    by.keep(read)
    assert not any(one.known for one in worn(by))
    by.note_write("8")
    assert not any(one.known for one in worn(by))
    by.note_write("7")
    asked = worn(by)[0]
    assert (asked.known, asked.call.headers.get("If-None-Match")) == (read, '"1"')
    assert worn(by, OTHER)[0].known is None


def test_the_time_is_not_asked_about_within_the_same_second() -> None:
    by = wardrobe()
    by.keep(response({"last-modified": "Thu, 26 Feb 2026 10:00:00 GMT"}))
    by.note_write("7")
    assert not any("If-Modified-Since" in one.call.headers for one in worn(by))


def test_what_a_call_has_is_not_replaced() -> None:
    by = wardrobe()
    call = Call("GET", PATH, headers={"Accept": "text/plain", "Accept-Language": "fr"}, credential=SERVER)
    for _ in range(ROUND):
        dressed = by.dress("getConversation", call).call
        assert dressed.headers["Accept"] == "text/plain"
        assert dressed.headers["Accept-Language"] == "fr"
        assert "Accept" not in dressed.without


def test_a_header_that_is_left_out_is_left_out_of_the_curl_line() -> None:
    exchange = Exchange(Call("GET", "/x/", without=("Accept",)), "http://server.test/x/", 200, {}, b"{}", 0.0)
    assert script(reproduction_of(exchange, [], {}), "http://server.test") == "curl -i http://server.test/x/ -H Accept:"
