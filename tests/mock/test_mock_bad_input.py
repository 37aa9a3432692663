"""Whatever is sent: never a 5xx, always JSON that says why, and nothing half-written."""

import json

import pytest

BASE = "/api/v1/conversations/"


def nested(depth, opening="[", closing="]"):
    return ('{"subject": "x", "metadata": {"a": ' + opening * depth + closing * depth + "}}").encode()


REFUSED_BODIES = {
    "empty": b"",
    "white space": b"  \n",
    "no JSON": b"subject=x",
    "cut off": b'{"subject": "x"',
    "trailing comma": b'{"subject": "x",}',
    "single quotes": b"{'subject': 'x'}",
    "two values": b'{"subject": "x"}{"subject": "y"}',
    "comment": b'{"subject": "x"} // x',
    "byte order mark": b'\xef\xbb\xbf{"subject": "x"}',
    "UTF-16": '{"subject": "x"}'.encode("utf-16"),
    "invalid UTF-8": b'{"subject": "\xff"}',
    "surrogate in UTF-8": b'{"subject": "\xed\xa0\x80"}',
    "lone high surrogate": b'{"subject": "\\ud800"}',
    "lone low surrogate": b'{"subject": "a\\udfffb"}',
    "lone surrogate in a name": b'{"subject": "x", "metadata": {"\\ud83d": 1}}',
    "NUL": b'{"subject": "a\\u0000b"}',
    "raw NUL": b'{"subject": "a\x00b"}',
    "NaN": b'{"subject": "x", "metadata": {"a": NaN}}',
    "Infinity": b'{"subject": "x", "metadata": {"a": -Infinity}}',
    "overflow": b'{"subject": "x", "metadata": {"a": 1e999}}',
    "integer beyond 64 bits": b'{"subject": "x", "metadata": {"a": 18446744073709551616}}',
    "negative integer beyond 64 bits": b'{"subject": "x", "metadata": {"a": -9223372036854775809}}',
    "enormous integer": b'{"subject": "x", "metadata": {"a": ' + b"9" * 100_000 + b"}}",
    "deep arrays": nested(200),
    "deeper arrays": nested(100_000),
    "deep objects": nested(5_000, '{"a":', "}"),
    "unclosed arrays": b"[" * 1_000_000,
    "null": b"null",
    "array": b'[{"subject": "x"}]',
    "text": b'"subject"',
    "number": b"1",
    "missing subject": b'{"description": "x"}',
    "null subject": b'{"subject": null}',
    "number as subject": b'{"subject": 5}',
    "list as subject": b'{"subject": ["x"]}',
    "too long subject": json.dumps({"subject": "x" * 1_000_000}).encode(),
    "metadata is a list": b'{"subject": "x", "metadata": []}',
    "metadata is text": b'{"subject": "x", "metadata": "{}"}',
    "priority of another case": b'{"subject": "x", "priority": "HIGH"}',
    "priority is an object": b'{"subject": "x", "priority": {"a": "high"}}',
    "empty channel": b'{"subject": "x", "channel": ""}',
    "unknown channel": b'{"subject": "x", "channel": "fax"}',
    "address is a number": b'{"subject": "x", "user_email": 1}',
    "address with a line end": b'{"subject": "x", "user_email": "a@example.com\\n"}',
    "endless address": json.dumps({"subject": "x", "user_email": "a" * 1000 + "@example.com"}).encode(),
    "name is an object": b'{"subject": "x", "user_first_name": {}}',
    "description is false": b'{"subject": "x", "description": false}',
}


@pytest.mark.parametrize("name", REFUSED_BODIES)
def test_a_bad_body_is_refused_and_creates_nothing(api, name):
    for headers in ({"Content-Type": "application/json"}, {}):
        response = api.request("POST", f"{BASE}create/", headers=headers, data=REFUSED_BODIES[name])
        assert response.status_code == 400, response.text
        assert response.content_type == "application/json"
        assert len(response.json["detail"]) < 1000
    assert api.list().json["count"] == 0
    assert api.made()["number"] == 1


@pytest.mark.parametrize("name", REFUSED_BODIES)
def test_a_bad_message_is_refused_and_adds_nothing(api, name):
    id = api.made()["id"]
    body = REFUSED_BODIES[name].replace(b'"subject"', b'"user_email": "a@example.com", "body"')
    response = api.request("POST", f"{BASE}{id}/messages/create/", data=body)
    if response.status_code == 201:  # What is wrong in a subject or in metadata may be right in a message.
        assert api.messages(id).json["results"] == [response.json]
    else:
        assert response.status_code == 400
        assert api.messages(id).json["count"] == 0


