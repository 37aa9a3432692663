"""The known failures of a settings file: which requirement fails, why, and until when that fails no run.

    known = [
      {requirement = "create.priority-kept", reason = "urgent is high until the migration", until = 2027-03-01, kind = "not-yet"},
    ]

Only a settings file may name them: an exception from a verdict belongs where it is reviewed, next to the code that it is about.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from accord.base.errors import AccordError
from accord.settings_file import SHARED, SettingsFile

if TYPE_CHECKING:
    from contract_tests.outcome.known import Known

SETTING = "known"
"""The name of the setting."""

_META = "accord.known"
_MEMBERS = ("requirement", "reason", "until", "kind")
_EXAMPLE = 'known = [{requirement = "create.status", reason = "…", until = 2027-03-01, kind = "not-yet"}]'

_HIDDEN = re.compile(r'"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|\#[^\n]*', re.DOTALL)
"""What may hold brackets that mean nothing: texts and comments of TOML."""

_HEADER = re.compile(r"^[ \t]*(\[\[?)([^\[\]\n]+)\]", re.MULTILINE)
_KEY = re.compile(r"^[ \t]*((?:[\w-]+[ \t]*\.[ \t]*)*known)[ \t]*=", re.MULTILINE)


def keep(ctx: click.Context, settings: SettingsFile) -> SettingsFile:
    """Keep the known failures of a settings file for the command that asks for them, and return the other settings."""
    if SETTING in settings.values:
        ctx.meta[_META] = settings.only(SETTING)
    return settings.without(SETTING)


def known_of(ctx: click.Context) -> "dict[str, Known]":
    """Return the known failures that the settings file names, by requirement.

    Raises AccordError, which names the file and the line, for what is none.
    """
    settings = ctx.meta.get(_META)
    return known_in(settings) if settings is not None else {}


def known_in(settings: SettingsFile) -> "dict[str, Known]":
    """Return the known failures of a settings file, by requirement. Raises AccordError as `known_of` does."""
    from contract_tests.outcome.known import Kind, named

    if SETTING not in settings.values:
        return {}
    entries = settings.values[SETTING]
    whole = SETTING if settings.named or settings.source.name != SHARED else f"tool.accord.{SETTING}"
    lines = _Lines(settings.source, whole)
    if not isinstance(entries, list):
        raise AccordError(f"{lines.place(None)}: known has to be a list of tables.", f"Write it as {_EXAMPLE}")
    today = datetime.now(UTC).date()
    found: dict[str, Known] = {}
    for number, entry in enumerate(entries):
        place = lines.place(number)
        values = _checked(entry, place)
        requirement = values["requirement"]
        if requirement in found:
            raise AccordError(f"{place}: {requirement} is known already, by {found[requirement].where}.", "Remove one of the two.")
        found[requirement] = named(Kind(values["kind"]), values["reason"].strip(), values["until"], place, today)
    return found


def _checked(entry: Any, place: str) -> Mapping[str, Any]:
    from contract_tests.outcome.known import Kind

    if not isinstance(entry, dict):
        raise AccordError(f"{place}: a known failure has to be a table.", f"Write it as {_EXAMPLE}")
    for name in entry:
        if name not in _MEMBERS:
            alike = difflib.get_close_matches(name, _MEMBERS, 1)
            hint = f"Did you mean {alike[0]}?" if alike else f"It may have {', '.join(_MEMBERS)}."
            raise AccordError(f"{place}: a known failure has no member {name!r}.", hint)
    for name in _MEMBERS:
        if name not in entry:
            raise AccordError(f"{place}: the known failure has no {name}.", f"Write it as {_EXAMPLE}")
    _check_requirement(entry["requirement"], place)
    if not isinstance(entry["reason"], str) or not entry["reason"].strip() or not entry["reason"].isprintable():
        raise AccordError(f"{place}: the reason has to be a text on one line.", "Say why it fails, for whoever reads the report.")
    # A moment is a date as well, for Python.
    if type(entry["until"]) is not date:
        raise AccordError(f"{place}: until has to be a date.", "Write the last day without quotes: until = 2027-03-01.")
    kinds = (Kind.NOT_YET, Kind.NEVER)
    if entry["kind"] not in kinds:
        raise AccordError(
            f"{place}: kind has to be one of {' and '.join(kinds)}.",
            "not-yet: it will be mended. never: it will not, as it stands.",
        )
    return entry


def _check_requirement(name: Any, place: str) -> None:
    from contract_tests.contract.catalogue import load_catalogue

    requirements = load_catalogue().requirements
    if not isinstance(name, str) or name not in requirements:
        alike = difflib.get_close_matches(str(name), requirements, 1)
        hint = f"Did you mean {alike[0]}?" if alike else "Compare with `accord requirements`."
        raise AccordError(f"{place}: there is no requirement {name!r}.", hint)


class _Lines:
    """Finds the lines of the entries of `known` in a file, which the TOML parser does not report."""

    def __init__(self, source: Path, whole: str) -> None:
        self._name, self._whole = source.name, whole
        text = source.read_text(encoding="utf-8")
        self._text = _HIDDEN.sub(lambda found: re.sub(r"[^\n]", "_" if found[0][0] != "#" else " ", found[0]), text)
        self._tables = [header.start() for header in _HEADER.finditer(self._text) if header[1] == "[[" and self._is_it(header[2])]
        self._key = next((key for key in _KEY.finditer(self._text) if self._is_it(f"{self._table(key.start())}.{key[1]}")), None)
        self._entries = self._tables or list(self._inline())

    def place(self, number: int | None) -> str:
        """Return the file and the line of an entry, or of the whole setting for None; only the file if the line cannot be found."""
        at = self._key.start(1) if self._key else None
        if number is not None and number < len(self._entries):
            at = self._entries[number]
        return self._name if at is None else f"{self._name}:{self._text.count(chr(10), 0, at) + 1}"

    def _is_it(self, name: str) -> bool:
        return re.sub(r"\s", "", name).strip(".") == self._whole

    def _table(self, at: int) -> str:
        """The table that a place of the file is in."""
        return next((header[2] for header in reversed(list(_HEADER.finditer(self._text, 0, at)))), "")

    def _inline(self) -> Iterator[int]:
        """The places of the tables in the list."""
        depth = 0
        for bracket in re.finditer(r"[\[\]{}]", self._text[self._key.end() :]) if self._key else ():
            if bracket[0] == "{" and depth == 1 and self._key:
                yield self._key.end() + bracket.start()
            depth += 1 if bracket[0] in "[{" else -1
            if not depth:
                return
