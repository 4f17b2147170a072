"""The public audit suite of the GraphQL-over-HTTP specification, against a running server."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

AUDIT = Path(__file__).parents[1] / "http_audit"


def node_or_skip() -> tuple[str, str]:
    """The paths of node and npm; they are no dependency of a Python project, so without them the test says so."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node and npm are not installed: the audit of the HTTP specification can't run")
    return node, npm


def test_every_audit_of_the_specification_is_ok(server: str, tmp_path: Path) -> None:
    """All of graphql-http's server audits are ok: no error, no warning, no notice."""
    node, npm = node_or_skip()
    for name in ("package.json", "package-lock.json", "audit.mjs"):
        shutil.copy(AUDIT / name, tmp_path)
    subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=tmp_path, check=True, capture_output=True)
    run = subprocess.run(
        [node, "audit.mjs", f"{server}/graphql"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "61 of 61 audits ok" in run.stdout


def test_the_lock_file_names_no_server() -> None:
    """Packages are pinned by digest and fetched from whatever registry the machine is set up with."""
    lock = (AUDIT / "package-lock.json").read_text()
    assert "sha512-" in lock
    assert not re.search(r"https?://|\"resolved\"", lock)
