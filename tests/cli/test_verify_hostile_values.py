"""Values that no reader of JSON expects are findings about the server, and never errors of the suite.

Each test is a whole verification. One server shows values of all kinds in turn; with ACCORD_HOSTILE=all in the environment,
there is one more server for each kind. `make test` has those that take only some seconds.
"""

import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from accord.base.visible import UNSHOWABLE
from contract_tests.contract.catalogue import load_catalogue
from mockserver.app import create_app
from mockserver.contract.choices import read_profile
from mockserver.serving.server import WsgiApp, serving
from tests.cli.command import key_options
from tests.cli.forking import accord
from tests.cli.hostile import DEEP, HUGE, VALUES, hostile
from tests.cli.samples import ALL
from tests.sampling import sample

BY_TURNS = {"all kinds": tuple(text for texts in VALUES.values() for text in texts)}
KINDS = {**BY_TURNS, **(VALUES if ALL else {})}
DOUBLED = [("surrogates", True), ("other types", True)] if ALL else []
PROFILED = {**BY_TURNS, **(VALUES if ALL else {kind: VALUES[kind] for kind in ("surrogates", "nesting", "other types")})}


@pytest.mark.extended
@pytest.mark.parametrize(("kind", "doubled"), [*((kind, False) for kind in KINDS), *DOUBLED], ids=str)
def test_a_verification_blames_the_server(tmp_path: Path, kind: str, doubled: bool) -> None:
    with serving(hostile(create_app(), KINDS[kind], doubled=doubled)) as url:
        ended = accord(tmp_path, "verify", url, *key_options(), "--effort", "quick", "--workers", "1")
    assert ended.code in (1, 3), ended.said
    assert "error of the suite" not in ended.said, ended.said[-3000:]
    assert ended.report["run"]["problems"] == []
    assert not UNSHOWABLE.search(ended.said)
    ET.parse(tmp_path / "accord-report" / "junit.xml")
    for path in (tmp_path / "accord-report").rglob("*"):
        assert path.is_dir() or not UNSHOWABLE.search(path.read_text("utf-8")), path.name


@pytest.mark.parametrize("kind", sample([*PROFILED]))
def test_a_profile_is_what_the_mock_takes(tmp_path: Path, kind: str) -> None:
    with serving(hostile(create_app(), PROFILED[kind])) as url:
        ended = accord(tmp_path, "profile", url, *key_options("--server-key", "--client-key"))
    if ended.code == 2:
        assert "Nothing could be observed" in ended.err, ended.said
        return
    assert ended.code == 0, ended.said
    assert not UNSHOWABLE.search(ended.said)
    chosen = yaml.safe_load(ended.out) or {}
    assert chosen.keys() <= load_catalogue().choices.keys()
    (tmp_path / "profile.yaml").write_text(ended.out)
    create_app(choices=read_profile(tmp_path / "profile.yaml"))


def with_more(app: WsgiApp) -> WsgiApp:
    """Wrap an application: its objects get undocumented members with extreme values, which a server is free to send."""
    more = f'{{"big": {HUGE}, "deep": {DEEP}, "half": "\\ud800", '.encode()

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        kept: list[Any] = []
        body = b"".join(app(environ, lambda status, headers, exc_info=None: kept.extend((status, headers))))
        if body[:1] == b"{" and len(body) > 2:
            body = more + body[1:].replace(b'"results":[{', b'"results":[' + more, 1)
        headers = [(name, value) for name, value in kept[1] if name.lower() != "content-length"]
        start_response(kept[0], [*headers, ("Content-Length", str(len(body)))])
        return [body]

    return answer


def test_a_server_that_shows_what_python_cannot_read_is_not_accused(tmp_path: Path) -> None:
    with serving(with_more(create_app())) as url:
        only = ("create.answer", "create.metadata*", "get.as-created", "list.answer", "resolve.get-agrees")
        patterns = [part for one in only for part in ("--only", one)]
        ended = accord(tmp_path, "verify", url, *key_options(), "--effort", "quick", *patterns)
    assert ended.code == 0, ended.said
