"""No key is ever shown whole, in any spelling: not by a server that accepts any key, not by one that repeats what it was sent."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import requests

from contract_tests.run.settings import Settings
from contract_tests.transport.credentials import altered_keys
from mockserver.app import create_app
from mockserver.keys.model import KeyRing
from mockserver.model.caller import ApiKey
from mockserver.serving.server import serving
from tests.cli.command import ACCORD, KEYS, OPTIONS, Ended, key_options
from tests.cli.forking import accord
from tests.cli.spellings import all_texts, echoing, leaks, replying
from tests.defects.registry import all_defects
from tests.sampling import chosen, sample

DOCUMENTED = [KEYS.server, KEYS.client, KEYS.revoked, KEYS.other_server, KEYS.origin_client]
PLAIN = ["acme/live+7Hq2-Zx9vPq4T", "acme.web~Kd83JsLq0wMn5", "ghost-5rTgB8hN2mJu7kL", "other=Vf4Re3Ws2Aq1", "shop_9oLk8iJm7uHn6y"]
"""Keys without the documented prefix, with characters that have to be encoded in a URL."""

Verify = Callable[..., Ended]


def texts(ended: Ended) -> Iterator[tuple[str, str]]:
    """Everything that a run said and wrote."""
    yield "stdout", ended.out
    yield "stderr", ended.err
    yield from all_texts(ended.directory)


def check(ended: Ended, keys: list[str]) -> None:
    found = {name: leaks(text, keys) for name, text in texts(ended)}
    assert not any(found.values()), {name: some for name, some in found.items() if some}


def options_for(keys: list[str]) -> list[str]:
    names = [name for name in OPTIONS if name != "--origin"]
    return [part for pair in zip(names, keys, strict=True) for part in pair] + ["--origin", KEYS.origin]


def ring(keys: list[str]) -> KeyRing:
    server, client, revoked, other, origin_client = keys
    return KeyRing(
        [
            ApiKey(server, "server", "Harbour & Pine", "server"),
            ApiKey(client, "client", "Harbour & Pine", "client"),
            ApiKey(revoked, "server", "Harbour & Pine", "revoked", revoked=True),
            ApiKey(origin_client, "client", "Harbour & Pine", "origin", origins=frozenset({KEYS.origin})),
            ApiKey(other, "server", "Elsewhere", "other"),
        ]
    )


@pytest.mark.parametrize(("output", "areas"), chosen([("text", ["auth.*", "tier.*", "isolation.*"]), ("json", ["auth.*"])], {1}))
def test_in_the_reports_of_a_run_full_of_failures(tmp_path: Path, output: str, areas: list[str]) -> None:
    with serving(echoing(all_defects()["keys-any-key"].app())) as url:
        only = [part for area in areas for part in ("--only", area)]
        ended = accord(tmp_path, "verify", url, *key_options(), "--effort", "quick", *only, "--format", output)
        assert ended.code == 1, ended.said
        assert ended.with_outcome("failed") > {"auth.invalid-key", "auth.altered-key", "auth.revoked-key"}
        check(ended, DOCUMENTED)
        assert ended.report["target"]["keys"]["server"] == f"bnc_sv_…{KEYS.server[-4:]}"
        replayed = accord(
            tmp_path, "replay", "accord-report/report.json", "--requirement", "auth.altered-key", "--url", url, *key_options()
        )
        assert replayed.code == 1, replayed.said
        check(replayed, DOCUMENTED)


@pytest.mark.extended
def test_keys_of_another_form(tmp_path: Path) -> None:
    app = create_app(keys=ring(PLAIN))
    with serving(echoing(app)) as url:
        only = ("--effort", "quick", "--only", "auth.*", "--only", "create.answer", "--only", "get.*", "--only", "any.*")
        ended = accord(tmp_path, "verify", url, *options_for(PLAIN), *only)
        assert ended.code in (0, 1, 3), ended.said
        check(ended, PLAIN)
        assert ended.report["target"]["keys"]["server"] == f"…{PLAIN[0][-4:]}"
        profiled = accord(tmp_path, "profile", url, "--server-key", PLAIN[0], "--client-key", PLAIN[1])
        assert profiled.code == 0, profiled.said
        check(profiled, PLAIN)


@pytest.mark.parametrize("keys", sample([DOCUMENTED, PLAIN]), ids=["documented", "plain"])
@pytest.mark.parametrize(
    "response",
    chosen(
        [
            "HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example/{key}?next={percent}\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 401 {key}\r\nContent-Length: 5\r\n\r\n{key}",
            "HTTP/1.1 404 {key}\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 502 {key}\r\nContent-Length: 0\r\nServer: {key}\r\n\r\n",
            "HTTP/1.1 {key}\r\n\r\n",
            "{key} HTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: {key}\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{key}\r\n",
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n{key}",
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n<h1>{key}",
            "HTTP/1.1 503 {key}\r\nRetry-After: {key}\r\nContent-Length: 0\r\n\r\n",
        ],
        range(10),
    ),
    ids=["redirect", "401", "404", "502", "status", "no HTTP", "length", "chunk", "gzip", "HTML", "retry"],
)
def test_in_what_ends_a_run_before_it_begins(verify: Verify, response: str, keys: list[str]) -> None:
    with replying(response) as url:
        # A run waits up to a minute for a server that always asks to wait, unless its time budget is shorter.
        limits = ("--timeout", "2", "--time-budget", "5")
        ended = verify(url, *options_for(keys), "--effort", "quick", "--only", "get.answer", *limits)
    assert ended.code in (1, 2, 3), ended.said
    check(ended, keys)


@pytest.mark.parametrize(
    "response",
    [
        "HTTP/1.1 302 Found\r\nLocation: /\x1b]0;pwned\x07\x9b2J\x7f\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 \x1b[2J\x1b[31mfine\r\n\r\n",
        "\x1b[8mHTTP/1.1 200 OK\r\n\r\n",
    ],
    ids=["redirect", "status", "no HTTP"],
)
def test_a_server_does_not_command_the_terminal(verify: Verify, response: str) -> None:
    with replying(response) as url:
        ended = verify(url, "--server-key", KEYS.server, "--effort", "quick")
    assert ended.code == 2, ended.said
    assert "\\x1b" in ended.err
    assert not [one for one in ended.said if not (one.isprintable() or one == "\n")]


@pytest.mark.parametrize(
    "arguments",
    [
        ("http://127.0.0.1:9", "--server-key", KEYS.server, "--client-key", KEYS.client),
        ("http://127.0.0.1:9", "--server-key", KEYS.client),
        ("http://127.0.0.1:9", "--server-key", KEYS.server, "--client-key", KEYS.server),
        ("http://127.0.0.1:9", "--server-key", f"{KEYS.server} "),
        ("--server-key", KEYS.server),
        (KEYS.server, "--server-key", KEYS.server),
        ("http://127.0.0.1:9", PLAIN[0], "--server-key", PLAIN[0]),
        ("http://127.0.0.1:9", "--effort", PLAIN[0], "--server-key", PLAIN[0]),
        ("http://127.0.0.1:9", "--only", "x", "--baseline", f"{PLAIN[0]}.json", "--server-key", PLAIN[0]),
        (f"http://127.0.0.1:9/{PLAIN[0]}", f"--server-key={PLAIN[0]}"),
        ("http://127.0.0.1:9", "--sever-key", KEYS.server),
        ("http://127.0.0.1:9", "--report-dir", f"/dev/null/{PLAIN[0]}", "--server-key", PLAIN[0]),
    ],
    ids=lambda value: "",
)
def test_in_the_words_about_a_mistake(verify: Verify, arguments: tuple[str, ...]) -> None:
    ended = verify(*arguments)
    assert ended.code == 2, ended.said
    check(ended, [*DOCUMENTED, PLAIN[0]])


@pytest.mark.parametrize("key", ["a", "1234567"])
def test_a_key_too_short_to_be_hidden_is_refused(verify: Verify, key: str) -> None:
    ended = verify("http://127.0.0.1:9", "--server-key", key)
    assert ended.code == 2
    assert "--server-key is shorter than 8 characters" in ended.err


@pytest.mark.parametrize("key", [KEYS.server, PLAIN[0]])
def test_in_the_words_about_a_file(tmp_path: Path, key: str) -> None:
    directory = tmp_path / "work"
    for text in (f"server_key = {key}\n", f'server_key = "{key}"\nserver-keys = "x"\n', f'server_key = "{key}"\n"{key}" = 1\n'):
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir()
        (directory / "accord.toml").write_text(text, encoding="utf-8")
        ended = accord(directory, "verify", "http://127.0.0.1:9")
        assert ended.code == 2, ended.said
        assert leaks(ended.said, [key]) == []


def test_keys_made_from_a_good_one_do_not_tell_it() -> None:
    for key in (KEYS.server, *PLAIN[:3]):
        keys = Settings(base_url="", server_key=key).keys
        redact = keys.redactor().redact
        for forgery in altered_keys(keys.server):
            shown = redact(json.dumps({"detail": f"no such key: {forgery.secret}", **forgery.headers}))
            assert leaks(shown, [key]) == [], forgery.label


@pytest.mark.extended
def test_in_what_a_load_leaves(tmp_path: Path) -> None:
    # Not imported: it replaces the sockets of this process.
    if find_spec("locust") is None:
        pytest.skip("Locust is not installed")
    with serving(echoing(all_defects()["keys-any-key"].app())) as url:
        keys = key_options("--server-key", "--client-key", "--other-server-key")
        ended = accord(tmp_path, "load", url, *keys, "--users", "2", "--duration", "2")
    assert ended.code in (0, 1, 3), ended.said
    assert ended.report["load"]["requests"] > 0
    check(ended, DOCUMENTED)


def test_the_mock_shows_its_ready_made_keys_on_its_banner_and_nowhere_else(tmp_path: Path) -> None:
    environment = {**os.environ, "ACCORD_SERVER_KEY": KEYS.server}
    ready = tmp_path / "ready"
    command = [str(ACCORD), "mock", "--port", "0", "--ready-file", str(ready)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as mock:
        try:
            while not ready.exists():
                assert mock.poll() is None
                time.sleep(0.05)
            url = ready.read_text().strip()
            response = requests.get(f"{url}/api/v1/conversations/", params={"key": KEYS.server}, headers={"X-API-Key": KEYS.server})
            assert response.status_code == 200
            requests.get(f"{url}/{KEYS.server}", headers={"Cookie": f"key={KEYS.server}"})
            assert leaks(requests.get(f"{url}/__accord__/requests").text, DOCUMENTED) == []
        finally:
            mock.terminate()
        out, err = mock.communicate(timeout=20)
    assert KEYS.server in out
    assert leaks(err, DOCUMENTED) == []
    assert "GET /bnc_sv_…" in err


def test_the_requirements_have_nothing_to_hide(tmp_path: Path) -> None:
    ended = accord(tmp_path, "requirements", "--only", PLAIN[0], environment={"ACCORD_SERVER_KEY": PLAIN[0]})
    assert ended.code == 2
    check(ended, PLAIN)
