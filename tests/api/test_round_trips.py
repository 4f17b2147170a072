"""How often the database is asked for one act: a count that only a change of this file lets grow."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from application.commands import CertificateForm, PersonForm, Submission
from domain.case.events import Approved
from domain.values import Actor, Provenance, Role
from tests.api.conftest import XIHU, Clock, opened
from tests.people import passport_number

BY = Provenance(actor=Actor(subject="applicant", role=Role.APPLICANT))
OFFICER = Provenance(actor=Actor(subject="officer", role=Role.REVIEWER, authority_code=XIHU))
MOST_FOR_A_NEW_PERSON = 4
MOST_FOR_A_KNOWN_PERSON = 4
MOST_FOR_A_DECISION = 3


def form(number: int, person: int) -> Submission:
    """A submission that is matched at once."""
    return Submission(
        idempotency_key=f"key-{number}",
        holder=PersonForm(name="王敏", id_type="PASSPORT", id_number=passport_number(person)),
        certificate=CertificateForm(
            name="AWS Certified Solutions Architect - Professional",
            issuing_body="亚马逊",
            certificate_number=f"C{number}",
        ),
        authority_code=XIHU,
        work_field="software",
    )


def test_an_act_asks_the_database_no_more_often_than_this(
    database: Any, tmp_path: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A submission of somebody new, of somebody known, and a decision; BEGIN and COMMIT are not counted."""
    asked: list[object] = []
    execute = psycopg.Cursor.execute

    def counted(cursor: Any, query: Any, *arguments: Any, **named: Any) -> Any:
        asked.append(query)
        return execute(cursor, query, *arguments, **named)

    with opened(database, tmp_path, clock) as api:
        for process in (api.registry.projections, *api.registry.processes):
            process.stop()
        api.registry.cases.submit(BY, form(0, 0))  # what is kept in process is there then
        monkeypatch.setattr(psycopg.Cursor, "execute", counted)

        def cost(act: Any) -> tuple[Any, int]:
            asked.clear()
            return act(), len(asked)

        new, for_new = cost(lambda: api.registry.cases.submit(BY, form(1, 1)))
        _, for_known = cost(lambda: api.registry.cases.submit(BY, form(2, 1)))
        _, for_decision = cost(
            lambda: api.registry.cases.decide(
                OFFICER,
                new.case_id,
                Approved,
                work_consistent=True,
                counted_experience_months=0,
                opinion="the register of the body shows it",
            )
        )
    assert 1 < for_new <= MOST_FOR_A_NEW_PERSON
    assert 1 < for_known <= MOST_FOR_A_KNOWN_PERSON
    assert 1 < for_decision <= MOST_FOR_A_DECISION
