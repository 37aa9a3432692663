"""The back end of the inbox: it serves the page, and passes five calls on to the support API with the key, which stays here.

SUPPORT_URL=http://127.0.0.1:4010 SUPPORT_KEY=KEY python server.py --port 8080
"""

import argparse
import json
import os
import re
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import Request, urlopen

STATIC = Path(__file__).parent / "static"
FILES = {"/": ("index.html", "text/html"), "/app.js": ("app.js", "text/javascript"), "/style.css": ("style.css", "text/css")}
ID = "([0-9a-fA-F-]{36})"
SECONDS = 10
LARGEST = 64 * 1024
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}


class Support:
    """The support API: `call` returns status, headers to pass on, and body."""

    def __init__(self, url: str, key: str, agent: str) -> None:
        self.base = f"{url.rstrip('/')}/api/v1/conversations/"
        self.key = key
        self.agent = agent

    def call(self, method: str, path: str, value: object = None) -> tuple[int, dict[str, str], bytes]:
        data = None if value is None else json.dumps(value).encode()
        headers = {"X-API-Key": self.key, "Content-Type": "application/json"}
        try:
            with urlopen(Request(self.base + path, data, headers, method=method), timeout=SECONDS) as response:
                return response.status, {}, response.read()
        except HTTPError as error:
            with error:
                passed_on = {"Retry-After": error.headers["Retry-After"]} if error.headers["Retry-After"] else {}
                return error.code, passed_on, error.read()
        except TimeoutError:
            return 504, {}, detail("The support API did not respond in time.")
        except (OSError, HTTPException):
            # Whether the API did what was asked is not known: the page has to look before it tries again.
            return 502, {}, detail("The support API could not be reached.")


def detail(text: str) -> bytes:
    return json.dumps({"detail": text}).encode()


class Handler(BaseHTTPRequestHandler):
    support: Support

    def do_GET(self) -> None:
        whole = urlsplit(self.path)
        if whole.path in FILES:
            name, media = FILES[whole.path]
            self.reply(200, {"Content-Type": f"{media}; charset=utf-8"}, (STATIC / name).read_bytes())
        elif whole.path == "/api/conversations":
            status = parse_qs(whole.query).get("status", [""])[0]
            self.pass_on("GET", "?" + urlencode({"limit": 50} | ({"status": status} if status else {})))
        elif found := re.fullmatch(f"/api/conversations/{ID}(/messages)?", whole.path):
            self.pass_on("GET", f"{found[1]}/messages/" if found[2] else f"{found[1]}/")
        else:
            self.reply(404, {}, detail("There is nothing at this path."))

    def do_POST(self) -> None:
        found = re.fullmatch(f"/api/conversations/{ID}/(messages|resolve)", self.path)
        length = int(self.headers.get("Content-Length", 0))
        # Another site's page cannot send this media type without asking first, and nothing here says yes.
        if self.headers.get("Content-Type") != "application/json" or length > LARGEST:
            self.reply(415, {}, detail("Send a short application/json."))
            return
        data = self.rfile.read(length)
        if not found:
            self.reply(404, {}, detail("There is nothing at this path."))
        elif found[2] == "resolve":
            self.pass_on("POST", f"{found[1]}/resolve/", {})
        else:
            try:
                body = json.loads(data)["body"]
            except (ValueError, KeyError, TypeError):
                self.reply(400, {}, detail("Send an object with a body."))
                return
            self.pass_on("POST", f"{found[1]}/messages/create/", {"body": body, "user_email": self.support.agent})

    def pass_on(self, method: str, path: str, value: object = None) -> None:
        self.reply(*self.support.call(method, path, value))

    def reply(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, text in ({"Content-Type": "application/json"} | HEADERS | headers).items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def main() -> None:
    options = argparse.ArgumentParser(description="An inbox over the support API.")
    options.add_argument("--host", default="127.0.0.1", help="whoever reaches it is the agent")
    options.add_argument("--port", type=int, default=8080)
    given = options.parse_args()
    Handler.support = Support(
        os.environ["SUPPORT_URL"], os.environ["SUPPORT_KEY"], os.environ.get("SUPPORT_AGENT", "agent@example.com")
    )
    with ThreadingHTTPServer((given.host, given.port), Handler) as server:
        print(f"http://{given.host}:{server.server_port}/  (Ctrl-C stops it)", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    main()
