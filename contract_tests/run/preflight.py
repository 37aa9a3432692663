"""Mistakes of configuration, found before anything is judged.

Something is called a mistake only where no server, however wrong, could be the explanation: a key that is refused in one header and
accepted in the other is a finding, one that is refused everywhere is not a key of this server.
"""

import json
import random
import re
import secrets
from contextlib import suppress
from dataclasses import replace

from accord.base.errors import AccordError
from accord.base.redaction import SHORTEST
from contract_tests.contract.document import Contract
from contract_tests.contract.operations import (
    CREATE_CONVERSATION,
    GET_CONVERSATION,
    LIST_CONVERSATIONS,
    LIST_MESSAGES,
    RESOLVE_CONVERSATION,
)
from contract_tests.run.settings import Settings
from contract_tests.transport.creations import Exhausted
from contract_tests.transport.credentials import Credential, Style
from contract_tests.transport.exchange import Call, Exchange
from contract_tests.transport.guard import Withheld
from contract_tests.transport.sender import Target, Unanswered, Unavailable
from contract_tests.transport.stopping import Stopped

RUN_ID_LONGEST = 32
"""Characters of a run's id: it goes into the part of an e-mail address before the @, which holds 64."""

_RUN_ID = re.compile(rf"[a-z0-9](?:[a-z0-9-]{{0,{RUN_ID_LONGEST - 2}}}[a-z0-9])?")
"""Accepted by every validator of addresses, and unchanged on a server that folds their case."""

_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"(?=.{{1,180}}$){_LABEL}(?:\.{_LABEL})+")

_RANDOM_BYTES = 5


def preflight(settings: Settings, contract: Contract, target: Target) -> str:
    """Look for mistakes and return the run's id, which nobody has used on this server. Raises AccordError for a mistake.

    The id is that of the settings, or random. It never depends on the seed: two runs that begin together with the same seed would
    have the same.
    """
    _check_options(settings)
    domain = settings.email_domain
    run_id = settings.run_id or secrets.token_hex(_RANDOM_BYTES)
    try:
        _check_server_key(contract, target, run_id, domain)
        for option, credential in _optional_keys(target).items():
            _check_accepted(contract, target, option, credential, run_id, domain)
        if target.keys.client is not None:
            _check_tiers(contract, target, target.keys.client, run_id, domain)
        return _unused_run_id(run_id, contract, target, domain)
    except Unanswered as error:
        advice = error.advice or "Check the URL and that the server runs, or raise --timeout."
        state = "is no server of this API" if error.responded else "cannot be reached"
        raise AccordError(f"{settings.base_url} {state}: {error}.", advice) from error
    except Exhausted as error:
        raise AccordError(
            f"--max-conversations {settings.max_conversations} is fewer than the preflight creates.", "Give a larger number."
        ) from error
    except Unavailable as error:
        raise AccordError(
            f"{settings.base_url} only answers {error.exchange.status}.", "Try later, or with --requests-per-second."
        ) from error
    except Stopped as error:
        if not target.deadline.silent:
            raise
        raise AccordError(
            f"{settings.base_url} cannot be verified: {error}", "Try later, or with --requests-per-second."
        ) from error


def _check_options(settings: Settings) -> None:
    given = {
        name: getattr(settings, name)
        for name in ("server_key", "client_key", "revoked_key", "other_server_key", "origin_client_key")
    }
    seen: dict[str, str] = {}
    for name, key in given.items():
        if key and key in seen:
            options = f"--{seen[key].replace('_', '-')} and --{name.replace('_', '-')}"
            raise AccordError(f"{options} are the same key.", "Give each its own.")
        if key and not (key.isascii() and key.isprintable() and " " not in key):
            raise AccordError(f"--{name.replace('_', '-')} cannot travel in a header.", "Give the key without spaces and quotes.")
        if key and len(key) < SHORTEST:
            raise AccordError(
                f"--{name.replace('_', '-')} is shorter than {SHORTEST} characters.",
                "So short a key cannot be told from other text and kept out of the reports. Give a longer one.",
            )
        if key:
            seen[key] = name
    if settings.run_id and not _RUN_ID.fullmatch(settings.run_id):
        raise AccordError(
            f"--run-id {settings.run_id[:60]!r} cannot be a part of e-mail addresses.",
            f"Give 1 to {RUN_ID_LONGEST} characters of a-z, 0-9 and -, neither beginning nor ending with -.",
        )
    if not _DOMAIN.fullmatch(settings.email_domain):
        raise AccordError(
            f"--email-domain {settings.email_domain[:60]!r} is no domain of e-mail addresses.", "Give one such as mail.example.com."
        )
    if bool(settings.origin_client_key) != bool(settings.origin):
        raise AccordError("--origin-client-key and --origin go together.", "Give both, or neither.")
    if settings.server_key.startswith("bnc_cl_"):
        raise AccordError("--server-key is a client key, by its prefix.", "Exchange it with --client-key.")
    if (settings.client_key or "").startswith("bnc_sv_"):
        raise AccordError("--client-key is a server key, by its prefix.", "Exchange it with --server-key.")


def _optional_keys(target: Target) -> dict[str, Credential]:
    keys = target.keys
    found = {"--client-key": keys.client, "--other-server-key": keys.other_server}
    return {option: credential for option, credential in found.items() if credential is not None}


