"""The redactor removes keys in every spelling, and leaves ordinary text alone."""

import html
import json
import shlex
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.base.redaction import Redactor, shown
from tests.cli.spellings import leaks, percent, spellings

KEY = "bnc_sv_Q3xVdE-_0aZbYc9Xw8Vu7Ts6Rr5Qq4Pp"
PLAIN = "secretsauce-9fK2lq8Zx7"
KNOWN = Redactor([KEY, PLAIN])

ORDINARY = (
    "server-key, --other-server-key, secretsauces and secret sauce",
    "Give --server-key, or set ACCORD_SERVER_KEY: bnc_sv_ is the prefix",
    '{"id": "9a8b7c6d-0000-4000-8000-123456789abc", "subject": "\\u00e9t\\u00e9 \\"quoted\\" & 100 %"}',
    "<td>&#34;id&#34;: &lt;none&gt; &amp; so on</td>",
    "2026-11-29T12:00:00.000000+00:00 GET /api/v1/conversations/?limit=100&user_email=anna%40example.com",
    "dGhpcyBpcyBhbiBvcmRpbmFyeSB0ZXh0IGluIEJhc2U2NA==",
    "\ud800 İstanbul ſtraße …",
)


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_stays(text: str) -> None:
    assert KNOWN.redact(text) == text


@pytest.mark.parametrize("key", [KEY, PLAIN])
@pytest.mark.parametrize("name", spellings(KEY))
def test_a_key_goes_however_it_is_written(name: str, key: str) -> None:
    written = spellings(key)[name]
    for text in (
        written,
        f"before {written} behind",
        f"/{written}/",
        json.dumps(written),
        html.escape(written),
        shlex.quote(written),
    ):
        redacted = KNOWN.redact(text)
        assert leaks(redacted, [key]) == [], redacted
        assert "…" in redacted
        assert redacted == KNOWN.redact(redacted)


@given(st.text(), st.text(), st.lists(st.sampled_from(range(5)), min_size=len(KEY), max_size=len(KEY)))
def test_each_character_may_be_written_in_its_own_way(before: str, behind: str, ways: list[int]) -> None:
    styles = (str, percent, "\\u{:04x}".format, "&#{};".format, "&#x{:x};".format)
    written = "".join(styles[way](one if way < 2 else ord(one)) for way, one in zip(ways, KEY, strict=True))
    redacted = KNOWN.redact(f"{before} {written} {behind}")
    assert leaks(redacted, [KEY]) == []
    assert "bnc_sv_…q4Pp" in redacted


def test_what_stands_around_a_key_stays() -> None:
    assert KNOWN.redact(f"line\\n{KEY}\\t{PLAIN}, and {percent(PLAIN)}!") == "line\\nbnc_sv_…q4Pp\\t…8Zx7, and …8Zx7!"
    text = json.dumps({"a": f"\n{PLAIN}\u00e9", "b": [KEY, {KEY: PLAIN}]})
    assert json.loads(KNOWN.redact(text)) == {"a": "\n…8Zx7\u00e9", "b": ["bnc_sv_…q4Pp", {"bnc_sv_…q4Pp": "…8Zx7"}]}


def test_one_key_may_be_the_beginning_of_another_or_reach_into_it() -> None:
    short, long = "abcdef-012345-ghijkl", "abcdef-012345-ghijkl-678901-mnopqr"
    redact = Redactor([short, long]).redact
    assert redact(f"<{short}> <{long}>") == f"<{shown(short)}> <{shown(long)}>"
    first, second = "q1w2e3r4t5z6u7i8", "u7i8o9p0a1s2d3f4"
    assert redact(f"{first[:12]}{second}") == f"{first[:12]}{second}"
    assert leaks(Redactor([first, second]).redact(f"{first[:12]}{second}"), [first, second]) == []


@pytest.mark.parametrize("key", [KEY, PLAIN])
def test_a_cut_leaves_no_beginning_of_a_key(key: str) -> None:
    for length in range(12, len(key)):
        for text in (f"x {key[:length]}… (12 more characters)", f"x {percent(key[:length])}…"):
            redacted = KNOWN.redact(text)
            assert leaks(redacted, [key]) == []
            assert key[8:length] not in redacted
    for length in range(9, len(key)):
        assert key[8:length] not in KNOWN.redact(f"x {key[:length]}", cut=True)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (KEY, "bnc_sv_…q4Pp"),
        ("bnc_cl_short", "bnc_cl_…"),
        (PLAIN, "…8Zx7"),
        ("fifteen-letters", "…"),
        ("sixteen-letters-", "…ers-"),
    ],
)
def test_how_a_key_is_shown(key: str, text: str) -> None:
    assert shown(key) == text
    assert Redactor([key]).redact(f"({key})") == f"({text})"


def test_a_key_of_one_letter_and_one_of_another_alphabet() -> None:
    assert Redactor(["aaaaaaaaaaaaaaaa"]).redact("aaaa aaaaaaaaaaaaaaaa aaaaaaa") == "aaaa …aaaa aaaaaaa"
    assert Redactor(["ключ-от-всех-дверей"]).redact("ключ-от-всех-дверей!") == "…ерей!"
    assert Redactor(["50%25-&amp;-\\u0041"]).redact("<50%25-&amp;-\\u0041>") == "<…0041>"
    assert Redactor(["a"]).redact("a bad day") == "a bad day"


def test_a_text_without_keys_takes_little_time() -> None:
    text = "".join(
        f'{{"id": "9a8b7c6d-0000-4000-8000-{number:012}", "subject": "The quick brown fox"}}\n' for number in range(15_000)
    )
    began = time.perf_counter()
    assert KNOWN.redact(text) == text
    # An idle machine takes a twentieth of a second for each megabyte.
    assert time.perf_counter() - began < 2


def test_a_text_full_of_keys_takes_time_in_proportion() -> None:
    began = time.perf_counter()
    assert KNOWN.redact(f"{KEY} " * 20_000) == "bnc_sv_…q4Pp " * 20_000
    assert KNOWN.redact(f"{KEY[:30]} " * 20_000 + f"{PLAIN[2:16]} " * 20_000).count("…") == 40_000
    assert time.perf_counter() - began < 10
