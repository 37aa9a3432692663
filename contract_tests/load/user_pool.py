"""All users of one process: it makes them, keeps what they know together, and has them audit it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from contract_tests.contract.catalogue import Catalogue
from contract_tests.contract.document import Contract
from contract_tests.judging.check_log import Blocked, Judge
from contract_tests.load.audit import AUDITED, Step, audit_own, audit_shared
from contract_tests.load.sending import LoadTarget
from contract_tests.load.settings import TEST
from contract_tests.load.shared_state import Book, Organisation
from contract_tests.load.user import LoadUser
from contract_tests.outcome.checks import packed
from contract_tests.transport.sender import Unanswered, Unavailable

_OF_THE_OTHER = 4
"""One in so many users belongs to the other organisation, if there is one."""

AtOnce = Callable[[Iterable[Step]], None]
"""Takes all of these steps, several at the same time."""

_FEW = 0.01
"""The share of requests without a response beyond which a run says little of the server."""


class Gang:
    """The users of one process. `process` is its name, `run_id` that of the whole run."""

    def __init__(
        self, contract: Contract, catalogue: Catalogue, target: LoadTarget, *, run_id: str, seed: int, process: str
    ) -> None:
        self.target = target
        self.run_id = run_id
        self.book = Book(target.keys, process)
        self.judge = Judge(catalogue, target.base_url, target.redact, target.keys.variables(), curl_options=target.access.curl)
        self.judge.around = False
        self.judge.begin(TEST)
        self.left_out: list[str] = []
        self.users: list[LoadUser] = []
        self._contract = contract
        self._seed = seed

    def new_user(self) -> LoadUser:
        """Another user."""
        number = len(self.users)
        organisations = self.book.organisations
        organisation = organisations[1] if len(organisations) > 1 and number % _OF_THE_OTHER == 1 else organisations[0]
        user = self._user(organisation, f"{organisation.mark}{self.book.process}u{number}")
        self.users.append(user)
        return user

    def first(self, user: LoadUser) -> bool:
        """Whether a user is the first of its organisation in this process."""
        return next(one for one in self.users if one.organisation is user.organisation) is user

    def _user(self, organisation: Organisation, name: str) -> LoadUser:
        return LoadUser(organisation, self._contract, self.target, self.judge, run_id=self.run_id, seed=self._seed, name=name)

    def prepare(self, users: int) -> None:
        """Create, before the load begins, the conversations that all users of all processes write to."""
        for organisation in self.book.organisations:
            user = self._user(organisation, f"{organisation.mark}{self.book.process}all")
            for _ in range(max(2, min(users // 4, 25))):
                with self.judging():
                    user.new_shared()
            if organisation.rival is not None:
                with self.judging():
                    user.new_closed()

    def share(self, organisations: Sequence[Mapping[str, Any]]) -> None:
        """Take over the conversations that the master made for all."""
        self.book.share(organisations)
        for organisation in self.book.organisations:
            for shared in organisation.conversations.values():
                other = organisation is not self.book.organisations[0]
                self.target.guard.own(shared.id, shared.shown, other=other)

    def judging(self) -> "_Judging":
        """Return a block in which a step may end early: the reason was judged already, or is noted."""
        return _Judging(self.book)

    def audit_users(self, at_once: AtOnce) -> None:
        """Have every user read again what it was told."""
        records = sum(len(user.desk.ledger.records) for user in self.users)
        share = AUDITED if records <= AUDITED else AUDITED // max(1, len(self.users))
        if records > AUDITED:
            self.left_out.append(
                f"{records - AUDITED:,} of {records:,} conversations were looked for in lists, and not read one by one at the end"
            )
        at_once([partial(self._all_of, list(audit_own(user, share))) for user in self.users])

    def audit_all(self, others: Iterable[Mapping[str, Any]], at_once: AtOnce) -> None:
        """Read again what users of all processes wrote to; `others` are the books of other processes."""
        books = list(others)
        steps: list[Step] = []
        for place, organisation in enumerate(self.book.organisations):
            clashes = [clash for book in books for clash in organisation.merge(book["organisations"][place])]
            user = self._user(organisation, f"{organisation.mark}{self.book.process}audit")
            steps += [partial(self._all_of, [step]) for step in audit_shared(user, clashes)]
        at_once(steps)

    def _all_of(self, steps: Iterable[Step]) -> None:
        """Take steps that are one user's, one after the other."""
        for step in steps:
            if self.target.gone:
                return
            with _Judging(self.book, at_the_end=True):
                step()

    def findings(self) -> dict[str, Any]:
        """What this process found and remembers, as plain values."""
        self._note_unanswered()
        return {
            "log": packed(self.judge.entries()),
            "evidence": {name: [asdict(one) for one in kept] for name, kept in self.judge.evidence().items()},
            "book": self.book.to_json(),
            "left_out": self.left_out,
            "sent": self.target.sent,
            "traffic": self.target.traffic.to_json(),
        }

    def _note_unanswered(self) -> None:
        traffic, sent = self.target.traffic, self.target.sent
        if reason := self.target.deadline.reason:
            self.book.problem(reason)
        elif self.target.gone:
            self.book.problem("The server went away: request after request got no response.")
        elif traffic.unanswered > _FEW * sent:
            self.book.problem(f"{traffic.unanswered:,} of {sent:,} requests got no response.")
        if found := traffic.gateway_errors:
            self.judge.note_undecided(
                "any.no-server-error",
                f"The server is inconsistent: {found} requests were answered 502, 503 or 504, and others like them were not.",
            )


class _Judging:
    """Handles the exceptions by which a step of a user ends early."""

    def __init__(self, book: Book, *, at_the_end: bool = False) -> None:
        self._book = book
        self._at_the_end = at_the_end

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> bool:
        if isinstance(error, Unavailable):
            self._book.problem(str(error))
            return True
        if isinstance(error, Unanswered) and self._at_the_end:
            self._book.problem("Not all that was acknowledged could be read at the end: requests got no response.")
        # A requirement was found violated (Blocked), or nobody knows what became of a request (Unanswered), which is counted where
        # it was sent, and in doubt for whoever sent it.
        return isinstance(error, Blocked | Unanswered)
