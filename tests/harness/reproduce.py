"""Every broken server's report, executed: do the lines of the first requirement that it breaks show the wrong value again?

python -m tests.harness.reproduce    all of them; writes tests/harness/reproduced.json, and its figure into docs/kill-matrix.md
python -m tests.harness.reproduce --only 'isolation-*'  some of them, and what went wrong; writes nothing
"""

import json
import sys
from collections.abc import Sequence
from typing import Any

from tests.defects.registry import all_defects
from tests.harness.reproducing import FIGURES, PAGE, Attempt, apart, attempts, figure, with_figure
from tests.harness.sweeping import options_of, swept

DEFECTS = all_defects()


def main(arguments: Sequence[str] | None = None) -> int:
    """Execute the lines. Returns 0 if all of them show the fault again, except for servers that are counted apart, else 1."""
    options = options_of("Execute the lines of the reports about broken servers.", arguments)
    found: list[Attempt] = []
    for place, attempt in swept(_attempt, options):
        found.append(attempt)
        mark = "✓" if attempt.shown else "·" if apart(DEFECTS[attempt.defect]) else "✗"
        print(f"{place} {mark} {attempt.defect} {attempt.requirement} {attempt.reason}", flush=True)
    score = {**score_of(found), "every": options.every}
    print(f"\n{figure(score)}")
    if not options.only:
        FIGURES.write_text(json.dumps(score, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        PAGE.write_text(with_figure(PAGE.read_text(encoding="utf-8"), score), encoding="utf-8")
    return int(bool(score["not_shown"]))


def _attempt(name: str) -> Attempt:
    try:
        [attempt] = attempts(DEFECTS[name], DEFECTS[name].effort)
    except Exception as error:  # noqa: BLE001 - one that cannot be tried is told beside the others
        return Attempt(name, "", False, f"{type(error).__name__}: {error}")
    return attempt


def score_of(found: Sequence[Attempt]) -> dict[str, Any]:
    """Return how many show the fault again, and which do not and why, sorted by name."""
    steady = [one for one in found if not apart(DEFECTS[one.defect])]
    others = [one for one in found if apart(DEFECTS[one.defect])]
    by_name = sorted(steady, key=lambda one: one.defect)
    return {
        "tried": len(steady),
        "shown": sum(one.shown for one in steady),
        "apart": {"tried": len(others), "shown": sum(one.shown for one in others)},
        "not_shown": {one.defect: f"{one.requirement}: {one.reason}" for one in by_name if not one.shown},
    }


if __name__ == "__main__":
    sys.exit(main())
