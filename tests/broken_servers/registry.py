"""How a defect is declared, and where all of them are found."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import broken_servers
from mockserver.server import WsgiApp


class Difficulty(StrEnum):
    """How hard a defect is to find: at the first look, with a second case, or only in rare circumstances."""

    EASY = "easy"
    MEDIUM = "medium"
    RARE = "rare"


@dataclass(frozen=True, slots=True)
class Defect:
    """A server with one fault. `breaks` are the requirements that it violates: one of them, at least, must be reported.

    `effort` is the least at which the suite is bound to find it.
    """

    name: str
    area: str
    difficulty: Difficulty
    breaks: tuple[str, ...]
    text: str
    app: Callable[[], WsgiApp]
    effort: str = "quick"


_DEFECTS: dict[str, Defect] = {}

Factory = Callable[[], WsgiApp]


def defect(name: str, *breaks: str, difficulty: Difficulty, effort: str = "quick") -> Callable[[Factory], Factory]:
    """Declare a defect: the decorated function makes the server, and its docstring says what is wrong with it.

    `effort` is "standard" where circumstances are so rare that a quick run need not meet them.
    """

    def declare(factory: Factory) -> Factory:
        assert name not in _DEFECTS, f"two defects are called {name}"
        assert factory.__doc__, f"{name} does not say what is wrong"
        area = factory.__module__.rsplit(".", 1)[-1]
        _DEFECTS[name] = Defect(name, area, difficulty, breaks, factory.__doc__.strip(), factory, effort)
        return factory

    return declare


def all_defects() -> Mapping[str, Defect]:
    """Every defect by name, in the order of the modules' names."""
    for module in sorted(pkgutil.iter_modules(broken_servers.__path__), key=lambda found: found.name):
        importlib.import_module(f"broken_servers.{module.name}")
    return dict(_DEFECTS)
