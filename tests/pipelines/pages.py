"""The pages that are tried, and the blocks in them."""

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
CI = (DOCS / "ci.md").read_text(encoding="utf-8")
PYTEST = (DOCS / "pytest.md").read_text(encoding="utf-8")


def block(page: str, name: str) -> str:
    """The code between two marks."""
    found = re.search(rf"<!-- {name}: begin -->\n```\w+\n(.*?)```\n<!-- {name}: end -->", page, re.DOTALL)
    assert found, name
    return found[1]
