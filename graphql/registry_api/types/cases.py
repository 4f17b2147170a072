"""Cases and titles, with their edges."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Final
from uuid import UUID

import strawberry

from application.deadlines import StandingDeadline, standing
from application.disclosure import reason_in
from application.folding import case_views, drafts_of, title_of
from application.queries import Positioned
from application.views import (
    ActorView,
    AuthorityView,
    AwardView,
    CandidateView,
    CaseView,
    CaseWarningView,
    CertificateView,
    DeadlineView,
    EntryView,
    EvidenceView,
    FedTitleView,
    HolderView,
    PinnedView,
    ProposalView,
    TitleView,
    VersionView,
)
from application.warnings import Concerned, is_warned
from domain.clocks import DeadlineState
from domain.messages import Message
from domain.values import DeadlineKind, TitleStatus
from registry_api import ids
from registry_api.context import Context, Info
from registry_api.disclosing import personal, shown, shows_personal
from registry_api.pages import PageInfo
from registry_api.scalars import JSON, Position
from registry_api.types.catalog import CatalogEntry, CatalogVersion
from registry_api.types.nodes import (
    ActorType,
    Authority,
    Certificate,
    Evidence,
    Node,
    TitleAward,
    actor_view,
    described,
    edge,
    registered,
)
from transport.limits import page_size

_GROUND: Final = "Why the title ended."


@strawberry.type(name="Holder", description=described(HolderView))
class Holder(HolderView):
    """A holder; the reference is random and says nothing."""

    ref: strawberry.Private[UUID]

    @edge(None, name="ref")
    def reference(self) -> strawberry.ID:
        """The holder's random reference."""
        return strawberry.ID(str(self.ref))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A candidate with its entry."""

    entry: EntryView
    award: AwardView | None
    score: float
    reasons: Sequence[str]


def sentences(context: Context, messages: Iterable[Message]) -> list[str]:
    """What is told, in the language of whoever asks."""
    return [each.text(context.language) for each in messages]


@strawberry.type(description="Score in 0..1 and the reasons a reviewer reads before confirming.")
class MatchCandidate:
    """An entry that may be meant."""

    entry: CatalogEntry
    award: TitleAward | None
    score: float
    reasons: list[str]


@dataclass(frozen=True, slots=True)
class HistoryEvent:
    """One event of a case, and the case as it left it."""

    recorded: Positioned
    view: CaseView


async def _facts(info: Info, recorded: Positioned, view: CaseView) -> dict[str, Any]:
    """An event's own facts, as the viewer may see them in its case."""
    if info.context.viewer.in_clear(view):
        await info.context.key_of(view.holder.ref)
    return info.context.viewer.facts(recorded.event, view)


@strawberry.type(
    name="CaseEvent",
    description="One immutable event of a case, decoded, with who, when and why; `state` is the case as that event left it.",
)
class CaseEvent:
    """How a case's event reads."""

    recorded: strawberry.Private[Positioned]
    view: strawberry.Private[CaseView]

    @strawberry.field
    def position(self) -> Position:
        """Its place in the registry's one total order."""
        return Position(self.recorded.position)

    @strawberry.field
    def version(self) -> int:
        """Its place in the case's own history."""
        return self.recorded.event.originator_version

    @strawberry.field
    def type(self) -> str:
        """What happened, as a stable name such as `recognition-case.approved`."""
        return self.recorded.event.TOPIC

    @strawberry.field
    def recorded_at(self) -> datetime:
        """The instant at which the registry recorded it."""
        return self.recorded.event.recorded_at

    @edge(ActorType)
    def actor(self) -> ActorView:
        """Who did it."""
        return actor_view(self.recorded.event.by.actor)

    @strawberry.field
    async def reason(self, info: Info) -> str | None:
        """The reason given, if one."""
        return reason_in(await _facts(info, self.recorded, self.view))

    @strawberry.field
    def summary(self, info: Info) -> str:
        """What happened, in one sentence without personal data."""
        return self.recorded.event.summary.text(info.context.language)

    @strawberry.field
    async def data(self, info: Info) -> JSON:
        """The event's own facts."""
        return JSON(await _facts(info, self.recorded, self.view))

    @edge(Annotated["RecognitionCase", strawberry.lazy("registry_api.types.cases")], name="state")
    def state_after(self) -> CaseView:
        """The case as this event left it."""
        return self.view


async def entry_at(context: Context, code: str | None, version: int | None, number: int | None) -> EntryView | None:
    """An entry of a version, through the request's loader; None where the reference is not complete."""
    if code is None or version is None or number is None:
        return None
    return await context.entries.load((code, version, number))


def award_for(entry: EntryView | None, grade: str | None) -> AwardView | None:
    """The title an entry awards for a grade; None while it is open."""
    return next((award for award in entry.awards if award.grade == grade), None) if entry else None


CaseWarning = CaseWarningView
registered(CaseWarning, "CaseWarning")


@strawberry.type(name="Deadline")
class DeadlineType:
    """A deadline as it stands on a day."""

    kind: DeadlineKind
    due_on: date
    state: DeadlineState


