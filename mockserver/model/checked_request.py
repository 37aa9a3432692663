"""What a request asks for, once it was read and checked."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class CheckedRequest(NamedTuple):
    """A checked request: the id in its path, its query parameters and its body, each by documented name.

    Absent optional members of the body are absent here too. Query parameters that were not sent have their default, or None.
    `no_match` says that a filter cannot match anything.
    """

    id: str
    query: Mapping[str, Any]
    body: Mapping[str, Any]
    no_match: bool = False
