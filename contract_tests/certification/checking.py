"""Checking a stranger's bundle, offline: signature, digests, lifetime, and every verdict computed again."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from securesystemslib.signer import SSlibKey

from accord.base.errors import INCONCLUSIVE, AccordError
from contract_tests.certification import bundle, product
from contract_tests.certification.bundle import CHECKS, EXCHANGES, KEY, PRODUCT, REPORT, SIGNED, STATEMENT, UnfitError
from contract_tests.certification.eligibility import moment_of, obstacles
from contract_tests.certification.lifetime import Lifetime
from contract_tests.certification.product import Product, ProductError
from contract_tests.certification.recompute import Recomputed, recompute
from contract_tests.certification.signing import SignatureError, canonical, opened, public_key_in
from contract_tests.certification.statement import PREDICATE, SCHEMA, TYPE, configuration, sha256, statement_of
from contract_tests.certification.world import World
from contract_tests.contract.catalogue import load_catalogue
from contract_tests.contract.document import load_contract
from contract_tests.contract.mismatch import shown
from contract_tests.outcome import checks_json, run_json
from contract_tests.outcome.exchanges import KeptExchange, exchange_in
from contract_tests.outcome.json_values import MalformedError, Value
from contract_tests.outcome.run import Run

_COMPARED = ("outcome", "exercised", "violations")
"""What report.json says of each requirement that follows from the check log."""


class AnotherVersionError(AccordError):
    """A bundle was made by another version, whose catalogue this one does not have. Ends the command with exit code 3."""

    exit_code = INCONCLUSIVE


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a bundle is not valid: the file, the number of its first line that shows it (0 where it is none's), and a sentence."""

    name: str
    line: int
    text: str

    def __str__(self) -> str:
        place = f"{self.name}, line {self.line}: " if self.line else f"{self.name}: " if self.name else ""
        return place + self.text


@dataclass(frozen=True)
class Checked:
    """What checking a bundle gave. Everything but `findings` is there only as far as it could be read."""

    findings: tuple[Finding, ...]
    keyid: str = ""
    trusted: bool = False
    statement: Mapping[str, Any] = field(default_factory=dict)
    product: Product | None = None
    run: Run | None = None
    recomputed: Recomputed = field(default_factory=Recomputed)
    lifetime: Lifetime | None = None

    @property
    def valid(self) -> bool:
        """Whether nothing was found against it."""
        return not self.findings

    @property
    def certificate(self) -> Mapping[str, Any]:
        """What the statement says of the certificate."""
        found: Mapping[str, Any] = self.statement["predicate"]["certificate"] if self.statement else {}
        return found


def check(
    folder: Path, *, now: datetime | None = None, trusted: SSlibKey | None = None, newest_known: int | None = None
) -> Checked:
    """Check the bundle in a folder. `newest_known` is the newest version of the catalogue, where the user has a file that says so.

    Raises AccordError where there is no folder, or a bundle of another version that this one cannot compute again.
    """
    try:
        files = bundle.read(folder)
    except UnfitError as error:
        return Checked((Finding(error.name, 0, str(error)),))
    try:
        key = public_key_in(files[KEY])
        if canonical(json.loads(files[KEY])) != files[KEY]:
            raise SignatureError("It is not written as `accord certify` writes a key.")
    except SignatureError as error:
        return Checked((Finding(KEY, 1, str(error)),))
    try:
        payload = opened(files[STATEMENT], key)
        statement = _statement(payload)
    except (SignatureError, MalformedError) as error:
        return Checked((Finding(STATEMENT, 1, str(error)),), key.keyid)
    changed = tuple(_changed(files, statement))
    if changed:
        return Checked(changed, key.keyid)
    found = _Reading(files, statement, newest_known, now or datetime.now(UTC))
    checked = found.checked(key.keyid)
    if trusted is None or trusted.keyid == key.keyid:
        return Checked(**{**checked.__dict__, "trusted": trusted is not None})
    other = Finding(KEY, 1, f"It is signed by the key {key.keyid[:16]}…, and the trusted one is {trusted.keyid[:16]}….")
    return Checked(**{**checked.__dict__, "findings": (other, *checked.findings)})


