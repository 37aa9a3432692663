"""Sending and listing messages."""

from .base import CONVERSATIONS, ApiTestCase


class MessageTests(ApiTestCase):
    """What is said is kept, in order and in its place."""

    def send(self, conversation: dict, body: object = "Hello", user_email: object = "agent@example.com") -> object:
        """Send a message with a client key."""
        url = f"{CONVERSATIONS}{conversation['id']}/messages/create/"
        return self.post(url, {"body": body, "user_email": user_email}, key=self.client_key)

    def test_messages_come_back_whole_and_in_order(self) -> None:
        """In their own conversation only, page after page."""
        one, other = self.create(description="first"), self.create()
        bodies = ["a\r\nb", "😀" * 9, "x" * 50_000, *(str(number) for number in range(30))]
        sent = [self.send(one, body).json() for body in bodies]
        listed = self.messages(one)["results"] + self.messages(one, offset=20)["results"]
        assert listed[1:] == sent
        assert [message["body"] for message in listed] == ["first", *bodies]
        assert (self.messages(one)["count"], self.messages(other)["count"]) == (34, 0)

    def test_the_answer_is_the_message(self) -> None:
        """With the five documented members."""
        response = self.send(self.create())
        assert response.status_code == 201
        assert list(response.json()) == ["id", "sender_email", "body", "message_type", "created_at"]
        assert response.json()["message_type"] == "reply"

    def test_both_members_are_required(self) -> None:
        """The body has to be a text, and the sender an address."""
        conversation = self.create()
        for body, email in [(None, "a@b.example"), ("", "a@b.example"), (1, "a@b.example"), ("a", None), ("a", "b")]:
            assert self.send(conversation, body, email).status_code == 400
        assert self.messages(conversation)["count"] == 0

    def test_a_message_opens_a_closed_conversation(self) -> None:
        """That one and no other."""
        one, other = self.create(), self.create()
        for conversation in (one, other):
            self.post(f"{CONVERSATIONS}{conversation['id']}/resolve/")
        self.send(one)
        assert [item["status"] for item in self.page()["results"]] == ["open", "closed"]

    def test_a_sender_met_first_in_a_message_has_no_names(self) -> None:
        """A later create does not add names either."""
        self.send(self.create(), user_email="new@example.com")
        assert self.create(user_email="new@example.com", user_first_name="N")["requester"]["first_name"] == ""
