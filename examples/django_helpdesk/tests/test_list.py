"""Listing conversations."""

from helpdesk.models import Conversation, Organisation
from helpdesk.services import conversations

from .base import CONVERSATIONS, ApiTestCase


class ListTests(ApiTestCase):
    """Pages and filters."""

    @classmethod
    def setUpTestData(cls) -> None:
        """Have more conversations than the largest page holds."""
        super().setUpTestData()
        ours = Organisation.objects.get(name="Ours")
        for number in range(105):
            conversations.create(ours, subject=f"No {number}", user_email=f"p{number % 3}@example.com")

    def setUp(self) -> None:
        """Read all conversations as get shows them."""
        ids = Conversation.objects.order_by("number").values_list("id", flat=True)
        self.made = [self.get(f"{CONVERSATIONS}{identifier}/").json() for identifier in ids]

    def test_pages_partition_the_list(self) -> None:
        """Oldest first, each once."""
        for limit in (7, 20, 100):
            results = [self.page(limit=limit, offset=offset)["results"] for offset in range(0, 105, limit)]
            assert [item for page in results for item in page] == self.made

    def test_page_sizes(self) -> None:
        """Twenty unless asked, a hundred at most, and twenty again for what is no size."""
        sizes = {"1": 1, "100": 100, "101": 100, "9" * 30: 100, "0": 20, "-1": 20, "x": 20, "1.5": 20, "\0": 20}
        for limit, size in sizes.items():
            assert len(self.page(limit=limit)["results"]) == size, limit
        assert len(self.page()["results"]) == 20

    def test_offsets(self) -> None:
        """Past the end is an empty page, however far."""
        for offset in (105, 10**6, 2**63, 10**40):
            assert (self.page(offset=offset)["results"], self.page(offset=offset)["count"]) == ([], 105)
        for offset in (-1, "x", ""):
            assert self.page(offset=offset)["results"] == self.made[:20]

    def test_links_lead_through_the_filtered_list(self) -> None:
        """The links lead to the last page, which has no next one."""
        page, seen = self.page(limit=10, user_email="p1@example.com"), []
        while True:
            seen += page["results"]
            if not page["next"]:
                break
            page = self.get(page["next"]).json()
        assert seen == self.made[1::3]
        assert page["previous"] is not None

    def test_filters_combine(self) -> None:
        """A closed conversation moves from one list to the other."""
        mine = self.made[0]
        self.post(f"{CONVERSATIONS}{mine['id']}/resolve/")
        counts = {status: self.page(status=status)["count"] for status in ("open", "closed", "pending", "resolved")}
        assert counts == {"open": 104, "closed": 1, "pending": 0, "resolved": 0}
        assert self.page(status="closed", user_email="P0@example.com")["results"][0]["id"] == mine["id"]
        assert self.page(status="closed", user_email="p1@example.com")["count"] == 0

    def test_an_unknown_status_is_refused(self) -> None:
        """An unknown address is not: there is simply nobody."""
        for status in ("x", "OPEN", "open,closed", "\0"):
            assert self.get(CONVERSATIONS, {"status": status}).status_code == 400
        assert self.page(user_email="nobody")["count"] == 0

    def test_a_page_takes_three_queries(self) -> None:
        """The key, the count and the page, however many rows."""
        with self.assertNumQueries(3):
            self.page(limit=100)
