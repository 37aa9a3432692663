"""`accord profile URL`: observe a server's choices, and write them for `accord mock --profile` to imitate."""

from pathlib import Path
from typing import Any

import click

from accord.configuration import key_options


@click.command()
@click.argument("url")
@key_options("server-key", "client-key", "origin-client-key", "origin")
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE", help="Write there and not to stdout.")
def command(url: str, output: Path | None, **keys: Any) -> int:
    """Observe which option of each open point a server takes, and write them as YAML.

    Exit codes: 0 observed, 2 usage, configuration or unreachable.
    """
    from accord.profiling import profile

    text = profile(url, keys)
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
        click.echo(f"Imitate it: accord mock --profile {output}")
    return 0
