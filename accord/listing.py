"""`accord verify --list`: what a run would check, and by which shipped tests."""

from collections.abc import Sequence

from contract_tests.catalogue import load_catalogue
from contract_tests.citations import coverage
from contract_tests.settings import Settings


def listing(only: Sequence[str], skip: Sequence[str]) -> str:
    """A line for each selected requirement: its id, its level, and where it is cited."""
    catalogue = load_catalogue()
    cited = coverage(catalogue).cited
    chosen = Settings(base_url="", server_key="", only=tuple(only), skip=tuple(skip))
    lines = [
        f"{requirement.id:<34} {requirement.level:<7} {', '.join(map(str, cited.get(requirement.id, ())))}"
        for requirement in catalogue
        if chosen.selects(requirement.id)
    ]
    return "\n".join([*lines, f"{len(lines)} requirements"]) + "\n"
