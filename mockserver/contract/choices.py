"""Which of the open points this mock takes: the names, options and defaults of spec/choices.yaml, and one selection of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from types import MappingProxyType

from accord.base.assets import CHOICES
from accord.base.errors import AccordError
from mockserver.yaml_files import read_yaml

_LONGEST_SHOWN = 100

PROFILE_SCHEMA = "accord/profile/1"
"""What `accord profile --format json` calls its files."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One open point: the names of its options, and the one that the mock takes unless told otherwise."""

    name: str
    options: tuple[str, ...]
    default: str


class Choices(Mapping[str, str]):
    """The option taken for every open point, by name. Immutable."""

    def __init__(self, taken: Mapping[str, str]) -> None:
        self._taken = MappingProxyType(dict(taken))

    def __getitem__(self, name: str) -> str:
        return self._taken[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._taken)

    def __len__(self) -> int:
        return len(self._taken)

    def takes(self, name: str, option: str) -> bool:
        """Whether that option is the one taken."""
        return self._taken[name] == option


@cache
def load_catalogue(path: Path = CHOICES) -> Mapping[str, Choice]:
    """All open points by name. Raises AccordError if the file cannot be read."""
    entries = read_yaml(path, "list of choices")
    try:
        found = {name: Choice(name, tuple(map(str, entry["options"])), str(entry["default"])) for name, entry in entries.items()}
        return MappingProxyType(found)
    except (AttributeError, KeyError, TypeError) as error:
        raise AccordError(f"The list of choices {path} is malformed: {error}.", "Each needs options and a default.") from error


def choose(selection: Mapping[str, object] | None = None, catalogue: Mapping[str, Choice] | None = None) -> Choices:
    """The defaults with the selection laid over them; scalars such as 400 are taken as their text.

    Raises AccordError for an unknown name or option, saying which exist.
    """
    catalogue = load_catalogue() if catalogue is None else catalogue
    taken = {name: choice.default for name, choice in catalogue.items()}
    for name, option in (selection or {}).items():
        if name not in catalogue:
            raise AccordError(
                f"There is no choice {name[:_LONGEST_SHOWN]!r}.{_nearest(name, catalogue)}", f"Choices: {', '.join(catalogue)}."
            )
        options = catalogue[name].options
        if str(option) not in options:
            raise AccordError(
                f"The choice {name} has no option {str(option)[:_LONGEST_SHOWN]!r}.{_nearest(str(option), options)}",
                f"Options: {', '.join(options)}.",
            )
        taken[name] = str(option)
    return Choices(taken)


def read_profile(path: str | Path) -> dict[str, object]:
    """The selection in a file of lines `name: option`, or of `accord profile --format json`. Raises AccordError for others."""
    profile = read_yaml(Path(path), "profile")
    if isinstance(profile, dict) and profile.get("schema") == PROFILE_SCHEMA:
        profile = _observed(profile.get("choices"), path)
    if profile is None:
        return {}
    if not isinstance(profile, dict) or not all(isinstance(option, str | int) for option in profile.values()):
        raise AccordError(f"The profile {path} is not a list of choices.", "Write one `name: option` on each line.")
    return {str(name): option for name, option in profile.items()}


def _observed(choices: object, path: str | Path) -> dict[object, object]:
    if not isinstance(choices, dict) or not all(isinstance(seen, dict) for seen in choices.values()):
        raise AccordError(f"The profile {path} has no choices.", "Write it anew: accord profile URL --format json.")
    return {name: seen["observed"] for name, seen in choices.items() if seen.get("observed") is not None}


def parse_selection(text: str) -> tuple[str, str]:
    """`NAME=OPTION` in its two parts. Raises AccordError if it is not that."""
    name, equals, option = text.partition("=")
    if not (name and equals and option):
        raise AccordError(f"--choice {text!r} is not NAME=OPTION.", "For example --choice limit_over_maximum=reject.")
    return name.strip(), option.strip()


def _nearest(word: str, words: object) -> str:
    if len(word) > _LONGEST_SHOWN:
        return ""
    found = get_close_matches(word, list(words), n=1)  # type: ignore[call-overload]
    return f" Did you mean {found[0]}?" if found else ""
