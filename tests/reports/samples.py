"""Runs to render: what a verification of an imperfect server finds, with every outcome in it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from contract_tests.contract.catalogue import Catalogue, load_catalogue
from contract_tests.outcome.checks import Check, CheckLog, Terms, Undecided, fold
from contract_tests.outcome.conclude import results_of
from contract_tests.outcome.known import from_baseline
from contract_tests.outcome.load_figures import LoadFigures, OperationFigures
from contract_tests.outcome.run import Observation, Run
from contract_tests.outcome.tally import Evidence

SERVER = "https://helpdesk.example.com"
CREATE = f"{SERVER}/api/v1/conversations/create/"
CONVERSATION = {
    "id": "6f1d0a52-93c7-4b1e-8f0b-2f6f7f0f3f11",
    "number": 1043,
    "subject": "Where is my grinder? [accord 7f3a9c]",
    "status": "open",
    "priority": "low",
    "channel": "api",
    "metadata": {},
    "requester": {"email": "maya+7f3a9c@example.com", "first_name": "Maya", "last_name": "Lind"},
    "created_at": "2026-11-20T09:41:07Z",
    "updated_at": "2026-11-20T09:41:07Z",
}


def request(method: str, url: str, body: object = None, key: str = "bnc_sv_…9c1d") -> dict[str, Any]:
    headers = {"X-API-Key": key, "Accept": "application/json"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    return {"method": method, "url": url, "headers": headers, "body": None if body is None else json.dumps(body)}


def response(status: int, body: object, elapsed_ms: float = 11.4) -> dict[str, Any]:
    headers = {"Content-Type": "application/json", "Server": "nginx", "Date": "Fri, 20 Nov 2026 09:41:07 GMT"}
    return {"status": status, "headers": headers, "body": json.dumps(body), "elapsed_ms": elapsed_ms}


PRIORITY = Evidence(
    summary="A conversation created without a priority has the priority low.",
    expected='"priority": "normal"',
    actual='"priority": "low"',
    request=request("POST", CREATE, {"subject": CONVERSATION["subject"], "user_email": "maya+7f3a9c@example.com"}),
    response=response(201, CONVERSATION),
    curl=(
        f"curl -sS -X POST '{CREATE}' -H \"X-API-Key: $ACCORD_SERVER_KEY\" -H 'Content-Type: application/json'"
        """ -d '{"subject": "Where is my grinder? [accord 7f3a9c]", "user_email": "maya+7f3a9c@example.com"}'"""
    ),
    test="contract_tests/suite/test_create.py::test_priority_default",
)

CLIENT_RESOLVES = Evidence(
    summary="A client key was answered 200 when it resolved, and the conversation is closed.",
    expected="401 or 403, and status open",
    actual="200, and status closed",
    request=request("POST", f"{SERVER}/api/v1/conversations/{CONVERSATION['id']}/resolve/", key="bnc_cl_…77e0"),
    response=response(200, {**CONVERSATION, "status": "closed", "updated_at": "2026-11-20T09:41:09Z"}, 8.9),
    curl=(
        f"curl -sS -X POST '{SERVER}/api/v1/conversations/{CONVERSATION['id']}/resolve/'"
        ' -H "Authorization: Bearer $ACCORD_CLIENT_KEY"'
    ),
    test="contract_tests/suite/test_tiers.py::test_resolve",
)

LOST_PAGE = Evidence(
    summary="Seven of 57 conversations are on no page of 10.",
    expected="numbers 1001 to 1057, each once",
    actual="numbers 1001 to 1057 without 1010, 1019, 1028, 1037, 1046, 1055, 1056",
    request=request("GET", f"{SERVER}/api/v1/conversations/?user_email=maya%2B7f3a9c%40example.com&limit=10&offset=10"),
    response=response(200, {"count": 57, "results": [{**CONVERSATION, "number": 1000 + n} for n in range(11, 20)]}, 23.0),
    curl=(
        f"curl -sS '{SERVER}/api/v1/conversations/?user_email=maya%2B7f3a9c%40example.com&limit=10&offset=10'"
        ' -H "X-API-Key: $ACCORD_SERVER_KEY"'
    ),
    test="contract_tests/suite/test_paging.py::test_pages_partition",
)

UNKNOWN_ID = Evidence(
    summary="An unknown id was answered with 410 Gone.",
    expected="404",
    actual="410",
    request=request("GET", f"{SERVER}/api/v1/conversations/00000000-0000-4000-8000-000000000000/"),
    response=response(410, {"detail": "Gone."}, 5.2),
    curl=(f"curl -sS '{SERVER}/api/v1/conversations/00000000-0000-4000-8000-000000000000/' -H \"X-API-Key: $ACCORD_SERVER_KEY\""),
    test="contract_tests/suite/test_get.py::test_unknown_id",
)

BROKEN = {
    "create.priority-default": (PRIORITY, 2),
    "tier.refused": (CLIENT_RESOLVES, 4),
    "tier.refusal-changes-nothing": (CLIENT_RESOLVES, 2),
    "list.partition": (LOST_PAGE, 3),
    "list.offset": (LOST_PAGE, 1),
    "get.unknown-id-status": (UNKNOWN_ID, 2),
}
MISSING = {"other_server_key": "--other-server-key", "revoked_key": "--revoked-key"}


def run(
    broken: Mapping[str, tuple[Evidence, int]] = {},
    missing: Mapping[str, str] = {},
    undecided: Mapping[str, str] = {},
    **changes: Any,
) -> Run:
    """Return a run in which everything passed, except for what is given."""
    catalogue = load_catalogue()
    log = CheckLog(Terms(tuple(catalogue.requirements), missing), tuple(_entries(catalogue, broken, undecided)))
    tallies = fold(log.entries)
    for name, (evidence, _) in broken.items():
        tallies[name].keep(evidence)
    choices = {
        name: Observation(
            choice.default if index % 7 else None, f"{choice.observed} It answered {choice.default}." if index % 7 else ""
        )
        for index, (name, choice) in enumerate(catalogue.choices.items())
    }
    whole = Run(
        id="7f3a9c",
        seed=20261120,
        effort="standard",
        workers=1,
        started_at="2026-11-20T09:41:02Z",
        duration_s=14.271,
        requests=1834,
        suite_version="0.1.0",
        spec_sha256="1f" * 32,
        requirements_sha256=catalogue.requirements_sha256,
        base_url=SERVER,
        keys={"server": "bnc_sv_…9c1d", "client": "bnc_cl_…77e0"},
        strict=False,
        results=results_of(catalogue, log.terms, tallies),
        choices=choices,
        horizon_s=5.0,
        requests_by_area={"messages": 1500, "create": 300, "read_again": 30, "preflight": 4},
        log=log,
    )
    return replace(whole, **changes)


def _entries(
    catalogue: Catalogue, broken: Mapping[str, tuple[Evidence, int]], undecided: Mapping[str, str]
) -> Iterator[Check | Undecided]:
    for requirement in catalogue:
        evidence, violations = broken.get(requirement.id, (PRIORITY, 0))
        if violations:
            yield Check(requirement.id, evidence.test, False, 17, 1.25, violations, why=evidence.summary)
        yield Check(requirement.id, PRIORITY.test, True, 18, 1.5, requirement.exercise + 3 - violations)
    for name, reason in undecided.items():
        yield Undecided(name, PRIORITY.test, reason)


def good() -> Run:
    """Return a run without any findings."""
    return run()


def imperfect() -> Run:
    """A run with every outcome."""
    return run(
        BROKEN,
        MISSING,
        {"any.concurrent-creates": "The server answered 429 to every request for 30 s."},
    )


def strict() -> Run:
    """A strict run that found a warning and no failure."""
    return run({"get.unknown-id-status": (UNKNOWN_ID, 2)}, strict=True)


def known(*but: str) -> Run:
    """Return a run with a baseline that knows every failure except these."""
    run_ = run(BROKEN, MISSING)
    failed = {result.requirement.id for result in run_.results if result.outcome in ("failed", "warned")}
    return replace(run_, known=from_baseline((failed - set(but)) | {"create.opens"}))


def in_a_list() -> Evidence:
    """A wrong member of an item far down a list, of which the report shows only a part."""
    items = [{**CONVERSATION, "number": 1000 + n, "subject": f"Parcel {n}", "status": "open"} for n in range(40)]
    items[31]["status"] = "solved"
    body = json.dumps({"count": 40, "results": items})
    start = body.index('"solved"')
    return replace(
        LOST_PAGE,
        summary="results[31].status is an undocumented value",
        expected="open, pending or closed",
        actual='"solved"',
        response=response(200, {"count": 40, "results": items}, 23.0),
        where="/results/31/status",
        marked=(start, start + len('"solved"')),
    )


def marked() -> Run:
    """A run whose failures say which member, or which header, is wrong."""
    body = json.dumps(CONVERSATION)
    start = body.index('"low"')
    member = replace(PRIORITY, where="/priority", marked=(start, start + len('"low"')))
    header = replace(UNKNOWN_ID, where="content-type", response={**response(410, {"detail": "Gone."}), "body": "<h1>Gone</h1>"})
    return run({"create.priority-default": (member, 2), "list.answer": (in_a_list(), 1), "any.json": (header, 1)})


def cut_short() -> Run:
    """A run during which the server went away."""
    return run(problems=("The server stopped answering after 211 requests: connection refused.",))


def under_load() -> Run:
    """A run of `accord load`, with everything in it that can be said of one."""
    operations = (
        OperationFigures("createConversation", 4_120, 3, 6.0, 18.0, 31.0, 105.5),
        OperationFigures("listConversations", 18_460, 0, 5.0, 19.0, 37.0, 1_103.7),
    )
    figures = LoadFigures(50, 10.0, 2, 300.02, 322_580, 1_075.2, 40, 12.5, 3, 1, True, operations)
    return run(BROKEN, MISSING, effort="load", workers=2, choices={}, kill_score={}, load=figures)


HOSTILE = (
    "\x00\x07\x1b[31mred\x1b[0m\x9b31m <script>alert(1)</script> </pre> ]]> &amp; \ud83d \udc00 "
    "\u202eesrever\u2066 \ufffe \uffff `code` | pipe\r\n<!-- --> {{ 7*7 }} {% raw %}"
)


def hostile(body: str = HOSTILE) -> Run:
    """Return a run in which every text tries to break a report format."""
    evidence = Evidence(
        summary=HOSTILE,
        expected=HOSTILE,
        actual=HOSTILE * 3,
        request={"method": "POST", "url": f"{CREATE}?q={HOSTILE}", "headers": {"X-Odd": HOSTILE}, "body": body},
        response={"status": 500, "headers": {HOSTILE: HOSTILE}, "body": body, "elapsed_ms": 3},
        curl=f"curl '{HOSTILE}'",
        test="contract_tests/suite/test_robustness.py::test_any_input",
    )
    silent = replace(evidence, response=None)
    return run(
        {
            "any.no-server-error": (evidence, 9),
            "create.status": (silent, 1),
            "create.subject-longest-astral": (evidence, 1),
        },
        MISSING,
        {"any.durable": HOSTILE},
        base_url=f"http://127.0.0.1:1/{HOSTILE}",
        problems=(HOSTILE,),
        choices={"limit_over_maximum": Observation("clamp", HOSTILE)},
    )
