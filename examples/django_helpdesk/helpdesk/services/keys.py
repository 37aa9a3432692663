"""Issuing API keys."""

import secrets
from collections.abc import Iterable

from django.utils import timezone

from helpdesk.models import ApiKey, Organisation


def issue(
    organisation: Organisation,
    kind: ApiKey.Kind,
    plaintext: str | None = None,
    *,
    revoked: bool = False,
    allowed_origins: Iterable[str] = (),
) -> str:
    """Store the given key, or a new one, and return its plaintext, which cannot be read again later."""
    prefix = f"bnc_{kind}_"
    plaintext = plaintext or prefix + secrets.token_urlsafe(32)
    if not plaintext.startswith(prefix) or not plaintext.isascii():
        raise ValueError(f"a {kind.label.lower()} key must begin with {prefix} and be plain ASCII")
    ApiKey.objects.update_or_create(
        digest=ApiKey.digest_of(plaintext),
        defaults={
            "organisation": organisation,
            "kind": kind,
            "allowed_origins": [origin.rstrip("/").lower() for origin in allowed_origins],
            "revoked_at": timezone.now() if revoked else None,
        },
    )
    return plaintext
