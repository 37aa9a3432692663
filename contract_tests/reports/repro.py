"""repro/: for each failure, two scripts that send its requests from nothing and say whether it is still there.

Both compare what comes with `Evidence.sign`. Whatever a server sent stands in them as data: within comments, in a string of JSON,
and in words that `shell.literal` quotes.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from contract_tests.outcome.run import Outcome, Result, Run
from contract_tests.outcome.tally import Evidence
from contract_tests.reports.text import one_line, without_keys
from contract_tests.reproduction.shell import curl, literal
from contract_tests.reproduction.steps import Reproduction, Step
from contract_tests.transport.texts import Part, Ref, Text, Turned, joined, with_refs

FOLDER = "repro"

_TEMPLATES = Path(__file__).with_name("templates")
_OPTIONS = '-q -sS "${GATE[@]}" -m "${ACCORD_TIMEOUT:-30}" -o "$WORK/body" -D "$WORK/head" -w \'%{http_code}\''
_BASE = Ref("ACCORD_URL")
_SHOWN = 300


def render(run: Run) -> dict[str, str]:
    """The scripts by their paths within the report folder: those of each failure and warning that requests can show again."""
    texts: dict[str, str] = {}
    for result in run.with_outcome(Outcome.FAILED, Outcome.WARNED):
        evidence = next((one for one in result.evidence if one.steps and one.sign), None)
        if evidence is not None:
            shell, python = names_of(result.requirement.id)
            texts[f"{FOLDER}/{shell}"] = without_keys(_shell(run, result, evidence, shell))
            texts[f"{FOLDER}/{python}"] = without_keys(_python(run, result, evidence, python))
    return texts


def names_of(requirement_id: str) -> tuple[str, str]:
    """The names of the scripts for a requirement; that of the one for pytest is one of a module."""
    return f"{requirement_id}.sh", f"test_{re.sub('[^a-z0-9]', '_', requirement_id)}.py"


def _shell(run: Run, result: Result, evidence: Evidence, name: str) -> str:
    steps = _steps(evidence, run.id)
    return _filled(
        "reproduce.sh.txt",
        {
            "ID": result.requirement.id,
            "URL": _address(run),
            "KEYS": " ".join(f"{key}=…" for key in _keys(steps)),
            "NAME": name,
            "HEAD": "\n".join(_head(result, evidence)),
            "NEEDED": " ".join(_keys(steps)) or "PATH",
            "MARK": str(len(run.id)),
            "SIGN": json.dumps(evidence.sign),
            "STEPS": "\n".join(_lines(steps, run.id)),
            "REPRODUCED": "true" if evidence.reproduced else "false",
        },
    )


def _python(run: Run, result: Result, evidence: Evidence, name: str) -> str:
    steps = Reproduction.from_json(evidence.steps).steps
    finding = {
        "id": result.requirement.id,
        "keys": _keys(steps),
        "names": sorted({*_keys(steps), *_KEYS}),
        "mark": run.id,
        "steps": evidence.steps,
        "sign": evidence.sign,
        "reproduced": evidence.reproduced,
    }
    return _filled(
        "reproduce.py.txt",
        {
            "URL": _address(run),
            "KEYS": " ".join(f"{key}=…" for key in _keys(steps)),
            "NAME": name,
            "HEAD": "\n".join(_head(result, evidence)),
            "FINDING": ascii(json.dumps(finding)),
        },
    )


_KEYS = ("ACCORD_SERVER_KEY", "ACCORD_CLIENT_KEY", "ACCORD_REVOKED_KEY", "ACCORD_OTHER_SERVER_KEY", "ACCORD_ORIGIN_CLIENT_KEY")


def _filled(template: str, values: dict[str, str]) -> str:
    text = (_TEMPLATES / template).read_text(encoding="utf-8")
    # All are replaced in one pass, so that inserted values are not searched for placeholders.
    return re.sub(r"@([A-Z]+)@", lambda found: values[found[1]], text)


def _address(run: Run) -> str:
    """The address of the report, as an example within a comment."""
    return re.sub(r"[^\w:/.\[\]-]", "", one_line(run.base_url, 200), flags=re.ASCII)


def _head(result: Result, evidence: Evidence) -> Iterator[str]:
    requirement = result.requirement
    yield f"# {requirement.id} ({requirement.level}, {one_line(requirement.source, _SHOWN)}): {one_line(requirement.text, _SHOWN)}"
    for name in ("summary", "expected", "actual", "test"):
        yield f"# {name}: {one_line(getattr(evidence, name), _SHOWN)}"
    if evidence.where:
        yield f"# where: {one_line(evidence.where, _SHOWN)}"


def _keys(steps: tuple[Step, ...]) -> list[str]:
    """The variables that have to be given."""
    return sorted({name for step in steps for name in step.uses} - {step.defines for step in steps} - {"RUN"})


def _steps(evidence: Evidence, mark: str) -> tuple[Step, ...]:
    """Return the steps with the run's mark as a variable, so that each execution uses names of its own."""
    return tuple(_anew(step, mark) for step in Reproduction.from_json(evidence.steps).steps)


def _anew(step: Step, mark: str) -> Step:
    headers = tuple((name, _renamed(value, mark)) for name, value in step.headers)
    return replace(step, query=_renamed(step.query, mark), headers=headers)


def _renamed(text: Text, mark: str) -> Text:
    parts: list[Part] = []
    for part in text:
        if isinstance(part, str):
            parts += with_refs(part, {mark: "RUN"} if mark else {})
        else:
            parts.append(Turned(part.how, _renamed(part.text, mark)) if isinstance(part, Turned) else part)
    return joined(*parts)


def _lines(steps: tuple[Step, ...], mark: str) -> Iterator[str]:
    names = {mark: "RUN"} if mark else {}
    for key in _KEYS:
        yield f'[ -z "${{{key}:-}}" ] || name "${key}" {key}'
    for number, step in enumerate(steps, 1):
        last, place = number == len(steps), f"{number} {literal(step.method)}"
        yield ""
        yield ': >"$WORK/body"; : >"$WORK/head"'
        yield f"STATUS=$({curl(step, _BASE, options=_OPTIONS, names=names)} 2>/dev/null) || :"
        yield "STATUS=${STATUS:-000}"
        if not last:
            yield f"answered {place}"
        if step.defines:
            yield from _defining(step, place, needed=any(step.defines in later.uses for later in steps[number:]))
        if step.pause:
            yield "sleep 1"
        if step.shown or last:
            yield "show"


def _defining(step: Step, place: str, *, needed: bool) -> Iterator[str]:
    taken = f"header_of {literal(step.header)}" if step.header else "id_of"
    yield f"{step.defines}=$({taken})"
    if needed:
        yield f'needs {place} {step.defines} "${step.defines}"'
    if not step.header:
        yield f'[ -z "${step.defines}" ] || name "${step.defines}" {step.defines}'
        yield f'{step.defines}=$(quoted "${step.defines}")'