PendingProposal = ProposalView
registered(PendingProposal, "PendingProposal")


@strawberry.type(name="RecognizedTitle", description=described(TitleView))
@shows_personal(TitleView, certificate_number="The number of the certificate it stands on.", ending_ground=_GROUND)
class RecognizedTitle(Node, TitleView):
    """A title, its holder and what it stands on."""

    title_id: strawberry.Private[UUID]
    case_id: strawberry.Private[UUID]
    position: strawberry.Private[int]
    holder: strawberry.Private[HolderView]
    submitted_by: strawberry.Private[str]
    lodged_with_code: strawberry.Private[str]
    responsible_code: strawberry.Private[str]
    ending_proposed: strawberry.Private[bool]
    notice_given: strawberry.Private[bool]

    @classmethod
    def is_type_of(cls, obj: Any, _info: Any) -> bool:
        """Whether a node is a title."""
        return isinstance(obj, TitleView)

    @edge(None, name="id")
    def identifier(self) -> strawberry.ID:
        """Names the title; `title.…@POSITION` where it is shown as one of its events left it."""
        return ids.of_title(self)

    @edge(Holder, name="holder")
    async def held_by(self, info: Info) -> HolderView:
        """Who holds it."""
        return await shown(info, self, self.holder, "holder")

    @edge(CatalogEntry)
    async def entry(self, info: Info) -> EntryView | None:
        """The entry it was recognised on, as its version has it."""
        return await entry_at(info.context, self.catalog_code, self.version_number, self.entry_number)

    @edge(CatalogVersion)
    async def catalog_version(self, info: Info) -> VersionView | None:
        """The version that governed the case."""
        return await info.context.versions.load((self.catalog_code, self.version_number))

    @strawberry.field
    def attestation_url(self, info: Info) -> str | None:
        """Where its holder and the officers who read the person get an attestation of it, with their token; null where nobody gets one:
        the title ended or is shown as it was, the asker may not, or this installation has no public address.
        """
        name: str = ids.of_title(self)
        return info.context.services.attestations.address(info.context.viewer, self, name)

    @edge(Authority)
    def authority(self, info: Info) -> AuthorityView:
        """That of the officer who decided, at the time of the decision: it answers for the title."""
        return info.context.authority(self.authority_code)

    @edge(Authority)
    def lodged_with(self, info: Info) -> AuthorityView:
        """Where the case was lodged."""
        return info.context.authority(self.lodged_with_code)

    @edge(Position, name="position")
    def last_position(self) -> int:
        """Of its last event: where `titleChanges` goes on from."""
        return self.cursor if isinstance(self, FedTitleView) else self.position

    @strawberry.field
    def revoked_on(self) -> date | None:
        """The day on which it was revoked for fraud; null where it was not."""
        return self.ended_on if self.status is TitleStatus.REVOKED else None

    @strawberry.field
    async def revocation_ground(self, info: Info) -> str | None:
        """Why it was revoked for fraud (article 4)."""
        return await personal(info, self, "ending_ground") if self.status is TitleStatus.REVOKED else None

    @edge(bool, name="endingProposed")
    def ending_is_proposed(self, info: Info) -> bool:
        """Whether somebody has proposed to end it and nothing is decided yet; its holder is told once notice was given."""
        return self.ending_proposed and (self.notice_given or info.context.viewer.officially(self))


