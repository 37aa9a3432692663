"""`accord check-certificate BUNDLE`: whether a certificate is valid, without network."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from accord.base.errors import AccordError
from accord.configuration import FilePath, option
from accord.terminal import output

if TYPE_CHECKING:
    from contract_tests.certification.checking import Checked

_PATH = FilePath(path_type=Path)


@click.command(name="check-certificate")
@click.argument("bundle", type=_PATH)
@click.option("--trusted-key", type=_PATH, metavar="FILE", help="The public key that has to have signed it.")
@click.option("--catalogue", type=_PATH, metavar="FILE", help="A newer versions.yaml, which tells whether it is superseded.")
@click.option("--pages", type=_PATH, metavar="DIR", help="Write certificate.html and badge.svg there, where it is valid.")
@option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="What goes to stdout.")
def command(bundle: Path, trusted_key: Path | None, catalogue: Path | None, pages: Path | None, format: str) -> int:
    """Check a certificate, offline: its signature, its digests, its lifetime, and every verdict, which is computed again.

    Exit codes: 0 valid, 1 not valid, 2 usage, 3 a bundle of another version of Accord, 70 a fault of Accord itself.
    """
    from contract_tests.certification import telling
    from contract_tests.certification.checking import check
    from contract_tests.certification.signing import trusted_key as read_key
    from contract_tests.contract.versions import load_versions

    newest = load_versions(catalogue)[-1].number if catalogue is not None else None
    checked = check(bundle, trusted=read_key(trusted_key) if trusted_key else None, newest_known=newest)
    if format == "json":
        output.json_document(json.dumps(telling.to_json(checked), ensure_ascii=True, indent=2) + "\n")
    else:
        for line in telling.lines(checked):
            output.say(line)
    if pages is not None and checked.valid:
        _write(pages, checked)
    return 0 if checked.valid else 1


def _write(folder: Path, checked: "Checked") -> None:
    from contract_tests.certification import pages

    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "certificate.html").write_text(pages.certificate(checked), encoding="utf-8")
        (folder / "badge.svg").write_text(pages.badge(checked), encoding="utf-8")
    except OSError as error:
        raise AccordError(
            f"The pages cannot be written to {folder}: {error.strerror}.", "Name another folder with --pages."
        ) from error
