"""Spellings of a key, written independently of the code that redacts it, and servers that repeat keys in all of them."""

import asyncio
import base64
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import quote

from mockserver.serving.server import WsgiApp
from tests.cli.proxies import listening

ENOUGH = 12
"""The number of consecutive characters of a key that count as a leak."""


def percent(text: str) -> str:
    return "".join(f"%{ord(one):02X}" for one in text)


def spellings(key: str) -> dict[str, str]:
    """Return the key in each spelling, by the name of the spelling."""
    in_base64 = {f"base64 after {n}": base64.b64encode(b"u:"[:n] + key.encode() + b":pw").decode() for n in range(3)}
    return {
        "plain": key,
        "upper": key.upper(),
        "swapped": key.swapcase(),
        "percent": percent(key),
        "percent lower": percent(key).lower(),
        "percent partly": key.replace("_", "%5F").replace("-", "%2d"),
        "percent twice": quote(percent(key)),
        "json": "".join(f"\\u{ord(one):04x}" for one in key),
        "json partly": key.replace("_", "\\u005F").replace("-", "\\u002d"),
        "html": "".join(f"&#{ord(one)};" for one in key),
        "html hex": "".join(f"&#x{ord(one):X};" for one in key),
        "html named": key.replace("_", "&lowbar;").replace("/", "&sol;").replace("+", "&plus;"),
        "backslashes": key.replace("_", "\\_").replace("-", "\\-"),
        "url-safe base64": base64.urlsafe_b64encode(key.encode()).decode(),
        **in_base64,
    }


def leaks(text: str, keys: list[str]) -> list[str]:
    """Return which keys leak into a text, and how: twelve consecutive characters, or about half of another spelling."""
    low, found = text.lower(), []
    for number, key in enumerate(keys):
        secret = key[7:] if key.startswith("bnc_") else key
        pieces = {secret[at : at + ENOUGH].lower() for at in range(len(secret) - ENOUGH + 1)}
        found += [f"key {number}: {piece}" for piece in pieces if piece in low]
        for name, written in spellings(secret).items():
            # The ends of Base64 depend on the text around the key. Of other spellings, half is already too much.
            middle = written[4:-8] if "base64" in name else written[: len(written) // 2]
            found += [f"key {number}, {name}"] if middle.lower() in low else []
    return found


def echoing(app: WsgiApp) -> WsgiApp:
    """Wrap an application: headers, cookies and members of its bodies repeat the key that it was sent, in every spelling."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        sent = (environ.get("HTTP_X_API_KEY") or environ.get("HTTP_AUTHORIZATION", "")).removeprefix("Bearer ")
        written = {name: text for name, text in spellings(sent or "none").items() if text.isascii() and text.isprintable()}
        more = [(f"X-Debug-{name.replace(' ', '-')}", text) for name, text in written.items()]
        more += [
            ("Set-Cookie", f"session={sent}"),
            ("Location", f"/login?key={percent(sent)}"),
            ("Link", f"<https://{sent}.example>"),
        ]
        kept: list[Any] = []
        whole = b"".join(app(environ, lambda status, headers, exc_info=None: kept.extend((status, headers))))
        if whole.startswith(b"{"):
            members = ", ".join(f"{json.dumps(f'debug {name}')}: {json.dumps(text)}" for name, text in written.items())
            raw = f'"raw \\u0022": "{written.get("json", "")}"'
            whole = f"{{{members}, {raw}, ".encode() + whole[1:] if len(whole) > 2 else whole
            whole = whole.replace(b'"detail":"', b'"detail":"' + json.dumps(sent)[1:-1].encode() + b" ")
        headers = [(name, value) for name, value in kept[1] if name.lower() not in ("content-length", "location")]
        start_response(kept[0], [*headers, *more, ("Content-Length", str(len(whole)))])
        return [whole]

    return answer


def replying(response: str) -> AbstractContextManager[str]:
    """Serve one response to every request. `{key}` in it becomes the key that was sent, `{percent}` the same percent-encoded."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            key = next((found for line in head.splitlines() if (found := _key_in(line))), "")
            writer.write(response.replace("{key}", key).replace("{percent}", percent(key)).encode("latin-1", "replace"))
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass

    return listening(carry)


def _key_in(line: str) -> str:
    name, _, value = line.partition(": ")
    return value.removeprefix("Bearer ") if name.lower() in ("x-api-key", "authorization") else ""


def all_texts(directory: Any) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of every file below a directory."""
    for path in directory.rglob("*"):
        if path.is_file() and ".cache" not in path.parts:
            yield path.name, path.read_text(encoding="utf-8", errors="replace")
