"""What the proxy found: counted, and in files of a folder."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from accord.base.errors import AccordError
from accord.base.har import document, entry
from accord.base.redaction import Redactor, known
from mockserver.contract.document import Contract
from mockserver.coverage.met import Met
from mockserver.http.messages import Request, Response
from mockserver.journal import LONGEST_BODY, Entry
from mockserver.keys.sent import redactor_for
from mockserver.model.refusal import Kind
from mockserver.proxy.asked import Asked, environ_of
from mockserver.proxy.exchange import Exchange
from mockserver.proxy.findings import CLIENT, SERVER, Finding

SCHEMA = "accord/proxy/1"
JOURNAL, FINDINGS, HAR = "journal.jsonl", "findings.json", "traffic.har"
MOST_JOURNAL = 64 * 1024 * 1024
"""Bytes of the journal; what comes later is only counted."""

_MOST_EVIDENCE = 3
_MOST_HAR = 1000


class Record:
    """Counts the findings of all exchanges, notes what clients met, and writes a journal line as soon as an exchange is judged.

    folder: where files are written, or None. tell: gets a line for each finding. covers: whether exercised choices are noted too,
    which takes longer.
    """

    def __init__(
        self, contract: Contract, upstream: str, folder: Path | None, tell: Callable[[str], None], *, covers: bool = False
    ) -> None:
        self.met = Met(contract, at_once=covers)
        self.exchanges = 0
        self._upstream = upstream
        self._folder = folder
        self._tell = tell
        self._count: Counter[tuple[str, str]] = Counter()
        self._evidence: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self._first: dict[tuple[str, str], Finding] = {}
        self.faults: Counter[str] = Counter()
        self._har: list[str] = []
        self._written = 0
        self._journal = None
        if folder is not None:
            try:
                folder.mkdir(parents=True, exist_ok=True)
                self._journal = (folder / JOURNAL).open("w", encoding="utf-8")
            except OSError as error:
                raise AccordError(
                    f"The reports cannot be written to {folder}: {error.strerror}.", "Give another --report-dir."
                ) from error

    def add(self, exchange: Exchange, asked: Asked, findings: list[Finding]) -> None:
        """Record an exchange with what is wrong with it."""
        self.exchanges += 1
        request = Request(environ_of(exchange), {})
        request.data = exchange.body
        operation = asked.operation.id if asked.operation else ""
        kind = _kind(exchange, asked) if exchange.status >= 400 else None
        response = Response(
            exchange.status, exchange.content or b"", dict(exchange.response_headers), refused=kind.name if kind else None
        )
        if exchange.status:
            self.met.note(operation, request, response)
        redactor = redactor_for(known(), request.environ)
        shown: dict[str, Any] | None = None
        if findings or self._folder is not None:
            shown = self._shown(exchange, operation, request, response, findings, redactor)
        for finding in findings:
            key = (finding.side, finding.id or finding.sentence)
            self._count[key] += 1
            self._first.setdefault(key, finding)
            if shown is not None and len(self._evidence.setdefault(key, [])) < _MOST_EVIDENCE:
                self._evidence[key].append(shown)
            sentence = redactor.redact(f"{exchange.method} {exchange.target[:200]} → {exchange.status}: {finding.sentence}")
            self._tell(f"{finding.side:<6} {finding.level:<6} {finding.id or '-'}  {sentence}")
        if exchange.fault:
            self.faults[exchange.fault] += 1
            what = str(exchange.status or "no response") + (" by the proxy" if exchange.is_made_up else "")
            self._tell(f"proxy  fault  {exchange.fault}  {redactor.redact(f'{exchange.method} {exchange.target[:200]} → {what}')}")
        if shown is not None and self._folder is not None:
            self._write(shown)
            self._har = [*self._har[-_MOST_HAR + 1 :], _har_entry(exchange, shown)]

    def _shown(
        self,
        exchange: Exchange,
        operation: str,
        request: Request,
        response: Response,
        findings: list[Finding],
        redactor: Redactor,
    ) -> dict[str, Any]:
        kept = Request(request.environ, {})
        kept.data = None if request.data is None else request.data[:LONGEST_BODY]
        took = int((exchange.ended - exchange.began) * 1e9)
        one = Entry(str(self.exchanges), self.exchanges, "", operation, exchange.came, took, kept, response)
        shown = one.shown(redactor)
        told = [{**finding.to_json(), "sentence": redactor.redact(finding.sentence)} for finding in findings]
        names = ("id", "operation", "at", "milliseconds")
        request_and_response = {name: shown[name] for name in ("request", "response")}
        how = {"cut": exchange.is_cut, "fault": exchange.fault or None, "made_up": exchange.is_made_up}
        return {**{name: shown[name] for name in names}, **how, "findings": told, **request_and_response}

    def _write(self, shown: dict[str, Any]) -> None:
        line = json.dumps(shown, ensure_ascii=True) + "\n"
        self._written += len(line)
        if self._journal is not None and self._written <= MOST_JOURNAL:
            self._journal.write(line)
            self._journal.flush()

    @property
    def violations(self) -> int:
        """How often the server did not conform."""
        return sum(count for key, count in self._count.items() if self._first[key].is_violation_of_server)

    def counted(self, side: str) -> list[tuple[Finding, int]]:
        """The first finding of each kind on a side, and how often there was one; the most frequent first."""
        return [(self._first[key], count) for key, count in self._count.most_common() if key[0] == side]

    def close(self) -> None:
        """Write the findings and the latest traffic."""
        if self._folder is None or self._journal is None:
            return
        self._journal.close()
        findings = [
            {**finding.to_json(), "count": count, "evidence": self._evidence.get((side, finding.id or finding.sentence), [])}
            for side in (SERVER, CLIENT)
            for finding, count in self.counted(side)
        ]
        report = {
            "schema": SCHEMA,
            "upstream": self._upstream,
            "exchanges": self.exchanges,
            "violations": self.violations,
            "journal_is_whole": self._written <= MOST_JOURNAL,
            "faults": dict(self.faults),
            "findings": findings,
        }
        (self._folder / FINDINGS).write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
        (self._folder / HAR).write_text(document(self._har, "proxy"), encoding="utf-8")


def _kind(exchange: Exchange, asked: Asked) -> Kind | None:
    """Return why a request was refused: by the request itself, if it shows that, else by the status."""
    if asked.operation is None:
        return Kind.NOWHERE
    by_status = {
        401: Kind.UNKNOWN_KEY,
        403: Kind.MISSING_ORIGIN if exchange.header("origin") is None else Kind.OTHER_ORIGIN,
        404: Kind.NO_FINAL_SLASH if asked.lacks_slash else Kind.NOT_FOUND,
        409: Kind.RESOLVED_ALREADY if asked.operation.id == "resolveConversation" else Kind.CONVERSATION_CLOSED,
    }
    return asked.refused or by_status.get(exchange.status)


def _har_entry(exchange: Exchange, shown: dict[str, Any]) -> str:
    request, response = shown["request"], shown["response"]
    pairs = {
        name: [{"name": header, "value": value} for header, value in message["headers"].items()]
        for name, message in (("request", request), ("response", response))
    }
    query = f"?{request['query']}" if request["query"] else ""
    return entry(
        started=datetime.fromtimestamp(exchange.came / 1e9, UTC),
        elapsed_ms=shown["milliseconds"],
        request={
            "method": request["method"],
            "url": f"http://{exchange.header('host') or 'server'}{request['path']}{query}",
            "headers": pairs["request"],
            "query": [],
            "type": exchange.header("content-type") or "",
            "size": len(exchange.body or b""),
            "body": request["body"],
        },
        response={
            "status": response["status"],
            "headers": pairs["response"],
            "type": exchange.response_header("content-type") or "",
            "size": len(exchange.response_body or b""),
            "body": response["body"],
            "redirect": exchange.response_header("location") or "",
        },
        comment=", ".join(
            [f"{one['side']}: {one['requirement'] or one['choice'] or one['sentence']}" for one in shown["findings"]]
            + ([f"fault: {exchange.fault}"] if exchange.fault else [])
        ),
    )
