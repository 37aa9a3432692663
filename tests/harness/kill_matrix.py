"""The kill matrix: the suite against every broken server, and against every conforming one that differs from the mock.

    python -m tests.harness.kill_matrix                          all of them at quick and standard, written to docs/kill-matrix.md
    python -m tests.harness.kill_matrix --effort quick --only 'isolation-*' --survivors

A defect is killed when the run says nonconformant and names one of the requirements that the defect breaks. Where it names others
only, the server is caught for the wrong reason, which is counted apart. A greater effort does all that a smaller one does, so what
was killed is not tried again unless --again asks for it.

With --fast, the tests of the requirements that a defect breaks run first, and the whole suite only if these miss it. That takes a
third of the time, but is more lenient than a full run, where other tests come in between: no page is written then.

With --kept FILE, each trial is kept as it ends: a matrix that was interrupted goes on from there when it is started again.
"""

import argparse
import json
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import partial
from importlib import metadata
from pathlib import Path

from contract_tests.reports.wording import kill_score
from tests.defects.registry import Defect, Difficulty, all_defects
from tests.harness import rewritten
from tests.harness.by_requirement import sections
from tests.harness.kept import Kept
from tests.harness.reproducing import FIGURES, with_figure
from tests.harness.trials import LONGEST, Trial, trial_of, try_here
from tests.variations.judging import judge
from tests.variations.registry import Variation, all_variations

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "kill-matrix.md"
SCORE = ROOT / "contract_tests" / "kill_score.json"
"""The score of the suite, which every report shows."""

EFFORTS = ("quick", "standard")

_STEPS = (100, 250, 500, 750, 1_000, 1_500, 2_000, 2_500, 3_000, 4_000, 5_000)
"""Numbers of requests; for each, the page says how many broken servers were found by then."""


class Fate(StrEnum):
    """What became of a defect."""

    KILLED = "killed"
    MISNAMED = "misnamed"
    SURVIVED = "survived"
    ERROR = "error"


def fate_of(defect: Defect, trial: Trial) -> Fate:
    """Return what became of a defect in a run of the suite."""
    if trial.verdict == "error":
        return Fate.ERROR
    if defect.tolerable:
        # It breaks only SHOULDs: the run warns of them, and does not fail.
        return Fate.KILLED if set(trial.warned) & set(defect.breaks) else Fate.SURVIVED
    if trial.verdict != "nonconformant":
        return Fate.SURVIVED
    return Fate.KILLED if set(trial.failed) & set(defect.breaks) else Fate.MISNAMED


def try_fast(defect: Defect, effort: str, seed: int = 0) -> Trial:
    """Run the tests of the requirements that a defect breaks, and the whole suite only if they do not kill it."""
    trial = try_here(defect.app(), effort, seed=seed, only=defect.breaks)
    return trial if fate_of(defect, trial) is Fate.KILLED else try_here(defect.app(), effort, seed=seed)


