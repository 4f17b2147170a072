"""What people read. A view is the row of a read model and the type of the API: its field list stands here and nowhere else.

Annotations are evaluated here (no postponed ones), since the API reads them from its own modules. Nested views become columns with their field's name in front (``holder_name``); tuples of views become JSON.

A field marked ``Personal`` holds a person, or what somebody typed about one. Rows hold it sealed, ``Viewer`` opens or masks it,
erasure ends it, the database keeps no statistics of it: all of that follows from the mark.
"""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from domain.messages import Message
from domain.values import (
    AliasChangeKind,
    AliasKind,
    AuthorityKind,
    CaseStatus,
    DeadlineKind,
    EntryChangeKind,
    Personal,
    ProposalKind,
    Role,
    TitleLevel,
    TitleStatus,
    WordKind,
    told_reason,
)


@dataclass(kw_only=True)
class HolderView:
    """Who a case or title is about; fields are None where the viewer may not see them, or after erasure.

    ``restricted`` data is kept and not processed: only a privacy officer sees it.
    """

    ref: UUID
    name: Personal
    id_type: Personal
    id_number: Personal
    erased: bool = False
    restricted: bool = False


@dataclass(kw_only=True)
class CertificateView:
    """The foreign certificate as it was presented; its text is None where the viewer may not see it, or after erasure."""

    name: Personal
    issuing_body: Personal
    grade: Personal
    certificate_number: Personal
    issued_on: date | None
    expires_on: date | None


@dataclass(kw_only=True)
class EvidenceView:
    """A file that supports a case."""

    sha256: str
    file_name: Personal
    media_type: str
    size: int
    kind: Personal


@dataclass(kw_only=True)
class ReasonFactView:
    """A fact of a reason that is the catalog's own: its name in the sentence, and what stands there."""

    name: str
    values: tuple[str, ...]


@dataclass(kw_only=True)
class ReasonView:
    """Why an entry is offered: the key of a sentence in the catalogue of messages, its facts, and what it quotes of typed text."""

    code: str
    facts: tuple[ReasonFactView, ...]
    typed: tuple[Personal, ...]

    @property
    def told(self) -> Message:
        """See ``told_reason``."""
        return told_reason(self.code, {fact.name: fact.values for fact in self.facts}, self.typed)


@dataclass(kw_only=True)
class CandidateView:
    """An entry that may be meant, by number; ``catalog_code`` and ``catalog_version`` where it stands in another catalog than the
    one that the case is under.
    """

    number: int
    grade: str | None
    score: float
    reasons: tuple[ReasonView, ...]
    catalog_code: str | None = None
    catalog_version: int | None = None

    @property
    def because(self) -> tuple[Message, ...]:
        """The reasons as sentences; without their quotes where those are masked or erased."""
        return tuple(reason.told for reason in self.reasons)


@dataclass(kw_only=True)
class ActorView:
    """Who acted."""

    subject: str
    role: Role
    authority_code: str | None


@dataclass(kw_only=True)
class ProposalView:
    """What an officer proposed about a title, until another decides: the authority's own until notice was given.

    ``answer_until`` is the last day on which the holder may answer; ``statement`` is their answer.
    """

    kind: ProposalKind
    proposed_by: ActorView
    ground: Personal
    findings: Personal
    notice_on: date | None
    answer_until: date | None
    statement: Personal
    waived: bool


@dataclass(kw_only=True)
class DeadlineView:
    """A statutory clock of a case as events pinned it; how it stands depends on the day on which it is read."""

    kind: DeadlineKind
    due_on: date
    done_on: date | None
    suspended: bool


@dataclass(kw_only=True)
class PinnedView:
    """What a title is pinned to: an entry as one version of its catalog has it, and the grade."""

    catalog_code: str
    version_number: int
    entry_number: int
    grade: str | None


@dataclass(kw_only=True)
class CaseView:
    """A recognition case as its latest event left it, and what its title needs.

    Of its deadlines that run, REVIEW apart, ``due_first`` and ``due_last`` are the earliest last day and the latest: never more
    than two run at a time. ``unrecorded_due`` is the earliest of those whose missing is to be recorded and is not. ``supplemented``:
    what was asked for last has come.
    """

    case_id: UUID
    case_number: str
    version: int
    position: int
    status: CaseStatus
    holder: HolderView
    certificate: CertificateView
    work_field: Personal
    authority_code: str
    catalog_code: str | None
    version_number: int | None
    entry_number: int | None
    grade: str | None
    candidates: tuple[CandidateView, ...]
    evidence: tuple[EvidenceView, ...]
    submitted_by: str
    submitted_at: datetime
    lodged_with_code: str
    claim_id: UUID | None
    decided_at: datetime | None = None
    decided_by: ActorView | None = None
    overridden: bool = False
    recognized_on: date | None = None
    recognized_by: ActorView | None = None
    awarded: PinnedView | None = None
    title_status: TitleStatus | None = None
    work_consistent: bool | None = None
    counted_experience_months: int | None = None
    ended_on: date | None = None
    ending_ground: Personal = None
    pending: tuple[ProposalView, ...] = ()
    clocks: tuple[DeadlineView, ...] = ()
    due_first: date | None = None
    due_last: date | None = None
    review_until: date | None = None
    unrecorded_due: date | None = None
    deadline_met: bool = False
    deadline_missed: bool = False
    deadline_suspended: bool = False
    supplemented: bool = False

    @property
    def responsible_code(self) -> str:
        """The authority whose officers see it."""
        return self.authority_code


