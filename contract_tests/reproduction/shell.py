"""A reproduction as shell lines: what bash and zsh send is what the suite sent, whatever a server put into it.

Every literal goes through `literal`, and nothing is ever cut. Ids come from the responses at run time, percent-encoded by jq,
and are used within double quotes.
"""

import re
import shlex
from collections.abc import Mapping

from contract_tests.reproduction.steps import Reproduction, Step
from contract_tests.transport.texts import Part, Ref, Text, Turned, joined, with_refs

_RUN = re.compile(r"(.)\1{999,}", re.DOTALL)
"""So many of one character that saying how many is shorter."""

_LONGEST_ARGUMENT = 100_000
"""Bytes that one argument of a command may have: Linux allows 128 KiB."""

_EXPECTED = 1_000_000
"""Bytes of a body before which curl asks whether it is wanted; the suite does not ask."""

_INNOCENT = re.compile(r"[A-Za-z0-9 :/.,=?&@%+_-]*")
"""Characters that mean nothing within double quotes, to any shell."""

_APART = ("", "/", "?", "&", " ")
"""What may follow a variable's name without being taken for more of it, by bash or zsh."""

_TIDIED = re.compile(r"[\[\]{}]")
"""What curl takes for a pattern of URLs."""

_FILTERS = {
    "base64": "base64 | tr -d '\\n'",
    "lower": "tr A-Z a-z",
    "percent": "sed 's/_/%5F/g'",
    "separators": "tr '_\\055' '\\055_'",
    "swapcase": "tr 'a-zA-Z' 'A-Za-z'",
    "upper": "tr a-z A-Z",
}


def script(reproduction: Reproduction, base_url: str, more: str = "") -> str:
    """Lines that send the steps one after another; the last one prints the response. Keys are variables ($ACCORD_SERVER_KEY).

    `more` are options of curl, as words of the shell, that each line has.
    """
    steps = reproduction.renamed().steps
    lines = [line for step in steps[:-1] for line in (_earlier(step, base_url, more), *(("sleep 1",) if step.pause else ()))]
    return "\n".join([*lines, curl(steps[-1], base_url, more=more)])


def _earlier(step: Step, base_url: str, more: str) -> str:
    line = curl(step, base_url, options="-si" if step.header else "-s", more=more)
    # Each response on a line of its own: few servers end theirs with one.
    if not step.defines:
        return f"{line}; echo" if step.shown else f"{line} >/dev/null"
    taken = _value_of(step.header) if step.header else "jq -r '.id|@uri'"
    if step.shown:
        return f"{step.defines}=$({line} | tee /dev/stderr | {taken}); echo >&2"
    return f"{step.defines}=$({line} | {taken})"


def _value_of(header: str) -> str:
    """What takes the value of a header from a response, whatever case its name is in."""
    pattern = "".join(f"[{one.upper()}{one}]" if one.isalpha() else one for one in header)
    return f"sed -n 's/^{pattern}: *//p' | head -n 1 | tr -d '\\r'"


def curl(step: Step, base_url: str | Ref, *, options: str = "-i", more: str = "", names: Mapping[str, str] | None = None) -> str:
    """A curl line that sends one request. `names` maps what is named in a body, instead of written out, to its variables."""
    url = word((base_url, *step.path, *(("?", *step.query) if step.query else ())))
    parts = ["curl", options, *([more] if more else [])]
    if _TIDIED.search(url):
        parts.append("-g")
    if step.verbatim:
        parts.append("--path-as-is")
    if step.method == "HEAD":
        # With -X, curl would wait for a body.
        parts.append("--head")
    elif step.method != "GET" or step.body is not None:
        parts.append(f"-X {literal(step.method)}")
    parts += [url, *(f"-H {_header(name, value)}" for name, value in step.headers)]
    parts += [f"-H {literal(f'{name}:')}" for name in step.without]
    if step.body is None:
        return " ".join(parts)
    if "content-type" not in {name.lower() for name, _ in step.headers}:
        # Or curl would add one of its own.
        parts.append("-H Content-Type:")
    if len(step.body) >= _EXPECTED:
        parts.append("-H Expect:")
    direct = _as_argument(step.body, names or {})
    if direct is not None:
        return " ".join([*parts, f"--data-raw {direct}"])
    return " ".join([_printed(step.body, names or {}), "|", *parts, "--data-binary @-"])


