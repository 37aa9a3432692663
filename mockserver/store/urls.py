"""Storage by its URL."""

from accord.errors import AccordError
from mockserver.store import Storage
from mockserver.store.memory import MemoryStorage


def open_storage(url: str) -> Storage:
    """The storage that the URL names. Raises AccordError if it names none, or one that cannot be used."""
    if url == "memory:":
        return MemoryStorage()
    raise AccordError(f"The store {url!r} is none that the mock knows.", "Use memory:, sqlite:///FILE or postgresql://…")
