"""One attempt to deliver: a request with the documented headers and what HTTP needs, and what came of it."""

import http.client
import ssl
import time
from typing import NamedTuple
from urllib.parse import SplitResult

from accord.base.errors import AccordError
from mockserver.model.deliveries import Delivery, Subscription
from mockserver.webhooks.signing import signature
from mockserver.webhooks.targets import TargetRefusedError, Targets

_BYTES_KEPT = 1024
_PORTS = {"http": 80, "https": 443}


Headers = tuple[tuple[str, str], ...]
"""Names and values, in the order in which they are sent."""


class Result(NamedTuple):
    """What came of a request: `status` is None without a response; `reason` is empty for a success. `headers` were sent."""

    headers: Headers
    status: int | None
    reason: str
    body: str
    latency_ms: float


def send(delivery: Delivery, subscription: Subscription, targets: Targets, headers: Headers | None = None) -> Result:
    """Send a delivery once, signed by the secret that the receiver has now. Redirects are not followed.

    headers: replace the documented ones. The headers that HTTP needs are sent in any case.
    """
    headers = headers_of(delivery, subscription) if headers is None else headers
    began = time.perf_counter()
    status, body, reason = None, "", ""
    try:
        status, body = _exchange(targets.checked(subscription.url), headers, delivery.body, subscription.timeout, targets)
    except (TargetRefusedError, AccordError) as error:
        reason = str(error)
    except TimeoutError:
        reason = f"No response within {subscription.timeout:g} seconds."
    except (OSError, http.client.HTTPException) as error:
        reason = f"No response: {str(error) or type(error).__name__}."[:300]
    latency = round((time.perf_counter() - began) * 1000, 3)
    if status is not None and not 200 <= status < 300:
        reason = f"The response has status {status}, which is no success."
    return Result(headers, status, reason, body, latency)


def headers_of(delivery: Delivery, subscription: Subscription) -> Headers:
    """Return the documented headers of a delivery."""
    return (
        ("Content-Type", "application/json"),
        ("X-Bancroft-Event", delivery.event),
        ("X-Bancroft-Signature", signature(subscription.secret, delivery.body)),
    )


def _exchange(url: SplitResult, headers: Headers, body: bytes, timeout: float, targets: Targets) -> tuple[int, str]:
    """The status and the beginning of the body of the response."""
    host, port = str(url.hostname), url.port or _PORTS[url.scheme]
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    plain = targets.connect(host, port, timeout)
    try:
        # With a socket set, HTTPConnection does not connect itself, which would look the name up again.
        connection.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=host) if url.scheme == "https" else plain
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        connection.putrequest("POST", path, skip_host=True, skip_accept_encoding=True)
        connection.putheader("Host", url.netloc)
        connection.putheader("Content-Length", str(len(body)))
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        return response.status, response.read(_BYTES_KEPT).decode("utf-8", "replace")
    finally:
        connection.close()
        plain.close()
