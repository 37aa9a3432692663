"""Options that are also environment variables, the kinds of their values, and the options that several subcommands have."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click

from accord.base.errors import AccordError

_KEYS = {
    "server-key": "A key for back ends.",
    "client-key": "A key for browsers and apps, without allowed origins.",
    "revoked-key": "A key that was revoked.",
    "other-server-key": "A server key of another organisation.",
    "origin-client-key": "A client key that is restricted to --origin.",
    "origin": "The origin that --origin-client-key is restricted to.",
}

KEY_NAMES = tuple(name.replace("-", "_") for name in _KEYS)
"""The same, by the names that click uses."""

ACCESS_NAMES = ("header", "ca_file", "client_cert", "client_key_file", "insecure", "proxy")
"""The options that say how a server is reached, by the names that click uses."""

URL_VARIABLE = "ACCORD_URL"
"""The environment variable that names the server."""

MOST_WORKERS = 256
"""Each is a process of some 45 MB."""

F = TypeVar("F", bound=Callable[..., Any])


class Number(click.FloatRange):
    """A float between limits; `inf` and `nan` are none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        number = click.FLOAT.convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return super().convert(value, param, ctx)


class FilePath(click.Path):
    """A path that the system can take: one with a NUL, which a settings file can hold, is a mistake of usage."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if "\0" in str(value):
            self.fail(f"{str(value)!r} is not a path.", param, ctx)
        return super().convert(value, param, ctx)


class Lines(click.ParamType[str]):
    """A text option whose environment variable holds one value per line, because a header contains blanks."""

    name = "text"

    def split_envvar_value(self, rv: str) -> list[str]:
        return [line for line in rv.splitlines() if line.strip()]


TIME_LIMIT = Number(min=0, min_open=True, max=86_400)
"""Seconds to wait for one response: no longer than a day, which every clock of the system can count."""

SPAN = Number(min=0, min_open=True, max=31_536_000)
"""Seconds that something lasts: no longer than a year."""

SPAN_OR_NONE = Number(min=0, max=31_536_000)
"""The same, and 0 for none."""

PERCENT = Number(min=0, max=100)
"""A part of a whole."""

RATE = Number(min=0.001, max=1_000_000)
"""How many in a second; the lowest is one in some 17 minutes."""

SEED = click.IntRange(-(2**53) + 1, 2**53 - 1)
"""Whole numbers that every reader of JSON reads exactly, so that a report's seed can be given again."""


def option(flag: str, **attributes: Any) -> Callable[[F], F]:
    """A click option that can also be given as an environment variable: `--server-key` as `ACCORD_SERVER_KEY`."""
    name = flag.split("/")[0].removeprefix("--").replace("-", "_")
    return click.option(flag, envvar=f"ACCORD_{name.upper()}", **attributes)


def quiet_option(help: str = "Print the verdict in one line, and nothing else.") -> Callable[[F], F]:
    """The option of commands that say less where nobody reads along."""
    return option("--quiet/--no-quiet", default=False, help=help)


def url_argument(*, required: bool) -> Callable[[F], F]:
    """The argument that names the server, which can also be given as ACCORD_URL."""
    return click.argument("url", required=required, envvar=URL_VARIABLE)


def key_options(*names: str) -> Callable[[F], F]:
    """The options that bring keys, by their names (`client-key`); in the order in which help shows them."""

    def add(function: F) -> F:
        for name in reversed(names or tuple(_KEYS)):
            function = option(f"--{name}", help=_KEYS[name])(function)
        return function

    return add


def access_options(function: F) -> F:
    """The options that say how a server is reached, for which `access_given` returns the settings."""
    path = FilePath()
    for flag, attributes in reversed(
        (
            ("--wait", {"type": SPAN, "metavar": "SECONDS", "help": "Wait at most this long for a server that is just starting."}),
            (
                "--header",
                {
                    "type": Lines(),
                    "multiple": True,
                    "metavar": "'NAME: VALUE'",
                    "help": "Send it with every request, for a gate before the server. Repeatable.",
                },
            ),
            ("--ca-file", {"type": path, "metavar": "FILE", "help": "Trust these certificates as well."}),
            ("--client-cert", {"type": path, "metavar": "FILE", "help": "Show this certificate to the server."}),
            ("--client-key-file", {"type": path, "metavar": "FILE", "help": "The private key of --client-cert."}),
            (
                "--insecure/--no-insecure",
                {"default": False, "help": "Check no certificate; every report says so."},
            ),
            ("--proxy", {"metavar": "URL", "help": "Send requests through this HTTP proxy."}),
        )
    ):
        function = option(flag, **attributes)(function)
    return function


