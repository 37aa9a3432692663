"""Creating conversations: any text and any JSON comes back as it was sent, however the body is written."""

import pytest

from contract_tests.client.helpdesk import Helpdesk
from contract_tests.contract.document import Contract
from contract_tests.contract.operations import CREATE_CONVERSATION, CREATE_MESSAGE
from contract_tests.data import samples
from contract_tests.judging.mismatches import Mismatch, messages, responses, shown
from contract_tests.judging.mismatches.values import is_text
from contract_tests.model.marks import mark_of

_LONGEST_NAME = 100
"""Characters of a name that nobody may refuse."""


@pytest.mark.requirements("create.text-exact", "create.metadata-kept", "get.as-created")
def test_text_and_metadata_come_back_as_they_were_sent(desk: Helpdesk, contract: Contract) -> None:
    """Send each text in each place, beside other texts, so that it shows if one is mixed up with another."""
    for version in (1, 2):
        texts = _packed([text for text in samples.TEXTS if samples.since(text) == version])
        metadata = [one for one in samples.METADATA if samples.since(one) == version]
        for number, text in enumerate(texts):
            first, last = texts[(number + 7) % len(texts)], texts[(number + 11) % len(texts)]
            names = {"user_first_name": first[:_LONGEST_NAME], "user_last_name": last[:_LONGEST_NAME]}
            payload = desk.payload(subject=text[: contract.subject_maximum], metadata=metadata[number % len(metadata)], **names)
            payload |= {"channel": contract.channels[number % len(contract.channels)]}
            with desk.since(version):
                desk.get(desk.create(payload))
    # Code that takes this for mail may cut it, perhaps on one channel only.
    for channel in contract.channels:
        with desk.since(2):
            desk.create(desk.payload(subject=samples.OF_MAIL[: contract.subject_maximum], channel=channel))
    # Then texts that code may take for a number, a timestamp or JSON, if no create with a priority has sent them.
    subjects, left = samples.SUBJECTS, len(contract.priorities) * len(contract.channels)
    unsent = metadata[len(texts) :]
    for number, text in enumerate(subjects[min(left, len(subjects) - len(unsent)) :], left):
        names = {"user_first_name": subjects[number - 5]} if number % 2 else {"user_last_name": subjects[number - 5]}
        others = {"metadata": unsent.pop()} if unsent else {}
        with desk.since(2):
            record = desk.create(desk.payload(subject=text[: contract.subject_maximum], **names, **others))
            if others:
                desk.get(record)


def _packed(texts: list[str]) -> list[str]:
    """Texts by twos, one at the beginning and one at the end, as far as both fit into a name.

    Those without a space, which may be taken for something else as a whole, stay alone.
    """
    whole = [text for text in texts if " " not in text]
    # Texts that begin with a sign stay at the beginning, where it may have a meaning.
    rest = sorted((text for text in texts if " " in text), key=lambda text: text[0].isalpha())
    half = len(rest) // 2
    pairs = [(f"{one} {two}", one, two) for one, two in zip(rest[:half], rest[half:], strict=False)]
    packed = [text for both, one, two in pairs for text in ([both] if len(both) <= _LONGEST_NAME else [one, two])]
    return [*whole, *packed, *rest[2 * half :]]


@pytest.mark.since(2)
@pytest.mark.requirements("create.metadata-kept", "create.description-whole", "get.as-created", "list.email-filter", "list.count")
@pytest.mark.requirements("messages.body-exact")
def test_long_values_of_equal_length_and_beginning_are_not_taken_for_each_other(desk: Helpdesk) -> None:
    """Large values may be kept elsewhere, under a name that is made from them."""
    email, made = desk.email("long"), []
    for letter in "ab":
        description, body = (desk.body(letter * 300, first=text * 2500) for text in "de")
        record = desk.create(desk.payload(user_email=email, metadata={"log": "m" * 2500 + letter * 300}, description=description))
        made.append((record, description, body))
    desk.check_page_is(desk.list_page(user_email=email), {record.id for record, *_ in made})
    for record, _, body in made:
        desk.get(record)
        # Not in the ledger: where a body is cut, the mark by which it is known is lost.
        desk.call(CREATE_MESSAGE, id=record.id, body={"body": body, "user_email": email})
        record.note_message()
    for record, description, body in made:
        items, exchange = desk.read_messages(record.id)
        lost = Mismatch("a long body does not come back as it was sent", shown(body), "no such message", "/results")
        desk.check("messages.body-exact", None if any(is_text(body, item.get("body")) for item in items) else lost, exchange)
        desk.check("create.description-whole", messages.description_mismatch(description, mark_of(description), items), exchange)


