"""Which of many similar cases `make test` runs. The others are marked `extended`, and run with `make test-all`."""

from collections.abc import Collection, Sequence
from typing import Any

import pytest
from _pytest.mark import ParameterSet


def sample(cases: Sequence[Any], *, every: int = 0) -> list[ParameterSet]:
    """Return parameters of a test: the first case and each `every`-th after it as they are, the others marked `extended`.

    With `every` at 0, only the first one is as it is.
    """
    return chosen(cases, {*range(0, len(cases), every or len(cases) or 1)})


def chosen(cases: Sequence[Any], indices: Collection[int]) -> list[ParameterSet]:
    """Return parameters of a test: the cases of these indices as they are, the others marked `extended`."""
    return [_parameter(case, () if index in indices else (pytest.mark.extended,)) for index, case in enumerate(cases)]


def _parameter(case: Any, marks: Sequence[pytest.MarkDecorator]) -> ParameterSet:
    if isinstance(case, ParameterSet):
        return pytest.param(*case.values, marks=[*case.marks, *marks], id=case.id)
    return pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=marks)
