"""The `accord` command: a group whose subcommands are imported only when they run, so that `--help` is instant."""

import gc
import importlib
import os
import sys
from typing import Any, NoReturn

import click

from accord import __version__, known_failures
from accord.base.errors import SOFTWARE, USAGE, AccordError
from accord.base.redaction import hide
from accord.configuration import given_keys, given_secrets, is_secret
from accord.ending import Asked, crashed, ended, refused
from accord.settings_file import load_settings
from accord.terminal import output, streams
from accord.terminal.abilities import colour_wish

COMMANDS = {
    "verify": "Check a server against the contract.",
    "load": "Load a server, and check that it keeps the contract meanwhile.",
    "mock": "Run the mock server.",
    "proxy": "Pass traffic to a server, and tell which of it violates the contract.",
    "profile": "Observe a server's choices, for the mock to imitate.",
    "trigger": "Fire a webhook event of a running mock.",
    "diff": "Compare two servers.",
    "keygen": "Make a key to sign certificates with.",
    "certify": "Check a server at full effort, and write a signed certificate.",
    "check-certificate": "Check a certificate, offline.",
    "reverify": "Repeat the run of a certificate, and compare.",
    "challenge": "Write the file by which a vendor contests a requirement.",
    "compare": "Show several reports beside each other.",
    "site": "Make a static page of certificates.",
    "requirements": "List what the contract requires.",
    "replay": "See whether a failure of an earlier run still happens.",
}


_FILES = ("signing_key", "trusted_key")
"""Settings that are named after keys but hold the path of a key file."""


class _Unforeseen(Exception):
    """Carries an unexpected exception as its cause. Click would handle some itself: after a broken pipe it exits with code 1."""


class LazyGroup(click.Group):
    """Finds the subcommand NAME as `command` in `accord.commands.NAME`, where a hyphen in it is an underscore."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"accord.commands.{cmd_name.replace('-', '_')}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        if isinstance(ctx.obj, Asked):
            ctx.obj.found(ctx, name or "", command, rest)
        return name, command, rest

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (OSError, EOFError, SystemExit) as error:
            raise _Unforeseen from error


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__, prog_name="accord")
@click.option("--config", metavar="FILE", help="Settings. Default: accord.toml, or [tool.accord] of pyproject.toml.")
@click.pass_context
def accord(ctx: click.Context, config: str | None) -> None:
    """Contract tests and a mock server for the Support Conversations API."""
    ctx.color = colour_wish()
    settings = known_failures.keep(ctx, load_settings(config))
    if not settings.values:
        return
    hide(key for name, key in settings.values.items() if is_secret(name) and isinstance(key, str))
    for name, value in settings.values.items():
        for one in value if isinstance(value, list) else [value]:
            hide(given_secrets(name, str(one)))
    assert isinstance(ctx.command, click.Group)
    commands = {name: ctx.command.get_command(ctx, name) for name in COMMANDS}
    parameters = {name: command.params for name, command in commands.items() if command is not None}
    # The report directory applies even if another setting is wrong: reports of an earlier run must not stay there.
    directory = settings.only("report_dir")
    ctx.default_map = {name: dict(directory.checked(parameters)) for name in COMMANDS}
    ctx.default_map = {name: dict(settings.checked(parameters)) for name in COMMANDS}


def main(args: list[str] | None = None) -> NoReturn:
    """Run the command and exit, with one or two lines on stderr where it has no result."""
    # Most objects live until the command ends: a garbage collection after every 700 of them finds little and takes long.
    gc.set_threshold(50_000)
    outlets = streams.guard()
    output.guard()
    hide(given_keys(sys.argv[1:] if args is None else args, os.environ))
    code = run(args)
    failure = outlets.failure()
    if failure is not None:
        output.problem(f"What was to be shown cannot be written to stdout: {failure.strerror}.", "Give stdout a place with room.")
        code = SOFTWARE
    # The process ends now. Otherwise Python would free the remaining objects one by one, which takes a tenth of a second.
    gc.freeze()
    sys.exit(code)


def run(args: list[str] | None = None) -> int:
    """Run the command and return its exit code. Only a command itself returns 1: an unexpected error is no verdict."""
    asked = Asked(sys.argv[1:] if args is None else args)
    try:
        result: Any = accord.main(args, prog_name="accord", standalone_mode=False, obj=asked)
    except AccordError as error:
        return ended(asked, error)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return USAGE
    except click.ClickException as error:
        return refused(asked, error)
    except click.Abort:
        output.problem("stopped")
        return 130
    except Exception as error:  # noqa: BLE001  Nothing is swallowed: it is told, and kept with its traceback.
        return crashed(asked, error.__cause__ if isinstance(error, _Unforeseen) and error.__cause__ else error)
    return result if isinstance(result, int) else 0


if __name__ == "__main__":
    main()
