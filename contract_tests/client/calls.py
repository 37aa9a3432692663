"""Requests to operations, with what holds for every response checked, whatever was asked."""

import re
from collections.abc import Mapping
from typing import Any

from contract_tests.client.api import Api
from contract_tests.client.dress import Wardrobe
from contract_tests.client.dressed import DressedSender
from contract_tests.client.duplicates import done_twice
from contract_tests.client.eventual import wait_until_shown
from contract_tests.client.horizon import REFUSED, Horizon
from contract_tests.client.repeating import Repeater
from contract_tests.contract.operations import (
    CREATE_CONVERSATION,
    CREATE_MESSAGE,
    GET_CONVERSATION,
    LIST_CONVERSATIONS,
    LIST_MESSAGES,
    RESOLVE_CONVERSATION,
)
from contract_tests.contract.timestamps import wrong_separator
from contract_tests.judging.check_log import Blocked, Judge
from contract_tests.judging.mismatches import internals, of_item, responses
from contract_tests.judging.pathological import is_pathological, is_unparsable
from contract_tests.model.ledger import Ledger
from contract_tests.transport.credentials import Credential, Forgery, Style
from contract_tests.transport.exchange import DROPPED, LARGE, Call, Exchange

ACCEPTED = {Style.HEADER: "auth.x-api-key", Style.BEARER: "auth.bearer"}
"""The requirement that a valid key is accepted, by the way in which it is sent."""

_RESPONSES = {
    CREATE_CONVERSATION: ("create.answer", "Conversation"),
    LIST_CONVERSATIONS: ("list.answer", "ConversationPage"),
    GET_CONVERSATION: ("get.answer", "Conversation"),
    LIST_MESSAGES: ("messages.answer", "MessagePage"),
    RESOLVE_CONVERSATION: ("resolve.answer", "Conversation"),
}
"""By operation: the requirement that a successful response must meet, and its schema. What create message returns is open."""

_ITEMS = {"ConversationPage": "Conversation", "MessagePage": "Message"}
"""What the results of a page are."""

_LONGEST_LINE = 2_000
"""Characters of path and query beyond which a web server may refuse a request itself, with any response body: by default,
gunicorn does so from 4,094 characters on, with 400 and an HTML page, and IIS from 2,048."""

_CONTROL = re.compile("%(?:[01][0-9a-f]|7f)", re.IGNORECASE)
"""A control character in a path or a query, for which gateways refuse a request, too."""


_WRITTEN_BODY = re.compile(rb'"body": "([^"]*)"')


def _reaches_the_api(call: Call) -> bool:
    """Return whether nothing in front of the API should refuse this path and query."""
    target = call.path + call.search
    return len(target) <= _LONGEST_LINE and not _CONTROL.search(target)


