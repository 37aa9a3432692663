"""The server as a process: what only HTTP and concurrency show."""

import signal
import subprocess
import sys
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

SERVE = Path(__file__).resolve().parent.parent / "serve.py"
SERVER_KEY = "bnc_sv_only-for-this-test"


class ServedTests(unittest.TestCase):
    """One server for all of them."""

    @classmethod
    def setUpClass(cls) -> None:
        """Start it on a free port, and learn which from its first line."""
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.database = Path(folder.name) / "helpdesk.sqlite3"
        command = [sys.executable, SERVE, "--port", "0", "--server-key", SERVER_KEY]
        cls.process = subprocess.Popen(
            [*command, "--database", cls.database],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        cls.addClassCleanup(cls.process.stdout.close)
        cls.addClassCleanup(cls.stop)
        cls.conversations = cls.process.stdout.readline().strip() + "/api/v1/conversations/"
        cls.session = requests.Session()
        cls.session.headers["X-API-Key"] = SERVER_KEY
        cls.addClassCleanup(cls.session.close)

    @classmethod
    def stop(cls) -> int:
        """Ask it to stop, and return how it ended."""
        cls.process.send_signal(signal.SIGTERM)
        return cls.process.wait(timeout=15)

    def test_concurrent_creates_get_different_numbers(self) -> None:
        """And each is readable as soon as it is answered."""

        def create(index: int) -> dict:
            sent = {"subject": str(index), "user_email": f"p{index % 5}@example.com", "description": "d"}
            made = requests.post(self.conversations + "create/", json=sent, headers=dict(self.session.headers), timeout=30).json()
            read = requests.get(f"{self.conversations}{made['id']}/", headers=dict(self.session.headers), timeout=30)
            assert read.json() == made
            return made

        before = self.session.get(self.conversations, timeout=10).json()["count"]
        with ThreadPoolExecutor(8) as pool:
            made = list(pool.map(create, range(64)))
        assert len({conversation["number"] for conversation in made}) == 64
        assert self.session.get(self.conversations, timeout=10).json()["count"] == before + 64

    def test_odd_content_types_are_no_server_error(self) -> None:
        """JSON is taken whatever its charset is said to be; the rest is refused."""
        expected = {
            "application/json; charset=hex": 201,
            "application/json; charset=utf-16": 201,
            "application/json; a*=bogus'x'y": 201,
            "application/json;" + " a=b;" * 1000: 201,
            "text/plain": 415,
            "application/x-www-form-urlencoded": 415,
            "multipart/form-data": 415,
            "": 415,
            "a/b/c": 415,
        }
        for content_type, status in expected.items():
            headers = {"Content-Type": content_type}
            response = self.session.post(self.conversations + "create/?a=%FF", b'{"subject":"x"}', headers=headers, timeout=10)
            assert response.status_code == status, content_type
            assert response.headers["Content-Type"] == "application/json"

    def test_a_chunked_body_is_read(self) -> None:
        """Though it names no length."""
        chunks = iter([b'{"subject":', b'"in pieces"}'])
        headers = {"Content-Type": "application/json"}
        response = self.session.post(self.conversations + "create/", chunks, headers=headers, timeout=10)
        assert response.json()["subject"] == "in pieces"

    def test_a_connection_outlives_a_body_nobody_read(self) -> None:
        """A refused key or a body too large must not cost the next request on the connection."""
        for headers in ({"X-API-Key": "bad"}, {"Content-Type": "application/json"}):
            self.session.post(self.conversations + "create/", b"x" * 5_000_000, headers=headers, timeout=10)
            assert self.session.get(self.conversations, timeout=10).status_code == 200

    def test_malformed_urls_are_no_server_error(self) -> None:
        """Bad escapes, NUL and bytes that are no text."""
        for rest in ("%/", "%zz/", "%00/", "%FF/", "%ED%A0%80/", "?user_email=%ED%A0%80", "?user_email=%00", "?limit=%"):
            response = self.session.get(self.conversations + rest, timeout=10)
            assert response.status_code < 500, rest
            assert response.headers["Content-Type"] == "application/json"

    def test_a_port_in_use_is_refused(self) -> None:
        """Rather than shared with the server that has it."""
        port = self.conversations.split(":")[2].split("/")[0]
        second = subprocess.run(
            [sys.executable, SERVE, "--port", port, "--database", self.database],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert second.returncode == 1
        assert f"cannot use port {port}" in second.stderr
