"""Every error that a person can mend is one sentence on standard error that names the way out, with an exit code."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest
from typer.testing import CliRunner

from console.cli import app
from infrastructure.composition import open_registry
from infrastructure.settings import Settings


def environment_of(named: dict[str, str]) -> dict[str, str]:
    """The environment of this process without an installation's variables, and with those that are named."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("DATABASE", "RECOGNITION"))}
    return kept | {"COLUMNS": "200"} | named


def run_alone(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """``recognition`` in a process of its own, for what is the process's: locale, streams, other processes."""
    return subprocess.run(
        [sys.executable, "-m", "console", *words],
        env=environment_of({"PYTHONPATH": os.pathsep.join(sys.path)} | environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """``recognition`` in this process, which logs afterwards as it did before; it must not end in an exception."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    with mock.patch.dict(os.environ, environment_of(environment), clear=True):
        done = CliRunner().invoke(app, list(words))
    root.handlers[:] = handlers
    root.setLevel(level)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return subprocess.CompletedProcess(words, done.exit_code, done.stdout, done.stderr)


@pytest.mark.parametrize(
    ("environment", "way_out"),
    [
        ({"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}, "check DATABASE_OWNER_URL or DATABASE_URL"),
        ({"RECOGNITION_POOL_MAX_SIZE": "many"}, "RECOGNITION_POOL_MAX_SIZE"),
        ({"RECOGNITION_CORS_ORIGINS": "*"}, "RECOGNITION_CORS_ORIGINS: write each origin as browsers do"),
        ({"RECOGNITION_DATA_DIR": "/proc/nowhere"}, "RECOGNITION_DATA_DIR"),
    ],
)
def test_what_keeps_the_registry_from_opening_is_said_in_a_sentence(environment: dict[str, str], way_out: str) -> None:
    """No traceback; exit code 2; the way out is named."""
    done = run_alone("case", "show", "ZJ2026-00000-00000", **environment)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    assert way_out in " ".join(done.stderr.split())


def test_the_value_of_a_setting_is_never_shown() -> None:
    """A setting may hold a password."""
    assert "secret" not in run("case", "show", "x", RECOGNITION_POOL_MAX_SIZE="secret").stderr


def test_an_unknown_case_is_told_from_a_registry_that_is_not_there(data_dir: Path) -> None:
    """Exit code 1: the registry understood the question, and the answer is no; 2: there is none to ask."""
    absent = run("case", "show", "ZJ2026-00000-00000", RECOGNITION_DATA_DIR=str(data_dir))
    assert absent.returncode == 2
    assert str(data_dir) in absent.stderr
    assert "RECOGNITION_DATA_DIR" in absent.stderr
    assert list(data_dir.iterdir()) == []
    with open_registry(Settings(data_dir=data_dir, database_url=None, database_owner_url=None)) as registry:
        registry.projections.run_until_caught_up()
        done = run("case", "show", "zj2026 00000 00000", RECOGNITION_DATA_DIR=str(data_dir))
    assert done.returncode == 1
    assert "no case zj2026 00000 00000" in done.stderr


def test_development_tokens_are_not_issued_beside_an_identity_provider(data_dir: Path) -> None:
    """Tokens then come from the provider."""
    done = run("token", "--role", "AUDITOR", RECOGNITION_DATA_DIR=str(data_dir), RECOGNITION_JWKS="/keys.json")
    assert done.returncode == 2
    assert "identity provider" in done.stderr
