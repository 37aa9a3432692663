"""The files of a run in its directory: all of them are replaced, or none is.

Other files that lie there belong to somebody else, and stay.
"""

import errno
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

NAMES = ("report.json", "junit.xml", "report.html", "results.sarif", "traffic.har", "summary.md", "checks.jsonl")
"""The files that a run writes."""

CREATED = "created.txt"
"""The file with the ids of what a run created. It is written during the run, and stays even if the run has no verdict."""

SCRIPTS = "repro"
"""The folder of a run's scripts, of which there are as many as failures."""

WRITTEN_BY_A_RUN = "Sends the requests that showed a violation, from nothing"
"""What each of its scripts says at its beginning: others that lie there are somebody else's."""

CRASH = "accord-crash.txt"
"""The traceback of a run that ended by a fault of Accord itself."""


def replace_all(directory: Path, texts: Mapping[str, str], *, keep_earlier: bool = True) -> dict[str, Path]:
    """Write files by their names, remove those of an earlier run that are not among them, and return where each is.

    Raises OSError if that fails, and then leaves all as it was; with `keep_earlier=False`, the earlier run's files are removed
    all the same.
    """
    directory.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix=".accord-", dir=directory, ignore_cleanup_errors=True) as scratch:
            new, old = Path(scratch, "new"), Path(scratch, "old")
            new.mkdir()
            old.mkdir()
            for name, text in texts.items():
                (new / name).parent.mkdir(exist_ok=True)
                _write(new / name, text)
            _exchange(directory, new, old, tuple(texts))
    except OSError:
        if keep_earlier:
            raise
        # The earlier run's files may be what fills the disk.
        for name in (*NAMES, CRASH, *_scripts_in(directory)):
            with suppress(OSError):
                (directory / name).unlink(missing_ok=True)
        for name, text in texts.items():
            (directory / name).parent.mkdir(exist_ok=True)
            _write(directory / name, text)
        _remove_if_empty(directory / SCRIPTS)
    return {name: directory / name for name in texts}


def remove_created(directory: Path, before: float) -> None:
    """Remove what names the conversations of a run that began before a moment, in seconds since 1970."""
    path = directory / CREATED
    with suppress(FileNotFoundError):
        # File systems round.
        if path.stat().st_mtime < before - 0.01:
            path.unlink()


def check_replaceable(directory: Path) -> None:
    """Raise OSError where the files of a run cannot be written to a directory, which is made where it does not exist."""
    directory.mkdir(parents=True, exist_ok=True)
    for name in (*NAMES, CREATED):
        _check_is_file(directory / name)
    _check_is_folder(directory / SCRIPTS)
    with tempfile.TemporaryDirectory(prefix=".accord-", dir=directory, ignore_cleanup_errors=True) as scratch:
        _write(Path(scratch, "writable"), "yes")


def _exchange(directory: Path, new: Path, old: Path, names: tuple[str, ...]) -> None:
    """Replace an earlier run's files by new ones. If the process is killed midway, files are missing, but old and new never mix."""
    moved: list[str] = []
    placed: list[str] = []
    _check_is_folder(directory / SCRIPTS)
    try:
        for folder in {str(Path(name).parent) for name in (*names, *_scripts_in(directory))}:
            (directory / folder).mkdir(exist_ok=True)
            (old / folder).mkdir(exist_ok=True)
        for name in dict.fromkeys((*names, *NAMES, CRASH, *_scripts_in(directory))):
            _check_is_file(directory / name)
            if os.path.lexists(directory / name):
                (directory / name).rename(old / name)
                moved.append(name)
        for name in names:
            (new / name).rename(directory / name)
            placed.append(name)
    except OSError:
        for name in placed:
            (directory / name).unlink()
        for name in moved:
            (old / name).rename(directory / name)
        _remove_if_empty(directory / SCRIPTS)
        raise
    _remove_if_empty(directory / SCRIPTS)


def _scripts_in(directory: Path) -> list[str]:
    """The scripts of an earlier run."""
    folder = directory / SCRIPTS
    if folder.is_symlink() or not folder.is_dir():
        return []
    files = sorted(path for path in folder.iterdir() if path.suffix in (".sh", ".py") and path.is_file() and not path.is_symlink())
    return [f"{SCRIPTS}/{path.name}" for path in files if WRITTEN_BY_A_RUN in _beginning(path)]


def _beginning(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(500).decode("utf-8", "replace")


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()


def _check_is_folder(path: Path) -> None:
    # A link is not followed: what it leads to may be anybody's.
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))


def _check_is_file(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))


def _write(path: Path, text: str) -> None:
    with path.open("wb") as file:
        file.write(text.encode("utf-8", "backslashreplace"))
        # A file system may find only now that it is full.
        file.flush()
        os.fsync(file.fileno())
