"""`accord replay REPORT --requirement ID`: does a failure of an earlier run still happen?"""

from pathlib import Path
from typing import Any

import click

from accord.configuration import key_options

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("report", type=_PATH)
@click.option("--requirement", required=True, metavar="ID", help="The requirement that failed.")
@click.option("--url", metavar="URL", help="The server. Default: that of the report.")
@key_options()
def command(report: Path, requirement: str, url: str | None, **keys: Any) -> int:
    """Run again what showed a failure, with the report's seed, and say FIXED or STILL FAILING.

    Exit codes: 0 fixed, 1 still failing, 2 usage, configuration or unreachable, 3 inconclusive.
    """
    from accord.replaying import replay

    return replay(report, requirement, url, keys)
