"""Texts and metadata that careless code changes: each must come back as it was sent.

All of it is within modest sizes and without control characters, which a server may refuse (see docs/contract.md).
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

_TEXTS = (
    "Plain words",
    "x",
    "Ünïcödé: straße, naïve, Ångström, ﬁ, Ω, ½",
    "cafe\u0301 and caf\u00e9 are not the same",
    "日本語のテキスト 한국어 中文",
    "مرحبا بالعالم שלום",
    "emoji 🎉 👩‍👩‍👧‍👦 🇩🇪 👍🏽",
    "𝒜stral 𠜎 characters",
    "<b>bold</b> & <script>alert(1)</script> &amp; &lt;",
    "quotes \" ' ` and back\\slashes \\n \\u0041 \\\\",
    "percent %20 %s %d {0} {name} ${HOME} $(id)",
    "= equals + plus question ? hash # at @ tilde ~",
    "'; DROP TABLE conversations; --",
    "two  spaces   and    more",
    "a\u00a0no-break space and another\u3000kind of space",
    "null",
    "0123",
    "true",
    "1e5",
    "2026-02-26T10:00:00Z",
    "MiXeD CaSe TeXt",
    "[brackets] (parentheses) {braces}",
    "trailing dots... and, punctuation!?;:",
    "İstanbul ıI ſ ß ẞ",
)

OF_MAIL = "Re: Fwd: AW: [Ticket #42] [EXTERNAL] Help with order #1234"

_NEWER_TEXTS = (
    OF_MAIL,
    "Ann <ann@example.com> said \u201cit\u2019s \u2018broken\u2019\u201d!!! ??? \u2013 \u2026 <!-- or not --> a <b",
    "javascript: data: :smile: :+1: ../../etc C:\\new N/A n/a 50% 12:30 1,234.50 € #tag",
    "❤\ufe0f ☎\ufe0e ｆｕｌｌ ｗｉｄｔｈ ㎏ \u2126\u212b\u212a \u1112\u1161\u11ab Z\u0335\u0351\u0327\u0301a\u0337l\u0338\u0321",
    "It is broken.",
    "[[[[{{{{" * 16,
    "URGENT!!! critical, high priority: call me back ASAP, thanks. VIP, refund, spam, unsubscribe, solved, closed, out of office",
)

TEXTS = (*_TEXTS, *_NEWER_TEXTS)

SUBJECTS = (
    "12345",
    "2026-03-01T12:00:00+02:00",
    "-1.50",
    "12345678901234567890",
    "False",
    "None",
    "2026-03-01T12:00:00.500Z",
    "undefined",
    "[1, 2]",
    '{"a": "b"}',
    '"quoted"',
    "2026-03-01 12:00:00",
    "0x1F",
    "Infinity",
    "NaN",
    "1_000",
    "+7",
    "12:30",
    "0",
    "off",
    "[]",
    "{}",
    "1.0",
    "٣",
)
"""Texts that code may take for something else: numbers, timestamps, JSON. They are used in tests that are about
other members."""

WHOLE_BODIES = ("47110815", "2026-03-04T12:00:00+02:00", "-2.50", "[7, 8]", '{"a": "b"}', "undefined", "False", "0")
"""The same, as all of a message."""

_BODIES = (
    *_TEXTS,
    "line one\nline two\r\nline three\n\n\nline six",
    "code:\n    indented\n        more\n  less  \nand flush",
    "> quoted\n>> twice\n- list\n* list\n# heading",
    "word " * 900 + "end",
    "ü" * 3000 + "end",
    "🎉" * 1200 + "end",
    "x" * 9900,
)

_NEWER_BODIES = (
    *_NEWER_TEXTS,
    "see https://example.com/?a=1&b=2, www.example.com, ann@example.com, @ann and #1",
    ":) :-) ;) <3 :tada: :smile: :+1: :D (y) (c) (r) (tm) -- --- ... -> => 1/2 \"a quoted word\" 'another' isn't",
    "card 4111 1111 1111 1111, 4111111111111111, account DE89 3704 0044 0532 0130 00, password: hunter2, damn",
    "**bold** _it_ ~~gone~~ `code` [name](https://example.com) [b]bold[/b] {{name}} {% if %} <%= 1 %>",
    "1+1=2, 2 + 2 = 4, +1+2+3, a+b%2B",
    "above\n-- \nAnn\n\nOn Mon, 2 Mar 2026 at 10:00, Bob <bob@example.com> wrote:\n> older\n________________\nFrom: Bob",
    "first\nFrom the second on\n.a dot\n..\n.\n#!/bin/sh\n%%\n~~~\n=====\n-- \nlast",
)

BODIES = (*_NEWER_BODIES, *_BODIES)

BEGINNINGS = (
    "=SUM(A1:A9)",
    "+49 30 1234567",
    "@ann, look",
    "/close",
    "From Ann",
    "> quoted\n",
    ".dotted",
    "-- ",
    "Subject: mine\n",
    '"quoted" and',
)
"""Beginnings of bodies that have a meaning in a spreadsheet or a chat; the mark of the body follows them."""

_METADATA: tuple[dict[str, Any], ...] = (
    {},
    {"phone": "+49 30 1234567", "preferred_time": "tomorrow, 9 am"},
    {"null": None, "true": True, "false": False, "zero": 0, "empty": ""},
    {"nested": {"null": None, "deeper": {"null": None, "list": [None, {"null": None}]}}},
    {"empty object": {}, "empty list": [], "list of empties": [{}, [], "", None]},
    {"integer": 42, "negative": -17, "large": 9007199254740991, "small": -9007199254740991},
    {"float": 0.1, "exponent": 1.5e300, "tiny": 2.5e-300, "precise": 3.141592653589793, "negative": -2.5},
    {"one": 1, "one point zero": 1.0, "true": True, "text": "1", "yes": "true", "none": "null"},
    {"list": [3, 1, 2, 3, "b", "a", None, False], "matrix": [[1, 2], [3, [4]]]},
    {"ключ": "значение", "鍵": "値", "🔑": "🎉", "e\u0301": "e\u0301", "\u00e9": "\u00e9"},
    {"html": "<b>&amp;</b>", "quote": "\"'`\\", "newline": "a\nb\r\n\tc", "sql": "'; --"},
    {"id": "mine", "status": "closed", "subject": "not the subject", "requester": {"email": "x@example.com"}, "number": -1},
    {"UPPER": 1, "upper": 2, "Upper": 3, "snake_case": 4, "camelCase": 5, "kebab-case": 6},
    {"deep": {"a": {"b": {"c": {"d": {"e": {"f": {"g": [[[[{"h": None}]]]]}}}}}}}},
    {f"key {number}": number for number in range(120)},
)

_NEWER_METADATA: tuple[dict[str, Any], ...] = (
    {"": "empty name", " ": "blank name", "a.b": "dot", "a/b": "slash", "a b": "space", "$id": "dollar", "a[b]": "brackets"},
    {"0": "zero", "1": {"0": "a", "1": "b"}, "2": {"1": "from one"}},
    {"007": "leading zeros", "7": "seven", "1.0": "fraction", "-0": "sign", "1e3": "exponent", "n" * 100: "long", "n" * 99: "less"},
    {
        "date": "2026-02-26T10:00:00Z",
        "day": "2026-02-26",
        "number as text": "0123",
        "spaces": "  kept  ",
        # What is read as a moment is written in another way, or in another zone.
        "times": [
            "2026-03-01T12:00:00+02:00",
            "2026-03-01T12:00:00-05:30",
            "2026-03-01T12:00:00.500Z",
            "2026-03-01T12:00:00.123456+00:00",
            "2026-03-01T12:00:00",
            "2026-03-01 12:00:00",
            "2026-03-01T12:00+02:00",
            "20260301T120000Z",
            "12:00:00+02:00",
            "2026-W09-7",
            "Sun, 01 Mar 2026 12:00:00 +0200",
            "03/01/2026",
            "PT1H30M",
            "1772362800",
        ],
        "numbers": ["12345", "-7", "+7", "1.50", "1e5", "12345678901234567890", "1_000", "0x1F", "Infinity", "NaN", "", "-0"],
        "words": ["true", "False", "None", "undefined", "nil", "[]", "{}", '"quoted"', "y", "on"],
    },
    {
        "time": "09:30",
        "link": "https://example.com/",
        "address": "Mixed.Case@Example.com",
        "id": "A1B2C3D4-5E6F-4A7B-8C9D-0E1F2A3B4C5D",
    },
    {
        "encoded": "YQ==",
        "json": '{"a": [1, "b"]}',
        "more": ['{"a": 1}', '{"a":{"b":null}}', '["a"]', '[{"a":1}]', '"a"', "{a: 1}", "a=1&b=2", "a: 1"],
        "list": "[1, 2]",
        "yes": "yes",
        "no": "no",
        "on": "on",
        "version": "1.10",
        "hex": "0x1F",
    },
    {
        "metadata": {"metadata": {"a": 1}, "b": 2},
        "type": "x",
        "class": "y",
        "data": {"data": []},
        "items": 1,
        "length": 0,
        "key": "k",
    },
    {
        # Numbers that are damaged if stored in another type: with 32 bits, seven digits, few decimals, or none.
        "whole": [2147483647, 2147483648, -2147483649, 4294967295, 4294967296, 999999999999999, 9007199254740990, -1, 10**15],
        "with a fraction": [4294967296.5, -2147483649.25, 123456789012345.5, 16777217.5, 0.30000000000000004, 1 / 3, -0.5, 99.99],
        "with an exponent": [1e21, 1e22, 1.7976931348623157e308, 2.2250738585072014e-308, 1e-7, 1.5e-10, 12345.6789e-20],
        # Lists of what looks like rows, pairs or members.
        "rows": [{"id": 1, "name": "a", "type": "x"}, {"id": 2, "name": "b", "type": "x"}, {"id": 2, "name": "b", "type": "x"}],
        "pairs": [["a", 1], ["b", 2], ["a", 3]],
        "members": [{"key": "a", "value": 1}, {"name": "b", "value": None}, {"b": 1, "a": 2}],
        "lists in lists": [[[]], [], [[1], [], [1]], {"0": "a", "1": "b"}],
        "one": [{"id": "x", "_id": "y", "pk": 3, "__v": 0, "links": {"self": "/x"}, "created_at": None, "deleted_at": None}],
    },
    {"long": "日" * 2000, "list": list(range(300))},
    {
        "texts": list(TEXTS),
        "named": {f"text {number}": text for number, text in enumerate(TEXTS)},
        "names": {text[:60]: text for text in TEXTS},
    },
)

METADATA = (*_METADATA, *_NEWER_METADATA)

_SHORT = 1_500
"""Characters of JSON; all metadata that is no longer makes an object of some kilobytes."""

ALL_METADATA: dict[str, Any] = {
    name: value for one in METADATA[::-1] if len(json.dumps(one)) <= _SHORT for name, value in one.items()
}
"""Metadata with the members of nearly all others."""

_SINCE_2 = (*_NEWER_TEXTS, *_NEWER_BODIES, *_NEWER_METADATA)


TO_ESCAPE = 'and/or "both" \\ <b> & Zoë 日本 😀'
"""What clients escape in JSON, some of it without need."""


def in_escapes(value: str | Sequence[Any] | Mapping[str, Any]) -> str:
    """Return texts, lists and objects as JSON in which all but ASCII letters and digits is escaped; a slash by a backslash."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{in_escapes(name)}: {in_escapes(member)}' for name, member in value.items())}}}"
    if not isinstance(value, str):
        return f"[{', '.join(map(in_escapes, value))}]"
    units = value.encode("utf-16-be")
    characters = [chr(int.from_bytes(units[at : at + 2], "big")) for at in range(0, len(units), 2)]
    plain = (one if one.isascii() and one.isalnum() else "\\/" if one == "/" else f"\\u{ord(one):04X}" for one in characters)
    return '"' + "".join(plain) + '"'


def since(value: object) -> int:
    """Return the version of the catalogue that first had a text, a body or metadata."""
    return 2 if any(value is one for one in _SINCE_2) else 1
