"""Verdicts recomputed from exchanges: for each requirement, a changed exchange refutes the check that cites it."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contract_tests.certification import bundle, product
from contract_tests.certification.checking import check
from contract_tests.certification.recompute import recompute
from contract_tests.certification.rules import RULES, WHOLE
from contract_tests.certification.signing import CryptoSigner
from contract_tests.certification.world import OTHER, OWN, Seen, World, seen_in
from contract_tests.contract.catalogue import Level, load_catalogue
from contract_tests.contract.document import load_contract
from contract_tests.outcome.checks import Check
from contract_tests.outcome.exchanges import Kept, KeptExchange, exchange_in, line_of
from contract_tests.outcome.run import Run
from tests.certification.conftest import ISSUED, NONCE, PRODUCT
from tests.variations.judging import judge
from tests.variations.registry import all_variations

MUSTS = [one.id for one in load_catalogue() if one.level is Level.MUST]
FOLDED = {"create.existing-user-names", "create.description-whole"}
"""Requirements for which the exchanges of a bundle do not tell enough."""

ELSEWHERE = {name for name in MUSTS if name.startswith("webhook.")}
"""Requirements that are checked by received events, not by exchanges."""

_TRIED = 60
"""The most checks of one requirement that are tried."""

STATUSES = (500, 401, 404, 204, 200, 201)


@pytest.fixture(scope="module")
def world(run: Run) -> World:
    return World.of(load_contract(), map(exchange_in, run.exchanges.lines))


@pytest.fixture(scope="module")
def changed(run: Run, world: World) -> dict[str, KeptExchange]:
    """Find for each requirement an exchange that one of its checks cites, changed so that the check cannot have passed."""
    found: dict[str, KeptExchange] = {}
    tried = Counter[str]()
    for entry in run.log.entries:
        if not isinstance(entry, Check) or entry.requirement in found or entry.requirement not in MUSTS:
            continue
        tried[entry.requirement] += 1
        rule = RULES.get(entry.requirement)
        if rule is None or tried[entry.requirement] > _TRIED:
            continue
        seen = world.exchanges[entry.worker, entry.exchange]
        refuting = (one for one in changes(world, seen) if rule(world, seen_in(load_contract(), one)))
        if (first := next(refuting, None)) is not None:
            found[entry.requirement] = first
    return found


def changes(world: World, seen: Seen) -> Iterator[KeptExchange]:
    """Yield copies of an exchange, each with one change to its response, bodies first."""
    kept, members = seen.kept, dict(seen.exchange.members)
    for value in (*_of_others(world, seen, members), *_bodies(members)):
        yield replace(kept, response_body=json.dumps(value).encode())
    yield replace(kept, response_body=b"<html>")
    yield from (replace(kept, status=status) for status in STATUSES)
    if (hidden := world.hidden_from(seen)) is not None:
        yield replace(kept, status=200, response_body=json.dumps(dict(hidden.shown)).encode())
    # Requests can be changed as well: a 304 to a request without a condition refutes a check, too.
    yield replace(kept, status=304, headers={})


def _of_others(world: World, seen: Seen, members: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield bodies that show other conversations, messages or people in place of those that were returned."""
    hidden = world.hidden_from(seen)
    if hidden is not None:
        yield dict(hidden.shown)
    other = OWN if seen.organisation == OTHER else OTHER
    theirs = next((one for (whose, _), one in world.created.items() if whose == other), None)
    if theirs is not None:
        yield {**members, "results": [dict(theirs.shown)]}
    messages = [(place, sent[-1]) for place, sent in world.messages.items() if place != (seen.organisation, seen.conversation)]
    foreign = [one for place, one in messages if place == (other, seen.conversation)] or [one for _, one in messages][:1]
    for sent in foreign:
        yield {**members, "results": [{"id": "1", "body": sent.body, "sender_email": sent.sender}]}
    for shown in (members, *(seen.results[:1])):
        for name in (*sorted(world.addresses)[:1], *(one for one in world.anonymous_names if one not in world.names)):
            requester = dict.fromkeys(("email", "first_name", "last_name"), name)
            yield {**shown, "requester": requester}
            yield {**members, "results": [{**shown, "requester": requester}]}


def _bodies(members: dict[str, Any]) -> Iterator[dict[str, Any]]:
    results = members.get("results")
    if isinstance(results, list):
        yield {**members, "count": -1}
        yield {**members, "results": results + results}
        yield {**members, "results": [{} for _ in results]}
        yield {**members, "results": list(reversed(results))}
        yield {**members, "results": []}
        yield {**members, "results": [{**item, "created_at": f"{2999 - at}-01-01T00:00:00Z"} for at, item in enumerate(results)]}
        yield {**members, "results": [{"id": "of nobody"}]}
        for item in results[:3]:
            others = [one for one in results if one is not item]
            yield from ({**members, "results": [other, *others]} for other in _objects(item))
        return
    yield from _objects(members)


def _objects(members: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(members, dict):
        return
    for name, value in members.items():
        yield {**members, name: "Quite another"}
        yield {**members, name: None}
        if isinstance(value, dict):
            yield {**members, name: {**value, **dict.fromkeys(value, "another@example.org")}}
    yield {}


def test_a_bundle_bears_out_its_checks(run: Run, world: World) -> None:
    found = recompute(run.log, world)
    assert not found.contradictions
    assert not found.missing
    extents = found.extents(load_catalogue())
    assert {name for name, extent in extents.items() if extent is None} <= FOLDED | ELSEWHERE


@pytest.mark.parametrize("name", [name for name in MUSTS if name not in FOLDED | ELSEWHERE])
def test_an_exchange_that_was_changed_refutes_its_check(name: str, changed: dict[str, KeptExchange]) -> None:
    assert name in changed


def test_at_least_four_fifths_are_computed_again(changed: dict[str, KeptExchange]) -> None:
    assert len(changed) >= 0.8 * len(MUSTS)
    assert set(WHOLE) & set(MUSTS) <= set(changed)


@pytest.mark.extended
def test_the_verdict_of_a_bundle_turns_with_any_of_them(
    run: Run, signer: CryptoSigner, changed: dict[str, KeptExchange], tmp_path: Path
) -> None:
    """The bundle has a valid signature, so only the changed exchanges can show that its checks are wrong."""
    by_place = {(one.worker, one.number): one for one in changed.values()}
    kept = [exchange_in(line) for line in run.exchanges.lines]
    lines = [line_of(by_place.get((one.worker, one.number), one), str) for one in kept]
    turned = replace(run, exchanges=Kept(tuple(lines)))
    bundle.write(tmp_path / "bundle", turned, product.read(PRODUCT), PRODUCT, signer, ISSUED, NONCE)
    checked = check(tmp_path / "bundle", now=ISSUED)
    assert not checked.valid
    said = {finding.text.split(" ")[3] for finding in checked.findings if finding.name == "checks.jsonl"}
    # Exchanges that were compared with a create cannot be judged any more once the create is changed.
    assert len(said & set(MUSTS)) >= 0.7 * len(MUSTS)
    assert all(finding.line > 1 for finding in checked.findings if finding.name == "checks.jsonl")


@pytest.mark.extended
@pytest.mark.parametrize("name", ["ids-with-tails"])
def test_a_server_that_conforms_otherwise_is_borne_out_too(name: str) -> None:
    found = judge(all_variations()[name], exchanges=True)
    told = recompute(found.log, World.of(load_contract(), map(exchange_in, found.exchanges.lines)))
    assert not told.contradictions
