"""`accord reverify BUNDLE URL`: whether a server does again what its certificate says."""

from pathlib import Path
from typing import Any

import click

from accord.addresses import check_target
from accord.base.errors import AccordError
from accord.configuration import (
    KEY_NAMES,
    FilePath,
    access_given,
    access_options,
    domain_option,
    key_options,
    quiet_option,
    timeout_option,
    url_argument,
    webhook_given,
    webhook_options,
)
from accord.judged_run import judged
from accord.terminal import output


@click.command()
@click.argument("bundle", type=FilePath(path_type=Path))
@url_argument(required=True)
@key_options()
@access_options
@timeout_option
@domain_option
@webhook_options
@quiet_option()
def command(bundle: Path, url: str, quiet: bool, **options: Any) -> int:
    """Repeat the run of a certificate, with its seed and its effort, and compare requirement by requirement.

    Exit codes: 0 reproduced, 1 not reproduced, 2 usage, configuration or unreachable, 3 something could not be decided, 70 a fault
    of Accord itself.
    """
    from contract_tests.certification.checking import check
    from contract_tests.certification.reverification import compare, exit_code, lines
    from contract_tests.run.settings import Settings

    check_target(url, options, "A certificate cannot be verified again")
    checked = check(bundle)
    if checked.run is None:
        raise AccordError(f"{bundle} cannot be read: {checked.findings[0]}", "See `accord check-certificate`.")
    for finding in checked.findings:
        output.say(f"The bundle is not valid: {finding}", err=True)
    certified = checked.run
    again = judged(
        Settings(
            base_url=url,
            **{name: options[name] for name in KEY_NAMES},
            **access_given(options),
            effort=certified.effort,
            seed=certified.seed,
            workers=certified.workers,
            timeout=options["timeout"],
            email_domain=options["email_domain"],
            **webhook_given(options),
        ),
        options["wait"],
        quiet=quiet,
    )
    compared = compare(certified, again)
    said = list(lines(compared, certified, again))
    for line in said[:1] if quiet else said:
        output.say(line)
    return 3 if again.problems and exit_code(compared) == 0 else exit_code(compared)