class Calls:
    """Sends requests and checks what holds for every response.

    `dresses` says whether requests are sent with what client libraries add by themselves, `counts_keys` whether each key that is
    accepted counts as a check. Writes are waited for up to `consistency_window` seconds, and noted by the `horizon`.
    """

    def __init__(
        self,
        api: Api,
        ledger: Ledger,
        log: Judge,
        wardrobe: Wardrobe,
        repeater: Repeater,
        *,
        dresses: bool = True,
        counts_keys: bool = False,
        consistency_window: float = 0.0,
        horizon: Horizon | None = None,
    ) -> None:
        self._api = api
        self._ledger = ledger
        self._log = log
        self.next_credential = api.next_credential
        self._wardrobe = wardrobe
        self._dressed = DressedSender(api, wardrobe, repeater, log) if dresses else None
        self._counts_keys = counts_keys
        self._window = consistency_window
        self._horizon = horizon
        self._served: set[tuple[str, Style]] = set()
        """The tiers and ways of sending a key that got a success so far."""

    def call(
        self,
        operation_id: str,
        *,
        id: str = "",
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        raw: bytes | None = None,
        credential: Credential | None = None,
        headers: Mapping[str, str] | None = None,
        forgery: Forgery | None = None,
        documented: bool = True,
        dressed: bool = False,
    ) -> Exchange:
        """Send one request and check what holds for every response.

        `body` is sent as JSON, `raw` as it is. Without a `credential`, each call uses the next one that may call the operation;
        with a `forgery`, its headers replace the credential. `documented=False` says that the path may not belong to the API,
        so that a refusal need not be JSON. `dressed` adds what client libraries add by themselves; use it only for calls that
        must succeed.
        """
        if operation_id == CREATE_MESSAGE:
            self._note_body(body, raw)
        elif operation_id == CREATE_CONVERSATION:
            self._note_description(body)
        call = self._api.request(
            operation_id, id=id, query=query, body=body, raw=raw, credential=credential, headers=headers, forgery=forgery
        )
        exchange = self._dressed.send(operation_id, call) if dressed and self._dressed else self._api.send(call)
        self._wardrobe.keep(exchange)
        wrote = exchange.succeeded and call.method == "POST"
        if wrote:
            self._wardrobe.note_write(id)
        if self._horizon is not None and call.method == "POST" and (wrote or exchange.refused):
            self._horizon.note(operation_id if wrote else REFUSED)
        if wrote and self._window:
            wait_until_shown(self._api.ask, operation_id, id, exchange, self._window, self._api.target.deadline.sleep)
        self._check_any(exchange, documented=documented)
        if exchange.repeated and done_twice(self._api.ask, self._ledger, operation_id, id, exchange):
            raise Blocked(f"{exchange.call.method} {exchange.call.path} was done and not answered, and done again when sent again.")
        self._check_key(operation_id, exchange)
        return exchange

    def _check_key(self, operation_id: str, exchange: Exchange) -> None:
        """Check that a key that may call the operation is not refused as unknown.

        For a conversation of another organisation, or one that does not exist, a 401 may mean something else.
        """
        used = exchange.call.credential
        if used is None:
            return
        if (
            exchange.status == 401
            and used in self._api.credentials(operation_id)
            and self._api.target.guard.names_own(exchange.call)
        ):
            self._log.check(self.accepting(used), responses.not_accepted(exchange), exchange)
        if exchange.succeeded:
            self._served.add((used.tier, used.style))
        if exchange.succeeded and self._counts_keys:
            self._log.check(ACCEPTED[used.style], None, exchange)
            if used.tier == "client":
                self._log.check("auth.client-operations", None, exchange)

    def accepting(self, credential: Credential) -> str:
        """Return the requirement that the refusal of a valid key violates: where keys of both tiers were accepted as this one
        was sent, the way of sending is not at fault for a refusal of a client key.
        """
        if credential.tier == "client" and {("server", credential.style), ("client", credential.style)} <= self._served:
            return "auth.client-operations"
        return ACCEPTED[credential.style]

    def send_anything(self, operation_id: str, call: Call, *, documented: bool = True) -> None:
        """Send a call that may be anything, and judge what holds for every response and for every success.

        `documented=False` says that it may be no call of the API at all, so that its refusal need not be JSON.
        """
        exchange = self._api.send(call)
        self._check_any(exchange, documented=documented)
        if exchange.succeeded and operation_id in _RESPONSES:
            requirement, component = _RESPONSES[operation_id]
            contract, item, members = self._api.contract, _ITEMS.get(component), exchange.members
            mismatch = (
                contract.page_mismatch(component, item, members, own=self._ledger.is_own)
                if item is not None
                else contract.mismatch(component, members)
            )
            self._log.check(requirement, mismatch, exchange)

    def _note_body(self, body: Any, raw: bytes | None) -> None:
        """Remember the whole text of a sent message by its mark: a listed message with another text is not this one."""
        text = body.get("body") if isinstance(body, dict) else None
        if raw is not None and (written := _WRITTEN_BODY.search(raw)):
            text = written[1].decode("utf-8", "replace")
        if isinstance(text, str):
            self._ledger.marks.note(text)

    def _note_description(self, body: Any) -> None:
        """Remember the whole description of a create by its mark: a server may list it as a message."""
        text = body.get("description") if isinstance(body, dict) else None
        if isinstance(text, str):
            self._ledger.marks.note_description(text)

    def check_separators(self, shown_by: Mapping[str, Any], exchange: Exchange, *, listed: bool = False) -> None:
        """Check how the times of a conversation or a message are written; `listed` says that it is an item of a list."""
        mismatch = wrong_separator(shown_by)
        self._log.check("any.timestamp-separator", of_item(mismatch, shown_by) if listed else mismatch, exchange)

    def _check_any(self, exchange: Exchange, *, documented: bool = True) -> None:
        if exchange.hiccup is not None:
            self._log.note_inconsistent("any.no-server-error", exchange)
        if exchange.refused or exchange.status >= 500:
            self._log.check("any.no-internals", internals.leaked(exchange), exchange)
        check, call = self._log.check, exchange.call
        pathological = is_pathological(call)
        # A server may close the connection on a large body, rather than read it.
        if len(call.body or b"") > LARGE:
            check("any.large-body-answered", responses.no_response(exchange), exchange)
        if not exchange.cut_off:
            by = "any.pathological-input" if pathological else "any.no-server-error"
            check(by, responses.server_error(exchange), exchange)
        if exchange.status != DROPPED and (exchange.succeeded or (documented and _reaches_the_api(call))):
            by = "any.json"
            if not exchange.succeeded and (pathological or is_unparsable(call)):
                by = "any.unparsable-body-json"
            check(by, responses.not_json(exchange), exchange)
            if exchange.body and exchange.status < 300:
                check("any.media-type", responses.obsolete_media_type(exchange), exchange)
