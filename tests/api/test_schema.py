"""The published schema is a committed file, the same as the code's, and keeps the contract; ready documents fit it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from graphql import build_schema as build_core_schema
from graphql import parse, validate
from registry_api.examples import EXAMPLES, OPERATIONS
from registry_api.schema import build_schema

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = ROOT / "graphql" / "schema.graphql"
CONTRACT = ROOT.parent / "shared" / "contract" / "check_contract.py"


def test_the_published_schema_is_the_codes() -> None:
    """``make schema`` was run after the last change."""
    assert PUBLISHED.read_text(encoding="utf-8") == build_schema().as_str() + "\n"


def test_the_published_schema_keeps_the_contract() -> None:
    """Additions only; checked where the contract's own check is at hand."""
    if not CONTRACT.exists():
        pytest.skip("the contract's check is not beside this checkout")
    run = subprocess.run([sys.executable, CONTRACT, PUBLISHED], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout


def test_every_ready_document_is_valid() -> None:
    """What auditors and downstream systems copy works against the published schema."""
    schema = build_core_schema(PUBLISHED.read_text(encoding="utf-8"))
    assert len(EXAMPLES) == len(list(OPERATIONS.glob("*.graphql"))) > 5
    for example in EXAMPLES:
        assert validate(schema, parse(example.document)) == [], example.name
