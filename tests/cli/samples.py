"""Which cases of the long tests are run: some, or all of them where the environment has ACCORD_HOSTILE=all."""

import os
from collections.abc import Sequence
from typing import TypeVar

Case = TypeVar("Case")

ALL = os.environ.get("ACCORD_HOSTILE") == "all"


def some(cases: Sequence[Case], every: int) -> Sequence[Case]:
    """Every so-manieth of the cases, from the first on."""
    return cases if ALL else cases[::every]
