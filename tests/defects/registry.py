"""How a defect is declared, and where all of them are found."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import tests.defects
from contract_tests.contract.catalogue import Level, load_catalogue
from mockserver.serving.server import WsgiApp


class Difficulty(StrEnum):
    """How hard a defect is to find: at the first look, with a second case, or only in rare circumstances."""

    EASY = "easy"
    MEDIUM = "medium"
    RARE = "rare"


@dataclass(frozen=True, slots=True)
class Defect:
    """A server with one fault. `breaks` are the requirements that it violates: one of them, at least, must be reported.

    `effort` is the smallest effort at which the suite has to find it.
    """

    name: str
    area: str
    difficulty: Difficulty
    breaks: tuple[str, ...]
    text: str
    app: Callable[[], WsgiApp]
    effort: str = "quick"

    @property
    def tolerable(self) -> bool:
        """Whether it breaks only SHOULDs, so that a run warns of it and does not fail."""
        catalogue = load_catalogue()
        return all(catalogue[name].level is Level.SHOULD for name in self.breaks)


_DEFECTS: dict[str, Defect] = {}

Factory = Callable[[], WsgiApp]


def defect(*breaks: str, difficulty: Difficulty, effort: str = "quick") -> Callable[[Factory], Factory]:
    """Declare a defect: the decorated function makes the mutant, its name is the id, and its docstring says what is wrong.

    The module's folder is the area of the requirements that it violates.
    `effort` is "standard" where circumstances are so rare that a quick run need not meet them.
    """

    def declare(factory: Factory) -> Factory:
        name = factory.__name__.replace("_", "-")
        assert name not in _DEFECTS, f"two defects are called {name}"
        assert factory.__doc__, f"{name} does not say what is wrong"
        area = factory.__module__.removeprefix(f"{tests.defects.__name__}.").replace(".", "/")
        _DEFECTS[name] = Defect(name, area, difficulty, breaks, factory.__doc__.strip(), factory, effort)
        return factory

    return declare


def all_defects() -> Mapping[str, Defect]:
    """Return every defect by name, in the order of the modules' names."""
    for module in pkgutil.walk_packages(tests.defects.__path__, f"{tests.defects.__name__}."):
        importlib.import_module(module.name)
    return dict(_DEFECTS)
