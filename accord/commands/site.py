"""`accord site DIR…`: a static public page of certificates."""

import os
from pathlib import Path

import click

from accord.configuration import FilePath
from accord.terminal import output

_PATH = FilePath(path_type=Path)


@click.command()
@click.argument("folders", nargs=-1, required=True, type=_PATH, metavar="DIR...")
@click.option(
    "--output", "target", type=_PATH, default=Path("accord-site"), show_default=True, metavar="DIR", help="Where it goes."
)
def command(folders: tuple[Path, ...], target: Path) -> int:
    """Make a static site of bundles: each DIR is a bundle, or a folder of bundles.

    Each is checked before it is listed; what is not valid is left out, and said to be so. The pages need no script.
    """
    from contract_tests.certification import site

    bundles = site.bundles_in(folders)
    every = max(1, len(bundles) // 10)

    def told(done: int) -> None:
        if done % every == 0:
            output.say(f"{done} of {len(bundles)} checked", err=True)

    found = site.examined(bundles, os.cpu_count() or 1, told)
    for one in found:
        if isinstance(one, site.Refused):
            output.say(f"Left out: {one.folder}: {one.reason}", err=True)
    certificates = list(site.listed(found))
    site.write(target, certificates)
    output.say(f"{len(certificates)} of {len(bundles)} certificates are listed: {target / 'index.html'}")
    return 0