@dataclass(kw_only=True)
class TitleView:
    """A recognised title. Nothing is printed (article 2): this record is the certificate.

    ``authority_code`` is that of the officer who decided, at the time of the decision; ``responsible_code`` that of the case now,
    whose officers see it. ``ended_on`` and ``ending_ground`` are None while it stands.
    """

    title_id: UUID
    case_id: UUID
    case_number: str
    position: int
    status: TitleStatus
    title: str
    level: TitleLevel
    field: str
    holder: HolderView
    certificate_number: Personal
    authority_code: str
    lodged_with_code: str
    responsible_code: str
    decided_by: ActorView | None
    submitted_by: str
    catalog_code: str
    version_number: int
    entry_number: int
    recognized_on: date
    ended_on: date | None
    ending_ground: Personal
    ending_proposed: bool
    notice_given: bool
    valid_for_appointment: bool
    valid_for_promotion: bool
    counted_experience_months: int


@dataclass(kw_only=True)
class PastCaseView(CaseView):
    """A case as one of its events left it, the latest too: asked for by version, by instant or in a history.

    ``seen_at`` is the instant asked about, or that of the event.
    """

    seen_at: datetime | None = None


@dataclass(kw_only=True)
class PastTitleView(TitleView):
    """A title as one of its case's events left it, the latest too; the title of a ``PastCaseView``."""


@dataclass(kw_only=True)
class FedTitleView(PastTitleView):
    """A title as an event of its case, or one about its holder as a whole, left it, as whoever follows is told.

    ``cursor`` is where they go on from: that event's position, or the one before it while further titles of it are still to be told.
    """

    cursor: int


@dataclass(kw_only=True)
class AwardView:
    """One title an entry leads to; ``grade`` is None where the entry knows one title only."""

    grade: str | None
    title: str
    level: TitleLevel


@dataclass(kw_only=True)
class EntryView:
    """One row of a catalog, in the versions ``from_version`` up to but not including ``until_version``."""

    catalog_code: str
    number: int
    from_version: int
    until_version: int | None
    qualification_name: str
    translated_name: str
    issuing_body: str
    field: str
    awards: tuple[AwardView, ...]
    label: str | None
    country: str | None
    series: str | None
    tier: str | None
    conditions: str | None
    valid_until: date | None
    remark: str | None


@dataclass(kw_only=True)
class ProposedEntryView(EntryView):
    """An entry that somebody proposes and no version has: ``from_version`` is the version that would bring it."""


@dataclass(kw_only=True)
class ChangeView:
    """What a version changed in one entry: its content before and after, as far as there is one.

    ``number`` is the one it had before, ``new_number`` the one it bears since, where it was renumbered.
    """

    kind: EntryChangeKind
    number: int
    new_number: int | None
    reason: str | None
    before: EntryView | None
    after: EntryView | None


@dataclass(kw_only=True)
class AliasView:
    """Another name of a qualification or an issuing body, beside the official text, and the ground on which it holds.

    A qualification's names the entries it means: one, or several where it is ambiguous, or none where the catalog is known
    not to list it. A body's bears the key that all spellings of the body share.
    """

    catalog_code: str
    place: int
    from_version: int
    until_version: int | None
    kind: AliasKind
    text: str
    issuer: str | None
    numbers: tuple[int, ...]
    ground: str


@dataclass(kw_only=True)
class AliasChangeView:
    """What a version changed in one alias; `ground` says why it holds, or, where it was withdrawn, why no longer."""

    kind: AliasChangeKind
    alias_kind: AliasKind
    text: str
    issuer: str | None
    numbers: tuple[int, ...]
    ground: str


@dataclass(kw_only=True)
class WordView:
    """One word of the vocabulary that matching reads a version by, and the ground on which it holds.

    ``scope`` is empty where the word holds for every name, ``issuer:KEY`` where for those of one body, ``catalog:CODE`` where
    for one catalog.
    """

    place: int
    kind: WordKind
    text: str
    meaning: str
    scope: str
    ground: str


@dataclass(kw_only=True)
class WordChangeView:
    """What a version changed in one word of the vocabulary; `ground` says why it holds, or, where it was withdrawn, why no
    longer.
    """

    kind: AliasChangeKind
    word_kind: WordKind
    text: str
    meaning: str
    scope: str
    ground: str


@dataclass(kw_only=True)
class FieldChangeView:
    """One field of an entry before and after, as text; ``name`` is the API's. None where there is no entry on that side."""

    name: str
    before: str | None
    after: str | None


