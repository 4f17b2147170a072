"""A second department's witness confirms what grows and nothing else; what it saw stops a log that was rolled back whole."""

from __future__ import annotations

import contextlib
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg_pool import ConnectionPool

from console.serving import served
from console.witness_app import witness_app
from domain.log.checkpoint import LogCheckpoint, TrustPolicy
from domain.log.log_errors import CheckpointError, NoteError
from domain.log.tile_reader import TileReader
from domain.log.witnessing import AddCheckpoint
from infrastructure.log.epochs import resume
from infrastructure.log.errors import LogActError, LogHaltedError, LogKeyError
from infrastructure.log.keys import load_keys
from infrastructure.log.reading import with_cosignatures
from infrastructure.log.tables import TransactionTiles
from infrastructure.log.witness import Witness
from infrastructure.log.witnessing import Witnessing, open_witnessing
from infrastructure.processes import StandsStill
from tests.transparency.conftest import BACKED_UP, Ledger, dump, restore

NOW = 1_795_000_000
NAME = "witness.example.org/w1"


@pytest.fixture
def witness(ledger: Ledger, tmp_path: Path) -> Witness:
    """A witness that knows the ledger's log."""
    folder = tmp_path / "witness"
    folder.mkdir()
    return Witness(folder, NAME, [key.verifier.vkey for key in load_keys(ledger.files.keys)], lambda: NOW)


