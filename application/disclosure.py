"""What of an event is shown, and to whom in clear: facts without their envelope, persons masked unless the viewer may read
them, and one sentence that says what happened without naming anybody.
"""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from domain.base import Event
from domain.case_events import Approved, CandidatesListed, Matched, Supplemented, Transferred
from domain.catalog import Catalog
from domain.values import PersonalData

_ENVELOPE: Final = frozenset({"originator_id", "originator_version", "originator_topic", "timestamp", "by"})
_SUMMARIES: Final[dict[str, str]] = {
    "recognition-case.submitted": "Submitted for recognition",
    "recognition-case.supplement-requested": "More evidence requested",
    "recognition-case.rejected": "Recognition refused",
    "recognition-case.withdrawn": "Withdrawn before a decision",
    "recognition-case.revocation-proposed": "Revocation for fraud proposed by the first officer",
    "recognition-case.revoked": "Title revoked by the second officer",
    "recognition-case.reinstated": "Revocation overturned, title current again",
    "recognition-case.rematch-required": "To be matched anew under an amended catalog version",
    "certificate-claim.claimed": "Certificate claimed by a case",
    "certificate-claim.reclaimed": "Released certificate claimed by a later case",
    "certificate-claim.released": "Certificate released",
    "integrity-record.filed": "Filed in the integrity archive",
    "integrity-record.struck": "Struck from the integrity archive",
    "holder.opened": "A person's request about their data taken up",
    "holder.restricted": "The person's data is kept and not processed from now on",
    "holder.restriction-lifted": "The person's data is processed again",
    "holder.erased": "The person's data is erased; the history goes on without it",
    "holder.destruction-completed": "Key, index and files of the erased person are destroyed",
    "catalog-proposal.proposed": "Catalog proposed",
    "catalog-proposal.published": "Proposed catalog published by another administrator",
    "catalog-proposal.discarded": "Proposed catalog discarded",
    "catalog.published": "Catalog published",
    "catalog.amendment-proposed": "Amendment proposed",
    "catalog.amendment-discarded": "Amendment discarded",
}


def facts(event: Event, *, in_clear: bool) -> dict[str, Any]:
    """An event's own facts as JSON values; personal data reads as None unless ``in_clear``."""
    shown = _shown(event, in_clear)
    return {name: value for name, value in shown.items() if name not in _ENVELOPE}


def holds_personal_data(event: Event) -> bool:
    """Whether an event still tells something about a person: not one of a class without such fields, nor after erasure."""
    return _holds(event)


def reason_of(event: Event, *, in_clear: bool) -> str | None:
    """The reason somebody gave, where the event has one and the viewer may read it."""
    shown = facts(event, in_clear=in_clear)
    reason = shown.get("reason") or shown.get("ground")
    return reason if isinstance(reason, str) else None


def summary_of(event: Event) -> str:
    """What happened, in one sentence without personal data."""
    match event:
        case Matched(outcome=None):
            return f"Matched by a reviewer to entry {event.entry_number}, version {event.catalog_version}"
        case Matched():
            return (
                f"Matched to entry {event.entry_number}, version {event.catalog_version}, by rule set {event.rule_set}"
            )
        case CandidatesListed():
            return f"No automatic match; {len(event.candidates)} candidates for a reviewer"
        case Supplemented():
            return f"{len(event.evidence)} more pieces of evidence"
        case Transferred():
            return f"Transferred to {event.authority_code}"
        case Approved():
            use = "usable for appointment and promotion" if event.work_consistent else "not usable for appointment"
            return f"Title recognised on {event.recognized_on}, {use}"
        case Catalog.AmendmentIssued():
            return f"Catalog amended: version {event.number}"
        case _:
            return _SUMMARIES[event.TOPIC]


def _shown(value: Any, in_clear: bool) -> Any:
    if isinstance(value, BaseModel):
        return {
            name: None if not in_clear and _is_personal(field) else _shown(getattr(value, name), in_clear)
            for name, field in type(value).model_fields.items()
        }
    if isinstance(value, tuple):
        return [_shown(item, in_clear) for item in value]
    return to_jsonable_python(value)


def _holds(value: Any) -> bool:
    if isinstance(value, BaseModel):
        return any(
            getattr(value, name) is not None if _is_personal(field) else _holds(getattr(value, name))
            for name, field in type(value).model_fields.items()
        )
    return isinstance(value, tuple) and any(_holds(item) for item in value)


def _is_personal(field: FieldInfo) -> bool:
    return any(isinstance(mark, PersonalData) for mark in field.metadata)