@strawberry.type(name="RecognitionCase", description=described(CaseView))
@shows_personal(CaseView, work_field="The field of the holder's present work.", ending_ground=_GROUND)
class RecognitionCase(Node, CaseView):
    """A case, what it is pinned to, and how it came about."""

    case_id: strawberry.Private[UUID]
    position: strawberry.Private[int]
    holder: strawberry.Private[HolderView]
    certificate: strawberry.Private[CertificateView]
    candidates: strawberry.Private[tuple[CandidateView, ...]]
    evidence: strawberry.Private[tuple[EvidenceView, ...]]
    pending: strawberry.Private[tuple[ProposalView, ...]]
    recognized_by: strawberry.Private[ActorView | None]
    awarded: strawberry.Private[PinnedView | None]
    title_status: strawberry.Private[TitleStatus | None]
    claim_id: strawberry.Private[UUID | None]
    lodged_with_code: strawberry.Private[str]
    clocks: strawberry.Private[tuple[DeadlineView, ...]]
    due_first: strawberry.Private[date | None]
    due_last: strawberry.Private[date | None]
    review_until: strawberry.Private[date | None]
    unrecorded_due: strawberry.Private[date | None]
    deadline_met: strawberry.Private[bool]
    deadline_missed: strawberry.Private[bool]
    deadline_suspended: strawberry.Private[bool]

    @classmethod
    def is_type_of(cls, obj: Any, _info: Any) -> bool:
        """Whether a node is a case."""
        return isinstance(obj, CaseView)

    @edge(None, name="id")
    def identifier(self) -> strawberry.ID:
        """Names the case; `case.…@VERSION` where it is shown as one of its events left it."""
        return ids.of_case(self)

    @edge(Holder, name="holder")
    async def is_about(self, info: Info) -> HolderView:
        """Who the case is about."""
        return await shown(info, self, self.holder, "holder")

    @edge(Certificate, name="certificate")
    async def presented(self, info: Info) -> CertificateView:
        """The certificate as presented; its text only for those who read persons in clear."""
        return await shown(info, self, self.certificate, "certificate")

    @edge(list[Evidence], name="evidence")
    async def supporting(self, info: Info) -> Sequence[EvidenceView]:
        """What supports the case; names and kinds of files only for those who read persons in clear."""
        return await shown(info, self, self.evidence, "evidence")

    @edge(Authority)
    def authority(self, info: Info) -> AuthorityView:
        """The authority that is responsible."""
        return info.context.authority(self.authority_code)

    @edge(Authority)
    def lodged_with(self, info: Info) -> AuthorityView:
        """Where it was submitted."""
        return info.context.authority(self.lodged_with_code)

    @edge(PendingProposal | None)
    async def pending_proposal(self, info: Info) -> ProposalView | None:
        """What is proposed about the title and not decided: shown to its officers, and to the holder once notice was given."""
        proposed = next(iter(self.pending), None)
        if proposed is None or (proposed.notice_on is None and not info.context.viewer.officially(self)):
            return None
        return await shown(info, self, proposed, "proposal")

    @edge(list[DeadlineType])
    def deadlines(self, info: Info) -> list[StandingDeadline]:
        """The statutory clocks, in the order in which they arise, as they stand now; in a past state, as they stood then."""
        return standing(self, info.context.read_on(getattr(self, "seen_at", None)))

    @edge(list[CaseWarning])
    async def warnings(self, info: Info) -> Sequence[CaseWarningView]:
        """What an officer should know before deciding, the gravest first; for officers of the case only, and of its present state."""
        if not is_warned(info.context.viewer, self):
            return ()
        return await info.context.warnings.load(Concerned.of(self))

    @edge(CatalogVersion | None)
    async def catalog_version(self, info: Info) -> VersionView | None:
        """The version that governs the case."""
        if self.catalog_code is None or self.version_number is None:
            return None
        return await info.context.versions.load((self.catalog_code, self.version_number))

    @edge(CatalogEntry | None)
    async def entry(self, info: Info) -> EntryView | None:
        """The entry the certificate was matched to."""
        return await entry_at(info.context, self.catalog_code, self.version_number, self.entry_number)

    @edge(TitleAward | None)
    async def award(self, info: Info) -> AwardView | None:
        """The title the match leads to; null while it is open."""
        entry = await entry_at(info.context, self.catalog_code, self.version_number, self.entry_number)
        return award_for(entry, self.grade)

    @edge(list[MatchCandidate], name="candidates")
    async def candidates_offered(self, info: Info) -> Sequence[Candidate]:
        """The entries that may be meant, the likeliest first."""
        offered: list[Candidate] = []
        for each in await shown(info, self, self.candidates, "reasons"):
            code, version = each.catalog_code or self.catalog_code, each.catalog_version or self.version_number
            entry = await entry_at(info.context, code, version, each.number)
            if entry is not None:
                because = sentences(info.context, each.because)
                offered.append(Candidate(entry, award_for(entry, each.grade), each.score, because))
        return offered

    @edge(RecognizedTitle | None)
    async def title(self, info: Info) -> TitleView | None:
        """The title it led to, derived from its pinned entry; null before approval."""
        pinned = self.awarded
        if pinned is None:
            return None
        entry = await entry_at(info.context, pinned.catalog_code, pinned.version_number, pinned.entry_number)
        return title_of(self, entry)

    @edge(list[CaseEvent])
    async def history(self, info: Info, first: int | None = 200, after: int | None = None) -> Sequence[HistoryEvent]:
        """The events up to this state of the case, oldest first: at most `first` of them, those after the version `after`."""
        size, since = page_size(first), after or 0
        stream = await info.context.streams.load(self.case_id)
        known = [each for each in stream if each.event.originator_version <= self.version]
        drafts = frozenset() if info.context.viewer.officially(self) else drafts_of(each.event for each in known)
        views = case_views(((each.event, each.position) for each in known), self.holder)
        shown_of = [
            HistoryEvent(recorded, view)
            for recorded, view in zip(known, views, strict=True)
            if recorded.event.originator_version > since and recorded.event.originator_version not in drafts
        ]
        return shown_of[:size]


@strawberry.type
class RecognitionCaseEdge:
    """A case in a list."""

    cursor: str
    node: RecognitionCase


@strawberry.type
class RecognitionCaseConnection:
    """A page of cases."""

    edges: list[RecognitionCaseEdge]
    nodes: list[RecognitionCase]
    page_info: PageInfo
    total_count: int | None


@strawberry.type
class RecognizedTitleEdge:
    """A title in a list."""

    cursor: str
    node: RecognizedTitle


@strawberry.type
class RecognizedTitleConnection:
    """A page of titles."""

    edges: list[RecognizedTitleEdge]
    nodes: list[RecognizedTitle]
    page_info: PageInfo
    total_count: int | None
