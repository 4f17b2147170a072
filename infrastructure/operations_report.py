"""How the registry runs, asked of its tables and of the keys' file: ``application.operations.OperationsReport``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg_pool import ConnectionPool

from application.holders import final_by
from application.operations import (
    AttestationKeyState,
    AttestationKeyView,
    LogView,
    MasterKeyState,
    MasterKeyView,
    OperationsView,
    ReadModelView,
    WitnessView,
)
from application.projections.all import PROJECTIONS
from domain.log.note_keys import VerifierKey, to_base64
from infrastructure.attestation.keys import listed_over
from infrastructure.figures import Figures, figures
from infrastructure.log.tables import read_epoch, read_head
from infrastructure.maintenance import PostgresMaintenance
from infrastructure.postgres.database import Database
from infrastructure.postgres.pools import read_over
from infrastructure.projections.positions import ProjectionStatus, status_over
from infrastructure.sealing.master import ExistingMasterKeys
from infrastructure.sealing.rotation import count_keys, unfinished_erasures

_SIGNED_AT: Final = "SELECT published_at FROM log.checkpoints WHERE epoch = %s AND size = %s"
_CONFIRMED: Final = "SELECT DISTINCT ON (witness) witness, size, received_at FROM log.cosignatures WHERE epoch = %s ORDER BY witness, size DESC"


class StoredOperations:
    """See ``OperationsReport``."""

    def __init__(
        self,
        database: Database,
        keys: ConnectionPool[Any],
        master: Path,
        witnesses: tuple[VerifierKey, ...],
        maintenance: PostgresMaintenance,
    ) -> None:
        """``keys`` leads to the database of holders' keys, ``master`` to the file of the keys that wrap them."""
        self._database, self._keys, self._master = database, keys, master
        self._witnesses, self._maintenance = witnesses, maintenance

    def now(self) -> OperationsView:
        """See ``OperationsReport``. Blocks."""
        read_models, found, log, attesting = read_over(self._database.pool, self._over)
        master = ExistingMasterKeys(self._master).now()
        wrapped = {each.master_key_id: each.keys for each in count_keys(self._keys)}
        unfinished = unfinished_erasures(self._keys, master)
        return OperationsView(
            read_models=read_models,
            log=log,
            master_keys=tuple(
                MasterKeyView(
                    id=each,
                    wraps=wrapped.get(each, 0),
                    state=_state_of(each, master.current_id, known=each in master.keys),
                )
                for each in dict.fromkeys([*master.keys, *filter(None, wrapped)])
            ),
            destroyed_keys=wrapped.get(None, 0),
            unfinished_erasure_since=unfinished,
            erasures_final_by=final_by(unfinished) if unfinished else None,
            attestation_keys=attesting,
            deadlines_missed=found.deadlines_missed,
            audit_findings=found.audit_findings,
            last_backup_at=found.last_backup,
            maintenance=self._maintenance.latest(),
        )

    def _over(
        self, connection: psycopg.Connection[Any]
    ) -> tuple[tuple[ReadModelView, ...], Figures, LogView | None, tuple[AttestationKeyView, ...]]:
        read_models = tuple(_read_model(status_over(connection, each)) for each in PROJECTIONS)
        found = figures(connection)
        attesting = tuple(
            AttestationKeyView(kid=each.kid, state=AttestationKeyState(each.state.upper()), added_at=each.added_at)
            for each in listed_over(connection)
        )
        return read_models, found, self._log(connection, found), attesting

    def _log(self, connection: psycopg.Connection[Any], found: Figures) -> LogView | None:
        begun = read_epoch(connection)
        head = read_head(connection, begun[0]) if begun else None
        if begun is None or head is None:
            return None
        [(signed_at,)] = connection.execute(_SIGNED_AT, [head.epoch, head.size]).fetchall()
        confirmed: dict[str, tuple[int, datetime]] = {
            vkey: (size, at) for vkey, size, at in connection.execute(_CONFIRMED, [head.epoch])
        }
        names = {each.vkey: each.name for each in self._witnesses}
        names |= {each: VerifierKey.parse(each).name for each in confirmed if each not in names}
        return LogView(
            origin=begun[1],
            epoch=head.epoch,
            size=head.size,
            root_hash=to_base64(bytes(head.root)),
            signed_at=signed_at,
            waiting=found.log_waiting,
            waiting_since=found.log_waiting_since,
            witnesses=tuple(
                WitnessView(
                    name=name,
                    size=confirmed[vkey][0] if vkey in confirmed else None,
                    confirmed_at=confirmed[vkey][1] if vkey in confirmed else None,
                )
                for vkey, name in names.items()
            ),
        )


def _read_model(status: ProjectionStatus) -> ReadModelView:
    return ReadModelView(
        name=status.name,
        position=status.position,
        lag_events=status.lag_events,
        rebuild_due=status.rebuild_due,
        last_error=status.last_error,
    )


def _state_of(key: str, current: str, *, known: bool) -> MasterKeyState:
    if key == current:
        return MasterKeyState.CURRENT
    return MasterKeyState.OLD if known else MasterKeyState.MISSING
