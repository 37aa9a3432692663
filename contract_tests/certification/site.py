"""A static site of certificates: each is checked before it is listed, and each product has a page."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from accord.base.errors import AccordError, Fault
from contract_tests.certification import pages
from contract_tests.certification.bundle import STATEMENT
from contract_tests.certification.checking import check
from contract_tests.certification.statement import sha256

_SLUG = re.compile("[^a-z0-9]+")
_LINK = 20
"""Hexadecimal digits of a statement's digest, which are its permanent link."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A certificate that was found valid, as it is listed, with its page and its badge."""

    vendor: str
    name: str
    version: str
    issued: str
    until: str
    catalogue: int
    keyid: str
    link: str
    page: str
    badge: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A bundle that is not listed, and why."""

    folder: Path
    reason: str


@dataclass(slots=True)
class Entry:
    """A product with its certificates, the newest first."""

    vendor: str
    name: str
    slug: str
    certificates: list[Listed] = field(default_factory=list)

    @property
    def until(self) -> str:
        """The last day of the certificate that lasts longest."""
        return max(one.until for one in self.certificates)


def bundles_in(folders: Iterable[Path]) -> list[Path]:
    """Return the bundles among folders, and in them. Raises AccordError for what is no folder."""
    found: list[Path] = []
    for folder in folders:
        if not folder.is_dir():
            raise AccordError(f"{folder} is no folder.", "Give a folder of bundles, or a bundle.")
        if (folder / STATEMENT).exists():
            found.append(folder)
        else:
            found += sorted(one for one in folder.iterdir() if one.is_dir() and not one.is_symlink())
    return found


def examine(folder: Path) -> Listed | Refused:
    """Check one bundle, and render its page where it is valid."""
    try:
        checked = check(folder)
    except AccordError as error:
        return Refused(folder, str(error))
    if not checked.valid or checked.product is None:
        return Refused(folder, str(checked.findings[0]))
    said, about = checked.certificate, checked.product
    return Listed(
        about.vendor,
        about.name,
        about.version,
        str(said["issued"])[:10],
        str(said["not_after"])[:10],
        int(said["catalogue"]),
        checked.keyid,
        sha256((folder / STATEMENT).read_bytes())[:_LINK],
        pages.certificate(checked),
        pages.badge(checked),
    )


def write(folder: Path, certificates: Iterable[Listed]) -> None:
    """Write the pages of certificates. Raises Fault where that is not possible.

    Pages that are there stay, so that a permanent link goes on leading somewhere.
    """
    entries = _entries(certificates)
    files = {"index.html": pages.listing(entries)}
    for entry in entries:
        files[f"products/{entry.slug}/index.html"] = pages.product(entry)
        for one in entry.certificates:
            files[f"certificates/{one.link}/index.html"] = one.page
            files[f"certificates/{one.link}/badge.svg"] = one.badge
    try:
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise Fault(f"The site cannot be written to {folder}: {error.strerror}.", "Give another folder with --output.") from error


def _entries(certificates: Iterable[Listed]) -> list[Entry]:
    found: dict[str, Entry] = {}
    for one in sorted({one.link: one for one in certificates}.values(), key=lambda one: one.issued, reverse=True):
        slug = _slug(one.vendor, one.name)
        found.setdefault(slug, Entry(one.vendor, one.name, slug)).certificates.append(one)
    return sorted(found.values(), key=lambda entry: (entry.vendor.lower(), entry.name.lower()))


def _slug(vendor: str, name: str) -> str:
    """A name of a folder that says whose it is, and that no other product has."""
    readable = _SLUG.sub("-", f"{vendor} {name}".lower()).strip("-")[:40].strip("-")
    return f"{readable}-{sha256(f'{vendor}/{name}'.encode())[:8]}".lstrip("-")


def listed(found: Iterable[Listed | Refused]) -> Iterator[Listed]:
    """Yield those that are listed."""
    yield from (one for one in found if isinstance(one, Listed))
