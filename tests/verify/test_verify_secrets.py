"""No key is ever shown whole: not by a server that accepts any key, not by one that repeats what it was sent, not in an error."""

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from broken_servers.registry import all_defects

from mockserver.server import serving
from tests.verify.command import KEYS, Ended, accord, key_options

SECRETS = [KEYS.server, KEYS.client, KEYS.revoked, KEYS.other_server, KEYS.origin_client]
ENOUGH = 20
"""As many characters of a key's 32 that follow each other are too many."""

Verify = Callable[..., Ended]


def leaks(text: str) -> list[str]:
    """The parts of keys in a text, as they are, in the other case, and in Base64."""
    found = []
    for key in SECRETS:
        basic = base64.b64encode(f"{key}:".encode()).decode()[:-4]
        for secret in (key[7:], key[7:].swapcase(), basic):
            pieces = (secret[at : at + ENOUGH] for at in range(len(secret) - ENOUGH + 1))
            found += [piece for piece in pieces if piece in text]
    return found


def all_texts(ended: Ended) -> Iterator[tuple[str, str]]:
    """Everything that a run said and wrote."""
    yield "stdout", ended.out
    yield "stderr", ended.err
    for path in ended.directory.rglob("*"):
        if path.is_file():
            yield path.name, path.read_text(encoding="utf-8")


def echoing(app: Any) -> Callable[..., Any]:
    """The application, repeating the keys that it is sent in a header, in a refusal, and in a page for people."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        sent = f"{environ.get('HTTP_X_API_KEY', '')} {environ.get('HTTP_AUTHORIZATION', '')}".strip()

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            headers = [(name, value) for name, value in headers if name.lower() != "content-length"]
            return start_response(status, [*headers, ("X-Debug-Key", sent)], exc_info)

        whole = b"".join(app(environ, start))
        if whole.startswith(b"{"):
            quoted = sent.replace("\\", "\\\\").replace('"', '\\"')
            whole = b'{"debug": "key ' + quoted.encode("utf-8", "replace") + b'",' + whole[1:]
        return [whole]

    return answer


@pytest.mark.parametrize("output", ["text", "json"])
def test_in_the_reports_of_a_run_full_of_failures(tmp_path: Path, output: str) -> None:
    with serving(echoing(all_defects()["keys-any-key"].app())) as url:
        options = ("--effort", "quick", "--only", "auth.*", "--only", "tier.*", "--only", "isolation.*", "--format", output)
        ended = accord(tmp_path, "verify", url, *key_options(), *options)
    assert ended.code == 1, ended.said
    assert ended.with_outcome("failed") > {"auth.invalid-key", "auth.altered-key", "auth.revoked-key"}
    found = {name: leaks(text) for name, text in all_texts(ended)}
    assert not any(found.values()), found
    assert len(found) >= 6
    shown = ended.report["target"]["keys"]
    assert shown["server"] == f"bnc_sv_…{KEYS.server[-4:]}"


@pytest.mark.parametrize(
    "arguments",
    [
        ("http://127.0.0.1:9", "--server-key", KEYS.server, "--client-key", KEYS.client),
        ("http://127.0.0.1:9", "--server-key", KEYS.client),
        ("http://127.0.0.1:9", "--server-key", KEYS.server, "--client-key", KEYS.server),
        ("http://127.0.0.1:9", "--server-key", f"{KEYS.server} "),
        ("--server-key", KEYS.server),
    ],
    ids=["unreachable", "by prefix", "same", "with a space", "no URL"],
)
def test_in_the_words_about_a_mistake(verify: Verify, arguments: tuple[str, ...]) -> None:
    ended = verify(*arguments)
    assert ended.code == 2, ended.said
    assert leaks(ended.said) == []


def test_in_the_words_about_a_file(tmp_path: Path) -> None:
    (tmp_path / "accord.toml").write_text(f"server_key = {KEYS.server}\n", encoding="utf-8")
    ended = accord(tmp_path, "verify", "http://127.0.0.1:9")
    assert ended.code == 2, ended.said
    assert leaks(ended.said) == []
