"""Servers that take anonymous persons for each other, or for somebody who has an address."""

from collections.abc import Mapping
from typing import Any

from mockserver.contract.document import Body
from mockserver.handling.conversations import Conversations
from mockserver.handling.validation import Validator
from mockserver.model.caller import Caller
from mockserver.model.checked_request import CheckedRequest
from mockserver.model.records import Conversation, User
from mockserver.serving.server import WsgiApp
from tests.defects.kit.creating import answered
from tests.defects.kit.parts import CREATE, GET, Event, answering, broken
from tests.defects.kit.rules import ruling
from tests.defects.kit.stores import all_conversations
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty
APART, ADDRESS = "create.anonymous-apart", "create.anonymous-address"

_OWNER = "owner@helpdesk.example"


@defect(APART, difficulty=MEDIUM)
def anonymous_named_after_the_first() -> WsgiApp:
    """All anonymous conversations belong to one user, who has the names that came first."""
    known: dict[str, User] = {}

    def new_anonymous(self: Any, organisation: str, first_name: str | None, last_name: str | None) -> User:
        found = known.get(organisation)
        if found is None or (found.first_name is None and first_name is not None):
            found = known[organisation] = Conversations.new_anonymous(self, organisation, first_name, last_name)
        return found

    return broken(conversations=ruling(new_anonymous=new_anonymous))


@defect(APART, difficulty=RARE)
def anonymous_lends_its_last_name() -> WsgiApp:
    """A new user without a last name gets the one that an anonymous create sent last."""
    kept: list[str] = []

    def new_anonymous(self: Any, organisation: str, first_name: str | None, last_name: str | None) -> User:
        if last_name:
            kept[:] = [last_name]
        return Conversations.new_anonymous(self, organisation, first_name, last_name)

    def new_user(self: Any, organisation: str, email: str, first_name: str | None, last_name: str | None) -> User:
        return Conversations.new_user(self, organisation, email, first_name, last_name or (kept[0] if kept else None))

    return broken(conversations=ruling(new_anonymous=new_anonymous, new_user=new_user))


@defect(APART, difficulty=RARE)
def anonymous_name_for_an_address() -> WsgiApp:
    """An anonymous requester with a name shows it where the address belongs."""

    def show(value: Any, event: Event) -> Any:
        requester = value["requester"]
        if requester["email"] is None and requester["first_name"]:
            return value | {"requester": requester | {"email": requester["first_name"]}}
        return value

    return answered(show, CREATE, GET)


def _addressed(address: Any) -> WsgiApp:
    """Make a server that shows an address for anonymous conversations; `address` chooses one of those shown before."""
    seen: list[str] = []

    def show(value: Any, event: Event) -> Any:
        requester = value["requester"]
        if requester["email"] is not None:
            seen.append(requester["email"])
        elif seen and (shown := address(value, seen)):
            return value | {"requester": requester | {"email": shown}}
        return value

    return answered(show, CREATE, GET)


@defect(ADDRESS, difficulty=MEDIUM)
def anonymous_shows_the_first_address() -> WsgiApp:
    """An anonymous conversation shows the address of the organisation's first user, and is not listed by it."""
    return _addressed(lambda value, seen: seen[0])


@defect(ADDRESS, difficulty=RARE)
def anonymous_callback_shows_the_latest_address() -> WsgiApp:
    """An anonymous request for a callback shows the address that was shown last."""
    return _addressed(lambda value, seen: seen[-1] if value["channel"] == "callback" else None)


@defect(ADDRESS, difficulty=RARE)
def anonymous_shows_a_user_from_before() -> WsgiApp:
    """An anonymous conversation shows the address of a user from before the run, and is not listed by it."""

    def look_up(self: Any, organisation: str, email: str) -> User | None:
        known = Conversations.look_up(self, organisation, email)
        if known is None and email == _OWNER:
            known = Conversations.new_user(self, organisation, _OWNER, "Olga", "Owner")
            now, number = self.clock.now(), self.next_number(organisation)
            told = {"subject": "From before", "status": "open", "priority": "normal", "channel": "web", "metadata": {}}
            place = {"id": self.ids.new(), "organisation": organisation, "number": number, "requester": known}
            self.store.add_conversation(Conversation(**place, **told, created_at=now, updated_at=now))
        return known

    def show(value: Any, event: Event) -> Any:
        requester = value["requester"]
        return value | {"requester": requester | {"email": _OWNER}} if requester["email"] is None else value

    return broken(conversations=ruling(look_up=look_up), pipeline=answering(show, CREATE, GET))


@defect(APART, difficulty=RARE)
def anonymous_is_always_the_first() -> WsgiApp:
    """All anonymous conversations belong to one user, who is called as the first create said, or has no name."""
    known: dict[str, User] = {}

    def new_anonymous(self: Any, organisation: str, first_name: str | None, last_name: str | None) -> User:
        if organisation not in known:
            known[organisation] = Conversations.new_anonymous(self, organisation, first_name, last_name)
        return known[organisation]

    return broken(conversations=ruling(new_anonymous=new_anonymous))


