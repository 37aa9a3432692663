"""Where in the user's repository results.sarif places what was found: a server's fault has no line, and GitHub demands one.

A GitHub upload is refused as a whole where one result has no place in the checkout.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from accord.base.errors import AccordError

SETTINGS = "accord.toml"

_DOCUMENTS = tuple(f"{name}.{ending}" for name in ("openapi", "swagger") for ending in ("yaml", "yml", "json"))
_FOLDERS = ("", "spec", "docs", "api")
_READ_FIRST = ("README.md", "README.rst", "README.txt", "README", "pyproject.toml", "package.json")
_HINT = "Name a file of the checkout, such as openapi.yaml or openapi.yaml:12."


@dataclass(frozen=True, slots=True)
class Anchor:
    """A line of a file, which is given relative to the root of the repository, with slashes."""

    path: str = SETTINGS
    line: int = 1

    @property
    def uri(self) -> str:
        return quote(self.path)


def anchor_of(given: str | None, directory: Path | None = None) -> Anchor:
    """The anchor that was given as FILE or FILE:LINE, or else the one that is found in the directory (the working directory).

    That is accord.toml, else an OpenAPI document there or in spec, docs or api, else a README or a project file, else the first
    file. Where there is none at all, it is the accord.toml that could be there.

    Raises AccordError where the given one is no file of the repository.
    """
    directory = directory or Path()
    root = _root_of(directory)
    if given is not None:
        return _given(given, directory, root)
    return next((Anchor(_within(root, path) or SETTINGS) for path in _candidates(directory) if _within(root, path)), Anchor())


def _given(given: str, directory: Path, root: Path) -> Anchor:
    name, colon, line = given.rpartition(":")
    numbered = bool(colon) and line.isascii() and line.isdigit()
    path, number = (directory / name, int(line[:9])) if numbered else (directory / given, 1)
    if "\0" in given or not path.is_file():
        raise AccordError(f"--sarif-anchor {given!r} is no file.", _HINT)
    if number < 1:
        raise AccordError(f"--sarif-anchor {given!r} has no line {number}: lines are counted from 1.", _HINT)
    within = _within(root, path)
    if within is None:
        raise AccordError(f"--sarif-anchor {given!r} lies outside of {root}.", _HINT)
    return Anchor(within, number)


def _candidates(directory: Path) -> Iterator[Path]:
    yield from _files(directory, SETTINGS)
    for folder in _FOLDERS:
        yield from _files(directory / folder, *_DOCUMENTS)
    yield from _files(directory, *_READ_FIRST)
    try:
        yield from sorted(path for path in directory.iterdir() if path.is_file() and not path.name.startswith("."))
    except OSError:
        return


def _files(folder: Path, *names: str) -> Iterator[Path]:
    return (folder / name for name in names if (folder / name).is_file())


def _root_of(directory: Path) -> Path:
    """The root of the repository that a directory belongs to, or the directory itself where it belongs to none."""
    absolute = Path(os.path.abspath(directory))
    return next((one for one in (absolute, *absolute.parents) if (one / ".git").exists()), absolute)


def _within(root: Path, path: Path) -> str | None:
    """A path as seen from the root; None where it lies elsewhere."""
    absolute = Path(os.path.abspath(path))
    return absolute.relative_to(root).as_posix() if absolute.is_relative_to(root) else None
