"""`accord mock`: run the mock server."""

import os
import sys
from pathlib import Path
from typing import Any

import click

from accord.configuration import option
from accord.errors import AccordError
from mockserver.collector import at_rest


@click.command()
@option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@option("--port", type=click.IntRange(0, 65535), default=4010, show_default=True, help="The port; 0 takes a free one.")
@option(
    "--scenario", default="demo", show_default=True, metavar="NAME", help="What to start with: a name, or a file (.yaml, .jsonl)."
)
@option(
    "--store",
    default="memory:",
    show_default=True,
    metavar="URL",
    help="Where to keep the state: memory:, sqlite:///FILE, postgresql://…",
)
@option("--keys", metavar="FILE", help="Organisations and keys. Default: a ready-made set.")
@option("--choice", multiple=True, metavar="NAME=OPTION", help="Take this option of an open point. Repeatable.")
@option("--profile", metavar="FILE", help="Take these options: a YAML file of lines NAME: OPTION.")
@option("--spec", metavar="FILE", help="Follow another contract document of the same operations.")
@option("--seed", type=int, default=1, show_default=True, help="What ids and ready-made keys are made from.")
@option("--cors/--no-cors", default=True, help="Answer browsers of any origin, or none.  [default: cors]")
@option("--ready-file", metavar="FILE", help="Write the URL to this file as soon as the mock answers.")
@option("--quiet", is_flag=True, help="No line for each request.")
@at_rest()
def command(
    host: str,
    port: int,
    scenario: str,
    store: str,
    keys: str | None,
    choice: tuple[str, ...],
    profile: str | None,
    spec: str | None,
    seed: int,
    cors: bool,
    ready_file: str | None,
    quiet: bool,
) -> None:
    """Run the mock server, until it is interrupted."""
    from mockserver.app import create_app
    from mockserver.choices import parse_selection, read_profile
    from mockserver.ports import bind, url_of
    from mockserver.server import AccessLog, serve

    selection: dict[str, object] = read_profile(profile) if profile else {}
    selection.update(map(parse_selection, choice))
    with bind(host, port) as listener:
        app = create_app(
            spec=spec,
            scenario=scenario,
            keys=keys,
            choices=selection,
            seed=seed,
            cors=cors,
            storage=store,
            progress=None if quiet else _show_progress,
        )
        url = url_of(listener)

        def when_ready() -> None:
            click.echo(_welcome(url, app.world))
            if ready_file:
                _write_ready_file(Path(ready_file), url)

        try:
            serve(app if quiet else AccessLog(app, sys.stderr), listener, when_ready)
        finally:
            app.worlds.storage.close()


def _welcome(url: str, world: Any) -> str:
    """What is printed on start: the address, the keys, and three lines to paste."""
    from mockserver.examples import curl_lines

    lines = [
        f"{click.style('Accord mock', bold=True)} of the Support Conversations API",
        "",
        f"  {click.style(url, fg='green', bold=True)}",
        f"  scenario {world.scenario.name}: {_counted(world.size(), 'conversation')}; Ctrl-C stops it",
        "",
    ]
    lines += [f"  {name:<14} {key}  {what}" for name, key, what in _key_table(world)]
    lines += ["", "  Try:", *(f"  {line}" for line in curl_lines(url, world)), ""]
    return "\n".join(lines)


def _show_progress(loaded: int) -> None:
    click.echo(f"\r{loaded:,} conversations loaded", err=True, nl=not sys.stderr.isatty())


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _key_table(world: Any) -> list[tuple[str, str, str]]:
    """Name, key and what it is for. Keys that somebody brought along are not shown whole."""
    table = []
    for key in world.keys:
        what = [f"{key.tier} key of {key.organisation}"]
        what += [f"from {', '.join(sorted(key.origins))} only"] if key.origins else []
        what += [f"from {', '.join(sorted(key.bundle_ids))} only"] if key.bundle_ids else []
        what += ["revoked"] if key.revoked else []
        table.append((key.name, key.key if world.standard_keys else key.redacted, ", ".join(what)))
    return table


def _write_ready_file(path: Path, url: str) -> None:
    """Written beside and moved into place, so that nobody reads half of it."""
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        beside.write_text(f"{url}\n", encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        raise AccordError(f"The ready file {path} cannot be written: {error.strerror}.", "Check --ready-file.") from error
