"""From tallies to results.

The level of a requirement decides between failure and warning here and nowhere else.
"""

from collections.abc import Mapping
from dataclasses import replace

from contract_tests.contract.catalogue import Catalogue, Level, Requirement
from contract_tests.contract.versions import newest
from contract_tests.outcome.checks import CheckLog, Terms, fold
from contract_tests.outcome.run import Outcome, Result
from contract_tests.outcome.tally import Tally

NO_SERVER_ERROR = "any.no-server-error"
"""What every response exercises. A server error fails it, and the requirement of the request that met with it as well."""


def results_of(catalogue: Catalogue, terms: Terms, tallies: Mapping[str, Tally]) -> tuple[Result, ...]:
    """Return a result for each requirement that was selected, in the order of the catalogue."""
    selected = {name: tallies.get(name) or Tally() for name in terms.selected}
    results = conclude(catalogue, selected, terms.missing, terms.inapplicable, terms.catalogue)
    return tuple(_left_alone(result, terms.left_alone) for result in results)


def folded(catalogue: Catalogue, log: CheckLog) -> tuple[Result, ...]:
    """Return the results that follow from a check log: those of its run, without evidence."""
    return results_of(catalogue, log.terms, fold(log.entries))


def _left_alone(result: Result, reasons: Mapping[str, str]) -> Result:
    requirement, reason = result.requirement, reasons.get(result.requirement.id)
    return result if reason is None else Result(requirement, Outcome.NOT_TESTED, reason=reason, since=requirement.since)


def conclude(
    catalogue: Catalogue,
    tallies: Mapping[str, Tally],
    missing: Mapping[str, str],
    inapplicable: Mapping[str, str] = {},
    version: int | None = None,
) -> tuple[Result, ...]:
    """Return a result for each requirement that has a tally; `missing` and `inapplicable` are as in `Terms`.

    `version` is that of the catalogue to judge by, by default the newest. What only a newer version finds broken is not taken for
    a cause of anything else.
    """
    version = newest() if version is None else version
    broken = {name for name, tally in tallies.items() if tally.violations and max(tally.since, catalogue[name].since) <= version}
    server_errors = NO_SERVER_ERROR in broken
    causes = {requirement.id: _presupposed(catalogue, requirement) & broken for requirement in catalogue}
    return tuple(
        _result(one, tallies[one.id], causes[one.id], missing, inapplicable, version, server_errors=server_errors)
        for one in catalogue
        if one.id in tallies
    )


def _presupposed(catalogue: Catalogue, requirement: Requirement) -> set[str]:
    """All that a requirement comes after, and what that comes after."""
    found: set[str] = set()
    left = list(requirement.after)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += catalogue[name].after
    return found


def _result(
    requirement: Requirement,
    tally: Tally,
    causes: set[str],
    missing: Mapping[str, str],
    inapplicable: Mapping[str, str],
    version: int,
    *,
    server_errors: bool,
) -> Result:
    def result(outcome: Outcome, reason: str = "", since: int = 1) -> Result:
        return Result(
            requirement,
            outcome,
            tally.exercised,
            tally.violations,
            reason,
            tuple(tally.evidence),
            seconds=round(tally.seconds, 3),
            server_errors=tally.server_errors,
            undecided=tuple(why for _, why in tally.reasons),
            since=max(requirement.since, since),
        )

    undecided_since, undecided = tally.reasons[0] if tally.reasons else (0, "")
    few = f"It was exercised {tally.exercised} times; {requirement.exercise} are needed to decide."
    few = few if tally.exercised < requirement.exercise else ""
    if tally.since > version and requirement.since <= version and (few or 0 < undecided_since <= version):
        # Judged by that version alone it is undecided, whatever newer checks found.
        return result(Outcome.INCONCLUSIVE, undecided if 0 < undecided_since <= version else few)
    if tally.violations and causes:
        told = result(Outcome.INCONCLUSIVE, f"It presupposes {', '.join(sorted(causes))}, which failed.", tally.since)
        return replace(told, causes=tuple(sorted(causes)))
    if tally.violations:
        bad = Outcome.FAILED if requirement.level is Level.MUST else Outcome.WARNED
        told = result(
            bad,
            tally.evidence[0].summary if tally.evidence else "It was violated; the run ended before it was recorded how.",
            tally.since,
        )
        # The one response violates both, and is one thing to fix.
        only_by_errors = tally.server_errors == tally.violations and requirement.id != NO_SERVER_ERROR and server_errors
        return replace(told, causes=(NO_SERVER_ERROR,)) if only_by_errors else told
    foreign = [inapplicable[need] for need in requirement.needs if need in inapplicable]
    if foreign:
        return result(Outcome.NOT_TESTED, foreign[0])
    lacking = [missing[need] for need in requirement.needs if need in missing]
    if lacking:
        return result(Outcome.NOT_TESTED, f"Give {' and '.join(lacking)} to test it.")
    if undecided_since and not (few and undecided_since > version):
        return result(Outcome.INCONCLUSIVE, undecided, undecided_since)
    if few:
        return result(Outcome.INCONCLUSIVE, few)
    return result(Outcome.PASSED)
