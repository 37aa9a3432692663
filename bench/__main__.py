"""`python -m bench`: compare our mock with others; `python -m bench growth`: with itself, at growing sizes.

Each writes its section of docs/benchmarks.md. Everything runs on 127.0.0.1, for a bounded time, and is stopped at the end.
"""

import argparse
import shlex
import signal
import sys
from pathlib import Path

from bench.comparison import Plan, compare
from bench.growth import SIZES, grow
from bench.load import LoadFailed, wrk, wrk_version
from bench.machine import about
from bench.page import PAGE, comparison, growth, put
from bench.processes import StartFailed
from bench.servers import Missing, peers


def main() -> int:
    """Run the benchmark. Return the exit code: 0 if ours was measured in everything, 1 if not, 2 if wrk is missing."""
    options = _options()
    if wrk_version() is None:
        print("wrk is not installed: apt-get install wrk", file=sys.stderr)
        return 2
    # Raises SystemExit, so that the servers are stopped on SIGTERM too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    return _grow(options) if options.what == "growth" else _compare(options)


def _options() -> argparse.Namespace:
    usual = Plan()
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", nargs="?", choices=["compare", "growth"], default="compare")
    parser.add_argument("--rounds", type=int, default=usual.rounds, help="how often everything is measured (%(default)s)")
    parser.add_argument("--seconds", type=int, default=usual.seconds, help="of each load (%(default)s)")
    parser.add_argument("--warm-up", type=int, default=usual.warm_up, help="seconds before it that do not count (%(default)s)")
    parser.add_argument(
        "--settle", type=int, default=usual.settle, help="compare: seconds before the first warm load (%(default)s)"
    )
    parser.add_argument("--conversations", type=int, default=usual.conversations, help="held by each server compared (%(default)s)")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="growth: how many conversations (%(default)s)")
    parser.add_argument("--only", metavar="NAMES", help="compare: these peers, with commas; an empty text for none")
    parser.add_argument("--page", type=Path, default=PAGE, help="the page to write (docs/benchmarks.md)")
    return parser.parse_args()


def _compare(options: argparse.Namespace) -> int:
    facts = about(_command())
    wanted = [name.strip().lower() for name in options.only.split(",")] if options.only is not None else None
    chosen = [
        peer if wanted is None or peer.name.lower() in wanted else Missing(peer.name, "it was left out by `--only`")
        for peer in peers()
    ]
    plan = Plan(options.rounds, options.seconds, options.warm_up, options.settle, options.conversations)
    measured = compare(plan, chosen, wrk, _say)
    _write(options.page, "comparison", comparison(measured, facts))
    for result in measured.results:
        for workload, reason in result.failures.items():
            print(f"{result.server.name}, {workload}: {reason}", file=sys.stderr)
    return 1 if measured.results[0].failures else 0


def _grow(options: argparse.Namespace) -> int:
    facts = about(_command())
    sizes = [int(size) for size in options.sizes.split(",")]
    try:
        grown = grow(sizes, options.rounds, options.seconds, options.warm_up, wrk, _say)
    except (LoadFailed, StartFailed) as error:
        print(error, file=sys.stderr)
        return 1
    _write(options.page, "growth", growth(grown, facts, options.rounds, options.seconds))
    return 0


def _write(page: Path, section: str, text: str) -> None:
    page.write_text(put(page.read_text("utf-8"), section, text), encoding="utf-8")
    _say(f"{page} was written")


def _command() -> str:
    return shlex.join(["python", "-m", "bench", *sys.argv[1:]])


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


sys.exit(main())
