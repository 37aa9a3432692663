"""The mock over HTTP: as a command, as a child process, in a thread."""

import http.client
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
import requests

from accord.base.errors import AccordError
from accord.cli import run
from mockserver.app import create_app
from mockserver.keys.model import StandardKeys
from mockserver.serving.ports import bind, url_of
from mockserver.serving.server import serving
from mockserver.serving.subprocess_mock import Settings, running

COMMAND = [sys.executable, "-P", "-m", "accord.cli", "mock"]
KEY = {"X-API-Key": StandardKeys.of(1).server}


@contextmanager
def command(tmp_path, *options):
    """Run `accord mock` on a free port; the process and its URL."""
    ready = tmp_path / "ready"
    process = subprocess.Popen(
        [*COMMAND, "--port", "0", "--ready-file", str(ready), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    try:
        deadline = time.monotonic() + 20
        while not ready.exists():
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.01)
        yield process, ready.read_text().strip()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


def test_the_command_prints_what_one_needs_and_stops_when_told(tmp_path):
    with command(tmp_path) as (process, url), requests.Session() as session:
        assert session.get(f"{url}/api/v1/conversations/", headers=KEY).json()["count"] == 12
        assert session.get(f"{url}/api/v1/conversations/?user_email=secret@example.com").status_code == 401
        began = time.monotonic()
        process.send_signal(signal.SIGINT)  # With a connection that is kept alive.
        out, log = process.communicate(timeout=5)
        assert time.monotonic() - began < 1
        assert process.returncode == 0
    assert url in out
    keys = StandardKeys.of(1)
    for key in (keys.server, keys.client, keys.revoked, keys.origin_client, keys.other_server):
        assert key in out
    assert re.fullmatch(
        r"\d\d:\d\d:\d\d GET /api/v1/conversations/ 200 [\d.]+ ms\n\d\d:\d\d:\d\d GET /api/v1/conversations/ 401 [\d.]+ ms\n", log
    )


@pytest.mark.parametrize("scenario", ["demo", "empty"])
def test_the_curl_lines_work_when_pasted(tmp_path, scenario):
    with command(tmp_path, "--scenario", scenario) as (process, _):
        lines = []
        while len(lines) < 3:
            line = process.stdout.readline()
            assert line
            if line.strip().startswith("curl"):
                lines.append(line.strip())
        for line in lines:
            done = subprocess.run(
                ["sh", "-c", f"{line} --silent --fail --max-time 5"], capture_output=True, text=True, check=True, cwd=tmp_path
            )
            assert done.stdout.startswith("{")
        assert shlex.split(lines[0])[0] == "curl"
        process.terminate()
        _, log = process.communicate(timeout=5)
        # Without --quiet, the log has one line for each request.
        assert len(log.splitlines()) == 3


def test_options_come_from_the_environment_and_a_file(tmp_path, monkeypatch):
    (tmp_path / "accord.toml").write_text('scenario = "paging"\nchoice = ["limit_over_maximum=reject"]\n')
    monkeypatch.setenv("ACCORD_SEED", "9")
    with command(tmp_path, "--choice", "invalid_value_status=422") as (_, url):
        headers = {"X-API-Key": StandardKeys.of(9).server}
        assert requests.get(f"{url}/api/v1/conversations/", headers=headers).json()["count"] == 48
        assert requests.get(f"{url}/api/v1/conversations/?limit=x", headers=headers).status_code == 422


def test_keys_of_a_file_are_not_printed_whole(tmp_path):
    (tmp_path / "keys.yaml").write_text(
        "organisations: [A]\nkeys: [{key: bnc_sv_very-secret-key, tier: server, organisation: A}]\n"
    )
    with command(tmp_path, "--keys", "keys.yaml", "--no-cors") as (process, url):
        response = requests.get(f"{url}/api/v1/conversations/", headers={"X-API-Key": "bnc_sv_very-secret-key"})
        assert response.json()["count"] == 0
        assert "Access-Control-Allow-Origin" not in response.headers
        process.terminate()
        out, log = process.communicate(timeout=5)
    assert "bnc_sv_…-key" in out
    assert "secret" not in out + log


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--scenario", "deno"], ["deno", "busy-inbox, demo, empty, paging"]),
        (["--choice", "limit_over_maximum=rejct"], ["Did you mean reject?", "clamp, reject"]),
        (["--choice", "limit_over"], ["NAME=OPTION"]),
        (["--choice", "limits=reject"], ["There is no choice 'limits'"]),
        (["--spec", "none.yaml"], ["none.yaml", "No such file"]),
        (["--keys", "none.yaml"], ["none.yaml", "No such file"]),
        (["--profile", "none.yaml"], ["none.yaml", "No such file"]),
        (["--host", "192.0.2.1"], ["192.0.2.1"]),
        (["--host", "no such host"], ["no such host"]),
        (["--port", "99999"], ["99999"]),
    ],
)
def test_a_mistake_is_one_clear_line(tmp_path, monkeypatch, capsys, options, told):
    monkeypatch.chdir(tmp_path)
    assert run(["mock", "--port", "0", *options]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.strip().splitlines()) <= 4
    for text in told:
        assert text in err


