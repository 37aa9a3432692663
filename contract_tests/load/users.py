"""The users of a load run, as Locust spawns them, and the mix of what they do.

Importing Locust replaces the sockets, locks and sleeps of this process by gevent's.
"""

from collections.abc import Callable
from typing import ClassVar

from locust import User, constant, task
from locust.exception import StopUser

from contract_tests.load.user import LoadUser
from contract_tests.load.user_pool import Gang


class Customer(User):
    """Somebody at a helpdesk: mostly looks and reads, sometimes writes. `gang` is that of the process."""

    wait_time = constant(0)
    gang: ClassVar[Gang]
    user: LoadUser

    def on_start(self) -> None:
        self.user = self.gang.new_user()
        # Every user first creates something that a server could lose. A tour is always finished, however short the load is.
        for action in self.user.tour() if self.gang.first(self.user) else (self.user.open_conversation, self.user.reply):
            # Locust takes whatever is raised here for an error, StopUser too.
            if not self.gang.target.gone:
                self._do(action)

    def _do(self, action: Callable[[], None]) -> None:
        if self.gang.target.gone:
            raise StopUser
        for one in (self.user.join, action):
            with self.gang.judging():
                one()

    @task(26)
    def look_around(self) -> None:
        self._do(self.user.look_around)

    @task(18)
    def read_own(self) -> None:
        self._do(self.user.read_own)

    @task(8)
    def read_others(self) -> None:
        self._do(self.user.read_others)

    @task(8)
    def read_own_messages(self) -> None:
        self._do(self.user.read_own_messages)

    @task(8)
    def list_own(self) -> None:
        self._do(self.user.list_own)

    @task(8)
    def open_conversation(self) -> None:
        self._do(self.user.open_conversation)

    @task(7)
    def reply(self) -> None:
        self._do(self.user.reply)

    @task(6)
    def write_shared(self) -> None:
        self._do(self.user.write_shared)

    @task(3)
    def read_shared(self) -> None:
        self._do(self.user.read_shared)

    @task(4)
    def close(self) -> None:
        self._do(self.user.close)

    @task(1)
    def call_together(self) -> None:
        self._do(self.user.call_together)

    @task(2)
    def try_rival(self) -> None:
        self._do(self.user.try_rival)

    @task(1)
    def try_to_close_by_client_key(self) -> None:
        self._do(self.user.try_to_close_by_client_key)
