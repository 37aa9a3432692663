"""What every report for people says of a run, in the same words."""

from collections.abc import Mapping
from typing import Any

from contract_tests.contract.catalogue import Level
from contract_tests.outcome.known import Kind
from contract_tests.outcome.run import Outcome, Result, Run, Standing, Verdict
from contract_tests.reports.text import duration, number_of

OUTCOME_NAMES = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "failed",
    Outcome.WARNED: "warned",
    Outcome.INCONCLUSIVE: "inconclusive",
    Outcome.NOT_TESTED: "not tested",
}


def headline(run: Run) -> str:
    """The verdict's reason in one sentence."""
    failed = _counted(run, Outcome.FAILED)
    if failed:
        return f"{number_of(len(failed), 'requirement')} that a server must meet {_is(len(failed))} violated{_known(run, failed)}."
    if run.verdict is Verdict.NONCONFORMANT:
        warned = _counted(run, Outcome.WARNED)
        broken = f"{number_of(len(warned), 'convention')} {_is(len(warned))} broken"
        return f"{broken}, which fails a strict run{_known(run, warned)}."
    return _undecided(run) if run.verdict is Verdict.INCONCLUSIVE else _conformant(run)


def _counted(run: Run, outcome: Outcome) -> list[Result]:
    """The results of an outcome that the verdict counts."""
    return [result for result in run.with_outcome(outcome) if run.standing(result) not in (Standing.PENDING, Standing.EXCLUDED)]


def _known(run: Run, results: list[Result]) -> str:
    known = sum(run.standing(result) is Standing.KNOWN for result in results)
    if not known:
        return ""
    by_baseline = _only_by_baseline(run)
    if len(results) == 1:
        return ", as the baseline knows" if by_baseline else ", as is known"
    many = "all" if known == len(results) else f"{known:,}"
    return f", {many} of them known{' by the baseline' if by_baseline else ''}"


def _only_by_baseline(run: Run) -> bool:
    found = [run.known_as(result) for result in run.results]
    return all(known.kind is Kind.BASELINE for known in found if known is not None)


def standing_note(run: Run, result: Result) -> str:
    """Return why a result does not fail the run although it did not pass; empty if there is no such reason."""
    if run.standing(result) is Standing.PENDING:
        return f"pending: version {result.since} of the catalogue brought it"
    if run.standing(result) is Standing.EXCLUDED:
        return f"excluded: {run.excluded[result.requirement.id]}"
    if run.standing(result) is Standing.UNSUPPORTED:
        return f"unsupported: {run.unsupported[result.requirement.id]}"
    known = run.known_as(result)
    if known is None:
        return ""
    if known.kind is Kind.BASELINE:
        return "known by the baseline"
    return f"known until {known.until} ({known.kind}): {known.reason.rstrip('.')}"


def mended_note(run: Run, result: Result) -> str:
    """Return what to do about a known failure that no longer happens."""
    return f"{result.requirement.id} is mended: remove this line, {run.known[result.requirement.id].where}."


def reminders(run: Run) -> list[str]:
    """What is to be done about the known failures that a settings file names."""
    found = [mended_note(run, result) for result in run.mended]
    for result in run.results:
        known = run.known.get(result.requirement.id)
        if known is None or known.kind is Kind.BASELINE or result.outcome is Outcome.PASSED:
            continue
        name = f"{result.requirement.id}, known by {known.where},"
        if known.expired:
            found.append(f"{name} counts again since {known.until}: {known.reason}")
        elif known.ends_soon:
            left = f"in {number_of(known.days, 'day')}" if known.days else "today"
            found.append(f"{name} ends {left}, on {known.until}: {known.reason}")
    return found


def judged_by(run: Run) -> str:
    """By which version of the catalogue a run was judged, and how to stay with it."""
    if run.pinned:
        return f"Judged by version {run.catalogue} of the catalogue, as --catalogue asks; what only newer checks find is pending."
    number = run.catalogue
    return f"Judged by version {number} of the catalogue; pin it with --catalogue {number}."


def exit_note(run: Run) -> str:
    """The exit code, and why where it is not that of the verdict."""
    code = f"exit code {run.exit_code}"
    if run.exit_code == run.verdict.exit_code:
        return code
    why = "the baseline knows every failure" if _only_by_baseline(run) else "every failure is known"
    return f"{code}: {why}" if run.exit_code == 0 else f"{code}: {why}, but not all could be decided"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _undecided(run: Run) -> str:
    open_ = [result for result in _counted(run, Outcome.INCONCLUSIVE) if result.requirement.level is Level.MUST]
    if not open_:
        return "No violation was found, but the run is not whole."
    return f"No violation was found, but {number_of(len(open_), 'requirement')} could not be decided."


def _conformant(run: Run) -> str:
    passed = run.counts["must"]["passed"]
    if not run.results:
        return "Nothing was tested."
    hold = "holds" if passed == 1 else "hold"
    found = f"{number_of(passed, 'requirement')} that a server must meet {hold}; no violation was found"
    newer = len(pending(run))
    if not newer:
        return f"{found}."
    findings = f"{number_of(newer, 'finding')} of newer checks {_is(newer)}"
    return f"{found} by version {run.catalogue} of the catalogue, and {findings} pending."