ACCEPTED_BODIES = {
    "pair of surrogates": (b'{"subject": "\\ud83d\\ude00"}', "😀"),
    "escaped solidus": (b'{"subject": "a\\/b"}', "a/b"),
    "escaped delete": (b'{"subject": "\\u007f"}', "\x7f"),
    "a NUL that is none": (b'{"subject": "\\\\u0000"}', "\\u0000"),
    "padding": (b' \r\n\t{ "subject" : "x" } \n', "x"),
    "nesting within reason": (nested(50), "x"),
    "digits in a text": (b'{"subject": "12345678901234567890123"}', "12345678901234567890123"),
    "many members": (json.dumps({"subject": "x"} | {f"m{n}": n for n in range(10_000)}).encode(), "x"),
    "a megabyte": (json.dumps({"subject": "x", "metadata": {"a": "é" * 500_000}}, ensure_ascii=False).encode(), "x"),
}


@pytest.mark.parametrize("name", ACCEPTED_BODIES)
def test_an_odd_body_is_taken_as_what_it_says(api, name):
    body, subject = ACCEPTED_BODIES[name]
    response = api.request("POST", f"{BASE}create/", data=body)
    assert response.status_code == 201, response.text
    assert api.get(response.json["id"]).json == response.json
    assert response.json["subject"] == subject


def test_a_body_beyond_the_limit_is_too_large(api):
    response = api.request("POST", f"{BASE}create/", data=b'{"subject": "x", "description": "' + b"x" * (4 << 20) + b'"}')
    assert (response.status_code, response.json) == (413, {"detail": "The body is longer than 4194304 bytes."})
    assert api.list().json["count"] == 0


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        (None, 201),
        ("", 201),
        ("application/json; charset=utf-8", 201),
        ('application/json;charset="UTF-8"', 201),
        ("application/json; charset=latin-1", 415),
        ("APPLICATION/JSON", 201),
        ("application/vnd.example+json", 201),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("nonsense", 415),
        (";;;,,,", 201),
    ],
)
def test_content_types(api, content_type, status):
    headers = {} if content_type is None else {"Content-Type": content_type}
    assert api.request("POST", f"{BASE}create/", headers=headers, data=b'{"subject": "x"}').status_code == status


@pytest.mark.parametrize("length", ["abc", "-1", "", "1e3"])
def test_an_odd_content_length_is_no_server_error(api, length):
    response = api.request("POST", f"{BASE}create/", environ_overrides={"CONTENT_LENGTH": length}, data=b'{"subject": "x"}')
    assert response.status_code in (201, 400)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "POST", "GET", "HEAD", "OPTIONS", "BREW"])
def test_undocumented_methods_change_nothing(api, method):
    id = api.made(description="x")["id"]
    before = (api.list().json, api.messages(id).json)
    documented = {f"{BASE}create/": "POST", f"{BASE}{id}/messages/create/": "POST", f"{BASE}{id}/resolve/": "POST"}
    documented |= {BASE: "GET", f"{BASE}{id}/": "GET", f"{BASE}{id}/messages/": "GET"}
    for path, own in documented.items():
        if method in (own, "HEAD" if own == "GET" else own):
            continue
        response = api.request(method, path, json={"subject": "x", "body": "x", "user_email": "a@example.com"})
        if method == "OPTIONS":
            assert (response.status_code, response.data) == (204, b"")
        elif path.endswith("/conversations/create/") and method in ("GET", "HEAD"):
            assert response.status_code == 404  # With these methods, `create` is taken for an id.
            continue
        else:
            assert response.status_code == 405
        assert own in response.headers["Allow"]
        if method not in ("HEAD", "OPTIONS"):
            assert "detail" in response.json
    assert (api.list().json, api.messages(id).json) == before


@pytest.mark.parametrize(
    "path",
    ["/", "/api", "/api/v1/", "/api/v2/conversations/", "//api/v1/conversations/", f"{BASE}/", "/%00", "/%ff", f"{BASE}a/b/c/"],
)
def test_unknown_routes_are_not_found_in_json(api, path):
    response = api.request("GET", path)
    assert response.status_code == 404
    assert response.content_type == "application/json"


def test_a_defect_of_ours_is_a_500_in_json(make_api):
    from mockserver.handling.conversations import Conversations

    class Broken(Conversations):
        def list(self, caller, request):
            raise RuntimeError

    api = make_api(conversations=Broken)
    api.app.testing = False
    response = api.list()
    assert (response.status_code, response.content_type) == (500, "application/json")
