"""`accord mock`: run the mock server."""

import socket
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from accord.base.errors import AccordError
from accord.configuration import PERCENT, SEED, FilePath, option
from accord.coverage_file import check_coverage_options, tell_coverage
from accord.ready_file import ReadyFile
from accord.terminal import output
from accord.terminal.abilities import is_overwritable
from mockserver.gc_tuning import at_rest

if TYPE_CHECKING:
    from mockserver.serving.tls import Certificate


@dataclass(frozen=True)
class _Secured:
    """What TLS needs: a certificate and a second socket. Both are None without TLS."""

    certificate: "Certificate | None" = None
    beside: socket.socket | None = None

    @classmethod
    def of(cls, listener: socket.socket, host: str, held: ExitStack) -> "_Secured":
        """Make a certificate for what listens there, and listen on [::1] too; `held` lets go of both."""
        from mockserver.serving.ports import bind_beside
        from mockserver.serving.tls import make_certificate

        beside = bind_beside(listener)
        if beside is not None:
            held.enter_context(beside)
        directory = held.enter_context(TemporaryDirectory(prefix="accord-mock-"))
        return cls(make_certificate(Path(directory), (host, listener.getsockname()[0])), beside)

    @property
    def scheme(self) -> str:
        """The scheme of its URLs."""
        return "http" if self.certificate is None else "https"

    @property
    def urls(self) -> list[str]:
        """The URLs besides the first."""
        from mockserver.serving.ports import url_of

        return [] if self.beside is None else [url_of(self.beside, self.scheme)]

    def lines(self, url: str) -> list[str]:
        """Return how the certificate is trusted."""
        from mockserver.serving.tls import trust_lines

        return [] if self.certificate is None else trust_lines(self.certificate, url)


_WARNING = (
    "Anybody who can reach this machine may use this mock, read what is in it and change it. {}"
    "ready-made keys are public.\nLeave out --host to listen on this machine alone."
)


@click.command()
@option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@option("--port", type=click.IntRange(0, 65535), default=4010, show_default=True, help="The port; 0 takes a free one.")
@option(
    "--scenario",
    default="demo",
    show_default=True,
    metavar="NAME",
    help="What to start with: a name, or a file (.yaml, .json, .jsonl).",
)
@option(
    "--store",
    default="memory:",
    show_default=True,
    metavar="URL",
    help="Where to keep the state: memory:, sqlite:///FILE, postgresql://…",
)
@option("--keys", type=FilePath(), metavar="FILE", help="Organisations and keys. Default: a ready-made set.")
@option("--choice", multiple=True, metavar="NAME=OPTION", help="Take this option of an open point. Repeatable.")
@option("--profile", type=FilePath(), metavar="FILE", help="Take these options: a YAML file of lines NAME: OPTION.")
@option("--spec", type=FilePath(), metavar="FILE", help="Follow another contract document of the same operations.")
@option("--fault", type=FilePath(), metavar="FILE", help="Begin with the fault rules in this YAML file.")
@option("--agent", metavar="NAME", help="Let an agent reply: echo, or a script (.yaml).")
@option("--watch", is_flag=True, help="Take the scenario, keys and faults files again whenever they change.")
@option("--seed", type=SEED, default=1, show_default=True, help="What ids and ready-made keys are made from.")
@option("--cors/--no-cors", default=True, help="Allow browsers of any origin, or of none.  [default: cors]")
@option("--no-control", is_flag=True, help="Turn the control API off, except for health and namespaces by URL.")
@option("--control-origin", multiple=True, metavar="URL", help="Let pages of this origin steer and read the mock. Repeatable.")
@option("--control-host", multiple=True, metavar="NAME", help="Let the control API be reached by this name, too. Repeatable.")
@option("--control-token", metavar="T", help="Require this token for control requests; needed beyond loopback.")
@option(
    "--max-namespaces", type=click.IntRange(0), default=1000, show_default=True, help="Allow this many besides the default one."
)
@option(
    "--journal",
    type=click.IntRange(0),
    default=1000,
    metavar="ENTRIES",
    show_default=True,
    help="Keep this many of the latest requests.",
)
@option(
    "--journal-bytes",
    type=click.IntRange(1 << 20),
    default=16 << 20,
    metavar="N",
    show_default=True,
    help="Keep no more bytes of them all; at least 1048576.",
)
@option("--webhook", metavar="URL", help="Send events there, in every namespace; needs --webhook-secret.")
@option("--webhook-secret", metavar="S", help="What signs those events.")
@option("--webhook-allow", multiple=True, metavar="HOST", help="Let events be sent to this host beyond loopback. Repeatable.")
@option("--tls", is_flag=True, help="Serve by HTTPS, on [::1] as well, with a certificate made at the start.")
@option("--coverage", type=FilePath(), metavar="FILE", help="Write at the end what of the contract clients have met, as JSON.")
@option("--coverage-fail-under", type=PERCENT, metavar="N", help="Exit with 1 at the end if that is less than N percent.")
@option("--ready-file", type=FilePath(), metavar="FILE", help="Write the URL to this file as soon as the mock responds.")
@option("--quiet", is_flag=True, help="One line at the start, and none for each request.")
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
    fault: str | None,
    agent: str | None,
    watch: bool,
    seed: int,
    cors: bool,
    no_control: bool,
    control_origin: tuple[str, ...],
    control_host: tuple[str, ...],
    control_token: str | None,
    max_namespaces: int,
    journal: int,
    journal_bytes: int,
    webhook: str | None,
    webhook_secret: str | None,
    webhook_allow: tuple[str, ...],
    tls: bool,
    coverage: str | None,
    coverage_fail_under: float | None,
    ready_file: str | None,
    quiet: bool,
) -> int:
    """Run the mock server, until it is interrupted."""
    from mockserver.app import create_app
    from mockserver.contract.choices import parse_selection, read_profile
    from mockserver.control.access import access
    from mockserver.serving.ports import bind, is_beyond_loopback, url_of, urls_elsewhere
    from mockserver.serving.server import AccessLog, serve
    from mockserver.store import StoreUnavailableError

    check_coverage_options(coverage, coverage_fail_under)
    ready = ReadyFile(ready_file) if ready_file else None
    if ready:
        ready.remove()
    selection: dict[str, object] = read_profile(profile) if profile else {}
    selection.update(map(parse_selection, choice))
    with bind(host, port) as listener, ExitStack() as held:
        secured = _Secured.of(listener, host, held) if tls else _Secured()
        allowed = access(
            host=host,
            address=listener.getsockname()[0],
            control=not no_control,
            hosts=control_host,
            origins=control_origin,
            token=control_token,
        )
        app = create_app(
            spec=spec,
            scenario=scenario,
            keys=keys,
            choices=selection,
            faults=fault or (),
            agent=agent,
            seed=seed,
            cors=cors,
            access=allowed,
            max_namespaces=max_namespaces,
            journal=journal,
            journal_bytes=journal_bytes,
            webhook=webhook,
            webhook_secret=webhook_secret,
            webhook_allow=webhook_allow,
            storage=store,
            coverage=coverage is not None,
            progress=None if quiet else _show_progress,
        )
        url = url_of(listener, secured.scheme)

        watcher = _watcher(app, scenario, keys, fault) if watch else None

        def when_ready() -> None:
            if watcher:
                watcher.start()
            app.namespaces.watch()
            elsewhere = urls_elsewhere(listener, secured.scheme)
            urls = [url, *secured.urls, *elsewhere]
            if quiet:
                output.say("\n".join([f"Accord mock at {', '.join(urls)}; Ctrl-C stops it", *secured.lines(url)]))
            else:
                output.public(_welcome(urls, app.namespace, allowed.off, secured.lines(url)))
            if is_beyond_loopback(listener):
                click.secho(_WARNING.format("" if tls else "There is no TLS, and "), fg="yellow", err=True)
            if ready:
                ready.write(url)

        def when_told() -> None:
            if ready:
                ready.remove_own(url)

        def when_done() -> int:
            if coverage is None:
                return 0
            default = app.namespace
            return tell_coverage(app.namespaces.met(), default.contract, default.choices, coverage, coverage_fail_under)

        try:
            return serve(
                app if quiet or sys.stderr is None else AccessLog(app, sys.stderr, lambda: app.namespace.keys.redactor),
                listener,
                when_ready,
                when_told=when_told,
                beside=secured.beside,
                tls=secured.certificate,
                when_done=when_done,
            )
        except StoreUnavailableError as error:
            raise AccordError(f"The store cannot be used: {error}", "See whether it is there, and whole.") from error
        finally:
            if watcher:
                watcher.stop()
            app.namespaces.close()


