"""From events to views: one fold, used by the live projection, by rebuilds, by history and by every as-of question."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from application.views import (
    AliasChangeView,
    AwardView,
    CandidateView,
    CaseView,
    CertificateView,
    EntryView,
    EvidenceView,
    HolderView,
    TitleView,
)
from domain.base import Event
from domain.case_events import (
    Approved,
    CandidatesListed,
    Matched,
    Reinstated,
    Rejected,
    RematchRequired,
    RevocationProposed,
    Revoked,
    Submitted,
    Supplemented,
    SupplementRequested,
    Transferred,
    Withdrawn,
)
from domain.catalog_versions import AliasChange
from domain.identifiers import title_id
from domain.values import CaseStatus, CatalogEntry, Evidence, MatchCandidate, TitleStatus


def fold_case(view: CaseView | None, event: Event, position: int) -> CaseView:
    """The case after one more event. Raises ``TypeError`` for an event that is none of a case's, so that none is missed."""
    if isinstance(event, Submitted):
        return _submitted(event, position)
    if view is None:
        raise TypeError(f"a case begins with its submission, not with {event.TOPIC}")
    return replace(view, version=event.originator_version, position=position, **_changes(view, event))


def fold_cases(events: Iterable[tuple[Event, int]]) -> CaseView | None:
    """The case after these events of its stream, in order; None for none."""
    view: CaseView | None = None
    for event, position in events:
        view = fold_case(view, event, position)
    return view


def _submitted(event: Submitted, position: int) -> CaseView:
    holder, certificate = event.holder, event.certificate
    return CaseView(
        case_id=event.originator_id,
        case_number=event.case_number,
        version=event.originator_version,
        position=position,
        status=CaseStatus.SUBMITTED,
        holder=HolderView(
            ref=holder.ref,
            name=holder.name,
            id_type=None if holder.name is None else holder.id_type,
            id_number=holder.id_number,
            erased=holder.name is None,
        ),
        certificate=CertificateView(
            name=certificate.name,
            issuing_body=certificate.issuing_body,
            grade=certificate.grade,
            certificate_number=certificate.certificate_number,
            issued_on=certificate.issued_on,
            expires_on=certificate.expires_on,
        ),
        work_field=event.work_field,
        authority_code=event.authority_code,
        catalog_code=event.catalog_code,
        version_number=event.catalog_version,
        entry_number=None,
        grade=None,
        candidates=(),
        evidence=_evidence(event.evidence),
        submitted_by=event.by.actor.subject,
        submitted_at=event.timestamp,
    )


def _changes(view: CaseView, event: Event) -> dict[str, Any]:  # noqa: C901, PLR0912 - one branch an event
    match event:
        case CandidatesListed():
            return {"candidates": _candidates(event.candidates)}
        case Matched():
            return {
                "status": CaseStatus.MATCHED if view.status is CaseStatus.SUBMITTED else view.status,
                "catalog_code": event.catalog_code,
                "version_number": event.catalog_version,
                "entry_number": event.entry_number,
                "grade": event.grade,
                "candidates": _candidates(event.candidates) or view.candidates,
            }
        case SupplementRequested():
            return {"status": CaseStatus.SUPPLEMENT_REQUESTED}
        case Supplemented():
            return {
                "status": CaseStatus.SUBMITTED if view.entry_number is None else CaseStatus.MATCHED,
                "evidence": view.evidence + _evidence(event.evidence),
            }
        case Transferred():
            return {"authority_code": event.authority_code}
        case Approved():
            return {
                "status": CaseStatus.APPROVED,
                "decided_at": event.timestamp,
                "recognized_on": event.recognized_on,
                "work_consistent": event.work_consistent,
                "counted_experience_months": event.counted_experience_months,
            }
        case Rejected():
            return {"status": CaseStatus.REJECTED, "decided_at": event.timestamp}
        case Withdrawn():
            return {"status": CaseStatus.WITHDRAWN, "decided_at": event.timestamp}
        case RevocationProposed():
            return {}
        case Revoked():
            return {
                "status": CaseStatus.REVOKED,
                "revoked_on": event.revoked_on,
                "revocation_ground": event.ground,
            }
        case Reinstated():
            return {"status": CaseStatus.APPROVED, "revoked_on": None, "revocation_ground": None}
        case RematchRequired():
            return {
                "status": CaseStatus.SUBMITTED if view.status is CaseStatus.MATCHED else view.status,
                "version_number": event.catalog_version,
                "entry_number": None,
                "grade": None,
                "candidates": (),
            }
        case _:
            raise TypeError(f"no rule says what {event.TOPIC} does to a case")


def title_of(case: CaseView, entry: CatalogEntry | EntryView | None) -> TitleView | None:
    """The title a case led to, derived from its pinned entry; None before approval.

    Raises ``ValueError`` where an approved case names an entry that does not award what was approved: such a history
    could not have come about, and inventing a title for it would hide that.
    """
    if case.recognized_on is None:
        return None
    award = next((a for a in entry.awards if a.grade == case.grade), None) if entry else None
    if entry is None or award is None or case.catalog_code is None or case.version_number is None:
        raise ValueError(f"case {case.case_number} is approved on an entry that awards nothing for its grade")
    current = case.status is CaseStatus.APPROVED
    usable = current and bool(case.work_consistent)
    return TitleView(
        title_id=title_id(case.case_id),
        case_id=case.case_id,
        case_number=case.case_number,
        position=case.position,
        status=TitleStatus.CURRENT if current else TitleStatus.REVOKED,
        title=award.title,
        level=award.level,
        field=entry.field,
        holder=case.holder,
        certificate_number=case.certificate.certificate_number,
        authority_code=case.authority_code,
        catalog_code=case.catalog_code,
        version_number=case.version_number,
        entry_number=entry.number,
        recognized_on=case.recognized_on,
        revoked_on=case.revoked_on,
        revocation_ground=case.revocation_ground,
        valid_for_appointment=usable,
        valid_for_promotion=usable,
        counted_experience_months=(case.counted_experience_months or 0) if case.work_consistent else 0,
    )


def entry_view(code: str, entry: CatalogEntry, from_version: int, until_version: int | None = None) -> EntryView:
    """A catalog entry as people read it."""
    return EntryView(
        catalog_code=code,
        number=entry.number,
        from_version=from_version,
        until_version=until_version,
        qualification_name=entry.qualification_name,
        translated_name=entry.translated_name,
        issuing_body=entry.issuing_body,
        field=entry.field,
        awards=tuple(AwardView(grade=a.grade, title=a.title, level=a.level) for a in entry.awards),
    )


def alias_change_view(change: AliasChange) -> AliasChangeView:
    """A change of an alias as people read it."""
    alias = change.alias
    return AliasChangeView(
        kind=change.effect,
        alias_kind=alias.kind,
        text=alias.text,
        issuer=alias.issuer,
        numbers=alias.numbers,
        ground=alias.ground,
    )


def _candidates(candidates: Iterable[MatchCandidate]) -> tuple[CandidateView, ...]:
    return tuple(CandidateView(number=c.number, grade=c.grade, score=c.score, reasons=c.reasons) for c in candidates)


def _evidence(evidence: Iterable[Evidence]) -> tuple[EvidenceView, ...]:
    return tuple(
        EvidenceView(sha256=e.sha256, file_name=e.file_name, media_type=e.media_type, size=e.size, kind=e.kind)
        for e in evidence
    )
