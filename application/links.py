"""What one stream says of another: which case is to have its certificate, and which revocations are to be on record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from application.cases import RELEASING
from domain.base import Event
from domain.case.events import Approved
from domain.case.imported import Imported
from domain.case.state import OPEN, CaseState
from domain.case.title_events import Reinstated, ReviewRecorded, Revoked
from domain.values import CaseStatus

_LOOSENING: Final = RELEASING | {ReviewRecorded}


def is_to_claim(case: CaseState, events: Sequence[Event]) -> bool:
    """Whether a case is to have its certificate: one whose title stands, and an undecided one from which nothing took the claim.

    What an amendment moves to another body, and what a review opens again, may wait for its approval to claim.
    """
    if case.title_stands:
        return case.status is CaseStatus.APPROVED
    moved = bool(case.rematched_for) or any(type(event) in _LOOSENING for event in events)
    return case.status in OPEN and not moved


def holds(claim: Any, case_id: Any, *, title_stands: bool) -> bool:
    """Whether a claim is this case's, and no other case's title stands on it; ``claim`` names cases as ``case_id`` does."""
    return claim is not None and claim.claimed_by(case_id) and (not title_stands or claim.title_of in {None, case_id})


def import_stands(imported: Imported, signed_by: str | None, begun_at: datetime | None) -> bool:
    """Whether a title of before was brought in by an import that had begun, of a file signed by whom the title names."""
    return signed_by == imported.signed_by and begun_at is not None and begun_at <= imported.timestamp


def revocations(events: Sequence[Event]) -> list[tuple[int, bool]]:
    """The versions at which a case was revoked, and whether the title was given back since."""
    found: list[tuple[int, bool]] = []
    for event in events:
        if isinstance(event, Revoked):
            found.append((event.originator_version, False))
        elif isinstance(event, Reinstated | Approved) and found:
            found[-1] = (found[-1][0], True)
    return found
