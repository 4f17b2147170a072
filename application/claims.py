"""What a case claims, and what becomes of the claims as it goes on: its certificate, and its holder's entry and grade.

Every method answers with the streams to be saved in the transaction of the case's own event, so that two who claim at once
collide in the store. A case's certificate is claimed under the one key of its body (``application.bodies``): of the entry once it
is matched, of the typed text before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from application.bodies import Bodies
from application.catalogs import Shelf
from application.journal import Journal
from application.ports import Briefing, Holders
from domain.base import Act, Aggregate
from domain.case.case import RecognitionCase
from domain.case.events import CertificateClaimMoved, Rejected, Withdrawn
from domain.case.state import OPEN, CaseState
from domain.case.title_events import Surrendered
from domain.claim import CertificateClaim, Claimant, title_on_certificate
from domain.entry_claim import EntryClaim
from domain.guards import Circumstances
from domain.holder import Holder
from domain.identifiers import entry_claim_id, holder_stream
from domain.refusals import Refused
from domain.text import number_form
from domain.values import REGISTRY_ITSELF, Certificate, ClosingRule

Streams = Sequence[Aggregate]


class _Loaded:
    """The claims that one act is about: loaded at once, made where they are new, saved where something happened to them."""

    def __init__(
        self,
        journal: Journal,
        act: Act,
        certificates: Iterable[UUID],
        entries: Iterable[UUID],
        known: Briefing | None = None,
        found: Mapping[UUID, Any] | None = None,
    ) -> None:
        """``known`` is what was read already, ``found`` what was made of it; the rest is read by one statement, where there is any."""
        self._journal, self._act = journal, act
        kinds: dict[UUID, type[Aggregate]] = dict.fromkeys(certificates, CertificateClaim)
        kinds |= dict.fromkeys(entries, EntryClaim)
        at_hand = {
            stream: kinds.pop(stream)
            for stream in list(kinds)
            if known and stream in known.asked | known.streams.keys()
        }
        self._found: dict[UUID, Any] = {**(found or {}), **journal.load_all(kinds)}
        for stream, kind in at_hand.items():
            there = journal.restored(kind, known.streams.get(stream, ())) if known else None
            if there is not None:
                self._found[stream] = there

    def certificate(self, stream: UUID | None) -> CertificateClaim | None:
        """The claims on a certificate; None where nobody ever claimed it."""
        found: CertificateClaim | None = self._found.get(stream) if stream else None
        return found

    def entry(self, stream: UUID) -> EntryClaim | None:
        """A holder's claim on an entry and grade; None where they never had one."""
        found: EntryClaim | None = self._found.get(stream)
        return found

    def claim_certificate(self, stream: UUID, by: Claimant, files: int) -> CertificateClaim:
        """Claim a certificate. Raises ``Refused``."""
        claim = self.certificate(stream)
        if claim is None:
            facts: dict[str, Any] = {"case_id": by.case_id, "holder_ref": by.holder_ref}
            claim = self._found[stream] = CertificateClaim.begin(CertificateClaim.Claimed, self._act, stream, **facts)
        else:
            claim.claim(self._act, by, files)
        return claim

    def claim_entry(self, stream: UUID, by: Claimant) -> None:
        """Claim an entry and grade. Raises ``Refused``."""
        claim = self.entry(stream)
        if claim is None:
            facts: dict[str, Any] = {"case_id": by.case_id, "holder_ref": by.holder_ref}
            self._found[stream] = EntryClaim.begin(EntryClaim.Claimed, self._act, stream, **facts)
        else:
            claim.claim(self._act, by.case_id)

    def release_entry(self, stream: UUID, case_id: UUID) -> None:
        """Give an entry and grade back, loading it where it is not there yet."""
        claim = self.entry(stream)
        if claim is None:
            claim = self._journal.load(EntryClaim, stream)
            if claim is not None:
                self._found[stream] = claim
        if claim is not None:
            claim.release(self._act, case_id)

    def happened(self) -> Streams:
        """Those to which something happened."""
        return [each for each in self._found.values() if each.pending_events]


