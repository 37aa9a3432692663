"""`accord verify [URL]`: check a server against the contract; without a URL, the embedded mock."""

import sys
from pathlib import Path
from typing import Any

import click

from accord.assets import OPENAPI
from accord.configuration import key_options, option

_POSITIVE = click.FloatRange(min=0, min_open=True)
_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("url", required=False)
@key_options()
@option("--effort", type=click.Choice(["quick", "standard", "thorough"]), default="standard", show_default=True)
@option("--seed", type=int, default=0, show_default=True, help="Same seed, same requests.")
@option("--workers", default="auto", show_default=True, help="Processes that test side by side; auto: one, for a fast server.")
@option("--requests-per-second", type=_POSITIVE, help="Send no more than this.")
@option("--timeout", type=_POSITIVE, default=10.0, show_default=True, help="Seconds to wait for an answer.")
@option("--strict/--no-strict", default=False, help="Let warnings fail the run.")
@option("--only", multiple=True, metavar="ID-GLOB", help="Check these requirements only. Repeatable.")
@option("--skip", multiple=True, metavar="ID-GLOB", help="Leave these requirements out. Repeatable.")
@option("--baseline", type=_PATH, metavar="FILE", help="A report.json: what failed there does not fail this run.")
@option("--fail-fast/--no-fail-fast", default=False, help="Stop after the first test that sees a requirement violated.")
@option("--time-budget", type=_POSITIVE, metavar="SECONDS", help="Begin no test after this time.")
@option(
    "--consistency-window", type=click.FloatRange(min=0), default=0.0, metavar="SECONDS", help="Wait as long for a write to show."
)
@click.option("--list", "list_only", is_flag=True, help="List what would be checked, and by which tests; contact no server.")
@option("--spec", type=_PATH, default=OPENAPI, metavar="FILE", help="Another contract document of the same operations.")
@option("--report-dir", type=_PATH, default=Path("accord-report"), show_default=True, metavar="DIR")
@option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="What goes to stdout.")
def command(url: str | None, format: str, report_dir: Path, list_only: bool, **options: Any) -> int:
    """Check a server against the contract.

    Without a URL, the embedded mock is started on a free port and checked.

    Exit codes: 0 conformant, 1 nonconformant, 2 usage, configuration or unreachable, 3 inconclusive.
    """
    if list_only:
        from accord.listing import listing

        click.echo(listing(options["only"], options["skip"]), nl=False)
        return 0
    from accord.verification import verify_url

    return verify_url(url, options, report_dir=report_dir, as_json=format == "json", interactive=sys.stderr.isatty())
