"""The settings file: what `accord.toml`, or `[tool.accord]` of pyproject.toml, says of the options of every subcommand.

Any checkout, even a stranger's, can contain such a file, and it applies without being asked for. So it may neither say where keys
from the environment are sent nor have files written outside its folder, unless somebody named it with --config.
"""

import difflib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from accord.base.errors import AccordError

DESTINATIONS = {
    "url": "Name the server on the command line, or set ACCORD_URL.",
    "proxy": "Give --proxy, or set ACCORD_PROXY.",
    "upstream": "Give --upstream, or set ACCORD_UPSTREAM.",
    "insecure": "Give --insecure, or set ACCORD_INSECURE.",
    "webhook_allow": "Give --webhook-allow, or set ACCORD_WEBHOOK_ALLOW.",
    "master_host": "Give --master-host, or set ACCORD_MASTER_HOST.",
    "master_port": "Give --master-port, or set ACCORD_MASTER_PORT.",
}
"""Settings that decide where keys are sent (a master tells its workers the server), each with the other ways to give it."""

SHARED = "pyproject.toml"
"""The file whose table [tool.accord] counts, where there is no accord.toml."""

FILES = frozenset({"keys", "profile", "spec", "ready_file"})
"""The options that take the path of a file as plain text; those of click.Path are paths anyway."""

WRITTEN = frozenset({"report_dir", "ready_file", "coverage"})
"""The options that name what is written."""

_ONLY_NAMED = "A settings file may do so only if it is named with --config."
_SCENARIO_FILES = (".yaml", ".yml", ".json", ".jsonl", ".ndjson")
_SQLITE = "sqlite:///"
_LOCAL_STORES = ("memory", _SQLITE)


@dataclass(frozen=True)
class SettingsFile:
    """The settings of a file, by the names that click uses (`server_key`). `named` says that --config named the file."""

    source: Path
    values: Mapping[str, Any]
    named: bool

    def only(self, name: str) -> "SettingsFile":
        """The same, with this setting alone."""
        return replace(self, values={key: value for key, value in self.values.items() if key == name})

    def without(self, name: str) -> "SettingsFile":
        """The same, without this setting."""
        return replace(self, values={key: value for key, value in self.values.items() if key != name})

    def checked(self, commands: Mapping[str, Iterable[click.Parameter]]) -> Mapping[str, Any]:
        """The settings as click takes them: lists for options that may be given several times, paths as seen from the file.

        `commands` has the parameters of each subcommand. Raises AccordError for a setting that no command has (misspelt, it would
        be ignored in silence), that is of no fitting type, or that a file of this kind must not have.
        """
        known: dict[str, click.Parameter] = {}
        for parameters in commands.values():
            for parameter in parameters:
                # What has no environment variable, such as --list, is for the command line alone.
                if parameter.envvar:
                    known.setdefault(parameter.name or "", parameter)
        return {name: self._checked(name, value, known) for name, value in self.values.items()}

    def _checked(self, name: str, value: Any, known: Mapping[str, click.Parameter]) -> Any:
        if name not in known:
            alike = difflib.get_close_matches(name, known, 1)
            hint = f"Did you mean {alike[0]}?" if alike else "See `accord verify --help` for the names."
            raise AccordError(f"The configuration {self.source} has a setting that no command has: {name}.", hint)
        self._check_destination(name, value)
        parameter = known[name]
        value = self._typed(name, value, parameter)
        return self._path(name, value) if _is_path(name, parameter, value) else self._store(value) if name == "store" else value

    def _check_destination(self, name: str, value: Any) -> None:
        if self.named:
            return
        if name in DESTINATIONS:
            raise AccordError(
                f"{self.source} says where keys are sent ({name}). {_ONLY_NAMED}",
                f"{DESTINATIONS[name]} Or trust this file: accord --config {self.source}.",
            )
        if name == "store" and isinstance(value, str) and not value.startswith(_LOCAL_STORES):
            raise AccordError(
                f"{self.source} names a database on a network (store). {_ONLY_NAMED}",
                f"Give --store, or set ACCORD_STORE. Or trust this file: accord --config {self.source}.",
            )

    def _typed(self, name: str, value: Any, parameter: click.Parameter) -> Any:
        several = isinstance(parameter, click.Option) and parameter.multiple
        items = value if isinstance(value, list) and several else [value]
        switch = isinstance(parameter, click.Option) and parameter.is_flag
        for item in items:
            if not isinstance(item, bool | str if switch else str | int | float) or (isinstance(item, bool) and not switch):
                wanted = "a text or a list of texts" if several else "true or false" if switch else "a text or a number"
                raise AccordError(f"The setting {name} of {self.source} has to be {wanted}.", "Correct the file.")
            if isinstance(item, str) and not item.isprintable():
                raise AccordError(f"The setting {name} of {self.source} has control characters.", "Correct the file.")
        # Values are texts, as on the command line: 1.5 for a whole number is refused, not silently rounded.
        return [str(item) for item in items] if several else value if switch else str(value)

    def _path(self, name: str, value: Any) -> str:
        path = self.source.parent / str(value)
        if name in WRITTEN:
            self._check_inside(name, path)
        return str(path)

    def _store(self, value: Any) -> Any:
        text = str(value)
        if not text.startswith(_SQLITE) or text == _SQLITE:
            return value
        path = self.source.parent / text.removeprefix(_SQLITE)
        self._check_inside("store", path)
        return f"{_SQLITE}{path}"

    def _check_inside(self, name: str, path: Path) -> None:
        """Refuse what would be written outside of the folder of a file that nobody named."""
        if self.named:
            return
        folder = Path(os.path.realpath(self.source.parent))
        if folder not in (real := Path(os.path.realpath(path))).parents and real != folder:
            raise AccordError(
                f"The setting {name} of {self.source} leads out of the folder of the file. {_ONLY_NAMED}",
                f"Give --{name.replace('_', '-')}. Or trust this file: accord --config {self.source}.",
            )


