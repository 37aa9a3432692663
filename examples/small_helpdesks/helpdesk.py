"""What both helpdesks do, apart from the framework: keys, bodies, conversations in memory."""

import json
import math
import secrets
import threading
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

ORIGIN = "https://app.example.com"
DEEPEST = 64
TEXTS = {"subject": 500, "user_email": 254, "user_first_name": 150, "user_last_name": 150, "description": None, "body": None}
WORDS = {
    "priority": ("low", "normal", "high", "urgent"),
    "channel": ("web", "email", "api", "callback"),
    "status": ("open", "pending", "resolved", "closed"),
}


class Refused(Exception):
    """A request that is not carried out: the status of its response, and its body."""

    def __init__(self, status: int, body: dict[str, Any] | str) -> None:
        super().__init__(body)
        self.status = status
        self.body = {"detail": body} if isinstance(body, str) else body


@dataclass(frozen=True)
class Key:
    """Whose a key is, and what it may do. A restricted one is good from one origin only."""

    organisation: "Organisation"
    is_server: bool
    origin: str = ""


@dataclass
class Organisation:
    """What belongs to one customer of the helpdesk."""

    conversations: dict[str, dict[str, Any]] = field(default_factory=dict)
    by_email: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    messages: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    people: dict[str, dict[str, str]] = field(default_factory=dict)


class Helpdesk:
    """Two organisations with a key of each kind, in `keys` by the options of `accord verify` that take them."""

    def __init__(self) -> None:
        ours, theirs = Organisation(), Organisation()
        kinds = {
            "server_key": Key(ours, is_server=True),
            "client_key": Key(ours, is_server=False),
            "other_server_key": Key(theirs, is_server=True),
            "origin_client_key": Key(ours, is_server=False, origin=ORIGIN),
        }
        self.keys = {name: f"bnc_{'sv' if key.is_server else 'cl'}_{secrets.token_urlsafe(32)}" for name, key in kinds.items()}
        self._by_text = {self.keys[name]: key for name, key in kinds.items()}
        # One that no longer counts is like one that never did.
        self.keys |= {"revoked_key": f"bnc_sv_{secrets.token_urlsafe(32)}", "origin": ORIGIN}
        self._lock = threading.Lock()

    def admit(self, api_key: str | None, authorization: str | None, origin: str | None) -> Key:
        """Say whose request it is. Raises Refused: 401 without a good key, 403 from another origin."""
        scheme, _, token = (authorization or "").partition(" ")
        key = self._by_text.get(api_key or (token.strip() if scheme.lower() == "bearer" else ""))
        if key is None:
            raise Refused(401, "Invalid or revoked API key.")
        if key.origin and key.origin != origin:
            raise Refused(403, "This key may not be used from this origin.")
        return key

    def create(self, key: Key, body: dict[str, Any]) -> dict[str, Any]:
        """Open a conversation; a description is its first message."""
        check(body, required=("subject",))
        now, email = moment(), body.get("user_email", "").lower()
        with self._lock:
            mine = key.organisation
            new = {"email": email, "first_name": body.get("user_first_name", ""), "last_name": body.get("user_last_name", "")}
            conversation = {
                "id": str(uuid.uuid4()),
                "number": len(mine.conversations) + 1,
                "subject": body["subject"],
                "status": "open",
                "priority": body.get("priority", "normal"),
                "channel": body.get("channel", "api"),
                "metadata": body.get("metadata", {}),
                "requester": mine.people.setdefault(email, new) if email else new,
                "created_at": now,
                "updated_at": now,
            }
            mine.conversations[conversation["id"]] = conversation
            mine.messages[conversation["id"]] = []
            if email:
                mine.by_email.setdefault(email, []).append(conversation)
            if body.get("description"):
                self._add(mine, conversation, body["description"], email, now)
            return dict(conversation)

    def list(self, key: Key, query: dict[str, str]) -> dict[str, Any]:
        """Return a page of the organisation's conversations, oldest first."""
        email, status = query.get("user_email", "").lower(), query.get("status", "")
        if status and status not in WORDS["status"]:
            raise Refused(400, {"status": [f"Choose one of: {', '.join(WORDS['status'])}."]})
        mine = key.organisation
        with self._lock:
            found = mine.by_email.get(email, []) if email else [*mine.conversations.values()]
            return page([one for one in found if one["status"] == status] if status else found, query)

    def get(self, key: Key, conversation_id: str) -> dict[str, Any]:
        """Return one. Raises Refused (404) for an id that is unknown, or another organisation's."""
        if conversation_id not in key.organisation.conversations:
            raise Refused(404, "There is no such conversation.")
        return key.organisation.conversations[conversation_id]

    def messages(self, key: Key, conversation_id: str, query: dict[str, str]) -> dict[str, Any]:
        """Return a page of a conversation's messages, oldest first."""
        self.get(key, conversation_id)
        with self._lock:
            return page(key.organisation.messages[conversation_id], query)

    def reply(self, key: Key, conversation_id: str, body: dict[str, Any]) -> dict[str, Any]:
        """Add a message; one in a closed conversation opens it again."""
        conversation = self.get(key, conversation_id)
        check(body, required=("body", "user_email"))
        with self._lock:
            now = moment()
            conversation["status"] = "open" if conversation["status"] == "closed" else conversation["status"]
            conversation["updated_at"] = now
            return self._add(key.organisation, conversation, body["body"], body["user_email"].lower(), now)

    def resolve(self, key: Key, conversation_id: str) -> dict[str, Any]:
        """Close a conversation. Raises Refused (403) for a client key."""
        if not key.is_server:
            raise Refused(403, "This needs a server key.")
        conversation = self.get(key, conversation_id)
        with self._lock:
            if conversation["status"] != "closed":
                conversation |= {"status": "closed", "updated_at": moment()}
            return dict(conversation)

    @staticmethod
    def _add(mine: Organisation, conversation: dict[str, Any], text: str, email: str, now: str) -> dict[str, Any]:
        message = {"id": str(uuid.uuid4()), "sender_email": email, "body": text, "message_type": "reply", "created_at": now}
        if email:
            mine.people.setdefault(email, {"email": email, "first_name": "", "last_name": ""})
        mine.messages[conversation["id"]].append(message)
        return message


