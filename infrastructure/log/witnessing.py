"""Asking witnesses to confirm the log: a process beside the sequencer, so that a slow witness delays no checkpoint.

A confirmation is believed for its signature. Where a witness says that it has confirmed more of the log than the database holds, the
log was probably rolled back together with its data directory: that is recorded, and the sequencer signs no further until an operator
has decided.
"""

from __future__ import annotations

import contextlib
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, Final, Self

from psycopg_pool import ConnectionPool

from domain.log.log_errors import NoteError
from domain.log.note_keys import NoteSignature, VerifierKey
from domain.log.signed_note import SignedNote
from domain.log.tile_reader import TileReader
from domain.log.witnessing import AddCheckpoint, seen_size
from domain.messages import Message, tell
from infrastructure.locks import WITNESSING
from infrastructure.log.tables import Head, TransactionTiles, read_epoch, read_head
from infrastructure.postgres.recorder import CHANNEL
from infrastructure.processes import Process, StandsStill

NAME: Final = "witnessing"
PACE_SECONDS: Final = 2.0
IDLE_SECONDS: Final = 10.0
PATIENCE: Final = 5.0
"""Seconds a witness has for its answer."""
_MOST_ANSWER: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class WitnessAddress:
    """A witness that is asked: its verifier key, and where."""

    key: VerifierKey
    url: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """``<verifier key>@<address>``. Raises ``NoteError`` for a malformed key."""
        vkey, _, rest = text.rpartition("@http")
        return cls(VerifierKey.parse(vkey), f"http{rest}".rstrip("/"))


class Witnessing:
    """Has the latest checkpoint confirmed by every witness, over connections with the application's rights."""

    def __init__(self, pool: ConnectionPool[Any], witnesses: Sequence[WitnessAddress]) -> None:
        self._pool = pool
        self._witnesses = witnesses
        self._seen: dict[str, int] = {}

    def step(self) -> bool:
        """Ask every witness that has not confirmed the latest checkpoint. Raises ``StandsStill`` for one that does not."""
        with self._pool.connection() as connection:
            found = read_epoch(connection)
            head = read_head(connection, found[0]) if found else None
            if head is None:
                return False
            done = {
                vkey
                for (vkey,) in connection.execute(
                    "SELECT witness FROM log.cosignatures WHERE epoch = %s AND size = %s", [head.epoch, head.size]
                )
            }
        troubles = [
            trouble
            for witness in self._witnesses
            if witness.key.vkey not in done and (trouble := self._ask(witness, head)) is not None
        ]
        if troubles:
            raise StandsStill(tell("trouble.witnesses", troubles=troubles))
        return False

    def _ask(self, witness: WitnessAddress, head: Head) -> Message | None:
        """Have one witness confirm a head; what is in the way, in words, where something is."""
        note = SignedNote.parse(bytes(head.note))
        old = self._seen.get(witness.key.vkey, 0)
        for _ in range(2):  # once from where it is believed to be, once from where it says it is
            old = min(old, head.size)
            status, body = _post(witness, AddCheckpoint(old, self._proof(head, old), note))
            if status == 200:
                return self._keep(witness, head, note, body)
            seen = seen_size(body) if status == 409 else None
            if seen is None:
                answer = str(status) if status else tell("trouble.nothing")
                return tell("trouble.witness_answered", name=witness.key.name, answer=answer)
            if seen > head.size or seen == old == head.size:
                return self._halt(witness, head, seen)
            old = seen
        return tell("trouble.witness_undecided", name=witness.key.name)

    def _proof(self, head: Head, old: int) -> tuple[bytes, ...]:
        with self._pool.connection() as connection:
            reader = TileReader(TransactionTiles(connection, head.epoch), head.size, bytes(head.root))
            return tuple(reader.consistency_proof(old))

    def _keep(self, witness: WitnessAddress, head: Head, note: SignedNote, body: bytes) -> Message | None:
        for line in body.decode("utf-8", errors="replace").splitlines():
            try:
                signature = NoteSignature.parse(line)
            except NoteError:
                continue
            if witness.key.verifies(note.text, signature):
                with self._pool.connection() as connection:
                    connection.execute(
                        "INSERT INTO log.cosignatures (epoch, size, witness, line) VALUES (%s, %s, %s, %s)"
                        " ON CONFLICT DO NOTHING",
                        [head.epoch, head.size, witness.key.vkey, signature.line],
                    )
                self._seen[witness.key.vkey] = head.size
                return None
        return tell("trouble.witness_unsigned", name=witness.key.name)

    def _halt(self, witness: WitnessAddress, head: Head, seen: int) -> Message | None:
        """Record that a witness knows another log than the database, unless the database has come so far meanwhile."""
        with self._pool.connection() as connection:
            now = read_head(connection, head.epoch)
            if now is not None and head.size < seen <= now.size:
                return None  # the next step asks about that one
            reason = tell(
                "trouble.witness_confirmed_tree_leaves_not_databases", name=witness.key.name, seen=seen, size=head.size
            )
            connection.execute(
                "INSERT INTO log.halts (epoch, reason) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                [head.epoch, str(reason)],
            )
        return reason

    def before_signing(self) -> None:
        """Ask each witness where it is before the first checkpoint is signed; one that does not answer delays nothing."""
        with contextlib.suppress(StandsStill):
            self.step()


def open_witnessing(pool: ConnectionPool[Any], witnesses: Sequence[str]) -> Witnessing:
    """What asks these witnesses, each ``<verifier key>@<address>``. Raises ``NoteError``."""
    return Witnessing(pool, [WitnessAddress.parse(each) for each in witnesses])


def witnessing_process(witnessing: Witnessing) -> Process:
    """Checkpoints confirmed as they are published."""

    def step(_stopping: Callable[[], bool]) -> bool:
        return witnessing.step()

    return Process(NAME, WITNESSING, step, CHANNEL, IDLE_SECONDS, PACE_SECONDS)


def _post(witness: WitnessAddress, request: AddCheckpoint) -> tuple[int, bytes]:
    """What a witness answers; status 0 where it does not."""
    post = urllib.request.Request(f"{witness.url}/add-checkpoint", request.serialise(), method="POST")  # noqa: S310 - the operator's setting
    try:
        with urllib.request.urlopen(post, timeout=PATIENCE) as response:  # noqa: S310 - likewise
            return response.status, response.read(_MOST_ANSWER)
    except urllib.error.HTTPError as error:
        return error.code, error.read(_MOST_ANSWER)
    except (OSError, ValueError, HTTPException):
        return 0, b""
