"""Use cases on recognition cases: one method each.

Each reads the streams it needs, lets the domain decide, and saves all of them in one transaction. Two who decide at once
cannot both succeed: the later one gets STALE_VERSION and reads again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid4

from application.access import Action, CaseRow, require, scope_of, sees
from application.catalogs import Shelf
from application.commands import (
    CleanSubmission,
    Submission,
    cleaned_evidence,
    cleaned_facts,
)
from application.folding import case_view
from application.journal import Conflict, Journal
from application.officers import Officers
from application.ports import Clock, EvidenceFiles, Holders, Purpose
from application.several_catalogs import Found
from application.views import CaseView
from domain.authorities import AuthorityDirectory
from domain.base import Act, Aggregate
from domain.case.case import SURE, RecognitionCase
from domain.case.events import CaseEvent, Matched, Reinstated, Rejected, Revoked, Submitted, Supplemented, Withdrawn
from domain.case.state import CaseState
from domain.claim import CertificateClaim, already_claimed
from domain.guards import Circumstances
from domain.holder import Holder
from domain.identifiers import case_id, holder_stream, integrity_record_id
from domain.integrity import IntegrityRecord
from domain.refusals import RefusalCode, Refused
from domain.text import CODE_LIMIT, clean, identifying_form
from domain.values import REGISTRY_ITSELF, Actor, Certificate, Evidence, Provenance, shanghai_day

ACCOMPANIED: Final = frozenset[type[CaseEvent]]({Supplemented, Withdrawn})
"""What whoever submitted a case does to it themselves; all else is an officer's."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a use case answers: the case, and the position to wait for before reading.

    ``case`` is the case as the use case left it, where it has it in hand.
    """

    case_id: UUID
    position: int
    case: CaseView | None = None


def _done(case: RecognitionCase, positions: Mapping[UUID, int]) -> Done:
    return Done(case.id, max(positions.values()), case_view(case.state, positions[case.id]))


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
        officers: Officers | None = None,
    ) -> None:
        """``evidence`` is asked about files that a case names; without it they are taken as stated.

        ``officers`` tells who decides; by default from the registered identities.
        """
        self._journal = journal
        self._shelf = shelf
        self._holders = holders
        self._authorities = authorities
        self._clock = clock
        self._evidence = evidence
        self._officers = officers or Officers(journal, holders, clock)
        self._known = Circumstances(authorities, shelf)

    # ── submitting ────────────────────────────────────────────────────────────────────────────────────────────────
    def submit(self, by: Provenance, form: Submission) -> Done:
        """Submit a case and match it. A retry under the same key answers with the first attempt's case.

        Raises ``Refused``, among others CERTIFICATE_ALREADY_CLAIMED and IDEMPOTENCY_KEY_REUSED.
        """
        require(by.actor, Action.SUBMIT)
        with self._shelf.steady():
            return self._submit(by, form)

    def _submit(self, by: Provenance, form: Submission) -> Done:
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
        """Rules first, then the person: whoever names an authority that is none learns nothing about a holder."""
        stated = CleanSubmission.of(form, uuid4())
        known = self._holders.find(stated.holder.id_type or "", stated.holder.id_number or "")
        if known is not None:
            stated = stated.about(known)
        found = self._match(stated, act)
        case = self._case(act, stream, stated, found)
        if known is not None:
            self._require_processable(known)
            self._check_evidence(known, stated.evidence, Purpose(uploader=act.by.actor.subject))
        claims = self._claim(act, case)
        # Every rule has passed: only now do numbers that nobody has submitted before enter the look-ups.
        holder = self._holders.enter(stated.holder, case.id, stated.certificate.certificate_number)
        if holder != case.state.holder_ref:  # somebody else submitted for the same new person in this moment
            case = self._case(act, stream, stated.about(holder), found)
            claims = self._claim(act, case)
        return _done(case, self._journal.record_each(case, *claims))

    def _case(self, act: Act, stream: UUID, stated: CleanSubmission, found: Found | None) -> RecognitionCase:
        """The case, submitted and matched by every rule, nothing saved."""
        certificate = stated.certificate
        case = RecognitionCase.submit(
            act,
            stream,
            self._known,
            **stated.facts(),
            catalog_code=found.version.catalog_code if found else None,
            catalog_version=found.version.number if found else None,
            claim_id=self._claim_stream(certificate, found),
        )
        if found:
            record_match(case, act, self._known, found)
        return case

    def _match(self, stated: CleanSubmission, act: Act) -> Found | None:
        certificate = stated.certificate
        return self._shelf.match(
            certificate.name or "",
            certificate.issuing_body or "",
            certificate.grade,
            shanghai_day(act.at),
            stated.catalog_asked,
            stated.work_field,
        )

    def _claim_stream(self, certificate: Certificate, found: Found | None) -> UUID | None:
        """The claim on a certificate; a body is the one the catalog names, once matched, however it was spelled.

        None where the certificate shows no number to claim it by, or one without letter or digit.
        """
        number, entry = certificate.certificate_number, found.match.entry if found else None
        if number is None or not identifying_form(number):
            return None
        return self._holders.claim_stream(entry.issuing_body if entry else certificate.issuing_body or "", number)

    def _claim(self, act: Act, case: RecognitionCase) -> list[CertificateClaim]:
        stream = case.state.claim_id
        if stream is None:
            return []
        facts: dict[str, Any] = {"case_id": case.id, "holder_ref": case.state.holder_ref}
        claim = self._journal.load(CertificateClaim, stream)
        if claim is None:
            return [CertificateClaim.begin(CertificateClaim.Claimed, act, stream, **facts)]
        claim.decide(CertificateClaim.Reclaimed, act, **facts)
        return [claim]

    def _same_submission(self, case: RecognitionCase, form: Submission) -> Done:
        """The answer to a retry: the case as first submitted, unless the key now comes with other content."""
        first = next(self._journal.events_of(case.id))
        if not isinstance(first, Submitted):
            raise TypeError(f"stream {case.id} does not begin with a submission")
        self._require_processable(case.state.holder_ref)
        if not CleanSubmission.of(form, case.state.holder_ref).repeats(first):
            raise Refused(
                RefusalCode.IDEMPOTENCY_KEY_REUSED,
                "This key was used for another submission; send a new key with new content.",
                "idempotencyKey",
            )
        return Done(case.id, self._journal.last_position())

    # ── completing, deciding, reviewing ───────────────────────────────────────────────────────────────────────────
    def decide(
        self, by: Provenance, case: UUID, kind: type[CaseEvent], expected: int | None = None, **facts: Any
    ) -> Done:
        """Record an event of this kind on a case, and in the same transaction what follows from it on other streams.

        ``facts`` are what somebody typed in; what follows from the case and the day is derived. Raises ``Refused``: the case's
        guards, UNKNOWN_CASE, STALE_VERSION where ``expected`` is not the case's version, or somebody else was first.
        """
        require(by.actor, Action.ACCOMPANY if kind in ACCOMPANIED else Action.DECIDE)
        with self._shelf.steady():
            return self._decide(by, case, kind, expected, **facts)

    def _decide(
        self, by: Provenance, case: UUID, kind: type[CaseEvent], expected: int | None = None, **facts: Any
    ) -> Done:
        if kind not in ACCOMPANIED:
            by = self._officers.identified(by)
        said = cleaned_facts(kind, facts)
        if "evidence" in said:
            said["evidence"] = tuple(cleaned_evidence(said["evidence"]))
        found = self._journal.load(RecognitionCase, case)
        if found is None or not self.may_see(by.actor, found.state):
            raise unknown_case()
        self._require_processable(found.state.holder_ref)
        if expected is not None and expected != found.version:
            raise stale(found.version)
        uploaded, serves = Purpose(uploader=by.actor.subject), Purpose(case_id=case)
        self._check_evidence(found.state.holder_ref, said.get("evidence", ()), serves, uploaded)
        act, before = Act(by, self._clock()), copy(found.state)
        found.decide(kind, act, self._known, **said)
        others = self._consequences(act, kind, before, found)
        try:
            done = _done(found, self._journal.record_each(found, *others))
        except Conflict:
            raise stale(None) from None
        if self._evidence is not None and by.actor.subject != found.state.submitted_by:
            for each in said.get("evidence", ()):
                self._evidence.adopt(each.sha256, found.state.holder_ref, uploaded, serves)
        return done

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
        found = self._journal.load(RecognitionCase, case)
        if found is None or not self.may_see(by.actor, found.state):
            raise unknown_case()
        code, version = self._governing(found.state, catalog_code)
        place = {"catalog_code": code, "catalog_version": version, "entry_number": entry_number}
        return self.decide(by, case, Matched, expected, **place, grade=grade, reason=reason)

    def _consequences(
        self, act: Act, kind: type[CaseEvent], before: CaseState, case: RecognitionCase
    ) -> Sequence[Aggregate]:
        """What an event of a case brings about on other streams."""
        match kind:
            case _ if kind in (Rejected, Withdrawn):
                return self._release(act, case.state)
            case _ if kind is Revoked:
                return [self._file(act, case.state)]
            case _ if kind is Reinstated:
                return [self._strike(act, before, case)]
        return ()

    def _file(self, act: Act, case: CaseState) -> IntegrityRecord:
        """Article 4: the integrity archive records what two officers found."""
        if case.revocation is None or case.revoked_at_version is None:
            raise TypeError("a confirmed revocation has its proposal and its version")
        return IntegrityRecord.file(
            act,
            case_id=case.case_id,
            revoked_at_version=case.revoked_at_version,
            holder_ref=case.holder_ref,
            ground=case.revocation.ground,
            findings=case.revocation.findings,
        )

    def _strike(self, act: Act, before: CaseState, case: RecognitionCase) -> IntegrityRecord:
        """A revocation overturned strikes its record."""
        revoked_at = before.revoked_at_version
        record = self._journal.load(IntegrityRecord, integrity_record_id(case.id, revoked_at)) if revoked_at else None
        last = case.pending_events[-1]
        if record is None or not isinstance(last, Reinstated):
            raise TypeError("a revoked title has its integrity record")
        record.strike(act, last.reason or "")
        return record

    # ── what all of them share ────────────────────────────────────────────────────────────────────────────────────
    def case_of(self, actor: Actor, case: UUID) -> CaseView | None:
        """A case from its own events, as an actor may see it, however far the read side is; None for any other."""
        found = self._journal.load(RecognitionCase, case)
        if found is None or not self.may_see(actor, found.state):
            return None
        holder = self._journal.load(Holder, holder_stream(found.state.holder_ref))
        hidden = holder is not None and holder.state.restricted
        if hidden and not scope_of(actor, self._authorities, shanghai_day(self._clock())).restricted:
            return None
        return case_view(found.state, 0)

    def may_see(self, actor: Actor, case: CaseState) -> bool:
        """Whether a case lies within an actor's scope; where not, it looks to them as if it did not exist."""
        scope = scope_of(actor, self._authorities, shanghai_day(self._clock()))
        return sees(scope, CaseRow(case.authority_code, case.submitted_by, case.holder_ref))

    def _require_processable(self, holder_ref: UUID) -> None:
        holder = self._journal.load(Holder, holder_stream(holder_ref))
        if holder is not None:
            holder.state.require_processable()

    def _check_evidence(self, holder_ref: UUID, files: Sequence[Evidence], *purposes: Purpose) -> None:
        """Raise ``Refused`` for a file that was uploaded for this and is not as stated; one that is not there may follow."""
        for each in files if self._evidence is not None else ():
            size = self._evidence.size_of(each.sha256, holder_ref, purposes) if self._evidence else None
            if size is not None and size != each.size:
                raise Refused(
                    RefusalCode.EVIDENCE_MISMATCH,
                    f"The uploaded file has {size} bytes and {each.size} are stated; state its size, or upload it anew.",
                    "evidence.size",
                )

    def _release(self, act: Act, case: CaseState) -> list[CertificateClaim]:
        claim = self._journal.load(CertificateClaim, case.claim_id) if case.claim_id else None
        if claim is None:
            return []
        claim.release(act, case.case_id)
        return [claim]

    def _governing(self, case: CaseState, catalog_code: str | None) -> tuple[str, int]:
        if case.catalog_code and case.catalog_version and catalog_code in {None, case.catalog_code}:
            return case.catalog_code, case.catalog_version
        versions = self._shelf.governing(case.submitted_on, catalog_code)
        if not versions:
            raise Refused(
                RefusalCode.NO_VERSION_IN_FORCE,
                f"No catalog was in force on {case.submitted_on}; nothing can be matched.",
            )
        return versions[0].catalog_code, versions[0].number


def record_match(case: RecognitionCase, act: Act, known: Circumstances, found: Found) -> None:
    """Record what the matcher found, as done by the registry itself under the same request."""
    match = found.match
    automatic = match.outcome in SURE and match.entry is not None
    case.match(
        Act(act.by.model_copy(update={"actor": REGISTRY_ITSELF}), act.at),
        known,
        outcome=match.outcome,
        entry_number=match.entry.number if automatic and match.entry else None,
        grade=match.grade if automatic else None,
        candidates=match.candidates,
        rule_set=match.rule_set,
    )


def unknown_case() -> Refused:
    """The one answer for a case that is not there and for one the actor may not see."""
    return Refused(RefusalCode.UNKNOWN_CASE, "No such case, or none that you may see; check the identifier.", "caseId")


def stale(now: int | None) -> Refused:
    """The case moved on since it was read."""
    at = f" and stands at version {now}" if now else ""
    return Refused(
        RefusalCode.STALE_VERSION, f"The case has changed{at}; read it again and decide anew.", "expectedVersion"
    )