@pytest.fixture
def asking(ledger: Ledger, witness: Witness) -> Iterator[Witnessing]:
    """The log's side, asking that witness over HTTP."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        served(witness_app(witness), listener),
        ConnectionPool(ledger.app_url, min_size=1, open=True) as pool,
    ):
        address = f"{witness.key.verifier.vkey}@http://127.0.0.1:{listener.getsockname()[1]}"
        yield open_witnessing(pool, [address])


def request(ledger: Ledger, old: int, **changes: Any) -> AddCheckpoint:
    head = ledger.head()
    with psycopg.connect(ledger.app_url) as connection:
        reader = TileReader(TransactionTiles(connection, head.epoch), head.size, bytes(head.root))
        proof = tuple(reader.consistency_proof(old)) if old <= head.size else ()
    from domain.log.signed_note import SignedNote

    return AddCheckpoint(**{"old_size": old, "proof": proof, "note": SignedNote.parse(bytes(head.note))} | changes)


def published(ledger: Ledger) -> bytes:
    rows = ledger.as_owner("SELECT line FROM log.cosignatures WHERE size = %s", ledger.head().size)
    return with_cosignatures(bytes(ledger.head().note), [line for (line,) in rows])


def test_a_witness_confirms_each_checkpoint_over_http(ledger: Ledger, witness: Witness, asking: Witnessing) -> None:
    """From the first on, by their growth; the published note satisfies a policy that asks for the witness."""
    policy = TrustPolicy.of(*[key.verifier.vkey for key in load_keys(ledger.files.keys)], witness.key.verifier.vkey)
    for count in (3, 5, 300):
        ledger.record(count)
        ledger.sequence()
        asking.step()
        trusted = policy.open(published(ledger))
        assert trusted.checkpoint == ledger.signed()
        assert [each.timestamp for each in trusted.cosignatures] == [NOW]
    asking.step()
    assert ledger.as_owner("SELECT count(*) FROM log.cosignatures") == [(3,)]
    seen = witness.seen(ledger.signed().origin)
    assert seen == ledger.signed()


def test_a_witness_says_why_it_does_not_confirm(ledger: Ledger, witness: Witness, tmp_path: Path) -> None:
    """The status codes of C2SP tlog-witness: 400, 403, 404, 409 with its size, 422; and nothing is kept."""
    ledger.record(4)
    ledger.sequence()
    good = request(ledger, 0)
    assert witness.add_checkpoint(b"nonsense").status == 400
    assert witness.add_checkpoint(request(ledger, 5).serialise()).status == 400
    assert witness.add_checkpoint(request(ledger, 0, proof=(bytes(32),)).serialise()).status == 422
    stranger = Witness(tmp_path / "witness", NAME, [], lambda: NOW)
    assert stranger.add_checkpoint(good.serialise()).status == 404
    origin = ledger.signed().origin
    from domain.log.note_keys import SigningKey

    forged = LogCheckpoint(origin, 4, bytes(32)).signed(SigningKey(origin, bytes(32)))
    assert witness.add_checkpoint(request(ledger, 0, note=forged).serialise()).status == 403
    assert witness.seen(origin) is None
    assert witness.add_checkpoint(good.serialise()).status == 200
    answer = witness.add_checkpoint(good.serialise())
    assert (answer.status, answer.body, answer.media_type) == (409, b"4\n", "text/x.tlog.size")
    again = witness.add_checkpoint(request(ledger, 4).serialise())
    assert again.status == 200, "the same checkpoint is confirmed anew"
    [key] = load_keys(ledger.files.keys)
    other = LogCheckpoint(origin, 4, bytes(32)).signed(key)
    assert witness.add_checkpoint(request(ledger, 4, note=other).serialise()).status == 409
    ledger.record(3)
    ledger.sequence()
    assert witness.add_checkpoint(request(ledger, 4, proof=(bytes(32),) * 3).serialise()).status == 422
    assert witness.seen(origin) is not None
    assert witness.seen(origin).size == 4  # type: ignore[union-attr]


def test_a_log_rolled_back_with_its_data_directory_is_stopped_by_its_witness(
    ledger: Ledger, asking: Witnessing, tmp_path: Path
) -> None:
    """Before anything is signed on the older state; an operator decides, on the record."""
    ledger.record(5)
    ledger.sequence()
    asking.step()
    backup, saved = dump(ledger, BACKED_UP), tmp_path / "saved"
    shutil.copy(ledger.files.checkpoint, saved)
    ledger.record(5)
    ledger.sequence()
    asking.step()
    restore(ledger, backup)
    shutil.copy(saved, ledger.files.checkpoint)
    ledger.restart()
    ledger.record(1)
    # The cosignature of the older checkpoint came back with the backup; a new server asks about the next, or at its start.
    ledger.as_owner("TRUNCATE log.cosignatures")
    asking.before_signing()
    with pytest.raises(LogHaltedError, match="10 leaves"):
        ledger.sequence()
    assert ledger.head().size == 5
    with pytest.raises(StandsStill):
        asking.step()
    assert resume(ledger.owner_url, "operator") == 1
    assert ledger.as_owner("SELECT lifted_by FROM log.halts") == [("operator",)]
    assert ledger.sequence().size == 6
    with pytest.raises(LogActError):
        resume(ledger.owner_url, "operator")


def test_a_witness_that_does_not_answer_stops_no_log(ledger: Ledger, witness: Witness) -> None:
    """It is said, and the log goes on."""
    ledger.record(2)
    ledger.sequence()
    with ConnectionPool(ledger.app_url, min_size=1, open=True) as pool:
        away = open_witnessing(pool, [f"{witness.key.verifier.vkey}@http://127.0.0.1:1"])
        with pytest.raises(StandsStill, match="answered nothing"):
            away.step()
        away.before_signing()
    ledger.record(1)
    assert ledger.sequence().size == 3


def test_one_process_a_folder(witness: Witness, tmp_path: Path) -> None:
    """Two that confirm from one folder could confirm two histories; a key of another name is not used."""
    with witness.alone(), pytest.raises(LogActError, match="Another witness"), witness.alone():
        pass
    with contextlib.ExitStack() as stack:
        stack.enter_context(witness.alone())
    with pytest.raises(LogKeyError, match=NAME):
        Witness(tmp_path / "witness", "witness.example.org/other", [], lambda: NOW)


@pytest.mark.parametrize(
    "body", [b"", b"old 01\n\n", b"old -1\n\nx", b"old 1\nAA\n\nx", b"old 1\n\nno note", b"old 1\r\n\r\n"]
)
def test_a_malformed_request_is_refused(body: bytes) -> None:
    """One spelling, as with every file of the log."""
    with pytest.raises((CheckpointError, NoteError)):
        AddCheckpoint.parse(body)


def test_a_request_has_one_form(ledger: Ledger) -> None:
    """What is parsed is written back byte for byte."""
    ledger.record(7)
    ledger.sequence()
    body = request(ledger, 3).serialise()
    assert AddCheckpoint.parse(body).serialise() == body
