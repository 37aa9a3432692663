"""Why a run cannot be certified: each reason in one sentence that says what is missing."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from contract_tests.certification.product import Product
from contract_tests.contract.catalogue import Catalogue, Level
from contract_tests.contract.document import load_contract
from contract_tests.contract.excludes import load_excludes
from contract_tests.contract.versions import newest
from contract_tests.outcome.run import Outcome, Run, Verdict

EFFORT = "thorough"

OLDEST = timedelta(days=90)
"""How old a run may be when it is certified."""


def obstacles(run: Run, product: Product, catalogue: Catalogue, issued: datetime, *, lowered: bool = False) -> list[str]:
    """Return why a run, with what its vendor declares, cannot be certified at a moment; nothing where it can.

    With `lowered`, it is no obstacle that the run left out what a higher effort does: its bundle is never valid anyway.
    """
    return [*([] if lowered else _left_out(run)), *_obstacles(run, product, catalogue, issued)]


def foreseen(missing: Mapping[str, str], product: Product, catalogue: Catalogue) -> list[str]:
    """Return why a run without certain inputs could not be certified, whatever it finds; `missing` is as in `Terms`.

    It would leave out what is not declared unsupported, or test what is.
    """
    declared = product.unsupported_in(catalogue)
    lacking: dict[str, list[str]] = {}
    for one in catalogue:
        options = [missing[need] for need in one.needs if need in missing]
        if options and one.level is Level.MUST and one.id not in declared:
            lacking.setdefault(" and ".join(options), []).append(one.id)
    tested = [name for name in declared if not any(need in missing for need in catalogue[name].needs)]
    return [
        *(
            f"Without {options}, {_some(names)} would not be tested, and product.yaml does not declare that unsupported."
            for options, names in lacking.items()
        ),
        *(
            [f"product.yaml declares {_some(tested)} unsupported, which would be tested with the keys that were given."]
            if tested
            else []
        ),
    ]


def _left_out(run: Run) -> Iterator[str]:
    if run.effort != EFFORT:
        yield f"The run has the effort {run.effort}, and {EFFORT} is needed."
    elif run.left_out:
        yield f"The run left something out ({run.left_out[0]}), and a whole one is needed."


def _obstacles(run: Run, product: Product, catalogue: Catalogue, issued: datetime) -> Iterator[str]:
    if run.verdict is not Verdict.CONFORMANT:
        yield f"The run is {run.verdict}, and only a conformant one can be certified."
    if run.load is not None:
        yield "The run is one of `accord load`, and one of `accord certify` is needed."
    if run.known:
        yield f"The run has a baseline or known failures ({', '.join(list(run.known)[:3])}), and none may be given."
    if run.spec_sha256 != load_contract().sha256:
        yield "The run judged by another contract document than this version's, and the shipped one is needed."
    if run.requirements_sha256 != catalogue.requirements_sha256:
        yield "The run judged by another catalogue of requirements than this version's, and the shipped one is needed."
    if run.excludes_sha256 != load_excludes().sha256:
        yield "The run left out other requirements than this version's excludes.yaml, and the shipped one is needed."
    if run.catalogue < newest():
        yield f"The run is pinned to version {run.catalogue} of the catalogue, and version {newest()} is needed."
    age = issued - moment_of(run.started_at)
    if age > OLDEST:
        yield f"The run is {age.days} days old, and one of at most {OLDEST.days} days is needed."
    if age < timedelta(days=-1):
        yield "The run began after the certificate was issued."
    yield from _skips(run, product, catalogue)


def _skips(run: Run, product: Product, catalogue: Catalogue) -> Iterator[str]:
    declared = product.unsupported_in(catalogue)
    for glob in product.unsupported:
        if not any(name for name in declared if product.unsupported_in(catalogue)[name] == product.unsupported[glob]):
            yield f"product.yaml declares {glob} unsupported, which names no requirement."
    tested = {result.requirement.id: result for result in run.results}
    absent = [one.id for one in catalogue if one.level is Level.MUST and one.id not in tested]
    if absent:
        yield f"{_some(absent)} of the catalogue {'was' if len(absent) == 1 else 'were'} not part of the run, and all are needed."
    for name in declared:
        if name in tested and tested[name].outcome is not Outcome.NOT_TESTED:
            yield f"product.yaml declares {name} unsupported, and the run tested it: it is {tested[name].outcome}."
        if not catalogue[name].needs:
            yield f"product.yaml declares {name} unsupported, which every server has to support."
    undeclared: dict[str, list[str]] = {}
    for result in run.with_outcome(Outcome.NOT_TESTED):
        if result.requirement.level is Level.MUST and result.requirement.id not in declared:
            undeclared.setdefault(result.reason, []).append(result.requirement.id)
    for reason, names in undeclared.items():
        yield f"{_some(names)} not tested and not declared unsupported in product.yaml. {reason}"


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{', '.join(names[:3])}{more}"


def moment_of(text: str) -> datetime:
    """Return the moment that a text of ISO 8601 names; the beginning of all time where it names none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
