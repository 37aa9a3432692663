"""The scripts of repro/ exit with 1 on the broken server and with 0 on a mended one, and with 2 where they cannot tell.

Here for two servers, in `make test-all` for six; `make repro` does it for all.
"""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from contract_tests.contract.catalogue import load_catalogue
from contract_tests.outcome.run import Outcome, Result, Run
from contract_tests.reports import repro
from mockserver.app import create_app
from mockserver.serving.server import serving
from tests.defects.registry import Defect, all_defects
from tests.harness.reproducing import findings
from tests.harness.rerunning import UNCLEAR, executed, executed_at, keys, rerun
from tests.harness.test_reproductions import LONG, easiest
from tests.harness.trials import run_here
from tests.reports.samples import HOSTILE
from tests.sampling import sample

pytestmark = pytest.mark.skipif(
    not (shutil.which("bash") and shutil.which("curl") and shutil.which("jq")), reason="needs bash, curl and jq"
)

SHORT = [defect for defect in easiest() if not defect.area.startswith(LONG)]
CHOSEN = SHORT[:: max(1, len(SHORT) // 6)][:6]


@pytest.mark.parametrize("defect", sample(CHOSEN, every=3), ids=lambda defect: defect.name)
def test_there_on_the_broken_server_and_gone_on_the_mended_one(defect: Defect) -> None:
    found = rerun(defect)
    assert not found.misleading, found.said
    if found.reproduced:
        assert found.right("sh"), found.said
        assert found.right("py"), found.said


def test_there_is_none_where_no_response_shows_the_fault() -> None:
    """Only its receiver sees a wrong event: the report has the requests that caused it, but no script."""
    run = run_here(all_defects()["hook-without-signature"].app(), only=("webhook.signature",))
    [result] = run.with_outcome(Outcome.FAILED)
    assert "/create/" in result.evidence[0].curl
    assert not result.evidence[0].reproduced
    assert repro.render(run) == {}


@pytest.fixture(scope="module")
def failure() -> tuple[Run, Result]:
    defect = all_defects()["values-urgent-is-high"]
    run = run_here(defect.app(), only=("create.priority-kept",), fail_fast=True)
    return run, findings(run, defect)[0]


@pytest.mark.parametrize(
    ("variables", "said"),
    sample(
        [
            (keys(), "Set ACCORD_URL"),
            ({"ACCORD_URL": "http://127.0.0.1:9"}, "Set ACCORD_SERVER_KEY"),
            ({"ACCORD_URL": "http://127.0.0.1:9", **keys()}, "CANNOT TELL"),
            ({"ACCORD_URL": "nonsense", **keys()}, "CANNOT TELL"),
        ],
        every=2,
    ),
    ids=["no address", "no keys", "nobody there", "no address at all"],
)
def test_they_say_that_they_cannot_tell(failure: tuple[Run, Result], variables: Mapping[str, str], said: str) -> None:
    for code, output in executed_at(*failure, variables).values():
        assert code == UNCLEAR, output
        assert said in output


def test_a_key_that_is_refused_says_nothing_of_the_fault(failure: tuple[Run, Result]) -> None:
    wrong = dict.fromkeys(keys(), f"bnc_sv_{'0' * 32}")
    for code, output in executed_elsewhere(failure, wrong).values():
        assert code == UNCLEAR, output


def executed_elsewhere(failure: tuple[Run, Result], variables: Mapping[str, str]) -> dict[str, tuple[int, str]]:
    with serving(create_app(scenario="empty")) as url:
        return executed_at(*failure, {"ACCORD_URL": url, **variables})


@pytest.mark.extended
def test_nothing_of_a_server_is_executed(failure: tuple[Run, Result], tmp_path: Path) -> None:
    """Whatever a server sent stays data, in comments and in values, and the scripts still tell the truth."""
    run, result = failure
    mark = tmp_path / "executed"
    attacks = [
        f"$(touch {mark}) `touch {mark}` '; touch {mark}; '\n touch {mark}\nEND_OF_DATA\ntouch {mark}\n",
        f"''' + open({str(mark)!r}, 'w') + '''\r\nopen({str(mark)!r}, 'w')\n@SIGN@ @STEPS@ @FINDING@ -*- coding: utf-7 -*-",
        HOSTILE,
    ]
    evidence = result.evidence[0]
    for attack in attacks:
        hostile = replace(
            evidence,
            summary=attack,
            expected=attack,
            actual=attack,
            test=attack,
            where=attack,
            sign={**evidence.sign, "value": {"at": "/priority", "expected": attack, "found": "normal"}, "form": [attack]},
        )
        broken = executed(replace(run, base_url=attack), replace(result, evidence=(hostile,)), create_app(scenario="empty"))
        for code, output in broken.values():
            assert code == UNCLEAR, output
        assert not mark.exists()


def test_each_requirement_has_names_of_its_own() -> None:
    names = [name for requirement in load_catalogue() for name in repro.names_of(requirement.id)]
    assert len(set(names)) == len(names)
    assert all(name.endswith(".sh") or name.removesuffix(".py").isidentifier() for name in names)
