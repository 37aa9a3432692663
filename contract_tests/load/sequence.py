"""Pure matchers for conversations that many write to: what is listed against what was acknowledged, and in which order."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contract_tests.expectations import Mismatch, shown
from contract_tests.expectations.values import same_text


@dataclass(frozen=True, slots=True)
class Ack:
    """A message that was acknowledged: between which moments, by the clock of the process that sent it."""

    body: str
    sender: str
    began: float
    ended: float

    @property
    def token(self) -> str:
        return token_of(self.body)

    def to_json(self) -> list[Any]:
        return [self.body, self.sender, self.began, self.ended]

    @classmethod
    def from_json(cls, data: Sequence[Any]) -> "Ack":
        return cls(*data)


def token_of(body: object) -> str:
    """The mark at the beginning of a message that this run sent; nothing for another."""
    text = str(body).lstrip()
    return text.partition("]")[0] + "]" if text.startswith("[m") and "]" in text else ""


def each_once(acks: Collection[Ack], items: Sequence[Mapping[str, Any]]) -> Mismatch | None:
    """Every acknowledged message is listed once. Others may be listed too: those that nobody has an answer to."""
    found = Counter(token_of(item.get("body")) for item in items)
    missing = [ack for ack in acks if not found[ack.token]]
    twice = [ack for ack in acks if found[ack.token] > 1]
    if not missing and not twice:
        return None
    said = [
        f"{len(acks)} that are {what}, such as {shown(acks[0].body)[:60]}"
        for what, acks in (("not listed", missing), ("listed more than once", twice))
        if acks
    ]
    return Mismatch(
        f"of {len(acks)} acknowledged messages there are {' and '.join(said)}",
        f"{len(acks)} messages, each once",
        f"{len(acks) - len(missing)} of them, {len(twice)} more than once",
    )


def in_sequence(acks: Collection[Ack], items: Sequence[Mapping[str, Any]]) -> Mismatch | None:
    """A message whose answer came before another was sent is listed before it. Those that overlapped may have any order."""
    known = {ack.token: ack for ack in acks}
    latest: Ack | None = None
    for item in items:
        ack = known.get(token_of(item.get("body")))
        if ack is None:
            continue
        if latest is not None and ack.ended < latest.began:
            between = f"{(latest.began - ack.ended) * 1000:.0f} ms"
            return Mismatch(
                f"a message is listed after one that was sent {between} after its answer had come",
                f"{shown(ack.body)[:80]} first",
                f"{shown(latest.body)[:80]} first",
            )
        if latest is None or ack.began > latest.began:
            latest = ack
    return None


def as_sent(acks: Collection[Ack], items: Sequence[Mapping[str, Any]]) -> tuple[Mismatch | None, Mismatch | None]:
    """Whether bodies, and whether senders, are those that were sent."""
    known = {ack.token: ack for ack in acks}
    body = sender = None
    for item in items:
        ack = known.get(token_of(item.get("body")))
        if ack is None:
            continue
        body = body or same_text(ack.body, item.get("body"), "body")
        if str(item.get("sender_email")).lower() != ack.sender.lower():
            sender = sender or Mismatch(
                "sender_email is not the user_email of the message", shown(ack.sender), shown(item.get("sender_email"))
            )
    return body, sender


def held(ids: Collection[str], listed: Sequence[str], *, exactly: bool) -> Mismatch | None:
    """These conversations are listed, each once; and no others, unless there may be some of which nobody knows."""
    found = Counter(listed)
    missing = sorted(set(ids) - found.keys())
    twice = sorted(one for one, times in found.items() if times > 1)
    strange = sorted(found.keys() - set(ids)) if exactly else []
    said = [
        f"{what} {', '.join(some[:3])}{' and others' if len(some) > 3 else ''}"
        for what, some in (("lacks", missing), ("has twice", twice), ("has, and should not,", strange))
        if some
    ]
    if not said:
        return None
    return Mismatch(f"the list {'; '.join(said)}", f"{len(ids)} conversations", f"{len(listed)} conversations")
