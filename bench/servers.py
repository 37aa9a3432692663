"""The servers that are compared: how each is found, started, and asked."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from compileall import compile_dir
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import accord
import mockserver
from accord.base.assets import OPENAPI
from bench.dataset import CONVERSATIONS, Dataset
from bench.processes import HOST
from bench.workloads import CONTRACT, CREATE_BODY, SEND_BODY, Route, fill

MODULES = Path(__file__).with_name("node_modules")
OURS = "Accord"
FLOOR = "the floor"
_FLOOR = Path(__file__).with_name("floor.py")


@dataclass(frozen=True, slots=True)
class Server:
    """A server that can be started. `prepare` writes what it reads into the directory that it is started in."""

    name: str
    version: str
    command: Callable[[int], Sequence[str]]
    caveat: str
    prepare: Callable[[Path, Dataset], None] = lambda directory, data: None
    routes: Mapping[str, Route] = field(default_factory=lambda: CONTRACT)
    ready: str = f"{CONVERSATIONS}?limit=1"
    """The path of the request whose first 200 shows that the server is ready."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A server that is not installed."""

    name: str
    reason: str


def accord_mock(scenario: Path | str, *options: str) -> list[str]:
    """Return the command of our mock, without the port."""
    return [sys.executable, "-P", "-m", "accord.cli", "mock", "--quiet", "--scenario", str(scenario), *options]


def ours(scenario: Path) -> Server:
    """Our mock, as it is by default, with a scenario file."""
    # As an installer does. From a checkout with PYTHONDONTWRITEBYTECODE set, each start would compile them again.
    for package in (accord, mockserver):
        compile_dir(Path(package.__file__).parent, quiet=1)
    return Server(
        name=OURS,
        version=accord.__version__,
        command=lambda port: [*accord_mock(scenario), "--port", str(port)],
        caveat="keeps state, checks keys, tiers and every value; as by default, without a line for each request",
    )


def floor() -> Server:
    """An application in our server that does nothing."""
    return Server(
        name=FLOOR,
        version=accord.__version__,
        command=lambda port: [sys.executable, "-P", str(_FLOOR), "--port", str(port)],
        caveat="what any application costs in our server: reads the body, and returns the same 572 bytes to everybody",
    )


def peers() -> list[Server | Missing]:
    """The others, in the order of the page."""
    return [
        floor(),
        _prism("Prism", "its lines for each request, which it writes by default, go to /dev/null"),
        _prism("Prism, silent", "told to write none", "--verboseLevel", "silent"),
        _mockoon(),
        _wiremock(),
        _json_server(),
    ]


def _prism(name: str, does: str, *options: str) -> Server | Missing:
    return _of_node(
        name,
        "@stoplight/prism-cli",
        lambda script, port: [*script, "mock", str(OPENAPI), "--port", str(port), "--host", HOST, *options],
        f"the contract's examples for every id: no state, pages of three; checks values, and that there is a key; {does}",
    )


def _mockoon() -> Server | Missing:
    options = ["--hostname", HOST, "--disable-log-to-file", "--disable-admin-api"]
    return _of_node(
        "Mockoon CLI",
        "@mockoon/cli",
        lambda script, port: [*script, "start", "--data", str(OPENAPI), "--port", str(port), *options],
        "values made up from the contract's schemas: no state, pages of one, checks nothing; its line for each request goes to "
        "/dev/null, since it cannot be turned off",
    )


def _json_server() -> Server | Missing:
    return _of_node(
        "json-server",
        "json-server",
        lambda script, port: [*script, "--quiet", "--host", HOST, "--port", str(port), "db.json"],
        "keeps state, and writes its whole file at every change; checks nothing; asked in its own paths, resolving is a PATCH",
        prepare=_write_db,
        routes=JSON_SERVER,
        ready="/conversations?_limit=1",
    )


