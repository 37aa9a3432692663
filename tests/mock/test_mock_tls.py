"""The mock by HTTPS: who trusts its certificate, both addresses of loopback, and deliveries."""

import os
import re
import shutil
import socket
import ssl
import subprocess
from contextlib import nullcontext
from pathlib import Path

import pytest
import requests
from playwright.sync_api import sync_playwright

from mockserver.app import create_app
from mockserver.http.delivery import Delivery, request_delivery
from mockserver.serving.ports import bind, bind_beside
from mockserver.serving.server import serving
from mockserver.serving.tls import make_certificate, trust_lines
from tests.mock.conftest import BASE
from tests.mock.test_mock_serving import KEY, command


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("tls"), ("mock.example", "0.0.0.0"))


@pytest.fixture(scope="module")
def secure(certificate, contract):
    with serving(create_app(spec=contract), tls=certificate) as url:
        yield url


def test_clients_that_trust_the_authority_and_no_others(secure, certificate):
    assert secure.startswith("https://127.0.0.1:")
    for url in (secure, secure.replace("127.0.0.1", "localhost")):
        response = requests.get(f"{url}{BASE}", headers=KEY, verify=str(certificate.authority), timeout=10)
        assert response.json()["count"] == 12
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"{secure}{BASE}", headers=KEY, timeout=10)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_versions(secure, certificate, version):
    context = ssl.create_default_context(cafile=certificate.authority)
    context.minimum_version = context.maximum_version = version
    address = ("127.0.0.1", int(secure.rpartition(":")[2]))
    with (
        socket.create_connection(address, timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="mock.example") as connection,
    ):
        connection.sendall(b"GET /__accord__/health HTTP/1.1\r\nHost: localhost:%d\r\n\r\n" % address[1])
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK")


def test_its_own_pages_may_steer_it(secure, certificate):
    for origin, status in ((secure, 204), (secure.replace("https", "http"), 403)):
        asked = requests.post(
            f"{secure}/__accord__/reset", headers={"Origin": origin}, verify=str(certificate.authority), timeout=10
        )
        assert asked.status_code == status


def test_the_private_key_is_for_nobody_else(certificate):
    assert certificate.key.stat().st_mode & 0o077 == 0
    assert "PRIVATE KEY" not in certificate.authority.read_text() + certificate.chain.read_text()


@pytest.mark.parametrize(
    ("effect", "raised"),
    [
        ({"drop": True}, requests.ConnectionError),
        ({"malformed": True}, (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)),
        ({"truncate": 0.5}, (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)),
        ({"delay": 0.05}, None),
        ({"drip": 0.1}, None),
    ],
)
def test_deliveries(certificate, effect, raised):
    def app(environ, start_response):
        request_delivery(environ, Delivery(**effect))
        start_response("200 OK", [("Content-Length", "10")])
        return [b"0123456789"]

    with serving(app, tls=certificate) as url, nullcontext() if raised is None else pytest.raises(raised):
        assert requests.get(url, verify=str(certificate.authority), timeout=10).content == b"0123456789"


def test_both_addresses_of_loopback(tmp_path):
    with command(tmp_path, "--tls") as (process, url):
        told = ""
        while "Try:" not in told:
            line = process.stdout.readline()
            assert line
            told += line
        authority = re.search(r"--cacert (\S+)", told)[1]
        port = url.rpartition(":")[2]
        hosts = ["127.0.0.1", "localhost", *(["[::1]"] if "[::1]" in told else [])]
        for host in hosts:
            response = requests.get(f"https://{host}:{port}{BASE}", headers=KEY, verify=authority, timeout=10)
            assert response.json()["count"] == 12
        for client in ("curl", "Node", "requests", "Chromium"):
            assert re.search(rf"^  {client} +\S", told, re.MULTILINE)
        process.terminate()
        assert process.wait(timeout=10) == 0
    assert not Path(authority).exists()


def test_listening_beside():
    with bind("127.0.0.1", 0) as listener:
        beside = bind_beside(listener)
        if beside is None:
            pytest.skip("This machine has no [::1].")
        with beside:
            assert beside.getsockname()[:2] == ("::1", listener.getsockname()[1])
    with bind("0.0.0.0", 0) as listener:
        assert bind_beside(listener) is None


def lines_of(certificate, url):
    return {line.split()[0]: line.split(maxsplit=1)[1] for line in trust_lines(certificate, url)}


def test_the_line_for_curl(secure, certificate):
    if shutil.which("curl") is None:
        pytest.skip("curl is not there.")
    line = lines_of(certificate, secure)["curl"]
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=30, check=False)
    assert '"status":"ok"' in done.stdout.replace(" ", "")


def test_the_line_for_node(secure, certificate):
    if shutil.which("node") is None:
        pytest.skip("Node is not there.")
    program = f"fetch('{secure}/__accord__/health').then((response) => console.log(response.status))"
    variable = lines_of(certificate, secure)["Node"].split()[0]
    done = subprocess.run(
        ["bash", "-c", f'{variable} node -e "{program}"'], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.strip() == "200", done.stderr


def test_the_line_for_requests(secure, certificate, monkeypatch):
    name, _, value = lines_of(certificate, secure)["requests"].split()[0].partition("=")
    monkeypatch.setenv(name, value)
    assert requests.get(f"{secure}/__accord__/health", timeout=10).status_code == 200


def test_the_line_for_chromium(secure, certificate):
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("Chromium is not there: install the package chromium, or name the program in CHROMIUM")
    flag = next(word for word in lines_of(certificate, secure)["Chromium"].split() if word.startswith("--ignore"))
    with sync_playwright() as playwright:
        # Containers run tests as root, for which Chromium's sandbox does not start, and have little shared memory.
        arguments = ["--no-sandbox", "--disable-dev-shm-usage", flag]
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        assert browser.new_page().goto(f"{secure}/__accord__/health").status == 200
        browser.close()
