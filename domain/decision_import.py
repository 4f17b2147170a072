"""The import of a file of decisions of before the registry: one administrator signs the file's digest, another brings it in.

Its stream follows from the digest, so that a file is imported once; what it brought in names it (``domain.case.imported``).

    ─→ signed ─→ begun ─→ finished
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from domain.base import Aggregate, Created, State
from domain.case.imported_guards import WAIVED, administrators_import, another_than_signed
from domain.guards import Asks, Attempt, Guards, guard
from domain.messages import tell
from domain.refusals import RefusalCode, Refused


@dataclass(kw_only=True)
class DecisionImportState(State):
    """A file that was signed: its digest (SHA-256, lower-case hexadecimal), by whom, and how far its import is."""

    sha256: str
    signed_by: str
    begun: bool = False
    finished: bool = False


@guard(Asks.WHAT, "the registry's own")
def waives_what_it_may(attempt: Attempt) -> Refused | None:
    """Who signs a file is told which rules its decisions are not asked, and signs for those and no other."""
    if attempt.event.waived == waived_rules():
        return None
    return Refused(RefusalCode.INVALID_INPUT, tell("import.waives_what_it_may"), "waived")


@guard(Asks.WHEN, "the registry's own")
def begun_once(attempt: Attempt) -> Refused | None:
    """An import begins once; one that was broken off goes on."""
    if not attempt.state.begun:
        return None
    return Refused(RefusalCode.WRONG_STATE, tell("import.begun_once"))


@guard(Asks.WHEN, "the registry's own")
def under_way(attempt: Attempt) -> Refused | None:
    """What is finished was begun, and is finished once."""
    if attempt.state.begun and not attempt.state.finished:
        return None
    return Refused(RefusalCode.WRONG_STATE, tell("import.under_way"))


def waived_rules() -> tuple[str, ...]:
    """The names of the guards that imported decisions are not asked."""
    return tuple(each.name for each in WAIVED)


class DecisionImport(Aggregate):
    """One file of decisions of before, from its signature to its last row."""

    TOPIC: ClassVar[str] = "decision-import"

    class Event(Aggregate.Event):
        """Something that happened to the import of a file."""

    class Signed(Created, Event):
        """An administrator signed the digest of a file of so many rows, whose decisions are not asked the rules ``waived``."""

        TOPIC: ClassVar[str] = "decision-import.signed"
        sha256: str
        rows: int
        waived: tuple[str, ...]

        @staticmethod
        def initial(event: Any) -> DecisionImportState:
            """The file may be brought in by another."""
            return DecisionImportState(
                version=event.originator_version, sha256=event.sha256, signed_by=event.by.actor.subject
            )

    class Begun(Event):
        """Another administrator began to bring it in."""

        TOPIC: ClassVar[str] = "decision-import.begun"

        @staticmethod
        def change(state: DecisionImportState, event: Any) -> None:  # noqa: ARG004 - that it happened is all
            """Its rows are being taken in."""
            state.begun = True

    class Finished(Event):
        """Every row was taken in or refused; so many of each."""

        TOPIC: ClassVar[str] = "decision-import.finished"
        imported: int
        refused: int

        @staticmethod
        def change(state: DecisionImportState, event: Any) -> None:  # noqa: ARG004 - that it happened is all
            """Nothing more comes of this file."""
            state.finished = True

    GUARDS: ClassVar[Guards] = {
        Signed: (administrators_import, waives_what_it_may),
        Begun: (administrators_import, another_than_signed, begun_once),
        Finished: (administrators_import, another_than_signed, under_way),
    }

    @property
    def state(self) -> DecisionImportState:
        """How far the import is; for reading only."""
        state: DecisionImportState = self._state
        return state