def _of_node(
    name: str,
    package: str,
    command: Callable[[list[str], int], list[str]],
    caveat: str,
    prepare: Callable[[Path, Dataset], None] = lambda directory, data: None,
    routes: Mapping[str, Route] = CONTRACT,
    ready: str = f"{CONVERSATIONS}?limit=1",
) -> Server | Missing:
    """A server that is a package of bench/package.json, run without npm in between."""
    node = shutil.which("node")
    if node is None:
        return Missing(name, "node is not installed")
    try:
        about = json.loads((MODULES / package / "package.json").read_text("utf-8"))
    except FileNotFoundError:
        return Missing(name, "not installed: run `npm ci` in bench/")
    programs = about["bin"]
    program = programs if isinstance(programs, str) else next(iter(programs.values()))
    script = [node, str(MODULES / package / program)]
    return Server(name, about["version"], lambda port: command(script, port), caveat, prepare, routes, ready)


JSON_SERVER: Mapping[str, Route] = MappingProxyType(
    {
        "create": Route("POST", "/conversations", CREATE_BODY),
        "list": Route("GET", "/conversations?requester.email={email}&_limit=20"),
        "get": Route("GET", "/conversations/{id}"),
        "messages": Route("GET", "/conversations/{id}/messages"),
        "send": Route("POST", "/conversations/{id}/messages", SEND_BODY),
        "resolve": Route("PATCH", "/conversations/{id}", {"status": "closed"}),
    }
)


def _write_db(directory: Path, data: Dataset) -> None:
    messages = [{**message, "conversationId": of} for of, said in data.messages.items() for message in said]
    db = {"conversations": data.conversations, "messages": messages}
    (directory / "db.json").write_text(json.dumps(db), encoding="utf-8")


def _wiremock() -> Server | Missing:
    java = shutil.which("java")
    if java is None:
        return Missing("WireMock", "java is not installed")
    jar = next((MODULES / "wiremock" / "build").glob("wiremock-standalone-*.jar"), None)
    if jar is None:
        return Missing("WireMock", "not installed: run `npm ci` in bench/")
    options = ["--bind-address", HOST, "--disable-banner", "--no-request-journal", "--disable-request-logging"]
    return Server(
        name="WireMock",
        version=jar.stem.rpartition("-")[2],
        command=lambda port: [java, "-jar", str(jar), "--port", str(port), "--root-dir", ".", *options],
        caveat="one stub for each operation, which needs the key and responds as ours did once: no state; its journal is off",
        prepare=_write_stubs,
    )


def _write_stubs(directory: Path, data: Dataset) -> None:
    """Write a stub for each operation, with our response for one conversation, which is used for all."""
    first = data.conversations[0]
    email = first["requester"]["email"]
    theirs = [item for item in data.conversations if item["requester"]["email"] == email]
    said = data.messages[first["id"]]
    answers: dict[str, tuple[int, object]] = {
        "create": (201, first),
        "list": (200, {"count": len(theirs), "results": theirs[:20]}),
        "get": (200, first),
        "messages": (200, {"count": len(said), "results": said}),
        "send": (201, said[0]),
        "resolve": (200, {**first, "status": "closed"}),
    }
    stubs = [_stub(CONTRACT[operation], *answer) for operation, answer in answers.items()]
    (directory / "mappings").mkdir()
    (directory / "mappings" / "stubs.json").write_text(json.dumps({"mappings": stubs}), encoding="utf-8")


def _stub(route: Route, status: int, answer: object) -> dict[str, object]:
    path = fill(route, {"id": "[^/]+", "status": "", "requester": {"email": ""}}).path.partition("?")[0]
    return {
        "request": {"method": route.method, "urlPathPattern": path, "headers": {"X-API-Key": {"matches": "bnc_(sv|cl)_.+"}}},
        "response": {"status": status, "headers": {"Content-Type": "application/json"}, "body": json.dumps(answer)},
    }


def versions() -> dict[str, str]:
    """Return the versions of what the servers run on."""
    told = {"Python": sys.version.split()[0]}
    for name, command in (("Node", ["node", "--version"]), ("Java", ["java", "-version"])):
        if shutil.which(command[0]):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            found = re.search(r"\d+(\.\d+)+", done.stdout + done.stderr)
            told[name] = found[0] if found else "of unknown version"
    return told
