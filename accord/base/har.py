"""HAR 1.2, for the network panel of a browser and others that read it: an entry for each exchange, and the document of them all."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any


def document(entries: Iterable[str], version: str) -> str:
    """Return the HAR document of entries that `entry` returned. `version` is Accord's own."""
    lines = ",\n".join(entries)
    creator = json.dumps({"name": "Accord", "version": version})
    return f'{{"log": {{"version": "1.2", "creator": {creator}, "entries": [\n{lines}\n]}}}}\n'


def entry(
    *, started: datetime, elapsed_ms: float, request: Mapping[str, Any], response: Mapping[str, Any], comment: str = ""
) -> str:
    """Return an entry, a line of JSON, of texts that are fit to be shown.

    request: `method`, `url`, `headers` and `query` as lists of `{"name", "value"}`, `type`, `size` in bytes, `body` or None.
    response: `status`, `headers`, `type`, `size` in bytes, `body`, `redirect`.
    """
    status = response["status"]
    found: dict[str, Any] = {
        "startedDateTime": started.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "time": round(elapsed_ms, 3),
        "request": {
            "method": request["method"],
            "url": request["url"],
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": request["headers"],
            "queryString": request["query"],
            "headersSize": -1,
            "bodySize": request["size"],
        },
        "response": {
            "status": status,
            "statusText": HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "",
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": response["headers"],
            "content": {"size": response["size"], "mimeType": response["type"], "text": response["body"]},
            "redirectURL": response["redirect"],
            "headersSize": -1,
            "bodySize": response["size"],
        },
        "cache": {},
        "timings": {"send": 0, "wait": round(elapsed_ms, 3), "receive": 0},
    }
    if request["body"] is not None:
        found["request"]["postData"] = {"mimeType": request["type"], "text": request["body"]}
    if comment:
        found["comment"] = comment
    return json.dumps(found, separators=(",", ":"))
