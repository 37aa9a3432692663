"""A run that is written as JSON and read again is the same run, and what is no run of Accord is refused by its place."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract_tests.contract.catalogue import Level, Requirement, load_catalogue
from contract_tests.outcome.checks_json import from_lines, lines
from contract_tests.outcome.json_values import MalformedError
from contract_tests.outcome.known import Kind, Known
from contract_tests.outcome.load_figures import LoadFigures, OperationFigures
from contract_tests.outcome.run import Observation, Outcome, Result, Run
from contract_tests.outcome.run_json import from_json, to_json
from contract_tests.outcome.tally import Evidence
from contract_tests.reports import checks_jsonl, report_json
from tests.reports import samples

SAMPLES = {
    "good": samples.good(),
    "imperfect": samples.imperfect(),
    "strict": samples.strict(),
    "known": samples.known("create.priority-default"),
    "marked": samples.marked(),
    "cut short": samples.cut_short(),
    "under load": samples.under_load(),
    "empty": replace(samples.good(), results=(), choices={}),
}

TEXTS = st.text(max_size=8)
COUNTS = st.integers(0, 2**53 - 1)
NUMBERS = st.floats(0, 1e6, allow_nan=False)
MANY_TEXTS = st.lists(TEXTS, max_size=3).map(tuple)
JSON = st.recursive(
    st.none() | st.booleans() | COUNTS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(TEXTS, JSON, max_size=3)
EVIDENCE = st.builds(
    Evidence,
    *[TEXTS] * 3,
    request=OBJECTS,
    response=st.none() | OBJECTS,
    curl=TEXTS,
    test=TEXTS,
    where=TEXTS,
    marked=st.none() | st.tuples(COUNTS, COUNTS),
    steps=st.lists(OBJECTS, max_size=2).map(tuple),
    reproduced=st.booleans(),
    form=st.just(""),
)
REQUIREMENTS = st.builds(
    Requirement, TEXTS, st.sampled_from(Level), TEXTS, TEXTS, TEXTS, COUNTS, COUNTS, needs=MANY_TEXTS, after=MANY_TEXTS
)
OPERATIONS = st.builds(OperationFigures, TEXTS, COUNTS, COUNTS, *[NUMBERS] * 4)
LOADS = st.builds(
    LoadFigures,
    users=COUNTS,
    spawn_rate=NUMBERS,
    processes=COUNTS,
    duration_s=NUMBERS,
    requests=COUNTS,
    requests_per_second=NUMBERS,
    waits=COUNTS,
    waited_s=NUMBERS,
    unanswered=COUNTS,
    writes_in_doubt=COUNTS,
    generator_busy=st.booleans(),
    operations=st.lists(OPERATIONS, max_size=2).map(tuple),
)


KNOWN = st.just(Known()) | st.builds(
    Known, st.sampled_from([Kind.NOT_YET, Kind.NEVER]), TEXTS, TEXTS, st.integers(-9999, 9999), TEXTS
)


def runs(load: st.SearchStrategy[LoadFigures | None], seconds: st.SearchStrategy[float]) -> st.SearchStrategy[Run]:
    results = st.builds(
        Result,
        REQUIREMENTS,
        st.sampled_from(Outcome),
        COUNTS,
        COUNTS,
        TEXTS,
        evidence=st.lists(EVIDENCE, max_size=2).map(tuple),
        causes=MANY_TEXTS,
        seconds=seconds,
        server_errors=COUNTS,
        undecided=MANY_TEXTS,
        since=COUNTS,
    )
    return st.builds(
        Run,
        id=TEXTS,
        seed=st.integers(-(2**53) + 1, 2**53 - 1),
        effort=st.sampled_from(["quick", "standard", "thorough", "load"]),
        workers=COUNTS,
        started_at=TEXTS,
        duration_s=NUMBERS,
        requests=COUNTS,
        suite_version=TEXTS,
        spec_sha256=TEXTS,
        requirements_sha256=TEXTS,
        base_url=TEXTS,
        keys=st.dictionaries(TEXTS, TEXTS, max_size=2),
        strict=st.booleans(),
        results=st.lists(results, max_size=2).map(tuple),
        choices=st.dictionaries(TEXTS, st.builds(Observation, st.none() | TEXTS, TEXTS), max_size=2),
        problems=MANY_TEXTS,
        tracebacks=MANY_TEXTS,
        left_out=MANY_TEXTS,
        kill_score=OBJECTS,
        horizon_s=NUMBERS,
        requests_by_area=st.dictionaries(TEXTS, COUNTS, max_size=2),
        known=st.dictionaries(TEXTS, KNOWN, max_size=3),
        catalogue=COUNTS,
        pinned=st.booleans(),
        load=load,
    )


# A load does not measure seconds for each requirement.
RUNS = runs(st.none(), NUMBERS) | runs(LOADS, st.just(0.0))


@settings(deadline=None)
@given(RUNS)
def test_any_run_is_read_as_it_was_written(run: Run) -> None:
    assert from_json(json.loads(json.dumps(to_json(run), allow_nan=False))) == run


@pytest.mark.parametrize("run", SAMPLES.values(), ids=SAMPLES.keys())
def test_a_report_is_read_as_the_run_that_it_was_written_from(run: Run) -> None:
    assert from_json(json.loads(report_json.render(run))) == run


def test_members_that_a_later_version_added_are_overlooked() -> None:
    document = json.loads(report_json.render(samples.imperfect()))
    document["later"] = document["run"]["later"] = document["requirements"][0]["later"] = {"any": "thing"}
    assert from_json(document) == samples.imperfect()


def test_a_report_of_an_earlier_version_lacks_members_and_is_read() -> None:
    document = json.loads(report_json.render(samples.imperfect()))
    for entry in document["requirements"]:
        for name in ("exercise", "needs", "after", "server_errors", "undecided", "causes", "seconds"):
            entry.pop(name, None)
    run = from_json(document)
    outcomes = [(result.requirement.id, result.outcome) for result in samples.imperfect().results]
    assert [(result.requirement.id, result.outcome) for result in run.results] == outcomes


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("schema", "accord/report/2"),
        ("run.seed", "1"),
        ("run.seed", True),
        ("run.effort", "fast"),
        ("run.strict", 1),
        ("run.problems", "none"),
        ("run.problems.0", None),
        ("run.baseline", None),
        ("suite.catalogue.version", "2"),
        ("suite.catalogue.pinned", 1),
        ("run.duration_s", -1),
        ("run.duration_s", 10**400),
        ("run.duration_s", float("nan")),
        ("target.keys.server", 1),
        ("requirements", {}),
        ("requirements.3", []),
        ("requirements.3.level", "MAY"),
        ("requirements.3.outcome", "fine"),
        ("requirements.3.exercised", -1),
        ("requirements.3.undecided", "why"),
        ("requirements.3.evidence", None),
        ("choices", []),
        ("choices.any.observed", 1),
        ("load", {}),
    ],
)
def test_what_is_no_report_is_refused_by_its_place(place: str, value: Any) -> None:
    document = json.loads(report_json.render(replace(samples.cut_short(), choices={"any": Observation("x", "y")})))
    *path, last = place.split(".")
    whole: Any = document
    for step in path:
        whole = whole[int(step) if isinstance(whole, list) else step]
    whole[int(last) if isinstance(whole, list) else last] = value
    with pytest.raises(MalformedError) as caught:
        from_json(document)
    assert caught.value.place == (f"{place}.users" if place == "load" else place)


def without_evidence(run: Run) -> list[Any]:
    """Return what a run says of each requirement, except for the evidence and the reason that comes from it."""
    return [
        (one.requirement, one.outcome, one.exercised, one.violations, one.server_errors, one.undecided, one.causes, one.seconds)
        for one in run.results
    ]


@pytest.mark.parametrize("name", [name for name in SAMPLES if name != "empty"])
def test_the_lines_of_a_check_log_are_read_as_they_were_written(name: str) -> None:
    run = SAMPLES[name]
    found = from_lines(checks_jsonl.render(run).splitlines(), load_catalogue())
    assert found.log == run.log
    assert without_evidence(found) == without_evidence(run)
    assert (found.verdict, found.exit_code, found.counts) == (run.verdict, run.exit_code, run.counts)


@pytest.mark.parametrize(
    ("number", "line", "place"),
    [
        (0, "", "line 1"),
        (0, '{"schema":"accord/report/1"}', "line 1.schema"),
        (1, "[]", "line 2"),
        (1, "{", "line 2"),
        (1, "[" * 100_000, "line 2"),
        (2, '{"test":"x","took":-1,"requirements":[]}', "line 3.took"),
        (2, '{"test":"x","requirement":"a","passed":"yes"}', "line 3.passed"),
        (2, '{"test":"x","requirement":"a","passed":true,"exchange":1.5}', "line 3.exchange"),
        (2, '{"test":"x","requirement":"a","undecided":null}', "line 3.undecided"),
    ],
)
def test_what_is_no_check_log_is_refused_by_its_line(number: int, line: str, place: str) -> None:
    written = list(lines(samples.good()))
    written[number] = line
    with pytest.raises(MalformedError) as caught:
        from_lines(written, load_catalogue())
    assert caught.value.place == place


def test_a_check_log_of_another_catalogue_is_refused() -> None:
    written = list(lines(replace(samples.good(), requirements_sha256="0" * 64)))
    with pytest.raises(MalformedError, match="requirements_sha256"):
        from_lines(written, load_catalogue())
    with pytest.raises(MalformedError, match="line 1"):
        from_lines([], load_catalogue())
