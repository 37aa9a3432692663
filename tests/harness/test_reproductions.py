"""The lines of a report show the fault again: bash executes them over HTTP, against a new instance of the server.

The sample has two servers for each MUST requirement, or one where that takes more than a hundred requests: a few of them in
`make test`, all in `make test-all`. `make reproduce` does it for all servers.
"""

import shutil

import pytest

from contract_tests.contract.catalogue import Level, load_catalogue
from tests.defects.registry import Defect, Difficulty, all_defects
from tests.harness.reproducing import apart, attempts
from tests.sampling import sample

pytestmark = pytest.mark.skipif(
    not (shutil.which("bash") and shutil.which("curl") and shutil.which("jq")), reason="needs bash, curl and jq"
)


LONG = ("list/paging", "list/lists_shown", "messages/bodies", "messages/message_bodies")
"""Areas about full pages and long texts, whose lines send more than a hundred requests."""


def easiest(most: int = 1) -> list[Defect]:
    """Return, for each MUST requirement, up to `most` servers that always break it: those that break least first, then the easiest.

    The first test that looks for an easy fault finds it, so these servers take little time.
    """
    steady = [defect for defect in all_defects().values() if not apart(defect) and defect.effort == "quick"]
    found: dict[str, Defect] = {}
    for requirement in load_catalogue():
        if requirement.level is Level.MUST:
            breaking = sorted((one for one in steady if requirement.id in one.breaks), key=_cost)
            short = [one for one in breaking if not one.area.startswith(LONG)]
            found |= {defect.name: defect for defect in (short or breaking[:1])[:most]}
    return [*found.values()]


def _cost(defect: Defect) -> tuple[int, int]:
    return len(defect.breaks), [*Difficulty].index(defect.difficulty)


@pytest.mark.parametrize("defect", sample(easiest(2), every=14), ids=lambda defect: defect.name)
def test_the_lines_of_a_report_show_it_again(defect: Defect) -> None:
    [attempt] = attempts(defect)
    assert attempt.shown, f"{attempt.reason}:\n{attempt.curl}"
