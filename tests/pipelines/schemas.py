"""The schemas of GitHub's and GitLab's files that check-jsonschema brings along."""

import subprocess
import sys
from pathlib import Path


def violations(schema: str, path: Path) -> str:
    """Check a file against a schema, such as `github-actions`; return the errors, or an empty text."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr
