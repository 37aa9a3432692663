"""What checking a bundle says to people, and what it does not prove."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from contract_tests.certification.checking import Checked
from contract_tests.certification.rules import Extent
from contract_tests.contract.catalogue import load_catalogue

_MOST = 20
"""Findings that are told; of more it is said how many there are."""

PROVES = (
    "This proves that the bundle is consistent and who holds the key that signed it: the verdict follows from the recorded checks,",
    "and those are borne out by the recorded exchanges. It does not prove that the server sent them: `accord reverify` asks again.",
)


def lines(checked: Checked) -> Iterator[str]:
    """Yield what is said of a bundle that was checked."""
    about, said = checked.product, checked.certificate
    if about is not None:
        yield f"{'VALID' if checked.valid else 'NOT VALID'}  {about.title}"
    else:
        yield "NOT VALID"
    for finding in checked.findings[:_MOST]:
        yield f"  {finding}"
    if len(checked.findings) > _MOST:
        yield f"  and {len(checked.findings) - _MOST:,} more"
    if not checked.valid or checked.run is None or checked.lifetime is None:
        return
    hint = " (--catalogue FILE tells)" if checked.lifetime.newest is None else ""
    yield f"  issued {said['issued']}, {checked.lifetime.state}{hint}"
    yield f"  signed by the key {checked.keyid}{'' if checked.trusted else ', for whom nobody vouches here (--trusted-key FILE)'}"
    yield f"  run {checked.run.id} of {checked.run.started_at}, seed {checked.run.seed}, {checked.run.requests:,} requests"
    yield f"  {said['must']} requirements that a server must meet passed; {_of(said['unsupported'])} unsupported, as declared"
    yield f"  {recomputed_in_short(checked)}"
    if warned := checked.statement["predicate"]["warnedTests"]:
        yield f"  warnings: {', '.join(warned)}"
    if folded := [name for name, extent in checked.recomputed.extents(load_catalogue()).items() if extent is None]:
        yield f"  only added up: {', '.join(folded)}"
    yield from (f"  {line}" for line in PROVES)


def _of(names: dict[str, Any]) -> str:
    return ", ".join(names) if names else "nothing is"


def recomputed_in_short(checked: Checked) -> str:
    """Return how much of the verdict was computed again, in a clause."""
    counts = Counter(checked.recomputed.extents(load_catalogue()).values())
    whole, part, none = counts[Extent.WHOLE], counts[Extent.PART], counts[None]
    return (
        f"of {whole + part + none} such requirements, {whole} were computed again from the exchanges, {part} in part, "
        f"and {none} were only added up from the check log"
    )


def to_json(checked: Checked) -> dict[str, Any]:
    """Return the same as values of JSON."""
    extents = checked.recomputed.extents(load_catalogue())
    return {
        "schema": "accord/checked-certificate/1",
        "valid": checked.valid,
        "findings": [{"file": one.name, "line": one.line, "text": one.text} for one in checked.findings],
        "key": {"id": checked.keyid, "trusted": checked.trusted},
        "certificate": dict(checked.certificate),
        "state": checked.lifetime.state if checked.lifetime else "",
        "recomputed": {name: extent.value if extent else "folded" for name, extent in extents.items()} if checked.run else {},
    }
