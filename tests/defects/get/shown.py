"""Servers that show a conversation otherwise than it was created."""

from collections.abc import Callable
from typing import Any

from mockserver.contract.document import Operation
from mockserver.handling.pipeline import Pipeline
from mockserver.serving.server import WsgiApp
from tests.defects.kit.parts import CREATE, GET, Event, answering, broken, text_of
from tests.defects.registry import Difficulty, defect

EASY, MEDIUM, RARE = Difficulty


def shown(change: Callable[[Any, Event], Any]) -> WsgiApp:
    """A server that shows a conversation otherwise when it is got."""
    return broken(pipeline=answering(change, GET))


@defect("get.answer", difficulty=EASY)
def get_without_metadata() -> WsgiApp:
    """A conversation that is got has no metadata."""
    return shown(lambda value, event: {name: member for name, member in value.items() if name != "metadata"})


@defect("get.answer", difficulty=MEDIUM)
def get_without_channel_for_clients() -> WsgiApp:
    """A conversation that is got with a client key has no channel."""

    def change(value: Any, event: Event) -> Any:
        return {name: member for name, member in value.items() if name != "channel" or event.tier != "client"}

    return shown(change)


@defect("get.answer", difficulty=EASY)
def get_wrapped() -> WsgiApp:
    """A conversation that is got is wrapped in a member."""
    return shown(lambda value, event: {"conversation": value})


@defect("get.answer", difficulty=EASY)
def get_as_list() -> WsgiApp:
    """A conversation that is got is a list of one."""
    return shown(lambda value, event: [value])


@defect("get.answer", difficulty=EASY)
def get_is_201() -> WsgiApp:
    """A conversation is got with 201."""

    class Created(Pipeline):
        def success_status(self, operation: Operation) -> int:
            return 201 if operation.id == GET else super().success_status(operation)

    return broken(pipeline=Created)


@defect("get.as-created", difficulty=MEDIUM)
def get_requester_null_for_clients() -> WsgiApp:
    """With a client key a conversation is got without its requester's address."""

    def change(value: Any, event: Event) -> Any:
        if event.tier == "client" and value["requester"]:
            value["requester"]["email"] = None
        return value

    return shown(change)


@defect("get.as-created", difficulty=MEDIUM)
def get_names_swapped() -> WsgiApp:
    """A conversation that is got has its requester's names exchanged; elsewhere they are right."""

    def change(value: Any, event: Event) -> Any:
        requester = value["requester"]
        requester["first_name"], requester["last_name"] = requester["last_name"], requester["first_name"]
        return value

    return shown(change)


@defect("get.as-created", difficulty=MEDIUM)
def get_urgent_is_high() -> WsgiApp:
    """An urgent conversation is high when it is got."""
    return shown(lambda value, event: value | {"priority": "high"} if value["priority"] == "urgent" else value)


@defect("get.as-created", difficulty=MEDIUM)
def get_callback_is_web() -> WsgiApp:
    """A conversation of the channel callback is of web when it is got."""
    return shown(lambda value, event: value | {"channel": "web"} if value["channel"] == "callback" else value)


@defect("get.as-created", difficulty=RARE)
def get_channel_by_bearer() -> WsgiApp:
    """With a key after Bearer, the channel of a conversation that is got is api."""
    return shown(lambda value, event: value | {"channel": "api"} if event.by_bearer else value)


@defect("get.as-created", difficulty=RARE)
def get_metadata_one_level() -> WsgiApp:
    """Objects within metadata are empty when a conversation is got."""

    def change(value: Any, event: Event) -> Any:
        flat = {name: {} if isinstance(item, dict) else item for name, item in value["metadata"].items()}
        return value | {"metadata": flat}

    return shown(change)


@defect("get.as-created", difficulty=RARE)
def get_metadata_without_nulls() -> WsgiApp:
    """Members of metadata that are null are missing when a conversation is got, though the answer to the create has them."""

    def change(value: Any, event: Event) -> Any:
        return value | {"metadata": {name: item for name, item in value["metadata"].items() if item is not None}}

    return shown(change)