def _statement(payload: bytes) -> Mapping[str, Any]:
    """The statement, with all that is read of it in its place."""
    try:
        document: Any = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise MalformedError("payload") from error
    whole = Value(document, "payload")
    whole.member("_type").among((TYPE,))
    whole.member("predicateType").among((PREDICATE,))
    subjects = {one.member("name").text() for one in whole.member("subject").items()}
    if subjects != set(SIGNED):
        raise MalformedError("payload.subject")
    for one in whole.member("subject").items():
        one.member("digest").member("sha256").text()
    certificate = whole.member("predicate").member("certificate")
    certificate.member("schema").among((SCHEMA,))
    for name in ("issued", "not_after", "nonce", "suite_version"):
        certificate.member(name).text()
    certificate.member("catalogue").count()
    for one in whole.member("predicate").member("configuration").items():
        one.member("name").text()
        one.member("digest").member("sha256").text()
    return dict(whole.mapping())


def _changed(files: Mapping[str, bytes], statement: Mapping[str, Any]) -> Iterator[Finding]:
    for subject in statement["subject"]:
        name = subject["name"]
        if sha256(files[name]) != subject["digest"]["sha256"]:
            line = bundle.changed_line(name, files)
            yield Finding(name, line, "It was changed after it was signed; this is the first line that differs.")


