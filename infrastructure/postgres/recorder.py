"""Adds events to the event table and reads them back: the library's recorder on the registry's own table.

What the library calls a notification id is the position here: 1, 2, 3, … in commit order, with gaps. A reader that has
seen position n has seen every event below it, for good: the table's trigger (see `migrations/0001_event_store.sql`) holds
one lock from before a position is drawn until its transaction is visible.
"""

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from eventsourcing.persistence import (
    IntegrityError,
    InterfaceError,
    Notification,
    NotSupportedError,
    OperationalError,
    PersistenceError,
    StoredEvent,
)
from eventsourcing.postgres import (
    PostgresAggregateRecorder,
    PostgresApplicationRecorder,
    PostgresDatastore,
    PostgresSubscription,
)
from psycopg.errors import CheckViolation
from psycopg.sql import SQL, Composed, Identifier

from application.journal import KeyOutdated, Overtaken
from application.ports import Enrolment
from domain.messages import tell

from .arrays import byteas, instants, int4s, int8s, texts, uuids
from .datastore import RegistryDatastore
from .errors import HistoryRewoundError
from .free_space import FreeSpace
from .group_commit import GroupCommit, Save
from .sqlstates import connection_was_lost

CHANNEL = "registry_events"
_MOST_ACKNOWLEDGED: Final = 1_000
_DROPPED = "was dropped"
"""In what the table of keys says where the master key that wraps a new one is a dropped one."""
APPEND = SQL(
    "SELECT refused, positions FROM registry.append(%b::int4[], %b::uuid[], %b::int8[]::int4[], %b::text[], %b::bytea[],"
    " %b::timestamptz[], %b::text[], %b::text[], %b::text[], %b::text[])"
)
APPEND_ENTERING = SQL(
    "SELECT refused, positions, overtaken FROM registry.append_entering(%b::int4[], %b::uuid[], %b::int8[]::int4[], %b::text[],"
    " %b::bytea[], %b::timestamptz[], %b::text[], %b::text[], %b::text[], %b::text[],"
    " %b::int4[], %b::bytea[], %b::uuid[], %b::uuid[], %b::int4[], %b::uuid[], %b::bytea[], %b::text[])"
)
EVENT = SQL("SELECT originator_id, originator_version, topic, state FROM registry.events WHERE originator_id = %s")
EVENTS_OF = SQL(
    "SELECT originator_id, originator_version, topic, state FROM registry.events WHERE originator_id = ANY(%s)"
    " ORDER BY originator_id, originator_version"
)
NOTIFICATION = SQL("SELECT position, originator_id, originator_version, topic, state FROM registry.events WHERE true")
TAIL = SQL(
    "SELECT position, originator_id, originator_version, topic, state FROM registry.events"
    " WHERE position > %s ORDER BY position LIMIT %s"
)
LAST_POSITION = SQL("SELECT max(position) FROM registry.events")


ENVELOPE: Final = ("recorded_at", "actor_subject", "actor_role", "actor_authority", "client")
"""Columns of the event table that repeat what an event's state says of its recording."""


@dataclass(frozen=True)
class EnvelopedEvent(StoredEvent):
    """A stored event with its envelope beside the state, so that the table can be asked for it."""

    recorded_at: datetime
    actor_subject: str
    actor_role: str
    actor_authority: str | None
    client: str | None


class TailedEvent(NamedTuple):
    """A stored event as a projection reads it."""

    position: int
    stream_id: UUID
    version: int
    topic: str
    state: bytes


@dataclass(slots=True)
class Appends:
    """What a recorder has stored since it was made: commits, saves and events in them, and the seconds that the commits took."""

    commits: int = 0
    saves: int = 0
    events: int = 0
    seconds: float = 0.0