@dataclass(frozen=True, slots=True)
class Row:
    """One defect and its trials by effort."""

    defect: Defect
    trials: Mapping[str, Trial]

    @property
    def dead(self) -> bool:
        """Whether it was killed at some effort."""
        return any(self.fate(effort) is Fate.KILLED for effort in self.trials)

    def fate(self, effort: str) -> Fate:
        """Return its fate at an effort: killed, if it was not tried there because a smaller effort had killed it."""
        trial = self.trials.get(effort)
        return Fate.KILLED if trial is None else fate_of(self.defect, trial)

    @property
    def broken(self) -> Sequence[str]:
        """The requirements that the defect breaks."""
        return self.defect.breaks

    @property
    def found_by(self) -> Iterator[tuple[str, str]]:
        """The requirements that a trial found violated, each with each test that found it."""
        yield from {(name, test) for one in self.trials.values() for name, tests in one.found_by.items() for test in tests}

    @property
    def worst(self) -> int:
        """Its rank in the table, highest first: survivors of the greatest effort, misnamed ones, survivors of a smaller effort."""
        ranks = {Fate.KILLED: 0, Fate.MISNAMED: 2, Fate.SURVIVED: 3, Fate.ERROR: 3}
        fates = [ranks[fate_of(self.defect, trial)] for trial in self.trials.values()]
        return fates[-1] * 10 + max(fates)

    @property
    def reported(self) -> list[str]:
        """Every requirement that a trial named: those that the defect breaks first."""
        named = list(dict.fromkeys(name for trial in self.trials.values() for name in [*trial.failed, *trial.warned]))
        return sorted(named, key=lambda name: name not in self.defect.breaks)


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the defects. Returns 0 if the greatest chosen effort killed every defect and there was no false alarm, else 1."""
    options = _options(arguments)
    defects = {name: found for name, found in all_defects().items() if any(fnmatchcase(name, glob) for glob in options.only)}
    variations = all_variations() if options.only == ["*"] and not options.defects else {}
    if not defects:
        print(f"No defect is called {' or '.join(options.only)}.", file=sys.stderr)
        return 2
    found: dict[str, dict[str, Trial]] = {name: {} for name in defects}
    took: dict[str, float] = {}
    kept = Kept(options.kept)
    for effort in options.effort:
        left = {name: defect for name, defect in defects.items() if options.again or not Row(defect, found[name]).dead}
        attempt = try_fast if options.fast else _try
        tasks = {name: partial(attempt, defect, effort, options.seed) for name, defect in left.items()}
        for done, (name, trial) in enumerate(kept.try_all(effort, tasks, jobs=options.jobs, longest=options.longest), 1):
            found[name][effort] = trial
            _tell(done, len(left), Row(defects[name], {effort: trial}), effort)
        took[effort] = sum(trials[effort].seconds for trials in found.values() if effort in trials) / options.jobs
    alarms = dict(_false_alarms(variations, options, kept))
    rows = [Row(defects[name], trials) for name, trials in found.items()]
    for effort in options.effort:
        tried = sum(effort in row.trials for row in rows)
        print(f"\n{effort}: {_score(rows, effort)}, {took[effort]:.0f} s for {tried} servers, {options.jobs} at a time")
    if variations:
        print(f"{len(variations)} conforming servers: {len(alarms)} false alarms")
    if options.survivors:
        for row in rows:
            if row.worst:
                print(f"  {row.defect.name}: {row.defect.text} [{', '.join(row.defect.breaks)}]")
    if options.json:
        options.json.write_text(json.dumps([_as_json(row) for row in rows], indent=1) + "\n")
    whole = options.only == ["*"] and not options.fast
    if options.page or whole:
        text = page(rows, options.effort, took, options.jobs, variations, alarms)
        # `make reproduce` and `make rewrite` measure these figures separately.
        for figures, joined in ((FIGURES, with_figure), (rewritten.FIGURES, rewritten.with_rewrites)):
            text = joined(text, json.loads(figures.read_text(encoding="utf-8"))) if figures.exists() else text
        (options.page or PAGE).write_text(text, encoding="utf-8")
    if whole and not options.page:
        SCORE.write_text(json.dumps(_with_others(_score_as_json(rows, options.effort, variations, alarms)), indent=2) + "\n")
    return int(bool(alarms) or any(row.fate(options.effort[-1]) is not Fate.KILLED for row in rows))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Run the suite against every server that is broken on purpose.")
    parser.add_argument("--effort", action="append", choices=EFFORTS, help="may be repeated; both unless given")
    parser.add_argument("--only", action="append", metavar="GLOB", help="defects by name; may be repeated; no page is written then")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time (2)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--longest", type=float, default=LONGEST, metavar="S", help=f"give a server up after so long ({LONGEST:.0f})"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all that was found to a file")
    parser.add_argument("--kept", type=Path, metavar="FILE", help="keep each trial there, and do not repeat those that are there")
    parser.add_argument("--page", type=Path, metavar="FILE", help="write the page here and not to docs/kill-matrix.md")
    parser.add_argument("--again", action="store_true", help="try at every effort also what a smaller one killed")
    parser.add_argument(
        "--fast", action="store_true", help="run what exercises the requirements that a defect breaks, the rest if need be; no page"
    )
    parser.add_argument("--defects", action="store_true", help="leave the conforming servers out, as --only does")
    parser.add_argument("--survivors", action="store_true", help="list what was not killed, with what it breaks")
    options = parser.parse_args(arguments)
    options.effort = sorted(set(options.effort or EFFORTS), key=EFFORTS.index)
    options.only = options.only or ["*"]
    return options


def _false_alarms(variations: Mapping[str, Variation], options: argparse.Namespace, kept: Kept) -> Iterator[tuple[str, Trial]]:
    """Yield the conforming servers that the suite objects to, at the smallest chosen effort."""
    effort = options.effort[0]
    tasks = {name: partial(_judge, variation, effort, options.seed) for name, variation in variations.items()}
    for done, (name, trial) in enumerate(kept.try_all("conforming", tasks, jobs=options.jobs, longest=options.longest), 1):
        alarm = trial.verdict != "conformant"
        said = ", ".join([*trial.failed, *trial.inconclusive, *trial.problems])[:300] if alarm else ""
        print(f"{done:>3}/{len(tasks)} {'✗' if alarm else '✓'} {name} ({effort}, {trial.seconds} s) {said}", flush=True)
        if alarm:
            yield name, trial


def _judge(variation: Variation, effort: str, seed: int) -> Trial:
    return trial_of(judge(variation, effort=effort, seed=seed))


def _try(defect: Defect, effort: str, seed: int) -> Trial:
    return try_here(defect.app(), effort, seed=seed)


def _tell(done: int, of: int, row: Row, effort: str) -> None:
    fate, trial = row.fate(effort), row.trials[effort]
    mark = {Fate.KILLED: "✓", Fate.MISNAMED: "~", Fate.SURVIVED: "✗", Fate.ERROR: "!"}[fate]
    said = ", ".join(row.reported) or "; ".join(trial.problems)[:200] or trial.verdict
    print(f"{done:>3}/{of} {mark} {row.defect.name} ({effort}, {trial.requests} requests, {trial.seconds} s): {said}", flush=True)


def _score_as_json(
    rows: Sequence[Row], efforts: Sequence[str], variations: Mapping[str, Variation], alarms: Mapping[str, Trial]
) -> dict[str, object]:
    counts = {
        fate.value: {effort: sum(row.fate(effort) is fate for row in rows) for effort in efforts}
        for fate in (Fate.KILLED, Fate.MISNAMED)
    }
    score: dict[str, object] = {"suite_version": metadata.version("accord"), "broken_servers": len(rows), **counts}
    return {**score, "conforming_servers": len(variations), "false_alarms": len(alarms)} if variations else score


def _with_others(score: dict[str, object]) -> dict[str, object]:
    """Add the score of the random rewrites, which is measured separately."""
    if not rewritten.FIGURES.exists():
        return score
    return rewritten.in_score(score, json.loads(rewritten.FIGURES.read_text(encoding="utf-8")))


def _as_json(row: Row) -> dict[str, object]:
    facts = {name: getattr(row.defect, name) for name in ("name", "area", "difficulty", "breaks", "text", "effort")}
    return {**facts, "trials": {effort: {"fate": row.fate(effort), **asdict(trial)} for effort, trial in row.trials.items()}}


# --- the page ---------------------------------------------------------------------------------------------------------------------


def page(
    rows: Sequence[Row],
    efforts: Sequence[str],
    took: Mapping[str, float],
    jobs: int,
    variations: Mapping[str, Variation],
    alarms: Mapping[str, Trial],
) -> str:
    """The matrix as Markdown."""
    lines = [
        "<!-- Generated by `python -m tests.harness.kill_matrix`. -->",
        "",
        "# The kill matrix",
        "",
        f"The suite of Accord {metadata.version('accord')} against {len(rows)} servers, each of them broken on purpose in one "
        "documented or implied fact (tests/defects). A defect counts as killed when the run's verdict is nonconformant and "
        "one of the requirements that the defect breaks is among those that failed; where only others failed it is misnamed.",
        "",
        kill_score(_with_others(_score_as_json(rows, efforts, variations, alarms))),
        "",
        *_scores(rows, efforts),
        *_alarms(variations, alarms),
        "",
        *_costs(rows, efforts, took, jobs),
        "",
        *_curve(rows, efforts),
        "",
        *_by("area", rows, efforts, sorted({row.defect.area for row in rows}), lambda row: row.defect.area),
        "",
        *_by("difficulty", rows, efforts, [item.value for item in Difficulty], lambda row: row.defect.difficulty.value),
        "",
        *sections(rows),
        "",
        "## Every defect",
        "",
        "Survivors first. Of the requirements that a run named, those that the defect breaks are bold.",
        "",
        f"| defect | what is wrong | area | difficulty | {' | '.join(efforts)} | requirements that reported it |",
        f"|---|---|---|---|{'---|' * len(efforts)}---|",
    ]
    for row in sorted(rows, key=lambda row: (-row.worst, row.defect.area, row.defect.name)):
        fates = " | ".join(row.fate(effort) if row.fate(effort) is not Fate.KILLED else "✓" for effort in efforts)
        text = " ".join(row.defect.text.split()).replace("|", "\\|")
        lines.append(
            f"| {row.defect.name} | {text} | {row.defect.area} | {row.defect.difficulty} | {fates} | {_named(row)} |",
        )
    return "\n".join(lines) + "\n"


def _alarms(variations: Mapping[str, Variation], alarms: Mapping[str, Trial]) -> list[str]:
    if not variations:
        return []
    lines = [f"- **false alarms**: {len(alarms)} on {len(variations)} servers that conform and differ (tests/variations)"]
    return [
        *lines,
        *(f"  - {name}: {', '.join([*trial.failed, *trial.inconclusive, *trial.problems])}" for name, trial in alarms.items()),
    ]


def _named(row: Row) -> str:
    shown = [f"**{name}**" if name in row.defect.breaks else name for name in row.reported]
    more = f" and {len(shown) - 6} more" if len(shown) > 6 else ""
    return ", ".join(shown[:6]) + more if shown else f"none; it breaks {', '.join(row.defect.breaks)}"


def _scores(rows: Sequence[Row], efforts: Iterable[str]) -> list[str]:
    return [f"- **{effort}**: {_score(rows, effort)}" for effort in efforts]


def _score(rows: Sequence[Row], effort: str) -> str:
    fates = [row.fate(effort) for row in rows]
    killed = fates.count(Fate.KILLED)
    others = [f"{fates.count(fate)} {fate}" for fate in (Fate.MISNAMED, Fate.SURVIVED, Fate.ERROR) if fate in fates]
    return f"{killed} of {len(rows)} killed ({100 * killed / len(rows):.1f} %)" + "".join(f", {other}" for other in others)


def _costs(rows: Sequence[Row], efforts: Iterable[str], took: Mapping[str, float], jobs: int) -> list[str]:
    lines = ["| effort | servers tried | requests of a run | seconds of a run | seconds of all |", "|---|---|---|---|---|"]
    for effort in efforts:
        trials = sorted((row.trials[effort] for row in rows if effort in row.trials), key=lambda trial: trial.seconds)
        if trials:
            middle = trials[len(trials) // 2]
            lines.append(
                f"| {effort} | {len(trials)} | {middle.requests} | {middle.seconds:.1f} (at most {trials[-1].seconds:.1f}) | "
                f"{took[effort]:.0f} ({jobs} at a time) |"
            )
    return [*lines, "", "The requests and seconds of a run are medians. What was killed at a smaller effort is not tried again."]


def _curve(rows: Sequence[Row], efforts: Iterable[str]) -> list[str]:
    """Return a table of how many broken servers are found within the first 100, 250 and more requests of a run."""
    lines = ["| effort | requests | servers found | for each further hundred requests |", "|---|---|---|---|"]
    for effort in efforts:
        killed = [(row.defect, row.trials[effort]) for row in rows if effort in row.trials and row.fate(effort) is Fate.KILLED]
        found = sorted(
            min((at for name, at in trial.found_at.items() if name in defect.breaks), default=trial.requests)
            for defect, trial in killed
        )
        before = (0, 0)
        for step in (*_STEPS, found[-1] if found else 0):
            by_then = bisect_right(found, step)
            if found and before[0] < step <= found[-1]:
                rate = 100 * (by_then - before[1]) / (step - before[0])
                lines.append(f"| {effort} | {step:,} | {by_then:,} | {rate:.1f} |")
                before = (step, by_then)
    return [
        *lines,
        "",
        "A server counts from the request on that first shows one of the requirements that its defect breaks to be violated.",
    ]


def _by(what: str, rows: Sequence[Row], efforts: Sequence[str], groups: Iterable[str], of: Callable[[Row], str]) -> list[str]:
    lines = [f"| {what} | defects | {' | '.join(efforts)} |", f"|---|---|{'---|' * len(efforts)}"]
    for group in groups:
        members = [row for row in rows if of(row) == group]
        if members:
            killed = (sum(row.fate(effort) is Fate.KILLED for row in members) for effort in efforts)
            lines.append(f"| {group} | {len(members)} | {' | '.join(map(str, killed))} |")
    return lines


if __name__ == "__main__":
    sys.exit(main())
