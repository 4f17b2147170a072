"""What the owner of the database does to events that were logged, the log alone finds: at which place, and what was done."""

from __future__ import annotations

from uuid import uuid4

import pytest

from domain.log.comparison import DeviationKind
from domain.log.log_proof import LogProof
from domain.merkle import TransparencyError
from infrastructure.log.errors import LogForkedError
from tests.transparency.conftest import BACKED_UP, Ledger, dump, restore

COUNT = 300
FIRST, MIDDLE, LAST = 1, 150, COUNT


@pytest.fixture
def logged(ledger: Ledger) -> Ledger:
    """An installation whose events are all leaves, over a full tile and a partial one."""
    assert ledger.record(COUNT) == list(range(1, COUNT + 1))
    ledger.sequence()
    assert ledger.check().deviations == ()
    return ledger


def found(ledger: Ledger) -> list[tuple[DeviationKind, int]]:
    return [(each.kind, each.position) for each in ledger.check().deviations]


@pytest.mark.parametrize("position", [FIRST, MIDDLE, LAST])
def test_one_byte_of_an_event(logged: Ledger, position: int) -> None:
    """One bit of one stored byte is found, at its place."""
    logged.as_owner(
        "UPDATE registry.events SET state = set_byte(state, 11, get_byte(state, 11) # 1) WHERE position = %s", position
    )
    assert found(logged) == [(DeviationKind.CHANGED, position)]
    [deviation] = logged.check().deviations
    assert deviation.leaf_index == position - 1
    assert str(logged.stream_at(position)) in str(deviation.sentence)


@pytest.mark.parametrize("position", [FIRST, MIDDLE, LAST])
def test_an_event_removed(logged: Ledger, position: int) -> None:
    """The first, one in the middle, the last."""
    logged.as_owner("DELETE FROM registry.events WHERE position = %s", position)
    assert found(logged) == [(DeviationKind.REMOVED, position)]


def test_two_events_swapped(logged: Ledger) -> None:
    """Their contents exchanged, or their positions: both places are named."""
    logged.as_owner(
        "UPDATE registry.events AS e SET state = o.state FROM registry.events AS o"
        " WHERE (e.position, o.position) IN ((10, 20), (20, 10))"
    )
    assert found(logged) == [(DeviationKind.CHANGED, 10), (DeviationKind.CHANGED, 20)]


def test_two_events_swapped_whole(logged: Ledger) -> None:
    """Also where each keeps its stream and content and only its place is another's."""
    logged.as_owner("UPDATE registry.events SET position = -position WHERE position IN (10, 20)")
    logged.as_owner(
        "UPDATE registry.events SET position = CASE position WHEN -10 THEN 20 ELSE 10 END WHERE position IN (-10, -20)"
    )
    assert found(logged) == [(DeviationKind.CHANGED, 10), (DeviationKind.CHANGED, 20)]


def test_one_event_inserted(logged: Ledger) -> None:
    """In a gap between positions that were logged."""
    logged.as_owner("SELECT setval(pg_get_serial_sequence('registry.events', 'position'), 310)")
    later = logged.record(3)
    logged.sequence()
    logged.as_owner(
        "INSERT INTO registry.events (position, originator_id, originator_version, topic, state)"
        " VALUES (305, %s, 1, 'recognition-case.approved', '{}')",
        uuid4(),
    )
    assert found(logged) == [(DeviationKind.INSERTED, 305)]
    logged.record(1)
    logged.sequence()
    assert found(logged) == [(DeviationKind.INSERTED, 305)], "no later step makes a leaf of it"
    assert later == [311, 312, 313]


def test_one_event_back_dated(logged: Ledger) -> None:
    """Another time in what is stored is another content."""
    logged.as_owner(
        "UPDATE registry.events SET state = convert_to(replace(convert_from(state, 'UTF8'), '2026-11-23', '2026-11-20'), 'UTF8'),"
        " recorded_at = recorded_at - interval '3 days' WHERE position = %s",
        MIDDLE,
    )
    assert found(logged) == [(DeviationKind.CHANGED, MIDDLE)]


@pytest.mark.parametrize("change", ["originator_version = 7", "topic = 'recognition-case.rejected'"])
def test_an_event_moved(logged: Ledger, change: str) -> None:
    """To another place in its stream, or under another name, with its content as it was."""
    logged.as_owner(f"UPDATE registry.events SET {change} WHERE position = %s", MIDDLE)
    assert found(logged) == [(DeviationKind.CHANGED, MIDDLE)]


def test_an_event_and_its_tile_changed_together(logged: Ledger) -> None:
    """Whoever also mends entries and tiles, and not the signature, is found by the root that was signed."""
    logged.as_owner("UPDATE registry.events SET state = '{}' WHERE position = %s", MIDDLE)
    logged.as_owner("UPDATE log.tiles SET content = set_byte(content, 40, 0) WHERE level = -1 AND index = 0")
    with pytest.raises(LogForkedError):
        logged.check()


def test_an_older_backup_restored(logged: Ledger) -> None:
    """The data directory knows more than the database: the check says so as the sequencer does."""
    backup = dump(logged, BACKED_UP)
    logged.record(10)
    logged.sequence()
    restore(logged, backup)
    with pytest.raises(LogForkedError, match="audit log epoch"):
        logged.check()


def test_a_proof_of_another_log(logged: Ledger, ledger: Ledger) -> None:
    """A file that proves an event in one log proves nothing under the key of another."""
    from domain.log.checkpoint import TrustPolicy
    from domain.log.leaf import LogLeaf
    from domain.log.note_keys import SigningKey
    from domain.log.signed_note import SignedNote

    head = logged.signed()
    entry = LogLeaf.of(uuid4(), 1, "recognition-case.approved", 1, b"{}").encode()
    file = LogProof(0, (), SignedNote.parse(bytes(ledger.head().note))).serialise()
    with pytest.raises(TransparencyError):
        LogProof.parse(file).verify(entry, logged.policy())
    other = TrustPolicy.of(SigningKey(head.origin, bytes(32)).verifier.vkey)
    with pytest.raises(TransparencyError):
        other.open(bytes(logged.head().note))
