"""From an exchange and a mismatch to Evidence: redacted, bounded, and with the shell lines that show it again."""

from collections.abc import Callable, Mapping, Sequence

from contract_tests.contract.mismatch import Mismatch
from contract_tests.contract.timestamps import TIMES
from contract_tests.judging.places import kept, place_of, whole_text
from contract_tests.judging.sign import sign_of
from contract_tests.outcome.tally import Evidence
from contract_tests.reproduction.likeness import form_of
from contract_tests.reproduction.shell import script
from contract_tests.reproduction.steps import LIKELY, Link, reproduction_of
from contract_tests.transport.exchange import Exchange

KEPT_BODY = 20_000
"""Characters of a body that are kept."""

KEPT_HEADER = 2_000
"""Characters of the value of a header that are kept."""


def evidence_of(
    mismatch: Mismatch,
    exchange: Exchange,
    *,
    test: str,
    base_url: str,
    redact: Callable[[str], str],
    before: Sequence[Link] = (),
    secrets: Mapping[str, str] | None = None,
    curl_options: str = "",
) -> Evidence:
    """What a report shows of a violation.

    `redact` removes every whole key from a text; `before` is what led to it, oldest first; `secrets` maps whole keys to the
    variables that stand for them; each line of curl has `curl_options`. Bad keys that were sent, by it or before, are hidden too.
    """
    call = exchange.call
    forged = (call.forgery, *(link.exchange.call.forgery for link in before))
    bad_keys = [one.secret for one in forged if one and len(one.secret) > 8]
    of_times = _needs_time(mismatch, exchange)
    reproduction = reproduction_of(exchange, before, secrets, pause=of_times)
    compared = [link.exchange for link in before if link.shown]

    def hidden(text: str) -> str:
        for secret in bad_keys:
            text = text.replace(secret, "…")
        return redact(text)

    where, marked, body = kept(hidden(whole_text(exchange.body)), place_of(mismatch, exchange), KEPT_BODY)
    sent = {**(call.credential.headers() if call.credential else {}), **call.headers}
    return Evidence(
        summary=hidden(mismatch.summary),
        expected=hidden(mismatch.expected),
        actual=hidden(mismatch.actual),
        request={
            "method": call.method,
            "url": hidden(exchange.url),
            "headers": {hidden(name): _cut_header(hidden(value)) for name, value in sent.items()},
            "body": _cut(hidden(_decoded(call.body)), len(call.body)) if call.body is not None else None,
        },
        response={
            "status": exchange.status,
            "headers": {hidden(name): _cut_header(hidden(value)) for name, value in exchange.headers.items()},
            "body": body,
            "elapsed_ms": round(exchange.elapsed * 1000, 1),
        },
        # Real keys are replaced by variables here, but made-up ones are shown: without them, it would be another request.
        curl=redact(script(reproduction.of_rank(LIKELY), base_url, curl_options)),
        test=test,
        where=hidden(where),
        marked=marked,
        steps=tuple(reproduction.to_json()),
        form=form_of(
            [*compared, exchange],
            {**(secrets or {}), **{step.defined: step.defines for step in reproduction.steps if step.defines_id}},
            times=of_times,
        ),
        sign={**sign_of(mismatch, exchange), **({"times": True} if of_times else {})},
    )


def _needs_time(mismatch: Mismatch, exchange: Exchange) -> bool:
    """Return whether a reproduction must wait for another second: the mismatch or a conditional header is about a time."""
    asked_by_time = any(name.lower() == "if-modified-since" for name in exchange.call.headers)
    return asked_by_time or mismatch.where.rpartition("/")[2] in TIMES


def _decoded(body: bytes) -> str:
    return body.decode("utf-8", "replace")


def _cut(text: str, size: int) -> str:
    return text if len(text) <= KEPT_BODY else f"{text[:KEPT_BODY]}… ({size} bytes in all)"


def _cut_header(value: str) -> str:
    return value if len(value) <= KEPT_HEADER else f"{value[:KEPT_HEADER]}… ({len(value)} characters in all)"
