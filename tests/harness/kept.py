"""Trials that are kept in a file as they end, so that a long series can be interrupted and taken up again."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

from tests.harness.trials import Task, Trial, try_all


class Kept:
    """The trials in a file of JSON lines, by series and name; without a file, none are kept.

    They are of one state of the suite and of the servers: remove the file, or the line of a server, once that has changed.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._trials: dict[tuple[str, str], Trial] = {}
        for line in path.read_text(encoding="utf-8").splitlines() if path is not None and path.exists() else ():
            series, name, trial = json.loads(line)
            self._trials[series, name] = Trial(**trial)

    def try_all(self, series: str, tasks: Mapping[str, Task], *, jobs: int, longest: float) -> Iterator[tuple[str, Trial]]:
        """Yield the trials of a series that are kept, then those of all other tasks, each with its name as it ends."""
        left = {name: task for name, task in tasks.items() if (series, name) not in self._trials}
        yield from ((name, self._trials[series, name]) for name in tasks if name not in left)
        for name, trial in try_all(left, jobs=jobs, longest=longest):
            if self._path is not None:
                with self._path.open("a", encoding="utf-8") as lines:
                    lines.write(json.dumps([series, name, asdict(trial)]) + "\n")
            yield name, trial
