"""What somebody is shown: persons in clear or masked, by one rule for the API, the command line and pages.

A role reads persons in the rows it sees, and in no other row, on whatever way it came to it. What is shown in clear is noted,
so that it can be recorded before it leaves. Rows and folds hold seals; here alone they are opened.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol, TypeVar
from uuid import UUID

from application.access import CaseRow, Scope, reads_persons, sees
from application.disclosure import facts
from application.seals import Seals, masked, nested_fields, personal_fields, personal_lists
from application.views import HolderView, IntegrityRecordView
from domain.base import Event
from domain.values import Actor

V = TypeVar("V")


class Row(Protocol):
    """A case or title: what says who sees it, and whose data is in it."""

    @property
    def case_id(self) -> UUID:
        """The case, whose stream its seals are bound to."""

    @property
    def responsible_code(self) -> str:
        """The authority that is responsible now."""

    @property
    def submitted_by(self) -> str:
        """Who submitted it."""

    @property
    def holder(self) -> HolderView:
        """Who it is about."""


@dataclass(frozen=True, slots=True)
class RecordRow:
    """A record as a row that a viewer sees: through their office, a case of the person being of their authorities, or as the person.

    ``case_id`` is the stream that its seals are bound to.
    """

    case_id: UUID
    responsible_code: str
    submitted_by: str
    holder: HolderView

    @classmethod
    def of(cls, record: IntegrityRecordView, scope: Scope, stream: UUID, holder: HolderView | None = None) -> RecordRow:
        """The row of a record that the scope was shown."""
        person = holder or HolderView(ref=record.holder_ref, name=None, id_type=None, id_number=None)
        return cls(stream, min(scope.authorities, default=""), "", person)


class Viewer:
    """Somebody who reads, what they see, and what they have been shown of persons: kinds of fields by holder."""

    def __init__(self, actor: Actor | None, scope: Scope, seals: Seals, reason: str | None = None) -> None:
        self.actor, self.scope, self.reason = actor, scope, reason
        self.reads_persons: Final = reads_persons(actor, reason)
        self.shown: dict[UUID, set[str]] = {}
        self.withheld: Collection[UUID] = frozenset()
        """Holders whose data is kept and not processed: their events are shown masked."""
        self._seals = seals

    def in_clear(self, row: Row) -> bool:
        """Whether the viewer reads the person in a case or title."""
        seen = CaseRow(row.responsible_code, row.submitted_by, row.holder.ref)
        return self.reads_persons and sees(self.scope, seen)

    def officially(self, row: Row) -> bool:
        """Whether the viewer sees a case or title by their office, not only as its submitter or holder: a draft of the authority
        is its own until notice was given.
        """
        return self.answers_for(row.responsible_code)

    def answers_for(self, responsible_code: str) -> bool:
        """Whether that is the viewer's office, or one below it, or the viewer sees every office's rows."""
        return self.scope.everything or responsible_code in self.scope.authorities

    def at_hand(self, holder_ref: UUID) -> bool:
        """Whether ``show`` needs not wait for the holder's key."""
        return self._seals.at_hand(holder_ref)

    def show(self, row: Row, part: V, kind: str, fields: Collection[str] | None = None) -> V:
        """A case or title, or a part of one, as the viewer may see it: personal fields opened, or None; noted under ``kind``.

        ``fields`` are those of the part that are asked for, all where None; the others are masked.
        """
        if not self.in_clear(row):
            return masked(part)
        found: list[str | None] = []
        shown: V = self._open(row, part, fields, found)
        self.note(row.holder.ref, kind, found)
        return shown

    def value(self, row: Row, name: str) -> str | None:
        """A personal field of a case or title itself, as the viewer may see it."""
        text = getattr(row, name)
        if text is None or not self.in_clear(row):
            return None
        opened = self._opened(row.holder.ref, row.case_id, text)
        self.note(row.holder.ref, name, [opened])
        return opened

    def facts(self, event: Event, row: Row | None = None) -> dict[str, Any]:
        """An event's own facts; personal ones in clear where the viewer may read them in the case it belongs to."""
        holder: UUID | None = getattr(event, "holder_ref", None)
        allowed = self.in_clear(row) if row is not None else self.reads_persons and self.scope.everything
        if holder is None or not allowed or holder in self.withheld:
            return facts(event, None)
        opened: list[str | None] = []

        def open_text(text: str) -> str | None:
            opened.append(self._opened(holder, event.originator_id, text))
            return opened[-1]

        shown = facts(event, open_text)
        self.note(holder, "event", opened)
        return shown

    def note(self, holder_ref: UUID, kind: str, values: Iterable[object] = (True,)) -> None:
        """Remember that a kind of personal data is shown, where there is any."""
        if any(value is not None for value in values):
            self.shown.setdefault(holder_ref, set()).add(kind)

    def _open(self, row: Row, part: Any, fields: Collection[str] | None, found: list[str | None]) -> Any:
        if isinstance(part, tuple):
            return tuple(self._open(row, each, fields, found) for each in part)
        values: dict[str, Any] = {
            name: self._opened(row.holder.ref, row.case_id, getattr(part, name))
            if fields is None or name in fields
            else None
            for name in personal_fields(part.__class__)
        }
        found += values.values()
        if isinstance(part, HolderView) and not part.erased and part.name is not None:
            values["erased"] = self._opened(row.holder.ref, row.case_id, part.name) is None
        for name in personal_lists(part.__class__):
            texts = [
                self._opened(row.holder.ref, row.case_id, each)
                for each in getattr(part, name)
                if fields is None or name in fields
            ]
            values[name] = tuple(each for each in texts if each is not None)
            found += values[name]
        for name in nested_fields(part.__class__):
            values[name] = self._open(row, getattr(part, name), None, found)
        return replace(part, **values)

    def _opened(self, holder_ref: UUID, stream_id: UUID, text: str | None) -> str | None:
        return None if text is None else self._seals.opened(holder_ref, stream_id, text)
