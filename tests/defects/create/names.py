"""Servers that lose or change a requester's names."""

import html
import re
import unicodedata
from collections.abc import Callable
from typing import Any

from mockserver.handling.conversations import Conversations
from mockserver.handling.serializer import Serializer
from mockserver.handling.validation import Validator
from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.records import Conversation, User
from mockserver.serving.server import WsgiApp
from tests.defects.kit.creating import answered, handled, storing
from tests.defects.kit.parts import CREATE, GET, Event, broken, with_body, without
from tests.defects.kit.rules import ruling
from tests.defects.kit.stores import all_conversations
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


# --- of users who exist -----------------------------------------------------------------------------------------------------------


@defect("create.existing-user-names", difficulty=EASY)
def requester_names_overwritten() -> WsgiApp:
    """The names of a user who exists are overwritten."""
    return renaming(lambda first, last: True)


@defect("create.existing-user-names", difficulty=MEDIUM)
def requester_names_overwritten_by_both() -> WsgiApp:
    """The names of a user who exists are overwritten when both are given."""
    return renaming(lambda first, last: bool(first and last))


@defect("create.existing-user-names", difficulty=RARE)
def requester_names_overwritten_by_one() -> WsgiApp:
    """The last name of a user who exists is overwritten when it is given alone."""
    return renaming(lambda first, last: bool(last and not first))


@defect("create.existing-user-names", difficulty=RARE)
def requester_names_emptied() -> WsgiApp:
    """The names of a user who exists are overwritten by empty ones."""
    return renaming(lambda first, last: first == "" and last == "")


@defect("create.existing-user-names", "create.new-user-names", difficulty=RARE)
def requester_names_lost_without() -> WsgiApp:
    """The names of a user who exists are lost with a create that gives none."""
    return renaming(lambda first, last: first is None and last is None, forget=True)


def renaming(when: Callable[[str | None, str | None], bool], *, forget: bool = False) -> WsgiApp:
    """A server that changes the names of users who exist, everywhere; `when` gets the names that are sent."""
    return renaming_when(lambda body: when(body.get("user_first_name"), body.get("user_last_name")), forget=forget)


def renaming_when(when: Callable[[Any], bool], *, forget: bool = False) -> WsgiApp:
    """A server that changes the names of users who exist, everywhere; `when` gets the body of the request."""
    names: dict[str, tuple[str | None, str | None]] = {}

    class Renaming(Conversations):
        def requester(self, organisation: str, body: Any) -> User:
            known = self.look_up(organisation, body["user_email"]) if body.get("user_email") else None
            first, last = body.get("user_first_name"), body.get("user_last_name")
            user = super().requester(organisation, body)
            if known is not None and when(body):
                kept_first, kept_last = names.get(user.id, (user.first_name, user.last_name))
                names[user.id] = (
                    (None, None)
                    if forget
                    else (
                        kept_first if first is None else first,
                        kept_last if last is None else last,
                    )
                )
            return user

    class Renamed(Serializer):
        def requester(self, user: User) -> dict[str, Any] | None:
            first, last = names.get(user.id, (user.first_name, user.last_name))
            return super().requester(user._replace(first_name=first, last_name=last))

    return broken(conversations=Renaming, serializer=Renamed)


@defect("create.existing-user-names", difficulty=RARE)
def requester_names_overwritten_after_three_others() -> WsgiApp:
    """Users are found through a cache of the three last ones; an older one is taken for new, and gets the names of the create."""
    latest: list[str] = []

    class Cached(Conversations):
        def requester(self, organisation: str, body: Any) -> User:
            user = super().requester(organisation, body)
            if user.anonymous:
                return user
            cached = user.id in latest
            latest[:] = [*(one for one in latest if one != user.id), user.id][-3:]
            given = body.get("user_first_name"), body.get("user_last_name")
            if cached or given == (None, None):
                return user
            renamed = user._replace(first_name=given[0], last_name=given[1])
            return self.store.add_user(renamed, self.email_key(body["user_email"]))

    return broken(conversations=Cached)


