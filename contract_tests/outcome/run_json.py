"""A run as the values of JSON that report.json holds, and back.

Both are exact: a run that is written and read again is equal to the one before, but for its check log, which is a file by itself.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from contract_tests.contract.catalogue import Level, Requirement
from contract_tests.outcome.json_values import MalformedError, Value
from contract_tests.outcome.known import Kind, Known, from_baseline
from contract_tests.outcome.load_figures import LoadFigures, OperationFigures
from contract_tests.outcome.run import Observation, Outcome, Result, Run
from contract_tests.outcome.tally import Evidence

SCHEMA = "accord/report/1"

_EFFORTS = ("quick", "standard", "thorough", "load")


def to_json(run: Run) -> dict[str, Any]:
    """Return a run as values of JSON; tuples are its arrays."""
    return {
        "schema": SCHEMA,
        **head_to_json(run),
        "verdict": run.verdict,
        "exit_code": run.exit_code,
        "counts": run.counts,
        "requirements": [_result_to_json(run, result) for result in run.results],
        "choices": {name: asdict(observation) for name, observation in run.choices.items()},
        **({"load": asdict(run.load)} if run.load is not None else {}),
    }


def head_to_json(run: Run) -> dict[str, Any]:
    """Return what is known of a run apart from what it found: the members `suite`, `target` and `run`."""
    named = {name: asdict(known) for name, known in run.known.items() if known.kind is not Kind.BASELINE}
    return {
        "suite": {
            "version": run.suite_version,
            "spec_sha256": run.spec_sha256,
            "requirements_sha256": run.requirements_sha256,
            **({"excludes_sha256": run.excludes_sha256} if run.excludes_sha256 else {}),
            "catalogue": {"version": run.catalogue, "pinned": run.pinned},
            "kill_score": run.kill_score,
        },
        "target": {"base_url": run.base_url, "keys": run.keys, **run.access},
        "run": {
            "id": run.id,
            "seed": run.seed,
            "effort": run.effort,
            "workers": run.workers,
            **({"workers_reason": run.workers_reason} if run.workers_reason else {}),
            **({"conversations": run.conversations} if run.conversations else {}),
            "strict": run.strict,
            "started_at": run.started_at,
            "duration_s": run.duration_s,
            "requests": run.requests,
            **({"horizon_s": run.horizon_s} if run.horizon_s else {}),
            **({"requests_by_area": dict(run.requests_by_area)} if run.requests_by_area else {}),
            "problems": run.problems,
            "tracebacks": run.tracebacks,
            "left_out": run.left_out,
            "baseline": [name for name, known in run.known.items() if known.kind is Kind.BASELINE],
            **({"known": named} if named else {}),
            **({"excluded": dict(run.excluded)} if run.excluded else {}),
            **({"unsupported": dict(run.unsupported)} if run.unsupported else {}),
        },
    }


def _result_to_json(run: Run, result: Result) -> dict[str, Any]:
    requirement, standing = result.requirement, run.standing(result)
    return {
        "id": requirement.id,
        "level": requirement.level,
        "source": requirement.source,
        "operation": requirement.operation,
        "text": requirement.text,
        "exercise": requirement.exercise,
        "since": requirement.since,
        **({"needs": requirement.needs} if requirement.needs else {}),
        **({"after": requirement.after} if requirement.after else {}),
        "outcome": result.outcome,
        **({"standing": standing} if standing is not None else {}),
        "exercised": result.exercised,
        "violations": result.violations,
        **({"server_errors": result.server_errors} if result.server_errors else {}),
        **({"undecided": result.undecided} if result.undecided else {}),
        **({"causes": result.causes} if result.causes else {}),
        **({"outcome_since": result.since} if result.since != requirement.since else {}),
        "reason": result.reason,
        **({"seconds": result.seconds} if run.load is None else {}),
        "evidence": [evidence_to_json(evidence) for evidence in result.evidence],
    }


def evidence_to_json(evidence: Evidence) -> dict[str, Any]:
    """Return one violation as values of JSON, without its form, which is no part of a report."""
    return {name: value for name, value in asdict(evidence).items() if name != "form" and (name, value) != ("since", 1)}


def from_json(document: object) -> Run:
    """Return the run that a report.json holds. Raises MalformedError, which names the place, where it holds none.

    What the report says of its verdict, its counts and its standings is not used: they follow from the rest. Members that are not
    known are overlooked: a later version may have added them.
    """
    whole = Value(document)
    whole.member("schema").among((SCHEMA,))
    loaded = _load(whole.member("load")) if whole.has("load") else None
    return Run(
        **head_from_json(whole),
        results=tuple(_result(entry, timed=loaded is None) for entry in whole.member("requirements").items()),
        choices={name: _observation(entry) for name, entry in whole.member("choices").members()},
        load=loaded,
    )


def head_from_json(whole: Value) -> dict[str, Any]:
    """Return the fields of a run that `head_to_json` wrote, by their names. Raises MalformedError where one is not there."""
    suite, target, run = (whole.member(name) for name in ("suite", "target", "run"))
    return {
        "suite_version": suite.member("version").text(),
        "spec_sha256": suite.member("spec_sha256").text(),
        "requirements_sha256": suite.member("requirements_sha256").text(),
        "kill_score": suite.member("kill_score").mapping(),
        "base_url": target.member("base_url").text(),
        "keys": target.member("keys").texts_by_name(),
        "access": _access(target),
        "id": run.member("id").text(),
        "seed": run.member("seed").whole(),
        "effort": run.member("effort").among(_EFFORTS),
        "workers": run.member("workers").count(),
        "workers_reason": run.member("workers_reason").text() if run.has("workers_reason") else "",
        "conversations": (
            {name: value.count() for name, value in run.member("conversations").members()} if run.has("conversations") else {}
        ),
        "strict": run.member("strict").truth(),
        "started_at": run.member("started_at").text(),
        "duration_s": run.member("duration_s").number(),
        "requests": run.member("requests").count(),
        "horizon_s": run.member("horizon_s").number() if run.has("horizon_s") else 0.0,
        "requests_by_area": _counts(run, "requests_by_area"),
        "problems": run.member("problems").texts(),
        "tracebacks": _texts(run, "tracebacks"),
        "left_out": run.member("left_out").texts(),
        "known": {**from_baseline(run.member("baseline").texts()), **_known(run)},
        "excludes_sha256": suite.member("excludes_sha256").text() if suite.has("excludes_sha256") else "",
        "excluded": run.member("excluded").texts_by_name() if run.has("excluded") else {},
        "unsupported": run.member("unsupported").texts_by_name() if run.has("unsupported") else {},
        **_catalogue(suite),
    }


def _access(target: Value) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if target.has("headers"):
        found["headers"] = target.member("headers").texts_by_name()
    if target.has("insecure"):
        found["insecure"] = target.member("insecure").truth()
    if target.has("proxy"):
        found["proxy"] = target.member("proxy").text()
    return found


def _counts(run: Value, name: str) -> dict[str, int]:
    """Counts by name; none in reports of earlier versions."""
    return {area: count.count() for area, count in run.member(name).members()} if run.has(name) else {}


def _catalogue(suite: Value) -> dict[str, Any]:
    """The version of the catalogue, which reports of earlier versions do not have."""
    if not suite.has("catalogue"):
        return {}
    return {
        "catalogue": suite.member("catalogue").member("version").count(),
        "pinned": suite.member("catalogue").member("pinned").truth(),
    }


def _known(run: Value) -> dict[str, Known]:
    return {name: _known_failure(entry) for name, entry in run.member("known").members()} if run.has("known") else {}


def _known_failure(entry: Value) -> Known:
    return Known(
        entry.member("kind").one_of(Kind),
        entry.member("reason").text(),
        entry.member("until").text(),
        entry.member("days").whole(),
        entry.member("where").text(),
    )


def _result(entry: Value, *, timed: bool) -> Result:
    since = entry.member("since").count() if entry.has("since") else 1
    return Result(
        Requirement(
            entry.member("id").text(),
            entry.member("level").one_of(Level),
            entry.member("source").text(),
            entry.member("operation").text(),
            entry.member("text").text(),
            # Reports of earlier versions do not have it.
            entry.member("exercise").count() if entry.has("exercise") else 1,
            since,
            _texts(entry, "needs"),
            _texts(entry, "after"),
        ),
        entry.member("outcome").one_of(Outcome),
        entry.member("exercised").count(),
        entry.member("violations").count(),
        entry.member("reason").text(),
        tuple(_evidence(one) for one in entry.member("evidence").items()),
        _texts(entry, "causes"),
        entry.member("seconds").number() if timed and entry.has("seconds") else 0.0,
        entry.member("server_errors").count() if entry.has("server_errors") else 0,
        _texts(entry, "undecided"),
        entry.member("outcome_since").count() if entry.has("outcome_since") else since,
    )


def _texts(whole: Value, name: str) -> tuple[str, ...]:
    """The texts of a member that is left out where there are none."""
    return whole.member(name).texts() if whole.has(name) else ()


def _evidence(entry: Value) -> Evidence:
    response = entry.member("response")
    return Evidence(
        summary=entry.member("summary").text(),
        expected=entry.member("expected").text(),
        actual=entry.member("actual").text(),
        request=entry.member("request").mapping(),
        response=None if response.found is None else response.mapping(),
        curl=entry.member("curl").text(),
        test=entry.member("test").text(),
        where=entry.member("where").text() if entry.has("where") else "",
        marked=_marked(entry.member("marked")) if entry.has("marked") else None,
        steps=tuple(step.mapping() for step in entry.member("steps").items()) if entry.has("steps") else (),
        reproduced=entry.member("reproduced").truth() if entry.has("reproduced") else False,
        since=entry.member("since").count() if entry.has("since") else 1,
        sign=entry.member("sign").mapping() if entry.has("sign") else {},
    )


def _marked(value: Value) -> tuple[int, int] | None:
    if value.found is None:
        return None
    numbers = [item.count() for item in value.items()]
    if len(numbers) != 2:
        raise MalformedError(value.place)
    return numbers[0], numbers[1]


def _observation(entry: Value) -> Observation:
    observed = entry.member("observed")
    return Observation(None if observed.found is None else observed.text(), entry.member("evidence").text())


def _load(entry: Value) -> LoadFigures:
    return LoadFigures(
        users=entry.member("users").count(),
        spawn_rate=entry.member("spawn_rate").number(),
        processes=entry.member("processes").count(),
        duration_s=entry.member("duration_s").number(),
        requests=entry.member("requests").count(),
        requests_per_second=entry.member("requests_per_second").number(),
        waits=entry.member("waits").count(),
        waited_s=entry.member("waited_s").number(),
        unanswered=entry.member("unanswered").count(),
        writes_in_doubt=entry.member("writes_in_doubt").count(),
        generator_busy=entry.member("generator_busy").truth(),
        operations=tuple(_operation(one) for one in entry.member("operations").items()),
    )


def _operation(entry: Value) -> OperationFigures:
    numbers: Mapping[str, float] = {name: entry.member(name).number() for name in ("p50_ms", "p95_ms", "p99_ms", "slowest_ms")}
    return OperationFigures(
        entry.member("operation").text(), entry.member("requests").count(), entry.member("errors").count(), **numbers
    )
