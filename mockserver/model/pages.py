"""A page of records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A page of records: how many match in all, those of this page, and how it was cut. `limit` is None where nothing was cut.

    `filters` are the query parameters, besides limit and offset, that lead to the neighbouring pages.
    """

    count: int
    results: Sequence[T]
    limit: int | None
    offset: int
    filters: Mapping[str, str]
