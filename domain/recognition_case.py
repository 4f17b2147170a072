"""A recognition case: from a submitted certificate to a title, and what may become of it (articles 1, 3 and 4).

    SUBMITTED ─→ MATCHED ─→ APPROVED ─→ REVOKED
        │  ↖        │  ↖        ↖__________│ reinstated
        │   └ SUPPLEMENT_REQUESTED
        └─→ REJECTED, WITHDRAWN (from any open state)

The case is pinned to (catalog, version, entry number, grade, rule set); the title follows from them, so replaying the
events derives the same title again. ``domain.case_events`` holds the events, ``domain.policies`` who may act.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar, Final, Self
from uuid import UUID

from domain import case_events
from domain.base import Act, Aggregate, Event, event
from domain.identifiers import case_number
from domain.policies import ACCOMPANYING, DECIDING, OPEN, REVIEWING_A_TITLE, CaseAction, Jurisdiction, Rule, require
from domain.refusals import RefusalCode, Refused
from domain.values import (
    COMMENCEMENT,
    CaseStatus,
    CatalogEntry,
    Certificate,
    Evidence,
    Experience,
    MatchCandidate,
    MatchOutcome,
    Person,
    Personal,
    Provenance,
    Role,
    shanghai_day,
)

MAX_COUNTED_MONTHS: Final = 720
"""Sixty years: more verified experience than a working life holds is a slip of the keyboard."""


class RecognitionCase(Aggregate):
    """One person's certificate on its way to a title."""

    TOPIC: ClassVar[str] = "recognition-case"

    Submitted = case_events.Submitted
    CandidatesListed = case_events.CandidatesListed
    Matched = case_events.Matched
    SupplementRequested = case_events.SupplementRequested
    Supplemented = case_events.Supplemented
    Transferred = case_events.Transferred
    Approved = case_events.Approved
    Rejected = case_events.Rejected
    Withdrawn = case_events.Withdrawn
    RevocationProposed = case_events.RevocationProposed
    Revoked = case_events.Revoked
    Reinstated = case_events.Reinstated
    RematchRequired = case_events.RematchRequired

    @event(case_events.Submitted)
    def __init__(
        self,
        case_number: str,
        holder: Person,
        certificate: Certificate,
        authority_code: str,
        evidence: tuple[Evidence, ...],
        catalog_code: str | None,
        catalog_version: int | None,
        submitted_on: date,
        claim_id: UUID | None,
        by: Provenance,
    ) -> None:
        self.case_number = case_number
        self.status = CaseStatus.SUBMITTED
        self.holder_ref = holder.ref
        self.submitted_by = by.actor.subject
        self.certificate = certificate
        self.authority_code = authority_code
        self.evidence = evidence
        self.submitted_on = submitted_on
        self.claim_id = claim_id
        self.catalog_code = catalog_code
        self.catalog_version = catalog_version
        self.entry_number: int | None = None
        self.grade: str | None = None
        self.candidates: tuple[MatchCandidate, ...] = ()
        self.revocation: case_events.RevocationGround | None = None
        self.revoked_at_version: int | None = None
        self.rematched_for: tuple[UUID, ...] = ()

    # ── from submission to match ──────────────────────────────────────────────────────────────────────────────────
    @classmethod
    def submit(
        cls,
        act: Act,
        *,
        case_id: UUID,
        holder: Person,
        certificate: Certificate,
        authority_code: str,
        work_field: str,
        experience: Sequence[Experience],
        evidence: Sequence[Evidence],
        catalog_code: str | None,
        catalog_version: int | None,
        claim_id: UUID | None,
        jurisdiction: Jurisdiction,
    ) -> Self:
        """Submit a certificate for recognition. Raises ``Refused`` where the day, the certificate or the authority is
        not one that can lead to a title.
        """
        today = shanghai_day(act.at)
        if today < COMMENCEMENT:
            raise Refused(
                RefusalCode.BEFORE_COMMENCEMENT,
                f"Nothing is recognised before {COMMENCEMENT}; submit on that day or later.",
            )
        _check_certificate(certificate, today)
        _check_experience(experience, today)
        if not jurisdiction.exists(authority_code, today):
            raise Refused(
                RefusalCode.UNKNOWN_AUTHORITY,
                f"No authority {authority_code} exists on {today}; choose one from the list of authorities.",
                "authorityCode",
            )
        return cls._begin(
            act,
            cls.Submitted,
            case_id,
            case_number=case_number(case_id, today),
            holder=holder,
            holder_ref=holder.ref,
            certificate=certificate,
            authority_code=authority_code,
            work_field=work_field,
            experience=tuple(experience),
            evidence=tuple(evidence),
            catalog_code=catalog_code,
            catalog_version=catalog_version,
            submitted_on=today,
            claim_id=claim_id,
        )

    def match(
        self,
        act: Act,
        *,
        outcome: MatchOutcome,
        entry_number: int | None,
        grade: str | None,
        candidates: Sequence[MatchCandidate],
        rule_set: str,
    ) -> None:
        """Record what the matcher found: an automatic match, or candidates for a reviewer. Only SYSTEM does this.

        Raises ``Refused`` for a decided case: what it was decided on stays as it is.
        """
        if act.by.actor.role is not Role.SYSTEM:
            raise Refused(
                RefusalCode.NOT_PERMITTED, "The registry matches by itself; a reviewer confirms a match instead."
            )
        self._require_undecided()
        if entry_number is None or outcome in {MatchOutcome.AMBIGUOUS, MatchOutcome.NONE}:
            self._note(
                act, RecognitionCase.CandidatesListed, outcome=outcome, candidates=tuple(candidates), rule_set=rule_set
            )
            return
        self._note(
            act,
            RecognitionCase.Matched,
            catalog_code=self.catalog_code,
            catalog_version=self.catalog_version,
            entry_number=entry_number,
            grade=grade,
            outcome=outcome,
            candidates=tuple(candidates),
            rule_set=rule_set,
        )

    @event(case_events.CandidatesListed)
    def _candidates_listed(self, candidates: tuple[MatchCandidate, ...]) -> None:
        self.candidates = candidates

    def confirm_match(
        self,
        act: Act,
        jurisdiction: Jurisdiction,
        *,
        catalog_code: str,
        catalog_version: int,
        entry: CatalogEntry,
        grade: str | None,
        reason: str,
    ) -> None:
        """A reviewer says which entry the certificate is, and which grade. Raises ``Refused`` for a grade the entry lacks.

        ``entry`` is the entry as the version that governs the case states it.
        """
        self._require(act, jurisdiction, DECIDING)
        if grade is not None and entry.award_for(grade) is None:
            grades = ", ".join(award.grade for award in entry.awards if award.grade)
            way_out = f"choose one of {grades}" if grades else "leave the grade out"
            raise Refused(
                RefusalCode.UNKNOWN_GRADE, f"Entry {entry.number} knows no grade {grade}; {way_out}.", "grade"
            )
        self._note(
            act,
            RecognitionCase.Matched,
            catalog_code=catalog_code,
            catalog_version=catalog_version,
            entry_number=entry.number,
            grade=grade,
            reason=reason,
        )

    @event(case_events.Matched)
    def _matched(
        self,
        catalog_code: str,
        catalog_version: int,
        entry_number: int,
        grade: str | None,
        candidates: tuple[MatchCandidate, ...],
    ) -> None:
        self.catalog_code = catalog_code
        self.catalog_version = catalog_version
        self.entry_number = entry_number
        self.grade = grade
        self.candidates = candidates or self.candidates
        if self.status is CaseStatus.SUBMITTED:
            self.status = CaseStatus.MATCHED

    def awaits_rematch(self, catalog_code: str, catalog_version: int, amendment_id: UUID) -> bool:
        """Whether the case is pending under a version before this one, and this amendment has not moved it yet."""
        return (
            self.status in OPEN
            and self.catalog_code == catalog_code
            and self.catalog_version is not None
            and self.catalog_version < catalog_version
            and amendment_id not in self.rematched_for
        )

    def require_rematch(self, act: Act, *, catalog_version: int, amendment_id: UUID) -> None:
        """An amendment asks that pending cases be matched anew under its version. Only SYSTEM does this.

        Raises ``Refused`` for a decided case, which no amendment ever changes, and for one that this amendment moved already.
        """
        if act.by.actor.role is not Role.SYSTEM:
            raise Refused(
                RefusalCode.NOT_PERMITTED, "The registry requires a new match by itself; issue an amendment instead."
            )
        self._require_undecided()
        if amendment_id in self.rematched_for:
            raise Refused(RefusalCode.WRONG_STATE, "This amendment moved the case already; it does so once.")
        self._note(act, RecognitionCase.RematchRequired, catalog_version=catalog_version, amendment_id=amendment_id)

    @event(case_events.RematchRequired)
    def _rematch_required(self, catalog_version: int, amendment_id: UUID) -> None:
        self.rematched_for += (amendment_id,)
        self.catalog_version = catalog_version
        self.entry_number = None
        self.grade = None
        self.candidates = ()
        if self.status is CaseStatus.MATCHED:
            self.status = CaseStatus.SUBMITTED

    # ── completing and handing on ─────────────────────────────────────────────────────────────────────────────────
    def request_supplement(self, act: Act, jurisdiction: Jurisdiction, reason: str) -> None:
        """Ask for more evidence; the case waits for it."""
        self._require(act, jurisdiction, DECIDING)
        if self.status is CaseStatus.SUPPLEMENT_REQUESTED:
            raise Refused(
                RefusalCode.WRONG_STATE, "A supplement is requested already; wait for it, or decide without it."
            )
        self._note(act, RecognitionCase.SupplementRequested, reason=reason)

    @event(case_events.SupplementRequested)
    def _supplement_requested(self) -> None:
        self.status = CaseStatus.SUPPLEMENT_REQUESTED

    def supplement(self, act: Act, jurisdiction: Jurisdiction, evidence: Sequence[Evidence]) -> None:
        """Add evidence, asked for or not. Raises ``Refused`` where nothing is added."""
        self._require(act, jurisdiction, ACCOMPANYING)
        if not evidence:
            raise Refused(
                RefusalCode.INVALID_INPUT, "The supplement holds no evidence; add at least one file.", "evidence"
            )
        self._note(act, RecognitionCase.Supplemented, evidence=tuple(evidence))

    @event(case_events.Supplemented)
    def _supplemented(self, evidence: tuple[Evidence, ...]) -> None:
        self.evidence += evidence
        self.status = CaseStatus.SUBMITTED if self.entry_number is None else CaseStatus.MATCHED

    def transfer(self, act: Act, jurisdiction: Jurisdiction, authority_code: str, reason: str) -> None:
        """Hand the case to the authority that is responsible for it."""
        self._require(act, jurisdiction, DECIDING)
        if authority_code == self.authority_code:
            raise Refused(
                RefusalCode.WRONG_STATE, f"The case is with {authority_code} already; name another.", "authorityCode"
            )
        if not jurisdiction.exists(authority_code, shanghai_day(act.at)):
            raise Refused(
                RefusalCode.UNKNOWN_AUTHORITY,
                f"No authority {authority_code} exists today; choose one from the list of authorities.",
                "authorityCode",
            )
        self._note(act, RecognitionCase.Transferred, authority_code=authority_code, reason=reason)

    @event(case_events.Transferred)
    def _transferred(self, authority_code: str) -> None:
        self.authority_code = authority_code

    # ── the decision ──────────────────────────────────────────────────────────────────────────────────────────────
    def approve(
        self,
        act: Act,
        jurisdiction: Jurisdiction,
        *,
        entry: CatalogEntry | None,
        work_consistent: bool,
        counted_experience_months: int,
    ) -> None:
        """Recognise the title. ``entry`` is the matched entry as its version states it, None for an unmatched case.

        Raises ``Refused`` for an unmatched case, an open title, or experience counted for work that is not consistent
        with the qualification (article 3).
        """
        self._require(act, jurisdiction, DECIDING)
        if self.status is CaseStatus.SUPPLEMENT_REQUESTED:
            raise Refused(RefusalCode.WRONG_STATE, "A supplement is awaited; approve once it has come.")
        if self.entry_number is None or entry is None:
            raise Refused(RefusalCode.NOT_MATCHED, "The case matches no entry yet; confirm the match first.")
        if entry.award_for(self.grade) is None:
            raise Refused(
                RefusalCode.TITLE_OPEN, f"Entry {entry.number} awards by grade; confirm the match with its grade first."
            )
        if not 0 <= counted_experience_months <= MAX_COUNTED_MONTHS:
            raise Refused(
                RefusalCode.INVALID_INPUT,
                f"Counted experience runs from 0 to {MAX_COUNTED_MONTHS} months; correct it.",
                "countedExperienceMonths",
            )
        if counted_experience_months and not work_consistent:
            raise Refused(
                RefusalCode.INVALID_INPUT,
                "Experience counts only where present work is consistent with the qualification (article 3); count 0 months.",
                "countedExperienceMonths",
            )
        self._note(
            act,
            RecognitionCase.Approved,
            recognized_on=shanghai_day(act.at),
            work_consistent=work_consistent,
            counted_experience_months=counted_experience_months,
        )

    @event(case_events.Approved)
    def _approved(self) -> None:
        self.status = CaseStatus.APPROVED

    def reject(self, act: Act, jurisdiction: Jurisdiction, reason: str) -> None:
        """Refuse recognition; the certificate may be presented again in another case."""
        self._require(act, jurisdiction, DECIDING)
        self._note(act, RecognitionCase.Rejected, reason=reason)

    @event(case_events.Rejected)
    def _rejected(self) -> None:
        self.status = CaseStatus.REJECTED

    def withdraw(self, act: Act, jurisdiction: Jurisdiction, reason: str) -> None:
        """Take the case back before it is decided."""
        self._require(act, jurisdiction, ACCOMPANYING)
        self._note(act, RecognitionCase.Withdrawn, reason=reason)

    @event(case_events.Withdrawn)
    def _withdrawn(self) -> None:
        self.status = CaseStatus.WITHDRAWN

    # ── revocation for fraud, and its review (article 4) ──────────────────────────────────────────────────────────
    def propose_revocation(self, act: Act, jurisdiction: Jurisdiction, ground: str, findings: str) -> None:
        """The first of two officers proposes that the title was obtained by fraud."""
        self._require(act, jurisdiction, REVIEWING_A_TITLE)
        self._require_title("revoked")
        if self.revocation is not None:
            raise Refused(
                RefusalCode.REVOCATION_ALREADY_PROPOSED,
                "A revocation is proposed already; another officer may confirm it.",
            )
        self._note(act, RecognitionCase.RevocationProposed, ground=ground, findings=findings)

    @event(case_events.RevocationProposed)
    def _revocation_proposed(self, ground: Personal, findings: Personal, by: Provenance) -> None:
        self.revocation = case_events.RevocationGround(ground, findings, by.actor.subject)

    def confirm_revocation(self, act: Act, jurisdiction: Jurisdiction) -> None:
        """The second officer confirms: the title is revoked."""
        self._require(act, jurisdiction, REVIEWING_A_TITLE)
        self._require_title("revoked")
        if self.revocation is None:
            raise Refused(RefusalCode.REVOCATION_NOT_PROPOSED, "No revocation is proposed; propose it first.")
        if self.revocation.proposed_by == act.by.actor.subject:
            raise Refused(
                RefusalCode.SAME_OFFICER, "You proposed this revocation; another officer must confirm it (article 4)."
            )
        self._note(act, RecognitionCase.Revoked, ground=self.revocation.ground, revoked_on=shanghai_day(act.at))

    @event(case_events.Revoked)
    def _revoked(self, originator_version: int) -> None:
        self.status = CaseStatus.REVOKED
        self.revoked_at_version = originator_version

    def reinstate(self, act: Act, jurisdiction: Jurisdiction, reason: str) -> None:
        """A revocation overturned on review: the title is current again."""
        self._require(act, jurisdiction, REVIEWING_A_TITLE)
        if self.status is not CaseStatus.REVOKED:
            raise Refused(
                RefusalCode.WRONG_STATE, f"The case is {self.status.value}; only a revoked title is reinstated."
            )
        self._note(act, RecognitionCase.Reinstated, reason=reason)

    @event(case_events.Reinstated)
    def _reinstated(self) -> None:
        self.status = CaseStatus.APPROVED
        self.revocation = None
        self.revoked_at_version = None

    # ── guards ────────────────────────────────────────────────────────────────────────────────────────────────────
    def _require(self, act: Act, jurisdiction: Jurisdiction, rules: tuple[Rule, ...]) -> None:
        require(CaseAction(act, self, jurisdiction), rules)

    def _require_undecided(self) -> None:
        if self.status not in OPEN:
            raise Refused(RefusalCode.CASE_CLOSED, f"The case is {self.status.value}; it is matched no more.")

    def _require_title(self, verb: str) -> None:
        if self.status is CaseStatus.REVOKED:
            raise Refused(RefusalCode.CASE_CLOSED, f"The title is {verb} already; only reinstatement changes that.")
        if self.status is not CaseStatus.APPROVED:
            raise Refused(
                RefusalCode.WRONG_STATE, f"The case is {self.status.value}; only an approved title can be {verb}."
            )

    def _note(self, act: Act, kind: type[Event], **facts: Any) -> None:
        self._record(act, kind, holder_ref=self.holder_ref, **facts)


def _check_certificate(certificate: Certificate, today: date) -> None:
    issued, expires = certificate.issued_on, certificate.expires_on
    if issued and expires and expires < issued:
        raise Refused(
            RefusalCode.CERTIFICATE_DATES_CONTRADICT,
            f"The certificate expires ({expires}) before it was issued ({issued}); correct the dates.",
            "certificate.expiresOn",
        )
    if issued and issued > today:
        raise Refused(
            RefusalCode.CERTIFICATE_NOT_YET_ISSUED,
            f"The certificate is dated {issued}, after today ({today}); correct the date.",
            "certificate.issuedOn",
        )
    if expires and expires < today:
        raise Refused(
            RefusalCode.CERTIFICATE_EXPIRED,
            f"The certificate expired on {expires}; renew it and submit the valid one.",
            "certificate.expiresOn",
        )


def _check_experience(experience: Sequence[Experience], today: date) -> None:
    for period in experience:
        if not period.start <= period.end <= today:
            raise Refused(
                RefusalCode.INVALID_INPUT,
                f"A period of experience runs from {period.start} to {period.end}; it must end after it began and by today.",
                "experience",
            )
