"""Applications in this process are called as a server would call them."""

import asyncio
import gzip
import random
import threading
import zlib
from ast import literal_eval
from collections.abc import Callable, Iterable
from typing import Any

import pytest
import requests
from requests.adapters import BaseAdapter

from accord.base.errors import AccordError
from contract_tests.transport.applications import AsgiHost, WsgiAdapter
from contract_tests.transport.http import NoResponse
from contract_tests.transport.in_process import Adapted

URL = "http://testserver"


def sent(adapter: BaseAdapter, method: str, path: str, **options: Any) -> requests.Response:
    prepared = requests.Request(method, URL + path, **options).prepare()
    return adapter.send(prepared, timeout=5.0)


def wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Respond with what the request was."""
    if environ["PATH_INFO"] == "/raises":
        raise LookupError("nothing there")
    said = {name: value for name, value in environ.items() if isinstance(value, str)}
    said["body"] = environ["wsgi.input"].read().decode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Vary", "Origin"), ("Vary", "Accept")])
    return [repr(said).encode()]


class Asgi:
    """The same in ASGI; it also records its startup and its shutdown."""

    def __init__(self) -> None:
        self.noted: list[str] = []
        self.threads: set[int] = set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.threads.add(threading.get_ident())
        if scope["type"] == "lifespan":
            self.noted.append((await receive())["type"])
            scope["state"]["made"] = "at startup"
            await send({"type": "lifespan.startup.complete"})
            self.noted.append((await receive())["type"])
            await send({"type": "lifespan.shutdown.complete"})
            return
        if scope["path"] == "/raises":
            raise LookupError("nothing there")
        if scope["path"] == "/slow":
            await asyncio.sleep(60)
        body = (await receive())["body"].decode()
        said = {name.decode(): value.decode() for name, value in scope["headers"]} | {"body": body, **scope["state"]}
        await send({"type": "http.response.start", "status": 200, "headers": [(b"vary", b"Origin"), (b"vary", b"Accept")]})
        await send({"type": "http.response.body", "body": repr(said | {"path": scope["path"]}).encode(), "more_body": True})
        await send({"type": "http.response.body"})
        self.noted.append((await receive())["type"])
        if scope["path"] == "/goes-on":
            await asyncio.sleep(60)


@pytest.fixture
def asgi() -> Any:
    app = Asgi()
    host = AsgiHost(app)
    yield app, host.adapter()
    host.close()
    assert app.noted[-1] == "lifespan.shutdown"
    assert "accord-asgi" not in {thread.name for thread in threading.enumerate()}


def test_wsgi() -> None:
    response = sent(WsgiAdapter(wsgi), "POST", "/a%2Fb%20%C3%A4?q=1%2B", data=b"{}", headers={"X-Api-Key": "k", "X_API_KEY": "no"})
    said = literal_eval(response.text)
    assert said["PATH_INFO"].encode("latin-1").decode() == "/a/b ä"
    assert (said["QUERY_STRING"], said["HTTP_X_API_KEY"], said["HTTP_HOST"]) == ("q=1%2B", "k", "testserver")
    assert (said["CONTENT_LENGTH"], said["body"]) == ("2", "{}")
    assert response.headers["vary"] == "Origin, Accept"


def test_asgi(asgi: tuple[Asgi, BaseAdapter]) -> None:
    app, adapter = asgi
    response = sent(adapter, "POST", "/a%2Fb%20%C3%A4?q=1%2B", data=b"{}", headers={"X-Api-Key": "k", "X_API_KEY": "no"})
    said = literal_eval(response.text)
    assert said.pop("path") == "/a/b ä"
    assert (
        said.items() >= {"x-api-key": "k", "host": "testserver", "content-length": "2", "body": "{}", "made": "at startup"}.items()
    )
    assert not [name for name in said if "_" in name]
    assert response.headers["vary"] == "Origin, Accept"
    assert app.threads.isdisjoint({threading.get_ident()})


def test_what_it_raises_is_a_server_error(asgi: tuple[Asgi, BaseAdapter]) -> None:
    for adapter in (WsgiAdapter(wsgi), asgi[1]):
        response = sent(adapter, "GET", "/raises")
        assert (response.status_code, response.text) == (500, "Internal Server Error")


def test_head_has_no_body(asgi: tuple[Asgi, BaseAdapter]) -> None:
    for adapter in (WsgiAdapter(wsgi), asgi[1]):
        response = sent(adapter, "HEAD", "/")
        assert (response.status_code, response.content) == (200, b"")


def test_nobody_waits_for_what_goes_on_after_the_response(asgi: tuple[Asgi, BaseAdapter]) -> None:
    assert sent(asgi[1], "GET", "/goes-on").status_code == 200


def test_what_takes_too_long_is_given_up(asgi: tuple[Asgi, BaseAdapter]) -> None:
    with pytest.raises(requests.ReadTimeout):
        asgi[1].send(requests.Request("GET", URL + "/slow").prepare(), timeout=0.1)


def test_one_without_a_lifespan() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    host = AsgiHost(app)
    assert sent(host.adapter(), "GET", "/").status_code == 204
    host.close()


def test_one_that_does_not_start() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    with pytest.raises(AccordError, match="no database"):
        AsgiHost(app)


@pytest.mark.parametrize(("coding", "compress"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("identity", bytes)])
def test_a_body_is_read_without_its_coding(coding: str, compress: Callable[[bytes], bytes]) -> None:
    def compressing(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Encoding", coding)])
        return [compress(b'{"count": 0}')]

    response = Adapted(WsgiAdapter(compressing), URL, 5.0).send("GET", "/", {}, None)
    assert response.body == b'{"count": 0}'


def test_a_body_that_is_not_what_its_headers_say_is_a_response_and_no_json() -> None:
    response = Adapted(WsgiAdapter(gzipped(b"\x1f\x8b no gzip")), URL, 5.0).send("GET", "/", {}, None)
    assert response.status == 200
    assert b"not the gzip" in response.body


def test_a_body_that_is_too_large_once_it_is_decoded_is_no_response() -> None:
    with pytest.raises(NoResponse, match="larger"):
        Adapted(WsgiAdapter(gzipped(gzip.compress(b"0" * 20_000_000))), URL, 5.0).send("GET", "/", {}, None)


def gzipped(body: bytes) -> Callable[..., Iterable[bytes]]:
    """An application whose responses say that they are compressed."""

    def respond(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Encoding", "gzip")])
        return [body]

    return respond


def test_an_application_has_a_chance_of_its_own() -> None:
    """Hypothesis seeds the random generator of the process: an application that takes ids from it would repeat them."""

    def making_ids(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [str(random.getrandbits(128)).encode()]

    adapter, made = WsgiAdapter(making_ids), []
    for _ in range(3):
        random.seed(0)
        made.append(sent(adapter, "GET", "/").content)
    assert len(set(made)) == 3
