"""What an agent does: a YAML script, or `echo`. script.schema.json describes scripts to editors."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mockserver.contract.document import Contract
from mockserver.handling.agent_actions import AGENT, Reply, read_reply
from mockserver.members import MemberError, Members, Steps, read_file
from mockserver.model.events import CONVERSATION_CREATED, MESSAGE_CREATED, Event

ECHO = "echo"
"""The name of the built-in agent: a second after a text arrives, it replies with the same text."""

MOST_STEPS = 100
"""The most steps, and so the most replies, that may follow one message."""

LONGEST_WAIT = 30 * 86_400
"""Seconds."""

_PATTERNS = ("subject", "body", "priority", "sender")
_ACTS = ("reply", "assign", "resolve", "reopen", "silence")
_EVENTS = {"created": CONVERSATION_CREATED, "message": MESSAGE_CREATED}
_LONGEST_PATTERN = 1000
_BELOW_ZERO = -5e-324


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that an agent does, `after` so many microseconds: `act` of reply, assign, resolve, reopen, silence.

    For `act` reply, a `reply` of None repeats the text that the agent received. An `assignee` of None means nobody.
    """

    act: str
    after: int = 0
    reply: Reply | None = None
    assignee: str | None = None


@dataclass(frozen=True, slots=True)
class AgentRule:
    """An agent's steps for matching events: of the kind `event` (None: any kind), with texts in which all patterns are found."""

    event: str | None
    patterns: tuple[tuple[str, re.Pattern[str]], ...]
    steps: tuple[Step, ...]

    def fits(self, event: Event) -> bool:
        """Return whether the rule matches the event."""
        if self.event is not None and self.event != event.name:
            return False
        return all(pattern.search(text) if (text := _text(event, name)) is not None else False for name, pattern in self.patterns)


@dataclass(frozen=True, slots=True)
class Script:
    """An agent's rules: the first that matches is followed. `addresses` are those that the agent replies from, in lower case."""

    rules: tuple[AgentRule, ...]
    addresses: frozenset[str]

    def steps(self, event: Event) -> Sequence[Step]:
        """Return the agent's steps for an event: none if the agent itself caused it."""
        if (sender_of(event) or "").lower() in self.addresses:
            return ()
        return next((rule.steps for rule in self.rules if rule.fits(event)), ())


def sender_of(event: Event) -> str | None:
    """Return the address of who sent the event's message or, without one, opened the conversation; None if anonymous."""
    return event.conversation.requester.email if event.message is None else event.message.sender_email


def told(event: Event) -> str:
    """Return the text of an event: the body of its message or, without one, the subject of the conversation."""
    return event.conversation.subject if event.message is None else event.message.body


def load_script(name: str, contract: Contract) -> Script:
    """Return the agent of that name, or the script in that file. Raises AccordError, with the line, for one that cannot be used."""
    if name == ECHO:
        rule = AgentRule(None, (), (Step("reply", 1_000_000),))
        return Script((rule,), frozenset({AGENT}))
    return read_file(Path(name), "agent script", lambda value: read_script(value, contract))


def read_script(value: Any, contract: Contract) -> Script:
    """Return the script that a JSON object describes. Raises MemberError."""
    given = Members(value, ("sender_email", "rules"))
    sender = given.text("sender_email") if "sender_email" in given else AGENT
    listed = given.raw("rules")
    if not isinstance(listed, list) or not listed:
        raise given.wrong("rules", "is no list of rules", "Each needs a then, a list of steps.")
    rules = tuple(_read_rule(one, contract, ("rules", index), sender) for index, one in enumerate(listed))
    replies = {step.reply.sender for rule in rules for step in rule.steps if step.reply is not None}
    script = Script(rules, frozenset(address.lower() for address in {sender, *replies}))
    for index, rule in enumerate(rules):
        _check_others_are_meant(rule, script, ("rules", index, "match", "sender"))
    return script


def _check_others_are_meant(rule: AgentRule, script: Script, steps: Steps) -> None:
    for name, pattern in rule.patterns:
        own = next((address for address in sorted(script.addresses) if name == "sender" and pattern.search(address)), None)
        if own is not None:
            raise MemberError(steps, f"matches {own}, so that the agent would answer itself", "Leave the agent's own address out.")


def _read_rule(value: Any, contract: Contract, steps: Steps, sender: str) -> AgentRule:
    given = Members(value, ("event", "match", "then"), steps)
    event = given.optional("event", lambda name: _EVENTS[given.one_of(name, tuple(_EVENTS))])
    matched = given.inner("match", _PATTERNS) if "match" in given else Members({}, _PATTERNS, given.at("match"))
    patterns = tuple((name, _pattern(matched, name)) for name in matched)
    if event == CONVERSATION_CREATED and "body" in matched:
        raise matched.wrong("body", "never matches a conversation that was created", "Match its subject, or leave event out.")
    listed = given.raw("then")
    if not isinstance(listed, list) or not listed:
        raise given.wrong("then", "is no list of steps", "For example [{reply: On its way., after: 30}].")
    if len(listed) > MOST_STEPS:
        raise given.wrong("then", f"has more than {MOST_STEPS} steps", "Keep fewer.")
    then = given.at("then")
    return AgentRule(event, patterns, tuple(_read_step(one, contract, (*then, at), sender) for at, one in enumerate(listed)))


def _pattern(given: Members, name: str) -> re.Pattern[str]:
    text = given.text(name)
    if len(text) > _LONGEST_PATTERN:
        raise given.wrong(name, f"is longer than {_LONGEST_PATTERN} characters")
    try:
        return re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise given.wrong(name, f"is no regular expression: {error}") from error


def _read_step(value: Any, contract: Contract, steps: Steps, sender: str) -> Step:
    given = Members(value, ("after", *_ACTS), steps)
    acts = [name for name in given if name != "after"]
    if len(acts) != 1:
        raise MemberError(
            steps, "does nothing" if not acts else f"does both {acts[0]} and {acts[1]}", f"One of {', '.join(_ACTS)}."
        )
    after = int((given.optional("after", lambda name: given.number(name, _BELOW_ZERO, LONGEST_WAIT)) or 0) * 1_000_000)
    act = acts[0]
    if act == "reply":
        said = given.raw("reply")
        whole, at = ({"body": said}, steps) if isinstance(said, str) else (said, given.at("reply"))
        return Step(act, after, reply=_renamed(whole, contract, at, sender))
    if act == "assign":
        return Step(act, after, assignee=None if given.raw("assign") is None else given.name("assign"))
    if not given.flag(act):
        raise given.wrong(act, "is false", "Leave the step out.")
    return Step(act, after)


def _renamed(value: Any, contract: Contract, steps: Steps, sender: str) -> Reply:
    """Return the reply. If it was given as a plain text, an error in the text names the step's member `reply`."""
    try:
        return read_reply(value, contract, steps, sender)
    except MemberError as error:
        if error.steps and error.steps[-1] == "body" and steps and steps[-1] != "reply":
            raise MemberError((*steps, "reply"), error.problem, error.hint) from error
        raise


def _text(event: Event, name: str) -> str | None:
    """Return the text in which the pattern of that name is searched; None if the event has no such text."""
    if name == "body":
        return None if event.message is None else event.message.body
    if name == "sender":
        return sender_of(event)
    return str(getattr(event.conversation, name))
