"""Runs the suite against all variations, with several seeds, and shows what it wrongly objects to."""

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from fnmatch import fnmatchcase

from tests.variations.judging import judge, objections
from tests.variations.registry import all_variations


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.variations", description=__doc__)
    parser.add_argument("names", nargs="*", default=["*"], help="globs of names")
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds, from --first on")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--effort", default="quick")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    names = [name for name in all_variations() if any(fnmatchcase(name, glob) for glob in options.names)]
    work = [(name, options.effort, seed) for seed in range(options.first, options.first + options.seeds) for name in names]
    began, alarms = time.monotonic(), 0
    with ProcessPoolExecutor(options.jobs) as pool:
        for done in as_completed([pool.submit(_judged, *item) for item in work]):
            name, seed, found, seconds, requests = done.result()
            alarms += bool(found)
            print(f"{'ALARM' if found else 'ok   '} {name} seed {seed}: {seconds:.1f} s, {requests} requests", flush=True)
            for line in found:
                print(f"    {line}")
    print(f"{len(names)} variations, {options.seeds} seeds: {alarms} false alarms, {time.monotonic() - began:.0f} s")
    return 1 if alarms else 0


def _judged(name: str, effort: str, seed: int) -> tuple[str, int, list[str], float, int]:
    run = judge(all_variations()[name], effort=effort, seed=seed)
    return name, seed, objections(run), run.duration_s, run.requests


if __name__ == "__main__":
    sys.exit(main())
