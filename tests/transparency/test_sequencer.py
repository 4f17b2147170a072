"""Events become leaves once, in their order, whatever stops the sequencer; and nothing inconsistent is ever signed."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import psycopg
import pytest

from domain.log.checkpoint import LogCheckpoint
from domain.log.leaf import LogLeaf
from domain.log.signed_note import SignedNote
from domain.log.tile_reader import TileReader
from domain.merkle import EMPTY_ROOT
from infrastructure.log import sequencer as sequencing
from infrastructure.log.epochs import begin_epoch, begin_log, epochs, rotate
from infrastructure.log.errors import LogActError, LogForkedError, LogKeyError, LogRefusal, LogShrunkError
from infrastructure.log.kept import KeptCheckpoint
from infrastructure.log.sequencer import Sequencer
from infrastructure.log.tables import TransactionTiles
from tests.transparency.conftest import BACKED_UP, NAME, Ledger, dump, restore


def entries(ledger: Ledger) -> list[LogLeaf]:
    head = ledger.signed()
    with psycopg.connect(ledger.app_url) as connection:
        reader = TileReader(TransactionTiles(connection, ledger.head().epoch), head.size, head.root)
        return [LogLeaf.parse(entry) for entry in reader.entries()]


def test_the_empty_log_is_signed_with_the_root_of_nothing(ledger: Ledger) -> None:
    """A log without events has a checkpoint, whose root is SHA-256 of nothing."""
    head = ledger.sequence()
    assert (head.size, head.root) == (0, EMPTY_ROOT)
    assert ledger.signed() == LogCheckpoint(f"{NAME}/1", 0, EMPTY_ROOT)


def test_leaves_stand_in_the_order_of_positions_without_their_gaps(ledger: Ledger) -> None:
    """A position that a failed save drew is no leaf; the table of leaves says which leaf each event is."""
    first = ledger.record(3)
    ledger.as_owner("SELECT nextval(pg_get_serial_sequence('registry.events', 'position'))")
    second = ledger.record(2)
    assert second[0] > first[-1] + 1
    ledger.sequence()
    assert [leaf.position for leaf in entries(ledger)] == first + second
    rows = ledger.as_owner("SELECT leaf_index, position FROM log.leaves ORDER BY leaf_index")
    assert rows == list(enumerate(first + second))
    assert ledger.check().deviations == ()


def test_every_published_size_keeps_its_partial_tiles_until_the_full_one_exists(ledger: Ledger) -> None:
    """The tree of each checkpoint can be read and proved while later ones grow past it, also over full tiles."""
    sizes = []
    for count in (1, 7, 120, 100, 28, 1, 300):
        ledger.record(count)
        sizes.append(ledger.sequence().size)
    assert sizes == [1, 8, 128, 228, 256, 257, 557]
    heads = ledger.as_owner("SELECT size, root FROM log.checkpoints ORDER BY size")
    with psycopg.connect(ledger.app_url) as connection:
        for size, root in heads:
            reader = TileReader(TransactionTiles(connection, 1), size, bytes(root))
            assert len(list(reader.entries())) == size
            assert reader.consistency_proof(1) is not None
    tiles = ledger.as_owner("SELECT level, index, width FROM log.tiles WHERE level >= 0 ORDER BY level, index, width")
    assert tiles == [(0, 0, 256), (0, 1, 256), (0, 2, 45), (1, 0, 1), (1, 0, 2)], (
        "full ones took the place of partial ones"
    )


def test_batches_and_one_step_lead_to_the_same_tree(ledger: Ledger) -> None:
    """However the events are cut into steps, and however often the process ends between two, the root is the same."""
    ledger.record(23)
    ledger.sequencer = Sequencer(ledger.files, batch=5)
    head = ledger.sequence()
    assert head.size == 23
    ledger.restart()
    again = ledger.sequence()
    assert again == head
    assert ledger.check().deviations == ()
    assert [size for (size,) in ledger.as_owner("SELECT size FROM log.checkpoints ORDER BY size")] == [
        5,
        10,
        15,
        20,
        23,
    ]


def test_a_crash_between_signing_and_commit_leaves_a_promise_that_is_kept(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was signed before a crash is published to the leaf, not signed a second time with other leaves."""
    ledger.record(4)
    ledger.sequence()
    ledger.record(3)

    class Crash(Exception):
        pass

    def crash(*_: Any) -> None:
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(sequencing, "_store", crash)
        with pytest.raises(Crash):
            ledger.sequence()
    promised = KeptCheckpoint(ledger.files.checkpoint).read()
    assert promised is not None
    assert (ledger.head().size, promised.size) == (4, 7)
    ledger.restart()
    ledger.record(5)
    ledger.sequence()
    sizes = ledger.as_owner("SELECT size FROM log.checkpoints ORDER BY size")
    assert sizes == [(4,), (7,), (12,)]
    [(root,)] = ledger.as_owner("SELECT root FROM log.checkpoints WHERE size = 7")
    assert bytes(root) == promised.root


