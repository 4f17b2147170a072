"""What commands read before they decide, in one statement of the event store; two where the keys lie in another database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from eventsourcing.persistence import StoredEvent
from psycopg.sql import SQL

from application.ports import Briefing
from infrastructure.postgres.arrays import uuids
from infrastructure.postgres.recorder import EventStreamRecorder
from infrastructure.sealing.directory import HolderDirectory
from infrastructure.sealing.keyring import PostgresKeyring

_COLUMNS: Final = (
    "SELECT catalog_head, officer_known, officer_ref, holder_ref, key_known, wrapped_key, master_key_id,"
    " originator_id, originator_version, topic, state FROM "
)
_SUBMISSION: Final = SQL(_COLUMNS + "registry.before_submission(%b::bytea, %b::uuid, %b::uuid[])")
_DECISION: Final = SQL(_COLUMNS + "registry.before_decision(%b::uuid, %b::text, %b::boolean)")


class StoredBriefings:
    """``application.ports.Briefings`` over the functions of ``migrations/0005_commands.sql``; safe to share by threads."""

    def __init__(self, recorder: EventStreamRecorder, directory: HolderDirectory, keyring: PostgresKeyring) -> None:
        self._recorder, self._directory, self._keyring = recorder, directory, keyring

    def submission(self, id_type: str, id_number: str, streams: Sequence[UUID]) -> Briefing:
        """See ``Briefings``."""
        identity, known = self._directory.identity_in_form(id_type, id_number), None
        if self._directory.apart:
            identity, known = b"", self._directory.find(id_type, id_number)
        return self._briefing(_SUBMISSION, (identity, known, uuids(list(streams))), frozenset(streams))

    def decision(self, case_id: UUID, officer: str | None, *, with_claim: bool) -> Briefing:
        """See ``Briefings``."""
        if officer is None or not self._directory.apart:
            return self._briefing(_DECISION, (case_id, officer, with_claim), frozenset([case_id]))
        known = self._directory.officer(officer)
        return self._briefing(_DECISION, (case_id, None, with_claim), frozenset([case_id]), known)

    def _briefing(
        self,
        statement: SQL,
        params: Sequence[Any],
        asked: frozenset[UUID],
        officer: tuple[bool, UUID | None] | None = None,
    ) -> Briefing:
        asked_at = self._keyring.now()
        head, *events = self._recorder.read(statement, params)
        catalog_head, officer_known, officer_ref, holder_ref, key_known, wrapped_key, master_key_id, *_ = head
        if key_known:
            self._keyring.offer(holder_ref, wrapped_key, master_key_id, asked_at)
        streams: dict[UUID, list[StoredEvent]] = {}
        for *_, stream, version, topic, state in events:
            streams.setdefault(stream, []).append(StoredEvent(stream, version, topic, state))
        return Briefing(catalog_head, holder_ref, officer or (bool(officer_known), officer_ref), streams, asked)
