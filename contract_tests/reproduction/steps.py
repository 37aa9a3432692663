"""A reproduction: the requests that show a finding again, from nothing, as values.

It is made once (`reproduction_of`) and rendered by others: `shell` writes it as lines to paste, `reduction` sends it again.
"""

import base64
import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from contract_tests.transport.credentials import Credential, Style
from contract_tests.transport.exchange import Call, Exchange
from contract_tests.transport.http import encoded
from contract_tests.transport.texts import Part, Ref, Text, Turned, from_json, joined, names_in, to_json, with_refs

_PLAIN = re.compile(r"[\w~-][\w.~-]*", re.ASCII)
"""An id that travels in a path as it is."""

LIKELY = 2
"""The highest rank of the steps in a reproduction that is not tried out."""

FURTHEST = 4
"""The rank of what a finding depends on only if nothing nearer shows it again."""

ASKED_WITH = {"if-none-match": "etag", "if-modified-since": "last-modified"}
"""Headers of conditional requests, each with the response header that its value comes from."""

LONG = 8
"""Characters from which on a beginning that two ids have in common is no accident."""


@dataclass(frozen=True, slots=True)
class Step:
    """One request. `path` and `query` are as they are sent; `defines` names the variable that keeps the id from the response.

    `defined` is that id as it was when the finding was made. With `header`, both refer to the response's header of that name, in
    lower case, instead. `pause` says that a second has to pass after it, so that the next step has another time. `verbatim` says
    that the path has something that clients tidy up; `shown` says that its response is shown, too. `rank` says how likely the
    finding depends on it: 0 for what it names itself, higher for less likely. `fixed` says that the expected response depends
    on it, so that it cannot be left out. `without` names headers that clients send by themselves and that this request lacks.
    """

    method: str
    path: Text
    query: Text = ()
    headers: tuple[tuple[str, Text], ...] = ()
    body: bytes | None = None
    defines: str = ""
    defined: str = ""
    header: str = ""
    pause: bool = False
    verbatim: bool = False
    shown: bool = False
    rank: int = 0
    fixed: bool = False
    without: tuple[str, ...] = ()

    @property
    def uses(self) -> set[str]:
        """The variables that it needs to have a value."""
        texts = (self.path, self.query, *(value for _, value in self.headers))
        return {name for text in texts for name in names_in(text)}

    @property
    def defines_id(self) -> bool:
        """Whether its variable is an id."""
        return bool(self.defines) and not self.header

    def to_json(self) -> dict[str, Any]:
        """The step as JSON. A body is `body`, where it is text, else `body_base64`."""
        found: dict[str, Any] = {"method": self.method, "path": to_json(self.path)}
        if self.query:
            found["query"] = to_json(self.query)
        if self.headers:
            found["headers"] = [[name, to_json(value)] for name, value in self.headers]
        if self.without:
            found["without"] = list(self.without)
        if self.body is not None:
            found |= _body_to_json(self.body)
        if self.defines:
            found |= {"defines": self.defines, "defined": self.defined}
        marks = {
            "header": self.header,
            "pause": self.pause,
            "verbatim": self.verbatim,
            "shown": self.shown,
            "rank": self.rank,
            "fixed": self.fixed,
        }
        return found | {name: value for name, value in marks.items() if value}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Step":
        """The step that `to_json` made this of."""
        body = base64.b64decode(data["body_base64"]) if "body_base64" in data else None
        return cls(
            data["method"],
            from_json(data["path"]),
            from_json(data.get("query", ())),
            tuple((name, from_json(value)) for name, value in data.get("headers", ())),
            data["body"].encode() if "body" in data else body,
            data.get("defines", ""),
            data.get("defined", ""),
            data.get("header", ""),
            data.get("pause", False),
            data.get("verbatim", False),
            data.get("shown", False),
            data.get("rank", 0),
            data.get("fixed", False),
            tuple(data.get("without", ())),
        )

    def kept_of(self, exchange: Exchange) -> str:
        """Return the value from the response for the variable: an id, or the value of a header; empty if there is none."""
        return exchange.headers.get(self.header, "") if self.header else created_id(exchange)


def _body_to_json(body: bytes) -> dict[str, str]:
    try:
        return {"body": body.decode()}
    except UnicodeDecodeError:
        return {"body_base64": base64.b64encode(body).decode()}