@defect("create.existing-user-names", difficulty=RARE)
def requester_names_overwritten_in_the_answer() -> WsgiApp:
    """The answer to a create shows the names of the request, though the user who exists keeps others."""

    def change(value: Any, event: Event) -> Any:
        for part in ("first", "last"):
            name = event.body.get(f"user_{part}_name")
            if name is not None:
                value["requester"][f"{part}_name"] = name
        return value

    return answered(change, CREATE)


# --- of new users -----------------------------------------------------------------------------------------------------------------


@defect("create.new-user-names", difficulty=EASY)
def requester_names_ignored() -> WsgiApp:
    """The names of a new user are not kept."""
    return handled(lambda event: without(event, "user_first_name", "user_last_name"))


@defect("create.new-user-names", difficulty=EASY)
def requester_names_swapped() -> WsgiApp:
    """First and last name are exchanged."""
    return answered(swapped)


def swapped(value: Any, event: Event) -> Any:
    """Swap the first and the last name of the requester."""
    requester = value["requester"]
    requester["first_name"], requester["last_name"] = requester["last_name"], requester["first_name"]
    return value


@defect("create.new-user-names", difficulty=MEDIUM)
def requester_names_only_together() -> WsgiApp:
    """A single name is not kept: a user has both or none."""

    def change(event: Event) -> Event | None:
        both = event.body.get("user_first_name") and event.body.get("user_last_name")
        return None if both else without(event, "user_first_name", "user_last_name")

    return handled(change)


@defect("create.new-user-names", difficulty=RARE)
def requester_last_name_only_after_first() -> WsgiApp:
    """A last name without a first one is not kept."""
    return handled(lambda event: without(event, "user_last_name") if not event.body.get("user_first_name") else None)


@defect("create.new-user-names", difficulty=MEDIUM)
def requester_names_not_from_clients() -> WsgiApp:
    """With a client key the names of a new user are not kept."""
    return handled(lambda event: without(event, "user_first_name", "user_last_name") if event.tier == "client" else None)


# --- letter by letter -------------------------------------------------------------------------------------------------------------


@defect("create.new-user-names", "create.whole-or-refused", difficulty=MEDIUM)
def text_first_name_30() -> WsgiApp:
    """A first name is cut after 30 characters."""
    return storing("user_first_name", lambda text: text[:30])


@defect("create.new-user-names", "create.whole-or-refused", difficulty=RARE)
def text_last_name_255() -> WsgiApp:
    """A last name is cut after 255 characters."""
    return storing("user_last_name", lambda text: text[:255])


@defect("create.new-user-names", difficulty=MEDIUM)
def text_first_name_titled() -> WsgiApp:
    """A first name is written with capitals: MiXeD becomes Mixed."""
    return storing("user_first_name", str.title)


@defect("create.new-user-names", difficulty=MEDIUM)
def text_last_name_ascii() -> WsgiApp:
    """A last name loses its accents."""

    def change(text: str) -> str:
        return "".join(character for character in unicodedata.normalize("NFD", text) if not unicodedata.combining(character))

    return storing("user_last_name", change)


@defect("create.new-user-names", difficulty=RARE)
def text_last_name_nfc() -> WsgiApp:
    """A last name is normalised; a subject is not."""
    return storing("user_last_name", lambda text: unicodedata.normalize("NFC", text))


@defect("create.new-user-names", difficulty=RARE)
def text_first_name_escaped() -> WsgiApp:
    """A first name is stored escaped for HTML; a subject is not."""
    return storing("user_first_name", html.escape)


@defect("create.new-user-names", difficulty=RARE)
def text_first_name_without_emoji() -> WsgiApp:
    """Emoji are taken out of a first name."""
    return storing("user_first_name", lambda text: re.sub("[\U00010000-\U0010ffff]", "", text))


@defect("create.new-user-names", difficulty=MEDIUM)
def text_first_name_first_word() -> WsgiApp:
    """Of a first name with a space in it, the first word is kept."""
    return storing("user_first_name", lambda text: text.split(" ")[0] if text.strip() else text)


@defect("create.whole-or-refused", "create.new-user-names", difficulty=RARE)
def text_nul_dropped_in_names() -> WsgiApp:
    """A NUL is taken out of a first name; elsewhere it is refused."""

    def change(data: bytes) -> bytes:
        return re.sub(rb'("user_first_name"\s*:\s*"[^"]*?)\\u0000', rb"\1", data)

    class Dropping(Validator):
        def check_whole(self, value: Any, data: bytes) -> list[Any]:
            return super().check_whole(value, change(data))

        def tidy(self, value: dict[str, Any], body: Any) -> dict[str, Any]:
            name = value.get("user_first_name")
            return super().tidy({**value, "user_first_name": name.replace("\0", "")} if isinstance(name, str) else value, body)

    return broken(validator=Dropping)


