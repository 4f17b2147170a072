"""Use cases on recognition cases: one method each.

Each reads the streams it needs, lets the domain decide, and saves all of them in one transaction. Two who decide at once
cannot both succeed: the later one gets STALE_VERSION and reads again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from application.access import Action, CaseRow, require, scope_of, sees
from application.catalogs import Found, Shelf
from application.commands import (
    EvidenceForm,
    Submission,
    clean_id_number,
    clean_id_type,
    cleaned_evidence,
    cleaned_experience,
)
from application.journal import Conflict, Journal
from application.ports import Clock, EvidenceFiles, Holders
from domain.authorities import AuthorityDirectory
from domain.base import Act, Aggregate
from domain.certificate_claim import CertificateClaim, already_claimed, claim_stream
from domain.holder import Holder
from domain.identifiers import case_id, holder_stream, integrity_record_id
from domain.integrity_record import IntegrityRecord
from domain.recognition_case import RecognitionCase
from domain.refusals import RefusalCode, Refused
from domain.text import CODE_LIMIT, PROSE_LIMIT, clean, clean_optional
from domain.values import Actor, Certificate, Evidence, MatchOutcome, Provenance, Role, shanghai_day

REGISTRY_ITSELF = Actor(subject="registry", role=Role.SYSTEM)
"""The actor of what the registry does by rule: matching, and the records that follow from a decision."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a use case answers: the case, and the position to wait for before reading."""

    case_id: UUID
    position: int


Decision = Callable[[Act, RecognitionCase], Sequence[Aggregate]]


