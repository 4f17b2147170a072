"""A decision of before the registry: a case that begins with its title, as an administrator brought it in and another signed for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from domain.base import Act, Created
from domain.case.due_days import DECIDED_DUE
from domain.case.events import CaseEvent, Submitted
from domain.case.state import CaseState
from domain.clocks import start_of_day
from domain.values import Actor, CaseStatus, Certificate, OptionalCode, Person, Personal, TitleStatus


class Imported(Created, CaseEvent):
    """A title that was recognised before, on its own day, under the version that governed it then.

    ``submitted_on`` and ``decided_on`` are days of the past, ``timestamp`` is when the registry was told. ``authority_code`` is that of
    whoever decided, ``reference`` the number that they filed it under. ``import_id`` names the stream of the import and ``row`` the
    place in its file; ``signed_by`` is the administrator who signed that file. No evidence came with it, nobody matched it here.
    """

    TOPIC: ClassVar[str] = "recognition-case.imported"
    case_number: str
    holder: Person
    certificate: Certificate
    authority_code: str
    work_field: Personal
    catalog_code: str
    catalog_version: int
    entry_number: int
    grade: OptionalCode
    submitted_on: date
    decided_on: date
    work_consistent: bool
    counted_experience_months: int
    claim_id: UUID | None
    reference: Personal
    import_id: UUID
    row: int
    signed_by: str
    review_until: date | None = None

    @classmethod
    def completed(cls, facts: Mapping[str, Any], act: Act, known: Any, state: Any) -> Mapping[str, Any]:  # noqa: ARG003 - the base's shape
        """The period to ask for a review began with the decision, not with the import."""
        due = {field: known.rules.due_on(kind, facts["decided_on"]) for field, kind in DECIDED_DUE.items()}
        return {**due, **facts}

    @staticmethod
    def initial(event: Any) -> CaseState:
        """The case is closed and its title stands; the title bears the authority that decided."""
        teller = event.by.actor
        decided_by = Actor(subject=teller.subject, role=teller.role, authority_code=event.authority_code)
        state = CaseState(
            case_id=event.originator_id,
            case_number=event.case_number,
            version=event.originator_version,
            status=CaseStatus.APPROVED,
            holder_ref=event.holder_ref,
            holder=event.holder,
            certificate=event.certificate,
            work_field=event.work_field,
            experience=(),
            authority_code=event.authority_code,
            lodged_with=event.authority_code,
            evidence=(),
            submitted_by=event.by.actor.subject,
            submitted_at=start_of_day(event.submitted_on),
            submitted_on=event.submitted_on,
            claim_id=event.claim_id,
            catalog_code=event.catalog_code,
            catalog_version=event.catalog_version,
            entry_number=event.entry_number,
            grade=event.grade,
            decide_from=event.submitted_on,
            decided_at=start_of_day(event.decided_on),
            decided_by=decided_by,
            recognized_by=decided_by,
            recognized_on=event.decided_on,
            title_status=TitleStatus.CURRENT,
            work_consistent=event.work_consistent,
            counted_experience_months=event.counted_experience_months,
            review_until=event.review_until,
        )
        state.awarded = state.pinned
        return state


BEGINNINGS = (Submitted, Imported)
"""With which events a case begins."""
