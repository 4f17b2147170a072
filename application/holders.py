"""Use cases on a person's data as a whole: restricting it, and erasing it for good (PIPL articles 44 and 47).

The order of an erasure, and what a crash leaves behind after each step:

1. ``holder.erased`` is recorded, in one transaction with the withdrawal of the person's undecided cases, whose claims are free. From here on the projection takes the person out of the rows, and a start of the registry
   goes on with whatever of the following is left.
2. The data key is destroyed and its tombstone stays: every seal in every event is noise, late writers are refused.
3. A case that somebody submitted in this very moment is withdrawn as well. What was typed about them and not submitted is removed, the index by which the person was found forgets them, and their evidence files are removed.
4. ``holder.destruction-completed`` is recorded. The next night the master key that wrapped the data key is dropped, and nothing
   opens what is left of it in dead rows, logs and backups (``infrastructure/sealing/rotation.py``). Each step may be repeated, by two processes at once too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

from application.access import Action, require
from application.claims import Claims, Streams
from application.journal import Conflict, Journal
from application.ports import Clock
from application.retention import RetentionTerms, records_of
from domain.base import Act
from domain.case.case import RecognitionCase
from domain.holder import Holder
from domain.identifiers import holder_stream
from domain.integrity import IntegrityRecord, IntegrityState
from domain.messages import tell
from domain.refusals import RefusalCode, Refused
from domain.text import PROSE_LIMIT, clean, identifying_form
from domain.values import REGISTRY_ITSELF, SHANGHAI, Provenance, shanghai_day


class PersonalDataStore(Protocol):
    """Where a person's data is kept outside the events: their key, the index by which they are found, drafts about them, their files."""

    def knows(self, holder_ref: UUID) -> bool:
        """Whether the registry ever kept anything about this holder."""

    def destroy(self, holder_ref: UUID) -> int:
        """Destroy key, drafts, index entries and files, in this order; answers how many files. May be repeated."""

    def unfinished(self) -> Iterable[UUID]:
        """The holders whose erasure was recorded and whose destruction was not completed, from the events."""

    def cases_of(self, holder_ref: UUID) -> Iterable[UUID]:
        """Every case about the holder, however far the read side is."""


SHORTEST_NAME: Final = 2
"""Characters that a name has at least where it is looked for in other text."""
NIGHT: Final = 3
"""The hour in Shanghai at which erasures are made final: all keys under a new master key, the old ones dropped."""


def final_by(erased_at: datetime) -> datetime:
    """By when an erasure is final: the next night's rotation, at ``NIGHT`` o'clock in Shanghai, and the time it may take."""
    local = erased_at.astimezone(SHANGHAI)
    night = local.replace(hour=NIGHT, minute=0, second=0, microsecond=0)
    return (night if local < night else night + timedelta(days=1)).astimezone(UTC) + timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class HolderDone:
    """What a use case on a holder answers: the position to wait for before reading, and by when an erasure is final."""

    position: int
    final_by: datetime | None = None


