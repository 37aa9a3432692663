"""`accord certify URL`: a verification at full effort, and the bundle by which others can check what it found."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from accord.addresses import check_target
from accord.base.errors import AccordError
from accord.configuration import (
    KEY_NAMES,
    SEED,
    FilePath,
    access_given,
    access_options,
    domain_option,
    key_options,
    option,
    quiet_option,
    rate_option,
    resolve_option,
    timeout_option,
    url_argument,
    webhook_given,
    webhook_options,
    window_option,
    workers_asked,
    workers_option,
)
from accord.finish_run import show_summary, show_verdict
from accord.judged_run import judged
from accord.terminal import output

if TYPE_CHECKING:
    from contract_tests.run.settings import Settings

_PATH = FilePath(path_type=Path)


@click.command()
@url_argument(required=True)
@click.option("--product", type=_PATH, required=True, metavar="FILE", help="What is certified: a product.yaml.")
@click.option("--signing-key", type=_PATH, required=True, metavar="FILE", help="The private key, as `accord keygen` writes it.")
@click.option("--bundle", type=_PATH, default=Path("accord-certificate"), show_default=True, metavar="DIR", help="Where it goes.")
@key_options()
@access_options
@option("--seed", type=SEED, default=None, help="Same seed, same requests; by default, chance chooses it.")
@workers_option
@rate_option
@timeout_option
@window_option
@domain_option
@resolve_option
@webhook_options
@click.option(
    "--effort",
    type=click.Choice(["quick", "standard", "thorough"]),
    default="thorough",
    show_default=True,
    help="Lower it to try things out; such a bundle is never valid.",
)
@quiet_option()
def command(url: str, product: Path, signing_key: Path, bundle: Path, quiet: bool, **options: Any) -> int:
    """Check a server at full effort, and write a signed bundle that anybody can check without network.

    Exit codes: 0 certified, 1 nonconformant, 2 usage, unreachable, or a run that cannot be certified, 3 inconclusive, 70 a fault of
    Accord itself.
    """
    from contract_tests.certification import bundle as bundles
    from contract_tests.certification.eligibility import EFFORT, foreseen, obstacles
    from contract_tests.certification.product import read_file
    from contract_tests.certification.signing import signer_of
    from contract_tests.contract.catalogue import load_catalogue
    from contract_tests.outcome.run import Verdict

    check_target(url, options, "A server cannot be certified")
    about, source = read_file(product)
    signer = signer_of(signing_key)
    catalogue = load_catalogue()
    nonce = secrets.token_hex(8)
    settings = _settings(url, options, nonce)
    _refuse(foreseen(settings.missing, about, catalogue))
    bundles.check_empty(bundle)
    run = judged(settings, options["wait"], quiet=quiet)
    run = replace(run, unsupported=about.unsupported_in(catalogue))
    show_verdict(run) if quiet or run.verdict is Verdict.CONFORMANT else show_summary(run)
    if run.verdict is not Verdict.CONFORMANT:
        return run.exit_code
    issued = datetime.now(UTC).replace(microsecond=0)
    _refuse(obstacles(run, about, catalogue, issued, lowered=options["effort"] != EFFORT))
    bundles.write(bundle, run, about, source, signer, issued, nonce)
    if options["effort"] != EFFORT:
        output.say(f"The bundle {bundle} is for trying out: its effort is {options['effort']}, and it is not valid.")
        return 0
    output.say(f"Certified: {about.title}. The bundle is {bundle}; `accord check-certificate {bundle}` checks it.")
    return 0


def _refuse(reasons: list[str]) -> None:
    if reasons:
        more = f" There {'is 1 more reason' if len(reasons) == 2 else f'are {len(reasons) - 1} more reasons'}."
        raise AccordError(f"Not certified: {reasons[0]}", f"No bundle was written.{more if len(reasons) > 1 else ''}")


def _settings(url: str, options: Mapping[str, Any], nonce: str) -> "Settings":
    from contract_tests.run.settings import Settings

    return Settings(
        base_url=url,
        **{name: options[name] for name in KEY_NAMES},
        **access_given(options),
        effort=options["effort"],
        seed=secrets.randbelow(2**31) if options["seed"] is None else options["seed"],
        run_id=nonce,
        workers=workers_asked(options["workers"]),
        requests_per_second=options["requests_per_second"],
        timeout=options["timeout"],
        consistency_window=options["consistency_window"],
        email_domain=options["email_domain"],
        resolve_at_end=options["resolve_at_end"],
        **webhook_given(options),
        exchanges=True,
    )
