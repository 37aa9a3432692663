"""From an exchange and a mismatch to Evidence: redacted, bounded, and with a curl line that sends the same request."""

import shlex
from collections.abc import Callable, Mapping, Sequence

from contract_tests.credentials import Credential, Style
from contract_tests.exchange import Call, Exchange
from contract_tests.expectations import Mismatch
from contract_tests.results import Evidence

KEPT_BODY = 20_000
"""Characters of a body that are kept."""


def evidence_of(
    mismatch: Mismatch,
    exchange: Exchange,
    *,
    test: str,
    base_url: str,
    redact: Callable[[str], str],
    steps: Sequence[tuple[str, Exchange]] = (),
) -> Evidence:
    """What a report shows of a violation.

    `redact` removes every whole key from a text; `steps` are the writes that led to it, each with its conversation's id. Bad keys
    that were sent, by it or by a step, are hidden too.
    """
    call = exchange.call
    forged = (call.forgery, *(step.call.forgery for _, step in steps))
    bad_keys = [one.secret for one in forged if one and len(one.secret) > 8]

    def hidden(text: str) -> str:
        for secret in bad_keys:
            text = text.replace(secret, "…")
        return redact(text)

    sent = {**(call.credential.headers() if call.credential else {}), **call.headers}
    return Evidence(
        summary=hidden(mismatch.summary),
        expected=hidden(mismatch.expected),
        actual=hidden(mismatch.actual),
        request={
            "method": call.method,
            "url": hidden(exchange.url),
            "headers": {name: hidden(value) for name, value in sent.items()},
            "body": hidden(_text(call.body)) if call.body is not None else None,
        },
        response={
            "status": exchange.status,
            "headers": {name: hidden(value) for name, value in exchange.headers.items()},
            "body": hidden(_text(exchange.body)),
            "elapsed_ms": round(exchange.elapsed * 1000, 1),
        },
        curl=hidden(script(call, base_url, steps)),
        test=test,
    )


def script(call: Call, base_url: str, steps: Sequence[tuple[str, Exchange]]) -> str:
    """Shell lines that send the call, after those that bring a server to where it was; keys are variables ($ACCORD_SERVER_KEY)."""
    names: dict[str, str] = {}
    lines = []
    for conversation_id, step in steps:
        line = curl(step.call, base_url, names, options="-s")
        if conversation_id in names:
            lines.append(f"{line} >/dev/null")
        else:
            names[conversation_id] = f"ID{len(names) + 1}"
            lines.append(f"{names[conversation_id]}=$({line} | jq -r .id)")
    return "\n".join([*lines, curl(call, base_url, names)])


def curl(call: Call, base_url: str, names: Mapping[str, str], *, options: str = "-i") -> str:
    """A curl line that sends the call; `names` maps conversations' ids to the shell variables that hold theirs."""
    parts = ["curl", options]
    if call.method != "GET":
        parts += ["-X", call.method]
    url = f"{base_url}{call.path}{call.search}"
    known = next((conversation_id for conversation_id in names if conversation_id in call.path.split("/")), None)
    parts.append(shlex.quote(url) if known is None else f'"{url.replace(known, f"${names[known]}")}"')
    if call.forgery is not None:
        parts.append(call.forgery.shell)
    elif call.credential is not None:
        parts.append(_credential_options(call.credential))
    own = call.forgery.headers if call.forgery is not None else {}
    parts += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in call.headers.items() if name not in own]
    if call.body is not None:
        parts.append(f"--data-binary {_shell_body(call.body)}")
    return " ".join(parts)


def _credential_options(credential: Credential) -> str:
    value = f"Bearer {credential.shell}" if credential.style is Style.BEARER else credential.shell
    name = "Authorization" if credential.style is Style.BEARER else "X-API-Key"
    origin = f" -H {shlex.quote(f'Origin: {credential.origin}')}" if credential.origin else ""
    return f'-H "{name}: {value}"{origin}'


def _shell_body(body: bytes) -> str:
    text = _text(body)
    printable = "�" not in text and all(character.isprintable() or character == "\n" for character in text)
    if printable:
        return shlex.quote(text)
    escaped = "".join(chr(byte) if 32 <= byte < 127 and byte not in (39, 92) else f"\\x{byte:02x}" for byte in body[:KEPT_BODY])
    return f"$'{escaped}'"


def _text(body: bytes) -> str:
    text = body.decode("utf-8", "replace")
    return text if len(text) <= KEPT_BODY else f"{text[:KEPT_BODY]}… ({len(body)} bytes in all)"
