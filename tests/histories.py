"""Random valid histories: catalogs and cases driven through the aggregates' public methods, act by act.

A ``World`` draws every choice from a seeded ``Random``. An act the domain refuses records nothing; the world only ever holds what really could have happened.
"""

import contextlib
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import UUID

from hypothesis import strategies as st

from catalog.jurisdiction import load_jurisdiction
from domain.authorities import AuthorityKind, DivisionLevel
from domain.base import Act, Aggregate, Event
from domain.case.case import RecognitionCase
from domain.case.due_days import unrecorded
from domain.case.events import (
    Approved,
    CertificateClaimMoved,
    Matched,
    Rejected,
    RematchRequired,
    Supplemented,
    SupplementRequested,
    Transferred,
    Withdrawn,
)
from domain.case.imported import Imported
from domain.case.state import OPEN
from domain.case.title_events import (
    Annulled,
    AnnulmentProposed,
    DeadlineMissed,
    NoticeGiven,
    ProposalAnswered,
    ProposalDeclined,
    Reassessed,
    Reinstated,
    ReinstatementProposed,
    ReviewRecorded,
    RevocationProposed,
    Revoked,
    Surrendered,
)
from domain.catalog.amendment import AliasChange, AmendmentTerms, EntryChange
from domain.catalog.catalog import Catalog
from domain.catalog.proposal import CatalogProposal, CatalogTerms
from domain.claim import CertificateClaim
from domain.guards import Circumstances
from domain.identifiers import case_id, case_number
from domain.integrity import IntegrityRecord
from domain.refusals import Refused
from domain.values import (
    Actor,
    Alias,
    AliasKind,
    CaseStatus,
    CatalogEntry,
    Certificate,
    EntryChangeKind,
    Evidence,
    Experience,
    MatchCandidate,
    MatchOutcome,
    Notice,
    Person,
    ProposalKind,
    Provenance,
    Reason,
    ReasonFact,
    ReviewOutcome,
    Role,
    TitleAward,
    TitleLevel,
    TitleStatus,
    shanghai_day,
)
from tests.claims import claim_id

FIRST_DAY = date(2023, 11, 1)
NAMES = ("王小明", "Zoë Müller", "O'Brien", "\\N", "back\\slash\ttab", 'quo"te', "élève 🎓", "-", "{}")
TITLES = (("助理工程师", TitleLevel.JUNIOR), ("工程师", TitleLevel.INTERMEDIATE))
AUTHORITIES = ("330100-JX", "330200-RS", "330106-JX")
REASONS = (
    Reason(code="match.same_words", facts=(ReasonFact(name="source", values=("名称相近", "\\N")),)),
    Reason(code="match.beyond", typed=("词", "\\")),
)
SYSTEM = Actor(subject="registry", role=Role.SYSTEM)


class Everywhere:
    """A jurisdiction in which every authority exists and covers every other."""

    def exists(self, code: str, on: date) -> bool:  # noqa: ARG002 - the port's shape
        return True

    def covers(self, decider: str, responsible: str, on: date) -> bool:  # noqa: ARG002 - the same
        return True

    def rank(self, code: str, on: date) -> tuple[AuthorityKind, DivisionLevel]:  # noqa: ARG002 - the same
        return AuthorityKind.HUMAN_RESOURCES, DivisionLevel.CITY


