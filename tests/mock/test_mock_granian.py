"""What the mock uses of Granian without its documentation promising it: if one of these fails, Granian changed.

Then look at `mockserver/serving/granian_worker.py`, which is the only module that touches Granian.
"""

import socket
import threading
from contextlib import contextmanager
from pathlib import Path

import granian
import pytest
from granian._granian import CallbackScheduler, RSGIWorker

import mockserver
from mockserver.serving.granian_worker import (
    Stream,
    Worker,
    begin_pieces,
    leave_unanswered,
    receive_piece,
    receive_whole,
    when_left,
)
from mockserver.serving.ports import bind


@contextmanager
def handled_by(handle):
    """Start a worker with this handler; yield a function that sends bytes to it and returns the connection."""
    with bind("127.0.0.1", 0) as listener:
        worker = Worker(listener, handle)
        worker.start()
        opened = []

        def send(data):
            opened.append(socket.create_connection(listener.getsockname(), timeout=10))
            opened[-1].sendall(data)
            return opened[-1]

        try:
            yield send
        finally:
            for connection in opened:
                connection.close()
            assert worker.stop(5), "WorkerSignal does not stop a worker any more."


def request(length=0, headers=b""):
    return b"POST /a%%20b?c=%%20d HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n%b\r\n" % (length, headers)


def answer(protocol, body=b""):
    protocol.response_bytes(200, [("X-Is", "there")], body)


def test_the_version_is_one_that_was_tried():
    assert granian.__version__.startswith("2.8."), "Try granian_worker.py with this version, and say so in its docstring."


def test_only_one_module_touches_it():
    package = Path(mockserver.__file__).parent
    users = [
        path.name for path in package.rglob("*.py") if "from granian" in path.read_text() or "import granian" in path.read_text()
    ]
    assert users == ["granian_worker.py"]


def test_a_worker_takes_the_arguments_that_it_is_given():
    known = RSGIWorker.__text_signature__
    for name in ("worker_id, sock, ipc", "py_threads", "backpressure"):
        assert name in known, f"RSGIWorker takes no {name} any more."
    assert hasattr(RSGIWorker, "serve_str")
    assert hasattr(CallbackScheduler, "_schedule_fn")


def test_requests_come_one_at_a_time_to_one_thread():
    threads = set()

    def handle(scope, protocol):
        threads.add(threading.get_ident())
        answer(protocol)

    with handled_by(handle) as send:
        for connection in [send(request()) for _ in range(20)]:
            assert connection.recv(1000).startswith(b"HTTP/1.1 200")
    assert len(threads) == 1


def test_what_a_scope_has():
    scopes = []

    def handle(scope, protocol):
        scopes.append(scope)
        answer(protocol)

    with handled_by(handle) as send:
        connection = send(request(headers=b"X_a: 1\r\nX-A: 2\r\nX-A: 3\r\nX-B: \xc3\xa9\r\n"))
        connection.recv(1000)
        client = "{}:{}".format(*connection.getsockname())
    [scope] = scopes
    assert (scope.method, scope.path, scope.query_string, scope.http_version) == ("POST", "/a b", "c=%20d", "1.1")
    assert scope.client == client, "Connections are found by it."
    assert scope.authority is None
    expected = [("host", "x"), ("content-length", "0"), ("x_a", "1"), ("x-a", "2"), ("x-a", "3")]
    assert sorted(scope.headers.items()) == sorted(expected), "Underscores stay, and what is not ASCII is left out."
    assert set(scope.headers.keys()) == {"host", "content-length", "x_a", "x-a", "x-b"}
    assert len(scope.headers) == 5


@pytest.mark.parametrize(("sent", "ends", "found"), [(b"abcd", False, b"abcd"), (b"ab", True, None)])
def test_a_whole_body(sent, ends, found):
    came = []

    def handle(scope, protocol):
        def then(data):
            came.append((data, threading.get_ident() == thread))
            answer(protocol)

        thread = threading.get_ident()
        receive_whole(protocol, then)

    with handled_by(handle) as send:
        connection = send(request(4) + sent)
        if ends:
            connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
    assert came == [(found, True)], "A body comes whole, or not at all, to the thread of the worker."


def test_a_body_in_pieces():
    came = []

    def handle(scope, protocol):
        def then(data):
            came.append(data)
            if data:
                receive_piece(protocol, then)
            else:
                answer(protocol)

        begin_pieces(protocol)
        receive_piece(protocol, then)

    with handled_by(handle) as send:
        assert send(request(4) + b"abcd").recv(1000).startswith(b"HTTP/1.1 200")
    assert b"".join(came) == b"abcd"
    assert came[-1] == b""


def test_a_body_that_is_given_up_ends_the_connection():
    waiting, came = [], []
    asked = threading.Event()

    def handle(scope, protocol):
        waiting.append((protocol, receive_whole(protocol, came.append)))
        asked.set()

    with handled_by(handle) as send:
        connection = send(request(100))
        assert asked.wait(10)
        [(protocol, receiving)] = waiting
        assert receiving.cancel()
        assert not receiving.cancel()
        answer(protocol)
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
        assert connection.recv(1000) == b"", "Granian waits for the rest of a body that nobody wants."
    assert came == []


def test_a_response_from_another_thread_and_later():
    def handle(scope, protocol):
        threading.Timer(0.1, answer, [protocol, b"later"]).start()

    with handled_by(handle) as send:
        assert send(request()).recv(1000).endswith(b"later")


def test_a_response_in_pieces_that_ends_early():
    def handle(scope, protocol):
        stream = Stream(protocol, 200, [("Content-Length", "10")])
        assert stream.send(b"abc")
        threading.Timer(0.2, stream.end).start()

    with handled_by(handle) as send:
        connection, received = send(request()), b""
        while chunk := connection.recv(1000):
            received += chunk
    assert b"content-length: 10\r\n" in received.lower()
    assert received.endswith(b"\r\n\r\nabc")


def test_it_is_told_that_a_client_left():
    left, asked = threading.Event(), threading.Event()
    kept = []

    def handle(scope, protocol):
        kept.append((protocol, when_left(protocol, left.set)))
        asked.set()

    with handled_by(handle) as send:
        connection = send(request())
        assert asked.wait(10)
        connection.close()
        assert left.wait(10)
        leave_unanswered(kept[0][0])
