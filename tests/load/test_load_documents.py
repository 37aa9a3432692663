"""What docs/load.md says of the options is so."""

from pathlib import Path

import click

from accord.commands.load import command

PAGE = (Path(__file__).parents[2] / "docs" / "load.md").read_text(encoding="utf-8")


def test_the_options_of_load() -> None:
    table = PAGE.partition("<!-- options: begin -->\n")[2].partition("<!-- options: end -->")[0]
    rows = [[cell.strip() for cell in row.split("|")[1:4]] for row in table.splitlines()[2:]]
    documented = {cells[0].split("`")[1].split()[0]: (cells[1].strip("`"), cells[2]) for cells in rows}
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    assert list(documented) == [option.opts[0] for option in options]
    for option in options:
        default, text = documented[option.opts[0]]
        assert text.replace("`", "").startswith((option.help or "").rstrip("."))
        if default and not option.is_flag:
            assert default == str(option.default)