def test_a_crash_between_commit_and_the_next_start_loses_nothing(ledger: Ledger) -> None:
    """Where the database is ahead of the file, as where another server signed, the file follows once growth is proved."""
    ledger.record(4)
    ledger.sequence()
    old = ledger.files.checkpoint.read_bytes()
    ledger.record(4)
    ledger.sequence()
    new = ledger.files.checkpoint.read_bytes()
    ledger.files.checkpoint.write_bytes(old)
    ledger.restart()
    ledger.sequence()
    assert ledger.files.checkpoint.read_bytes() == new
    ledger.files.checkpoint.unlink()
    ledger.restart()
    with psycopg.connect(ledger.app_url) as connection:
        assert Sequencer(ledger.files).examine(connection) is None
    assert not ledger.files.checkpoint.exists(), "looking writes nothing"
    ledger.sequence()
    assert ledger.files.checkpoint.read_bytes() == new
    ledger.record(1)
    assert ledger.sequence().size == 9


def test_two_sequencers_make_one_log(ledger: Ledger) -> None:
    """Two servers that believe to lead add each event once."""
    ledger.record(10)
    other = Sequencer(ledger.files, batch=3)
    with psycopg.connect(ledger.app_url) as one, psycopg.connect(ledger.app_url) as two:
        mine = Sequencer(ledger.files, batch=3)
        for _ in range(3):
            mine.step(one)
            other.step(two)
        ledger.record(4)
        other.run(two)
        mine.run(one)
    assert ledger.head().size == 14
    assert ledger.check().deviations == ()


def test_the_key_is_private_and_never_made_anew_where_something_was_signed(ledger: Ledger) -> None:
    """Mode 0600; a lost, foreign or readable key file stops the log in a sentence, and no key is made in its place."""
    ledger.record(2)
    ledger.sequence()
    keys = ledger.files.keys
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    saved = keys.read_text()
    keys.chmod(0o640)
    with pytest.raises(LogKeyError, match="chmod 600"):
        ledger.sequence()
    keys.unlink()
    ledger.record(1)
    with pytest.raises(LogKeyError, match="nothing was made in its place"):
        ledger.sequence()
    ledger.begin()
    assert not keys.exists()
    assert ledger.head().size == 2
    keys.write_text(saved)
    keys.chmod(0o600)
    assert ledger.sequence().size == 3


def test_two_processes_that_begin_a_log_at_once_make_one_key(ledger: Ledger) -> None:
    """Beginning is done once; whoever comes second changes nothing."""
    before = ledger.files.keys.read_text()
    ledger.begin()
    ledger.begin()
    assert ledger.files.keys.read_text() == before
    assert len(epochs(ledger.app_url)) == 1


def test_a_rotated_key_signs_beside_the_old_one_until_that_is_retired(ledger: Ledger) -> None:
    """Whoever trusts either key goes on verifying between the two acts; both acts are on the record."""
    ledger.record(1)
    ledger.sequence()
    old = ledger.policy()
    with pytest.raises(LogActError):
        rotate(ledger.owner_url, ledger.files, "operator", retire=True)
    newest, *_ = rotate(ledger.owner_url, ledger.files, "operator", retire=False)
    ledger.record(1)
    note = ledger.sequence().note
    assert old.open(bytes(note)).checkpoint.size == 2
    assert type(old).of(newest).open(bytes(note)).checkpoint.size == 2
    assert rotate(ledger.owner_url, ledger.files, "operator", retire=True) == [newest]
    ledger.record(1)
    note = ledger.sequence().note
    assert len(SignedNote.parse(bytes(note)).signatures) == 1
    assert type(old).of(newest).open(bytes(note)).checkpoint.size == 3
    acts = ledger.as_owner("SELECT act, operator FROM log.keys ORDER BY recorded_at")
    assert acts == [("ADDED", "registry"), ("ADDED", "operator"), ("RETIRED", "operator")]


def test_a_restored_backup_is_noticed_and_nothing_is_signed(ledger: Ledger) -> None:
    """A database with fewer events than were signed, and one that went on from there, both stop the log until an operator acts."""
    ledger.record(5)
    ledger.sequence()
    backup = dump(ledger, BACKED_UP)
    ledger.record(5)
    ledger.sequence()
    restore(ledger, backup)
    ledger.restart()
    with pytest.raises(LogShrunkError, match="audit log epoch"):
        ledger.sequence()
    ledger.record(5)
    with pytest.raises(LogForkedError, match="audit log epoch"):
        ledger.sequence()
    assert ledger.head().size == 5

    begun = begin_epoch(ledger.owner_url, ledger.files, NAME, "operator", "The disk of the database was lost.")
    assert (begun.epoch, begun.origin, begun.operator) == (2, f"{NAME}/2", "operator")
    ledger.restart()
    assert (ledger.sequence().epoch, ledger.head().size) == (2, 10)
    assert ledger.signed().origin == f"{NAME}/2"
    assert ledger.check().deviations == ()
    [(left,)] = ledger.as_owner("SELECT not_continued FROM log.epochs WHERE epoch = 2")
    assert LogCheckpoint.parse(SignedNote.parse(bytes(left)).text).size == 10


