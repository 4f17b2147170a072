"""What the registry does with a person's data as a whole: restrict it (kept, not processed) or erase it (PIPL articles 44, 47).

The stream says that it happened, when, by whom and on which legal basis, and holds nothing about the person. Its identifier
is derived from the holder's random reference, so that two officers who erase at once meet in one stream.

    ─→ open ⇄ restricted
          └──────┴─→ erased ─→ destruction completed
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self
from uuid import UUID

from domain.base import Act, Aggregate, Created, State
from domain.guards import Asks, Attempt, Guards, guard
from domain.identifiers import holder_stream
from domain.messages import tell
from domain.refusals import RefusalCode, Refused
from domain.values import Role


@dataclass(kw_only=True)
class HolderState(State):
    """Whether a person's data is processed, and whether it is there."""

    holder_ref: UUID
    restricted: bool = False
    erased: bool = False
    destroyed: bool = False

    def require_processable(self) -> None:
        """Raise ``Refused`` where nothing may be recorded about the person: HOLDER_ERASED, HOLDER_RESTRICTED."""
        if self.erased:
            raise _erased()
        if self.restricted:
            raise Refused(
                RefusalCode.HOLDER_RESTRICTED,
                tell("holder.restricted"),
                "holder",
            )


def _erased() -> Refused:
    return Refused(
        RefusalCode.HOLDER_ERASED,
        tell("holder.erased"),
        "holder",
    )


@guard(Asks.WHO, "PIPL articles 44, 47")
def privacy_officers_only(attempt: Attempt) -> Refused | None:
    """A privacy officer restricts and erases; the registry completes what was recorded."""
    if attempt.event.by.actor.role in {Role.PRIVACY_OFFICER, Role.SYSTEM}:
        return None
    return Refused(RefusalCode.NOT_PERMITTED, tell("holder.privacy_officers_only"))


@guard(Asks.WHEN, "PIPL article 47")
def still_present(attempt: Attempt) -> Refused | None:
    """Nothing is decided about data that was erased."""
    return _erased() if attempt.state.erased else None


@guard(Asks.WHEN, "PIPL article 44")
def processed(attempt: Attempt) -> Refused | None:
    """Data is restricted that was processed until then."""
    if not attempt.state.restricted:
        return None
    return Refused(RefusalCode.WRONG_STATE, tell("holder.restricted_already"))


@guard(Asks.WHEN, "PIPL article 44")
def not_processed(attempt: Attempt) -> Refused | None:
    """A restriction is lifted that was there."""
    if attempt.state.restricted:
        return None
    return Refused(RefusalCode.WRONG_STATE, tell("holder.not_restricted"))


@guard(Asks.WHEN, "PIPL article 47")
def erased_before(attempt: Attempt) -> Refused | None:
    """What is destroyed was erased by somebody."""
    if attempt.state.erased:
        return None
    return Refused(RefusalCode.WRONG_STATE, tell("holder.not_erased"))


class Holder(Aggregate):
    """One person's data, as a whole."""

    TOPIC: ClassVar[str] = "holder"

    class Event(Aggregate.Event):
        """Something that happened to all data of one person; ``holder_ref`` is random and says nothing."""

        holder_ref: UUID

        @classmethod
        def derived(cls, state: HolderState | None, act: Act) -> dict[str, Any]:  # noqa: ARG003 - the base's shape
            """Every event of the stream is about its holder."""
            return {} if state is None else {"holder_ref": state.holder_ref}

    class Opened(Created, Event):
        """A privacy officer takes up a person's request; what was decided follows in the same transaction."""

        TOPIC: ClassVar[str] = "holder.opened"

        @staticmethod
        def initial(event: Any) -> HolderState:
            """The data is there and processed."""
            return HolderState(version=event.originator_version, holder_ref=event.holder_ref)

    class Restricted(Event):
        """The data is kept and not processed: nobody but a privacy officer sees it, no decision is taken."""

        TOPIC: ClassVar[str] = "holder.restricted"
        legal_basis: str

        @staticmethod
        def change(state: HolderState, event: Any) -> None:  # noqa: ARG004 - that it happened is all
            """Processing stops."""
            state.restricted = True

    class RestrictionLifted(Event):
        """The data is processed again."""

        TOPIC: ClassVar[str] = "holder.restriction-lifted"
        legal_basis: str

        @staticmethod
        def change(state: HolderState, event: Any) -> None:  # noqa: ARG004 - that it happened is all
            """Processing goes on."""
            state.restricted = False

    class Erased(Event):
        """The person's data is to be destroyed, for good; recorded before anything is destroyed."""

        TOPIC: ClassVar[str] = "holder.erased"
        legal_basis: str

        @staticmethod
        def change(state: HolderState, event: Any) -> None:  # noqa: ARG004 - that it happened is all
            """The person is gone from here on."""
            state.erased = True

    class DestructionCompleted(Event):
        """Key, index and files are destroyed; an erasure without this event is taken up again."""

        TOPIC: ClassVar[str] = "holder.destruction-completed"
        evidence_files: int

        @staticmethod
        def change(state: HolderState, event: Any) -> None:  # noqa: ARG004 - that it happened is all
            """Nothing is left to do."""
            state.destroyed = True

    GUARDS: ClassVar[Guards] = {
        Opened: (privacy_officers_only,),
        Restricted: (privacy_officers_only, still_present, processed),
        RestrictionLifted: (privacy_officers_only, still_present, not_processed),
        Erased: (privacy_officers_only,),
        DestructionCompleted: (erased_before,),
    }

    @property
    def state(self) -> HolderState:
        """The holder's data as the events leave it; for reading only."""
        state: HolderState = self._state
        return state

    @classmethod
    def open(cls, act: Act, holder_ref: UUID) -> Self:
        """Take up the first request about a person."""
        return cls.begin(cls.Opened, act, holder_stream(holder_ref), holder_ref=holder_ref)

    def erase(self, act: Act, legal_basis: str) -> None:
        """Record that the data is to be destroyed; once, a repetition changes nothing."""
        if not self.state.erased:
            self.decide(Holder.Erased, act, legal_basis=legal_basis)

    def complete_destruction(self, act: Act, evidence_files: int) -> None:
        """Record that nothing is left to destroy, once. Raises ``Refused`` for a holder nobody erased."""
        if not self.state.destroyed:
            self.decide(Holder.DestructionCompleted, act, evidence_files=evidence_files)
