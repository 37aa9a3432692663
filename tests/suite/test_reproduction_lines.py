"""The shell lines of a report: bash sends exactly what the suite sent, and runs nothing that a server or a text says.

Each is executed in an empty folder with a `curl` in the PATH that only notes its arguments.
"""

import base64
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract_tests.reproduction.shell import curl, script
from contract_tests.reproduction.steps import Link, Reproduction, Step, reproduction_of
from contract_tests.transport.credentials import (
    Keys,
    Style,
    altered_keys,
    as_sent,
    empty_keys,
    malformed_authorizations,
    other_schemes,
)
from contract_tests.transport.exchange import Call, Exchange
from contract_tests.transport.http import encoded
from contract_tests.transport.texts import value_of
from mockserver.keys.model import StandardKeys
from mockserver.namespaces.namespace import DEFAULT_SEED
from tests.harness.reproducing import run_in_bash

BASE = "http://127.0.0.1:8000"
READY = StandardKeys.of(DEFAULT_SEED)
KEYS = Keys.given(READY.server, READY.client, READY.revoked, READY.other_server, READY.origin_client, "https://app.example.com")
VALUES = {variable: key for key, variable in KEYS.variables().items()}

CURL = """#!/bin/sh
for last; do :; done
{ printf '%s\\0' $# "$@"
if [ "$last" = @- ]; then base64 -w0; printf '\\0'; fi; } >> "$CALLS"
if [ -s "$ANSWER" ]; then cat "$ANSWER"; fi
"""

HOSTILE = st.text(
    st.one_of(
        st.sampled_from("$()`\"'\\!;&|<>*?[]{}~#%@=-+ \n\r\t/.0a"), st.characters(exclude_categories=["Cs"], min_codepoint=1)
    ),
    min_size=1,
    max_size=12,
)
SNIPPETS = st.sampled_from(
    [
        "$(touch pwned)",
        "`touch pwned`",
        "'; touch pwned; '",
        '"; touch pwned; "',
        "\n touch pwned\n",
        "a/$(touch pwned)",
        "0",
        "..",
        "!!",
        "\n^touch^pwned^",
        "-o",
    ]
)
TEXTS = st.one_of(HOSTILE, SNIPPETS, st.tuples(HOSTILE, SNIPPETS, HOSTILE).map("".join))
BODIES = st.one_of(
    st.binary(max_size=40), TEXTS.map(str.encode), st.just(b"@/etc/passwd"), st.just(b"x" * 3000 + b"'\0"), st.just(b"")
)


class Sandbox:
    """An empty folder to execute lines in, with a `curl` that records how it was called."""

    def __init__(self, folder: Path) -> None:
        self.bin, self.empty = folder / "bin", folder / "empty"
        self.bin.mkdir()
        self.empty.mkdir()
        (self.bin / "curl").write_text(CURL)
        (self.bin / "curl").chmod(0o755)

    def calls(self, scripts: list[str], answer: bytes = b"") -> list[list[bytes]]:
        """Execute scripts one after another; return the arguments of each call of curl, followed by its stdin if it got any."""
        noted, reply = self.bin / "calls", self.bin / "answer"
        noted.write_bytes(b"")
        reply.write_bytes(answer)
        # As in a terminal, bash replaces exclamation marks outside of single quotes.
        beginning = f"set -o history -o histexpand; export CALLS={noted} ANSWER={reply}\n"
        run_in_bash(beginning + "\n".join(scripts), self.empty, path=f"{self.bin}:{os.environ['PATH']}")
        assert [one.name for one in self.empty.iterdir()] == ["lines.sh"]
        pieces = iter(noted.read_bytes().split(b"\0")[:-1])
        found = []
        for count in pieces:
            arguments = [next(pieces) for _ in range(int(count))]
            found.append([*arguments, base64.b64decode(next(pieces))] if arguments[-1] == b"@-" else arguments)
        return found


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with tempfile.TemporaryDirectory() as folder:
        yield Sandbox(Path(folder))


def exchange(call: Call, body: bytes = b"{}", status: int = 201) -> Exchange:
    return Exchange(call, BASE + call.path, status, {}, body, 0.0)


