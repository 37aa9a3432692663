"""How a variation is declared, and where all of them are found."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import tests.variations
from mockserver.serving.server import WsgiApp

Served = Callable[[WsgiApp], AbstractContextManager[str]]


@dataclass(frozen=True, slots=True)
class Conforming:
    """A server that needs more than an application.

    `settings` override those of a run, such as its keys. `base_path` comes before /api/v1. `serve` opens a real socket and yields
    its URL, for behaviour that shows only there. Without it, calls reach the application in this process.
    """

    app: WsgiApp
    settings: Mapping[str, Any] = field(default_factory=dict)
    base_path: str = ""
    serve: Served | None = None


Factory = Callable[[], WsgiApp | Conforming]


@dataclass(frozen=True, slots=True)
class Variation:
    """A server that conforms, and differs from the mock as `text` says.

    `spare` marks one that a short run may leave out, because another shows much the same.
    """

    name: str
    theme: str
    text: str
    make: Factory
    spare: bool = False

    def server(self) -> Conforming:
        """The server, new and without conversations of the run."""
        made = self.make()
        return made if isinstance(made, Conforming) else Conforming(made)


_VARIATIONS: dict[str, Variation] = {}


def variation(name: str, *, spare: bool = False) -> Callable[[Factory], Factory]:
    """Declare a variation: the decorated function makes the server, and its docstring says what differs."""

    def declare(factory: Factory) -> Factory:
        assert name not in _VARIATIONS, f"two variations are called {name}"
        assert factory.__doc__, f"{name} does not say what differs"
        theme = factory.__module__.rsplit(".", 1)[-1]
        _VARIATIONS[name] = Variation(name, theme, factory.__doc__.strip(), factory, spare)
        return factory

    return declare


def all_variations() -> Mapping[str, Variation]:
    """Every variation by name, in the order of the modules' names."""
    for module in sorted(pkgutil.iter_modules(tests.variations.__path__), key=lambda found: found.name):
        if module.name != "__main__":
            importlib.import_module(f"tests.variations.{module.name}")
    return dict(_VARIATIONS)
