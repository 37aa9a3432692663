"""The mock as an ordinary Flask application, and its parts replaced one at a time."""

import subprocess
import sys

import pytest

from mockserver.handling.authentication import Authenticator
from mockserver.handling.conversations import Conversations
from mockserver.handling.errors import ErrorResponses
from mockserver.handling.pipeline import Pipeline
from mockserver.handling.serializer import Serializer
from mockserver.handling.validation import Validator
from mockserver.store import Order
from mockserver.store.memory import MemoryStore


def test_flask_routes_shows_the_operations(contract, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "mockserver.app:create_app", "routes"],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    rows = {line.split()[0]: line.split()[1] for line in done.stdout.splitlines() if line}
    assert {operation.id: operation.method for operation in contract}.items() <= rows.items()


class AnyKey(Authenticator):
    def is_revoked(self, key):
        return False


class AnyId(Validator):
    def read_id(self, text):
        return text.lower()


class StaysOpen(Conversations):
    def resolved(self, conversation):
        return conversation


class NoRequester(Serializer):
    def requester(self, user):
        return None


class OtherBody(ErrorResponses):
    def unauthenticated(self, refusal):
        return {"error": "no"}


class Accepted(Pipeline):
    def success_status(self, operation):
        return 202


@pytest.mark.parametrize(
    ("part", "cls", "changed"),
    [
        ("authenticator", AnyKey, "revoked"),
        ("validator", AnyId, "upper-case id"),
        ("conversations", StaysOpen, "resolved"),
        ("serializer", NoRequester, "requester"),
        ("errors", OtherBody, "401"),
        ("pipeline", Accepted, "status"),
    ],
)
def test_a_replaced_part_changes_what_it_is_there_for_and_nothing_else(make_api, part, cls, changed):
    def observed(api):
        made = api.create()
        id = made.json["id"]
        return {
            "status": made.status_code,
            "requester": made.json["requester"],
            "revoked": api.list("revoked").status_code,
            "upper-case id": api.get(id.upper()).status_code != 404,
            "401": api.list(key=None).json,
            "resolved": api.resolve(id).json["status"],
        }

    usual, other = observed(make_api()), observed(make_api(**{part: cls}))
    assert {name for name in usual if usual[name] != other[name]} == {changed}


class ReadsTwice(Validator):
    def read(self, request, operation):
        super().read(request, operation)
        return super().read(request, operation)


def test_a_part_may_read_a_request_twice(make_api):
    assert make_api(validator=ReadsTwice).made(subject="Once?")["subject"] == "Once?"


class Counting(Serializer):
    shown = 0

    def conversation(self, conversation):
        self.shown += 1
        return super().conversation(conversation) | {"shown": self.shown}


class Marking(Pipeline):
    def handle(self, operation, caller, checked, request):
        return super().handle(operation, caller, checked, request) | {"by": caller.key.name}


def test_a_part_that_changes_answers_is_asked_each_time(make_api):
    counting, marking = make_api(serializer=Counting), make_api(pipeline=Marking)
    id = counting.made()["id"]
    assert [counting.get(id).json["shown"] for _ in range(3)] == [2, 3, 4]
    id = marking.made()["id"]
    assert [marking.get(id, key).json["by"] for key in ("server", "client")] == ["server", "client"]


def test_a_store_may_be_brought_along(make_api):
    store = MemoryStore(Order.OLDEST)
    api = make_api(store=store)
    ids = [api.made()["id"] for _ in range(3)]
    assert [item["id"] for item in api.list().json["results"]] == ids
    assert store.conversation(ids[0]).number == 1