def sent_by(call: list[bytes]) -> tuple[bytes, dict[bytes, bytes], bytes | None]:
    """The URL, the headers and the body of a call."""
    arguments = iter(call)
    url, headers, body = b"", {}, None
    for argument in arguments:
        if argument == b"-H":
            name, _, value = next(arguments).partition(b":")
            headers[name.removesuffix(b";")] = value.removeprefix(b" ")
        elif argument == b"-X":
            next(arguments)
        elif argument == b"--data-raw":
            body = next(arguments)
        elif argument == b"--data-binary":
            assert next(arguments) == b"@-"
            body = next(arguments)
        elif argument.startswith(BASE.encode()):
            url = argument
        elif argument:
            assert argument in (b"-i", b"-s", b"-si", b"-g", b"--path-as-is", b"--head"), call
    return url, headers, body


PATHS = st.builds("/api/v1/conversations/{}/".format, TEXTS)
CALLS = st.builds(
    lambda path, raw, headers, body: Call("POST", path, headers=headers, raw_query=raw, body=body, credential=KEYS.server),
    PATHS,
    TEXTS,
    st.dictionaries(st.sampled_from(["Content-Type", "Origin", "X-Odd"]), TEXTS | st.just(""), max_size=2),
    st.none() | BODIES,
)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(calls=st.lists(CALLS, min_size=50, max_size=50))
@pytest.mark.extended
def test_what_was_sent_is_sent_again(sandbox: Sandbox, calls: list[Call]) -> None:
    lines = [script(reproduction_of(exchange(call), []), BASE) for call in calls]
    for call, noted in zip(calls, sandbox.calls(lines), strict=True):
        url, headers, body = sent_by(noted)
        assert url == f"{BASE}{encoded(call.path)}{call.search}".encode()
        assert headers.pop(b"X-API-Key") == READY.server.encode()
        if call.body is not None and "Content-Type" not in call.headers:
            assert headers.pop(b"Content-Type") == b""
        assert headers == {name.encode(): value.encode() for name, value in call.headers.items()}
        assert body == call.body


@pytest.mark.extended
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(ids=st.lists(TEXTS.filter(lambda one: one not in ("api", "v1", "create")), min_size=26, max_size=26))
def test_no_id_of_a_server_is_run_or_gets_into_the_host(sandbox: Sandbox, ids: list[str]) -> None:
    """The line that reads a conversation takes its id from the new response to the create, whatever that id is."""
    create = Call("POST", "/api/v1/conversations/create/", body=b"{}", credential=KEYS.server)
    before, after = f"{BASE}/api/v1/conversations/".encode(), b"/messages/"
    for given_now in ids[:2]:
        lines = []
        for one in ids[2:]:
            made = exchange(create, json.dumps({"id": one}).encode())
            reading = exchange(Call("GET", f"/api/v1/conversations/{one}/messages/", credential=KEYS.server), status=200)
            lines.append(script(reproduction_of(reading, [Link(made, 0)]), BASE))
        calls = sandbox.calls(lines, json.dumps({"id": given_now}).encode())
        assert len(calls) == 2 * len(lines)
        for noted in calls[1::2]:
            url, _, _ = sent_by(noted)
            assert url.startswith(before)
            assert url.endswith(after)
            sent = url.removeprefix(before).removesuffix(after)
            assert b"/" not in sent
            assert unquote_to_bytes(sent) == given_now.encode()


FORGERIES = [
    *altered_keys(KEYS.server),
    *empty_keys(),
    *malformed_authorizations(KEYS.server),
    *other_schemes(KEYS.server),
    *(as_sent(KEYS.revoked or KEYS.server, style) for style in Style),
]


def test_a_bad_key_is_made_from_the_variable_of_the_good_one(sandbox: Sandbox) -> None:
    lines = []
    for forgery in FORGERIES:
        call = Call("GET", "/api/v1/conversations/", headers=forgery.headers, forgery=forgery)
        lines.append(script(reproduction_of(exchange(call), []), BASE))
        assert {name: value_of(text, VALUES) for name, text in forgery.texts.items()} == forgery.headers
        assert not [key for key in VALUES.values() if key in lines[-1] or key[8:] in lines[-1]]
        # A report redacts its lines, but forged keys are no secrets and have to stay.
        assert KEYS.redactor().redact(lines[-1]) == lines[-1]
    for forgery, noted in zip(FORGERIES, sandbox.calls(lines), strict=True):
        _, headers, _ = sent_by(noted)
        assert headers == {name.encode(): value.encode() for name, value in forgery.headers.items()}, forgery.label


