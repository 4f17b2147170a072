"""From states to views: what people read of what events led to, in rows, histories and every as-of answer alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from application.seals import masked
from application.views import (
    ActorView,
    AliasChangeView,
    AuditEventView,
    AwardView,
    CandidateView,
    CaseView,
    CertificateView,
    DeadlineView,
    EntryView,
    EvidenceView,
    HolderView,
    PastCaseView,
    PastTitleView,
    PinnedView,
    ProposalView,
    ReasonFactView,
    ReasonView,
    TitleView,
    WordChangeView,
)
from domain.base import Event, evolve
from domain.case.due_days import deadlines_of, unrecorded
from domain.case.state import CaseState, Pinned, Proposal
from domain.case.title_events import (
    AnnulmentProposed,
    NoticeGiven,
    ProposalDeclined,
    Reinstated,
    ReinstatementProposed,
    RevocationProposed,
)
from domain.catalog.amendment import AliasChange, WordChange
from domain.identifiers import title_id
from domain.values import Actor, CatalogEntry, DeadlineKind, Evidence, MatchCandidate, ProposalKind, Reason, TitleStatus

_MOST_MADE: Final = 2_048
_MADE: Final[dict[int, tuple[Sequence[MatchCandidate], tuple[CandidateView, ...]]]] = {}
"""By the identity of candidates, which are held so that it stays theirs: how people read them."""


def case_view(state: CaseState, position: int) -> CaseView:
    """A case as people read it, at the position of the last event it has seen."""
    holder, certificate = state.holder, state.certificate
    return CaseView(
        case_id=state.case_id,
        case_number=state.case_number,
        version=state.version,
        position=position,
        status=state.status,
        holder=HolderView(
            ref=holder.ref,
            name=holder.name,
            id_type=holder.id_type,
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
        work_field=state.work_field,
        authority_code=state.authority_code,
        lodged_with_code=state.lodged_with,
        catalog_code=state.catalog_code,
        version_number=state.catalog_version,
        entry_number=state.entry_number,
        grade=state.grade,
        candidates=_candidates(state.candidates),
        evidence=_evidence(state.evidence),
        submitted_by=state.submitted_by,
        submitted_at=state.submitted_at,
        claim_id=state.claim_id,
        decided_at=state.decided_at,
        decided_by=_acted(state.decided_by),
        overridden=state.overridden_by is not None,
        recognized_on=state.recognized_on,
        recognized_by=_acted(state.recognized_by),
        awarded=_pinned_view(state.awarded),
        title_status=state.title_status,
        work_consistent=state.work_consistent,
        counted_experience_months=state.counted_experience_months,
        ended_on=state.ending.on if state.ending else None,
        ending_ground=state.ending.ground if state.ending else None,
        pending=_pending(state.proposal),
        **_deadlines(state),
    )


def case_left_by(event: Event, state: CaseState, position: int) -> PastCaseView:
    """The case as an event of its stream, to which ``state`` led, left it."""
    return _past(case_view(state, position), None, event.timestamp)


def case_views(events: Iterable[tuple[Event, int]], present: HolderView | None = None) -> Iterator[PastCaseView]:
    """The case as each of these events of its stream left it, in order.

    ``present`` is its holder as the rows have them now: what was erased, or is not processed, is so in every past state.
    """
    state: CaseState | None = None
    for event, position in events:
        state = evolve(state, event)
        yield _past(case_view(state, position), present, event.timestamp)


def drafts_of(events: Iterable[Event]) -> frozenset[int]:
    """The versions of a case, among its events in order, that are a draft of the authority's: its own until notice is given.

    What was proposed and declined before notice stays the authority's for ever, the declining too.
    """
    hidden: set[int] = set()
    draft: set[int] = set()
    for event in events:
        match event:
            case RevocationProposed() | AnnulmentProposed() | ReinstatementProposed():
                draft = {event.originator_version}
            case NoticeGiven() | Reinstated():
                draft = set()
            case ProposalDeclined():
                hidden |= draft | {event.originator_version} if draft else set()
                draft = set()
            case _:
                pass
    return frozenset(hidden | draft)


def case_after(events: Iterable[tuple[Event, int]]) -> CaseView | None:
    """The case after these events of its stream, in order; None for none."""
    state, position = None, 0
    for event, position in events:  # noqa: B007 - the last one's place
        state = evolve(state, event)
    return None if state is None else case_view(state, position)


def past_case(
    events: Iterable[tuple[Event, int]], present: HolderView | None = None, at: datetime | None = None
) -> PastCaseView | None:
    """The state after these events of a case's stream, as one that was; None for none. ``present`` as in ``case_views``.

    It is seen at an instant, or at that of the last event.
    """
    state, position, recorded = None, 0, None
    for event, position in events:  # noqa: B007 - the last one's place
        state, recorded = evolve(state, event), event.timestamp
    return None if state is None or recorded is None else _past(case_view(state, position), present, at or recorded)


def _past(view: CaseView, present: HolderView | None, seen_at: datetime) -> PastCaseView:
    past = PastCaseView(**vars(view), seen_at=seen_at)
    if present is not None and present.erased:
        past = masked(past)
    if present is not None and (present.erased or present.restricted):
        past.holder = replace(past.holder, erased=present.erased, restricted=present.restricted)
    return past


def title_of(case: CaseView, entry: CatalogEntry | EntryView | None) -> TitleView | None:
    """The title a case led to, derived from the entry it was awarded on; None before approval, and of a past case a past title.

    Raises ``ValueError`` where an approved case names an entry that does not award what was approved: such a history
    could not have come about, and inventing a title for it would hide that.
    """
    pinned = case.awarded
    if case.recognized_on is None:
        return None
    award = next((a for a in entry.awards if a.grade == pinned.grade), None) if entry and pinned else None
    if entry is None or award is None or pinned is None:
        raise ValueError(f"case {case.case_number} is approved on an entry that awards nothing for its grade")
    current = case.title_status is TitleStatus.CURRENT
    usable = current and bool(case.work_consistent)
    kind = PastTitleView if isinstance(case, PastCaseView) else TitleView
    return kind(
        title_id=title_id(case.case_id),
        case_id=case.case_id,
        case_number=case.case_number,
        position=case.position,
        status=case.title_status or TitleStatus.CURRENT,
        title=award.title,
        level=award.level,
        field=entry.field,
        holder=case.holder,
        certificate_number=case.certificate.certificate_number,
        authority_code=_decided_for(case),
        lodged_with_code=case.lodged_with_code,
        responsible_code=case.responsible_code,
        decided_by=case.recognized_by,
        submitted_by=case.submitted_by,
        catalog_code=pinned.catalog_code,
        version_number=pinned.version_number,
        entry_number=entry.number,
        recognized_on=case.recognized_on,
        ended_on=case.ended_on,
        ending_ground=case.ending_ground,
        ending_proposed=any(each.kind is not ProposalKind.REINSTATEMENT for each in case.pending),
        notice_given=any(each.notice_on is not None for each in case.pending),
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
        label=entry.label,
        country=entry.country,
        series=entry.series,
        tier=entry.tier,
        conditions=entry.conditions,
        valid_until=entry.valid_until,
        remark=entry.remark,
        awards=tuple(AwardView(grade=a.grade, title=a.title, level=a.level) for a in entry.awards),
    )


def audit_event(event: Event, position: int) -> AuditEventView:
    """The envelope of an event, for the audit log."""
    topic = event.TOPIC
    return AuditEventView(
        position=position,
        stream_id=event.originator_id,
        stream_type=topic.partition(".")[0],
        version=event.originator_version,
        type=topic,
        recorded_at=event.timestamp,
        actor=actor_view(event),
    )


def actor_view(event: Event) -> ActorView:
    """Who recorded an event, as people read it."""
    return _actor_view(event.by.actor)


def _actor_view(actor: Actor) -> ActorView:
    return ActorView(subject=actor.subject, role=actor.role, authority_code=actor.authority_code)


def _acted(actor: Actor | None) -> ActorView | None:
    return None if actor is None else _actor_view(actor)


def _decided_for(case: CaseView) -> str:
    """The authority that answers for a title: that of the officer who decided, at the time of the decision."""
    decider = case.recognized_by
    return decider.authority_code if decider and decider.authority_code else case.authority_code


def _pinned_view(pinned: Pinned | None) -> PinnedView | None:
    if pinned is None:
        return None
    return PinnedView(
        catalog_code=pinned.catalog_code,
        version_number=pinned.catalog_version,
        entry_number=pinned.entry_number,
        grade=pinned.grade,
    )


def _deadlines(state: CaseState) -> dict[str, Any]:
    """A case's deadlines, and the columns by which cases are found by them."""
    found = list(deadlines_of(state))
    open_ones = [each.due_on for each in unrecorded(state, found)]
    running = [each.due_on for each in found if each.runs and each.kind is not DeadlineKind.REVIEW]
    done = [each.done_on <= each.due_on for each in found if each.done_on is not None]
    return {
        "clocks": tuple(
            DeadlineView(kind=each.kind, due_on=each.due_on, done_on=each.done_on, suspended=each.suspended)
            for each in found
        ),
        "due_first": min(running, default=None),
        "due_last": max(running, default=None),
        "review_until": state.review_until,
        "unrecorded_due": min(open_ones, default=None),
        "deadline_met": any(done),
        "deadline_missed": not all(done),
        "deadline_suspended": any(each.suspended for each in found),
        "supplemented": bool(state.awaited) and state.awaited[-1][1] is not None,
    }