class Claims:
    """Claiming, moving, awarding and giving back."""

    def __init__(self, journal: Journal, shelf: Shelf, holders: Holders, known: Circumstances) -> None:
        """``known`` says until when a decision of the registry itself is open to review."""
        self._journal, self._shelf, self._holders, self._known = journal, shelf, holders, known
        self._bodies = Bodies(shelf)

    def certificate_stream(self, certificate: Certificate, code: str | None, entry: int | None) -> UUID | None:
        """The claims on a certificate that is matched to an entry, or to none yet.

        None where the certificate shows no number to claim it by, or one without letter or digit.
        """
        number = certificate.certificate_number
        if number is None or not number_form(number):
            return None
        if code is None or entry is None:
            return self._holders.claim_stream(self._bodies.of_text(certificate.issuing_body or ""), number)
        return self._holders.claim_stream(self._bodies.of_entry(code, entry), number)

    def submitted(self, act: Act, case: RecognitionCase, known: Briefing) -> Streams:
        """What a case claims that was just submitted, and perhaps matched; somebody new claims no entry yet. Raises ``Refused``."""
        state = case.state
        entries = self._entries(state) if known.holder_ref is not None else set[UUID]()
        loaded = self._load(act, [state.claim_id], entries, known)
        if state.claim_id is not None:
            loaded.claim_certificate(state.claim_id, _claimant(state), len(state.evidence))
        self._follow(loaded, set(), state)
        return loaded.happened()

    def of_title(self, case: CaseState) -> dict[UUID, type[Aggregate]]:
        """The streams that a title claims, with their kinds: its certificate, and its holder's entry and grade."""
        streams: dict[UUID, type[Aggregate]] = dict.fromkeys(self._entries(case), EntryClaim)
        return streams | {case.claim_id: CertificateClaim} if case.claim_id is not None else streams

    def imported(self, act: Act, case: RecognitionCase, found: Mapping[UUID, Any]) -> Streams:
        """What a case claims that begins with its title; ``found`` are those of its streams that are there. Raises ``Refused``."""
        loaded, state = _Loaded(self._journal, act, (), (), found=found), case.state
        if state.claim_id is not None:
            loaded.claim_certificate(state.claim_id, _claimant(state), 0).award(act, case.id)
        self._follow(loaded, set(), state)
        return loaded.happened()

    def matched(self, act: Act, before: CaseState, case: RecognitionCase, *, strict: bool = True) -> Streams:
        """What moves as a case is matched to another entry.

        A title that stands keeps its certificate until the case is approved anew. Raises ``Refused`` where it may not claim what it
        is matched to; where not ``strict``, what it may not claim is left for the approval to claim, or to refuse.
        """
        target = case.state.claim_id if before.title_stands else self._current_stream(case.state)
        old = self._entries(before)
        loaded = self._load(act, [case.state.claim_id, target], old | self._entries(case.state))
        self._move(act, loaded, case, target, strict=strict)
        self._follow(loaded, old, case.state, strict=strict)
        return loaded.happened()

    def approved(self, act: Act, before: CaseState, case: RecognitionCase, known: Briefing) -> Streams:
        """The certificate passes to the case; the registry itself rejects the other undecided cases that claim it.

        A case of somebody whose data is not processed stays as it is. Raises ``Refused``: CERTIFICATE_HOLDS_TITLE where a title of
        another case stands on it, CERTIFICATE_ALREADY_CLAIMED and ENTRY_ALREADY_CLAIMED.
        """
        target, old = self._current_stream(case.state), self._entries(before)
        loaded = self._load(act, [case.state.claim_id, target], old | self._entries(case.state), known)
        self._follow(loaded, old, case.state)
        self._move(act, loaded, case, target, strict=True)
        claim, rejected = loaded.certificate(case.state.claim_id), list[RecognitionCase]()
        if claim is not None:
            claim.award(act, case.id)
            rejected = self._reject_others(act, loaded, claim, case.id)
        return [*rejected, *loaded.happened()]

    def ended(self, act: Act, before: CaseState, known: Briefing, *, by_fraud: bool = False) -> Streams:
        """The case ended, or its title: what it claimed is free; but for the certificate after a fraud, which is kept from its
        holder.
        """
        entries = self._entries(before)
        loaded = self._load(act, [before.claim_id], entries, known)
        claim = loaded.certificate(before.claim_id)
        if claim is not None and by_fraud:
            claim.forfeit(act, before.case_id)
        elif claim is not None:
            claim.release(act, before.case_id)
        for entry in entries:
            loaded.release_entry(entry, before.case_id)
        return loaded.happened()

    def erased(self, act: Act, cases: Iterable[RecognitionCase]) -> Streams:
        """The holder's data is erased: the registry withdraws their undecided cases and lets their titles end, and what these claimed is
        free: for a title without its holder proves nothing, and keeps nobody from the certificate.
        """
        closed = [
            each
            for each in cases
            if each.state.proposal is None and (each.state.title_stands or each.state.status in OPEN)
        ]
        entries = {each.id: self._entries(each.state) for each in closed}
        loaded = self._load(act, [each.state.claim_id for each in closed], set[UUID]().union(*entries.values()))
        for case in closed:
            kind = Surrendered if case.state.title_stands else Withdrawn
            case.decide(kind, _by_registry(act), self._known, reason=None, code=ClosingRule.HOLDER_ERASED)
            claim = loaded.certificate(case.state.claim_id)
            if claim is not None:
                claim.release(act, case.id)
            for entry in entries[case.id]:
                loaded.release_entry(entry, case.id)
        return [*closed, *loaded.happened()]

    def reopened(self, act: Act, case: CaseState) -> Streams:
        """A review opened the case again: it claims its certificate again, beside whoever claims it now.

        Another live case of its holder on the entry keeps that. Raises ``Refused`` (CERTIFICATE_HOLDS_TITLE) where the certificate
        led to another title meanwhile.
        """
        loaded = self._load(act, [case.claim_id], self._entries(case))
        claim = loaded.certificate(case.claim_id)
        if claim is not None:
            claim.retake(act, _claimant(case))
        self._follow(loaded, set(), case, strict=False)
        return loaded.happened()

    def reinstated(self, act: Act, case: CaseState) -> Streams:
        """The title stands again, on its certificate and entry. Raises ``Refused`` where they led to another title meanwhile."""
        loaded = self._load(act, [case.claim_id], self._entries(case))
        claim = loaded.certificate(case.claim_id)
        if claim is not None:
            claim.retake(act, _claimant(case))
            claim.award(act, case.case_id)
        self._follow(loaded, set(), case)
        return loaded.happened()

    # ── what all of them share ────────────────────────────────────────────────────────────────────────────────────
    def _load(
        self,
        act: Act,
        certificates: Iterable[UUID | None],
        entries: Iterable[UUID],
        known: Briefing | None = None,
    ) -> _Loaded:
        return _Loaded(self._journal, act, filter(None, certificates), entries, known)

    def _current_stream(self, case: CaseState) -> UUID | None:
        """Where the certificate is to be claimed now; where it was, once its number is erased."""
        return self.certificate_stream(case.certificate, case.catalog_code, case.entry_number) or case.claim_id

    def _entries(self, case: CaseState) -> set[UUID]:
        """The claims of the case's holder on the entry and grade that it is matched to, once the grade tells the title, and on
        those of a title that stands.
        """
        found: set[UUID] = set()
        if case.catalog_code is not None and case.catalog_version is not None and case.entry_number is not None:
            entry = self._shelf.entry_at(case.catalog_code, case.catalog_version, case.entry_number)
            if entry is not None and entry.award_for(case.grade) is not None:
                found.add(entry_claim_id(case.holder_ref, case.catalog_code, case.entry_number, case.grade))
        title = case.awarded if case.title_stands else None
        if title is not None:
            found.add(entry_claim_id(case.holder_ref, title.catalog_code, title.entry_number, title.grade))
        return found

    def _follow(self, loaded: _Loaded, old: set[UUID], case: CaseState, *, strict: bool = True) -> None:
        """Give the entries back that a case claimed before and does not any more, and claim those that it does now."""
        new = self._entries(case)
        for entry in sorted(old - new):
            loaded.release_entry(entry, case.case_id)
        for entry in sorted(new):
            try:
                loaded.claim_entry(entry, _claimant(case))
            except Refused:
                if strict:
                    raise

    def _move(self, act: Act, loaded: _Loaded, case: RecognitionCase, target: UUID | None, *, strict: bool) -> None:
        """Claim a case's certificate where it is to be claimed now, and give back what it claimed before."""
        state, before = case.state, case.state.claim_id
        if target is None:
            return
        try:
            loaded.claim_certificate(target, _claimant(state), len(state.evidence))
        except Refused:
            if strict:
                raise
            return
        if target == before:
            return
        claim = loaded.certificate(before)
        if claim is not None:
            claim.release(act, case.id)
        case.decide(CertificateClaimMoved, _by_registry(act), self._known, claim_id=target)

    def _reject_others(
        self, act: Act, loaded: _Loaded, claim: CertificateClaim, case_id: UUID
    ) -> list[RecognitionCase]:
        others = [each for each in claim.state.claimants if each.case_id != case_id]
        if not others:
            return []
        kinds: dict[UUID, type[Aggregate]] = {each.case_id: RecognitionCase for each in others}
        found: dict[UUID, Any] = self._journal.load_all(
            kinds | {holder_stream(each.holder_ref): Holder for each in others}
        )
        rejected: list[RecognitionCase] = []
        for each in others:
            other: RecognitionCase | None = found.get(each.case_id)
            holder: Holder | None = found.get(holder_stream(each.holder_ref))
            if other is not None and other.state.title_stands:
                raise title_on_certificate()
            if holder is not None and holder.state.restricted and not holder.state.erased:
                continue
            if other is not None and other.state.status in OPEN:
                code = ClosingRule.CERTIFICATE_AWARDED_ELSEWHERE
                other.decide(Rejected, _by_registry(act), self._known, reason=None, code=code)
                for entry in self._entries(other.state):
                    loaded.release_entry(entry, other.id)
                rejected.append(other)
            claim.release(act, each.case_id)
        return rejected


def _claimant(case: CaseState) -> Claimant:
    return Claimant(case.case_id, case.holder_ref)


def _by_registry(act: Act) -> Act:
    """What follows by rule, as done by the registry itself under the same request."""
    return Act(act.by.model_copy(update={"actor": REGISTRY_ITSELF}), act.at)