@given(tag=st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=20).map(str.strip).filter(bool))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_asked_with_comes_from_the_response_that_the_lines_get(sandbox: Sandbox, tag: str) -> None:
    path = "/api/v1/conversations/"
    first = Exchange(Call("GET", path), BASE + path, 200, {"etag": '"old"'}, b"{}", 0.0)
    asking = exchange(Call("GET", path, headers={"If-None-Match": '"old"'}), status=304)
    reproduction = reproduction_of(asking, [Link(first, 0, shown=True)], pause=True)
    lines = script(reproduction, BASE)
    assert "old" not in lines
    assert lines.splitlines()[1] == "sleep 1"
    assert Reproduction.from_json(json.loads(json.dumps(reproduction.to_json()))) == reproduction
    answer = f"HTTP/1.1 200 OK\r\nServer: x\r\neTag: {tag}\r\n\r\n{{}}".encode()
    _, noted = sandbox.calls([lines.replace("sleep 1\n", "")], answer)
    assert sent_by(noted)[1][b"If-None-Match"] == tag.encode()


def test_a_reproduction_survives_json() -> None:
    create = Call("POST", "/api/v1/conversations/create/", body=b"\xff\0", credential=KEYS.client)
    conversation = "3f2a9c10-7d3e-4b5c-9a41-0c2d1e4f5a6b"
    made = exchange(create, json.dumps({"id": conversation}).encode())
    reading = exchange(
        Call("GET", f"/api/v1/conversations/{conversation}.json/", forgery=FORGERIES[0], headers=FORGERIES[0].headers)
    )
    whole = reproduction_of(reading, [Link(made, 0, shown=True)])
    assert Reproduction.from_json(json.loads(json.dumps(whole.to_json()))) == whole


@pytest.mark.parametrize(
    ("change", "value"),
    [
        (lambda one: one + "x", "{}x"),
        (lambda one: one[:-1], "{0:.35}"),
        (lambda one: one[:8], "{0:.8}"),
        (lambda one: one.upper(), None),
        (lambda one: one[:20] + "ff" + one[22:], None),
        (lambda one: one + ".0", "{}.0"),
    ],
)
def test_an_id_that_was_made_from_another_is_made_from_it_again(
    sandbox: Sandbox, change: Callable[[str], str], value: str | None
) -> None:
    known, now = "3f2a9c10-7d3e-4b5c-9a41-0c2d1e4f5a6b", "b6a5f4e1-d2c0-414a-9c5b-e3d701c9a2f3"
    create = Call("POST", "/api/v1/conversations/create/", body=b"{}")
    made = exchange(create, json.dumps({"id": known}).encode())
    reading = exchange(Call("GET", f"/api/v1/conversations/{change(known)}/"))
    lines = script(reproduction_of(reading, [Link(made, 0)]), BASE)
    _, noted = sandbox.calls([lines], json.dumps({"id": now}).encode())
    assert sent_by(noted)[0] == f"{BASE}/api/v1/conversations/{change(now)}/".encode()


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(pieces=st.lists(BODIES, min_size=1, max_size=3))
def test_what_a_run_called_itself_is_another_each_time(sandbox: Sandbox, pieces: list[bytes]) -> None:
    """The run's name is replaced anywhere in a body, even in a body that cannot be written as a word of the shell."""
    mark, other = b"9f8e7d6c5b", b"0a1b2c3d4e"
    body = b"\xe3\x80\x80%s".join([mark, *pieces, mark])
    step = Step("POST", ("/api/v1/conversations/create/",), body=body, headers=(("Content-Type", ("application/json",)),))
    line = curl(step, BASE, options="-s", names={mark.decode(): "RUN"})
    [call] = sandbox.calls([f"RUN={other.decode()}\n{line}"])
    _, _, sent = sent_by(call)
    assert sent == body.replace(mark, other)
