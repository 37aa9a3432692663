"""Pure matchers for conversations that many write to: what is listed against what was acknowledged, and in which order."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contract_tests.judging.mismatches import Mismatch, of_item, shown
from contract_tests.judging.mismatches.values import text_mismatch
from contract_tests.model.marks import leading_mark


@dataclass(frozen=True, slots=True)
class Ack:
    """A message that was acknowledged: between which moments, by the clock of the process that sent it."""

    body: str
    sender: str
    began: float
    ended: float

    @property
    def mark(self) -> str:
        return leading_mark(self.body)

    def to_json(self) -> list[Any]:
        return [self.body, self.sender, self.began, self.ended]

    @classmethod
    def from_json(cls, data: Sequence[Any]) -> "Ack":
        return cls(*data)


def lost_or_doubled(acks: Collection[Ack], items: Sequence[Mapping[str, Any]]) -> Mismatch | None:
    """Return why not every acknowledged message is listed exactly once. Messages that got no response may be listed, too."""
    found = Counter(leading_mark(item.get("body")) for item in items)
    missing = [ack for ack in acks if not found[ack.mark]]
    twice = [ack for ack in acks if found[ack.mark] > 1]
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


def out_of_sequence(acks: Collection[Ack], items: Sequence[Mapping[str, Any]]) -> Mismatch | None:
    """Return why message A is listed after message B although A had its response before B was sent. Any other order is allowed."""
    known = {ack.mark: ack for ack in acks}
    latest: Ack | None = None
    for item in items:
        ack = known.get(leading_mark(item.get("body")))
        if ack is None:
            continue
        if latest is not None and ack.ended < latest.began:
            between = f"{(latest.began - ack.ended) * 1000:.0f} ms"
            late = Mismatch(
                f"a message is listed after one that was sent {between} after its response had come",
                f"{shown(ack.body)[:80]} first",
                f"{shown(latest.body)[:80]} first",
            )
            return of_item(late, item)
        if latest is None or ack.began > latest.began:
            latest = ack
    return None


def body_and_sender_mismatches(
    acks: Collection[Ack], items: Sequence[Mapping[str, Any]]
) -> tuple[Mismatch | None, Mismatch | None]:
    """Return why bodies, and why senders, are not those that were sent."""
    known = {ack.mark: ack for ack in acks}
    body = sender = None
    for item in items:
        ack = known.get(leading_mark(item.get("body")))
        if ack is None:
            continue
        body = body or of_item(text_mismatch(ack.body, item.get("body"), "body"), item)
        if str(item.get("sender_email")).lower() != ack.sender.lower():
            wrong, actual = "sender_email is not the user_email of the message", shown(item.get("sender_email"))
            sender = sender or of_item(Mismatch(wrong, shown(ack.sender), actual, "/sender_email"), item)
    return body, sender
