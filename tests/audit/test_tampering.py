"""What the owner of the database does behind the registry's back, the audit finds: at which place, and which rule it breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.case.events import Approved
from domain.case.title_events import Revoked
from domain.values import Actor, Provenance, Role
from tests.audit.conftest import Office

Found = set[tuple[str, int | None]]
"""Rules and versions."""
_PUT = (
    "INSERT INTO registry.events (originator_id, originator_version, topic, state, recorded_at, actor_subject, actor_role,"
    " actor_authority, client) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
_REPLACE = "UPDATE registry.events SET state = convert_to(replace(convert_from(state, 'UTF8'), %s, %s), 'UTF8') WHERE position = %s"


@contextmanager
def undone(office: Office) -> Iterator[None]:
    """Whatever is done to the events in there is undone after."""
    office.as_owner("CREATE TABLE registry.kept AS SELECT * FROM registry.events")
    try:
        yield
    finally:
        office.as_owner("DELETE FROM registry.events")
        office.as_owner("INSERT INTO registry.events SELECT * FROM registry.kept")
        office.as_owner("DROP TABLE registry.kept")


def one_byte(office: Office) -> Found:
    """A number of an approval: readable still, and not what was signed."""
    _, version, position = office.place(Approved.TOPIC)
    office.as_owner(_REPLACE, '"counted_experience_months":12', '"counted_experience_months":11', position)
    return {("log_as_signed", version)}


def one_byte_of_the_form(office: Office) -> Found:
    """A byte without which the event cannot be read."""
    _, version, position = office.place(Approved.TOPIC)
    office.as_owner("UPDATE registry.events SET state = set_byte(state, 0, 65) WHERE position = %s", position)
    return {("log_as_signed", version), ("events_can_be_read", version)}


def one_byte_of_a_seal(office: Office) -> Found:
    """A byte of what is sealed."""
    _, version, position = office.place("recognition-case.submitted")
    [(state,)] = office.as_owner(
        "SELECT convert_from(state, 'UTF8') FROM registry.events WHERE position = %s", position
    )
    at = state.index('"sealed":"') + 40
    other = "A" if state[at] != "A" else "B"
    office.as_owner(
        "UPDATE registry.events SET state = convert_to(%s, 'UTF8') WHERE position = %s",
        state[:at] + other + state[at + 1 :],
        position,
    )
    return {("log_as_signed", version), ("events_can_be_read", version)}


def removed(office: Office) -> Found:
    """The match between submission and approval."""
    stream, version, position = office.place("recognition-case.matched")
    office.as_owner("DELETE FROM registry.events WHERE position = %s", position)
    assert office.as_owner("SELECT count(*) FROM registry.events WHERE originator_id = %s", stream) == [(2,)]
    return {("log_as_signed", None), ("history_unbroken", version + 1)}


def removed_and_renumbered(office: Office) -> Found:
    """The match, and the approval moved to its place: what is sealed there opens no more, or the guards ask for the match."""
    stream, version, position = office.place("recognition-case.matched")
    office.as_owner("DELETE FROM registry.events WHERE position = %s", position)
    office.as_owner(
        "UPDATE registry.events SET originator_version = %s WHERE originator_id = %s AND originator_version = %s",
        version,
        stream,
        version + 1,
    )
    return {("log_as_signed", None), ("log_as_signed", version), ("matched", version)}


def swapped(office: Office) -> Found:
    """Match and approval, each in the other's place of the stream."""
    stream, version, _ = office.place("recognition-case.matched")
    for old, new in ((version, 900), (version + 1, version), (900, version + 1)):
        office.as_owner(
            "UPDATE registry.events SET originator_version = %s WHERE originator_id = %s AND originator_version = %s",
            new,
            stream,
            old,
        )
    return {("positions_in_order", version + 1), ("matched", version), ("log_as_signed", version)}


def forged(office: Office) -> Found:
    """An approval by an authority that is none, dated before the submission: well-formed, and behind what is signed yet."""
    registry = office.api.registry
    stream, version, _ = office.place("recognition-case.submitted", 2)
    [(holder, last)] = office.as_owner(
        "SELECT max(convert_from(state, 'UTF8')::jsonb ->> 'holder_ref'), max(originator_version) FROM registry.events"
        " WHERE originator_id = %s",
        stream,
    )
    actor = Actor(subject="somebody", role=Role.REVIEWER, authority_code="999999-XX")
    at = office.api.clock.now - timedelta(days=200)
    event = Approved(
        originator_id=stream,
        originator_version=last + 1,
        timestamp=at,
        by=Provenance(actor=actor),
        holder_ref=UUID(holder),
        recognized_on=at.date(),
        work_consistent=True,
        counted_experience_months=0,
    )
    stored: Any = registry.mapper.to_stored_event(event)
    office.as_owner(_PUT, stream, last + 1, stored.topic, stored.state, at, "somebody", "REVIEWER", "999999-XX", None)
    assert version == 1
    return {("within_jurisdiction", last + 1), ("recorded_in_order", last + 1), ("times_follow_positions", last + 1)}


