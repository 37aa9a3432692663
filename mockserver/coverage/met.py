"""What a client met: which operation with which status, which kind of refusal, which choices."""

from collections.abc import Iterable

from mockserver.contract.document import Contract
from mockserver.coverage.exercised import Exercised
from mockserver.http.messages import Request, Response


class Met:
    """What was met in one namespace, or in several together.

    Statuses and refusals are noted with each response. Finding the choices takes longer than handling a request, so this is
    done with each response only if `at_once`, and otherwise for the requests that are passed to `look_at` later.
    """

    __slots__ = ("_choices", "_contract", "_counts", "_looked_to", "at_once")

    def __init__(self, contract: Contract, *, at_once: bool = False) -> None:
        self.at_once = at_once
        self._contract = contract
        self._looked_to = 0
        self._counts: dict[tuple[str, int, str | None], int] = {}
        self._choices = Exercised(contract)

    def note(self, operation: str, request: Request, response: Response) -> Response:
        """Note a response to a request for that operation, empty for none, and return it."""
        key = (operation, response.status, response.refused)
        try:
            self._counts[key] += 1
        except KeyError:
            self._counts[key] = 1
        if self.at_once:
            self._choices.look_at(operation, request, response)
        return response

    def look_at(self, exchanges: Iterable[tuple[int, str, Request, Response]]) -> None:
        """Note which choices were exercised by exchanges noted before, which are numbered, oldest first. Each is read only once."""
        for number, operation, request, response in exchanges:
            if number > self._looked_to:
                self._looked_to = number
                self._choices.look_at(operation, request, response)

    def add(self, other: "Met") -> None:
        """Take what was met elsewhere as met here, too."""
        for key, count in list(other._counts.items()):
            self._counts[key] = self._counts.get(key, 0) + count
        self._choices.met |= other._choices.met

    def clear(self, number: int) -> None:
        """Forget everything up to the exchange of that number."""
        self._looked_to = number
        self._counts = {}
        self._choices = Exercised(self._contract)

    def statuses(self) -> dict[tuple[str, int], int]:
        """Return how often each operation had each status."""
        found: dict[tuple[str, int], int] = {}
        for (operation, status, _), count in list(self._counts.items()):
            found[operation, status] = found.get((operation, status), 0) + count
        return found

    def refusals(self) -> dict[str, int]:
        """Return how often there was each kind of refusal, by its name."""
        found: dict[str, int] = {}
        for (_, _, refused), count in list(self._counts.items()):
            if refused is not None:
                found[refused] = found.get(refused, 0) + count
        return found

    def choices(self) -> frozenset[str]:
        """Return the names of the choices that were exercised."""
        return frozenset(self._choices.met)
