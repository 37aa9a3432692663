"""Where the contract and the scenarios lie.

In a checkout and in an editable install they are the repository's `spec/` and `fixtures/`; a wheel carries both under
`accord/_data/`. Standard library only: the command, the mock and the suite all start here, so this must cost nothing.
"""

from pathlib import Path

_PACKAGE = Path(__file__).parents[1]
_DATA = _PACKAGE / "_data"
_ROOT = _DATA if _DATA.is_dir() else _PACKAGE.parent

SPEC_DIR = _ROOT / "spec"
FIXTURES_DIR = _ROOT / "fixtures"

OPENAPI = SPEC_DIR / "openapi.yaml"
REQUIREMENTS = SPEC_DIR / "requirements.yaml"
CHOICES = SPEC_DIR / "choices.yaml"
VERSIONS = SPEC_DIR / "versions.yaml"
EXCLUDES = SPEC_DIR / "excludes.yaml"