class World:
    """Everything that has happened, and what may happen next."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.now = datetime(2023, 11, 1, 1, tzinfo=UTC)
        self.catalogs: list[Catalog] = []
        self.proposals: list[CatalogProposal] = []
        self.cases: list[RecognitionCase] = []
        self.claims: dict[UUID, CertificateClaim] = {}
        self.records: dict[UUID, IntegrityRecord] = {}
        self.holders = [UUID(int=random.getrandbits(128), version=4) for _ in range(4)]
        self._submissions = 0
        self.known = Circumstances(Everywhere(), self, load_jurisdiction().rules)

    def entry_at(self, code: str, version: int, number: int) -> CatalogEntry | None:
        """What the catalogs of this world say."""
        found = next((each.state for each in self.catalogs if each.state.code == code), None)
        return found.entry_at(version, number) if found else None

    def had(self, code: str, version: int, number: int) -> bool:
        """Whether a catalog of this world ever said it."""
        return any(each.state.had(version, number) for each in self.catalogs if each.state.code == code)

    def saves(self, acts: int) -> Iterator[list[Event]]:
        """What each of so many acts recorded, in the order of the streams it changed; one that is refused is followed by another,
        up to five times.
        """
        for _ in range(acts):
            for _ in range(5):
                self.now += timedelta(hours=self.random.randint(0, 40), microseconds=self.random.randint(0, 999_999))
                events = self._recorded()
                if events:
                    yield events
                    break

    def _recorded(self) -> list[Event]:
        with contextlib.suppress(Refused):
            return [event for aggregate in self._act() for event in aggregate.collect_events()]
        return []

    def _act(self) -> list[Aggregate]:
        if not self.catalogs or (len(self.catalogs) < 2 and self.random.random() < 0.05):
            return [self._publish()]
        if self.random.random() < 0.05:
            return self._propose_catalog()
        acts = [self._amend] * 2 + [self._submit] + [self._import] + [self._decide] * 13
        return self.random.choice(acts)()

    # ── catalogs ──────────────────────────────────────────────────────────────────────────────────────────────────
    def _publish(self) -> Catalog:
        number = len(self.catalogs) + 1
        catalog = Catalog.publish(
            self._by(Role.ADMINISTRATOR),
            code=f"ZJ-{number}",
            name=f"目录 {number}",
            notice=Notice(title="关于印发目录的通知"),
            effective_from=FIRST_DAY,
            entries=[self._entry(n) for n in range(1, self.random.randint(2, 6))],
            aliases=[self._alias(n, (1,)) for n in range(self.random.randint(0, 3))],
        )
        self.catalogs.append(catalog)
        return catalog

    def _propose_catalog(self) -> list[Aggregate]:
        open_ones = [each for each in self.proposals if each.state.status == "PROPOSED"]
        if not open_ones:
            terms = CatalogTerms(
                code=f"ZJ-further-{len(self.proposals) + 1}",
                name="目录",
                notice=Notice(title="关于印发目录的通知"),
                effective_from=FIRST_DAY,
                entries=tuple(self._entry(n) for n in range(1, self.random.randint(2, 4))),
            )
            identifier = UUID(int=self.random.getrandbits(128), version=4)
            self.proposals.append(CatalogProposal.propose(self._by(Role.ADMINISTRATOR), identifier, terms, self.known))
            return [self.proposals[-1]]
        proposal = self.random.choice(open_ones)
        if self.random.random() < 0.5:
            proposal.discard(self._by(Role.ADMINISTRATOR), "文号有误")
            return [proposal]
        catalog = proposal.publish(self._by(Role.ADMINISTRATOR))
        self.catalogs.append(catalog)
        return [proposal, catalog]

    def _entry(self, number: int) -> CatalogEntry:
        title, level = self.random.choice(TITLES)
        awards = (TitleAward(title=title, level=level),)
        if self.random.random() < 0.3:
            awards = tuple(
                TitleAward(grade=grade, title=title, level=level)
                for grade, (title, level) in zip(("2级", "1级"), TITLES, strict=True)
            )
        return CatalogEntry(
            number=number,
            qualification_name=f"Qualification {number}.{self.random.randint(1, 99)}",
            translated_name=self._name(),
            issuing_body=self.random.choice(("DIHK", "Amazon", "人社部")),
            field=self.random.choice(("数字安防", "高端装备", "新材料、高端装备")),
            awards=awards,
            label=self.random.choice((None, f"A{number}")),
            country=self.random.choice((None, "德国")),
            valid_until=self.random.choice((None, FIRST_DAY)),
            remark=self.random.choice((None, self._name())),
        )

    def _amend(self) -> list[Aggregate]:
        catalog = self.random.choice(self.catalogs)
        proposed = [each.id for each in catalog.state.amendments.values() if each.status == "PROPOSED"]
        if proposed and self.random.random() < 0.7:
            if self.random.random() < 0.2:
                catalog.discard(self._by(Role.ADMINISTRATOR), self.random.choice(proposed), "文号有误")
            else:
                catalog.issue(self._by(Role.ADMINISTRATOR), self.random.choice(proposed))
            return [catalog]
        entries = catalog.state.entries_at(catalog.state.latest.number)
        numbers = self.random.sample(sorted(entries), min(len(entries), self.random.randint(0, 2)))
        swapped = len(numbers) > 1 and self.random.random() < 0.3
        changes = self._swap(entries, *numbers) if swapped else [self._change(number) for number in numbers]
        if not changes or self.random.random() < 0.4:
            new = max(catalog.state.ever_numbered) + 1
            changes.append(EntryChange(kind=EntryChangeKind.ADDED, number=new, entry=self._entry(new)))
        erratum = self.random.random() < 0.3
        days = self.random.randint(-30, 40) if erratum else self.random.randint(0, 40)
        effective = shanghai_day(self.now) + timedelta(days=days)
        terms = AmendmentTerms(
            base_version=catalog.state.latest.number,
            ends_on=effective + timedelta(days=self.random.randint(0, 400)) if self.random.random() < 0.1 else None,
            notice=Notice(number=self.random.choice((None, "浙人社发〔2024〕1号")), title="调整目录"),
            effective_from=effective,
            erratum=erratum,
            rematch_pending=self.random.random() < 0.3,
            changes=tuple(changes),
            alias_changes=tuple(self._alias_changes(catalog)),
        )
        catalog.propose(self._by(Role.ADMINISTRATOR), terms)
        return [catalog]

    def _change(self, number: int) -> EntryChange:
        if self.random.random() < 0.4:
            return EntryChange(kind=EntryChangeKind.WITHDRAWN, number=number, reason="停止颁发")
        return EntryChange(kind=EntryChangeKind.REVISED, number=number, entry=self._entry(number))

    def _swap(self, entries: Mapping[int, CatalogEntry], one: int, other: int) -> list[EntryChange]:
        """Two entries that take each other's number."""
        return [
            EntryChange(
                kind=EntryChangeKind.RENUMBERED,
                number=old,
                new_number=new,
                entry=entries[old].model_copy(update={"number": new}),
            )
            for old, new in ((one, other), (other, one))
        ]

    def _alias_changes(self, catalog: Catalog) -> Iterator[AliasChange]:
        """Withdrawn, added, and withdrawn to be added anew: whatever may come together."""
        there = catalog.state.aliases_at(catalog.state.latest.number)
        for alias in self.random.sample(there, min(len(there), self.random.randint(0, 2))):
            ground = alias.model_copy(update={"ground": "不再使用"})
            yield AliasChange(kind=EntryChangeKind.WITHDRAWN, alias=ground)
            if self.random.random() < 0.3:
                yield AliasChange(kind=EntryChangeKind.ADDED, alias=alias)
        if self.random.random() < 0.4:
            alias = self._alias(
                self.random.randint(1, 99), tuple(sorted(catalog.state.entries_at(catalog.state.latest.number))[:2])
            )
            yield AliasChange(kind=EntryChangeKind.ADDED, alias=alias)

    def _alias(self, number: int, meant: tuple[int, ...]) -> Alias:
        text, ground = f"{self._name()} {number}", "an abbreviation"
        if self.random.random() < 0.4:
            return Alias(kind=AliasKind.ISSUING_BODY, text=text, issuer="DIHK", ground=ground)
        return Alias(kind=AliasKind.QUALIFICATION, text=text, numbers=self.random.choice(((), meant)), ground=ground)

    # ── cases ─────────────────────────────────────────────────────────────────────────────────────────────────────
    def _submit(self) -> list[Aggregate]:
        catalog = self.random.choice(self.catalogs)
        version = catalog.state.version_in_force(shanghai_day(self.now))
        act = self._by(Role.APPLICANT)
        self._submissions += 1
        identifier = case_id(act.by.actor.subject, f"key {self._submissions} {self.random.getrandbits(64)}")
        holder = self.random.choice(self.holders)
        number = self.random.choice((None, "No. 7", f"N-{self.random.randint(1, 30)}"))
        claim = None if number is None else claim_id("DIHK", number)
        changed = [] if claim is None else [self._claim(act, claim, identifier, holder)]
        case = RecognitionCase.submit(
            act,
            identifier,
            self.known,
            holder=Person(ref=holder, name=self._name(), id_type="RESIDENT_ID", id_number=self._name()),
            certificate=Certificate(
                name=self._name(), issuing_body="DIHK", grade="1级", certificate_number=number, issued_on=FIRST_DAY
            ),
            authority_code=self.random.choice(AUTHORITIES),
            work_field="机械",
            experience=(Experience(employer=self._name(), start=FIRST_DAY, end=FIRST_DAY, field="机械"),),
            evidence=tuple(self._evidence() for _ in range(self.random.randint(0, 2))),
            catalog_code=catalog.state.code if version else None,
            catalog_version=version,
            claim_id=claim,
        )
        self.cases.append(case)
        if self.random.random() < 0.8:
            self._match(case, catalog)
        return [case, *changed]

    def _import(self) -> list[Aggregate]:
        """A title of before, of an entry that is there, decided between its submission and now."""
        catalog = self.random.choice(self.catalogs)
        submitted = FIRST_DAY + timedelta(days=self.random.randint(0, (shanghai_day(self.now) - FIRST_DAY).days))
        entries = list(catalog.state.entries_at(1).values())
        entry, holder = self.random.choice(entries), self.random.choice(self.holders)
        stream = UUID(int=self.random.getrandbits(128), version=5)
        case = RecognitionCase.begin(
            Imported,
            self._by(Role.ADMINISTRATOR),
            stream,
            self.known,
            case_number=case_number(stream, submitted, self.known.rules.case_prefix),
            holder_ref=holder,
            holder=Person(ref=holder, name=self._name(), id_type="RESIDENT_ID", id_number=self._name()),
            certificate=Certificate(name=self._name(), issuing_body="DIHK"),
            authority_code=self.random.choice(AUTHORITIES),
            work_field="机械",
            catalog_code=catalog.state.code,
            catalog_version=1,
            entry_number=entry.number,
            grade=self.random.choice(entry.awards).grade,
            submitted_on=submitted,
            decided_on=submitted,
            work_consistent=True,
            counted_experience_months=self.random.randint(0, 24),
            claim_id=None,
            reference=self._name(),
            import_id=UUID(int=1),
            row=self.random.randint(1, 9),
            signed_by="signer",
        )
        self.cases.append(case)
        return [case]

    def _claim(self, act: Act, claim: UUID, case: UUID, holder: UUID) -> CertificateClaim:
        known = self.claims.get(claim)
        if known is None:
            first = CertificateClaim.begin(CertificateClaim.Claimed, act, claim, case_id=case, holder_ref=holder)
            self.claims[claim] = first
        else:
            known.decide(CertificateClaim.Reclaimed, act, case_id=case, holder_ref=holder)
        return self.claims[claim]

    def _match(self, case: RecognitionCase, catalog: Catalog) -> None:
        entries = catalog.state.entries_at(case.state.catalog_version or 1)
        exact = bool(entries) and case.state.catalog_version is not None and self.random.random() < 0.7
        entry = self.random.choice(list(entries.values())) if exact else None
        case.match(
            Act(Provenance(actor=SYSTEM), self.now),
            self.known,
            outcome=MatchOutcome.EXACT if entry else MatchOutcome.AMBIGUOUS,
            entry_number=entry.number if entry else None,
            grade=self.random.choice(entry.awards).grade if entry else None,
            candidates=[MatchCandidate(number=1, grade=None, score=self.random.random(), reasons=REASONS)],
            rule_set="1",
        )

    def _decide(self) -> list[Aggregate]:
        if not self.cases:
            return []
        act = self._by(Role.REVIEWER)
        if self.random.random() < 0.05:
            return self._miss(self.random.choice(self.cases), act)
        case = self.random.choice(self.cases[-2:])
        if case.state.title_status is not None and case.state.status not in OPEN:
            return self._title(case, act)
        steps = [
            self._confirm,
            self._move_claim,
            self._supplement,
            self._transfer,
            self._rematch,
            self._close,
        ]
        return self.random.choice(steps + [self._approve] * 4)(case, act)

    def _confirm(self, case: RecognitionCase, act: Act) -> list[Aggregate]:
        catalog = self._catalog_of(case)
        entries = list(catalog.state.entries_at(case.state.catalog_version or 1).values())
        if not entries or case.state.catalog_version is None:
            return []
        entry = self.random.choice(entries)
        case.decide(
            Matched,
            act,
            self.known,
            catalog_code=catalog.state.code,
            catalog_version=case.state.catalog_version,
            entry_number=entry.number,
            grade=self.random.choice(entry.awards).grade,
            reason=self._name(),
        )
        return [case]

    def _move_claim(self, case: RecognitionCase, act: Act) -> list[Aggregate]:
        to = claim_id("Amazon", f"N-{self.random.randint(1, 30)}")
        case.decide(CertificateClaimMoved, Act(Provenance(actor=SYSTEM), act.at), self.known, claim_id=to)
        return [case]

    def _supplement(self, case: RecognitionCase, act: Act) -> list[Aggregate]:
        if case.state.status is CaseStatus.SUPPLEMENT_REQUESTED:
            case.decide(Supplemented, act, self.known, evidence=(self._evidence(),))
        else:
            case.decide(SupplementRequested, act, self.known, reason=self._name())
        return [case]

    def _transfer(self, case: RecognitionCase, act: Act) -> list[Aggregate]:
        to = self.random.choice(AUTHORITIES)
        case.decide(Transferred, act, self.known, authority_code=to, reason=self._name())
        return [case]

    def _rematch(self, case: RecognitionCase, act: Act) -> list[Aggregate]:
        if case.state.catalog_version is None:  # nothing was in force when it was submitted, and no amendment moves it
            return []
        catalog = self._catalog_of(case)
        system = Act(Provenance(actor=SYSTEM), act.at)
        version = catalog.state.latest.number
        case.decide(RematchRequired, system, self.known, catalog_version=version, amendment_id=UUID(int=1))
        self._match(case, catalog)
        return [case]

    def _close(self, case: RecognitionCase, act: Act) -> list[Aggregate]:
        if self.random.random() < 0.5:
            case.decide(Rejected, act, self.known, reason=self._name())
        else:
            case.decide(Withdrawn, act, self.known, reason=self._name())
        claim = self.claims.get(case.state.claim_id) if case.state.claim_id else None
        if claim is None:
            return [case]
        claim.release(act, case.id)
        return [case, claim]

    def _approve(self, case: RecognitionCase, act: Act) -> list[Aggregate]:
        consistent = self.random.random() < 0.7
        case.decide(
            Approved,
            act,
            self.known,
            work_consistent=consistent,
            counted_experience_months=self.random.randint(0, 60) if consistent else 0,
            opinion=self._name(),
        )
        return [case]

    def _title(self, case: RecognitionCase, act: Act) -> list[Aggregate]:
        proposed = case.state.proposal
        if proposed is not None:
            heard = proposed.kind is ProposalKind.REINSTATEMENT or proposed.answered_on is not None
            step = self._confirm_proposal if heard else self._hear
            return (self._decline if self.random.random() < 0.15 else step)(case, act)
        if not case.state.title_stands:
            return (self._record_review if self.random.random() < 0.1 else self._propose_back)(case, act)
        steps = [self._propose_end] * 8 + [self._reassess, self._surrender, self._record_review]
        return self.random.choice(steps)(case, act)

    def _miss(self, case: RecognitionCase, act: Act) -> list[Aggregate]:
        by = Act(Provenance(actor=SYSTEM), act.at)
        missed = [each for each in unrecorded(case.state) if each.due_on < shanghai_day(act.at)]
        for each in missed[:1]:
            case.decide(DeadlineMissed, by, self.known, deadline=each.kind, due_on=each.due_on)
        return [case] if missed else []

    def _propose_end(self, case: RecognitionCase, act: Act) -> list[Aggregate]:
        kind = self.random.choice([RevocationProposed, RevocationProposed, AnnulmentProposed])
        case.decide(kind, act, self.known, ground=self._name(), findings=self._name())
        return [case]

    def _propose_back(self, case: RecognitionCase, act: Act) -> list[Aggregate]:
        case.decide(ReinstatementProposed, act, self.known, reason=self._name())
        return [case]

    def _hear(self, case: RecognitionCase, act: Act) -> list[Aggregate]:
        proposal = case.state.proposal
        if proposal is not None and proposal.notice_on is None:
            case.decide(NoticeGiven, act, self.known, served_on=shanghai_day(act.at))
            return [case]
        holder = Actor(subject=case.state.submitted_by, role=Role.APPLICANT)
        waive = self.random.random() < 0.5
        facts = {"statement": None if waive else self._name(), "waive": waive, "evidence": (self._evidence(),)}
        case.decide(ProposalAnswered, Act(Provenance(actor=holder), act.at), self.known, **facts)
        return [case]

    def _decline(self, case: RecognitionCase, act: Act) -> list[Aggregate]:
        case.decide(ProposalDeclined, act, self.known, reason=self._name())
        return [case]

    def _confirm_proposal(self, case: RecognitionCase, act: Act) -> list[Aggregate]:
        before = case.state.ending
        match case.state.proposal and case.state.proposal.kind:
            case ProposalKind.REVOCATION:
                case.decide(Revoked, act, self.known)
                return [case, self._file(case, act)]
            case ProposalKind.ANNULMENT:
                case.decide(Annulled, act, self.known)
                return [case]
        revoked = case.state.title_status is TitleStatus.REVOKED
        case.decide(Reinstated, act, self.known)
        if not revoked or before is None:
            return [case]
        record = self.records[case.id]
        record.overturn(act, self._name())
        return [case, record]

    def _file(self, case: RecognitionCase, act: Act) -> IntegrityRecord:
        record = IntegrityRecord.file(
            act,
            self.known,
            case_id=case.id,
            case_number=case.state.case_number,
            revoked_at_version=case.version,
            holder_ref=case.state.holder_ref,
            ground=self._name(),
            findings=self._name(),
        )
        self.records[case.id] = record
        return record

    def _surrender(self, case: RecognitionCase, act: Act) -> list[Aggregate]:
        holder = Actor(subject=case.state.submitted_by, role=Role.APPLICANT)
        case.decide(Surrendered, Act(Provenance(actor=holder), act.at), self.known, reason=self._name())
        return [case]

    def _reassess(self, case: RecognitionCase, act: Act) -> list[Aggregate]:
        facts = {"work_consistent": False, "counted_experience_months": 0, "evidence": (self._evidence(),)}
        case.decide(Reassessed, act, self.known, **facts, reason=self._name())
        return [case]

    def _record_review(self, case: RecognitionCase, act: Act) -> list[Aggregate]:
        outcome = self.random.choice([ReviewOutcome.UPHELD, ReviewOutcome.REMANDED])
        facts = {"decided_on": shanghai_day(act.at), "reference": "浙复〔2024〕1号", "reason": self._name()}
        case.decide(ReviewRecorded, act, self.known, outcome=outcome, **facts)
        return [case]

    # ── details ───────────────────────────────────────────────────────────────────────────────────────────────────
    def _catalog_of(self, case: RecognitionCase) -> Catalog:
        return next((each for each in self.catalogs if each.state.code == case.state.catalog_code), self.catalogs[0])

    def _by(self, role: Role) -> Act:
        number = self.random.randint(1, 4)
        authority = AUTHORITIES[0] if role is Role.REVIEWER else None
        actor = Actor(subject=f"{role.value.lower()}-{number}", role=role, authority_code=authority)
        return Act(Provenance(actor=actor, client="tests"), self.now)

    def _evidence(self) -> Evidence:
        return Evidence(
            sha256=f"{self.random.getrandbits(256):064x}",
            file_name=self._name(),
            media_type="application/pdf",
            size=self.random.randint(1, 10_000_000),
            kind="CERTIFICATE",
        )

    def _name(self) -> str:
        return self.random.choice(NAMES)


def history(seed: int, acts: int) -> list[list[Event]]:
    """One history, the same for the same seed: the events of each save."""
    return list(World(Random(seed)).saves(acts))


def histories(most_acts: int = 60) -> st.SearchStrategy[list[list[Event]]]:
    """Histories for property tests; a failing one shrinks in its number of acts, and its seed repeats it."""
    return st.builds(history, st.integers(0, 2**32 - 1), st.integers(1, most_acts))