class Cases:
    """Submitting, completing, deciding and reviewing cases."""

    def __init__(
        self,
        journal: Journal,
        shelf: Shelf,
        holders: Holders,
        authorities: AuthorityDirectory,
        clock: Clock,
        evidence: EvidenceFiles | None = None,
    ) -> None:
        """``evidence`` is asked about files that a case names; without it they are taken as stated."""
        self._journal = journal
        self._shelf = shelf
        self._holders = holders
        self._authorities = authorities
        self._clock = clock
        self._evidence = evidence

    # ── submitting ────────────────────────────────────────────────────────────────────────────────────────────────
    def submit(self, by: Provenance, form: Submission) -> Done:
        """Submit a case and match it. A retry under the same key answers with the first attempt's case.

        Raises ``Refused``, among others CERTIFICATE_ALREADY_CLAIMED and IDEMPOTENCY_KEY_REUSED.
        """
        require(by.actor, Action.SUBMIT)
        key = clean(form.idempotency_key, "idempotencyKey", limit=CODE_LIMIT)
        stream = case_id(by.actor.subject, key)
        earlier = self._journal.load(RecognitionCase, stream)
        if earlier is not None:
            return self._same_submission(earlier, form)
        try:
            return self._submit_anew(Act(by, self._clock()), stream, form)
        except (Conflict, Refused) as stopped:
            # A retry that races its own first attempt finds the stream taken, or the certificate claimed, by that attempt.
            winner = self._journal.load(RecognitionCase, stream)
            if winner is not None:
                return self._same_submission(winner, form)
            if isinstance(stopped, Refused):
                raise
            raise already_claimed() from None

    def _submit_anew(self, act: Act, stream: UUID, form: Submission) -> Done:
        known = self._holder_of(form)
        if known is not None:
            self._require_processable(known)
            self._check_evidence(known, cleaned_evidence(form.evidence))
        prepared = self._prepare(act, stream, form, known or uuid4())
        if known is None:
            # Every rule has passed: only now does a number nobody has submitted before enter the index of holders.
            holder = self._holders.find_or_create(form.holder.id_type, form.holder.id_number)
            prepared = self._prepare(act, stream, form, holder)
        return Done(stream, self._journal.record(*prepared))

    def _holder_of(self, form: Submission) -> UUID | None:
        return self._holders.find(clean_id_type(form.holder.id_type), clean_id_number(form.holder.id_number))

    def _prepare(self, act: Act, stream: UUID, form: Submission, holder_ref: UUID) -> list[Aggregate]:
        """The case and the claim on its certificate, all rules passed, nothing saved."""
        certificate = form.certificate.cleaned()
        found = self._match(certificate, act, form.catalog_code)
        case = RecognitionCase.submit(
            act,
            case_id=stream,
            holder=form.holder.cleaned(holder_ref),
            certificate=certificate,
            authority_code=clean(form.authority_code, "authorityCode", limit=CODE_LIMIT),
            work_field=clean(form.work_field, "workField"),
            experience=cleaned_experience(form.experience),
            evidence=cleaned_evidence(form.evidence),
            catalog_code=found.version.catalog_code if found else None,
            catalog_version=found.version.number if found else None,
            claim_id=_claim_stream(certificate, found),
            jurisdiction=self._authorities,
        )
        if found:
            record_match(case, act, found)
        return [case, *self._claim(act, case)]

    def _match(self, certificate: Certificate, act: Act, catalog_code: str | None) -> Found | None:
        return self._shelf.match(
            certificate.name, certificate.issuing_body, certificate.grade, shanghai_day(act.at), catalog_code
        )

    def _claim(self, act: Act, case: RecognitionCase) -> list[CertificateClaim]:
        if case.claim_id is None:
            return []
        claim = self._journal.load(CertificateClaim, case.claim_id)
        if claim is None:
            return [CertificateClaim.claim(act, case.claim_id, case.id, case.holder_ref)]
        claim.reclaim(act, case.id, case.holder_ref)
        return [claim]

    def _same_submission(self, case: RecognitionCase, form: Submission) -> Done:
        """The answer to a retry: the case as first submitted, unless the key now comes with other content."""
        first = next(self._journal.events_of(case.id))
        if not isinstance(first, RecognitionCase.Submitted):
            raise TypeError(f"stream {case.id} does not begin with a submission")
        self._require_processable(case.holder_ref)
        repeated = (
            first.certificate == form.certificate.cleaned()
            and first.holder == form.holder.cleaned(case.holder_ref)
            and first.authority_code == form.authority_code
            and first.work_field == clean(form.work_field, "workField")
            and list(first.experience) == cleaned_experience(form.experience)
            and list(first.evidence) == cleaned_evidence(form.evidence)
        )
        if not repeated:
            raise Refused(
                RefusalCode.IDEMPOTENCY_KEY_REUSED,
                "This key was used for another submission; send a new key with new content.",
                "idempotencyKey",
            )
        return Done(case.id, self._journal.last_position())

    # ── completing ────────────────────────────────────────────────────────────────────────────────────────────────
    def supplement(self, by: Provenance, case: UUID, evidence: Sequence[EvidenceForm], expected: int | None) -> Done:
        """Add evidence to a case."""
        require(by.actor, Action.ACCOMPANY)
        files = cleaned_evidence(evidence)

        def decide(act: Act, found: RecognitionCase) -> Sequence[Aggregate]:
            self._check_evidence(found.holder_ref, files)
            found.supplement(act, self._authorities, files)
            return ()

        return self._change(by, case, expected, decide)

    def withdraw(self, by: Provenance, case: UUID, reason: str, expected: int | None) -> Done:
        """Take a case back; its certificate is free again."""
        require(by.actor, Action.ACCOMPANY)
        why = clean(reason, "reason", limit=PROSE_LIMIT)

        def decide(act: Act, found: RecognitionCase) -> Sequence[Aggregate]:
            found.withdraw(act, self._authorities, why)
            return self._release(act, found)

        return self._change(by, case, expected, decide)

    # ── deciding ──────────────────────────────────────────────────────────────────────────────────────────────────
    def confirm_match(
        self,
        by: Provenance,
        case: UUID,
        entry_number: int,
        grade: str | None,
        reason: str,
        expected: int | None,
        catalog_code: str | None = None,
    ) -> Done:
        """Say which entry a certificate is, under the version that governs the case."""
        require(by.actor, Action.DECIDE)
        why = clean(reason, "reason", limit=PROSE_LIMIT)
        which = clean_optional(grade, "grade", limit=CODE_LIMIT)

        def decide(act: Act, found: RecognitionCase) -> Sequence[Aggregate]:
            code, version = self._governing(found, catalog_code)
            found.confirm_match(
                act,
                self._authorities,
                catalog_code=code,
                catalog_version=version,
                entry=self._shelf.entry(code, version, entry_number),
                grade=which,
                reason=why,
            )
            return ()

        return self._change(by, case, expected, decide)

    def request_supplement(self, by: Provenance, case: UUID, reason: str, expected: int | None) -> Done:
        """Ask the applicant for more evidence."""
        require(by.actor, Action.DECIDE)
        why = clean(reason, "reason", limit=PROSE_LIMIT)

        def decide(act: Act, found: RecognitionCase) -> Sequence[Aggregate]:
            found.request_supplement(act, self._authorities, why)
            return ()

        return self._change(by, case, expected, decide)

    def transfer(self, by: Provenance, case: UUID, authority_code: str, reason: str, expected: int | None) -> Done:
        """Hand a case to the authority that is responsible."""
        require(by.actor, Action.DECIDE)
        to = clean(authority_code, "authorityCode", limit=CODE_LIMIT)
        why = clean(reason, "reason", limit=PROSE_LIMIT)

        def decide(act: Act, found: RecognitionCase) -> Sequence[Aggregate]:
            found.transfer(act, self._authorities, to, why)
            return ()

        return self._change(by, case, expected, decide)

    def approve(
        self, by: Provenance, case: UUID, *, work_consistent: bool, counted_experience_months: int, expected: int | None
    ) -> Done:
        """Recognise the title."""
        require(by.actor, Action.DECIDE)

        def decide(act: Act, found: RecognitionCase) -> Sequence[Aggregate]:
            entry = None
            if found.catalog_code and found.catalog_version and found.entry_number:
                entry = self._shelf.entry(found.catalog_code, found.catalog_version, found.entry_number)
            found.approve(
                act,
                self._authorities,
                entry=entry,
                work_consistent=work_consistent,
                counted_experience_months=counted_experience_months,
            )
            return ()

        return self._change(by, case, expected, decide)

    def reject(self, by: Provenance, case: UUID, reason: str, expected: int | None) -> Done:
        """Refuse recognition; the certificate is free again."""
        require(by.actor, Action.DECIDE)
        why = clean(reason, "reason", limit=PROSE_LIMIT)

        def decide(act: Act, found: RecognitionCase) -> Sequence[Aggregate]:
            found.reject(act, self._authorities, why)
            return self._release(act, found)

        return self._change(by, case, expected, decide)

    # ── reviewing a title (article 4) ─────────────────────────────────────────────────────────────────────────────
    def propose_revocation(self, by: Provenance, case: UUID, ground: str, findings: str, expected: int | None) -> Done:
        """The first officer proposes that a title was obtained by fraud."""
        require(by.actor, Action.DECIDE)
        why = clean(ground, "ground")
        what = clean(findings, "findings", limit=PROSE_LIMIT)

        def decide(act: Act, found: RecognitionCase) -> Sequence[Aggregate]:
            found.propose_revocation(act, self._authorities, why, what)
            return ()

        return self._change(by, case, expected, decide)

    def confirm_revocation(self, by: Provenance, case: UUID, expected: int | None) -> Done:
        """The second officer confirms; the title is revoked and the integrity archive records it, in one transaction."""
        require(by.actor, Action.DECIDE)

        def decide(act: Act, found: RecognitionCase) -> Sequence[Aggregate]:
            proposal = found.revocation
            found.confirm_revocation(act, self._authorities)
            if proposal is None or found.revoked_at_version is None:
                raise TypeError("a confirmed revocation has its proposal and its version")
            return [
                IntegrityRecord.file(
                    act,
                    case_id=found.id,
                    revoked_at_version=found.revoked_at_version,
                    holder_ref=found.holder_ref,
                    ground=proposal.ground,
                    findings=proposal.findings,
                    filed_on=shanghai_day(act.at),
                )
            ]

        return self._change(by, case, expected, decide)

    def reinstate(self, by: Provenance, case: UUID, reason: str, expected: int | None) -> Done:
        """Overturn a revocation on review; the integrity record is struck in the same transaction."""
        require(by.actor, Action.DECIDE)
        why = clean(reason, "reason", limit=PROSE_LIMIT)

        def decide(act: Act, found: RecognitionCase) -> Sequence[Aggregate]:
            revoked_at = found.revoked_at_version
            found.reinstate(act, self._authorities, why)
            record = (
                self._journal.load(IntegrityRecord, integrity_record_id(found.id, revoked_at)) if revoked_at else None
            )
            if record is None:
                raise TypeError("a revoked title has its integrity record")
            record.strike(act, why)
            return [record]

        return self._change(by, case, expected, decide)

    # ── what all of them share ────────────────────────────────────────────────────────────────────────────────────
    def _change(self, by: Provenance, case: UUID, expected: int | None, decide: Decision) -> Done:
        found = self._journal.load(RecognitionCase, case)
        if found is None or not self.may_see(by.actor, found):
            raise unknown_case()
        self._require_processable(found.holder_ref)
        if expected is not None and expected != found.version:
            raise stale(found.version)
        others = decide(Act(by, self._clock()), found)
        try:
            return Done(case, self._journal.record(found, *others))
        except Conflict:
            raise stale(None) from None

    def may_see(self, actor: Actor, case: RecognitionCase) -> bool:
        """Whether a case lies within an actor's scope; where not, it looks to them as if it did not exist."""
        scope = scope_of(actor, self._authorities, shanghai_day(self._clock()))
        return sees(scope, CaseRow(case.authority_code, case.submitted_by, case.holder_ref))

    def _require_processable(self, holder_ref: UUID) -> None:
        holder = self._journal.load(Holder, holder_stream(holder_ref))
        if holder is not None:
            holder.require_processable()

    def _check_evidence(self, holder_ref: UUID, files: Sequence[Evidence]) -> None:
        """Raise ``Refused`` for a file that is in the store and not as stated; one that is not there may follow."""
        for each in files if self._evidence is not None else ():
            size = self._evidence.size_of(each.sha256, holder_ref) if self._evidence else None
            if size is not None and size != each.size:
                raise Refused(
                    RefusalCode.EVIDENCE_MISMATCH,
                    f"The uploaded file has {size} bytes and {each.size} are stated; state its size, or upload it anew.",
                    "evidence.size",
                )

    def _release(self, act: Act, case: RecognitionCase) -> list[CertificateClaim]:
        claim = self._journal.load(CertificateClaim, case.claim_id) if case.claim_id else None
        if claim is None:
            return []
        claim.release(act, case.id)
        return [claim]

    def _governing(self, case: RecognitionCase, catalog_code: str | None) -> tuple[str, int]:
        if case.catalog_code and case.catalog_version and catalog_code in {None, case.catalog_code}:
            return case.catalog_code, case.catalog_version
        versions = self._shelf.governing(case.submitted_on, catalog_code)
        if not versions:
            raise Refused(
                RefusalCode.NO_VERSION_IN_FORCE,
                f"No catalog was in force on {case.submitted_on}; nothing can be matched.",
            )
        return versions[0].catalog_code, versions[0].number


