"""Somebody new is entered with their first submission, once, whoever else brings them, and not at all where it is refused."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from application.commands import CertificateForm, PersonForm, Submission
from application.journal import KeyOutdated, Overtaken
from application.ports import Enrolment, NewKey
from domain.refusals import RefusalCode, Refused
from domain.values import Actor, Provenance, Role
from infrastructure.composition import MASTER_KEY_FILE, Registry, open_registry
from infrastructure.postgres.datastore import RegistryDatastore
from infrastructure.postgres.group_commit import Save
from infrastructure.postgres.recorder import EnvelopedEvent, EventRecorder
from infrastructure.sealing.master import MasterKeys
from infrastructure.settings import Settings
from tests.api.conftest import XIHU, Clock

BY = Provenance(actor=Actor(subject="applicant", role=Role.APPLICANT))
NIL = UUID(int=0)


NAMES = (
    "AWS Certified Solutions Architect - Professional",
    "AWS Certified DevOps Engineer - Professional",
    "Certified Welding Inspector",
    "Certified Software Quality Engineer",
)


def form(key: str, person: str, certificate: str, which: int = 0) -> Submission:
    """A submission that is matched at once."""
    return Submission(
        idempotency_key=key,
        holder=PersonForm(name="王敏", id_type="PASSPORT", id_number=person),
        certificate=CertificateForm(
            name=NAMES[which],
            issuing_body="",
            certificate_number=certificate,
        ),
        authority_code=XIHU,
        work_field="software",
    )


@pytest.fixture
def registry(database: Any, tmp_path: Any, clock: Clock) -> Iterator[Registry]:
    """A registry of which nothing runs beside the commands."""
    settings = Settings(database_url=database.app_url, database_owner_url=database.owner_url, data_dir=tmp_path)
    with open_registry(settings, clock) as opened:
        yield opened


def counted(url: str) -> tuple[int, int, int]:
    """How many events, look-ups and keys there are."""
    with psycopg.connect(url) as connection:
        tables = ("events", "lookups", "holder_keys")
        rows = [connection.execute(f"SELECT count(*) FROM registry.{each}".encode()).fetchone() for each in tables]
    events, lookups, keys = (int(row[0]) for row in rows if row)
    return events, lookups, keys


def test_several_who_bring_one_new_person_at_once_all_submit_for_one_holder(registry: Registry, database: Any) -> None:
    """Each has a certificate of their own; whoever was overtaken goes on with the reference that was entered first."""
    registry.cases.submit(BY, form("warm", "P12345670", "C-0"))
    for number in range(5):
        _, lookups, keys = counted(database.owner_url)
        start = threading.Barrier(4)

        def submit(each: int, number: int = number, start: threading.Barrier = start) -> Any:
            start.wait()
            return registry.cases.submit(
                BY, form(f"{number}-{each}", f"P1234567{number + 1}", f"C-{number}-{each}", each)
            )

        with ThreadPoolExecutor(4) as pool:
            done = list(pool.map(submit, range(4)))
        assert len({each.case.holder.ref for each in done if each.case}) == 1
        _, lookups_after, keys_after = counted(database.owner_url)
        assert (lookups_after - lookups, keys_after - keys) == (9, 1)
        assert all(registry.cases.case_of(BY.actor, each.case_id).holder.name == "王敏" for each in done)


def test_a_refused_submission_enters_nobody(registry: Registry, database: Any) -> None:
    """Whoever presents somebody else's certificate leaves neither a look-up nor a key."""
    registry.cases.submit(BY, form("one", "P12345671", "C-1"))
    before = counted(database.owner_url)
    with pytest.raises(Refused) as refused:
        registry.cases.submit(BY, form("two", "P12345672", "C-1"))
    assert refused.value.code is RefusalCode.CERTIFICATE_ALREADY_CLAIMED
    assert counted(database.owner_url) == before
    assert registry.holders.find("PASSPORT", "P12345672") is None