@defect("create.new-user-names", difficulty=RARE)
def text_last_name_null() -> WsgiApp:
    """Whose last name is Null has none."""

    def change(event: Event) -> Event | None:
        return without(event, "user_last_name") if event.body.get("user_last_name", "").lower() == "null" else None

    return handled(change)


@defect("create.new-user-names", difficulty=RARE)
def text_last_name_after_the_hyphen() -> WsgiApp:
    """Of a last name with a hyphen, what follows it is lost."""
    return storing("user_last_name", lambda text: text.partition("-")[0] or text)


@defect("create.new-user-names", difficulty=RARE)
def text_names_of_one_letter_dropped() -> WsgiApp:
    """A first name of one letter is taken for none."""
    return handled(lambda event: without(event, "user_first_name") if len(event.body.get("user_first_name", "")) == 1 else None)


@defect("create.new-user-names", difficulty=RARE)
def text_names_with_single_spaces() -> WsgiApp:
    """Several spaces within a last name become one."""
    return storing("user_last_name", lambda text: re.sub(" {2,}", " ", text))


@defect("create.new-user-names", difficulty=RARE)
def requester_names_of_the_email() -> WsgiApp:
    """A new user whose address has a dot before the @ is called after it, whatever names are given."""

    def change(event: Event) -> Event | None:
        email = event.body.get("user_email") or ""
        first, dot, _ = email.partition("@")[0].partition(".")
        return with_body(event, user_first_name=first) if dot and "user_first_name" in event.body else None

    return handled(change)


@defect("create.existing-user-names", difficulty=RARE)
def requester_names_overwritten_by_callbacks() -> WsgiApp:
    """The names of a user who exists are overwritten by a request to be called back."""
    return renaming_when(lambda body: body.get("channel") == "callback")


@defect("create.existing-user-names", difficulty=RARE)
def requester_names_overwritten_by_other_case() -> WsgiApp:
    """The names of a user who exists are overwritten where the address is written with a capital."""
    return renaming_when(lambda body: body.get("user_email", "")[:1].isupper())


@defect("create.existing-user-names", difficulty=RARE)
def requester_names_overwritten_once_all_is_closed() -> WsgiApp:
    """The names of a user who exists are overwritten where none of their conversations is open any more."""

    def create(self: Any, caller: Caller, checked: CheckedRequest) -> Conversation:
        email = checked.body.get("user_email")
        theirs = [one for one in all_conversations(self.store) if email and one.requester.email == email]
        done = Conversations.create(self, caller, checked)
        given = checked.body.get("user_first_name"), checked.body.get("user_last_name")
        if theirs and all(one.status == "closed" for one in theirs) and all(given):
            renamed = done.requester._replace(first_name=given[0], last_name=given[1])
            for one in (*theirs, done):
                self.store.replace_conversation(one._replace(requester=renamed))
            done = done._replace(requester=renamed)
        return done

    return broken(conversations=ruling(create=create))


@defect("get.as-created", difficulty=RARE)
def requester_names_not_found_by_capitals() -> WsgiApp:
    """Names are looked up by the address in lower case, and those of an address with capitals are not found again."""

    def change(value: Any, event: Event) -> Any:
        email = value["requester"]["email"]
        if email and email != email.lower():
            return value | {"requester": value["requester"] | {"first_name": None, "last_name": None}}
        return value

    return answered(change, GET)


@defect("create.text-exact", "create.existing-user-names", difficulty=RARE)
def requester_names_escaped_once_known() -> WsgiApp:
    """The last name of a user who exists is escaped for HTML with the next create."""

    def change(value: Any, event: Event) -> Any:
        last = value["requester"]["last_name"]
        if event.operation == CREATE and last and "user_last_name" not in event.body:
            return value | {"requester": value["requester"] | {"last_name": html.escape(last)}}
        return value

    return answered(change, CREATE)