@dataclass(kw_only=True)
class CatalogView:
    """A published catalog."""

    catalog_id: UUID
    code: str
    name: str
    position: int


@dataclass(kw_only=True)
class VersionView:
    """One version of a catalog; ``effective_until`` is the day a later version takes over, or the one after the catalog's last,
    as known now. ``levels`` are those that its titles may have.
    """

    catalog_code: str
    number: int
    notice_number: str | None
    notice_title: str
    effective_from: date
    effective_until: date | None
    issued_at: datetime
    erratum: bool
    entry_count: int
    changes: tuple[ChangeView, ...]
    alias_changes: tuple[AliasChangeView, ...]
    word_changes: tuple[WordChangeView, ...]
    levels: tuple[TitleLevel, ...]
    departments: tuple[str, ...]
    ends_on: date | None


@dataclass(kw_only=True)
class AmendmentView:
    """An amendment on its way: PROPOSED, ISSUED or DISCARDED; ``levels`` are empty where its notice says nothing about them."""

    amendment_id: UUID
    catalog_code: str
    base_version: int
    status: str
    notice_number: str | None
    notice_title: str
    effective_from: date
    erratum: bool
    rematch_pending: bool
    levels: tuple[TitleLevel, ...]
    departments: tuple[str, ...]
    ends_on: date | None
    proposed_by: ActorView
    proposed_at: datetime
    closed_at: datetime | None
    version_number: int | None
    changes: tuple[ChangeView, ...]
    alias_changes: tuple[AliasChangeView, ...]
    word_changes: tuple[WordChangeView, ...]


@dataclass(kw_only=True)
class CatalogProposalView:
    """A further catalog on its way: PROPOSED, PUBLISHED or DISCARDED; ``entries`` are those of its first version."""

    proposal_id: UUID
    code: str
    name: str
    status: str
    notice_number: str | None
    notice_title: str
    effective_from: date
    levels: tuple[TitleLevel, ...]
    departments: tuple[str, ...]
    proposed_by: ActorView
    proposed_at: datetime
    closed_at: datetime | None
    entries: tuple[EntryView, ...]


@dataclass(kw_only=True)
class IntegrityRecordView:
    """A record of the integrity archive (article 4): filed by the authority that revoked, in force until it lapses or is overturned."""

    record_id: UUID
    case_id: UUID
    case_number: str
    holder_ref: UUID
    authority_code: str
    ground: Personal
    findings: Personal
    filed_on: date
    lapses_on: date
    overturned: bool


@dataclass(kw_only=True)
class CaseWarningView:
    """What an officer should know before deciding, and the number of the other case that it is about."""

    code: str
    message: str
    related_case_number: str | None


@dataclass(kw_only=True)
class HolderFileView:
    """What the registry holds of one person: their cases and integrity records, and whether their data is processed."""

    ref: UUID
    erased: bool
    restricted: bool
    case_ids: tuple[UUID, ...]
    record_ids: tuple[UUID, ...]


@dataclass(kw_only=True)
class CountedCaseView:
    """A case as statistics count it, and nothing of the person; ``days`` lie between the days of submission and decision.

    ``entry`` is the catalog's code and the number, as ``zj-2023/42``; ``outcome`` is where the case stands.
    """

    case_id: UUID
    authority_code: str
    officer: str | None
    submitted_on: date
    month: str
    catalog_code: str | None
    entry: str | None
    field: str | None
    level: TitleLevel | None
    outcome: CaseStatus
    approved: bool
    rejected: bool
    ended: bool
    overridden: bool
    days: int | None


@dataclass(kw_only=True)
class StatisticsView:
    """Counts of cases, and days from submission to decision, of those that have the same ``keys``.

    A key is empty where a case has none, as an officer while it is open. Days are null where nothing is decided.
    """

    keys: tuple[str, ...]
    cases: int
    approved: int
    rejected: int
    ended: int
    overridden: int
    days_median: float | None
    days_p90: float | None


@dataclass(kw_only=True)
class AuditEventView:
    """The envelope of one event; its facts stay in the event itself."""

    position: int
    stream_id: UUID
    stream_type: str
    version: int
    type: str
    recorded_at: datetime
    actor: ActorView


@dataclass(kw_only=True)
class AuthorityView:
    """A body with title-management jurisdiction."""

    code: str
    name: str
    kind: AuthorityKind
    division_code: str


@dataclass(kw_only=True)
class StatusView:
    """How far the read side is behind the write side, in events; and when the last backup was made."""

    position: int
    projected_position: int
    lag_events: int
    log_size: int
    last_backup_at: datetime | None = None


@dataclass(kw_only=True)
class AccessView:
    """One request that showed personal data in clear: who, when, why, of whom and which kinds of fields; no values."""

    number: int
    recorded_at: datetime
    actor: ActorView
    client: str | None
    request_id: str | None
    reason: str
    operation: str
    holders: tuple[str, ...]
    fields: tuple[str, ...]
