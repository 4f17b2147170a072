"""Holders' keys may lie in a database of their own, so that its backups can be shorter-lived than those of the events."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

from application.commands import CertificateForm, PersonForm, Submission
from domain.case.events import Submitted
from domain.values import Actor, Provenance, Role
from infrastructure.composition import open_registry
from infrastructure.settings import Settings


def rows(url: str, table: str) -> int:
    """How many rows a table holds."""
    with psycopg.connect(url) as connection:
        found = connection.execute(f"SELECT count(*) FROM registry.{table}".encode()).fetchone()
    assert found is not None
    return int(found[0])


def test_keys_and_the_index_of_holders_lie_where_the_setting_says(
    database: Any, empty_database: Any, tmp_path: Path
) -> None:
    """Events on one side, keys and index on the other; reading back needs both."""
    settings = Settings(
        database_url=database.app_url,
        database_owner_url=database.owner_url,
        keys_database_url=empty_database.owner_url,
        data_dir=tmp_path,
        pool_min_size=1,
    )
    with open_registry(settings) as registry:
        done = registry.cases.submit(
            Provenance(actor=Actor(subject="applicant", role=Role.APPLICANT)),
            Submission(
                idempotency_key=uuid4().hex,
                holder=PersonForm(name="王敏", id_number="330106199003077013"),
                certificate=CertificateForm(name="CCNP", issuing_body="Cisco"),
                authority_code="330106-EI",
                work_field="数字经济",
            ),
        )
        first = next(registry.journal.events_of(done.case_id))
        assert isinstance(first, Submitted)
        assert first.holder.name == "王敏"
    assert rows(database.owner_url, "events") > 0
    assert rows(database.owner_url, "holder_keys") == rows(database.owner_url, "lookups") == 0
    assert rows(empty_database.owner_url, "holder_keys") > 0
    assert rows(empty_database.owner_url, "lookups") == 3  # the number, and the name with the day of birth and without
    assert rows(empty_database.owner_url, "events") == 0
