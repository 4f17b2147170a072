"""Whether the database still holds what this process knows to be recorded.

A server that takes over may lack events that were acknowledged, where it did not confirm them; a backup may have been restored under a
running registry. Positions are then given out twice, and what processes keep is of a history that is none. So the last event that was
seen, and each that this process recorded since, is looked for again and again. Where one is gone, or is another, that is put on the
record as a halt of the transparency log, which every process on every host heeds: nothing is recorded or signed, no process is ready, and
what they keep is forgotten, until an operator who knows what happened lifts it (``recognition audit log resume``). A take-over without
loss, which is another timeline of PostgreSQL's, makes them forget what they keep and go on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import psycopg

from domain.messages import Message, tell

log = logging.getLogger(__name__)

Mark = tuple[int, str, int]
"""An event by its position, stream and version."""
_LOOK: Final = (
    "SELECT pg_walfile_name(pg_current_wal_lsn()), (SELECT max(epoch) FROM log.epochs),"
    " (SELECT reason FROM log.halts WHERE epoch = (SELECT max(epoch) FROM log.epochs) AND rewound AND lifted_at IS NULL"
    " ORDER BY noticed_at LIMIT 1)"
)
_EVENTS: Final = (
    "SELECT position, originator_id::text, originator_version FROM registry.events"
    " WHERE position = ANY(%s) OR position = (SELECT max(position) FROM registry.events)"
)
_HALT: Final = "INSERT INTO log.halts (epoch, reason, rewound) VALUES (%s, %s, true) ON CONFLICT DO NOTHING"


class Acknowledging(Protocol):
    """What records events: it tells which it has acknowledged, and stops where it is told to."""

    rewound: bool
    """Whether nothing may be recorded."""

    def acknowledged(self) -> Sequence[Mark]:
        """Events that were recorded since this was asked last."""


class RewindWatch:
    """Looks, each time it is told to, over a connection to the primary; ``forget`` drops what is kept."""

    def __init__(self, recorder: Acknowledging, forget: Callable[[], None] = lambda: None) -> None:
        self.trouble: Message | None = None
        """Why nothing is recorded; None while all is well."""
        self.forget = forget
        self._recorder = recorder
        self._known: dict[int, Mark] = {}
        self._timeline = ""

    def look(self, connection: psycopg.Connection[Any]) -> None:
        """Look once. A database that follows another, as one that is about to take over, tells nothing."""
        self._known |= {each[0]: each for each in self._recorder.acknowledged()}
        file, epoch, reason = connection.execute(_LOOK).fetchone() or ("", None, None)
        found = {row[0]: tuple(row) for row in connection.execute(_EVENTS, [list(self._known)]).fetchall()}
        if self.trouble is not None:
            if reason is None:
                self._go_on()
            return
        gone = next((each for position, each in sorted(self._known.items()) if found.get(position) != each), None)
        if gone is not None and reason is None and epoch is not None:
            at = datetime.now(UTC).isoformat(timespec="milliseconds")
            reason = str(tell("rewind.halted", position=gone[0], at=at))
            connection.execute(_HALT, [epoch, reason])
        if gone is not None or reason is not None:
            self._stop(gone)
            return
        head = max(found.values(), default=None)
        self._known = {} if head is None else {head[0]: (head[0], head[1], head[2])}
        if self._timeline not in {"", file[:8]}:
            log.warning("Another PostgreSQL leads (timeline %s); nothing that was known is gone.", file[:8])
            self.forget()
        self._timeline = file[:8]

    def _stop(self, gone: Mark | None) -> None:
        self._recorder.rewound = True
        self.trouble = tell("rewind.not_ready")
        if gone is None:
            log.error("Another process found that events are gone: nothing is recorded until an operator decides.")
        else:
            log.error("The event at position %s is gone: nothing is recorded until an operator decides.", gone[0])
        self.forget()

    def _go_on(self) -> None:
        log.warning("An operator has lifted the halt: what the database holds is the registry.")
        self._known, self._timeline = {}, ""
        self._recorder.acknowledged()
        self.forget()
        self.trouble, self._recorder.rewound = None, False
