"""Sending requests with what client libraries add, and checking that no response depends on it."""

from contract_tests.client.api import Api
from contract_tests.client.dress import Wardrobe, Worn
from contract_tests.client.repeating import Repeater
from contract_tests.judging.check_log import Judge
from contract_tests.judging.mismatches import Mismatch, responses
from contract_tests.transport.exchange import Call, Exchange

CONDITIONAL = "any.conditional-requests"
"""The requirement that a 304 is returned only if nothing has changed."""


class DressedSender:
    """Sends requests with what a wardrobe adds to them."""

    def __init__(self, api: Api, wardrobe: Wardrobe, repeater: Repeater, log: Judge) -> None:
        self._api = api
        self._wardrobe = wardrobe
        self._repeater = repeater
        self._check = log.check

    def send(self, operation_id: str, call: Call) -> Exchange:
        """Send a call with what clients add. Check that this causes neither a refusal nor a wrong 304."""
        worn = self._wardrobe.dress(operation_id, call)
        exchange = self._api.send(worn.call)
        if worn.known is not None:
            exchange = self._check_still_right(call, worn, worn.known, exchange)
        elif call.method == "GET" and exchange.succeeded and not exchange.headers.keys() & {"etag", "last-modified"}:
            # There is nothing to ask with.
            self._check(CONDITIONAL, None, exchange)
        if worn.blamed:
            exchange = self._check_accepted_dressed(call, worn, exchange)
        if worn.idle and exchange.succeeded:
            self._check(worn.idle, None, exchange)
        return exchange

    def _check_accepted_dressed(self, call: Call, worn: Worn, exchange: Exchange) -> Exchange:
        """Check that a call is not refused for what was added; if it is, return the response to the call without that."""
        if not exchange.refused:
            if exchange.succeeded:
                self._check(worn.blamed, None, exchange)
            return exchange
        bare = self._api.send(call)
        if not bare.succeeded:
            return exchange
        added = ", ".join(name for name in worn.call.headers if name not in call.headers)
        summary = f"a good key is refused with {exchange.status} for the request's {added}, and accepted without"
        if "Origin" in worn.call.headers and "Origin" not in call.headers:
            summary += ", if --client-key has no allowed origins"
        self._check(worn.blamed, Mismatch(summary, f"{bare.status}", responses.response_in_short(exchange)), exchange)
        self._wardrobe.seen.add(worn.blamed)
        return bare

    def _check_still_right(self, call: Call, worn: Worn, known: Exchange, exchange: Exchange) -> Exchange:
        """Check a 304: an unconditional read must show what was shown before. Return the response that has a body."""
        if exchange.status != 304:
            self._check(CONDITIONAL, None, exchange)
            return exchange
        now = self._api.send(call)
        repeater, before, after = self._repeater, known.members, now.members
        stale = now.succeeded and (repeater.differs(before, after) or repeater.lacks_own(before, after))
        # Someone else may have written between the two: then the repeated conditional request is not answered 304.
        if stale and self._api.send(worn.call).status == 304:
            asked = next(name for name in worn.call.headers if name.startswith("If-"))
            summary = f"{asked} of an earlier response is answered 304, and what is shown has changed since"
            expected, actual = responses.response_in_short(now), responses.response_in_short(known)
            mismatch = Mismatch(summary, expected, f"304, for {actual}")
            self._check(CONDITIONAL, mismatch, exchange, because=[known])
        else:
            self._check(CONDITIONAL, None, exchange)
        return now