def back_dated(office: Office) -> Found:
    """An approval, in its bytes and in its column."""
    _, version, position = office.place(Approved.TOPIC)
    [(state, at)] = office.as_owner(
        "SELECT convert_from(state, 'UTF8'), recorded_at FROM registry.events WHERE position = %s", position
    )
    stated = state.split('"recorded_at":"')[1].split('"')[0]
    before = datetime.fromisoformat(stated) - timedelta(days=30)
    office.as_owner(_REPLACE, stated, before.isoformat().replace("+00:00", "Z"), position)
    office.as_owner(
        "UPDATE registry.events SET recorded_at = %s WHERE position = %s", at - timedelta(days=30), position
    )
    return {
        ("recorded_in_order", version),
        ("dated_as_recorded", version),
        ("times_follow_positions", version),
        ("log_as_signed", version),
    }


def truncated(office: Office) -> Found:
    """A revocation is gone from the end of its stream, as if the title stood."""
    _, _, position = office.place(Revoked.TOPIC)
    office.as_owner("DELETE FROM registry.events WHERE position = %s", position)
    return {("log_as_signed", None), ("records_are_of_revocations", None)}


def record_removed(office: Office) -> Found:
    """The integrity record is gone, and the title revoked still."""
    stream, _, _ = office.place("integrity-record.filed")
    _, version, _ = office.place(Revoked.TOPIC)
    office.as_owner("DELETE FROM registry.events WHERE originator_id = %s", stream)
    return {("log_as_signed", None), ("revocations_are_on_record", version)}


def columns(office: Office) -> Found:
    """Another officer in the column by which the audit log is asked; the log, which is of bytes, sees nothing."""
    _, version, position = office.place(Approved.TOPIC)
    office.as_owner("UPDATE registry.events SET actor_subject = 'somebody-else' WHERE position = %s", position)
    return {("columns_repeat_the_event", version)}


def catalog_altered(office: Office) -> Found:
    """The title that an entry of the official catalog awards."""
    _, version, position = office.place("catalog.published")
    office.as_owner(_REPLACE, "助理工程师", "工程师", position)
    return {("log_as_signed", version)}


def seal_of_another(office: Office) -> Found:
    """The sealed name of another case's holder."""
    _, version, position = office.place("recognition-case.submitted")
    other = office.place("recognition-case.submitted", 1)[2]
    office.as_owner(
        "UPDATE registry.events AS e SET state = convert_to(jsonb_set(convert_from(e.state, 'UTF8')::jsonb, '{holder,name}',"
        " convert_from(o.state, 'UTF8')::jsonb -> 'holder' -> 'name')::text, 'UTF8') FROM registry.events AS o"
        " WHERE e.position = %s AND o.position = %s",
        position,
        other,
    )
    return {("events_can_be_read", version), ("log_as_signed", version)}


def case_removed(office: Office) -> Found:
    """A whole case; its certificate is claimed still."""
    stream, _, _ = office.place("recognition-case.submitted")
    office.as_owner("DELETE FROM registry.events WHERE originator_id = %s", stream)
    return {("log_as_signed", None), ("claims_are_of_cases", None)}


def claim_moved(office: Office) -> Found:
    """The claim on a certificate says another case than the one whose title stands on it."""
    stream, _, _ = office.place("recognition-case.submitted")
    other, _, _ = office.place("recognition-case.submitted", 1)
    _, version, position = office.place("certificate-claim.claimed")
    office.as_owner(_REPLACE, str(stream), str(other), position)
    return {("one_live_case_a_certificate", None), ("log_as_signed", version)}


def nothing(office: Office) -> Found:
    """The rows are put back as they were."""
    assert office.as_owner("SELECT count(*) > 10 FROM registry.events") == [(True,)]
    return set()


DRILLS: tuple[Callable[[Office], Found], ...] = (
    one_byte,
    one_byte_of_the_form,
    one_byte_of_a_seal,
    removed,
    removed_and_renumbered,
    swapped,
    forged,
    back_dated,
    truncated,
    record_removed,
    columns,
    catalog_altered,
    seal_of_another,
    case_removed,
    claim_moved,
    nothing,
)


def test_what_is_done_behind_the_registrys_back_is_found(office: Office, subtests: pytest.Subtests) -> None:
    """Each change is found by the rule that it breaks, at its version, and nothing is found where nothing was changed."""
    api = office.api
    api.approved()
    revoked = api.approved()["case"]
    assert api.revoked(revoked["id"])["refusal"] is None
    api.submit()
    office.sign()
    assert office.check().findings == []
    for drill in DRILLS:
        with subtests.test(drill.__name__), undone(office):
            expected = drill(office)
            found = office.found()
            assert expected <= found, f"{drill.__name__}: {expected - found} not among {found}"
            assert bool(found) == bool(expected), found


def test_a_key_destroyed_by_hand_is_found(office: Office) -> None:
    """A key that nobody erased on the record: its holder's history is unreadable, and that is no erasure."""
    office.api.approved()
    office.as_owner(
        "UPDATE registry.holder_keys SET wrapped_key = NULL, destroyed_at = now() WHERE holder_ref = (SELECT"
        " (convert_from(state, 'UTF8')::jsonb ->> 'holder_ref')::uuid FROM registry.events"
        " WHERE topic = 'recognition-case.submitted')"
    )
    assert ("keys_end_by_erasure", None) in office.found()