def _watcher(app: Any, scenario: str, keys: str | None, fault: str | None) -> Any:
    """Return the watcher that loads the given files again when they change. Raises AccordError if no file was given."""
    from mockserver.watching import Watcher, reloads_of

    source = app.namespace.scenario.source
    own = source if Path(scenario) == Path(source) else None
    reloads = reloads_of(app.namespaces, own, keys, fault)
    if not reloads:
        raise AccordError("There is no file to watch (--watch).", "Give --scenario FILE, --keys FILE or --fault FILE as well.")
    return Watcher(reloads, lambda told: click.echo(told, err=True))


def _welcome(urls: list[str], world: Any, control_is_off: str, trust: list[str]) -> str:
    """Return what is printed on start: addresses, the console, keys, three lines to paste.

    `control_is_off` tells why there is no console, unless it is empty; `trust` is how its certificate is trusted.
    """
    from mockserver.namespaces.addressing import PREFIX
    from mockserver.quickstart import curl_lines

    lines = [
        f"{click.style('Accord mock', bold=True)} of the Support Conversations API",
        "",
        *(f"  {click.style(url, fg='green', bold=True)}" for url in urls),
        f"  scenario {world.scenario.name}: {_counted(world.size(), 'conversation')}; Ctrl-C stops it",
        "",
    ]
    lines += [f"  {control_is_off}" if control_is_off else f"  console: {urls[0]}{PREFIX}/", ""]
    lines += ["  Trust its certificate, which is made anew at each start:", *(f"  {line}" for line in trust), ""] if trust else []
    lines += [f"  {name:<14} {key}  {what}" for name, key, what in _key_table(world)]
    lines += ["", "  Try:", *(f"  {line}" for line in curl_lines(urls[0], world)), ""]
    return "\n".join(lines)


def _show_progress(loaded: int) -> None:
    back = "\r" if sys.stderr and is_overwritable(sys.stderr) else ""
    click.echo(f"{back}{loaded:,} conversations loaded", err=True, nl=not back)


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