def moment() -> str:
    """Now, in RFC 3339."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def page(items: list[dict[str, Any]], query: dict[str, str]) -> dict[str, Any]:
    """A page of a list. A number that is none is left out of account, and a limit of more than 100 is 100."""
    limit, offset = (query.get(name, "") for name in ("limit", "offset"))
    limit, offset = (int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0 for text in (limit, offset))
    # Copies: what a page shows stays as it was.
    return {"count": len(items), "results": [dict(item) for item in items[offset : offset + min(limit or 20, 100)]]}


def parsed(body: bytes, content_type: str | None) -> dict[str, Any]:
    """The JSON object of a body. Raises Refused for all that could not be stored and given back as it came."""
    if (content_type or "").partition(";")[0].strip().lower() != "application/json":
        raise Refused(415, "Send application/json.")
    try:
        value = json.loads(body.decode(), parse_constant=_refused, parse_float=_finite)
        json.dumps(value, ensure_ascii=False).encode()
        _check_depth(value)
    except (ValueError, RecursionError):
        # What is no UTF-8, and half a surrogate, are ValueErrors too.
        raise Refused(400, "The body is not JSON that can be kept.") from None
    if not isinstance(value, dict):
        raise Refused(400, "Send a JSON object.")
    return value


def check(body: dict[str, Any], *, required: tuple[str, ...]) -> None:
    """Raise Refused (400), with what is wrong with each member."""
    wrong: dict[str, list[str]] = {name: ["This field is required."] for name in required if name not in body}
    for name, longest in TEXTS.items():
        if name not in body:
            continue
        value = body[name]
        if not isinstance(value, str):
            wrong[name] = ["Send a text."]
        elif any(character < " " and character not in "\t\n\r" for character in value):
            wrong[name] = ["Control characters are not allowed."]
        elif name in required and not value.strip():
            wrong[name] = ["This field may not be blank."]
        elif longest is not None and len(value) > longest:
            wrong[name] = [f"Send no more than {longest} characters."]
        elif name == "user_email" and value.count("@") != 1:
            wrong[name] = ["Send an email address."]
    for name in ("priority", "channel"):
        if name in body and body[name] not in WORDS[name]:
            wrong[name] = [f"Choose one of: {', '.join(WORDS[name])}."]
    if not isinstance(body.get("metadata", {}), dict):
        wrong["metadata"] = ["Send an object."]
    if wrong:
        raise Refused(400, wrong)


def _refused(name: str) -> None:
    raise ValueError(name)


def _finite(literal: str) -> float:
    number = float(literal)
    if math.isinf(number):
        raise ValueError(literal)
    return number


def _check_depth(value: Any, level: int = 0) -> None:
    if level > DEEPEST:
        raise ValueError("nested too deeply")
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _check_depth(child, level + 1)
