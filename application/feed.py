"""What happened after a position, each change once and in order, and the titles as each change left them.

The position is the cursor, and the only one: whoever was told something comes back with its position. Nothing is told before the
rows of the read model hold it, so that what a client asks about a change finds it there; and nothing is told about a person whose
data was erased or is not processed by now, however long ago the change was.

A title changes with an event of its case, or with one about its holder as a whole: an erasure, or a restriction that is lifted. The
latter may change several titles at once. All but the last of them are then told with the place before, so that whoever is
interrupted between them misses none; the identifier tells those that come again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

from application import questions
from application.access import CaseRow, Scope, sees
from application.asking import Window
from application.folding import case_left_by, past_case, title_of
from application.ports import EventUnreadable
from application.projections.holders import erased_title
from application.queries import AuditEvent, Positioned, Reads, one_by_key
from application.questions import AuditFilter, EntryKey
from application.views import CaseView, EntryView, FedTitleView, HolderFileView, HolderView, PastCaseView, TitleView
from domain.base import Event, evolve
from domain.case.case import RecognitionCase
from domain.case.events import CaseEvent
from domain.case.state import CaseState
from domain.holder import Holder

MOST_AT_ONCE: Final = 200
"""Events that are read and folded in one go, in some milliseconds."""
_MOST_COURSES: Final = 5_000
"""Cases that are remembered between two events of theirs."""
_LONGEST_STREAM: Final = 1_000
OF_HOLDERS: Final = (Holder.Erased, Holder.RestrictionLifted)
"""Events about a person that change what is told of every title of theirs."""
TITLE_TOPICS: Final = (
    *(kind.TOPIC for kind in RecognitionCase.GUARDS),
    *(kind.TOPIC for kind in OF_HOLDERS),
)
"""The events that may change a title."""


@dataclass(frozen=True, slots=True)
class TitleChange:
    """A title as an event left it, and whether only those see the change who see the authority's drafts: see ``Viewer.officially``."""

    title: FedTitleView
    drafted: bool = False


@dataclass(frozen=True, slots=True)
class Happening:
    """An event and the titles that it changed."""

    audit: AuditEvent
    changes: tuple[TitleChange, ...] = ()

    @property
    def position(self) -> int:
        """Its place in the registry's one total order."""
        return self.audit.envelope.position

    @property
    def type(self) -> str:
        """What happened, as a stable name."""
        return self.audit.envelope.type

    @property
    def recorded_at(self) -> datetime:
        """When it was recorded."""
        return self.audit.envelope.recorded_at


@dataclass(frozen=True, slots=True)
class Stretch:
    """All that happened after the position it was asked for and up to ``through``, in order."""

    happenings: Sequence[Happening]
    through: int


class FeedBehind(Exception):
    """Whoever followed is too far behind what happens for what is kept at hand; they may come back where they were."""


class PositionAhead(Exception):
    """A position that no event has yet: it was told by another registry, or before this one was restored to an earlier state."""

    def __init__(self, head: int) -> None:
        super().__init__(f"the last event is at {head}")
        self.head = head


class LiveFeed(Protocol):
    """The feed of a registry at work: read once a process, however many follow it."""

    def head(self) -> int:
        """Up to where things may be told."""

    def follow(self) -> Any:
        """A context (``with``) of somebody who follows: only while there is one is read what happens."""

    async def require_reached(self, position: int) -> None:
        """Raise ``PositionAhead`` for a position that no event has yet."""

    async def stretch(
        self, after: int, *, types: Sequence[str] | None = None, titles: bool = False, live: bool = False
    ) -> Stretch:
        """What happened next after a position: of these types only, where they are named; with the ``titles`` that changed, and then
        only what may change one.

        Raises ``FeedBehind`` where somebody who is ``live`` asks for what left the window since.
        """

    async def news(self, after: int) -> None:
        """Return once something may have happened after a position."""


def visible(change: TitleChange, scope: Scope, *, officially: bool) -> bool:
    """Whether a change is told to somebody with this scope, who sees the title ``officially`` or not."""
    title = change.title
    if title.holder.restricted and not scope.restricted:
        return False
    if change.drafted and not officially:
        return False
    return sees(scope, CaseRow(title.responsible_code, title.submitted_by, title.holder.ref))