def _pending(proposal: Proposal | None) -> tuple[ProposalView, ...]:
    if proposal is None:
        return ()
    return (
        ProposalView(
            kind=proposal.kind,
            proposed_by=_actor_view(proposal.proposed_by),
            ground=proposal.ground,
            findings=proposal.findings,
            notice_on=proposal.notice_on,
            answer_until=proposal.answer_until,
            statement=proposal.statement,
            waived=proposal.waived,
        ),
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


def word_change_view(change: WordChange) -> WordChangeView:
    """A change of a word as people read it."""
    word = change.word
    return WordChangeView(
        kind=change.effect,
        word_kind=word.kind,
        text=word.text,
        meaning=word.meaning,
        scope=word.scope,
        ground=word.ground,
    )


def _candidates(candidates: Sequence[MatchCandidate]) -> tuple[CandidateView, ...]:
    """A case keeps the same candidates from event to event: what was made of them once is taken again."""
    kept = _MADE.get(id(candidates))
    if kept is not None and kept[0] is candidates:
        return kept[1]
    made = _made(candidates)
    if len(_MADE) >= _MOST_MADE:
        _MADE.clear()
    _MADE[id(candidates)] = candidates, made
    return made


def _made(candidates: Iterable[MatchCandidate]) -> tuple[CandidateView, ...]:
    return tuple(
        CandidateView(
            number=c.number,
            grade=c.grade,
            score=c.score,
            reasons=tuple(map(_reason, c.reasons)),
            catalog_code=c.catalog_code,
            catalog_version=c.catalog_version,
        )
        for c in candidates
    )


def _reason(reason: Reason) -> ReasonView:
    facts = tuple(ReasonFactView(name=fact.name, values=fact.values) for fact in reason.facts)
    return ReasonView(code=reason.code, facts=facts, typed=reason.typed)


def _evidence(evidence: Iterable[Evidence]) -> tuple[EvidenceView, ...]:
    return tuple(
        EvidenceView(sha256=e.sha256, file_name=e.file_name, media_type=e.media_type, size=e.size, kind=e.kind)
        for e in evidence
    )