def test_a_port_in_use_is_told(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with bind("127.0.0.1", 0) as listener:
        port = str(listener.getsockname()[1])
        assert run(["mock", "--port", port]) == 2
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (OSError(13, "Permission denied"), "Ports below 1024 are for administrators"),
        (OSError(98 if sys.platform == "linux" else 48, "Address already in use"), "Perhaps another mock does"),
    ],
)
def test_what_can_be_done_about_a_port_is_said(monkeypatch, error, hint):
    def fail(*_):
        raise error

    monkeypatch.setattr(socket.socket, "bind", fail)
    with pytest.raises(AccordError) as caught:
        bind("127.0.0.1", 80)
    assert hint in caught.value.hint
    assert "127.0.0.1:80" in caught.value.message


@pytest.mark.parametrize(("host", "local"), [("0.0.0.0", "127.0.0.1"), ("::", "[::1]")])
def test_the_addresses_of_a_mock_for_everybody_can_be_opened(tmp_path, host, local):
    if ":" in host:
        try:
            bind("::1", 0).close()
        except AccordError:
            pytest.skip("no IPv6 on this machine")
    with command(tmp_path, "--host", host) as (process, url):
        assert url.startswith(f"http://{local}:")
        assert requests.get(f"{url}/__accord__/health", timeout=10).status_code == 200
        process.terminate()
        out, log = process.communicate(timeout=10)
    assert "Anybody who can reach this machine may use this mock" in log
    addresses = re.findall(r"^  (http://\S+)$", out, re.MULTILINE)
    assert addresses[0] == url
    assert not {"0.0.0.0", "[::]"} & {address.removeprefix("http://").rpartition(":")[0] for address in addresses}


