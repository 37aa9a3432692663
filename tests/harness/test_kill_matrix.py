"""What the page of the kill matrix says of requests."""

from itertools import islice

from tests.defects.registry import all_defects
from tests.harness.kill_matrix import Row, page
from tests.harness.trials import Trial


def test_the_page_says_how_many_servers_are_found_by_so_many_requests() -> None:
    defects = list(islice((one for one in all_defects().values() if not one.tolerable), 3))
    trials = [
        Trial("nonconformant", failed=list(defect.breaks), found_at=dict.fromkeys(defect.breaks, at), requests=900)
        for defect, at in zip(defects, (40, 90, 300), strict=True)
    ]
    rows = [Row(defect, {"quick": trial}) for defect, trial in zip(defects, trials, strict=True)]
    text = page(rows, ["quick"], {"quick": 1.0}, 1, {}, {})
    assert "| quick | 100 | 2 | 2.0 |\n| quick | 250 | 2 | 0.0 |\n| quick | 300 | 3 | 2.0 |\n" in text
