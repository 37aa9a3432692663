"""Pages of certificates: text that came from anywhere stays text, nothing is loaded from elsewhere, and no script is needed."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from accord.base.visible import visible
from contract_tests.certification.checking import Checked
from contract_tests.certification.comparing import Column, Row, choices_of, requirements_of, told
from contract_tests.certification.telling import PROVES, recomputed_in_short
from contract_tests.contract.catalogue import Level
from contract_tests.outcome.run import Outcome, Standing

_TEMPLATES = Path(__file__).with_name("templates")


@cache
def _environment() -> Environment:
    found = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals["css"] = Markup((_TEMPLATES / "page.css").read_text(encoding="utf-8"))
    return found


def comparison(columns: Sequence[Column]) -> str:
    """Return a comparison as a page."""
    rows: list[tuple[str, list[Row]]] = [("Requirements", requirements_of(columns)), ("Choices", choices_of(columns))]
    return _environment().get_template("comparison.html").render(columns=columns, tables=rows)


def certificate(checked: Checked) -> str:
    """Return a valid certificate as a page to print."""
    return _environment().get_template("certificate.html").render(**_shown(checked))


def badge(checked: Checked) -> str:
    """Return the badge of a valid certificate, as SVG."""
    said = checked.certificate
    return _environment().get_template("badge.svg").render(catalogue=said["catalogue"], until=str(said["not_after"])[:10])


def listing(products: Sequence[Any]) -> str:
    """Return the first page of a site: its products, by vendor and name."""
    return _environment().get_template("listing.html").render(products=products)


def product(entry: Any) -> str:
    """Return the page of a product, with all its certificates."""
    return _environment().get_template("product.html").render(entry=entry, proves=" ".join(PROVES))


def _shown(checked: Checked) -> dict[str, Any]:
    run, about, lifetime = checked.run, checked.product, checked.lifetime
    assert run is not None
    assert about is not None
    assert lifetime is not None
    musts = [one for one in run.results if one.requirement.level is Level.MUST]
    return {
        "about": about,
        "contact": about.contact,
        "documentation": about.documentation,
        "said": checked.certificate,
        "state": lifetime.state,
        "keyid": checked.keyid,
        "run": run,
        "passed": [one for one in musts if one.outcome is Outcome.PASSED and run.standing(one) is None],
        "warned": run.with_outcome(Outcome.WARNED),
        "unsupported": [
            (one, run.unsupported[one.requirement.id]) for one in run.results if run.standing(one) is Standing.UNSUPPORTED
        ],
        "not_tested": [one for one in run.with_outcome(Outcome.NOT_TESTED) if run.standing(one) is None],
        "excluded": sorted(run.excluded.items()),
        "rows": [(one.requirement, told(run, one)) for one in run.results],
        "choices": sorted((name, one.observed or "not observed") for name, one in run.choices.items()),
        "recomputed": recomputed_in_short(checked),
        "proves": " ".join(PROVES),
    }
