"""`accord proxy`: pass traffic unchanged, and report each exchange that violates the contract."""

import asyncio
from pathlib import Path

import click

from accord.addresses import check_url
from accord.base.redaction import hide
from accord.configuration import PERCENT, SEED, FilePath, Lines, given_secrets, option, quiet_option
from accord.coverage_file import check_coverage_options, tell_coverage
from accord.ready_file import ReadyFile
from accord.terminal import output

VIOLATED = 1
"""The exit code where the server violated the contract."""


@click.command()
@option("--upstream", required=True, metavar="URL", help="The server that requests are passed to.")
@option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@option("--port", type=click.IntRange(0, 65535), default=4011, show_default=True, help="The port; 0 takes a free one.")
@option(
    "--header",
    type=Lines(),
    multiple=True,
    metavar="'NAME: VALUE'",
    help="Send it with every request, for a gate before the server. Repeatable.",
)
@option("--ca-file", type=FilePath(), metavar="FILE", help="Trust these certificates as well.")
@option("--insecure/--no-insecure", default=False, help="Check no certificate.")
@option("--fault", type=FilePath(path_type=Path), metavar="FILE", help="Lay the fault rules in this YAML file over the server.")
@option("--seed", type=SEED, default=1, show_default=True, help="What faults by chance are drawn from.")
@option("--spec", type=FilePath(), metavar="FILE", help="Judge by another contract document of the same operations.")
@option(
    "--report-dir", type=FilePath(path_type=Path), metavar="DIR", help="Write findings.json, journal.jsonl and traffic.har there."
)
@option("--coverage", type=FilePath(), metavar="FILE", help="Write at the end what of the contract clients have met, as JSON.")
@option("--coverage-fail-under", type=PERCENT, metavar="N", help="Exit with 1 at the end if that is less than N percent.")
@option("--ready-file", type=FilePath(), metavar="FILE", help="Write the URL to this file as soon as the proxy listens.")
@quiet_option("No line for each finding.")
def command(
    upstream: str,
    host: str,
    port: int,
    header: tuple[str, ...],
    ca_file: str | None,
    insecure: bool,
    fault: Path | None,
    seed: int,
    spec: str | None,
    report_dir: Path | None,
    coverage: str | None,
    coverage_fail_under: float | None,
    ready_file: str | None,
    quiet: bool,
) -> int:
    """Pass traffic to a server unchanged, and report each exchange that violates the contract, until it is interrupted.

    With --fault, requests that rules select meet faults, which never count as the server's.

    Exit codes: 0 the server conformed, 1 it did not or coverage is too low, 2 usage or configuration, 70 a fault of Accord.
    """
    from mockserver.contract.choices import Choices, choose
    from mockserver.contract.document import load_contract
    from mockserver.proxy.exchange import Exchange
    from mockserver.proxy.faulty_relay import FaultyRelay
    from mockserver.proxy.findings import CLIENT, SERVER
    from mockserver.proxy.judge import Judge
    from mockserver.proxy.laid import LaidFaults
    from mockserver.proxy.record import Record
    from mockserver.proxy.relay import Relay, serve_until_told
    from mockserver.proxy.upstream import Upstream
    from mockserver.serving.ports import bind, url_of

    check_url(upstream)
    check_coverage_options(coverage, coverage_fail_under)
    hide([secret for text in header for secret in given_secrets("header", text)])
    contract = load_contract(spec)
    there = Upstream.of(upstream, header=header, ca_file=ca_file or "", insecure=insecure)
    faults = LaidFaults(fault, contract, seed) if fault else None
    ready = ReadyFile(ready_file) if ready_file else None
    if ready:
        ready.remove()
    judge = Judge(contract)
    record = Record(contract, upstream, report_dir, (lambda line: None) if quiet else output.say, covers=coverage is not None)

    def done(exchange: Exchange) -> None:
        record.add(exchange, *judge.judge(exchange))

    def lost(why: str) -> None:
        judge.forget()
        output.say(f"upstream: {why}", err=True)

    relay = Relay(there, done, lost) if faults is None else FaultyRelay(there, done, lost, faults)
    with bind(host, port) as listener:
        url = url_of(listener)

        def when_ready() -> None:
            output.say(f"Accord proxy at {url}, to {upstream}; Ctrl-C stops it", err=True)
            if ready:
                ready.write(url)

        asyncio.run(serve_until_told(relay, listener, when_ready))
        if ready:
            ready.remove_own(url)
    record.close()
    output.say(f"{record.exchanges} exchanges; {record.violations} violations of the contract by the server", err=True)
    for side in (SERVER, CLIENT):
        for finding, count in record.counted(side):
            output.say(f"{count:>6} × {side:<6} {finding.level:<6} {finding.id or finding.sentence}", err=True)
    for id, count in record.faults.most_common():
        output.say(f"{count:>6} × proxy  fault  {id}", err=True)
    below = 0
    if coverage is not None:
        unknown = Choices(dict.fromkeys(choose(), ""))
        below = tell_coverage(record.met, contract, unknown, coverage, coverage_fail_under)
    return VIOLATED if record.violations else below