workers_option = option(
    "--workers", default="auto", show_default=True, help="Processes that test side by side; auto: one, for a fast server."
)
rate_option = option("--requests-per-second", type=RATE, help="Send no more than this.")
timeout_option = option("--timeout", type=TIME_LIMIT, default=10.0, show_default=True, help="Seconds to wait for a whole response.")
window_option = option(
    "--consistency-window",
    type=SPAN_OR_NONE,
    default=0.0,
    metavar="SECONDS",
    help="Wait up to this long for a write to become visible.",
)
domain_option = option(
    "--email-domain", default="example.com", show_default=True, metavar="DOMAIN", help="The domain of the run's e-mail addresses."
)
resolve_option = option("--resolve-at-end/--no-resolve-at-end", default=False, help="Close the run's own conversations at the end.")


def webhook_options(function: F) -> F:
    """The options by which the suite hears of a server's events, for which `webhook_given` returns the settings."""
    for flag, attributes in reversed(
        (
            (
                "--webhook-listen",
                {"default": "", "metavar": "HOST:PORT", "help": "Where the server sends its events; needs --webhook-secret."},
            ),
            ("--webhook-secret", {"metavar": "S", "help": "What the server signs them with."}),
            (
                "--webhook-wait",
                {
                    "type": SPAN,
                    "default": 60.0,
                    "show_default": True,
                    "metavar": "SECONDS",
                    "help": "Wait this long for events and retries.",
                },
            ),
        )
    ):
        function = option(flag, **attributes)(function)
    return function


def webhook_given(options: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that follow from `webhook_options`, by their names in `contract_tests.run.settings.Settings`."""
    return {name: options[name] for name in ("webhook_listen", "webhook_secret", "webhook_wait")}


def access_given(options: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that follow from `access_options`, by their names in `contract_tests.run.settings.Settings`."""
    return {name: tuple(value) if name == "header" else value or "" for name in ACCESS_NAMES if (value := options.get(name))}


def given_secrets(name: str, value: str) -> list[str]:
    """Return the secret parts of an option that is no key: the value of a header, the password in the URL of a proxy."""
    if name == "header":
        return [part.strip() for line in value.splitlines() for part in (line.partition(":")[2] or line,)]
    if name == "proxy" and "@" in value:
        return [value.rpartition("@")[0].rpartition("//")[2].partition(":")[2]]
    return []


_NO_SECRETS = ("keys", "client_key_file", "signing_key", "trusted_key")
"""Options that are named after keys but hold the path of a key file."""


def is_secret(name: str) -> bool:
    """Whether the value of an option, which may be misspelt, must not be shown."""
    known = name.removeprefix("--").replace("-", "_")
    return ("key" in known or "secret" in known) and known not in _NO_SECRETS


def given_keys(arguments: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """Return what was given as a key, to whichever option, known or misspelt: messages about it must not show it."""
    found = [value for name, value in environment.items() if name.startswith("ACCORD_") and name.endswith(("_KEY", "_SECRET"))]
    for name in ("header", "proxy"):
        found += given_secrets(name, environment.get(f"ACCORD_{name.upper()}", ""))
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=True):
        name, assigned, value = argument.partition("=")
        if name in ("--header", "--proxy"):
            found += given_secrets(name.removeprefix("--"), value if assigned else following)
        if name.startswith("--") and is_secret(name):
            found.append(value if assigned else following)
    return found


def workers_asked(asked: str) -> int | None:
    """Return how many workers an option asks for, None where the run is to choose. Raises AccordError for what is no number."""
    if asked == "auto":
        return None
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else 0
    if 0 < number <= MOST_WORKERS:
        return number
    raise AccordError(f"--workers {asked!r} is no number of processes.", f"Give a number from 1 to {MOST_WORKERS}, or auto.")