class HolderFiles:
    """Restricting and erasing what the registry holds of a person."""

    def __init__(
        self,
        journal: Journal,
        store: PersonalDataStore,
        claims: Claims,
        clock: Clock,
        retention: RetentionTerms,
    ) -> None:
        """``claims`` are given back as an erasure withdraws cases; ``retention`` says what the law keeps until when."""
        self._journal = journal
        self._store = store
        self._claims = claims
        self._clock = clock
        self._retention = retention

    def erase(self, by: Provenance, ref: UUID, legal_basis: str) -> HolderDone:
        """Erase a person's data for good; a repetition finishes what is left and answers alike.

        Their undecided cases are withdrawn by the same act. Raises ``Refused``: NOT_PERMITTED, UNKNOWN_HOLDER, RETENTION_REQUIRED
        while the law keeps the data, and INVALID_INPUT for a legal basis that names the person.
        """
        require(by.actor, Action.ERASE)
        basis = self._basis(ref, legal_basis)

        def erase(holder: Holder, act: Act) -> Streams:
            if holder.state.erased:
                return ()
            cases = self._cases_of(ref)
            self._retention.require_over([each.state for each in cases], self._records_of(cases), shanghai_day(act.at))
            holder.erase(act, basis)
            return self._claims.erased(act, cases)

        self._change(by, ref, erase)
        return HolderDone(self._destroy(by, ref), final_by(self._clock()))

    def restrict(self, by: Provenance, ref: UUID, legal_basis: str) -> HolderDone:
        """Keep a person's data and process it no more. Raises ``Refused``."""
        require(by.actor, Action.RESTRICT)
        basis = self._basis(ref, legal_basis)
        return HolderDone(
            self._change(by, ref, lambda holder, act: holder.decide(Holder.Restricted, act, legal_basis=basis))
        )

    def lift_restriction(self, by: Provenance, ref: UUID, legal_basis: str) -> HolderDone:
        """Process a person's data again. Raises ``Refused``."""
        require(by.actor, Action.RESTRICT)
        basis = self._basis(ref, legal_basis)
        return HolderDone(
            self._change(by, ref, lambda holder, act: holder.decide(Holder.RestrictionLifted, act, legal_basis=basis))
        )

    def finish_erasures(self) -> int:
        """Go on with every erasure that a crash interrupted; answers how many."""
        count = 0
        for ref in self._store.unfinished():
            self._destroy(Provenance(actor=REGISTRY_ITSELF, client="start"), ref)
            count += 1
        return count

    def require_processable(self, ref: UUID) -> None:
        """Raise ``Refused`` where nothing may be recorded about a person: HOLDER_ERASED, HOLDER_RESTRICTED."""
        holder = self._journal.load(Holder, holder_stream(ref))
        if holder is not None:
            holder.state.require_processable()

    def _basis(self, ref: UUID, legal_basis: str) -> str:
        basis = clean(legal_basis, "legalBasis", limit=PROSE_LIMIT)
        if not self._store.knows(ref):
            raise Refused(RefusalCode.UNKNOWN_HOLDER, tell("holder.unknown"), "ref")
        # The event is kept for ever and is not sealed, since its holder's key goes.
        if any(form in identifying_form(basis) for form in self._named(ref)):
            raise Refused(
                RefusalCode.INVALID_INPUT,
                tell("holder.named_in_basis", field="legalBasis"),
                "legalBasis",
            )
        return basis

    def _named(self, ref: UUID) -> set[str]:
        """What names the person in their cases, each in the form that is compared, as far as it can still be read."""
        persons = [each.state.holder for each in self._cases_of(ref)]
        forms = {identifying_form(text or "") for person in persons for text in (person.name, person.id_number)}
        return {form for form in forms if len(form) >= SHORTEST_NAME}

    def _cases_of(self, ref: UUID) -> list[RecognitionCase]:
        found = self._journal.load_all(dict.fromkeys(self._store.cases_of(ref), RecognitionCase))
        return sorted(found.values(), key=lambda case: case.state.submitted_at)

    def _records_of(self, cases: Iterable[RecognitionCase]) -> list[IntegrityState]:
        streams = records_of({case.id: case.state for case in cases})
        return [each.state for each in self._journal.load_all(dict.fromkeys(streams, IntegrityRecord)).values()]

    def _change(self, by: Provenance, ref: UUID, decide: Callable[[Holder, Act], Streams | None]) -> int:
        while True:  # another officer's event on the same stream is read and decided on anew
            act = Act(by, self._clock())
            holder = self._journal.load(Holder, holder_stream(ref)) or Holder.open(act, ref)
            changed = [each for each in (holder, *(decide(holder, act) or ())) if each.pending_events]
            if not changed:
                return self._journal.last_position()
            try:
                return self._journal.record(*changed)
            except Conflict:
                continue

    def _destroy(self, by: Provenance, ref: UUID) -> int:
        files = self._store.destroy(ref)

        def complete(holder: Holder, act: Act) -> Streams:
            holder.complete_destruction(act, files)
            return self._claims.erased(act, self._cases_of(ref))

        return self._change(by, ref, complete)