def load_settings(path: str | None, directory: Path | None = None) -> SettingsFile:
    """Read the settings of a file.

    Without a path: `accord.toml` in the directory (default: the working directory), else `[tool.accord]` of its
    pyproject.toml, else nothing. Raises AccordError for a file that cannot be read or is not TOML.
    """
    if path is not None:
        return SettingsFile(Path(path), _names(_read(Path(path)), path), named=True)
    directory = directory or _working_directory()
    own, shared = directory / "accord.toml", directory / SHARED
    if own.is_file():
        return SettingsFile(own, _names(_read(own), own), named=False)
    if shared.is_file():
        return SettingsFile(shared, _names(_tool(_read(shared), shared), shared), named=False)
    return SettingsFile(own, {}, named=False)


def _working_directory() -> Path:
    try:
        os.getcwd()
    except OSError as error:
        raise AccordError(f"The working directory cannot be used: {error.strerror}.", "Change to another directory.") from error
    return Path()


def _read(path: Path) -> dict[str, Any]:
    # Most have no file, and start without it.
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise AccordError(f"The configuration {path} cannot be read: {error.strerror}.", "Check --config.") from error
    except RecursionError as error:
        raise AccordError(f"The configuration {path} is nested too deeply.", "Correct the file.") from error
    except ValueError as error:
        raise AccordError(f"The configuration {path} is not TOML: {error}.", "Correct the file.") from error


def _tool(document: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
    found = document
    for name in ("tool", "accord"):
        found = found.get(name, {})
        if not isinstance(found, dict):
            raise AccordError(f"{path} has a setting {name} where the table [tool.accord] is expected.", "Correct the file.")
    return found


def _names(settings: Mapping[str, Any], source: object) -> Mapping[str, Any]:
    tables = [name for name, value in settings.items() if isinstance(value, dict)]
    if tables:
        raise AccordError(
            f"{source} has a table where a setting is expected: {tables[0]}.",
            'Write each setting on a line of its own, such as server_key = "bnc_sv_...".',
        )
    return {name.replace("-", "_"): value for name, value in settings.items()}


def _is_path(name: str, parameter: click.Parameter, value: Any) -> bool:
    if name in ("scenario", "agent"):
        # The others are names of what the mock brings along.
        return str(value).endswith(_SCENARIO_FILES)
    return isinstance(parameter.type, click.Path) or name in FILES