@pytest.mark.requirements("create.description-whole")
def test_a_description_that_becomes_a_message_is_whole(desk: Helpdesk) -> None:
    everything = "\n".join(samples.TEXTS)
    for text in (
        "My parcel is late.",
        everything,
        "Line one\nline two\r\nline three\n\n  and four",
        "word " * 600 + "日" * 6_000 + "end",
    ):
        marker = desk.body(text)
        with desk.since(2 if text is everything else 1):
            record = desk.create(desk.payload(description=marker))
            items, exchange = desk.read_messages(record.id)
            desk.check("create.description-whole", messages.description_mismatch(marker, mark_of(marker), items), exchange)


@pytest.mark.requirements("create.opens", "create.id-unique", "create.number-unique", "create.timestamps", "create.requester-email")
def test_what_the_server_decides_is_not_taken_from_the_body(desk: Helpdesk) -> None:
    """Members that only responses have are unknown ones in a request: it is refused, or they are as if they were not there."""
    known = desk.create()
    for members in (
        {"status": "closed"},
        {"number": known.shown.get("number")},
        {"id": known.id},
        {"requester": known.shown.get("requester")},
        {"created_at": "2999-12-31T23:59:59Z", "updated_at": "2001-01-01T00:00:00Z"},
    ):
        payload = desk.payload(**members)
        exchange = desk.call(CREATE_CONVERSATION, body=payload)
        if exchange.succeeded:
            desk.get(desk.record_created(payload, exchange))
    desk.get(known)


@pytest.mark.requirements("create.status", "create.answer")
def test_the_order_and_spacing_of_the_body_do_not_matter(desk: Helpdesk, contract: Contract) -> None:
    payload = desk.payload(priority=contract.priorities[-1], channel=contract.channels[-1], metadata=None)
    members = ", ".join(f' "{name}" :\n\t"{value}" ' for name, value in reversed(payload.items()))
    exchange = desk.call(CREATE_CONVERSATION, raw=f"  {{ {members} }}\r\n".encode())
    desk.check("create.status", responses.status_mismatch(exchange, 201), exchange)
    if exchange.succeeded:
        desk.get(desk.record_created(payload, exchange))


@pytest.mark.since(2)
@pytest.mark.requirements("create.status", "create.answer", "create.text-exact", "create.metadata-kept")
def test_texts_in_escapes_are_the_same_texts(desk: Helpdesk) -> None:
    """Some clients escape what need not be: each slash, or all that is not ASCII, as halves of surrogate pairs."""
    text = samples.TO_ESCAPE
    payload = desk.payload(
        subject=desk.subject(text), metadata={text: [text]}, user_first_name="Zoë", channel=desk.contract.channels[0]
    )
    exchange = desk.call(CREATE_CONVERSATION, raw=samples.in_escapes(payload).encode())
    desk.check("create.status", responses.status_mismatch(exchange, 201), exchange)
    if exchange.succeeded:
        desk.get(desk.record_created(payload, exchange))


@pytest.mark.since(2, "messages.accepted", "messages.body-exact")
@pytest.mark.requirements("create.status", "messages.accepted", "messages.body-exact")
def test_a_media_type_with_charset_is_accepted(desk: Helpdesk) -> None:
    for number, media_type in enumerate(("application/json; charset=utf-8", "application/json;charset=UTF-8")):
        payload = desk.payload(subject=desk.subject("Größe"))
        with desk.since(number + 1):
            exchange = desk.call(CREATE_CONVERSATION, body=payload, headers={"Content-Type": media_type})
            desk.check("create.status", responses.status_mismatch(exchange, 201), exchange)
            if not exchange.succeeded:
                continue
            record = desk.record_created(payload, exchange)
        with desk.since(2):
            body, email = desk.body("Größe"), record.email or ""
            sent = {"body": body, "user_email": email}
            exchange = desk.call(CREATE_MESSAGE, id=record.id, body=sent, headers={"Content-Type": media_type})
            desk.check("messages.accepted", responses.not_accepted(exchange), exchange)
            if exchange.succeeded:
                desk.record_message(record, body, email)
                desk.check_messages(record)
