"""Every broken server's repro/: do its scripts exit with 1 there, and with 0 on a server that conforms?

python -m tests.harness.rerun                         all of them; writes tests/harness/rerun.json
python -m tests.harness.rerun --only 'isolation-*'    some of them, and what the scripts said; writes nothing
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.defects.registry import all_defects
from tests.harness.reproducing import apart
from tests.harness.rerunning import KINDS, Rerun, rerun
from tests.harness.sweeping import options_of, swept

DEFECTS = all_defects()
FIGURES = Path(__file__).with_name("rerun.json")


def main(arguments: Sequence[str] | None = None) -> int:
    """Execute the scripts. Returns 1 if one is wrong about a server that does not fail by chance, load or time, else 0."""
    options = options_of("Execute the scripts of repro/ about broken servers.", arguments)
    found: list[Rerun] = []
    for place, one in swept(_rerun, options):
        found.append(one)
        marks = " ".join("✓" if one.right(kind) else "✗" if one.misleading else "·" for kind in KINDS)
        print(f"{place} {marks} {one.defect} {one.requirement} {dict(one.codes)}", flush=True)
        if options.only:
            print(one.said)
    figures = {**figures_of(found), "every": options.every}
    print(json.dumps({name: value for name, value in figures.items() if name != "misleading"}))
    if not options.only:
        FIGURES.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return int(bool(figures["misleading"]))


def _rerun(name: str) -> Rerun:
    try:
        return rerun(DEFECTS[name], DEFECTS[name].effort)
    except Exception as error:  # noqa: BLE001 - one that cannot be tried is told beside the others
        return Rerun(name, "", said=f"{type(error).__name__}: {error}")


def figures_of(found: Sequence[Rerun]) -> dict[str, Any]:
    """Return how many scripts of each kind are right. Servers that fail by chance, load or time are counted apart."""
    steady = [one for one in found if not apart(DEFECTS[one.defect])]
    return {
        "tried": len(steady),
        "right": {kind: sum(one.right(kind) for one in steady) for kind in KINDS},
        "apart": {"tried": len(found) - len(steady)},
        "misleading": {one.defect: one.misleading for one in sorted(steady, key=lambda one: one.defect) if one.misleading},
    }


if __name__ == "__main__":
    sys.exit(main())
