"""The signature of a payload: hex HMAC-SHA256 of the bytes that are sent, under the receiver's secret."""

import hmac


def signature(secret: str, body: bytes) -> str:
    """Return the signature in lower-case hex."""
    return hmac.new(secret.encode(), body, "sha256").hexdigest()