def notes(run: Run) -> list[str]:
    """Return what a reader of the verdict has to know about how the run came to it."""
    found = []
    if run.access.get("insecure"):
        found.append("The server's certificate was not checked (--insecure): whoever answered may not be this server.")
    if "created" in run.conversations:
        text = f"It created {number_of(run.conversations['created'], 'conversation')}"
        text += f" of at most {run.conversations['most']:,}" if "most" in run.conversations else ""
        text += f", and resolved {run.conversations['resolved']:,} of them at the end" if "resolved" in run.conversations else ""
        found.append(f"{text}.")
    if run.workers > 1 and run.workers_reason:
        found.append(f"{run.workers} workers: {run.workers_reason}")
    return found


def facts(run: Run) -> Mapping[str, str]:
    """What was checked and how, by name."""
    return {
        "Server": run.base_url,
        "Effort": run.effort + (", strict" if run.strict else ""),
        "Seed": str(run.seed),
        "Requests": f"{run.requests:,} in {duration(run.duration_s)}",
        "Workers": f"{run.workers}. {run.workers_reason}" if run.workers_reason else str(run.workers),
        **({"Certificate": "not checked (--insecure)"} if run.access.get("insecure") else {}),
        **({"Proxy": run.access["proxy"]} if "proxy" in run.access else {}),
        **({"Headers": ", ".join(run.access["headers"])} if "headers" in run.access else {}),
        "Started": run.started_at,
        "Suite": run.suite_version,
        "Judged by": f"version {run.catalogue} of the catalogue{', as --catalogue asks' if run.pinned else ''}",
        **({"Tried out": kill_score(run.kill_score)} if run.kill_score else {}),
        "Run": run.id,
    }


def kill_score(score: Mapping[str, Any]) -> str:
    """What the suite finds of the servers that are broken on purpose: the words of README, docs/kill-matrix.md and reports.

    `score` is what kill_score.json holds. A server counts as found where the verdict is nonconformant; as killed where one of the
    requirements failed that its fault breaks, and as misnamed where only others did.
    """
    found = list[str]()
    for effort, killed in score["killed"].items():
        misnamed = score["misnamed"][effort]
        by = f"{killed:,} by a requirement that the fault breaks, {misnamed:,} by another one only"
        found.append(f"{killed + misnamed:,} at {effort} ({f'{killed:,} and {misnamed:,}' if found else by})")
    text = f"Of {score['broken_servers']:,} servers that are each broken in one fact, it finds {' and '.join(found)}."
    if "conforming_servers" in score:
        accused = score["false_alarms"] or "none"
        text += f" Of {score['conforming_servers']:,} servers that keep the contract in unusual ways, it accuses {accused}."
    return f"{text} {rewrite_score(score['rewrites'])}" if "rewrites" in score else text


def rewrite_score(score: Mapping[str, Any]) -> str:
    """What the suite finds of random rewrites of servers' source: `rewrites` in kill_score.json."""
    found = f"Of {score['tried']:,} random rewrites of the source of two servers, it finds {score['killed']:,} at quick"
    return f"{found} ({score['date']})."


def known_by_baseline(run: Run) -> list[Result]:
    """The failures and warnings that the baseline knows, and that are told by themselves."""
    return [result for result in _known_and_told(run) if _kind(run, result) is Kind.BASELINE]


def known_by_file(run: Run) -> list[Result]:
    """The failures and warnings that a settings file names, and that are told by themselves."""
    return [result for result in _known_and_told(run) if _kind(run, result) is not Kind.BASELINE]


def _known_and_told(run: Run) -> list[Result]:
    return [*run.told(Outcome.FAILED, Standing.KNOWN), *run.told(Outcome.WARNED, Standing.KNOWN)]


def _kind(run: Run, result: Result) -> Kind | None:
    known = run.known_as(result)
    return known.kind if known is not None else None


def pending(run: Run) -> list[Result]:
    """Return the results that only checks newer than the run's catalogue found or could not decide, and those that are excluded."""
    outcomes = (Outcome.FAILED, Outcome.WARNED, Outcome.INCONCLUSIVE)
    aside = (Standing.PENDING, Standing.EXCLUDED)
    return [result for standing in aside for outcome in outcomes for result in run.told(outcome, standing)]


def undecided(run: Run) -> list[Result]:
    """What could not be decided, last what follows from known failures."""
    return [*run.told(Outcome.INCONCLUSIVE), *run.told(Outcome.INCONCLUSIVE, Standing.KNOWN)]


def by_reason(results: list[Result]) -> dict[str, list[Result]]:
    """The results under the reason that they share, so that one missing option is named once."""
    grouped: dict[str, list[Result]] = {}
    for result in results:
        grouped.setdefault(result.reason, []).append(result)
    return grouped


def unshown(result: Result, shown: int) -> str:
    """How many violations there are beyond those that are shown; nothing where there are none."""
    more = result.violations - shown
    return f"And {number_of(more, 'more violation')}." if more > 0 else ""