@dataclass(frozen=True, slots=True)
class Reproduction:
    """The steps in their order; the response to the last one shows the finding."""

    steps: tuple[Step, ...]

    def of_rank(self, most: int) -> "Reproduction":
        """The last step, and those before it that have at most this rank."""
        return self.only([number for number, step in enumerate(self.steps[:-1]) if step.rank <= most])

    def only(self, kept: Sequence[int]) -> "Reproduction":
        """Return the reproduction with the last step, the steps at these places, and every step making an id that these need."""
        chosen = {*kept, len(self.steps) - 1}
        made_by = {step.defines: number for number, step in enumerate(self.steps) if step.defines}
        left = list(chosen)
        while left:
            needed = {made_by[name] for name in self.steps[left.pop()].uses if name in made_by} - chosen
            chosen |= needed
            left += needed
        return Reproduction(tuple(self.steps[number] for number in sorted(chosen)))

    def renamed(self, seen: Container[str] = ()) -> "Reproduction":
        """The same with the variables of the ids counted from ID1, those of headers from TAG1; only those used, or `seen`."""
        used = {name for step in self.steps for name in step.uses}
        own = [step for step in self.steps if step.defines in used]
        made = [*own, *(step for step in self.steps if step not in own and step.defines_id and step.defines in seen)]
        names: dict[str, str] = {}
        for kind, those in (("ID", [one for one in made if not one.header]), ("TAG", [one for one in made if one.header])):
            names |= {name: f"{kind}{number}" for number, name in enumerate(dict.fromkeys(one.defines for one in those), 1)}
        return Reproduction(tuple(_renamed(step, names) for step in self.steps))

    def to_json(self) -> list[dict[str, Any]]:
        return [step.to_json() for step in self.steps]

    @classmethod
    def from_json(cls, data: Sequence[Mapping[str, Any]]) -> "Reproduction":
        return cls(tuple(Step.from_json(step) for step in data))


def _renamed(step: Step, names: Mapping[str, str]) -> Step:
    def text(old: Text) -> Text:
        return tuple(part(one) for one in old)

    def part(old: Part) -> Part:
        if isinstance(old, Ref):
            return replace(old, name=names.get(old.name, old.name))
        return Turned(old.how, text(old.text)) if isinstance(old, Turned) else old

    headers = tuple((name, text(value)) for name, value in step.headers)
    defines = names.get(step.defines, "")
    header = step.header if defines else ""
    return replace(step, path=text(step.path), query=text(step.query), headers=headers, defines=defines, header=header)


@dataclass(frozen=True, slots=True)
class Link:
    """An exchange that a finding depends on, or may: with its rank, and whether its response is to be seen."""

    exchange: Exchange
    rank: int
    shown: bool = False

    @property
    def fixed(self) -> bool:
        """Whether what is expected depends on it: it was acknowledged, and is about what the finding is about."""
        return self.shown or (self.rank <= 1 and self.exchange.call.method == "POST" and self.exchange.succeeded)


def reproduction_of(
    exchange: Exchange, before: Sequence[Link], secrets: Mapping[str, str] | None = None, *, pause: bool = False
) -> Reproduction:
    """The reproduction of an exchange. `before` is what it depends on, oldest first.

    `secrets` maps whole keys to their variables, for keys that are sent elsewhere than as credentials. `pause` says that a second
    has to pass after the step that its response is compared with.
    """
    ids: dict[str, str] = {}
    steps = []
    asked_with = _asked_with(exchange.call, before)
    tags = {value: f"TAG{number}" for number, value in enumerate(asked_with.values(), 1)}
    compared = max((place for place, link in enumerate(before) if link.shown), default=-1)
    for place, link in enumerate(before):
        step = _step_of(link.exchange.call, ids, secrets or {})
        made = created_id(link.exchange)
        if made and made not in ids:
            ids[made] = f"ID{len(ids) + 1}"
            step = replace(step, defines=ids[made], defined=made)
        elif (header := asked_with.get(place)) is not None:
            step = replace(step, defines=tags[header], defined=header, header=_header_of(link.exchange, header))
        step = replace(step, pause=pause and place == compared)
        steps.append(replace(step, rank=link.rank, shown=link.shown, fixed=link.fixed))
    return Reproduction((*steps, _step_of(exchange.call, ids, secrets or {}, tags)))


def _asked_with(call: Call, before: Sequence[Link]) -> dict[int, str]:
    """Return the places of the reads that a conditional call refers to, each with the value it sends for that; the nearest ones."""
    found: dict[int, str] = {}
    for name, value in call.headers.items():
        own = ASKED_WITH.get(name.lower(), "")
        giving = [place for place, link in enumerate(before) if own and value and link.exchange.headers.get(own) == value]
        if giving:
            found[min(giving, key=lambda place: (before[place].rank, -place))] = value
    return found


def _header_of(exchange: Exchange, value: str) -> str:
    return next(name for name in ASKED_WITH.values() if exchange.headers.get(name) == value)


