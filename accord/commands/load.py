"""`accord load [URL]`: many users at once, each of whom checks what it is answered; without a URL, against the embedded mock."""

import sys
from pathlib import Path
from typing import Any

import click

from accord.assets import OPENAPI
from accord.configuration import key_options, option

_POSITIVE = click.FloatRange(min=0, min_open=True)
_PATH = click.Path(path_type=Path)
_PORT = click.IntRange(1, 65535)


@click.command()
@click.argument("url", required=False)
@key_options("server-key", "client-key", "other-server-key")
@option("--users", type=click.IntRange(1), default=10, show_default=True, help="How many users there are.")
@option("--spawn-rate", type=_POSITIVE, default=10.0, show_default=True, help="How many of them begin each second.")
@option("--duration", type=_POSITIVE, default=30.0, show_default=True, metavar="SECONDS", help="How long the load lasts.")
@option("--seed", type=int, default=0, show_default=True, help="Same seed, same choices of each user.")
@option("--requests-per-second", type=_POSITIVE, help="Send no more than this.")
@option("--timeout", type=_POSITIVE, default=10.0, show_default=True, help="Seconds to wait for an answer.")
@option("--strict/--no-strict", default=False, help="Let warnings fail the run.")
@option("--spec", type=_PATH, default=OPENAPI, metavar="FILE", help="Another contract document of the same operations.")
@option("--master/--no-master", default=False, help="Lead workers, which spawn the users.")
@option("--worker/--no-worker", default=False, help="Spawn users for a master.")
@option("--master-host", default="127.0.0.1", show_default=True, metavar="HOST", help="Where a worker finds its master.")
@option("--master-port", type=_PORT, default=5557, show_default=True, help="The port of that.")
@option("--master-bind-host", default="127.0.0.1", show_default=True, metavar="HOST", help="Where a master listens; *: everywhere.")
@option("--master-bind-port", type=_PORT, default=5557, show_default=True, help="The port of that.")
@option("--expect-workers", type=click.IntRange(1), default=1, show_default=True, help="Begin when so many workers are there.")
@option("--report-dir", type=_PATH, default=Path("accord-report"), show_default=True, metavar="DIR", help="Where the reports go.")
@option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="What goes to stdout.")
def command(url: str | None, format: str, report_dir: Path, **options: Any) -> int:
    """Load a server, and check that it keeps the contract meanwhile.

    Without a URL, the embedded mock is started on a free port and loaded. A worker needs none: its master tells it.

    Exit codes: 0 conformant, 1 nonconformant, 2 usage, configuration or unreachable, 3 inconclusive.
    """
    from accord.loading import load_url

    return load_url(url, options, report_dir=report_dir, as_json=format == "json", interactive=sys.stderr.isatty())