def _check_server_key(contract: Contract, target: Target, run_id: str, domain: str) -> None:
    answers = _attempts(contract, target, target.keys.server, run_id, domain)
    if all(answer.status == 404 for answer in answers):
        raise AccordError(
            f"There is no such API at {target.base_url}: {answers[0].url} is not found.",
            "Check the URL; /api/v1/… is appended to it.",
        )
    if all(answer.status in (502, 503, 504) for answer in answers):
        raise AccordError(
            f"{target.base_url} answers {answers[0].status} to everything.", "Start the server behind it, or try later."
        )
    if all(300 <= answer.status < 400 for answer in answers):
        place = answers[0].headers.get("location", "elsewhere")
        raise AccordError(f"{target.base_url} redirects to {place}.", "Give the URL to which it redirects.")
    if all(answer.headers.get("content-type", "").startswith("text/html") and not answer.members for answer in answers):
        raise AccordError(
            f"{target.base_url} answers {answers[0].status} with web pages.",
            "Check the URL; /api/v1/… is appended to it. For a gate before the server: --header, --client-cert.",
        )
    if all(answer.status == 401 for answer in answers):
        raise AccordError("The server does not accept the server key.", "Check --server-key.")


def _check_accepted(contract: Contract, target: Target, option: str, credential: Credential, run_id: str, domain: str) -> None:
    if all(answer.status == 401 for answer in _attempts(contract, target, credential, run_id, domain)):
        raise AccordError(f"The server does not accept {credential.label}.", f"Check {option}.")


def _check_tiers(contract: Contract, target: Target, client: Credential, run_id: str, domain: str) -> None:
    """The tiers are the wrong way round where the client key may resolve and the server key may not."""
    created = target.send(_create(contract, client, _address("preflight", run_id, domain)))
    if not created.succeeded or "id" not in created.members:
        return
    resolve = contract[RESOLVE_CONVERSATION]
    path = resolve.path_for(str(created.members["id"]))
    by_client = target.send(Call(resolve.method, path, credential=client))
    if by_client.succeeded and target.send(Call(resolve.method, path, credential=target.keys.server)).status in (401, 403):
        raise AccordError("The client key may resolve and the server key may not.", "Exchange --server-key and --client-key.")


def _attempts(contract: Contract, target: Target, credential: Credential, run_id: str, domain: str) -> list[Exchange]:
    """Send the key in both headers to list and, if that is refused, to everything else it may call; return the responses."""
    listing = contract[LIST_CONVERSATIONS]
    calls = [Call(listing.method, listing.path), _create(contract, None, _address("preflight", run_id, domain))]
    unknown = target.guard.invent(random.Random(run_id))
    for operation_id in (GET_CONVERSATION, LIST_MESSAGES, RESOLVE_CONVERSATION):
        operation = contract[operation_id]
        if credential.tier in operation.tiers:
            calls.append(Call(operation.method, operation.path_for(unknown)))
    answers: list[Exchange] = []
    for call in calls:
        for style in Style:
            with suppress(Withheld):
                answers.append(target.send(replace(call, credential=credential.by(style))))
        if any(answer.succeeded for answer in answers):
            break
    return answers


def _create(contract: Contract, credential: Credential | None, address: str) -> Call:
    operation = contract[CREATE_CONVERSATION]
    body = {"subject": "Preflight", "user_email": address}
    return Call(
        operation.method,
        operation.path,
        headers={"Content-Type": "application/json"},
        body=json.dumps(body).encode(),
        credential=credential,
    )


def _unused_run_id(run_id: str, contract: Contract, target: Target, domain: str) -> str:
    """The id of the run, entered into the server, or the same with an ending by chance where the server knows it already.

    Two runs of one id would make the same addresses, and each would take what the other creates for a fault of the server.
    """
    known, credential = _runs_known(run_id, contract, target, domain)
    if not known:
        target.send(_create(contract, credential, _address("run", run_id, domain)))
        # Another run of the same id may have begun in this moment: then both get another ending.
        known = _runs_known(run_id, contract, target, domain)[0] - 1
    return f"{run_id[: RUN_ID_LONGEST - 5]}-{secrets.token_hex(2)}" if known > 0 else run_id


def _runs_known(run_id: str, contract: Contract, target: Target, domain: str) -> tuple[int, Credential]:
    """Return how many runs with this id have entered it into the server, and the credential that the server answered."""
    listing, address = contract[LIST_CONVERSATIONS], _address("run", run_id, domain)
    for style in Style:
        credential = target.keys.server.by(style)
        exchange = target.send(Call(listing.method, listing.path, (("user_email", address),), credential=credential))
        if exchange.succeeded:
            break
    results = exchange.members.get("results")
    requesters = [item.get("requester") for item in results if isinstance(item, dict)] if isinstance(results, list) else []
    # A server may overlook the filter: only a conversation of this address is a trace of this id.
    emails = [str(requester.get("email")).lower() for requester in requesters if isinstance(requester, dict)]
    return emails.count(address), credential


def _address(hint: str, run_id: str, domain: str) -> str:
    return f"{hint}.{run_id}@{domain}"
