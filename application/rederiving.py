"""A decision derived again from what was recorded: the same certificate, under the version it was pinned to or another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from application.catalogs import Shelf
from application.seals import Seals
from application.several_catalogs import Found, GoverningVersion
from domain.base import Event
from domain.case.events import CandidatesListed, Matched, RematchRequired, Submitted
from domain.case.imported import BEGINNINGS, Imported
from domain.matching.rule_sets import RULE_SETS
from domain.messages import Message, tell
from domain.values import MatchOutcome, TitleAward


@dataclass(frozen=True, slots=True)
class Decision:
    """What was recorded of how a case was matched last: version, rule set, entry and grade, and whether a reviewer chose them.

    ``entry_number`` is None where nothing was matched; ``rule_set`` is the last that the registry matched by.
    """

    code: str
    version: int
    rule_set: str
    entry_number: int | None = None
    grade: str | None = None
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Derived:
    """What follows under a version: the match, and the title; whether it is what was recorded, None where nothing was.

    ``not_derivable`` says why nothing follows any more.
    """

    code: str
    version: int
    rule_set: str
    found: Found | None = None
    award: TitleAward | None = None
    same: bool | None = None
    not_derivable: Message | None = None


def decision_of(events: Sequence[Event]) -> Decision | None:
    """The last match of a case, from its events; None where no catalog ever governed it."""
    decision: Decision | None = None
    rule_set: str = [*RULE_SETS][-1]
    for event in events:
        match event:
            case Submitted() if event.catalog_code and event.catalog_version:
                decision = Decision(event.catalog_code, event.catalog_version, rule_set)
            case RematchRequired() if decision is not None:
                decision = Decision(decision.code, event.catalog_version, rule_set)
            case CandidatesListed() if decision is not None:
                rule_set = event.rule_set
                decision = Decision(decision.code, decision.version, rule_set)
            case Imported():
                place = (event.catalog_code, event.catalog_version, rule_set)
                decision = Decision(*place, event.entry_number, event.grade, by_hand=True)
            case Matched():
                rule_set = event.rule_set or rule_set
                place = (event.catalog_code, event.catalog_version, rule_set)
                decision = Decision(*place, event.entry_number, event.grade, event.by_hand)
    return decision


def rederived(shelf: Shelf, seals: Seals, events: Sequence[Event], version: int | None) -> Derived | None:
    """Derive the decision of a case again. None where no catalog ever governed it, or the version is none of its catalog.

    ``events`` hold seals. What a reviewer chose stands as they chose it, and its title follows from the entry as the version has
    it; an automatic match is made anew.
    """
    decision = decision_of(events)
    if decision is None or not shelf.has(decision.code, version or decision.version):
        return None
    number = version or decision.version
    certificate = _certificate(events[0], seals)
    why = None
    if certificate is None:
        why = tell("audit.not_derived_erased")
    elif decision.rule_set not in RULE_SETS:
        why = tell("audit.not_derived_rule_set", rule_set=decision.rule_set)
    if why is not None or certificate is None:
        return Derived(decision.code, number, decision.rule_set, not_derivable=why)
    submitted: Any = events[0]
    found = shelf.match_among([GoverningVersion(decision.code, number)], submitted.submitted_on, *certificate)
    award = _award(shelf, decision, number, found)
    recorded = _title(shelf, decision.code, decision.version, decision.entry_number, decision.grade)
    same = None if decision.entry_number is None else award == recorded and _same_place(decision, found)
    return Derived(decision.code, number, decision.rule_set, found, award, same)


def _award(shelf: Shelf, decision: Decision, number: int, found: Found | None) -> TitleAward | None:
    if decision.by_hand:
        return _title(shelf, decision.code, number, decision.entry_number, decision.grade)
    entry = _automatic(found)
    return _title(shelf, decision.code, number, entry[0], entry[1]) if entry else None


def _automatic(found: Found | None) -> tuple[int, str | None] | None:
    if found is None or found.match.entry is None:
        return None
    sure = found.match.outcome in {MatchOutcome.EXACT, MatchOutcome.CONFIDENT}
    return (found.match.entry.number, found.match.grade) if sure else None


def _same_place(decision: Decision, found: Found | None) -> bool:
    return decision.by_hand or _automatic(found) == (decision.entry_number, decision.grade)


def _title(shelf: Shelf, code: str, version: int, number: int | None, grade: str | None) -> TitleAward | None:
    entry = shelf.entry_at(code, version, number) if number is not None else None
    return next((award for award in entry.awards if award.grade == grade), None) if entry else None


def _certificate(submitted: Any, seals: Seals) -> tuple[str, str, str | None] | None:
    """Name, body and grade as they were typed; None after an erasure."""
    if not isinstance(submitted, BEGINNINGS):
        return None

    def opened(text: str | None) -> str | None:
        return None if text is None else seals.opened(submitted.holder_ref, UUID(str(submitted.originator_id)), text)

    written = submitted.certificate
    name = opened(written.name)
    if name is None:
        return None
    return name, opened(written.issuing_body) or "", opened(written.grade)
