"""Lets the proxy's judge see what goes to an application in this process, without sockets."""

import io
import time
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from mockserver.contract.document import Contract, load_contract
from mockserver.proxy.asked import Asked
from mockserver.proxy.exchange import Exchange
from mockserver.proxy.findings import Finding
from mockserver.proxy.judge import Judge
from mockserver.serving.server import WsgiApp

_IN_PATHS = "/-._~!$&'()*+,;=:@"


class Judged:
    """An application whose exchanges are judged as the proxy judges them. `seen` has all that were judged."""

    def __init__(self, app: WsgiApp, contract: Contract | None = None, *, keep: bool = True) -> None:
        self._app = app
        self._judge = Judge(contract or load_contract())
        self._keep = keep
        self.seen: list[tuple[Exchange, Asked, list[Finding]]] = []
        self.accusations: list[str] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        # Werkzeug's test client passes a request along whose stream was just read: without it, the new stream is used.
        environ = {name: value for name, value in environ.items() if name != "werkzeug.request"} | {"wsgi.input": io.BytesIO(body)}
        target = quote(environ["PATH_INFO"].encode("latin-1"), _IN_PATHS)
        target += f"?{environ['QUERY_STRING']}" if environ.get("QUERY_STRING") else ""
        names = {name: name[5:].replace("_", "-").title() for name in environ if name.startswith("HTTP_")}
        names |= {"CONTENT_TYPE": "Content-Type"} if environ.get("CONTENT_TYPE") else {}
        headers = [(names[name], str(environ[name])) for name in names]
        exchange = Exchange(environ["REQUEST_METHOD"], target, headers, time.monotonic(), time.time_ns(), body)

        def started(status: str, sent: list[tuple[str, str]], exc_info: Any = None) -> Any:
            exchange.status, exchange.response_headers = int(status[:3]), list(sent)
            return start_response(status, sent, exc_info)

        chunks = self._app(environ, started)
        try:
            found = b"".join(chunks)
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
        exchange.ended, exchange.response_body = time.monotonic(), found
        asked, findings = self._judge.judge(exchange)
        if self._keep:
            self.seen.append((exchange, asked, findings))
        for finding in findings:
            if finding.is_violation_of_server:
                self.accusations.append(f"{finding.id}: {exchange.method} {target[:200]} → {exchange.status}: {finding.sentence}")
        return [found]