def test_a_quiet_mock_for_this_machine_says_where_it_is_and_nothing_else(tmp_path):
    with command(tmp_path, "--quiet") as (process, url):
        assert requests.get(f"{url}/api/v1/conversations/", timeout=10).status_code == 401
        process.terminate()
        assert process.communicate(timeout=10) == (f"Accord mock at {url}; Ctrl-C stops it\n", "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_the_ready_file_is_there_as_long_as_the_mock(tmp_path, number):
    (tmp_path / "ready").write_text("http://127.0.0.1:1\n")
    options = ["--port", "0", "--quiet", "--ready-file", str(tmp_path / "ready")]
    process = subprocess.Popen([*COMMAND, *options], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=tmp_path)
    deadline, url = time.monotonic() + 30, "http://127.0.0.1:1"
    while url in ("", "http://127.0.0.1:1") and time.monotonic() < deadline:
        url = (tmp_path / "ready").read_text().strip() if (tmp_path / "ready").exists() else ""
        time.sleep(0.01)
    assert requests.get(f"{url}/__accord__/health", timeout=10).status_code == 200
    process.send_signal(number)
    assert process.communicate(timeout=10) == (None, b"")
    assert process.returncode == 0
    assert [*tmp_path.iterdir()] == []


def test_a_ready_file_of_a_mock_that_fails_is_removed(tmp_path):
    (tmp_path / "ready").write_text("http://127.0.0.1:1\n")
    assert run(["mock", "--port", "0", "--ready-file", str(tmp_path / "ready"), "--scenario", "none"]) == 2
    assert not (tmp_path / "ready").exists()


def test_the_ready_file_of_a_later_mock_stays(tmp_path):
    with command(tmp_path) as (process, _):
        (tmp_path / "ready").write_text("http://127.0.0.1:2\n")
        process.terminate()
        process.communicate(timeout=10)
    assert (tmp_path / "ready").read_text() == "http://127.0.0.1:2\n"


@pytest.mark.parametrize("streams", [">&-", "2>&-", "<&- >&- 2>&-", ">/dev/full 2>/dev/full", "| true"])
def test_streams_that_are_closed_or_full_do_not_end_it(tmp_path, streams):
    ready = tmp_path / "ready"
    line = f"{shlex.join(COMMAND)} --port 0 --ready-file {ready} {streams}"
    if streams != "| true":
        line = f"exec {line}"
    process = subprocess.Popen(["bash", "-c", line], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while not ready.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    url = ready.read_text().strip()
    assert requests.get(f"{url}/api/v1/conversations/", headers=KEY, timeout=10).json()["count"] == 12
    if streams == "| true":
        subprocess.run(["pkill", "-TERM", "-P", str(process.pid)], check=False)
    else:
        process.terminate()
    out, err = process.communicate(timeout=10)
    # An output that nobody reads does not change the exit code, but an output that cannot be written does.
    assert process.returncode == (70 if ">/dev/full" in streams else 0)
    assert "Traceback" not in out + err


def test_a_ready_file_that_cannot_be_written_ends_the_mock(tmp_path):
    options = ["--port", "0", "--ready-file", "none/ready"]
    done = subprocess.run([*COMMAND, *options], capture_output=True, text=True, cwd=tmp_path, timeout=20, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "accord: The ready file none/ready cannot be written: No such file or directory.",
        "        Check --ready-file.",
    ]


def test_a_mock_for_a_block_of_code(tmp_path):
    with running(Settings(scenario="paging", choices={"invalid_value_status": "422"}, seed=3)) as mock:
        headers = {"X-API-Key": mock.keys.client}
        assert requests.get(f"{mock.url}/api/v1/conversations/", headers=headers).json()["count"] == 48
        assert requests.get(f"{mock.url}/api/v1/conversations/?limit=x", headers=headers).status_code == 422
    with pytest.raises(requests.ConnectionError):
        requests.get(mock.url)


def test_requests_wait_for_a_mock_that_is_still_starting():
    with running(Settings(scenario="empty"), wait=False) as mock:
        headers = {"X-API-Key": mock.keys.server}
        assert requests.get(f"{mock.url}/api/v1/conversations/", headers=headers).json()["count"] == 0
        mock.wait_until_ready()
        mock.wait_until_ready()


def test_a_mock_that_cannot_start_says_why():
    with pytest.raises(AccordError, match="There is no scenario 'deno'"), running(Settings(scenario="deno")):
        pytest.fail("it started")


def test_a_mock_ends_with_its_parent():
    code = (
        "import os, time; from mockserver.serving.subprocess_mock import *\n"
        "with running(Settings(scenario='empty')) as mock:\n"
        "    print(mock.url, flush=True); os._exit(1)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=20)
    url, deadline = done.stdout.strip(), time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            requests.get(f"{url}/__accord__/health", timeout=1)
        except requests.ConnectionError:
            return
        time.sleep(0.02)
    pytest.fail("it still answers")


def test_any_application_in_a_thread():
    app = create_app(scenario="empty")
    with serving(app) as url:
        assert requests.get(f"{url}/__accord__/health").json() == {"status": "ok", "scenario": "empty"}
    with pytest.raises(requests.ConnectionError):
        requests.get(url)
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    for _ in range(5):
        with serving(app) as url:
            requests.get(f"{url}/__accord__/health")
    assert not before or len(os.listdir("/proc/self/fd")) <= before


@pytest.fixture(scope="module")
def served():
    with serving(create_app(scenario="demo")) as url:
        yield url


def raw(url, data):
    """Send bytes, return what comes back until the connection is closed or a second passes."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=1) as connection:
        connection.sendall(data)
        response = b""
        try:
            while chunk := connection.recv(65536):
                response += chunk
        except TimeoutError:
            pass
    return response


def test_a_body_in_chunks(served):
    response = requests.post(f"{served}/api/v1/conversations/create/", data=iter([b'{"subject":', b' "in chunks"}']), headers=KEY)
    assert (response.status_code, response.json()["subject"]) == (201, "in chunks")


def test_a_megabyte_and_too_much(served):
    url = f"{served}/api/v1/conversations/create/"
    response = requests.post(url, json={"subject": "x", "metadata": {"a": "x" * (1 << 20)}}, headers=KEY)
    assert response.status_code == 201
    assert requests.post(url, data=b"x" * (5 << 20), headers=KEY).status_code == 413
    assert requests.get(f"{served}/api/v1/conversations/", headers=KEY).status_code == 200


def test_connections_are_kept_alive_and_head_has_no_body(served):
    host = served.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=5)
    for method in ("GET", "HEAD", "GET", "OPTIONS", "DELETE", "GET"):
        connection.request(method, "/api/v1/conversations/", headers=KEY)
        response = connection.getresponse()
        body = response.read()
        assert (body != b"") == (method in ("GET", "DELETE"))
        assert response.getheader("Connection") != "close"
        assert len(response.headers.get_all("Content-Type", [])) == (1 if method != "OPTIONS" else 0)
    connection.close()


@pytest.mark.parametrize(
    "request_line",
    [b"GET /api/v1/conversations/%zz/ HTTP/1.1", b"GET /api/v1/conversations/?limit=%zz&%%% HTTP/1.1", b"GET /\xff\xfe HTTP/1.1",
     b"GET /api/v1/conversations/?user_email=\xc3\xa9 HTTP/1.1", b"BREW /api/v1/conversations/ HTTP/1.1"],
)  # fmt: skip
def test_odd_request_lines_are_no_server_errors(served, request_line):
    response = raw(
        served, request_line + b"\r\nHost: x\r\nX-API-Key: " + KEY["X-API-Key"].encode() + b"\r\nConnection: close\r\n\r\n"
    )
    assert re.match(rb"HTTP/1.1 [24]", response), response


@pytest.mark.parametrize("size", [1, 1000, 200_000, 2_000_000, 5_000_000])
def test_a_refusal_keeps_the_connection_whether_the_body_was_read_or_not(served, size):
    connection = http.client.HTTPConnection(served.removeprefix("http://"), timeout=5)
    connection.connect()
    socket_used = connection.sock
    for headers, status in (({}, 401), (KEY | {"Content-Type": "text/plain"}, 415), (KEY, 413 if size > 1 << 22 else 400)):
        for _ in range(3):
            connection.request("POST", "/api/v1/conversations/create/", body=b"x" * size, headers=headers)
            response = connection.getresponse()
            response.read()
            assert response.status == status
    assert connection.sock is socket_used
    connection.close()


def test_a_client_that_goes_away_in_the_middle_does_no_harm(served):
    head = b"POST /api/v1/conversations/create/ HTTP/1.1\r\nHost: x\r\nX-API-Key: %b\r\nContent-Length: 1000\r\n\r\n{"
    host, port = served.removeprefix("http://").split(":")
    count = requests.get(f"{served}/api/v1/conversations/", headers=KEY).json()["count"]
    for key in (KEY["X-API-Key"], "nonsense", KEY["X-API-Key"]):
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(head % key.encode())
    assert requests.get(f"{served}/api/v1/conversations/", headers=KEY, timeout=5).json()["count"] == count


def test_the_url_of_a_listener():
    with bind("127.0.0.1", 0) as listener:
        assert url_of(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}"
    if socket.has_ipv6:
        try:
            listener = bind("::1", 0)
        except AccordError:
            pytest.skip("no IPv6 on this machine")
        with listener:
            assert url_of(listener).startswith("http://[::1]:")
