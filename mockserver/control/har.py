"""Entries of the journal as HAR 1.2 has them."""

from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote

from accord.base.har import entry
from mockserver.control.filters import Seen

_IN_PATHS = "/:@!$&'()*+,;=~"


def har_entry(seen: Seen) -> str:
    """Return an exchange as a line of JSON. It shows what the journal shows, without keys."""
    kept, request, response = seen.entry, seen.shown["request"], seen.shown["response"]
    environ = kept.request.environ
    address = f"{environ.get('wsgi.url_scheme', 'http')}://{environ.get('HTTP_HOST', 'mock')}{environ.get('SCRIPT_NAME', '')}"
    decided = "".join(f"decided by the {kind} {id}" for kind, id in (seen.shown["decided_by"] or {}).items())
    return entry(
        started=datetime.fromtimestamp(kept.came / 1e9, UTC),
        elapsed_ms=seen.shown["milliseconds"],
        request={
            "method": request["method"],
            "url": f"{address}{quote(request['path'], _IN_PATHS)}" + (f"?{request['query']}" if request["query"] else ""),
            "headers": _pairs(request["headers"]),
            "query": _pairs(dict(parse_qsl(request["query"], keep_blank_values=True))),
            "type": request["headers"].get("Content-Type", ""),
            "size": len(kept.request.data or b""),
            "body": request["body"],
        },
        response={
            "status": response["status"],
            "headers": _pairs(response["headers"]),
            "type": response["headers"].get("Content-Type", ""),
            "size": len(kept.response.body),
            "body": response["body"],
            "redirect": response["headers"].get("Location", ""),
        },
        comment=decided,
    )


def _pairs(values: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in values.items()]
