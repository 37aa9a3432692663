"""The folder of a certificate: its files, how they are written, and how those of a stranger are read."""

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from securesystemslib.signer import CryptoSigner

from accord.base.errors import AccordError, Fault
from contract_tests.certification.product import LARGEST, Product
from contract_tests.certification.signing import canonical, public_key_to_json, signed
from contract_tests.certification.statement import statement_of
from contract_tests.outcome.run import Run
from contract_tests.reports import checks_jsonl, report_json

REPORT, CHECKS, EXCHANGES, PRODUCT = "report.json", "checks.jsonl", "exchanges.jsonl", "product.yaml"
LINES, STATEMENT, KEY = "lines.txt", "statement.json", "key.json"

LIMITS: Mapping[str, int] = {
    REPORT: 32 << 20,
    CHECKS: 64 << 20,
    EXCHANGES: 256 << 20,
    PRODUCT: LARGEST,
    LINES: 32 << 20,
    STATEMENT: 4 << 20,
    KEY: 64 << 10,
}
"""The files of a bundle, and the bytes that each may have. A run of `thorough` writes some tens of megabytes."""

SIGNED = (REPORT, CHECKS, EXCHANGES, PRODUCT, LINES)
"""Those whose digests the statement has."""

_DIGITS = 12
"""Hexadecimal digits of a line's digest. It only shows where a file was changed; the digest of the whole file proves the change."""


class UnfitError(Exception):
    """A folder is not a bundle. `name` is the file that is wrong, and the text says why."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(reason)
        self.name = name


def write(folder: Path, run: Run, product: Product, source: bytes, signer: CryptoSigner, issued: datetime, nonce: str) -> None:
    """Write the bundle of a run into a folder that is empty, or not there. Raises Fault where that is not possible."""
    files = {
        REPORT: report_json.render(run).encode(),
        CHECKS: checks_jsonl.render(run).encode(),
        EXCHANGES: "".join(f"{line}\n" for line in run.exchanges.lines).encode("ascii"),
        PRODUCT: source,
    }
    files[LINES] = lines_of(files)
    statement = statement_of(run, product, files, issued, nonce)
    files[STATEMENT] = signed(statement, signer)
    files[KEY] = canonical(public_key_to_json(signer))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise Fault(f"The bundle cannot be written to {folder}: {error.strerror}.", "Give another folder with --bundle.") from error


def check_empty(folder: Path) -> None:
    """Raise AccordError where a bundle cannot be written to a folder, before a run rather than after it."""
    try:
        if os.path.lexists(folder) and (not folder.is_dir() or any(folder.iterdir())):
            raise AccordError(f"{folder} is not empty, and a bundle is never overwritten.", "Name another folder with --bundle.")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / KEY).write_bytes(b"")
        (folder / KEY).unlink()
    except OSError as error:
        raise AccordError(f"A bundle cannot be written to {folder}: {error.strerror}.", "Name another with --bundle.") from error


def lines_of(files: Mapping[str, bytes]) -> bytes:
    """Return the digests of all lines of files, each file after its name."""
    return b"".join(_lines_of(files))


def _lines_of(files: Mapping[str, bytes]) -> Iterator[bytes]:
    for name in (REPORT, CHECKS, EXCHANGES, PRODUCT):
        yield f"# {name}\n".encode()
        yield from (_digest(line) + b"\n" for line in files[name].splitlines(keepends=True))


def _digest(line: bytes) -> bytes:
    return hashlib.sha256(line).hexdigest()[:_DIGITS].encode()


def changed_line(name: str, files: Mapping[str, bytes]) -> int:
    """Return the number of the first line of a file that differs from lines.txt, or of lines.txt that differs from the files."""
    known, now = files[LINES].splitlines(), lines_of(files).splitlines()
    if name != LINES:
        known, now = _of(name, known), _of(name, now)
    different = (at for at, (one, other) in enumerate(zip(known, now, strict=False), 1) if one != other)
    return next(different, min(len(known), len(now)) + 1)


def _of(name: str, lines: list[bytes]) -> list[bytes]:
    begin = next((at for at, line in enumerate(lines) if line == f"# {name}".encode()), len(lines))
    found = lines[begin + 1 :]
    return found[: next((at for at, line in enumerate(found) if line.startswith(b"# ")), len(found))]


def read(folder: Path) -> dict[str, bytes]:
    """Return the files of a stranger's bundle. Raises UnfitError if a file is missing, or if there is anything else: a link,
    a folder, another file, or a file that is too large.

    Raises AccordError where there is no folder.
    """
    if not folder.is_dir():
        raise AccordError(f"{folder} is no folder.", "Give the folder of a bundle.")
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for _, entry in zip(range(len(LIMITS) + 1), entries, strict=False)]
    except OSError as error:
        raise AccordError(f"{folder} cannot be read: {error.strerror}.", "Give the folder of a bundle.") from error
    for name in names:
        if name not in LIMITS:
            raise UnfitError(name, "It is no file of a bundle.")
    for name in LIMITS:
        if name not in names:
            raise UnfitError(name, "It is missing.")
    return {name: _content(folder / name, limit) for name, limit in LIMITS.items()}


def _content(path: Path, limit: int) -> bytes:
    try:
        # A link may lead anywhere, and a pipe may never end.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise UnfitError(path.name, f"It cannot be read as a file: {error.strerror}.") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise UnfitError(path.name, "It is no file.")
    with os.fdopen(descriptor, "rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise UnfitError(path.name, f"It is larger than the {limit >> 10} KiB that it may have.")
    return content
