"""`accord diff URL1 URL2`: two servers side by side."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from accord.addresses import check_target
from accord.base.errors import AccordError, StoppedEarly
from accord.configuration import KEY_NAMES, SEED, FilePath, access_given, access_options, key_options, option, quiet_option
from accord.judged_run import judged
from accord.terminal.output import document_to, say
from contract_tests.transport.stopping import Deadline, Stopped, ended_by_signals

if TYPE_CHECKING:
    from contract_tests.outcome.run import Run
    from contract_tests.run.settings import Settings
    from contract_tests.side_by_side.session import Seen

_SECOND = ("server_key", "client_key", "revoked_key", "other_server_key", "origin_client_key", "origin")


@click.command()
@click.argument("url1")
@click.argument("url2")
@key_options()
@option("--second-server-key", help="A key for back ends of the second server. Default: that of the first.")
@option("--second-client-key", help="Default: that of the first.")
@option("--second-revoked-key", help="Default: that of the first.")
@option("--second-other-server-key", help="Default: that of the first.")
@option("--second-origin-client-key", help="Default: that of the first.")
@option("--second-origin", help="Default: that of the first.")
@access_options
@option("--effort", type=click.Choice(["quick", "standard", "thorough"]), default="quick", show_default=True)
@option("--seed", type=SEED, default=0, show_default=True, help="Same seed, same requests.")
@option("--only", multiple=True, metavar="ID-GLOB", help="Compare these requirements only. Repeatable.")
@option("--skip", multiple=True, metavar="ID-GLOB", help="Leave these requirements out. Repeatable.")
@click.option("--format", type=click.Choice(["text", "json", "html"]), default="text", show_default=True)
@click.option("--output", type=FilePath(path_type=Path), metavar="FILE", help="Write there and not to stdout.")
@quiet_option("Say nothing but what differs.")
def command(url1: str, url2: str, format: str, output: Path | None, quiet: bool, **options: Any) -> int:
    """Compare two servers: the outcomes of requirements, the options of choices, and the responses to one script of requests.

    Exit codes: 0 alike, 1 different, 2 usage, configuration or unreachable, 3 stopped before all was compared, 70 a fault
    of Accord itself.
    """
    from contract_tests.side_by_side import rendering
    from contract_tests.side_by_side.differences import compared

    deadline = Deadline()
    second = {**options, **{name: options[f"second_{name}"] or options[name] for name in _SECOND}}
    for url, chosen in ((url1, options), (url2, second)):
        check_target(url, chosen, "A server cannot be compared")
    with ended_by_signals(deadline):
        first_run, first_session = _observed(url1, options, deadline, quiet=quiet)
        second_run, second_session = _observed(url2, second, deadline, quiet=quiet)
    found = compared((first_run, second_run), (first_session, second_session))
    text = {"text": rendering.as_text, "json": rendering.as_json, "html": rendering.as_html}[format](found)
    if document_to(output, text, "comparison") and not quiet:
        say(f"{'They differ' if found.differs else 'They are alike'}: {output}")
    return int(found.differs)


def _observed(url: str, options: Mapping[str, Any], deadline: Deadline, *, quiet: bool) -> "tuple[Run, list[tuple[str, Seen]]]":
    """What a run and the session found of one server. Raises AccordError."""
    from contract_tests.side_by_side.session import session

    settings = _settings(url, options)
    try:
        run = judged(settings, options["wait"], quiet=quiet, deadline=deadline)
    except AccordError as error:
        # There are two servers, so the message has to name the one that it is about.
        error.message = f"{url}: {error.message}"
        raise
    try:
        held = [] if deadline.reason else session(settings, deadline)
    except Stopped:
        held = []
    if deadline.reason or not held:
        raise StoppedEarly(deadline.reason or f"{url} does not respond any more.", "Nothing was written. Run it again.")
    return run, held


def _settings(url: str, options: Mapping[str, Any]) -> "Settings":
    from contract_tests.run.settings import Settings

    keys = {name: options[name] for name in KEY_NAMES}
    return Settings(
        base_url=url,
        **keys,
        **access_given(options),
        effort=options["effort"],
        seed=options["seed"],
        only=tuple(options["only"]),
        skip=tuple(options["skip"]),
    )