def test_a_database_without_its_log_is_noticed(ledger: Ledger) -> None:
    """Restored to a time before the log was begun, or another one beside the data directory: no second log begins by itself."""
    ledger.record(3)
    ledger.sequence()
    ledger.as_owner(f"TRUNCATE {', '.join(BACKED_UP[1:])}")
    ledger.restart()
    ledger.begin()
    with pytest.raises(LogRefusal, match="audit log epoch"):
        ledger.sequence()
    begin_epoch(ledger.owner_url, ledger.files, NAME, "operator", "The log's tables were lost.")
    ledger.restart()
    assert (ledger.sequence().epoch, ledger.head().size) == (2, 3)


def test_a_database_restored_to_before_an_epoch_is_noticed(ledger: Ledger) -> None:
    """Also where the older database's own log looks whole."""
    ledger.record(3)
    ledger.sequence()
    backup = dump(ledger, BACKED_UP)
    begin_epoch(ledger.owner_url, ledger.files, NAME, "operator", "A drill.", force=True)
    ledger.restart()
    ledger.sequence()
    restore(ledger, backup)
    ledger.restart()
    with pytest.raises(LogRefusal):
        ledger.sequence()


def test_no_epoch_is_begun_where_the_log_can_go_on(ledger: Ledger) -> None:
    """An epoch is an operator's act for a log that cannot be continued, unless they insist."""
    ledger.record(3)
    ledger.sequence()
    with pytest.raises(LogActError, match="can go on"):
        begin_epoch(ledger.owner_url, ledger.files, NAME, "operator", "Just so.")
    assert len(epochs(ledger.app_url)) == 1
    assert begin_epoch(ledger.owner_url, ledger.files, NAME, "operator", "Insisting.", force=True).epoch == 2


def test_a_log_that_was_signed_by_somebody_else_is_refused(ledger: Ledger, tmp_path: Path) -> None:
    """Whoever owns the database and not the key can write tiles and a checkpoint; the log goes on from none of them."""
    ledger.record(6)
    ledger.sequence()
    forger = tmp_path / "forger"
    forger.mkdir()
    [(state,)] = ledger.as_owner("SELECT state FROM registry.events ORDER BY position LIMIT 1")
    ledger.as_owner("UPDATE registry.events SET state = %s WHERE position = 1", bytes(state).replace(b"1", b"2"))
    ledger.as_owner("CREATE TEMP TABLE kept AS SELECT 1")
    files = type(ledger.files)(forger / "log.keys", forger / "log.checkpoint")
    ledger.as_owner(f"TRUNCATE {', '.join(BACKED_UP[1:])}")
    begin_log(ledger.owner_url, files, NAME)
    with psycopg.connect(ledger.app_url) as connection:
        Sequencer(files).run(connection)
    ledger.restart()
    with pytest.raises(LogKeyError):
        ledger.sequence()
    # The forger names the genuine key as the log's, and keeps the signature: the note is not by that key.
    genuine = ledger.files.keys.read_text().split()[0]
    from domain.log.note_keys import SigningKey

    ledger.as_owner("UPDATE log.keys SET vkey = %s", SigningKey.parse(genuine).verifier.vkey)
    with pytest.raises(LogForkedError, match="not signed by this log's key"):
        ledger.sequence()


def test_tiles_that_were_changed_are_not_built_upon(ledger: Ledger) -> None:
    """A step that resumes reads its tiles under the signed root."""
    ledger.record(6)
    ledger.sequence()
    ledger.as_owner("UPDATE log.tiles SET content = set_byte(content, 0, get_byte(content, 0) # 1) WHERE level = 0")
    ledger.restart()
    ledger.record(1)
    with pytest.raises(LogForkedError, match="do not hold what was signed"):
        ledger.sequence()
    assert ledger.head().size == 6


def test_the_application_may_add_to_the_log_and_nothing_more(ledger: Ledger) -> None:
    """UPDATE, DELETE and TRUNCATE are refused, and so are a new epoch and a new key; a partial tile goes only where a full one is."""
    ledger.record(3)
    ledger.sequence()
    tables = ("epochs", "keys", "checkpoints", "cosignatures", "tiles", "leaves", "halts")
    refused = [f"DELETE FROM log.{table}" for table in tables] + [f"TRUNCATE log.{table}" for table in tables]
    refused += ["UPDATE log.checkpoints SET size = 1", "UPDATE log.tiles SET width = 1"]
    refused += ["INSERT INTO log.epochs (epoch, origin, operator, reason) VALUES (2, 'a', 'b', 'c')"]
    refused += ["INSERT INTO log.keys (epoch, vkey, act, operator) VALUES (1, 'a', 'ADDED', 'c')"]
    for statement in refused:
        with psycopg.connect(ledger.app_url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())
    with psycopg.connect(ledger.app_url) as connection:
        connection.execute("SELECT log.drop_partial_tiles(1, '{0}'::smallint[], '{0}'::bigint[])")
    assert ledger.as_owner("SELECT count(*) FROM log.tiles WHERE level = 0") == [(1,)]