def created_id(exchange: Exchange) -> str:
    """The id that a response to a POST gives, where it is none that the path names already; else nothing."""
    if exchange.call.method != "POST" or not exchange.succeeded:
        return ""
    made = exchange.members.get("id")
    known = not isinstance(made, str) or f"/{made}/" in f"{exchange.call.path}/" or _is_message(exchange)
    return "" if known else str(made)


def _is_message(exchange: Exchange) -> bool:
    # What a message's creation answers is open: its own id is none of a conversation.
    return exchange.call.path.rstrip("/").endswith("/messages")


def _step_of(call: Call, ids: Mapping[str, str], secrets: Mapping[str, str], tags: Mapping[str, str] | None = None) -> Step:
    """A call as a step. `tags` maps values of headers that ask whether something is still right to their variables."""
    path, odd = _path(call.path, ids, secrets)
    search = call.search[1:]
    tidied = odd or "/." in call.path or "//" in call.path
    return Step(
        call.method,
        path,
        with_refs(search, secrets),
        tuple(_headers(call, secrets, tags or {})),
        call.body,
        verbatim=tidied,
        without=call.without,
    )


def _path(path: str, ids: Mapping[str, str], secrets: Mapping[str, str]) -> tuple[Text, bool]:
    """Return the path with a known id named, and whether that id needs encoding. Ids are searched between slashes, last first."""
    for known in sorted(ids, key=len, reverse=True):
        # An id may hold a slash, which splitting would cut.
        at = f"{path}/".rfind(f"/{known}/")
        if at >= 0:
            end = at + 1 + len(known)
            text = joined(*_literal(path[: at + 1], secrets), Ref(ids[known]), *_literal(path[end:], secrets))
            return text, _PLAIN.fullmatch(known) is None
    pieces = path.split("/")
    for place, piece in enumerate(pieces):
        near = nearest(piece, ids)
        if near:
            middle = _as_variant(piece, near, ids[near])
            before, after = "/".join([*pieces[:place], ""]), "/".join(["", *pieces[place + 1 :]])
            return joined(*_literal(before, secrets), *middle, *_literal(after, secrets)), False
    return _literal(path, secrets), False


def _literal(path: str, secrets: Mapping[str, str]) -> Text:
    return with_refs(encoded(path) if path else "", secrets)


def nearest(piece: str, ids: Mapping[str, object]) -> str:
    """The id that a piece of a path was made from by changing a little, or nothing."""
    if len(piece) < LONG:
        return ""
    beginning = piece[:LONG].lower()
    alike = [one for one in ids if one[:LONG].lower() == beginning and _PLAIN.fullmatch(one)]
    return max(alike, key=lambda one: _in_common(one.lower(), piece.lower()), default="")


def _in_common(one: str, other: str) -> int:
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _as_variant(piece: str, known: str, name: str) -> Text:
    """Return a piece of a path as a variation of an id: cut, continued, in another case, or with another middle."""
    for how, changed in (("upper", known.upper()), ("lower", known.lower())):
        if piece == changed != known:
            return (Turned(how, (Ref(name),)),)
    same = _in_common(known, piece)
    if same == len(known):
        return joined(Ref(name), encoded(piece[same:]))
    if len(piece) != len(known):
        return joined(Ref(name, 0, same), encoded(piece[same:]))
    tail = _in_common(known[same:][::-1], piece[same:][::-1])
    rest = Ref(name, len(known) - tail) if tail else ""
    return joined(Ref(name, 0, same), encoded(piece[same : len(piece) - tail]), rest)


def _headers(call: Call, secrets: Mapping[str, str], tags: Mapping[str, str]) -> list[tuple[str, Text]]:
    """The headers that carry the key, or what is in its place, and then the call's own."""
    carried: dict[str, Text] = {}
    if call.forgery is not None:
        carried = dict(call.forgery.texts)
    elif call.credential is not None:
        carried = credential_headers(call.credential)
    own = {
        name: (Ref(tags[value]),) if name.lower() in ASKED_WITH and value in tags else with_refs(value, secrets)
        for name, value in call.headers.items()
        if name not in carried
    }
    return [*carried.items(), *own.items()]


def credential_headers(credential: Credential) -> dict[str, Text]:
    """The headers that carry a key, which is named, and the origin that it is used from."""
    key = Ref(credential.shell.removeprefix("$"))
    origin: dict[str, Text] = {"Origin": (credential.origin,)} if credential.origin else {}
    if credential.style is Style.HEADER:
        return {"X-API-Key": (key,), **origin}
    return {"Authorization": ("Bearer ", key), **origin}
