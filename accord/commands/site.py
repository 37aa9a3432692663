"""`accord site DIR…`: a static public page of certificates."""

from functools import partial
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

    Each is checked before it is listed. What is not valid is left out and named on stderr. The pages need no script.
    """
    from contract_tests.certification import site
    from contract_tests.certification.many import side_by_side

    bundles = site.bundles_in(folders)
    found = list(side_by_side(site.examine, bundles, partial(output.say, err=True)))
    for one in found:
        if isinstance(one, site.Refused):
            output.say(f"Left out: {one.folder}: {one.reason}", err=True)
    certificates = list(site.listed(found))
    site.write(target, certificates)
    output.say(f"{len(certificates)} of {len(bundles)} certificates are listed: {target / 'index.html'}")
    return 0