class _Reading:
    """Checks that the parts of a bundle agree with each other, once its files are known to be the signed ones."""

    def __init__(self, files: Mapping[str, bytes], statement: Mapping[str, Any], newest_known: int | None, now: datetime) -> None:
        self._files, self._statement = files, statement
        self._certificate: Mapping[str, Any] = statement["predicate"]["certificate"]
        self._issued = moment_of(self._certificate["issued"])
        self._catalogue = load_catalogue()
        not_after = moment_of(self._certificate["not_after"])
        self._lifetime = Lifetime(self._issued, not_after, now, self._certificate["catalogue"], newest_known)

    def checked(self, keyid: str) -> Checked:
        place = PRODUCT
        known: dict[str, Any] = {"keyid": keyid, "statement": self._statement, "lifetime": self._lifetime}
        try:
            known["product"] = about = product.read(self._files[PRODUCT])
            place = REPORT
            report = self._report()
            run = known["run"] = run_json.from_json(report.found)
            if run.requirements_sha256 != self._catalogue.requirements_sha256:
                raise AnotherVersionError(
                    f"The bundle is of version {run.suite_version} of Accord, with another catalogue than this one's.",
                    f"Check it with version {run.suite_version}.",
                )
            place = CHECKS
            judged = checks_json.from_lines(self._text(CHECKS), self._catalogue)
            place = EXCHANGES
            exchanges = [exchange_in(line, f"line {number}") for number, line in enumerate(self._text(EXCHANGES), 1)]
        except (MalformedError, ProductError, UnicodeDecodeError) as error:
            line = _line_in(error) if place in (CHECKS, EXCHANGES) else 1
            return Checked((Finding(place, line, str(error)),), **known)
        world = World.of(load_contract(), exchanges)
        known["recomputed"] = recomputed = recompute(judged.log, world)
        findings = [
            *self._of_report(report, run, judged),
            *_of_checks(recomputed, exchanges),
            *_of_exchanges(exchanges),
            *self._of_statement(run, about),
            *self._of_nonce(run, exchanges),
            *(Finding("", 0, text) for text in obstacles(judged, about, self._catalogue, self._issued)),
            *(Finding(STATEMENT, 1, text) for text in self._lifetime.objections()),
        ]
        return Checked(tuple(findings), **known)

    def _text(self, name: str) -> list[str]:
        return self._files[name].decode("utf-8").removesuffix("\n").split("\n")

    def _report(self) -> Value:
        try:
            return Value(json.loads(self._files[REPORT]))
        except (ValueError, RecursionError) as error:
            raise MalformedError("") from error

    def _of_report(self, report: Value, run: Run, judged: Run) -> Iterator[Finding]:
        """Yield what report.json says differently from the results of the check log."""
        told = {result.requirement.id: result for result in run.results}
        for result in judged.results:
            name = result.requirement.id
            for member in _COMPARED:
                now = getattr(result, member)
                said = getattr(told[name], member) if name in told else "nothing"
                if said != now:
                    line = self._line_of(f'"id": "{name}"')
                    yield Finding(REPORT, line, f"It says {member} {said} of {name}, and the checks add up to {now}.")
        if report.member("verdict").found != judged.verdict.value:
            text = f"It says {shown(report.member('verdict').found)}, and the checks add up to {judged.verdict}."
            yield Finding(REPORT, self._line_of('"verdict":'), text)
        if run_json.head_to_json(run) != run_json.head_to_json(judged):
            yield Finding(CHECKS, 1, "It says otherwise what was run than report.json does.")

    def _line_of(self, mark: str) -> int:
        return next((at for at, line in enumerate(self._text(REPORT), 1) if mark in line), 1)

    def _of_statement(self, run: Run, about: Product) -> Iterator[Finding]:
        """Yield what the statement says differently from the files that it is about."""
        signed = {name: self._files[name] for name in SIGNED}
        document = json.loads(statement_of(run, about, signed, self._issued, self._certificate["nonce"]))
        said, made = dict(self._statement["predicate"]), dict(document["predicate"])
        theirs, ours = said.pop("configuration"), made.pop("configuration")
        if said != made or {**self._statement, "predicate": 0} != {**document, "predicate": 0}:
            yield Finding(STATEMENT, 1, "It says otherwise what was found than the files do that it is about.")
        if theirs != ours and self._certificate["suite_version"] == _version_in(configuration()):
            yield Finding(STATEMENT, 1, "It was made by a suite, or a contract, that is not that of its version: it was modified.")
        if dict(run.unsupported) != about.unsupported_in(self._catalogue):
            yield Finding(PRODUCT, 1, "It declares unsupported what the run does not, or the other way round.")

    def _of_nonce(self, run: Run, exchanges: list[KeptExchange]) -> Iterator[Finding]:
        nonce = str(self._certificate["nonce"])
        if nonce not in run.id:
            yield Finding(REPORT, self._line_of('"id":'), "The run has another id than the one that the statement names.")
        elif not any(nonce.encode() in one.response_body for one in exchanges):
            yield Finding(EXCHANGES, 1, "No response repeats the nonce of the run.")


def _of_checks(recomputed: Recomputed, exchanges: list[KeptExchange]) -> Iterator[Finding]:
    """Yield the checks that contradict their exchanges. The first line of a log says what was run, so entry 0 is on line 2."""
    places = {(one.worker, one.number): line for line, one in enumerate(exchanges, 1)}
    for found in recomputed.contradictions:
        line = places[found.check.worker, found.check.exchange]
        text = (
            f"It says that {found.check.requirement} held, and {EXCHANGES}, line {line}, shows otherwise: {found.mismatch.summary}."
        )
        yield Finding(CHECKS, found.entry + 2, text)
    for place in recomputed.missing:
        yield Finding(CHECKS, place + 2, "The exchange that it looked at is not in the bundle.")


def _of_exchanges(exchanges: list[KeptExchange]) -> Iterator[Finding]:
    seen: set[tuple[str, int]] = set()
    for line, one in enumerate(exchanges, 1):
        if (one.worker, one.number) in seen:
            yield Finding(EXCHANGES, line, "An exchange of this number was there before.")
        seen.add((one.worker, one.number))


def _line_in(error: Exception) -> int:
    words = str(getattr(error, "place", "")).removeprefix("line ").split(".")[0]
    return int(words) if words.isdigit() else 1


def _version_in(configured: list[dict[str, Any]]) -> str:
    return str(configured[0]["name"]).removeprefix("accord ")
