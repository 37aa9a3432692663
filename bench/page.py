"""docs/benchmarks.md: the sections that are made from measurements, between marks in a page that is written by hand."""

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import median

from bench.comparison import Comparison, Results
from bench.growth import WORKLOADS, Grown
from bench.measure import Figures, figures, ratio, spread
from bench.servers import FLOOR
from bench.workloads import COMPARED

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
NOTHING = "–"


def put(page: str, section: str, text: str) -> str:
    """The page with another text in the section of that name."""
    marks = re.compile(rf"(<!-- {section}: begin -->\n).*?(<!-- {section}: end -->)", re.DOTALL)
    if not marks.search(page):
        raise ValueError(f"{PAGE} has no section {section}")
    return marks.sub(lambda found: f"{found[1]}\n{text.strip()}\n\n{found[2]}", page)


def comparison(measured: Comparison, about: str) -> str:
    """The section of the comparison."""
    ours, *others = measured.results
    plan = measured.plan
    parts = [
        about,
        f"Rounds: {plan.rounds}. In each, every server is started anew, with {plan.conversations} conversations, and sent each "
        f"workload for {plan.seconds} s: the first at once, the second after {plan.settle} s of it that do not count, the others "
        f"after {plan.warm_up} s.",
        _table(
            ["server", "version", "what it does meanwhile"],
            [[it.server.name, it.server.version, it.server.caveat] for it in measured.results],
        ),
        *[f"**{peer.name} was not measured:** {peer.reason}." for peer in measured.missing],
        "### Requests per second of CPU time, ours ÷ theirs",
        _ratios(ours, others, lambda mine, theirs: ratio(mine.per_cpu_second, theirs.per_cpu_second)),
        "### Requests per second, ours ÷ theirs",
        _ratios(ours, others, lambda mine, theirs: ratio(mine.rate, theirs.rate)),
    ]
    for workload in COMPARED:
        parts += [f"### {workload[0].upper()}{workload[1:]}", _workload(measured.results, workload)]
    parts += ["### Start and memory", _starts(measured.results), *_failures(measured.results)]
    return "\n\n".join(parts)


def _ratios(ours: Results, others: Sequence[Results], of: Callable[[Figures, Figures], float]) -> str:
    def cell(other: Results, workload: str) -> str:
        mine, theirs = ours.of(workload), other.of(workload)
        return f"{of(figures(mine), figures(theirs)):.1f}" if mine and theirs else NOTHING

    return _table(["", *COMPARED], [[other.server.name, *(cell(other, workload) for workload in COMPARED)] for other in others])


def _workload(results: Sequence[Results], workload: str) -> str:
    rows = []
    floor = next((figures(it.of(workload)).cpu_us for it in results if it.server.name == FLOOR and it.of(workload)), None)
    for result in results:
        samples = result.of(workload)
        if not samples:
            rows.append([result.server.name, *[NOTHING] * 8])
            continue
        it = figures(samples)
        rows.append(
            [
                result.server.name,
                f"{it.rate:.0f}",
                _percent(it.rate_spread),
                f"{it.cpu_us:.0f}",
                _percent(it.cpu_spread),
                NOTHING if floor is None else f"{ratio(it.cpu_us, floor):.1f}",
                f"{it.per_cpu_second:.0f}",
                f"{it.p99_ms:.1f}",
                f"{it.size:.0f}",
            ]
        )
    return _table(
        ["server", "requests/s", "±", "CPU µs/request", "±", "÷ floor", "requests/CPU s", "p99 ms", "bytes/response"], rows
    )


def _starts(results: Sequence[Results]) -> str:
    head = ["server", "first response after ms", "±", "÷ ours", "RSS MiB", "÷ ours"]
    rows = []
    for result in results:
        if not (result.starts and result.memory and results[0].starts and results[0].memory):
            rows.append([result.server.name, *[NOTHING] * 5])
            continue
        start, memory = median(result.starts), median(result.memory)
        first = ratio(start, median(results[0].starts))
        resident = ratio(memory, median(results[0].memory))
        row = [f"{start * 1000:.0f}", _percent(spread(result.starts)), f"{first:.1f}", f"{memory:.0f}", f"{resident:.1f}"]
        rows.append([result.server.name, *row])
    return _table(head, rows)


def _failures(results: Iterable[Results]) -> list[str]:
    """Why a cell is empty."""
    told = []
    for result in results:
        for workload, reason in result.failures.items():
            told.append(f"**{result.server.name}, {workload}: no result,** since {' '.join(reason.split())}")
    return told


def growth(grown: Sequence[Grown], about: str, rounds: int, seconds: int) -> str:
    """The section of growth. Sizes go from the smallest up; ratios are to the smallest."""
    base = grown[0]
    sizes = [f"{it.conversations:,}".replace(",", " ") for it in grown]
    parts = [
        about,
        f"Rounds: {rounds}, of {seconds} s for each cell; all sizes run at once and are asked in turn.",
        "### Loading",
        _table(
            ["conversations", "first response after s", "RSS MiB", "bytes per conversation"],
            [
                [size, f"{it.load_seconds:.1f}", f"{it.loaded_mib:.0f}", _bytes_each(it, base)]
                for size, it in zip(sizes, grown, strict=True)
            ],
        ),
    ]
    columns: dict[str, Callable[[Figures, Figures], str]] = {
        "Requests per second": lambda it, first: f"{it.rate:.0f}",
        "Requests per second, as a part of those at the smallest size": lambda it, first: f"{ratio(it.rate, first.rate):.2f}",
        "Noise of requests per second": lambda it, first: _percent(it.rate_spread),
        "CPU µs per request": lambda it, first: f"{it.cpu_us:.0f}",
        "99th percentile, ms": lambda it, first: f"{it.p99_ms:.1f}",
    }
    for title, cell in columns.items():
        rows = [
            [name, *(cell(figures(it.samples[name]), figures(base.samples[name])) for it in grown)]
            for name in WORKLOADS
            if name in base.samples
        ]
        parts += [f"### {title}", _table(["", *sizes], rows)]
    held = ", ".join(f"{it.at_the_end:,}".replace(",", " ") for it in grown)
    parts.append(f"Creates were measured after all else, and add up: in the end the servers held {held} conversations.")
    return "\n\n".join(parts)


def _bytes_each(it: Grown, base: Grown) -> str:
    """Return the resident bytes per conversation, of those beyond the smallest size."""
    more = it.conversations - base.conversations
    return f"{(it.loaded_mib - base.loaded_mib) * 2**20 / more:.0f}" if more else NOTHING


def _percent(part: float) -> str:
    return f"{part * 100:.0f} %"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:" if len(head) > 3 else "---"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
