"""What the application asks of the read side: values of ``application.asking``, answered by one statement each.

The port stands here, beside what uses it; infrastructure answers it. All methods are coroutines, since reading is what
the server does all day. What may be asked stands in ``application.questions``.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID

from application.asking import Drawn, Grouped, K, Keyed, Page, Question, Shown
from application.projections.projection import Table
from application.questions import StoredRow, latest_effective, pending_cases, titles_on_entries
from application.views import AuditEventView, StatusView, VersionView
from domain.base import Event

V = TypeVar("V")


class ProjectionBehind(Exception):
    """The read side did not reach the awaited position in time; asking again later will find it."""

    def __init__(self, awaited: int, projected: int) -> None:
        super().__init__(f"the read side is at {projected}, not yet at {awaited}")
        self.awaited = awaited
        self.projected = projected


@dataclass(frozen=True, slots=True)
class Positioned:
    """An event and its place in the registry's one total order."""

    event: Event
    position: int


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """An event's envelope and the event itself."""

    envelope: AuditEventView
    event: Event | None
    problem: str | None = None
    """Why the event cannot be read, where it cannot; ``event`` is None then, and the envelope is that of the table's columns."""


class Reads(Protocol):
    """The read side."""

    async def rows(self, question: Question[V]) -> Sequence[V]:
        """Every row of a question, in its order."""

    async def page(self, question: Question[V]) -> Page[V]:
        """The page that a question asks for."""

    async def count(self, question: Question[Any]) -> int:
        """How many rows a question has."""

    async def by_key(self, asked: Keyed[K, V]) -> Mapping[K, Sequence[V]]:
        """The rows that each key names; a key that names none is absent."""

    async def groups(self, asked: Grouped) -> Sequence[tuple[Any, ...]]:
        """Groups of rows, in the order of what they are grouped by: those values, then what is measured."""

    async def drawn(self, asked: Drawn[V]) -> Sequence[V]:
        """A sample of rows, in the order in which it is drawn."""

    async def wait_for(self, position: int, *tables: Table[Any]) -> None:
        """Return once the projections that fill these tables (all, where none is named) have reached a position; bounded.

        Raises ``ProjectionBehind``.
        """

    async def status(self, *tables: Table[Any]) -> StatusView:
        """How far the projections that fill these tables are, the last of them; of all, where none is named."""

    async def streams(
        self, stream_ids: Sequence[UUID], until: datetime | None = None
    ) -> Mapping[UUID, list[Positioned]]:
        """The events of streams, each in order, as far as recorded by an instant."""

    async def audit_log(self, question: Question[StoredRow]) -> Page[AuditEvent]:
        """The events that a question about the event table asks for, decoded, with their envelopes."""


class NotAtHand(Exception):
    """A lean read can't be answered at once; the whole read side can, or says why it can't."""


class LeanReads(Protocol):
    """The read side by columns, for answers that are written from rows: never more than one statement a question, often less."""

    async def shown(self, shown: Shown) -> Sequence[tuple[Any, ...]]:
        """The rows that are asked for; of a page one more than its size, where there is one. Raises ``NotAtHand``."""

    def ready(self, shown: Shown) -> "Ask":
        """What asks a question whenever it is called; those that call it in the same moment have one answer."""

    def looked_up(self, shown: Shown) -> "LookUp":
        """What answers one key after the other of a question whose keys are left open: the rows of that key."""


Ask = Callable[[], Awaitable[Sequence[tuple[Any, ...]]]]
"""To the rows of a question; of a page one more than its size, where there is one. Raises ``NotAtHand``."""
LookUp = Callable[[Any], Awaitable[Sequence[tuple[Any, ...]]]]
"""A key to its rows, asked for with all other keys that come in the same moment. Raises ``NotAtHand``."""


async def first(reads: Reads, question: Question[V]) -> V | None:
    """The first row of a question; None where there is none."""
    rows = await reads.rows(question) if question.window is None else (await reads.page(question)).rows
    return rows[0] if rows else None


async def one_by_key(reads: Reads, asked: Keyed[K, V]) -> Mapping[K, V]:
    """The one row that each key names; a key that names none is absent."""
    return {key: rows[0] for key, rows in (await reads.by_key(asked)).items()}


async def version_in_force(reads: Reads, code: str, on: date, known_at: datetime | None) -> VersionView | None:
    """The version of a catalog in force on a day, as known at an instant; the rule is ``domain.catalog.timeline.version_in_force``."""
    latest = await first(reads, latest_effective(code, on, known_at))
    ended = latest is not None and latest.ends_on is not None and latest.ends_on < on
    return None if ended else latest


async def impact(reads: Reads, code: str, numbers: Sequence[int], *, every_pending: bool) -> tuple[int, int]:
    """How many pending cases (of the whole catalog, or on these entries of it) and current titles on them there are."""
    pending = await reads.count(pending_cases(code, None if every_pending else numbers))
    return pending, await reads.count(titles_on_entries(code, numbers))