@defect("get.answer", "get.as-created", difficulty=MEDIUM)
def get_metadata_empty_is_null() -> WsgiApp:
    """Empty metadata is null when a conversation is got."""
    return shown(lambda value, event: value | {"metadata": value["metadata"] or None})


@defect("get.as-created", difficulty=MEDIUM)
def get_number_of_another() -> WsgiApp:
    """The number of a conversation that is got is one more."""
    return shown(lambda value, event: value | {"number": value["number"] + 1})


@defect("get.as-created", difficulty=RARE)
def get_subject_cut() -> WsgiApp:
    """A subject is cut after 255 characters when a conversation is got; the create shows all of it."""
    return shown(lambda value, event: value | {"subject": value["subject"][:255]})


@defect("get.as-created", difficulty=RARE)
def get_subject_trimmed_inside() -> WsgiApp:
    """Several spaces in a subject are one when a conversation is got."""
    return shown(lambda value, event: value | {"subject": " ".join(value["subject"].split(" ")).replace("  ", " ")})


@defect("get.as-created", difficulty=MEDIUM)
def get_id_in_capitals() -> WsgiApp:
    """The id of a conversation that is got is in capitals."""
    return shown(lambda value, event: value | {"id": value["id"].upper()})


@defect("get.as-created", difficulty=RARE)
def get_created_at_by_the_hour() -> WsgiApp:
    """created_at is the full hour when a conversation is got."""
    return shown(lambda value, event: value | {"created_at": value["created_at"][:13] + ":00:00Z"})


@defect("get.as-created", difficulty=RARE)
def get_created_at_elsewhere() -> WsgiApp:
    """created_at of a conversation that is got is the time of Tokyo with the offset of Greenwich."""

    def change(value: Any, event: Event) -> Any:
        day, time = value["created_at"].split("T")
        return value | {"created_at": f"{day}T{time[:-1]}+09:00"}

    return shown(change)


@defect("create.timestamps", difficulty=MEDIUM)
def get_updated_without_offset() -> WsgiApp:
    """updated_at of a conversation that is got has no offset; the create's has one."""
    return shown(lambda value, event: value | {"updated_at": value["updated_at"].removesuffix("Z")})


@defect("get.as-created", difficulty=RARE)
def get_status_of_the_last() -> WsgiApp:
    """The status of a conversation that is got is pending once it was got before: somebody read it."""
    seen: set[str] = set()

    def change(value: Any, event: Event) -> Any:
        if value["id"] in seen and value["status"] == "open":
            return value | {"status": "pending"}
        seen.add(value["id"])
        return value

    return shown(change)


@defect("get.as-created", difficulty=RARE)
def get_every_twentieth_is_another() -> WsgiApp:
    """Every twentieth answer is that of the call before: two workers share a connection."""
    last: list[Any] = []

    def change(value: Any, event: Event) -> Any:
        last.append(value)
        return last[-2] if event.number % 20 == 0 else value

    return shown(change)


@defect("get.as-created", difficulty=RARE)
def get_requester_of_the_latest() -> WsgiApp:
    """The requester of a conversation that is got is that of the latest one: the query joins by organisation."""
    latest: list[Any] = []

    def change(value: Any, event: Event) -> Any:
        if event.operation == CREATE:
            latest[:] = [value["requester"]]
            return value
        return value | {"requester": latest[0]} if latest else value

    return broken(pipeline=answering(change, CREATE, GET))


@defect("get.as-created", difficulty=RARE)
def get_metadata_of_the_first() -> WsgiApp:
    """Metadata of a conversation that is got is that of the first conversation of its requester."""
    first: dict[str, Any] = {}

    def change(value: Any, event: Event) -> Any:
        email = (value["requester"] or {}).get("email")
        return value | {"metadata": first.setdefault(email, value["metadata"])} if email else value

    return broken(pipeline=answering(change, GET))


@defect("get.as-created", "create.whole-or-refused", difficulty=RARE)
def get_metadata_without_separators() -> WsgiApp:
    """A conversation that is got has no U+2028 and U+2029 in the texts of its metadata, so that scripts can hold it."""
    separators = {0x2028: None, 0x2029: None}
    return shown(lambda value, event: value | {"metadata": text_of(value["metadata"], lambda text: text.translate(separators))})
