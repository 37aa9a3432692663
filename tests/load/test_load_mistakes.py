"""Mistakes of configuration end with code 2 and a sentence, before anything is loaded."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from mockserver.app import create_app
from mockserver.serving.server import serving
from tests.cli.command import Ended
from tests.load.conftest import KEYS

Load = Callable[..., Ended]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def test_without_locust(load: Load, tmp_path: Path) -> None:
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "locust.py").write_text("raise ImportError(\"No module named 'locust'\")\n")
    before = str(Path(__file__).parents[2])
    ended = load(environment={"PYTHONPATH": f"{tmp_path / 'path'}:{before}"})
    assert ended.code == 2, ended.said
    assert "pip install '.[load]'" in ended.err
    assert len(ended.err.strip().splitlines()) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--master", "--worker"), "--master or --worker"),
        ((KEYS[0], KEYS[1]), "no URL"),
        (("ftp://example.com", *KEYS), "URL"),
        (("http://127.0.0.1:9",), "server key"),
        (("--worker",), "server key"),
        (("http://127.0.0.1:9", *KEYS, "--timeout", "1"), "cannot be reached"),
    ],
    ids=["both roles", "keys without URL", "no URL", "no key", "worker without key", "nobody there"],
)
def test_mistakes(load: Load, arguments: tuple[str, ...], said: str) -> None:
    ended = load(*arguments)
    assert ended.code == 2, ended.said
    assert said in ended.err
    assert not ended.out


def test_a_port_that_is_taken(load: Load) -> None:
    with socket.socket() as taken, serving(create_app(scenario="empty")) as url:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ended = load(url, *KEYS, "--master", "--master-bind-port", str(taken.getsockname()[1]))
    assert ended.code == 2, ended.said
    assert "--master-bind-port" in ended.err
