"""Servers behind gates: headers, certificates and proxies, for every command that sends requests, and none of it in a report."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import proxy
import pytest

from accord.base.errors import AccordError
from contract_tests.transport.access import Access
from mockserver.app import create_app
from mockserver.serving.server import serving
from tests.cli.command import KEYS, Ended, is_without_verdict, key_options
from tests.cli.forking import accord
from tests.cli.gates import Authority, behind_tls, gated
from tests.conftest import FAULT
from tests.defects.registry import all_defects

Verify = Callable[..., Ended]
SECRET = "s3cr3t-of-the-gate-0815"
GATE = ("--header", f"X-Gate-Token: {SECRET}")
FEW = ("--effort", "quick", "--only", "get.answer")
PASSWORD = "pass-w0rd-of-proxy"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def staged(mock: str, authority: Authority) -> Iterator[str]:
    """A server with a certificate by an authority of one's own."""
    with behind_tls(mock, authority.server()) as url:
        yield url


def holds_no_secret(ended: Ended, *secrets: str) -> None:
    texts = [ended.said, *(path.read_text("utf-8") for path in ended.directory.rglob("*") if path.is_file())]
    for secret in secrets:
        assert not [text for text in texts if secret in text]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_header_goes_with_every_request_and_into_no_report(verify: Verify, workers: str) -> None:
    turned_away: list[str] = []
    with serving(gated(all_defects()[FAULT].app(), "X-Gate-Token", SECRET, turned_away)) as url:
        ended = verify(url, *key_options(), *GATE, "--effort", "quick", "--only", "create.priority-*", "--workers", workers)
        assert ended.code == 1, ended.said
        assert turned_away == []
        holds_no_secret(ended, SECRET)
        target = ended.report["target"]
        assert target["headers"] == {"X-Gate-Token": "…0815"}
        [failed] = [one for one in ended.report["requirements"] if one["outcome"] == "failed"]
        lines = failed["evidence"][0]["curl"]
        assert '-H "X-Gate-Token: $ACCORD_HEADER_1"' in lines
        shown = subprocess.run(
            ["bash", "-c", lines],
            env={**os.environ, "ACCORD_SERVER_KEY": KEYS.server, "ACCORD_CLIENT_KEY": KEYS.client, "ACCORD_HEADER_1": SECRET},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert "HTTP/1.1 20" in shown.stdout, shown.stderr
        assert turned_away == []


def test_the_variable_has_a_header_on_each_line(tmp_path: Path) -> None:
    turned_away: list[str] = []
    both = gated(gated(create_app(), "X-Gate-Token", SECRET, turned_away), "X-Second", "two words", turned_away)
    with serving(both) as url:
        variables = {"ACCORD_HEADER": f"X-Gate-Token: {SECRET}\nX-Second: two words\n"}
        ended = accord(tmp_path, "verify", url, *key_options(), *FEW, environment=variables)
    assert ended.code == 0, ended.said
    assert turned_away == []


@pytest.mark.extended
def test_other_commands_send_it_too(tmp_path: Path) -> None:
    turned_away: list[str] = []
    keys = key_options("--server-key", "--client-key")
    with serving(gated(all_defects()[FAULT].app(), "X-Gate-Token", SECRET, turned_away)) as url:
        verified = accord(tmp_path, "verify", url, *keys, *GATE, "--effort", "quick", "--only", "create.priority-*")
        assert verified.code == 1, verified.said
        report = tmp_path / "accord-report" / "report.json"
        replayed = accord(tmp_path, "replay", report, "--requirement", "create.priority-kept", "--url", url, *keys, *GATE)
        assert "STILL FAILING" in replayed.out, replayed.said
        profiled = accord(tmp_path, "profile", url, *key_options("--server-key"), *GATE)
        assert profiled.code == 0, profiled.said
        loaded = accord(tmp_path, "load", url, *keys, *GATE, "--users", "2", "--duration", "1", "--report-dir", "load")
        assert loaded.code in (0, 1, 3), loaded.said
        report = tmp_path / "load" / "report.json"
        assert json.loads(report.read_text("utf-8"))["target"]["headers"] == {"X-Gate-Token": "…0815"}
    assert turned_away == []
    holds_no_secret(loaded, SECRET)


@pytest.mark.parametrize(
    "header",
    [
        "X-API-Key: abcdefgh",
        "authorization: Basic abcdefgh",
        "Origin: https://a.example",
        "Content-Type: text/plain",
        "ACCEPT: */*",
        "Cookie: a=b",
        "Host: example.com",
        "Connection: close",
        "Transfer-Encoding: chunked",
        "Content-Length: 3",
        "X-HTTP-Method-Override: DELETE",
        "no colon",
        ": no name",
        "X Y: blank in the name",
        "X-Empty:",
        "X-Umlaut: schön",
        "X-Break: a\rb",
    ],
)
def test_a_header_that_is_none_of_a_gate(header: str) -> None:
    with pytest.raises(AccordError, match="--header"):
        Access.of([header])


def test_a_header_twice(verify: Verify) -> None:
    ended = verify("http://127.0.0.1:9", *key_options("--server-key"), *GATE, "--header", "x-gate-token: other-value")
    is_without_verdict(ended, 2, "given twice")
    holds_no_secret(ended, SECRET)


def test_an_authority_of_ones_own(verify: Verify, staged: str, authority: Authority) -> None:
    ended = verify(staged, *key_options(), *FEW, "--ca-file", authority.ca_file)
    assert ended.code == 0, ended.said
    assert "insecure" not in ended.report["target"]


def test_an_authority_that_is_not_known(verify: Verify, staged: str) -> None:
    is_without_verdict(verify(staged, *key_options(), *FEW), 2, "certificate verify failed", "--ca-file", "SSL_CERT_FILE")


def test_the_wrong_authority(verify: Verify, staged: str, tmp_path: Path) -> None:
    ended = verify(staged, *key_options(), *FEW, "--ca-file", Authority(tmp_path).ca_file, "--wait", "60")
    is_without_verdict(ended, 2, "certificate verify failed", "--ca-file")


def test_an_expired_certificate(verify: Verify, mock: str, authority: Authority) -> None:
    expired = authority.server(not_after=datetime.now(UTC) - timedelta(days=1), not_before=datetime.now(UTC) - timedelta(days=9))
    with behind_tls(mock, expired) as url:
        ended = verify(url, *key_options(), *FEW, "--ca-file", authority.ca_file)
    is_without_verdict(ended, 2, "expired", "Renew")


def test_a_certificate_for_another_host(verify: Verify, mock: str, authority: Authority) -> None:
    with behind_tls(mock, authority.server("elsewhere.example")) as url:
        ended = verify(url, *key_options(), *FEW, "--ca-file", authority.ca_file)
    is_without_verdict(ended, 2, "certificate", "Use the name")


def test_insecure_is_said_in_every_report(verify: Verify, staged: str) -> None:
    ended = verify(staged, *key_options(), *FEW, "--insecure")
    assert ended.code == 0, ended.said
    assert ended.report["target"]["insecure"] is True
    reports = ended.directory / "accord-report"
    for text in (ended.out, *((reports / name).read_text("utf-8") for name in ("summary.md", "report.html", "junit.xml"))):
        assert "--insecure" in text


def test_a_client_certificate(verify: Verify, mock: str, authority: Authority) -> None:
    certificate, key = authority.client()
    both = ("--ca-file", authority.ca_file, "--client-cert", certificate, "--client-key-file", key)
    with behind_tls(mock, authority.server(wants_client=True)) as url:
        ended = verify(url, *key_options(), *FEW, *both)
        assert ended.code == 0, ended.said
        ended = verify(url, *key_options(), *FEW, *both[:2])
        is_without_verdict(ended, 2, "--client-cert")


def test_files_that_hold_something_else(verify: Verify, authority: Authority, tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("", encoding="utf-8")
    certificate, key = authority.client()
    for given, named in (
        (("--ca-file", empty), "--ca-file"),
        (("--ca-file", "missing.pem"), "--ca-file"),
        (("--client-cert", certificate), "--client-cert"),
        (("--client-cert", certificate, "--client-key-file", empty), "--client-key-file"),
        (("--client-key-file", key), "--client-cert"),
        (("--insecure", "--ca-file", authority.ca_file), "--insecure"),
    ):
        is_without_verdict(verify("https://127.0.0.1:9", *key_options("--server-key"), *given), 2, named)


@pytest.fixture(scope="module")
def forward() -> Iterator[int]:
    """The port of a forward proxy that wants a password."""
    options = ["--hostname", "127.0.0.1", "--port", "0", "--num-workers", "1", "--num-acceptors", "1", "--log-level", "ERROR"]
    with proxy.Proxy([*options, "--basic-auth", f"ci:{PASSWORD}"]) as running:
        yield running.flags.port


@pytest.mark.filterwarnings("default")
def test_through_a_proxy(verify: Verify, mock: str, staged: str, authority: Authority, forward: int) -> None:
    through = ("--proxy", f"http://ci:{PASSWORD}@127.0.0.1:{forward}")
    for url, more in ((mock, ()), (staged, ("--ca-file", authority.ca_file))):
        ended = verify(url, *key_options(), *FEW, *through, *more)
        assert ended.code == 0, ended.said
        assert ended.report["target"]["proxy"] == f"http://127.0.0.1:{forward}"
        holds_no_secret(ended, PASSWORD)
        refused = verify(url, *key_options(), *FEW, "--proxy", f"http://ci:wrong-password@127.0.0.1:{forward}", *more)
        is_without_verdict(refused, 2, "407", "--proxy")
        holds_no_secret(refused, "wrong-password")


def test_lines_of_curl_pass_the_gate(mock: str, authority: Authority, forward: int) -> None:
    certificate, key = authority.client()
    through = f"http://ci:{PASSWORD}@127.0.0.1:{forward}"
    given = Access.of([f"X-Gate-Token: {SECRET}"], authority.ca_file, certificate, key, proxy=through)
    assert SECRET not in given.curl
    assert PASSWORD not in given.curl
    with behind_tls(mock, authority.server(wants_client=True)) as url:
        for options in (given.curl, given.curl.replace("--cacert", "-k --cacert")):
            line = f"curl -sv {options} {url}/api/v1/conversations/ -H 'X-API-Key: {KEYS.server}'"
            variables = {"PATH": os.environ["PATH"], "ACCORD_HEADER_1": SECRET, "ACCORD_PROXY": through}
            shown = subprocess.run(["bash", "-c", line], env=variables, capture_output=True, text=True, timeout=30, check=False)
            assert '"results"' in shown.stdout, shown.stderr
            assert f"X-Gate-Token: {SECRET}" in shown.stderr


@pytest.mark.extended
@pytest.mark.filterwarnings("default")
def test_scripts_that_show_a_failure_again_pass_the_gate(tmp_path: Path, authority: Authority, forward: int) -> None:
    certificate, key = authority.client()
    turned_away: list[str] = []
    behind = gated(all_defects()[FAULT].app(), "X-Gate-Token", SECRET, turned_away)
    with serving(behind) as plain, behind_tls(plain, authority.server(wants_client=True)) as url:
        files = {"ACCORD_CA_FILE": authority.ca_file, "ACCORD_CLIENT_CERT": certificate, "ACCORD_CLIENT_KEY_FILE": key}
        gate = {**files, "ACCORD_HEADER": f"X-Gate-Token: {SECRET}\n", "ACCORD_PROXY": f"http://ci:{PASSWORD}@127.0.0.1:{forward}"}
        only = ("--effort", "quick", "--only", "create.priority-kept")
        ended = accord(tmp_path, "verify", url, *key_options(), *only, environment=gate)
        assert ended.code == 1, ended.said
        holds_no_secret(ended, SECRET, PASSWORD)
        keys = {"ACCORD_URL": url, "ACCORD_SERVER_KEY": KEYS.server, "ACCORD_CLIENT_KEY": KEYS.client}
        assert turned_away == []
        for script, program in scripts_of(tmp_path):
            assert executed(program, script, {**keys, **gate}) == 1, script
            assert turned_away == []
            assert executed(program, script, {**keys, **gate, "ACCORD_HEADER": ""}) == 2, script
            turned_away.clear()
            assert executed(program, script, {**keys, **gate, "ACCORD_CA_FILE": ""}) == 2, script
    with serving(behind) as plain:
        for script, program in scripts_of(tmp_path):
            through = {name: value for name, value in gate.items() if name not in files}
            assert executed(program, script, {**keys, **through, "ACCORD_URL": plain}) == 1, script


def scripts_of(directory: Path) -> list[tuple[Path, str]]:
    found = sorted((directory / "accord-report" / "repro").glob("*.*"))
    assert {path.suffix for path in found} == {".sh", ".py"}
    return [(path, "bash" if path.suffix == ".sh" else sys.executable) for path in found]


def executed(program: str, script: Path, variables: dict[str, str]) -> int:
    surroundings = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **variables}
    return subprocess.run([program, script], env=surroundings, capture_output=True, timeout=60, check=False).returncode


def test_a_proxy_that_is_not_there(verify: Verify, mock: str) -> None:
    is_without_verdict(verify(mock, *key_options(), *FEW, "--proxy", "http://127.0.0.1:9"), 2, "127.0.0.1:9", "--proxy")


@pytest.mark.parametrize("url", ["https://127.0.0.1:9", "socks5://127.0.0.1:9", "127.0.0.1:9", "http://h:9/path", "http://h:x"])
def test_what_is_no_http_proxy(url: str) -> None:
    with pytest.raises(AccordError, match=r"--proxy.*http://HOST:PORT"):
        Access.of(proxy=url)


def test_a_file_of_a_checkout_names_no_proxy(verify: Verify, mock: str, tmp_path: Path) -> None:
    for line in ('proxy = "http://127.0.0.1:9"', "insecure = true"):
        (tmp_path / "accord.toml").write_text(line, encoding="utf-8")
        is_without_verdict(verify(mock, *key_options(), *FEW), 2, line.partition(" ")[0])
