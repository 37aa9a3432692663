"""Texts and metadata that careless code changes: each must come back as it was sent.

All of it is within modest sizes and without control characters, which a server may refuse (see docs/contract.md).
"""

from typing import Any

TEXTS = (
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

BODIES = (
    *TEXTS,
    "line one\nline two\r\nline three\n\n\nline six",
    "code:\n    indented\n        more\n  less  \nand flush",
    "> quoted\n>> twice\n- list\n* list\n# heading",
    "see https://example.com/?a=1&b=2, www.example.com, ann@example.com, @ann and #1",
    ":) :-) ;) <3 :tada: (c) (r) (tm) -- --- ... -> => 1/2 \"a quoted word\" 'another' isn't",
    "card 4111 1111 1111 1111, 4111111111111111, account DE89 3704 0044 0532 0130 00, password: hunter2, damn",
    "**bold** _it_ ~~gone~~ `code` [name](https://example.com) [b]bold[/b] {{name}} {% if %} <%= 1 %>",
    "above\n-- \nAnn\n\nOn Mon, 2 Mar 2026 at 10:00, Bob <bob@example.com> wrote:\n> older\n________________\nFrom: Bob",
    "word " * 900 + "end",
    "ü" * 3000 + "end",
    "🎉" * 1200 + "end",
    "x" * 9900,
)

BEGINNINGS = (
    "=SUM(A1:A9)",
    "+49 30 1234567",
    "@ann, look",
    "/close",
    '"quoted" and',
)
"""Beginnings of bodies that mean something to a spreadsheet, or to a chat; what makes a body known again follows them."""

METADATA: tuple[dict[str, Any], ...] = (
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
    {"": "empty name", " ": "blank name", "a.b": "dot", "a/b": "slash", "a b": "space", "$id": "dollar", "a[b]": "brackets"},
    {"0": "zero", "1": {"0": "a", "1": "b"}, "2": {"1": "from one"}},
    {"007": "leading zeros", "7": "seven", "1.0": "fraction", "-0": "sign", "1e3": "exponent", "n" * 100: "long", "n" * 99: "less"},
    {"html": "<b>&amp;</b>", "quote": "\"'`\\", "newline": "a\nb\r\n\tc", "sql": "'; --"},
    {"id": "mine", "status": "closed", "subject": "not the subject", "requester": {"email": "x@example.com"}, "number": -1},
    {"UPPER": 1, "upper": 2, "Upper": 3, "snake_case": 4, "camelCase": 5, "kebab-case": 6},
    {"date": "2026-02-26T10:00:00Z", "day": "2026-02-26", "number as text": "0123", "spaces": "  kept  "},
    {"deep": {"a": {"b": {"c": {"d": {"e": {"f": {"g": [[[[{"h": None}]]]]}}}}}}}},
    {f"key {number}": number for number in range(120)},
    {"long": "日" * 2000, "list": list(range(300))},
)