@defect(APART, "get.as-created", difficulty=RARE)
def anonymous_first_is_one_for_all_organisations() -> WsgiApp:
    """The first anonymous person of all is one for all organisations: an anonymous create of another organisation renames it."""
    first: list[User] = []

    class OneForAll(Conversations):
        def new_anonymous(self, organisation: str, first_name: str | None, last_name: str | None) -> User:
            user = super().new_anonymous(organisation, first_name, last_name)
            if not first:
                first.append(user)
            if organisation == first[0].organisation:
                return user
            for one in all_conversations(self.store):
                if one.requester.id == first[0].id:
                    renamed = one.requester._replace(first_name=first_name, last_name=last_name)
                    self.store.replace_conversation(one._replace(requester=renamed))
            return user._replace(id=first[0].id)

    return broken(conversations=OneForAll)


@defect(ADDRESS, "list.email-filter", difficulty=RARE)
def anonymous_by_an_address_in_metadata() -> WsgiApp:
    """Who gives no address, and has one in the metadata, is taken for whom that is."""

    class Spoken(Conversations):
        def requester(self, organisation: str, body: Mapping[str, Any]) -> User:
            email = (body.get("metadata") or {}).get("email")
            given = body.get("user_email") or (email if isinstance(email, str) else None)
            return super().requester(organisation, {**body, "user_email": given})

    return broken(conversations=Spoken)


@defect(APART, difficulty=RARE)
def anonymous_of_the_same_first_name() -> WsgiApp:
    """Who gives no address and a first name gets the last name that came with it before."""
    known: dict[str, str] = {}

    def new_anonymous(self: Any, organisation: str, first_name: str | None, last_name: str | None) -> User:
        if first_name and last_name:
            known[first_name] = last_name
        last = last_name or known.get(first_name or "")
        return Conversations.new_anonymous(self, organisation, first_name, last)

    return broken(conversations=ruling(new_anonymous=new_anonymous))


@defect(APART, difficulty=RARE)
def anonymous_after_one_was_closed() -> WsgiApp:
    """Once an anonymous conversation was resolved, the next one without names is of the same person."""
    last: list[User] = []

    class Freed(Conversations):
        def resolve(self, caller: Caller, checked: CheckedRequest) -> Conversation:
            done = super().resolve(caller, checked)
            last[:] = [done.requester] if done.requester.anonymous and done.requester.first_name else last
            return done

        def new_anonymous(self, organisation: str, first_name: str | None, last_name: str | None) -> User:
            return last.pop() if last and not first_name else super().new_anonymous(organisation, first_name, last_name)

    return broken(conversations=Freed)


@defect(APART, difficulty=RARE)
def anonymous_by_a_null_address() -> WsgiApp:
    """Whoever sends null for an address is one person, of the names that came first."""
    first: dict[str, User] = {}

    class OfNull(Conversations):
        def requester(self, organisation: str, body: Mapping[str, Any]) -> User:
            user = super().requester(organisation, body)
            return first.setdefault(organisation, user) if body.get("null") else user

    class Null(Validator):
        def tidy(self, value: dict[str, Any], body: Body) -> dict[str, Any]:
            null = "user_email" in value and value["user_email"] is None
            return {**super().tidy(value, body), **({"null": True} if null else {})}

        def documented(self, members: dict[str, Any], body: Body) -> dict[str, Any]:
            return {**super().documented(members, body), **({"null": True} if "null" in members else {})}

    return broken(conversations=OfNull, validator=Null)


@defect(ADDRESS, APART, "list.email-filter", difficulty=RARE)
def anonymous_of_a_known_name() -> WsgiApp:
    """Who gives no address, and both names of a known user, is taken for that user, and shows the address."""

    class ByName(Conversations):
        def new_anonymous(self, organisation: str, first_name: str | None, last_name: str | None) -> User:
            given = first_name, last_name
            known = (
                user for _, user in self.store.users(organisation) if all(given) and (user.first_name, user.last_name) == given
            )
            return next(known, None) or super().new_anonymous(organisation, first_name, last_name)

    return broken(conversations=ByName)


@defect(ADDRESS, APART, "get.as-created", difficulty=RARE)
def anonymous_taken_over_by_an_address() -> WsgiApp:
    """A new user with both names of an earlier anonymous person takes over that one, whose conversation shows the address then."""

    class TakenOver(Conversations):
        def new_user(self, organisation: str, email: str, first_name: str | None, last_name: str | None) -> User:
            user = super().new_user(organisation, email, first_name, last_name)
            given = first_name, last_name
            for one in self.store.conversations(organisation) if all(given) else ():
                if one.requester.anonymous and (one.requester.first_name, one.requester.last_name) == given:
                    user = self.store.add_user(user._replace(id=one.requester.id), self.email_key(email))
                    self.store.replace_conversation(one._replace(requester=user))
                    break
            return user

    return broken(conversations=TakenOver)
