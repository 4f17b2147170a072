"""What the events of a holder do to the rows about them: nothing personal stays after erasure, and rows tell a restriction.

A holder's file lists the rows that are about them, so that one event finds them all by key, in a live table and in a rebuild
alike. Rows hold seals, which no rule opens; hence a rebuild and a check agree with the live tables, whenever the key went.
"""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from application.projections.projection import Rows
from application.projections.tables import CASES, HOLDERS, INTEGRITY_RECORDS, TITLES
from application.seals import masked
from application.views import CaseView, HolderFileView, TitleView
from domain.base import Event
from domain.holder import Holder
from domain.identifiers import title_id


def file_of(rows: Rows, ref: UUID) -> HolderFileView:
    """A holder's file, empty for a holder nothing was recorded about yet."""
    found = rows.get(HOLDERS, (ref,))
    return found or HolderFileView(ref=ref, erased=False, restricted=False, case_ids=(), record_ids=())


def case_for(file: HolderFileView, case: CaseView) -> CaseView:
    """A case as it may be kept under its holder's file."""
    if file.erased:
        case = erased_case(case)
    return case if not file.restricted else replace(case, holder=replace(case.holder, restricted=True))


def project_holder(event: Event, rows: Rows) -> None:
    """An event of a holder's stream that rows tell: their file, and every row about them."""
    match event:
        case Holder.Restricted():
            _put(rows, event.holder_ref, restricted=True)
        case Holder.RestrictionLifted():
            _put(rows, event.holder_ref, restricted=False)
        case Holder.Erased():
            _put(rows, event.holder_ref, erased=True)


def erased_case(case: CaseView) -> CaseView:
    """A case without the person; what was understood and decided stays."""
    case = masked(case)
    return replace(case, holder=replace(case.holder, erased=True))


def erased_title(title: TitleView) -> TitleView:
    """A title without the person; what was recognised stays."""
    title = masked(title)
    return replace(title, holder=replace(title.holder, erased=True))


def _put(rows: Rows, ref: UUID, *, erased: bool | None = None, restricted: bool | None = None) -> None:
    before = file_of(rows, ref)
    file = replace(
        before,
        erased=before.erased if erased is None else erased,
        restricted=before.restricted if restricted is None else restricted,
    )
    rows.put(HOLDERS, file)
    for each in file.case_ids:
        case = rows.get(CASES, (each,))
        if case is not None:
            holder = replace(case.holder, restricted=file.restricted)
            rows.put(CASES, erased_case(replace(case, holder=holder)) if file.erased else replace(case, holder=holder))
        title = rows.get(TITLES, (title_id(each),))
        if title is not None:
            holder = replace(title.holder, restricted=file.restricted)
            title = replace(title, holder=holder)
            rows.put(TITLES, erased_title(title) if file.erased else title)
    for each in file.record_ids:
        record = rows.get(INTEGRITY_RECORDS, (each,))
        if record is not None and file.erased:
            rows.put(INTEGRITY_RECORDS, masked(record))
