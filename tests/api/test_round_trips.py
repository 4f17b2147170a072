"""How often the database is asked for one act, and that what an act stores is stored in one transaction.

The counts are bars: only a change of this file lets them grow. BEGIN and COMMIT are not counted.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from application.cases import Done
from application.commands import CertificateForm, PersonForm, Submission
from domain.case.events import Approved, Rejected, SupplementRequested, Withdrawn
from domain.catalog.amendment import AmendmentTerms, EntryChange
from domain.identifiers import catalog_id
from domain.values import Actor, EntryChangeKind, Notice, Provenance, Role, shanghai_day
from infrastructure.composition import Registry, open_registry
from infrastructure.settings import Settings
from tests.api.conftest import XIHU, Clock
from tests.people import passport_number

BY = Provenance(actor=Actor(subject="applicant", role=Role.APPLICANT))
OFFICER = Provenance(actor=Actor(subject="officer", role=Role.REVIEWER, authority_code=XIHU))
ASSOCIATE = "AWS Certified Solutions Architect – Associate"
MOST_FOR_A_SUBMISSION = 4
MOST_FOR_A_DECISION = 3
MORE_WHERE_KEYS_LIE_APART = 1
Count = Callable[[Callable[[], Done]], tuple[Done, int]]


def form(number: int, person: int, name: str = "AWS Certified Solutions Architect - Professional") -> Submission:
    """A submission that is matched at once, unless its name is another."""
    return Submission(
        idempotency_key=f"key-{number}",
        holder=PersonForm(name="王敏", id_type="PASSPORT", id_number=passport_number(person)),
        certificate=CertificateForm(name=name, issuing_body="亚马逊", certificate_number=f"C{number}"),
        authority_code=XIHU,
        work_field="software",
    )


@pytest.fixture
def settings(database: Any, tmp_path: Any) -> Settings:
    """Events and keys in one database."""
    return Settings(database_url=database.app_url, database_owner_url=database.owner_url, data_dir=tmp_path)


@pytest.fixture
def registry(settings: Settings, clock: Clock) -> Iterator[Registry]:
    """A registry of which nothing runs beside the commands, and whose catalogs are in process."""
    with open_registry(settings, clock) as opened:
        opened.cases.submit(BY, form(0, 0))
        yield opened


@pytest.fixture
def count(monkeypatch: pytest.MonkeyPatch) -> Count:
    """Do something; what came of it, and how many statements it was."""
    asked: list[object] = []
    execute = psycopg.Cursor.execute

    acting = threading.get_ident()  # an act asks in its caller's thread; what ends behind other tests asks in its own

    def counted(cursor: Any, query: Any, *arguments: Any, **named: Any) -> Any:
        if threading.get_ident() == acting:
            asked.append(query)
        return execute(cursor, query, *arguments, **named)

    monkeypatch.setattr(psycopg.Cursor, "execute", counted)

    def cost(act: Callable[[], Done]) -> tuple[Done, int]:
        asked.clear()
        return act(), len(asked)

    return cost


def approve(registry: Registry, case: Done) -> Done:
    """Approve a case."""
    return registry.cases.decide(
        OFFICER,
        case.case_id,
        Approved,
        None,
        work_consistent=True,
        counted_experience_months=0,
        opinion="It is listed.",
    )


def costs(registry: Registry, count: Count) -> tuple[list[int], list[int]]:
    """How many statements each kind of submission, and each kind of decision, is."""
    new, for_new = count(lambda: registry.cases.submit(BY, form(1, 1)))
    known, for_known = count(lambda: registry.cases.submit(BY, form(2, 1, ASSOCIATE)))
    open_case, for_unmatched = count(lambda: registry.cases.submit(BY, form(3, 2, "Something else")))
    decide = registry.cases.decide
    decisions = [
        lambda: approve(registry, new),
        lambda: decide(OFFICER, known.case_id, SupplementRequested, None, reason="The transcript"),
        lambda: decide(BY, known.case_id, Withdrawn, None, reason="A mistake"),
        lambda: registry.cases.confirm_match(OFFICER, open_case.case_id, 56, None, "Seen", None),
        lambda: decide(OFFICER, open_case.case_id, Rejected, None, reason="Not this person's"),
    ]
    return [for_new, for_known, for_unmatched], [count(each)[1] for each in decisions]


def test_an_act_asks_the_database_no_more_often_than_this(registry: Registry, count: Count) -> None:
    """A submission of somebody new, of somebody known, of what matches nothing; decisions of every shape."""
    submissions, decisions = costs(registry, count)
    assert 1 < min(submissions) <= max(submissions) <= MOST_FOR_A_SUBMISSION
    assert 1 < min(decisions) <= max(decisions) <= MOST_FOR_A_DECISION


def test_another_process_decides_with_as_few(settings: Settings, clock: Clock, count: Count) -> None:
    """Whoever decides a case that another process took in has neither its key nor its holder at hand, and asks no more often."""
    with open_registry(settings, clock) as first:
        case = first.cases.submit(BY, form(1, 1))
    with open_registry(settings, clock) as second:
        second.shelf.codes()
        second.cases.submit(BY, form(2, 2))
        _, asked = count(lambda: approve(second, case))
    assert 1 < asked <= MOST_FOR_A_DECISION


def test_keys_in_a_database_of_their_own_add_one(
    settings: Settings, empty_database: Any, clock: Clock, count: Count
) -> None:
    """Who a person is, is asked there, and their key is kept there."""
    apart = settings.model_copy(update={"keys_database_url": empty_database.owner_url})
    with open_registry(apart, clock) as registry:
        registry.cases.submit(BY, form(0, 0))
        submissions, decisions = costs(registry, count)
    assert max(submissions) <= MOST_FOR_A_SUBMISSION + MORE_WHERE_KEYS_LIE_APART
    assert max(decisions) <= MOST_FOR_A_DECISION + MORE_WHERE_KEYS_LIE_APART


def test_an_amendment_of_another_process_governs_the_next_submission(settings: Settings, clock: Clock) -> None:
    """Catalogs are in process, and the one statement tells that they are out of date: no case is taken in under an old version."""
    with open_registry(settings, clock) as first, open_registry(settings, clock) as second:
        case = first.cases.submit(BY, form(0, 0)).case
        assert case is not None
        [code] = second.shelf.codes()
        withdrawn = EntryChange(
            kind=EntryChangeKind.WITHDRAWN, number=case.entry_number or 0, reason="No longer issued"
        )
        terms = AmendmentTerms(
            base_version=1,
            notice=Notice(number="2026-1", title="A notice"),
            effective_from=shanghai_day(clock()),
            changes=(withdrawn,),
        )
        one, other = (Provenance(actor=Actor(subject=name, role=Role.ADMINISTRATOR)) for name in ("proposer", "issuer"))
        amendment, _ = second.catalogs.propose(one, code, terms)
        second.catalogs.issue(other, catalog_id(code), amendment)
        after = first.cases.submit(BY, form(1, 1)).case
        assert after is not None
        assert (case.version_number, after.version_number) == (1, 2)
        assert after.entry_number != case.entry_number


def transactions(url: str, case: Done) -> tuple[set[str], int]:
    """The transactions that stored the rows of a case, its claim, its look-ups and its holder's key; and how many rows."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "WITH of AS (SELECT xmin::text AS x, registry.stated(state, 'holder_ref') AS holder,"
            "  registry.stated(state, 'claim_id') AS claim FROM registry.events"
            "  WHERE originator_id = %s AND originator_version = 1)"
            " SELECT e.xmin::text FROM registry.events AS e, of WHERE e.originator_id IN (%s, of.claim)"
            " UNION ALL SELECT l.xmin::text FROM registry.lookups AS l, of WHERE l.holder_ref = of.holder"
            " UNION ALL SELECT k.xmin::text FROM registry.holder_keys AS k, of WHERE k.holder_ref = of.holder",
            [case.case_id, case.case_id],
        ).fetchall()
    return {x for (x,) in rows}, len(rows)


def test_a_submission_is_one_transaction(registry: Registry, database: Any) -> None:
    """Case, match, claim, the look-ups of person, name and certificate and the new key come together, or not at all."""
    stored = transactions(database.owner_url, registry.cases.submit(BY, form(1, 1)))
    assert len(stored[0]) == 1
    assert stored[1] == 2 + 1 + 3 + 1


def test_a_decision_is_one_transaction(registry: Registry, database: Any) -> None:
    """A rejection and the release of the certificate come together."""
    case = registry.cases.submit(BY, form(1, 1))
    before, _ = transactions(database.owner_url, case)
    registry.cases.decide(OFFICER, case.case_id, Rejected, None, reason="Not this person's")
    after, rows = transactions(database.owner_url, case)
    assert len(after - before) == 1
    assert rows == 3 + 2 + 3 + 1
