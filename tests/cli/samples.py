"""Chooses the cases of long tests: a sample, or all of them with ACCORD_HOSTILE=all in the environment."""

import os
from collections.abc import Sequence
from typing import TypeVar

Case = TypeVar("Case")

ALL = os.environ.get("ACCORD_HOSTILE") == "all"


def some(cases: Sequence[Case], every: int) -> Sequence[Case]:
    """Return every n-th of the cases, starting with the first."""
    return cases if ALL else cases[::every]