def test_a_key_is_kept_under_the_master_key_of_the_moment(
    registry: Registry, database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A master key that is dropped between the making of a key and its storing wraps none; the submission is made anew."""
    file = registry.settings.data_dir / MASTER_KEY_FILE
    old = MasterKeys.load(file)
    insert = EventRecorder.insert_events
    stored: list[str] = []

    def rotated_meanwhile(self: EventRecorder, events: Any, **named: Any) -> Any:
        if not stored:
            old.with_new().save(file)
            with psycopg.connect(database.owner_url) as connection:
                connection.execute("INSERT INTO registry.dropped_master_keys (id) VALUES (%s)", [old.current_id])
        stored.append(named["enrolment"].key.master_key_id)
        return insert(self, events, **named)

    monkeypatch.setattr(EventRecorder, "insert_events", rotated_meanwhile)
    done = registry.cases.submit(BY, form("one", "P12345671", "C-1"))
    assert stored == [old.current_id, MasterKeys.load(file).current_id]
    assert done.case
    with psycopg.connect(database.owner_url) as connection:
        row = connection.execute(
            "SELECT master_key_id FROM registry.holder_keys WHERE holder_ref = %s", [done.case.holder.ref]
        ).fetchone()
    assert row == (stored[1],)


@pytest.fixture
def recorder(database: Any) -> Iterator[EventRecorder]:
    """The recorder alone."""
    with RegistryDatastore(database.app_url) as datastore:
        yield EventRecorder(datastore)


def saved(digest: bytes, ref: Any, *, version: int = 1, stream: Any = None) -> Save:
    """A save that enters a person and a certificate of theirs."""
    stream = stream or uuid4()
    event = EnvelopedEvent(
        stream,
        version,
        "topic",
        b"{}",
        recorded_at=Clock()(),
        actor_subject="a",
        actor_role="APPLICANT",
        actor_authority=None,
        client=None,
    )
    key = NewKey(ref, b"wrapped", "master")
    return Save([event], Enrolment(ref, ((digest, NIL), (digest[::-1], stream)), key))


def test_in_one_group_each_save_is_stored_whole_or_not_at_all(recorder: EventRecorder, database: Any) -> None:
    """One overtaken, one whose place is taken, and two that are neither: of the first two nothing is left."""
    ours, theirs = bytes(range(32)), bytes(range(1, 33))
    known, taken = uuid4(), uuid4()
    recorder._commit_group([saved(ours, known)])
    recorder._commit_group([saved(theirs, uuid4(), stream=taken)])
    before = counted(database.owner_url)
    group = [
        saved(ours, uuid4()),
        saved(bytes(range(2, 34)), uuid4()),
        saved(bytes(range(3, 35)), uuid4(), stream=taken),
        saved(bytes(range(4, 36)), uuid4()),
    ]
    recorder._commit_group(group)
    assert isinstance(group[0].error, Overtaken)
    assert group[2].error is not None
    assert [save.positions is not None for save in group] == [False, True, False, True]
    assert tuple(after - b for after, b in zip(counted(database.owner_url), before, strict=True)) == (2, 4, 2)


def test_nothing_is_stored_for_somebody_whose_key_is_destroyed(recorder: EventRecorder, database: Any) -> None:
    """An erasure that was committed meanwhile is met by the statement itself."""
    ref = uuid4()
    recorder._commit_group([saved(bytes(range(32)), ref)])
    with psycopg.connect(database.owner_url) as connection:
        connection.execute(
            "UPDATE registry.holder_keys SET wrapped_key = NULL, destroyed_at = now() WHERE holder_ref = %s", [ref]
        )
    before = counted(database.owner_url)
    late = saved(bytes(range(5, 37)), ref)
    recorder._commit_group([late])
    assert isinstance(late.error, Overtaken)
    assert counted(database.owner_url) == before


def test_a_key_under_a_dropped_master_key_fails_alone(recorder: EventRecorder, database: Any) -> None:
    """The others of its group are stored; its own saver is told why."""
    with psycopg.connect(database.owner_url) as connection:
        connection.execute("INSERT INTO registry.dropped_master_keys (id) VALUES ('gone')")
    good, bad = saved(bytes(range(32)), uuid4()), saved(bytes(range(6, 38)), uuid4())
    bad.enrolment = Enrolment(bad.enrolment.holder_ref, (), NewKey(uuid4(), b"wrapped", "gone"))
    recorder._commit_group([good, bad])
    assert good.positions is not None
    assert isinstance(bad.error, KeyOutdated)
