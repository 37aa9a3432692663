"""Generated values: texts and metadata that nobody thought of come back as they were sent."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from contract_tests.client.helpdesk import Helpdesk
from contract_tests.contract.document import Contract
from contract_tests.effort import Effort
from contract_tests.run.settings import Settings
from contract_tests.suite.generated import endings_as_they_are

pytestmark = [pytest.mark.last(4), pytest.mark.long(2)]

PARTS = 5
"""Tests that share the values of an effort, so that several workers can send them."""

PACKED = 2
"""How many values one request counts for, since each of its members holds as much as this many."""

_FEWEST = 25
"""Values that are worth a part of their own."""

ORDINARY = st.characters(exclude_categories=["Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"])
"""Characters that nobody may refuse: no controls, invisible, private or unassigned ones, and no surrogates."""

_LARGEST = 2**53 - 1

NAMES = st.text(ORDINARY, max_size=10).filter(lambda name: name not in ("__proto__", "constructor", "prototype"))
"""Names of members. Three may be refused: frameworks guard against them by default."""

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-_LARGEST, _LARGEST)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(ORDINARY, max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.requirements("create.text-exact", "create.metadata-kept", "get.as-created")
@pytest.mark.parametrize("part", range(PARTS))
def test_generated_conversations_come_back(
    desk: Helpdesk, contract: Contract, effort: Effort, run_settings: Settings, part: int
) -> None:
    longest = contract.subject_maximum
    words = st.text(ORDINARY, min_size=1, max_size=120).map(lambda text: f"a{text}z"[-longest:])
    names = st.text(ORDINARY, min_size=1, max_size=60).map(lambda text: f"A{text}z")
    metadata = st.dictionaries(NAMES, JSON_VALUES, max_size=10)

    def create(subject: str, first: str, last: str, metadata: dict[str, Any]) -> None:
        payload = desk.payload(subject=subject, user_first_name=first, user_last_name=last, metadata=metadata)
        desk.get(desk.create(payload))

    _run(effort, run_settings, part, given(subject=words, first=names, last=names, metadata=metadata)(create))


@pytest.mark.requirements("messages.body-exact")
@pytest.mark.parametrize("part", range(PARTS))
def test_generated_bodies_come_back(desk: Helpdesk, effort: Effort, run_settings: Settings, part: int) -> None:
    record = desk.create()
    bodies: list[str] = []

    def send(text: str) -> None:
        bodies.append(text)
        desk.send(record, desk.body(f"{text}."))

    lines = st.lists(st.text(ORDINARY, max_size=120), min_size=1, max_size=8).map("\n".join)
    _run(effort, run_settings, part, given(text=lines)(send))
    desk.check_messages(record)


def _run(effort: Effort, run: Settings, part: int, test: Callable[[], None]) -> None:
    parts = max(1, min(PARTS, effort.values // _FEWEST))
    if part >= parts:
        pytest.skip("its values are sent already, by the parts before")
    budget = settings(
        max_examples=max(2, effort.values // PACKED // parts),
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    with endings_as_they_are():
        seed(run.seed * PARTS + part)(budget(test))()