def _header(name: str, value: Text) -> str:
    # curl drops a header without a value, unless a semicolon stands in for the colon.
    return word((f"{name}: ", *value)) if value else literal(f"{name};")


def word(text: Text) -> str:
    """A text as one word of a command line."""
    parts = joined(*text)
    if len(parts) > 1 and all(not isinstance(part, str) or _INNOCENT.fullmatch(part) for part in parts):
        # Text without special characters and variables are easiest to read within one pair of double quotes.
        following = [*parts[1:], ""]
        shown = [
            part if isinstance(part, str) else _expanded(part, braces=not (isinstance(next_, str) and next_[:1] in _APART))
            for part, next_ in zip(parts, following, strict=True)
        ]
        return f'"{"".join(shown)}"'
    return "".join(_quoted(part) for part in parts) or "''"


def literal(text: str) -> str:
    """Return the word of shell that is the text, by `shlex.quote`.

    Line ends are written as escapes: bash takes a line that begins with `^` for a substitution in its history, even within quotes,
    where somebody pastes it.
    """
    return shlex.quote(text).replace("\n", "'$'\\n''")


def _quoted(part: Part) -> str:
    return literal(part) if isinstance(part, str) else f'"{_expanded(part)}"'


def _expanded(part: Ref | Turned, *, braces: bool = False) -> str:
    """What the shell replaces by the value, within double quotes."""
    if isinstance(part, Turned):
        return f"$(printf %s {word(part.text)} | {_FILTERS[part.how]})"
    if (part.start, part.end) == (0, None):
        return f"${{{part.name}}}" if braces else f"${part.name}"
    if (part.start, part.end) == (0, -1):
        return f"${{{part.name}%?}}"
    if part.end is None:
        return f"${{{part.name}:{part.start}}}"
    assert part.end >= 0, "bash of macOS knows no lengths from the end"
    return f"${{{part.name}:{part.start}:{part.end - part.start}}}"


def _as_argument(body: bytes, names: Mapping[str, str]) -> str | None:
    """Return the body as a word; None if it is not text, is too long, or is better made by a command: many times one character."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    shown = all(character.isprintable() or character in "\n\t" for character in text)
    if not shown or _RUN.search(text) or len(body) > _LONGEST_ARGUMENT:
        return None
    return _named(text, names)


def _named(text: str, names: Mapping[str, str]) -> str:
    return word(with_refs(text, names)) if names else literal(text)


def _printed(body: bytes, names: Mapping[str, str]) -> str:
    """A command that prints the body."""
    pieces, at = [], 0
    # Each byte is a character of Latin-1.
    text = body.decode("latin-1")
    for run in _RUN.finditer(text):
        pieces += [_printf(body[at : run.start()], names)] if run.start() > at else []
        pieces.append(f"head -c {run.end() - run.start()} /dev/zero | tr '\\000' '\\{ord(run[1]):03o}'")
        at = run.end()
    pieces += [_printf(body[at:], names)] if at < len(body) or not pieces else []
    return pieces[0] if len(pieces) == 1 else f"{{ {'; '.join(pieces)}; }}"


def _printf(piece: bytes, names: Mapping[str, str]) -> str:
    try:
        text = piece.decode()
    except UnicodeDecodeError:
        text = ""
    if text and all(character.isprintable() or character in "\n\t" for character in text):
        return f"printf %s {_named(text, names)}"
    escaped = "".join(chr(byte) if 32 <= byte < 127 and byte not in b"\\%'" else f"\\{byte:03o}" for byte in piece)
    parts = with_refs(escaped, names)
    form = literal("".join(part if isinstance(part, str) else "%s" for part in parts))
    values = [_quoted(part) for part in parts if not isinstance(part, str)]
    return " ".join(["printf", *(["--"] if escaped.startswith("-") else []), form, *values])
