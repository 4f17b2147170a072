"""What revocation for fraud files in the integrity archive (诚信档案库, article 4): a record of its own, with a term."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Self
from uuid import UUID

from domain.base import Act, Aggregate, Created, State
from domain.guards import Asks, Attempt, Circumstances, Guards, guard
from domain.identifiers import integrity_record_id
from domain.refusals import RefusalCode, Refused
from domain.values import Personal, shanghai_day


@dataclass(kw_only=True)
class IntegrityState(State):
    """A record from the day of revocation to the end of its term, or until it is struck."""

    record_id: UUID
    case_id: UUID
    holder_ref: UUID
    ground: str | None
    findings: str | None
    filed_on: date
    until: date
    struck: bool = False


@guard(Asks.WHEN, "MOHRSS Order 40")
def term_kept(attempt: Attempt) -> Refused | None:
    """A record stands from the day of the revocation, which is the day of filing, for as many years as the province gives."""
    event, day = attempt.event, shanghai_day(attempt.event.timestamp)
    until = years_later(day, attempt.known.rules.integrity.years)
    if event.filed_on == day and event.until == until:
        return None
    return Refused(RefusalCode.DAY_MISMATCH, f"A record filed on {day} stands until {until}; state these days.")


@guard(Asks.WHEN, "article 4")
def not_struck(attempt: Attempt) -> Refused | None:
    """A record is struck once."""
    if not attempt.state.struck:
        return None
    return Refused(RefusalCode.WRONG_STATE, "The integrity record is struck already; nothing is left to strike.")


class IntegrityRecord(Aggregate):
    """A person's entry in the archive."""

    TOPIC: ClassVar[str] = "integrity-record"

    class Event(Aggregate.Event):
        """Something that happened to a record; ``holder_ref`` names whose key seals its personal data."""

        holder_ref: UUID

    class Filed(Created, Event):
        """A title obtained by fraud was revoked, and the archive records it."""

        TOPIC: ClassVar[str] = "integrity-record.filed"
        SENTENCE: ClassVar[str] = "Filed in the integrity archive"
        case_id: UUID
        ground: Personal
        findings: Personal
        filed_on: date
        until: date

        @staticmethod
        def initial(event: Any) -> IntegrityState:
            """The record stands."""
            return IntegrityState(
                version=event.originator_version,
                record_id=event.originator_id,
                case_id=event.case_id,
                holder_ref=event.holder_ref,
                ground=event.ground,
                findings=event.findings,
                filed_on=event.filed_on,
                until=event.until,
            )

    class Struck(Event):
        """The revocation was overturned; the record stands no longer, and the history says why."""

        TOPIC: ClassVar[str] = "integrity-record.struck"
        SENTENCE: ClassVar[str] = "Struck from the integrity archive"
        reason: Personal

        @staticmethod
        def change(state: IntegrityState, event: Any) -> None:  # noqa: ARG004 - that it happened is all
            """The record stands no longer."""
            state.struck = True

    GUARDS: ClassVar[Guards] = {Filed: (term_kept,), Struck: (not_struck,)}

    @property
    def state(self) -> IntegrityState:
        """The record as its events leave it; for reading only."""
        state: IntegrityState = self._state
        return state

    @classmethod
    def file(
        cls,
        act: Act,
        known: Circumstances,
        *,
        case_id: UUID,
        revoked_at_version: int,
        holder_ref: UUID,
        ground: str | None,
        findings: str | None,
    ) -> Self:
        """File the record of one revocation, from the day of the act for the term of the province."""
        day = shanghai_day(act.at)
        return cls.begin(
            cls.Filed,
            act,
            integrity_record_id(case_id, revoked_at_version),
            known,
            case_id=case_id,
            holder_ref=holder_ref,
            ground=ground,
            findings=findings,
            filed_on=day,
            until=years_later(day, known.rules.integrity.years),
        )

    def strike(self, act: Act, reason: str) -> None:
        """Strike the record after reinstatement. Raises ``Refused`` if it is struck already."""
        self.decide(IntegrityRecord.Struck, act, holder_ref=self.state.holder_ref, reason=reason)


def years_later(day: date, years: int) -> date:
    """The same calendar day some years on; 29 February becomes 28 February."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
