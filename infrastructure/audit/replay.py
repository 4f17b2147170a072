"""One stream replayed with its seals opened, as guards need it: which rules allowed each event, and which it does not keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from eventsourcing.persistence import StoredEvent

from application.replay_audit import Replay, Violation, allowed_by
from domain.case.case import RecognitionCase
from domain.guards import Guard
from infrastructure.audit.check import Audited
from infrastructure.audit.streams import rows_of_streams


@dataclass(frozen=True, slots=True)
class Judged:
    """An event by the rules of the live command: those that allowed it, and what it breaks."""

    allowed: tuple[Guard, ...]
    violations: tuple[Violation, ...]


def judged(audited: Audited, case: UUID, until: int = 2**63 - 1) -> Mapping[int, Judged]:
    """The events of a case up to a position, by version; none from the first on that cannot follow. Raises ``StoredEventError``."""
    known, found = audited.known(), dict[int, Judged]()
    with psycopg.connect(audited.url, autocommit=True) as connection:
        rows = list(rows_of_streams(connection, [case], until))
    audited.mapper.warm([row.state for row in rows])
    replay: Any = Replay(RecognitionCase, known)
    for row in rows:
        event = audited.mapper.to_domain_event(StoredEvent(row.stream_id, row.version, row.topic, row.state))
        allowed = tuple(allowed_by(RecognitionCase, event, replay.state, known)) if not replay.broken else ()
        found[row.version] = Judged(allowed, tuple(replay.take(event)))
        if replay.broken:
            break
    return found