def record_match(case: RecognitionCase, act: Act, found: Found) -> None:
    """Record what the matcher found, as done by the registry itself under the same request."""
    match = found.match
    automatic = match.outcome in {MatchOutcome.EXACT, MatchOutcome.CONFIDENT} and match.entry is not None
    case.match(
        Act(act.by.model_copy(update={"actor": REGISTRY_ITSELF}), act.at),
        outcome=match.outcome,
        entry_number=match.entry.number if automatic and match.entry else None,
        grade=match.grade if automatic else None,
        candidates=match.candidates,
        rule_set=match.rule_set,
    )


def _claim_stream(certificate: Certificate, found: Found | None) -> UUID | None:
    """The claim on a certificate; a body is the one the catalog names, once matched, however it was spelled."""
    entry = found.match.entry if found else None
    return claim_stream(entry.issuing_body if entry else certificate.issuing_body, certificate.certificate_number)


def unknown_case() -> Refused:
    """The one answer for a case that is not there and for one the actor may not see."""
    return Refused(RefusalCode.UNKNOWN_CASE, "No such case, or none that you may see; check the identifier.", "caseId")


def stale(now: int | None) -> Refused:
    """The case moved on since it was read."""
    at = f" and stands at version {now}" if now else ""
    return Refused(
        RefusalCode.STALE_VERSION, f"The case has changed{at}; read it again and decide anew.", "expectedVersion"
    )
