"""How a run came to the outcome of a requirement: the tests that exercised it, and the requests that each looked at."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase

from accord.base.errors import AccordError
from accord.base.visible import on_one_line
from contract_tests.contract.catalogue import Catalogue
from contract_tests.outcome.checks import Check, Undecided
from contract_tests.outcome.exchanges import KeptExchange, exchange_in
from contract_tests.outcome.run import Result, Run
from contract_tests.reports.text import number_of

MOST_TESTS, MOST_CHECKS = 20, 10
"""Tests of one requirement, and checks of one test, that are shown; of more it is said how many there are."""

_LONGEST = 100
"""Characters of a request's target."""


def explainable(catalogue: Catalogue, globs: Iterable[str]) -> tuple[str, ...]:
    """Return the ids that patterns name, in the order of the catalogue. Raises AccordError for one that names none."""
    ids = tuple(catalogue.requirements)
    found: set[str] = set()
    for glob in globs:
        named = {one for one in ids if fnmatchcase(one, glob)}
        if not named:
            near = get_close_matches(glob, ids, 3, 0.5)
            hint = f"The nearest are {', '.join(near)}." if near else "List them with `accord requirements`."
            raise AccordError(f"--explain {glob!r} names no requirement.", hint)
        found |= named
    return tuple(one for one in ids if one in found)


def render(run: Run, ids: Iterable[str]) -> str:
    """Return what is said of these requirements, each with its tests and their requests: failures first."""
    results = {result.requirement.id: result for result in run.results}
    kept = map(exchange_in, run.exchanges.lines)
    requests = {(one.worker, one.number): _request(one) for one in kept}
    lines: list[str] = []
    for name in ids:
        lines += ["", *(_explained(run, results[name], requests) if name in results else [f"{name}  was not selected"])]
    return "\n".join([*lines, ""])


def _explained(run: Run, result: Result, requests: Mapping[tuple[str, int], str]) -> Iterator[str]:
    name = result.requirement.id
    checks: dict[str, list[Check]] = {}
    undecided: list[Undecided] = []
    for entry in run.log.entries:
        if isinstance(entry, Check) and entry.requirement == name:
            checks.setdefault(entry.test, []).append(entry)
        elif isinstance(entry, Undecided) and entry.requirement == name:
            undecided.append(entry)
    outcome = result.outcome.replace("_", " ")
    looked = f"{number_of(result.exercised, 'check')} in {number_of(len(checks), 'test')}"
    yield f"{name}  {result.requirement.level}  {outcome}  {looked}"
    yield f"  {result.requirement.text}"
    if result.reason:
        yield f"  {on_one_line(result.reason)}"
    for one in undecided[:MOST_TESTS]:
        yield f"  {one.test}  undecided: {on_one_line(one.why)}"
    yield from _more(len(undecided) - MOST_TESTS, "  and {} more that were undecided")
    ordered = sorted(checks.items(), key=lambda found: all(check.passed for check in found[1]))
    for test, made in ordered[:MOST_TESTS]:
        yield f"  {on_one_line(test)}"
        yield from _checks(made, requests)
    yield from _more(len(ordered) - MOST_TESTS, "  and {} more tests")


def _checks(made: Sequence[Check], requests: Mapping[tuple[str, int], str]) -> Iterator[str]:
    ordered = sorted(made, key=lambda check: check.passed)
    for check in ordered[:MOST_CHECKS]:
        worker = f"{check.worker} " if check.worker else ""
        request = requests.get((check.worker, check.exchange), "a request that was not kept")
        times = f"  (the last of {check.times} alike)" if check.times > 1 else ""
        why = "" if check.passed else f"  {on_one_line(check.why)}"
        yield f"    {'passed' if check.passed else 'FAILED'}  {worker}#{check.exchange}  {request}{times}{why}"
    yield from _more(sum(check.times for check in ordered[MOST_CHECKS:]), "    and {} more checks")


def _more(number: int, sentence: str) -> Iterator[str]:
    if number > 0:
        yield sentence.format(f"{number:,}")


def _request(found: KeptExchange) -> str:
    target = found.target if len(found.target) <= _LONGEST else f"{found.target[:_LONGEST]}…"
    return f"{on_one_line(found.method)} {on_one_line(target)}  {found.status or 'no response'}"
