"""The `accord` command: a group whose subcommands are imported only when they run, so that `--help` is instant."""

import difflib
import gc
import importlib
import sys
from collections.abc import Mapping
from typing import Any, NoReturn

import click

from accord import __version__
from accord.configuration import load_configuration
from accord.errors import AccordError

COMMANDS = {
    "verify": "Check a server against the contract.",
    "load": "Load a server, and check that it keeps the contract meanwhile.",
    "mock": "Run the mock server.",
    "profile": "Observe a server's choices, for the mock to imitate.",
    "requirements": "List what the contract requires.",
    "replay": "See whether a failure of an earlier run still happens.",
}


class LazyGroup(click.Group):
    """Finds the subcommand NAME as `command` in `accord.commands.NAME`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"accord.commands.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__, prog_name="accord")
@click.option("--config", metavar="FILE", help="Settings. Default: accord.toml, or [tool.accord] of pyproject.toml.")
@click.pass_context
def accord(ctx: click.Context, config: str | None) -> None:
    """Contract tests and a mock server for the Support Conversations API."""
    settings = load_configuration(config)
    settings = _checked(ctx, settings)
    ctx.default_map = {name: dict(settings) for name in COMMANDS}


def _checked(ctx: click.Context, settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """The settings, those of options that may be given several times as lists.

    Raises AccordError for a setting that no command has: misspelt, it would be ignored in silence.
    """
    if not settings:
        return settings
    assert isinstance(ctx.command, click.Group)
    commands = [ctx.command.get_command(ctx, name) for name in COMMANDS]
    known = {parameter.name or "": parameter for command in commands if command is not None for parameter in command.params}
    for name in settings.keys() - known.keys():
        alike = difflib.get_close_matches(name, known, 1)
        hint = f"Did you mean {alike[0]}?" if alike else "See `accord verify --help` for the names."
        raise AccordError(f"The configuration has a setting that no command has: {name}.", hint)
    return {name: [value] if known[name].multiple and isinstance(value, str) else value for name, value in settings.items()}


def main(args: list[str] | None = None) -> NoReturn:
    """Run the command and exit: 2 with one or two lines on stderr for every mistake that we know of."""
    # Most of what a command makes stays to its end: looking for garbage after every 700 objects finds little and takes long.
    gc.set_threshold(50_000)
    code = run(args)
    # What is left ends with the process. Python would take it apart object by object, which takes a tenth of a second.
    gc.freeze()
    sys.exit(code)


def run(args: list[str] | None = None) -> int:
    """Run the command and return its exit code."""
    try:
        result: Any = accord.main(args, prog_name="accord", standalone_mode=False)
    except AccordError as error:
        click.secho(f"accord: {error.message}", err=True, fg="red")
        if error.hint:
            click.echo(f"        {error.hint}", err=True)
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return 2
    except click.Abort:
        click.echo("accord: stopped", err=True)
        return 130
    return result if isinstance(result, int) else 0


if __name__ == "__main__":
    main()
