"""Use cases on recognition cases: one method each.

Each reads the streams it needs, lets the domain decide, and saves all of them in one transaction. Two who decide at once
cannot both succeed: the later one gets STALE_VERSION and reads again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid4

from application.access import Action, CaseRow, require, scope_of, sees
from application.catalogs import Shelf
from application.claims import Claims
from application.commands import (
    CleanSubmission,
    Submission,
    cleaned_evidence,
    cleaned_experience,
    cleaned_facts,
)
from application.folding import case_view
from application.journal import Conflict, Journal, Overtaken
from application.officers import Officers
from application.ports import Briefing, Briefings, Clock, EvidenceFiles, Holders, Purpose
from application.several_catalogs import Found
from application.views import CaseView
from domain.authorities import AuthorityDirectory
from domain.base import Act, Aggregate
from domain.case.case import SURE, RecognitionCase
from domain.case.events import Approved, CaseEvent, Matched, Rejected, Submitted, Supplemented, Withdrawn
from domain.case.state import CLOSED, ENDED, OPEN, CaseState
from domain.case.title_events import (
    Annulled,
    AnnulmentProposed,
    ProposalAnswered,
    Reinstated,
    ReinstatementProposed,
    ReviewRecorded,
    Revoked,
    Surrendered,
)
from domain.claim import already_claimed
from domain.guards import Circumstances
from domain.holder import Holder
from domain.identifiers import case_id, holder_stream, integrity_record_id
from domain.integrity import IntegrityRecord
from domain.jurisdiction import ProvincialRules
from domain.messages import tell
from domain.refusals import RefusalCode, Refused
from domain.text import CODE_LIMIT, clean
from domain.values import (
    REGISTRY_ITSELF,
    Actor,
    Evidence,
    Provenance,
    ReviewOutcome,
    TitleStatus,
    shanghai_day,
)

ATTEMPTS: Final = 8
"""How often an act is made anew because somebody else was first with what follows from it: the same new person, the same certificate."""
ACCOMPANIED: Final = frozenset[type[CaseEvent]]({Supplemented, Withdrawn, ProposalAnswered, Surrendered})
"""What whoever submitted a case does to it themselves; all else is an officer's."""
RELEASING: Final = frozenset[type[CaseEvent]]({Rejected, Withdrawn, Annulled, Surrendered})
"""What frees the certificate for another case."""
CLAIMING: Final = RELEASING | {Approved, Revoked}
"""What is done with the claim on the certificate at hand."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a use case answers: the case, and the position to wait for before reading.

    ``case`` is the case as the use case left it, where it has it in hand.
    """

    case_id: UUID
    position: int
    case: CaseView | None = None


@dataclass(frozen=True, slots=True)
class _Likely:
    """What a certificate is under the catalogs in hand, and the stream of the claim on it."""

    found: Found | None
    claim: UUID | None


def _place(found: Found | None) -> tuple[str | None, int | None]:
    """The catalog and the entry of an automatic match; None where there is none."""
    if found is None or found.match.entry is None:
        return None, None
    return found.version.catalog_code, found.match.entry.number


def _done(case: RecognitionCase, positions: Mapping[UUID, int]) -> Done:
    return Done(case.id, max(positions.values()), case_view(case.state, positions[case.id]))