@dataclass(slots=True)
class _Course:
    """A case as far as it was followed: its state, and how it looked then, once it had led to a title."""

    state: CaseState
    view: PastCaseView | None


@dataclass(slots=True)
class _Seen:
    """A case before and after one of its events, and the event; before, where it had led to a title by then."""

    event: Event
    before: PastCaseView | None
    after: PastCaseView


@dataclass(slots=True)
class Feed:
    """Reads stretches of what happened; remembers what cases led to. For one reader, who goes on from stretch to stretch."""

    reads: Reads
    _entries: dict[EntryKey, EntryView] = field(default_factory=dict)
    _courses: OrderedDict[UUID, _Course] = field(default_factory=OrderedDict)

    def another(self) -> Feed:
        """For a reader of another stretch."""
        return Feed(self.reads, self._entries)

    async def stretch(
        self,
        after: int,
        until: int,
        *,
        types: Sequence[str] | None = None,
        most: int = MOST_AT_ONCE,
        titles: bool = True,
    ) -> Stretch:
        """What happened after a position and up to another, at most ``most`` events; of these types only, where they are named.

        ``until`` is a position that the rows hold. ``titles``: whether the titles that changed are wanted.
        """
        if after >= until:
            return Stretch((), after)
        window = Window(size=most, after=(after,))
        page = await self.reads.audit_log(questions.events(AuditFilter(types=types), window))
        rows = [row for row in page.rows if row.envelope.position <= until]
        whole = not page.has_next or len(rows) < len(page.rows)
        through = until if whole or not rows else rows[-1].envelope.position
        changes = await self._changes(rows) if titles else {}
        return Stretch([Happening(row, changes.get(row.envelope.position, ())) for row in rows], through)

    def forget(self) -> None:
        """Remember nothing of any case."""
        self._courses.clear()

    async def _changes(self, rows: Sequence[AuditEvent]) -> Mapping[int, tuple[TitleChange, ...]]:
        """The titles that events changed, by position."""
        recorded = [Positioned(row.event, row.envelope.position) for row in rows if row.event is not None]
        seen = await self._followed([each for each in recorded if isinstance(each.event, CaseEvent)])
        whole = [each for each in recorded if isinstance(each.event, OF_HOLDERS)]
        refs = {each.after.holder.ref for each in seen.values()} | {_ref(each.event) for each in whole}
        files = await one_by_key(self.reads, questions.holder_files(sorted(refs)))
        changes: dict[int, tuple[TitleChange, ...]] = {}
        for about in whole:
            titles = await self._of_holder(files.get(_ref(about.event)), about.position)
            changes[about.position] = tuple(map(TitleChange, titles))
        await self._know_entries(view for each in seen.values() for view in (each.before, each.after))
        for position, each in seen.items():
            change = self._change(each, files.get(each.after.holder.ref), position)
            if change is not None:
                changes[position] = (change,)
        return changes

    async def _followed(self, recorded: Sequence[Positioned]) -> Mapping[int, _Seen]:
        """Cases that have led to a title before and after their events, by position."""
        first = {each.event.originator_id: each for each in reversed(recorded)}
        lacking = [stream_id for stream_id, each in first.items() if not self._goes_on(each.event)]
        for stream_id in lacking:
            self._courses.pop(stream_id, None)
        for stream_id, events in (await self._streams(lacking)).items():
            for each in events:
                if each.position < first[stream_id].position:
                    self._advance(each.event, each.position)
        seen: dict[int, _Seen] = {}
        for each in recorded:
            if self._goes_on(each.event):
                known = self._courses.get(each.event.originator_id)
                before = known.view if known is not None else None
                after = self._advance(each.event, each.position)
                if after is not None:
                    seen[each.position] = _Seen(each.event, before, after)
        while len(self._courses) > _MOST_COURSES:
            self._courses.popitem(last=False)
        return seen

    def _goes_on(self, event: Event) -> bool:
        """Whether an event is the next of a case that is remembered, or the first. One behind an unreadable event never is."""
        known = self._courses.get(event.originator_id)
        return event.originator_version == (1 if known is None else known.state.version + 1)

    def _advance(self, event: Event, position: int) -> PastCaseView | None:
        known = self._courses.get(event.originator_id)
        state: CaseState = evolve(known.state if known else None, event)
        view = None if state.recognized_on is None else case_left_by(event, state, position)
        self._courses[event.originator_id] = _Course(state, view)
        self._courses.move_to_end(event.originator_id)
        return view

    async def _streams(self, stream_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Positioned]]:
        """The events of cases, each in order, up to the first that cannot be read."""
        if not stream_ids:
            return {}
        try:
            return await self.reads.streams(stream_ids)
        except EventUnreadable:
            return {each: await self._readable(each) for each in stream_ids}

    async def _readable(self, stream_id: UUID) -> Sequence[Positioned]:
        page = await self.reads.audit_log(questions.events(AuditFilter(stream_id=stream_id), Window(_LONGEST_STREAM)))
        found = []
        for row in page.rows:
            if row.event is None:
                break
            found.append(Positioned(row.event, row.envelope.position))
        return found

    async def _of_holder(self, file: HolderFileView | None, position: int) -> Sequence[FedTitleView]:
        """Every title of a person, as it stood at the position of an event about them."""
        if file is None:
            return ()
        streams = await self._streams(file.case_ids)
        cases = [
            past_case([(each.event, each.position) for each in events if each.position < position], _present(file))
            for events in streams.values()
        ]
        await self._know_entries(cases)
        titles = [title for case in cases if case is not None and (title := self._title(case)) is not None]
        titles.sort(key=lambda title: title.title_id)
        last = len(titles) - 1
        return [_fed(title, position, position if n == last else position - 1) for n, title in enumerate(titles)]

    def _change(self, seen: _Seen, file: HolderFileView | None, position: int) -> TitleChange | None:
        title = self._title(seen.after)
        if title is None:
            return None
        before = None if seen.before is None else self._title(seen.before)
        if before is not None and _shown(before) == _shown(title):
            if before.ending_proposed == title.ending_proposed:
                return None
            return TitleChange(_fed(_about(title, file), position, position), drafted=True)
        return TitleChange(_fed(_about(title, file), position, position))

    def _title(self, case: CaseView) -> TitleView | None:
        key = _entry_key(case)
        return None if key is None else title_of(case, self._entries.get(key))

    async def _know_entries(self, cases: Iterable[CaseView | None]) -> None:
        """Have the entries at hand that titles were awarded on, as their version has them for good."""
        wanted = {key for case in cases if case is not None and (key := _entry_key(case)) is not None}
        lacking = sorted(wanted - self._entries.keys())
        if lacking:
            self._entries.update(await one_by_key(self.reads, questions.entries_by_key(lacking)))


def _ref(event: Event) -> UUID:
    ref: UUID = getattr(event, "holder_ref")  # noqa: B009 - each event of a holder has one, which its base does not say
    return ref


def _entry_key(case: CaseView) -> EntryKey | None:
    pinned = case.awarded
    return None if pinned is None else (pinned.catalog_code, pinned.version_number, pinned.entry_number)


def _present(file: HolderFileView) -> HolderView:
    return HolderView(
        ref=file.ref, name=None, id_type=None, id_number=None, erased=file.erased, restricted=file.restricted
    )


def _shown(title: TitleView) -> TitleView:
    """What everybody who sees a title is shown of it, wherever it stands."""
    return replace(title, position=0, ending_proposed=title.ending_proposed and title.notice_given, notice_given=False)


def _about(title: TitleView, file: HolderFileView | None) -> TitleView:
    """A title as it may be told under its holder's file by now."""
    if file is not None and file.erased:
        title = erased_title(title)
    if file is not None and file.restricted:
        title = replace(title, holder=replace(title.holder, restricted=True))
    return title


def _fed(title: TitleView, position: int, cursor: int) -> FedTitleView:
    return FedTitleView(**{**vars(title), "position": position}, cursor=cursor)
