"""`accord keygen FILE`: a key to sign certificates with."""

from pathlib import Path

import click

from accord.configuration import FilePath
from accord.terminal import output


@click.command()
@click.argument("file", type=FilePath(path_type=Path))
def command(file: Path) -> int:
    """Make a key of Ed25519: FILE is the private key, which only its owner may read, and FILE.pub the public one.

    Neither is ever overwritten. Give the public one to whoever is to check your certificates.
    """
    from contract_tests.certification.signing import generate

    public = generate(file)
    output.say(f"The private key is {file}; keep it to yourself. The public key is {public}.")
    return 0
