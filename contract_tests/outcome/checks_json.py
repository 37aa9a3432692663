"""The check log of a run as the lines of checks.jsonl, and back.

The first line says what was run and by which terms; each of the others is an entry:

    {"requirement":"create.status","test":"test_create.py::test_x","passed":true,"exchange":12,"seconds":0.31}
    {"requirement":"create.status","test":"test_create.py::test_x","undecided":"No response to POST …"}
    {"test":"test_create.py::test_x","took":0.012,"requirements":["create.status"]}

A check may have `times` (1 where it does not say), `server_error` (false) and `why` (empty). It, and what is undecided, may have
`since` (1): the version of the catalogue that first had it. Any entry may have `worker` (the only one).
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from functools import cache

from contract_tests.contract.catalogue import Catalogue
from contract_tests.contract.versions import newest
from contract_tests.outcome.checks import Check, CheckLog, Entry, Terms, Took, Undecided
from contract_tests.outcome.conclude import folded
from contract_tests.outcome.json_values import MalformedError, Value
from contract_tests.outcome.run import Run
from contract_tests.outcome.run_json import head_from_json, head_to_json

SCHEMA = "accord/checks/1"


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def lines(run: Run, spelled: Callable[[object], str] = _compact) -> Iterator[str]:
    """Yield the lines of a run's log, without their ends. `spelled` writes a value of JSON on one line."""
    yield spelled({"schema": SCHEMA, **head_to_json(run), "terms": asdict(run.log.terms)})
    # Ids and names of tests are the same in thousands of lines.
    text = cache(spelled)
    for entry in run.log.entries:
        yield _line(entry, text)


def _line(entry: Entry, text: Callable[[object], str]) -> str:
    worker = f',"worker":{text(entry.worker)}' if entry.worker else ""
    if isinstance(entry, Took):
        return f'{{"test":{text(entry.test)},"took":{entry.seconds!r},"requirements":{text(entry.requirements)}{worker}}}'
    newer = f',"since":{entry.since}' if entry.since != 1 else ""
    begin = f'{{"requirement":{text(entry.requirement)},"test":{text(entry.test)}'
    if isinstance(entry, Undecided):
        return f'{begin},"undecided":{text(entry.why)}{newer}{worker}}}'
    passed = "true" if entry.passed else "false"
    made = f'{begin},"passed":{passed},"exchange":{entry.exchange},"seconds":{entry.seconds!r}'
    times = f',"times":{entry.times}' if entry.times != 1 else ""
    failed = ',"server_error":true' if entry.server_error else ""
    why = f',"why":{text(entry.why)}' if entry.why else ""
    return f"{made}{times}{failed}{why}{newer}{worker}}}"


def from_lines(written: Iterable[str], catalogue: Catalogue) -> Run:
    """Return the run that follows from the lines of a check log: its outcomes and its verdict, without evidence and choices.

    Raises MalformedError, which names the line and the place in it, where the lines are no check log, or one of another catalogue.
    """
    values = (_value(number, line) for number, line in enumerate(written, 1))
    head = next(values, Value(None, "line 1"))
    head.member("schema").among((SCHEMA,))
    head.member("suite").member("requirements_sha256").among((catalogue.requirements_sha256,))
    log = CheckLog(_terms(head.member("terms"), catalogue), tuple(map(_entry, values)))
    return Run(**head_from_json(head), results=folded(catalogue, log), choices={}, log=log)


def _value(number: int, line: str) -> Value:
    place = f"line {number}"
    try:
        return Value(json.loads(line), place)
    except (ValueError, RecursionError) as error:
        raise MalformedError(place) from error


def _terms(value: Value, catalogue: Catalogue) -> Terms:
    selected = value.member("selected")
    names = tuple(catalogue.requirements)
    return Terms(
        tuple(one.among(names) for one in selected.items()),
        value.member("missing").texts_by_name(),
        value.member("inapplicable").texts_by_name(),
        value.member("left_alone").texts_by_name(),
        # Logs of earlier versions do not have it.
        value.member("catalogue").count() if value.has("catalogue") else newest(),
    )


def _entry(line: Value) -> Entry:
    test, worker = line.member("test").text(), line.member("worker").text() if line.has("worker") else ""
    if line.has("took"):
        return Took(test, line.member("took").number(), line.member("requirements").texts(), worker)
    requirement = line.member("requirement").text()
    since = line.member("since").count() if line.has("since") else 1
    if line.has("undecided"):
        return Undecided(requirement, test, line.member("undecided").text(), worker, since)
    return Check(
        requirement,
        test,
        line.member("passed").truth(),
        line.member("exchange").count(),
        line.member("seconds").number(),
        line.member("times").count() if line.has("times") else 1,
        line.member("server_error").truth() if line.has("server_error") else False,
        line.member("why").text() if line.has("why") else "",
        worker,
        since,
    )
