"""Judge random rewrites of the source of two servers: how many of them the suite finds.

    python -m tests.harness.rewrite                      100 of the mock and 50 of the Django example; writes the figures
    python -m tests.harness.rewrite --mock 20 --django 0 --dry

Each mutant is served by a process of its own, from a copy of the source, and judged by `accord verify --effort quick` over HTTP. It
is killed where that is nonconformant, or where the server takes no key at all; one that does not start is no server. Survivors that
no client can tell from the original, or that differ and keep the contract, are set aside by hand in rewrites.yaml, with the reason.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import yaml

from contract_tests.reports.wording import kill_score
from tests.cli.command import ACCORD, OPTIONS, key_options
from tests.harness.kill_matrix import PAGE, SCORE
from tests.harness.rewriting import ROOT, Mutant, drawn
from tests.harness.rewritten import FIGURES, SET_ASIDE, in_score, with_rewrites

_STARTS_WITHIN = 120.0
_BUDGET = 240
_JUDGED_WITHIN = _BUDGET + 60.0
"""Seconds for one run. A longer one is undecided: it may be the machine that is slow, and not the mutant."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of a mutant: `killed`, `survived`, `undecided` or `stillborn`, and by what."""

    mutant: Mutant
    fate: str
    by: str


class Bench:
    """A copy of the source of both servers, in which one mutant at a time is served."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        shutil.copytree(ROOT / "mockserver", folder / "mockserver")
        shutil.copytree(ROOT / "examples" / "django_helpdesk", folder / "examples" / "django_helpdesk")

    def judge(self, mutant: Mutant) -> Judged:
        """Serve a mutant and let the suite judge it."""
        path = self._folder / mutant.path
        original = path.read_bytes()
        path.write_text(mutant.source, encoding="utf-8")
        try:
            with self._served(mutant.server) as url:
                return Judged(mutant, *(("stillborn", "it does not start") if url is None else self._verdict(url)))
        finally:
            path.write_bytes(original)

    @contextmanager
    def _served(self, server: str) -> Iterator[str | None]:
        ready = self._folder / "ready"
        ready.unlink(missing_ok=True)
        # Also the files that SQLite keeps beside it: a server that is killed leaves them behind.
        for left in self._folder.glob("helpdesk.sqlite3*"):
            left.unlink()
        keys = [part for name, key in OPTIONS.items() for part in (name, key)]
        serve = [self._folder / "examples" / "django_helpdesk" / "serve.py", "--database", self._folder / "helpdesk.sqlite3", *keys]
        command = [ACCORD, "mock", "--quiet", "--ready-file", ready] if server == "mock" else [sys.executable, *serve]
        # A changed file has to be compiled anew each time, so compiled code must not be kept for the next mutant.
        environment = {**os.environ, "PYTHONPATH": str(self._folder), "PYTHONDONTWRITEBYTECODE": "1"}
        with (
            (self._folder / "said").open("w+") as said,
            subprocess.Popen(
                [*map(str, command), "--port", "0"],
                cwd=self._folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            ) as process,
        ):
            try:
                yield _url(process, ready if server == "mock" else self._folder / "said")
            finally:
                # The whole group is killed: the process that serves would outlive the one that started it. A mutant may have ended.
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)

    def _verdict(self, url: str) -> tuple[str, str]:
        options = ["--effort", "quick", "--fail-fast", "--time-budget", str(_BUDGET), "--workers", "1"]
        try:
            done = subprocess.run(
                [str(ACCORD), "verify", url, *key_options(), *options],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_JUDGED_WITHIN,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return "undecided", "the run did not end"
        report = json.loads((self._folder / "accord-report" / "report.json").read_text(encoding="utf-8"))
        if done.returncode == 2:
            # It takes no key at all, or does not respond in time.
            return "undecided" if "cannot be reached" in report["message"] else "killed", report["message"]
        named = {one["id"]: one["outcome"] for one in report["requirements"]}
        failed = [name for name, outcome in named.items() if outcome == "failed"]
        warned = [name for name, outcome in named.items() if outcome == "warned"]
        by = ", ".join(failed or [f"warned: {name}" for name in warned])
        return {0: "survived", 1: "killed", 3: "undecided"}[done.returncode], by


def _url(process: "subprocess.Popen[bytes]", place: Path) -> str | None:
    """Return the URL that a server writes once it responds, or None if it never does."""
    until = time.monotonic() + _STARTS_WITHIN
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError):
            lines = place.read_text(encoding="utf-8").splitlines()
            if lines and lines[0].startswith("http"):
                return lines[0].strip()
        time.sleep(0.05)
    return None


def judged(mutants: Sequence[Mutant], jobs: int) -> Iterator[Judged]:
    """Judge mutants, `jobs` at a time, and yield the results in order."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(jobs) as pool:
        free: SimpleQueue[Bench] = SimpleQueue()
        for number in range(jobs):
            (Path(folder) / str(number)).mkdir()
            free.put(Bench(Path(folder) / str(number)))

        def one(mutant: Mutant) -> Judged:
            bench = free.get()
            try:
                return bench.judge(mutant)
            finally:
                free.put(bench)

        yield from pool.map(one, mutants)


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge mutants. Returns 0 if every mutant was killed or is set aside, 3 if some are undecided, else 1.

    Figures are written only where all are decided.
    """
    options = _options(arguments)
    began = time.monotonic()
    mutants = [*drawn("mock", options.mock, options.seed), *drawn("django", options.django, options.seed)]
    aside = yaml.safe_load(SET_ASIDE.read_text(encoding="utf-8")) or {}
    found = []
    for done, one in enumerate(judged(mutants, options.jobs), 1):
        found.append(one)
        mark = {"killed": "✓", "survived": "=" if one.mutant.name in aside else "✗"}.get(one.fate, "!")
        print(
            f"{done:>3}/{len(mutants)} {mark} {one.fate} {one.mutant.path}:{one.mutant.line} {one.mutant.operator}: {one.by[:150]}"
        )
        if mark in "✗!=":
            print(f"      - {one.mutant.before}\n      + {one.mutant.after}", flush=True)
    score = score_of(found, aside, options.seed)
    print(f"\n{json.dumps(score, indent=1)}\n{time.monotonic() - began:.0f} s, {options.jobs} at a time")
    if options.json:
        rows = [
            {"name": one.mutant.name, "line": one.mutant.line, "operator": one.mutant.operator, "fate": one.fate, "by": one.by}
            for one in found
        ]
        options.json.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if score["undecided"]:
        print("Nothing was written: run it again when the machine has less to do.")
        return 3
    if not options.dry:
        write(score)
    return int(bool(score["survived"]))


def score_of(found: Sequence[Judged], aside: Mapping[str, str], seed: int) -> dict[str, Any]:
    """Return the figures. Survivors that no client can tell from the original, or that conform, are set aside and do not count."""
    fates = Counter("set_aside" if one.fate == "survived" and one.mutant.name in aside else one.fate for one in found)
    left = [one.mutant.name for one in found if one.fate == "survived" and one.mutant.name not in aside]
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "seed": seed,
        "drawn": len(found),
        "stillborn": fates["stillborn"],
        "undecided": fates["undecided"],
        "set_aside": fates["set_aside"],
        "killed": fates["killed"],
        "survived": left,
    }


def write(score: Mapping[str, Any]) -> None:
    """Write the figures, beside those of the kill matrix and into its page."""
    FIGURES.write_text(json.dumps(score, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    whole = json.loads(SCORE.read_text(encoding="utf-8"))
    joined = in_score(whole, score)
    SCORE.write_text(json.dumps(joined, indent=2) + "\n", encoding="utf-8")
    page = PAGE.read_text(encoding="utf-8").replace(kill_score(whole), kill_score(joined))
    PAGE.write_text(with_rewrites(page, score), encoding="utf-8")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Judge random rewrites of two servers' source.")
    parser.add_argument("--mock", type=int, default=100, help="how many of the mock (100)")
    parser.add_argument("--django", type=int, default=50, help="how many of the Django example (50)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time (2)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what became of each to a file")
    parser.add_argument("--dry", action="store_true", help="write no figures")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
