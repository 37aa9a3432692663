"""Mistakes of configuration, found before anything is judged.

Something is called a mistake only where no server, however wrong, could be the explanation: a key that is refused in one header and
accepted in the other is a finding, one that is refused everywhere is not a key of this server.
"""

import hashlib
import json
import uuid
from dataclasses import replace

from accord.errors import AccordError
from contract_tests.contract import Contract
from contract_tests.credentials import Credential, Style
from contract_tests.exchange import Call, Exchange
from contract_tests.settings import Settings
from contract_tests.target import Target, Unanswered, Unavailable

_UNKNOWN_ID = "5d0c1f6e-8f0b-4c1e-9a53-6f2d7b7c9e10"
"""Of no conversation: whatever is answered but 401 says that the key was accepted."""


def preflight(settings: Settings, contract: Contract, target: Target) -> str:
    """Look for mistakes and return the run's id, which nobody has used on this server. Raises AccordError for a mistake."""
    _check_options(settings)
    try:
        _check_server_key(contract, target)
        for option, credential in _optional_keys(target).items():
            _check_accepted(contract, target, option, credential)
        if target.keys.client is not None:
            _check_tiers(contract, target, target.keys.client)
        return _unused_run_id(settings, contract, target)
    except Unanswered as error:
        raise AccordError(
            f"{settings.base_url} cannot be reached: {error}.", "Check the URL and that the server runs, or raise --timeout."
        ) from error
    except Unavailable as error:
        raise AccordError(
            f"{settings.base_url} only answers {error.exchange.status}.", "Try later, or with --requests-per-second."
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
        if key:
            seen[key] = name
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


def _check_server_key(contract: Contract, target: Target) -> None:
    answers = _attempts(contract, target, target.keys.server)
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
        raise AccordError(f"{target.base_url} answers with web pages.", "Check the URL; /api/v1/… is appended to it.")
    if all(answer.status == 401 for answer in answers):
        raise AccordError("The server does not accept the server key.", "Check --server-key.")


def _check_accepted(contract: Contract, target: Target, option: str, credential: Credential) -> None:
    if all(answer.status == 401 for answer in _attempts(contract, target, credential)):
        raise AccordError(f"The server does not accept {credential.label}.", f"Check {option}.")


def _check_tiers(contract: Contract, target: Target, client: Credential) -> None:
    """The tiers are the wrong way round where the client key may resolve and the server key may not."""
    created = target.send(_create(contract, client))
    if created.status == 403:
        return
    resolve = contract["resolveConversation"]
    path = resolve.path_for(str(created.members.get("id", _UNKNOWN_ID)))
    by_client = target.send(Call(resolve.method, path, credential=client))
    if by_client.succeeded and target.send(Call(resolve.method, path, credential=target.keys.server)).status in (401, 403):
        raise AccordError("The client key may resolve and the server key may not.", "Exchange --server-key and --client-key.")


def _attempts(contract: Contract, target: Target, credential: Credential) -> list[Exchange]:
    """The key in both headers, to list and, as long as that is refused, with everything else that it may call."""
    calls = [Call(contract["listConversations"].method, contract["listConversations"].path), _create(contract)]
    for operation_id in ("getConversation", "listMessages", "resolveConversation"):
        operation = contract[operation_id]
        if credential.tier in operation.tiers:
            calls.append(Call(operation.method, operation.path_for(_UNKNOWN_ID)))
    answers: list[Exchange] = []
    for call in calls:
        answers += [target.send(replace(call, credential=credential.by(style))) for style in Style]
        if any(answer.succeeded for answer in answers):
            break
    return answers


def _create(contract: Contract, credential: Credential | None = None, address: str = "") -> Call:
    operation = contract["createConversation"]
    body = {"subject": "Preflight", "user_email": address or "preflight@example.com"}
    return Call(
        operation.method,
        operation.path,
        headers={"Content-Type": "application/json"},
        body=json.dumps(body).encode(),
        credential=credential,
    )


def _unused_run_id(settings: Settings, contract: Contract, target: Target) -> str:
    """An id made from the seed, so that the same seed sends the same requests; a random one where the server has seen that."""
    from_seed = hashlib.sha256(f"accord {settings.seed}".encode()).hexdigest()[:10]
    address = f"run.{from_seed}@example.com"
    listing = contract["listConversations"]
    for credential in (target.keys.server.by(style) for style in Style):
        exchange = target.send(Call(listing.method, listing.path, (("user_email", address),), credential=credential))
        if exchange.succeeded:
            break
    results = exchange.members.get("results")
    if results == [] or not isinstance(results, list):
        target.send(_create(contract, credential, address))
        return from_seed
    return uuid.uuid4().hex[:10]
