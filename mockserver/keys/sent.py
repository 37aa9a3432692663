"""What a request carried as a key, so that whatever is shown of the request does not show it whole."""

import base64
import binascii
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from accord.base.redaction import Redactor, shown

CREDENTIALS = ("HTTP_X_API_KEY", "HTTP_AUTHORIZATION", "HTTP_PROXY_AUTHORIZATION")
"""The headers whose values are hidden, by their names in WSGI."""

_SCHEME = re.compile(r"[A-Za-z-]{1,15}")
_LIKE_A_KEY = re.compile(r"(?=.*\d)(?=.*[A-Za-z]).{12,}|\S{16,}", re.DOTALL)
"""Sent keys that look like this are hidden in the whole request. Other words sent as a key may also be parts of the path."""


def redactor_for(known: Redactor, environ: Mapping[str, Any]) -> Redactor:
    """Return what hides the known keys and those that the request carries."""
    sent = frozenset(one for name in CREDENTIALS for one in _keys_in(environ.get(name)) if _LIKE_A_KEY.fullmatch(one))
    return known if sent <= known.keys else _together(known, sent)


@lru_cache(maxsize=64)
def _together(known: Redactor, sent: frozenset[str]) -> Redactor:
    return known.also(sent)


def credentials_shown(value: str) -> str:
    """Return what may be shown of the value of a header that carries a key: the name of its scheme, and its words shortened."""
    return " ".join(part if at == 0 and _is_scheme(value) else shown(part) for at, part in enumerate(value.split()))


def _is_scheme(value: str) -> bool:
    first, space, _ = value.strip().partition(" ")
    return bool(space and _SCHEME.fullmatch(first))


def _keys_in(value: object) -> list[str]:
    if not value:
        return []
    words = str(value).split()
    found = words[1:] if _is_scheme(str(value)) else words
    if words[0].lower() == "basic":
        found += [part for word in words[1:] for part in _user_and_password(word)]
    return [word.strip("\"',;") for word in found]


def _user_and_password(word: str) -> list[str]:
    try:
        return base64.b64decode(word, validate=True).decode("utf-8").split(":")
    except (binascii.Error, ValueError):
        return []