class Cases:
    """Submitting, completing, deciding and reviewing cases."""

    def __init__(
        self,
        journal: Journal,
        shelf: Shelf,
        holders: Holders,
        briefings: Briefings,
        authorities: AuthorityDirectory,
        clock: Clock,
        rules: ProvincialRules,
        evidence: EvidenceFiles | None = None,
        officers: Officers | None = None,
    ) -> None:
        """``evidence`` is asked about files that a case names; without it they are taken as stated.

        ``officers`` tells who decides; by default from the registered identities.
        """
        self._journal = journal
        self._shelf = shelf
        self._holders = holders
        self._briefings = briefings
        self._authorities = authorities
        self._clock = clock
        self._evidence = evidence
        self._officers = officers or Officers(journal, holders, clock)
        self._known = Circumstances(authorities, shelf, rules)
        self._claims = Claims(journal, shelf, holders, self._known)

    # ── submitting ────────────────────────────────────────────────────────────────────────────────────────────────
    def submit(self, by: Provenance, form: Submission) -> Done:
        """Submit a case and match it. A retry under the same key answers with the first attempt's case.

        Raises ``Refused``, among others CERTIFICATE_ALREADY_CLAIMED and IDEMPOTENCY_KEY_REUSED.
        """
        require(by.actor, Action.SUBMIT)
        key = clean(form.idempotency_key, "idempotencyKey", limit=CODE_LIMIT)
        stream = case_id(by.actor.subject, key)
        stated = CleanSubmission.of(form, uuid4(), shanghai_day(self._clock()))
        for _ in range(ATTEMPTS):
            try:
                return self._submit(by, stream, stated)
            except (Overtaken, Conflict):  # somebody else brought the same new person, or certificate, in this moment
                continue
        raise already_claimed()  # others keep claiming it

    def _submit(self, by: Provenance, stream: UUID, stated: CleanSubmission) -> Done:
        act = Act(by, self._clock())
        likely = self._likely(act, stated)
        person, claimed = stated.holder, likely.claim
        known = self._briefings.submission(
            person.id_type or "", person.id_number or "", [stream, claimed] if claimed else [stream]
        )
        with self._shelf.steady(known.catalog_head):
            earlier = self._journal.restored(RecognitionCase, known.streams.get(stream, ()))
            if earlier is not None:
                return self._same_submission(earlier, stated)
            try:
                return self._submit_anew(act, stream, stated, likely, known)
            except (Conflict, Refused):
                # A retry that races its own first attempt finds the stream taken, or the certificate claimed, by that attempt.
                winner = self._journal.load(RecognitionCase, stream)
                if winner is not None:
                    return self._same_submission(winner, stated)
                raise

    def _likely(self, act: Act, stated: CleanSubmission) -> _Likely:
        """The match under the catalogs in hand, so that the claim can be asked for with all else; what is so, is seen after."""
        with self._shelf.steady():
            try:
                found = self._match(stated, act)
            except Refused:
                found = None
            return _Likely(found, self._claims.certificate_stream(stated.certificate, *_place(found)))

    def _submit_anew(self, act: Act, stream: UUID, stated: CleanSubmission, likely: _Likely, known: Briefing) -> Done:
        """Rules first, then the person: whoever names an authority that is none learns nothing about a holder."""
        if known.holder_ref is not None:
            stated = stated.about(known.holder_ref)
        found = self._match(stated, act)
        claimed = likely.claim
        if found is not likely.found:
            claimed = self._claims.certificate_stream(stated.certificate, *_place(found))
        case = self._case(act, stream, stated, found, claimed)
        if known.holder_ref is not None:
            self._require_processable(known.holder_ref, known)
            self._check_evidence(known.holder_ref, stated.evidence, Purpose(uploader=act.by.actor.subject))
        claims = self._claims.submitted(act, case, known)
        # Every rule has passed: only now do numbers that nobody has submitted before enter the look-ups.
        number, is_known = stated.certificate.certificate_number, known.holder_ref is not None
        with self._holders.entering(stated.holder, case.id, number, known=is_known) as enrolment:
            return _done(case, self._journal.record_each(case, *claims, enrolment=enrolment))

    def _case(
        self, act: Act, stream: UUID, stated: CleanSubmission, found: Found | None, claimed: UUID | None
    ) -> RecognitionCase:
        """The case, submitted and matched by every rule, nothing saved."""
        case = RecognitionCase.submit(
            act,
            stream,
            self._known,
            **stated.facts(),
            catalog_code=found.version.catalog_code if found else None,
            catalog_version=found.version.number if found else None,
            claim_id=claimed,
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

    def _same_submission(self, case: RecognitionCase, stated: CleanSubmission) -> Done:
        """The answer to a retry: the case as first submitted, unless the key now comes with other content."""
        first = next(self._journal.events_of(case.id))
        if not isinstance(first, Submitted):
            raise TypeError(f"stream {case.id} does not begin with a submission")
        self._require_processable(case.state.holder_ref)
        if not stated.about(case.state.holder_ref).repeats(first):
            raise Refused(
                RefusalCode.IDEMPOTENCY_KEY_REUSED,
                tell("case.key_reused"),
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
        return self._decide(by, case, kind, expected, lambda _: facts)

    def _decide(
        self,
        by: Provenance,
        case: UUID,
        kind: type[CaseEvent],
        expected: int | None,
        facts_of: Callable[[CaseState], Mapping[str, Any]],
    ) -> Done:
        officer = None if kind in ACCOMPANIED else self._officers.asked_of(by)
        for _ in range(ATTEMPTS):
            known = self._briefings.decision(case, officer, with_claim=kind in CLAIMING)
            try:
                with self._shelf.steady(known.catalog_head):
                    return self._decide_on(by, case, kind, expected, facts_of, known)
            except Conflict:
                found = self._journal.load(RecognitionCase, case)
                if found is None or found.version != len(known.streams[case]):
                    raise stale(None) from None
                # Others changed what follows from it, as another case that claims the same certificate; decide on that anew.
        raise stale(None)

    def _decide_on(
        self,
        by: Provenance,
        case: UUID,
        kind: type[CaseEvent],
        expected: int | None,
        facts_of: Callable[[CaseState], Mapping[str, Any]],
        known: Briefing,
    ) -> Done:
        if kind not in ACCOMPANIED:
            by = self._officers.identified(by, known.officer)
        found = self._journal.restored(RecognitionCase, known.streams.get(case, ()))
        if found is None or not self.may_see(by.actor, found.state):
            raise unknown_case()
        said = cleaned_facts(kind, facts_of(found.state))
        if "evidence" in said:
            said["evidence"] = tuple(cleaned_evidence(said["evidence"]))
        if "experience" in said:
            said["experience"] = tuple(cleaned_experience(said["experience"]))
        self._require_processable(found.state.holder_ref, known)
        if expected is not None and expected != found.version:
            raise stale(found.version)
        uploaded, serves = Purpose(uploader=by.actor.subject), Purpose(case_id=case)
        self._check_evidence(found.state.holder_ref, said.get("evidence", ()), serves, uploaded)
        act, before = Act(by, self._clock()), copy(found.state)
        found.decide(kind, act, self._known, **said)
        self._propose_after_review(act, found)
        others = self._consequences(act, kind, before, found, known)
        done = _done(found, self._journal.record_each(found, *others))
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

        def facts(state: CaseState) -> dict[str, Any]:
            code, version = self._governing(state, catalog_code)
            place = {"catalog_code": code, "catalog_version": version, "entry_number": entry_number}
            return {**place, "grade": grade, "reason": reason}

        return self._decide(by, case, Matched, expected, facts)

    def _consequences(
        self, act: Act, kind: type[CaseEvent], before: CaseState, case: RecognitionCase, known: Briefing
    ) -> Sequence[Aggregate]:
        """What an event of a case brings about on other streams."""
        match kind:
            case _ if kind is Matched:
                return self._claims.matched(act, before, case)
            case _ if kind in RELEASING:
                return self._claims.ended(act, before, known)
            case _ if kind is Revoked:
                return [self._file(act, case.state), *self._claims.ended(act, before, known, by_fraud=True)]
            case _ if kind is Approved:
                overturned = self._overturn(act, before, case)
                return [*overturned, *self._claims.approved(act, before, case, known)]
            case _ if kind is Reinstated:
                return [*self._overturn(act, before, case), *self._claims.reinstated(act, case.state)]
            case _ if kind is ReviewRecorded and before.status in CLOSED and case.state.status in OPEN:
                return self._claims.reopened(act, case.state)
        return ()

    def _propose_after_review(self, act: Act, case: RecognitionCase) -> None:
        """A decision overturned on review: what undoes it is proposed at once, by who records it, for another to confirm."""
        review = case.pending_events[-1]
        if not isinstance(review, ReviewRecorded) or review.outcome is not ReviewOutcome.OVERTURNED:
            return
        if case.state.title_stands:
            case.decide(AnnulmentProposed, act, self._known, ground=review.reference, findings=review.reason)
        elif case.state.status in ENDED:
            case.decide(ReinstatementProposed, act, self._known, reason=review.reason)

    def _file(self, act: Act, case: CaseState) -> IntegrityRecord:
        """Article 4: the integrity archive records what two officers found."""
        if case.ending is None:
            raise TypeError("a revoked title has ended")
        return IntegrityRecord.file(
            act,
            self._known,
            case_id=case.case_id,
            case_number=case.case_number,
            revoked_at_version=case.ending.at_version,
            holder_ref=case.holder_ref,
            ground=case.ending.ground,
            findings=case.ending.findings,
        )

    def _overturn(self, act: Act, before: CaseState, case: RecognitionCase) -> Sequence[IntegrityRecord]:
        """A revocation that does not stand marks its record as overturned; other endings filed none."""
        if before.title_status is not TitleStatus.REVOKED or before.ending is None:
            return ()
        record = self._journal.load(IntegrityRecord, integrity_record_id(case.id, before.ending.at_version))
        if record is None:
            raise TypeError("a revoked title has its integrity record")
        record.overturn(act, getattr(case.pending_events[-1], "reason", None))
        return [record]

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

    def _require_processable(self, holder_ref: UUID, known: Briefing | None = None) -> None:
        stream = holder_stream(holder_ref)
        if known is not None and known.holder_ref == holder_ref:
            holder = self._journal.restored(Holder, known.streams.get(stream, ()))
        else:
            holder = self._journal.load(Holder, stream)
        if holder is not None:
            holder.state.require_processable()

    def _check_evidence(self, holder_ref: UUID, files: Sequence[Evidence], *purposes: Purpose) -> None:
        """Raise ``Refused`` for a file that was uploaded for this and is not as stated; one that is not there may follow."""
        for each in files if self._evidence is not None else ():
            size = self._evidence.size_of(each.sha256, holder_ref, purposes) if self._evidence else None
            if size is not None and size != each.size:
                raise Refused(
                    RefusalCode.EVIDENCE_MISMATCH,
                    tell("case.evidence_size", found=size, stated=each.size),
                    "evidence.size",
                )

    def _governing(self, case: CaseState, catalog_code: str | None) -> tuple[str, int]:
        if case.catalog_code and case.catalog_version and catalog_code in {None, case.catalog_code}:
            return case.catalog_code, case.catalog_version
        versions = self._shelf.governing(case.submitted_on, catalog_code)
        if not versions:
            raise Refused(
                RefusalCode.NO_VERSION_IN_FORCE,
                tell("case.no_version_in_force", day=case.submitted_on),
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
    return Refused(RefusalCode.UNKNOWN_CASE, tell("case.unknown"), "caseId")


def stale(now: int | None) -> Refused:
    """The case moved on since it was read."""
    said = tell("case.stale_at", now=now) if now else tell("case.stale")
    return Refused(RefusalCode.STALE_VERSION, said, "expectedVersion")
