"""What the registry does with a person's data as a whole: restrict it (kept, not processed) or erase it (PIPL articles 44, 47).

The stream says that it happened, when, by whom and on which legal basis, and holds nothing about the person. Its identifier
is derived from the holder's random reference, so that two officers who erase at once meet in one stream.

    ─→ open ⇄ restricted
          └──────┴─→ erased ─→ destruction completed
"""

from __future__ import annotations

from typing import ClassVar, Self
from uuid import UUID

from domain.base import Act, Aggregate, Created, Event, event
from domain.identifiers import holder_stream
from domain.refusals import RefusalCode, Refused


class HolderEvent(Event):
    """Something that happened to all data of one person; ``holder_ref`` is random and says nothing."""

    holder_ref: UUID


class Holder(Aggregate):
    """One person's data, as a whole."""

    TOPIC: ClassVar[str] = "holder"

    class Opened(Created):
        """A privacy officer takes up a person's request; what was decided follows in the same transaction."""

        TOPIC: ClassVar[str] = "holder.opened"
        holder_ref: UUID

    class Restricted(HolderEvent, Aggregate.Event):
        """The data is kept and not processed: nobody but a privacy officer sees it, no decision is taken."""

        TOPIC: ClassVar[str] = "holder.restricted"
        legal_basis: str

    class RestrictionLifted(HolderEvent, Aggregate.Event):
        """The data is processed again."""

        TOPIC: ClassVar[str] = "holder.restriction-lifted"
        legal_basis: str

    class Erased(HolderEvent, Aggregate.Event):
        """The person's data is to be destroyed, for good; recorded before anything is destroyed."""

        TOPIC: ClassVar[str] = "holder.erased"
        legal_basis: str

    class DestructionCompleted(HolderEvent, Aggregate.Event):
        """Key, index and files are destroyed; an erasure without this event is taken up again."""

        TOPIC: ClassVar[str] = "holder.destruction-completed"
        evidence_files: int

    @event(Opened)
    def __init__(self, holder_ref: UUID) -> None:
        self.holder_ref = holder_ref
        self.restricted = False
        self.erased = False
        self.destroyed = False

    @classmethod
    def open(cls, act: Act, holder_ref: UUID) -> Self:
        """Take up the first request about a person."""
        return cls._begin(act, cls.Opened, holder_stream(holder_ref), holder_ref=holder_ref)

    def restrict(self, act: Act, legal_basis: str) -> None:
        """Stop processing. Raises ``Refused`` where that is so already, or the person was erased."""
        self.require_present()
        if self.restricted:
            raise Refused(RefusalCode.WRONG_STATE, "The holder's data is restricted already; nothing is left to do.")
        self._record(act, Holder.Restricted, holder_ref=self.holder_ref, legal_basis=legal_basis)

    @event(Restricted)
    def _restricted(self) -> None:
        self.restricted = True

    def lift_restriction(self, act: Act, legal_basis: str) -> None:
        """Process again. Raises ``Refused`` where nothing is restricted, or the person was erased."""
        self.require_present()
        if not self.restricted:
            raise Refused(RefusalCode.WRONG_STATE, "The holder's data is not restricted; there is nothing to lift.")
        self._record(act, Holder.RestrictionLifted, holder_ref=self.holder_ref, legal_basis=legal_basis)

    @event(RestrictionLifted)
    def _restriction_lifted(self) -> None:
        self.restricted = False

    def erase(self, act: Act, legal_basis: str) -> None:
        """Record that the data is to be destroyed; once, a repetition changes nothing."""
        if not self.erased:
            self._record(act, Holder.Erased, holder_ref=self.holder_ref, legal_basis=legal_basis)

    @event(Erased)
    def _erased(self) -> None:
        self.erased = True

    def complete_destruction(self, act: Act, evidence_files: int) -> None:
        """Record that nothing is left to destroy. Raises ``Refused`` for a holder nobody erased."""
        if not self.erased:
            raise Refused(RefusalCode.WRONG_STATE, "Nobody erased this holder; erase first.")
        if not self.destroyed:
            self._record(act, Holder.DestructionCompleted, holder_ref=self.holder_ref, evidence_files=evidence_files)

    @event(DestructionCompleted)
    def _destruction_completed(self) -> None:
        self.destroyed = True

    def require_present(self) -> None:
        """Raise ``Refused`` (HOLDER_ERASED) where the person's data is erased."""
        if self.erased:
            raise Refused(
                RefusalCode.HOLDER_ERASED,
                "The holder's personal data was erased; submit anew to start over under a new reference.",
                "holder",
            )

    def require_processable(self) -> None:
        """Raise ``Refused`` where nothing may be recorded about the person: HOLDER_ERASED, HOLDER_RESTRICTED."""
        self.require_present()
        if self.restricted:
            raise Refused(
                RefusalCode.HOLDER_RESTRICTED,
                "The holder's data is kept and not processed at present; a privacy officer lifts the restriction.",
                "holder",
            )
