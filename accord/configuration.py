"""Settings: command line, then environment, then file, for every option of every subcommand."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from accord.errors import AccordError

_KEYS = {
    "server-key": "A key for back ends.",
    "client-key": "A key for browsers and apps.",
    "revoked-key": "A key that was revoked.",
    "other-server-key": "A server key of another organisation.",
    "origin-client-key": "A client key that is restricted to --origin.",
    "origin": "The origin that --origin-client-key is restricted to.",
}

F = TypeVar("F", bound=Callable[..., Any])


def option(flag: str, **attributes: Any) -> Callable[[F], F]:
    """A click option that can also be given as an environment variable: `--server-key` as `ACCORD_SERVER_KEY`."""
    name = flag.split("/")[0].removeprefix("--").replace("-", "_")
    return click.option(flag, envvar=f"ACCORD_{name.upper()}", **attributes)


def key_options(*names: str) -> Callable[[F], F]:
    """The options that bring keys, by their names (`client-key`); in the order in which help shows them."""

    def add(function: F) -> F:
        for name in reversed(names or tuple(_KEYS)):
            function = option(f"--{name}", help=_KEYS[name])(function)
        return function

    return add


def load_configuration(path: str | None, directory: Path | None = None) -> Mapping[str, Any]:
    """The settings of a file, as the names that click uses (`server_key`).

    Without a path: `accord.toml` in the directory (default: the working directory), else `[tool.accord]` of its
    pyproject.toml, else nothing. Raises AccordError for a file that cannot be read.
    """
    if path is not None:
        return _names(_read(Path(path)), path)
    directory = directory or Path.cwd()
    own, shared = directory / "accord.toml", directory / "pyproject.toml"
    if own.is_file():
        return _names(_read(own), own)
    if shared.is_file():
        return _names(_read(shared).get("tool", {}).get("accord", {}), shared)
    return {}


def _read(path: Path) -> dict[str, Any]:
    # Most have no file, and start without it.
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise AccordError(f"The configuration {path} cannot be read: {error.strerror}.", "Check --config.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise AccordError(f"The configuration {path} is not TOML: {error}.", "Correct the file.") from error


def _names(settings: Mapping[str, Any], source: object) -> Mapping[str, Any]:
    tables = [name for name, value in settings.items() if isinstance(value, dict)]
    if tables:
        raise AccordError(
            f"{source} has a table where a setting is expected: {tables[0]}.",
            'Write each setting on a line of its own, such as server_key = "bnc_sv_...".',
        )
    return {name.replace("-", "_"): value for name, value in settings.items()}
