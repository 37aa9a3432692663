"""The environ that an application gets of a request that came over a socket."""

import socket

import pytest
import requests

from mockserver.app import create_app
from mockserver.keys.model import StandardKeys
from mockserver.serving.server import serving

KEY = StandardKeys.of(1).server


@pytest.fixture(scope="module")
def served():
    with serving(create_app(scenario="empty")) as url:
        yield url


def test_a_header_with_an_underscore_is_not_the_one_with_a_hyphen(served):
    url, key = f"{served}/api/v1/conversations/", KEY
    assert requests.get(url, headers={"X_API_KEY": key}, timeout=5).status_code == 401
    assert requests.get(url, headers={"X_API_KEY": "nonsense", "X-API-Key": key}, timeout=5).status_code == 200
    assert requests.get(url, headers={"x-api-key": key}, timeout=5).status_code == 200


def test_the_environ_of_an_application():
    environs = []

    def app(environ, start_response):
        environs.append(environ | {"body": environ["wsgi.input"].read()})
        start_response("200 OK", [("Content-Length", "0")])
        return [b""]

    with serving(app) as url:
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(
                "POST /a%20b/é?q=é&r=%20 HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nX-A: 2\r\nX-Odd: é\r\n"
                "Content-Type: text/plain\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc".encode()
            )
            assert connection.recv(1000).startswith(b"HTTP/1.1 200")
    [environ] = environs
    expected = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/a b/é".encode().decode("latin-1"),
        "QUERY_STRING": "q=é&r=%20".encode().decode("latin-1"),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_PORT": url.rpartition(":")[2],
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "h",
        "HTTP_X_A": "1,2",
        "HTTP_X_ODD": "",
        "CONTENT_TYPE": "text/plain",
        "CONTENT_LENGTH": "3",
        "wsgi.url_scheme": "http",
        "body": b"abc",
    }
    assert {name: environ.get(name) for name in expected} == expected
    assert "HTTP_CONTENT_LENGTH" not in environ