class EventStreamRecorder(PostgresAggregateRecorder):
    """Streams by id and version, for readers and writers that don't care about positions."""

    def __init__(
        self, datastore: PostgresDatastore, *, events_table_name: str = "events", space: FreeSpace | None = None
    ) -> None:
        """Take the connections; the table is the migrations' (`registry.events`), whatever name is given.

        ``space`` is asked before each save whether there is room for it.
        """
        super().__init__(datastore, events_table_name=events_table_name)
        if not isinstance(datastore, RegistryDatastore):
            raise TypeError("The registry's recorder works on the registry's datastore.")
        self._registry = datastore
        self._group_commit = GroupCommit(self._commit_group)
        self._space = space
        self.appends = Appends()
        self.rewound = False
        """Whether the database lacks what was recorded, so that nothing may be (see ``infrastructure.rewinds``)."""
        self._acknowledged: deque[tuple[int, str, int]] = deque(maxlen=_MOST_ACKNOWLEDGED)

    def acknowledged(self) -> list[tuple[int, str, int]]:
        """The last event of each save since this was asked last, by position, stream and version; the latest of very many."""
        found = []
        while self._acknowledged:
            found.append(self._acknowledged.popleft())
        return found

    def _require_history(self) -> None:
        if self.rewound:
            raise HistoryRewoundError(tell("rewind.not_ready"))

    def create_table(self) -> None:
        """Do nothing: tables are made by migrations, under the owner's role, which the application doesn't have."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """Add the events of one save, all or nothing; see `GroupCommit.submit` for what it raises."""
        self._append(stored_events, kwargs)
        return None

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """The events of a stream with versions in (gt, lte], ascending unless `desc`, at most `limit`."""
        statement: Composed = EVENT + SQL("")
        params: list[Any] = [originator_id]
        if gt is not None:
            statement += SQL(" AND originator_version > %s")
            params.append(gt)
        if lte is not None:
            statement += SQL(" AND originator_version <= %s")
            params.append(lte)
        statement += SQL(" ORDER BY originator_version DESC" if desc else " ORDER BY originator_version")
        if limit is not None:
            statement += SQL(" LIMIT %s")
            params.append(limit)
        return [StoredEvent(*row) for row in self.read(statement, params)]

    def select_streams(self, originator_ids: Sequence[UUID]) -> Sequence[StoredEvent]:
        """The events of several streams, each stream's in order, by one statement."""
        return [StoredEvent(*row) for row in self.read(EVENTS_OF, [list(originator_ids)])]

    def read(self, statement: SQL | Composed, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a prepared statement that only reads.

        Reading again is harmless, so a read whose connection was lost is tried once more; a save never is.
        """
        try:
            return self._rows(statement, params)
        except PersistenceError as error:
            if not connection_was_lost(error):
                raise
        return self._rows(statement, params)

    def _rows(self, statement: SQL | Composed, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._registry.rows(statement, params)

    def _saved(self, statement: SQL | Composed, params: Sequence[Any]) -> list[tuple[Any, ...]]:
        return self._registry.rows(statement, params, saves=True)

    def _append(self, stored_events: Sequence[StoredEvent], kwargs: dict[str, Any]) -> list[int]:
        enrolment: Enrolment | None = kwargs.pop("enrolment", None)
        others = sorted(name for name, value in kwargs.items() if value is not None)
        if others:
            raise NotSupportedError(f"Events are stored alone: {', '.join(others)} would not be stored with them.")
        if not stored_events:
            return []
        self._require_history()
        if self._space is not None:
            self._space.require()
        return self._group_commit.submit(stored_events, enrolment)

    def insert_together(self, saves: Sequence[tuple[Sequence[StoredEvent], Enrolment | None]]) -> list[bool]:
        """Store several saves in one transaction, each whole or not at all; which of them were.

        No two may be about one stream, or bring the same digest. A save whose place is taken, or whose enrolment is out of date, stores
        nothing; any other error is raised, and nobody knows what of the rest was stored.
        """
        self._require_history()
        if self._space is not None:
            self._space.require()
        group = [Save(events, enrolment) for events, enrolment in saves]
        if group:
            self._commit_group(group)
        for each in group:
            if each.error is not None and not isinstance(each.error, IntegrityError):
                raise each.error
        return [each.error is None for each in group]

    def _commit_group(self, group: Sequence[Save]) -> None:
        """Store a group of saves in one transaction; a save that can't be stored fails alone.

        A taken place is found out by the statement itself. Anything else the server or the driver refuses (a text with
        a zero byte, a version that doesn't fit) undoes the whole statement, so then each save is tried by itself. A lost
        connection is no refusal: nobody knows what was committed, so nothing is tried again.
        """
        try:
            self._store(group)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            if len(group) == 1:
                raise
            for save in group:
                try:
                    self._store([save])
                except (OperationalError, InterfaceError):
                    raise
                except Exception as error:  # noqa: BLE001 - this saver's own error, raised in its own thread
                    save.error = error

    def _store(self, group: Sequence[Save]) -> None:
        events = [event for save in group for event in save.events]
        params = (
            int4s([number for number, save in enumerate(group) for _ in save.events]),
            uuids([event.originator_id for event in events]),
            int8s([event.originator_version for event in events]),
            texts([event.topic for event in events]),
            byteas([event.state for event in events]),
            instants([getattr(event, "recorded_at", None) for event in events]),
            *(texts([getattr(event, column, None) for event in events]) for column in ENVELOPE[1:]),
        )
        begun = time.perf_counter()
        refused, positions, overtaken = self._stored(params, group)
        self._count(len(group) - len({*refused, *overtaken}), len(positions), time.perf_counter() - begun)
        drawn = iter(positions)
        for number, save in enumerate(group):
            if number in overtaken:
                save.error = Overtaken("The person is known under another reference by now; nothing was stored.")
            elif number in refused:
                save.error = IntegrityError(
                    f"Somebody else has stored {_places(save)} meanwhile, so nothing of this save was stored; load again."
                )
            else:
                save.positions = [next(drawn) for _ in save.events]
                last = save.events[-1]
                self._acknowledged.append((save.positions[-1], str(last.originator_id), last.originator_version))

    def _count(self, saves: int, events: int, seconds: float) -> None:
        done = self.appends  # one thread commits at a time
        done.commits += 1
        done.saves += saves
        done.events += events
        done.seconds += seconds

    def _stored(self, params: tuple[Any, ...], group: Sequence[Save]) -> tuple[list[int], list[int], list[int]]:
        entered = [(number, save.enrolment) for number, save in enumerate(group) if save.enrolment is not None]
        if not entered:
            [(refused, positions)] = self._saved(APPEND, params)
            return refused, positions, []
        digests = [(number, each.holder_ref, *digest) for number, each in entered for digest in each.digests]
        keys = [(number, each.key) for number, each in entered if each.key is not None]
        try:
            [(refused, positions, overtaken)] = self._saved(
                APPEND_ENTERING,
                (
                    *params,
                    int4s([number for number, _, _, _ in digests]),
                    byteas([digest for _, _, digest, _ in digests]),
                    uuids([case for _, _, _, case in digests]),
                    uuids([ref for _, ref, _, _ in digests]),
                    int4s([number for number, _ in keys]),
                    uuids([key.holder_ref for _, key in keys]),
                    byteas([key.wrapped for _, key in keys]),
                    texts([key.master_key_id for _, key in keys]),
                ),
            )
        except IntegrityError as error:
            if keys and isinstance(error.__cause__, CheckViolation) and _DROPPED in str(error):
                raise KeyOutdated("The master key was dropped meanwhile; nothing was stored.") from error
            raise
        return refused, positions, overtaken


class EventRecorder(EventStreamRecorder, PostgresApplicationRecorder):
    """The library's application recorder on the registry's event table: streams, positions, and tailing."""

    def __init__(
        self, datastore: PostgresDatastore, *, events_table_name: str = "events", space: FreeSpace | None = None
    ) -> None:
        """See ``EventStreamRecorder``."""
        super().__init__(datastore, events_table_name=events_table_name, space=space)
        self.channel_name = CHANNEL

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """Add the events of one save, all or nothing, and answer their positions; see `GroupCommit.submit`."""
        return self._append(stored_events, kwargs)

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """The events from position `start` to `stop`, of the given topics if any, in position order, at most `limit`."""
        statement: Composed = NOTIFICATION + SQL("")
        params: list[Any] = []
        if start is not None:
            statement += SQL(" AND position >= %s" if inclusive_of_start else " AND position > %s")
            params.append(start)
        if stop is not None:
            statement += SQL(" AND position <= %s")
            params.append(stop)
        if topics:
            statement += SQL(" AND topic = ANY(%s)")
            params.append(list(topics))
        statement += SQL(" ORDER BY position LIMIT %s")
        params.append(limit)
        return [
            Notification(
                id=position,
                originator_id=originator_id,
                originator_version=originator_version,
                topic=topic,
                state=state,
            )
            for position, originator_id, originator_version, topic, state in self.read(statement, params)
        ]

    def max_notification_id(self) -> int | None:
        """The last position; None while there are no events."""
        [(position,)] = self.read(LAST_POSITION)
        return None if position is None else int(position)

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> "CompleteSubscription":
        """What was recorded after a position, and what is recorded from then on."""
        return CompleteSubscription(self, gt, topics)

    def tail(self, after: int, limit: int) -> list[TailedEvent]:
        """The next events after a position, in position order, at most `limit`; empty when the reader has caught up."""
        return [TailedEvent._make(row) for row in self.read(TAIL, (after, limit))]


class CompleteSubscription(PostgresSubscription):
    """The library's, which looks once more when it has begun to listen: what was recorded between its first look and then would
    otherwise be told with the next event only, or never.
    """

    def _listen(self) -> None:
        try:
            with self._recorder.datastore.get_connection() as connection:
                connection.execute(SQL("LISTEN {}").format(Identifier(self._recorder.channel_name)))
                self._has_been_notified.set()
                while not self._has_been_stopped and not self._thread_error:
                    for _ in connection.notifies(timeout=0.1, stop_after=1):
                        self._has_been_notified.set()
        except BaseException as error:  # noqa: BLE001 - whoever reads is told, as the library does
            if self._thread_error is None:
                self._thread_error = error
            self.stop()


def _places(save: Save) -> str:
    first = save.events[0]
    more = f" (or one of {len(save.events) - 1} more)" if len(save.events) > 1 else ""
    return f"version {first.originator_version} of stream {first.originator_id}{more}"
