"""The way of a request from a WSGI environ to an answer: which world, what it answers, and what every answer carries.

Flask's views and the shortcut past Flask (`app.MockApp`) both end here.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

from accord.errors import AccordError
from mockserver.answers import Answer, Call, environ_name
from mockserver.contract import Operation
from mockserver.control import INSIDE
from mockserver.journal import Journal
from mockserver.problems import Refusal, nowhere, unreachable
from mockserver.store import DEFAULT_NAMESPACE, StoreUnavailableError
from mockserver.world import World
from mockserver.worlds import NAMESPACE_HEADER, Worlds

_NAMESPACE = "accord.namespace"
_HEADER = environ_name(NAMESPACE_HEADER)


class Front:
    """Answers calls of the documented operations in the world that they are addressed to, and keeps them in the journal."""

    def __init__(self, worlds: Worlds, journal: Journal) -> None:
        self.worlds = worlds
        self.journal = journal

    def answer(self, operation: Operation, environ: dict[str, Any], path: Mapping[str, str]) -> Answer:
        """The answer to a call of an operation."""
        began = time.perf_counter_ns()
        name = namespace_of(environ)
        call = Call(environ, path)
        answer = self._in_world(name, lambda world: about_slash(world, operation, call) or world.pipeline.answer(operation, call))
        self.journal.add(name, operation.id, began, call, answer)
        return answer

    def refuse(self, refusal: Refusal, environ: dict[str, Any]) -> Answer:
        """The answer to a call of something else."""
        began = time.perf_counter_ns()
        name = namespace_of(environ)
        answer = self._in_world(name, lambda world: world.pipeline.problems.answer(refusal))
        self.journal.add(name, "", began, Call(environ, {}), answer)
        return answer

    def _in_world(self, name: str, act: Callable[[World], Answer]) -> Answer:
        try:
            return self.worlds.again(name, act)
        except StoreUnavailableError as error:
            # By the problems of the plan, not of a world: opening one needs the store.
            return self.worlds.problems.answer(unreachable(error))
        except AccordError as error:
            return bad_request(error)


def namespace_of(environ: Mapping[str, Any]) -> str:
    """The namespace that a request is addressed to, by its URL or by its header."""
    return str(environ.get(_NAMESPACE) or environ.get(_HEADER) or DEFAULT_NAMESPACE)


def enter(environ: dict[str, Any]) -> dict[str, Any]:
    """The environ as the namespace in the URL has it: with the path within, and the rest as the place where it is mounted."""
    path = environ["PATH_INFO"]
    if not path.startswith(INSIDE):
        return environ
    name, slash, rest = path[len(INSIDE) :].partition("/")
    mounted = f"{environ.get('SCRIPT_NAME', '')}{INSIDE}{name}"
    return {**environ, "SCRIPT_NAME": mounted, "PATH_INFO": slash + rest, _NAMESPACE: name}


def bad_request(error: AccordError) -> Answer:
    """The answer to a request to the mock itself, not to the API, that cannot be carried out."""
    return Answer.json(400, {"detail": f"{error.message} {error.hint}"})


def about_slash(world: World, operation: Operation, call: Call) -> Answer | None:
    """What answers at a path that lacks its final slash or has too many; None if the operation does."""
    environ = call.environ
    path = environ["PATH_INFO"]
    problems = world.pipeline.problems
    if path.endswith("//"):
        return problems.answer(nowhere())
    if path.endswith("/") or not operation.path.endswith("/"):
        return None
    option = world.choices["missing_trailing_slash"]
    if option == "serve":
        return None
    if option == "redirect":
        query = environ.get("QUERY_STRING", "")
        location = str(environ.get("SCRIPT_NAME", "")) + path + "/" + (f"?{query}" if query else "")
        return Answer(308, b"", {"Location": location})
    return problems.answer(nowhere(" Documented paths end in a slash."))
