"""The mock that a command starts where no server was named: the one module that joins mock and suite."""

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from accord.base.errors import AccordError
from accord.configuration import KEY_NAMES
from contract_tests.transport.stopping import without_ctrl_c
from mockserver.serving.subprocess_mock import Running, Settings, running


class EmbeddedMock:
    """A mock in a process of its own, which ends with the stack that it was started on."""

    def __init__(self, running: Running) -> None:
        self._running = running

    @classmethod
    def started(cls, options: Mapping[str, Any], stack: ExitStack) -> "EmbeddedMock":
        """Start the mock, without waiting for it; it sends its events to where the suite listens, if it does.

        Raises AccordError where keys were given: they are for another server.
        """
        given = [name for name in KEY_NAMES if options.get(name)]
        if given:
            raise AccordError(
                f"--{given[0].replace('_', '-')} is given and no URL.",
                "Name the server to verify, or leave the key out to verify the embedded mock.",
            )
        listen, secret = options.get("webhook_listen"), options.get("webhook_secret")
        hooks = {"webhook": f"http://{listen}/", "webhook_secret": secret} if listen and secret else {}
        with without_ctrl_c():
            return cls(stack.enter_context(running(Settings(spec=str(options["spec"]), **hooks), wait=False)))

    def when_ready(self) -> tuple[str, dict[str, str]]:
        """Wait until the mock responds, and return its URL and its ready-made keys by the names of the options."""
        self._running.wait_until_ready()
        keys = self._running.keys
        return self._running.url, {
            "server_key": keys.server,
            "client_key": keys.client,
            "revoked_key": keys.revoked,
            "other_server_key": keys.other_server,
            "origin_client_key": keys.origin_client,
            "origin": keys.origin,
        }
