"""What revocation for fraud files in the integrity archive (诚信档案库, article 4): a record of its own, with a term."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Final, Self
from uuid import UUID

from domain.base import Act, Aggregate, Created, event
from domain.identifiers import integrity_record_id
from domain.refusals import RefusalCode, Refused
from domain.values import Personal

TERM_YEARS: Final = 3
"""How long a record stands: 记录期限为3年, Interim Provisions on the Evaluation of Professional Titles (MOHRSS Order 40)."""


class IntegrityRecord(Aggregate):
    """A person's entry in the archive, from the day of revocation to the end of its term, or until it is struck."""

    TOPIC: ClassVar[str] = "integrity-record"

    class Filed(Created):
        """A title obtained by fraud was revoked, and the archive records it."""

        TOPIC: ClassVar[str] = "integrity-record.filed"
        case_id: UUID
        holder_ref: UUID
        ground: Personal
        findings: Personal
        filed_on: date
        until: date

    class Struck(Aggregate.Event):
        """The revocation was overturned; the record stands no longer, and the history says why."""

        TOPIC: ClassVar[str] = "integrity-record.struck"
        holder_ref: UUID
        reason: Personal

    @event(Filed)
    def __init__(self, case_id: UUID, holder_ref: UUID, ground: Personal, findings: Personal, until: date) -> None:
        self.case_id = case_id
        self.holder_ref = holder_ref
        self.ground = ground
        self.findings = findings
        self.until = until
        self.struck = False

    @classmethod
    def file(
        cls,
        act: Act,
        *,
        case_id: UUID,
        revoked_at_version: int,
        holder_ref: UUID,
        ground: str | None,
        findings: str | None,
        filed_on: date,
    ) -> Self:
        """File the record of one revocation, for ``TERM_YEARS`` from its day."""
        return cls._begin(
            act,
            cls.Filed,
            integrity_record_id(case_id, revoked_at_version),
            case_id=case_id,
            holder_ref=holder_ref,
            ground=ground,
            findings=findings,
            filed_on=filed_on,
            until=_years_later(filed_on, TERM_YEARS),
        )

    def strike(self, act: Act, reason: str) -> None:
        """Strike the record after reinstatement. Raises ``Refused`` if it is struck already."""
        if self.struck:
            raise Refused(RefusalCode.WRONG_STATE, "The integrity record is struck already; nothing is left to strike.")
        self._record(act, IntegrityRecord.Struck, holder_ref=self.holder_ref, reason=reason)

    @event(Struck)
    def _struck(self) -> None:
        self.struck = True


def _years_later(day: date, years: int) -> date:
    """The same calendar day some years on; 29 February becomes 28 February."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
