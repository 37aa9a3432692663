"""Makes docs/images/terminal.svg: what a terminal shows of two real runs, one of them against a server with a fault.

    python docs/images/terminal.py

The server is the mock with one defect of tests/defects. The picture holds text in the reader's own monospaced font, and
refers to nothing else.
"""

import io
import os
import pty
import select
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from mockserver.keys.model import StandardKeys  # noqa: E402
from mockserver.serving.server import serving  # noqa: E402
from tests.defects.registry import all_defects  # noqa: E402

DEFECT = "values-urgent-is-high"
WIDTH = 100
KEYS = {
    "ACCORD_SERVER_KEY": "server",
    "ACCORD_CLIENT_KEY": "client",
    "ACCORD_REVOKED_KEY": "revoked",
    "ACCORD_OTHER_SERVER_KEY": "other_server",
    "ACCORD_ORIGIN_CLIENT_KEY": "origin_client",
    "ACCORD_ORIGIN": "origin",
}
FRAME = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img"
     aria-label="Two runs of accord verify in a terminal: the embedded mock is conformant, a server with a fault is not">
<style>
.{unique_id}-matrix {{ font: {char_height}px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def shown(arguments: list[str], keys: dict[str, str], directory: str) -> str:
    """What the command writes to a terminal, with its colours."""
    ours, theirs = pty.openpty()
    progress, progress_end = pty.openpty()
    environment = {**os.environ, **keys, "COLUMNS": str(WIDTH), "TERM": "xterm-256color"}
    command = [str(Path(sys.executable).with_name("accord")), *arguments]
    process = subprocess.Popen(command, cwd=directory, env=environment, stdout=theirs, stderr=progress_end)
    os.close(theirs)
    os.close(progress_end)
    said: dict[int, bytes] = {}
    written = {ours: b"", progress: b""}
    while written:
        for end in select.select(list(written), [], [])[0]:
            try:
                written[end] += os.read(end, 4096)
            except OSError:  # How a terminal says that nobody writes any more.
                os.close(end)
                said[end] = written.pop(end)
    process.wait()
    return f"\x1b[1m$ accord {' '.join(arguments)}\x1b[0m\n" + said[ours].decode().replace("\r\n", "\n")


def main() -> None:
    """Run it twice and draw what it said."""
    keys = StandardKeys.of(1)
    named = {name: getattr(keys, attribute) for name, attribute in KEYS.items()}
    with TemporaryDirectory() as directory:
        good = shown(["verify"], {}, directory)
        with serving(all_defects()[DEFECT].app()) as url:
            bad = shown(["verify", url, "--effort", "quick"], named, directory)
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    console.print(Text.from_ansi(f"{good}\n{bad}"))
    svg = console.export_svg(title="accord verify", theme=MONOKAI, code_format=FRAME, unique_id="accord")
    lines = [line.rstrip() for line in svg.splitlines()]
    Path(__file__).with_name("terminal.svg").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
