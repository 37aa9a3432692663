"""A server that conforms, except that one value in each response is one that no reader of JSON expects."""

import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

from mockserver.serving.server import WsgiApp

HUGE = "7" * 5000
DEEP = '{"a":[' * 600 + "1" + "]}" * 600

VALUES: dict[str, tuple[str, ...]] = {
    "surrogates": (r'"\ud800"', r'"a\udfffb"', r'"\ud800/\n../%0d%0a\u0000"'),
    "numbers": (HUGE, f"-{HUGE}", "1e999", "-0.0", "1.5", "9007199254740993"),
    "nesting": (DEEP,),
    "no numbers": ("NaN", "Infinity", "-Infinity"),
    "other types": ("null", "true", "[]", "{}", "[[]]", '{"a": 1}', "7", '""', "[null]", '["x"]', '[{"id": 1}]'),
    "terminal": (r'"\u001b]0;pwned\u0007\u009b2J\u202e\u2028\r\n"',),
}
"""What is put in the place of a value, by kind, as JSON text."""

_PLACE = "@@place@@"


def hostile(app: WsgiApp, texts: tuple[str, ...], *, doubled: bool = False) -> WsgiApp:
    """Wrap an application: in each response, one value is replaced by one of the texts, at another place each time.

    `doubled` adds the text as a second member of the same name instead.
    """
    turns = itertools.count()

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        kept: list[Any] = []
        body = b"".join(app(environ, lambda status, headers, exc_info=None: kept.extend((status, headers))))
        status, headers = kept
        if body[:1] == b"{":
            body = _changed(body, next(turns), texts, doubled=doubled)
        headers = [(name, value) for name, value in headers if name.lower() != "content-length"]
        start_response(status, [*headers, ("Content-Length", str(len(body)))])
        return [body]

    return answer


def _changed(body: bytes, turn: int, texts: tuple[str, ...], *, doubled: bool) -> bytes:
    value = json.loads(body)
    places = [*_places(value)]
    if not places:
        return body
    holder, at = places[turn // len(texts) * 7 % len(places)]
    text = texts[turn % len(texts)]
    if doubled and isinstance(holder, dict):
        holder[_PLACE] = None
        return json.dumps(value).replace(f'"{_PLACE}": null', f"{json.dumps(at)}: {text}").encode()
    holder[at] = _PLACE
    return json.dumps(value).replace(f'"{_PLACE}"', text).encode()


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for at, held in inner:
        yield value, at
        if isinstance(held, dict | list):
            yield from _places(held)
