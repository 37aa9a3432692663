"""Creating conversations."""

from datetime import datetime, timedelta

from .base import CONVERSATIONS, CREATE, ApiTestCase


class CreateTests(ApiTestCase):
    """What is taken, what it becomes, and what is refused."""

    def test_all_fields(self) -> None:
        """What was sent comes back, from create and from get alike."""
        sent = {"subject": "Späti 😀", "priority": "urgent", "channel": "callback", "metadata": {"a": [1, None, {}]}}
        made = self.create(user_email="jane@example.com", user_first_name="Jane", user_last_name="Doe", **sent)
        assert {name: made[name] for name in sent} == sent
        assert made["requester"] == {"email": "jane@example.com", "first_name": "Jane", "last_name": "Doe"}
        assert self.get(f"{CONVERSATIONS}{made['id']}/").json() == made

    def test_defaults(self) -> None:
        """A subject is enough."""
        made = self.create()
        chosen = {name: made[name] for name in ("status", "priority", "channel", "metadata", "requester")}
        nobody = {"email": "", "first_name": "", "last_name": ""}
        expected = {"status": "open", "priority": "normal", "channel": "api", "metadata": {}, "requester": nobody}
        assert chosen == expected
        assert datetime.fromisoformat(made["created_at"]).utcoffset() == timedelta(0)
        assert made["created_at"] == made["updated_at"]

    def test_subject_length_is_counted_in_characters(self) -> None:
        """Five hundred of any width, and not one more."""
        for character in "xé😀":
            assert self.create(subject=character * 500)["subject"] == character * 500
            assert self.post(CREATE, {"subject": character * 501}).status_code == 400

    def test_space_around_text_goes_and_inside_it_stays(self) -> None:
        """A choice of this helpdesk."""
        assert self.create(subject=" a \t b\n")["subject"] == "a \t b"

    def test_a_known_person_keeps_their_names(self) -> None:
        """However the address is spelt."""
        self.create(user_email="jane@example.com", user_first_name="Jane", user_last_name="Doe")
        again = self.create(user_email="JANE@example.com", user_first_name="Eve", user_last_name="Mallory")
        assert again["requester"] == {"email": "jane@example.com", "first_name": "Jane", "last_name": "Doe"}

    def test_numbers_count_up_in_each_organisation(self) -> None:
        """From one."""
        assert [self.create()["number"] for _ in range(3)] == [1, 2, 3]
        assert self.post(CREATE, {"subject": "a"}, key=self.other_key).json()["number"] == 1

    def test_a_description_is_the_first_message(self) -> None:
        """Sent by the requester when the conversation was opened."""
        made = self.create(user_email="jane@example.com", description="It broke.")
        (message,) = self.messages(made)["results"]
        assert (message["sender_email"], message["body"]) == ("jane@example.com", "It broke.")
        assert self.messages(self.create(description=" "))["count"] == 0

    def test_wrong_values_are_refused_by_field(self) -> None:
        """With nothing stored."""
        wrong = {
            "subject": [None, "", "  ", 1, [], "\0", "\x1f"],
            "user_email": ["jane", 1, {}, "a@b.example\0", f"{'x' * 250}@b.example"],
            "user_first_name": [1, [], "x" * 151],
            "description": [1, {}],
            "priority": ["asap", "LOW", "", None, 1, []],
            "channel": ["phone", None, {}],
            "metadata": [None, [], "{}", 1, True],
        }
        for field, values in wrong.items():
            for value in values:
                with self.subTest(field=field, value=value):
                    response = self.post(CREATE, {"subject": "Help", field: value})
                    assert (response.status_code, list(response.json())) == (400, [field])
        assert self.page()["count"] == 0

    def test_bodies_that_are_no_json_object(self) -> None:
        """Refused in JSON, with nothing stored."""
        bodies = [b"", b"{", b"[]", b"null", b"1", b'"x"', b"\xff", b"\0", b"[" * 100_000, b'{"a":' * 100_000]
        values = [b"NaN", b"-Infinity", b"1e999", b"9" * 5000, rb'"\ud800"', rb'{"\udfff":1}', b"[" * 90 + b"]" * 90]
        for body in [*bodies, *(b'{"subject":"x","metadata":{"a":%s}}' % value for value in values)]:
            with self.subTest(body=body[:40]):
                response = self.post(CREATE, body)
                assert (response.status_code, response["Content-Type"]) == (400, "application/json")
        assert self.post(CREATE, b" " * 5000000).status_code == 413
        assert self.page()["count"] == 0

    def test_metadata_comes_back_equal(self) -> None:
        """Whatever JSON it holds."""
        metadata = {"": None, "é\0": ["", {}, [], 0, -1.5, 1e300, 2**53 - 1, True], "long": "x" * 20_000}
        assert self.create(metadata=metadata)["metadata"] == metadata
