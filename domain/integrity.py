"""What revocation for fraud files in the integrity archive (诚信档案库, article 4): a record of its own, with a term."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Self
from uuid import UUID

from domain.base import Act, Aggregate, Created, State
from domain.guards import Asks, Attempt, Circumstances, Guards, guard
from domain.identifiers import integrity_record_id
from domain.messages import tell
from domain.refusals import RefusalCode, Refused
from domain.values import Personal, shanghai_day


@dataclass(kw_only=True)
class IntegrityState(State):
    """A record from the day of revocation to the end of its term, or until it is overturned."""

    record_id: UUID
    case_id: UUID
    holder_ref: UUID
    ground: str | None
    findings: str | None
    filed_on: date
    lapses_on: date
    overturned: bool = False

    def in_force_on(self, day: date) -> bool:
        """Whether the record counts on a day: from its filing to its last day, unless it was overturned."""
        return not self.overturned and self.filed_on <= day <= self.lapses_on


@guard(Asks.WHEN, "MOHRSS Order 40")
def term_kept(attempt: Attempt) -> Refused | None:
    """A record stands from the day of the revocation, which is the day of filing, for as many years as the province gives."""
    event, day = attempt.event, shanghai_day(attempt.event.timestamp)
    until = years_later(day, attempt.known.rules.integrity_on(day).years)
    if event.filed_on == day and event.lapses_on == until:
        return None
    return Refused(RefusalCode.DAY_MISMATCH, tell("integrity.days_stated", day=day, until=until))


@guard(Asks.WHEN, "article 4")
def not_overturned(attempt: Attempt) -> Refused | None:
    """A record is overturned once."""
    if not attempt.state.overturned:
        return None
    return Refused(RefusalCode.WRONG_STATE, tell("integrity.overturned_already"))


class IntegrityRecord(Aggregate):
    """A person's entry in the archive."""

    TOPIC: ClassVar[str] = "integrity-record"

    class Event(Aggregate.Event):
        """Something that happened to a record; ``holder_ref`` names whose key seals its personal data."""

        holder_ref: UUID

    class Filed(Created, Event):
        """A title obtained by fraud was revoked, and the archive records it."""

        TOPIC: ClassVar[str] = "integrity-record.filed"
        case_id: UUID
        case_number: str
        ground: Personal
        findings: Personal
        filed_on: date
        lapses_on: date

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
                lapses_on=event.lapses_on,
            )

    class Overturned(Event):
        """The revocation was overturned; the record counts no longer, stays to be read by auditors, and says why."""

        TOPIC: ClassVar[str] = "integrity-record.overturned"
        reason: Personal

        @staticmethod
        def change(state: IntegrityState, event: Any) -> None:  # noqa: ARG004 - that it happened is all
            """The record counts no longer."""
            state.overturned = True

    GUARDS: ClassVar[Guards] = {Filed: (term_kept,), Overturned: (not_overturned,)}

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
        case_number: str,
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
            case_number=case_number,
            holder_ref=holder_ref,
            ground=ground,
            findings=findings,
            filed_on=day,
            lapses_on=years_later(day, known.rules.integrity_on(day).years),
        )

    def overturn(self, act: Act, reason: str | None) -> None:
        """Mark the record after the title was given back. Raises ``Refused`` if it is marked already."""
        self.decide(IntegrityRecord.Overturned, act, holder_ref=self.state.holder_ref, reason=reason)


def years_later(day: date, years: int) -> date:
    """The same calendar day some years on; 29 February becomes 28 February."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
