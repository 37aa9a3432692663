"""What an error response must not show of a server's inside: stack frames, exception classes, paths of files, SQL."""

import re

from contract_tests.judging.mismatches import Mismatch
from contract_tests.transport.exchange import Exchange

_SIGNS = {
    "a stack frame": (
        r"Traceback \(most recent call last\)",
        r'File \\?"[^"\n]{1,200}", line \d+',
        r"\bat [\w$.<>]+\([\w$]+\.(?:java|kt|scala|cs):\d+\)",
        r"\bat (?:[\w$.<>]+ )?\(?(?:file://|node:|/)[^\s()]{1,200}:\d+:\d+\)?",
        r"#\d+ /[^\s(]{1,200}\(\d+\)",
        r"goroutine \d+ \[running\]",
        r"[\w./-]+\.rb:\d+:in [`']",
        r"\.php\b.{0,20} on line (?:<b>)?\d+",
    ),
    "the name of an exception class": (
        r"\b(?:[a-z_]\w*\.)+[A-Z]\w*(?:Exception|Error|Violation|DoesNotExist)\b",
        r"\b(?:[A-Z]\w*::)+[A-Z]\w*(?:Error|Invalid|NotFound|Exception|Violation)\b",
        r"\b(?:Value|Type|Key|Index|Attribute|Name|Lookup|Overflow|Recursion|Assertion|Runtime|UnicodeDecode|UnicodeEncode|Integrity|"
        r"Operational|Programming|Data|Reference|Range)Error\b(?=[:(\"'\s<])",
        r"\b(?:NullPointer|IllegalArgument|IllegalState|NumberFormat|ClassCast|NullReference|InvalidCast|Argument|Format|Query|PDO|"
        r"InvalidOperation|IndexOutOfBounds)Exception\b",
    ),
    "the absolute path of a file": (
        r"(?<![\w/])/(?:usr|home|var|opt|srv|app|root|code|workspace|build|Users)/[\w.@+/-]{1,200}\.(?:py|js|ts|mjs|rb|php|java|go|ex|rs|cs)\b",
        r"\b[A-Za-z]:\\{1,2}(?:[\w .-]+\\{1,2}){1,20}[\w.-]+\.(?:cs|py|js|php|java|dll)\b",
    ),
    "SQL": (
        r"\b(?:SELECT|DELETE)\b[^;]{1,500}\bFROM\b[^;]{1,200}\bWHERE\b",
        r"\bINSERT INTO [\"'`\[\w]",
        r"\bUPDATE [\"'`\[\w.\]]+ SET\b",
        r"\bSQLSTATE\b",
        r"\b(?:UNIQUE|CHECK|NOT NULL|FOREIGN KEY) constraint failed\b",
        r"violates (?:unique|foreign key|check|not-null) constraint",
        r"syntax error at or near",
        r"\bORA-\d{5}\b",
        r"\bno such (?:table|column):",
    ),
}
_FOUND = [(what, re.compile(pattern)) for what, patterns in _SIGNS.items() for pattern in patterns]

_MOST = 20_000
"""Characters of a response that are looked at."""


def leaked(exchange: Exchange) -> Mismatch | None:
    """Return what of its inside an error response shows. What the request itself said may be repeated."""
    text = exchange.body[: 4 * _MOST].decode("utf-8", "replace")[:_MOST]
    if not text:
        return None
    sent = ""
    for what, pattern in _FOUND:
        for match in pattern.finditer(text):
            sent = sent or f"{exchange.call.path}{exchange.call.search} {(exchange.call.body or b'').decode('utf-8', 'replace')}"
            if match[0] not in sent:
                return Mismatch(f"the error response shows {what}", "what the client did wrong, and no more", match[0][:200])
    return None
