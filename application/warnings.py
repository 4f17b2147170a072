"""What an officer should know before deciding: facts about the person and the certificate of a case, found for many cases at once.

Nothing of it is personal: a warning names a rule and another case's number. It is shown to the officers of the case only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple, Self
from uuid import UUID

from application.access import Action, can
from application.seals import Seals
from application.viewing import Viewer
from application.views import CaseView, CaseWarningView, IntegrityRecordView, PastCaseView
from domain.case.state import GONE
from domain.messages import Language, Message, tell
from domain.text import identifying_form
from domain.values import Person

MOST: Final = 20
"""Warnings that a case shows at most."""


class CaseWarningKind(StrEnum):
    """Stable codes of warnings, the gravest first."""

    INTEGRITY_RECORD_IN_FORCE = "INTEGRITY_RECORD_IN_FORCE"
    CERTIFICATE_CONTESTED = "CERTIFICATE_CONTESTED"
    NAME_DIFFERS = "NAME_DIFFERS"
    SAME_PERSON_PERHAPS = "SAME_PERSON_PERHAPS"


SAID: Final[Mapping[CaseWarningKind, Message]] = {
    CaseWarningKind.INTEGRITY_RECORD_IN_FORCE: tell("warning.integrity_record_in_force"),
    CaseWarningKind.CERTIFICATE_CONTESTED: tell("warning.certificate_contested"),
    CaseWarningKind.NAME_DIFFERS: tell("warning.name_differs"),
    CaseWarningKind.SAME_PERSON_PERHAPS: tell("warning.same_person_perhaps"),
}
"""What each says to people."""


class Concerned(NamedTuple):
    """What a case is warned about by: the case, its holder, what names them (sealed, or in clear), and its certificate's claim."""

    case_id: UUID
    holder_ref: UUID
    name: str | None
    id_type: str | None
    id_number: str | None
    claim_id: UUID | None

    @classmethod
    def of(cls, case: CaseView) -> Self:
        """What of a case counts."""
        holder = case.holder
        return cls(case.case_id, holder.ref, holder.name, holder.id_type, holder.id_number, case.claim_id)


def is_warned(viewer: Viewer, case: CaseView) -> bool:
    """Whether somebody sees the warnings of a case: its officers, by their office, and of its present state only."""
    if isinstance(case, PastCaseView) or not can(viewer.actor, Action.DECIDE) or viewer.scope.everything:
        return False
    mine = viewer.actor is not None and case.submitted_by == viewer.actor.subject
    return viewer.officially(case) and not mine and case.holder.ref != viewer.scope.holder_ref


def persons_of(cases: Iterable[Concerned], seals: Seals) -> dict[UUID, Person]:
    """The persons of cases, opened to be compared; the keys are at hand."""

    def opened(case: Concerned, text: str | None) -> str | None:
        return None if text is None else seals.opened(case.holder_ref, case.case_id, text)

    return {
        each.case_id: Person(
            ref=each.holder_ref,
            name=opened(each, each.name),
            id_type=opened(each, each.id_type),
            id_number=opened(each, each.id_number),
        )
        for each in cases
    }


@dataclass(frozen=True, slots=True)
class Related:
    """What is known around some cases: cases of the same holders, certificates and names, and records in force by holder."""

    cases: Sequence[CaseView]
    records: Mapping[UUID, Sequence[IntegrityRecordView]]
    namesakes: Mapping[UUID, frozenset[UUID]]


def warnings_of(
    case: Concerned, related: Related, name_of: Callable[[Concerned], str | None], language: Language
) -> Sequence[CaseWarningView]:
    """The warnings of a case, the gravest first, at most ``MOST``; ``name_of`` opens a name to compare it."""
    found = list(dict.fromkeys(_found(case, related, name_of)))[:MOST]
    return [
        CaseWarningView(code=code.value, message=SAID[code].text(language), related_case_number=number)
        for code, number in found
    ]


def _found(
    case: Concerned, related: Related, name_of: Callable[[Concerned], str | None]
) -> Iterator[tuple[CaseWarningKind, str]]:
    for record in related.records.get(case.holder_ref, ()):
        yield CaseWarningKind.INTEGRITY_RECORD_IN_FORCE, record.case_number
    others = [each for each in related.cases if each.case_id != case.case_id]
    for each in others:
        if case.claim_id is not None and each.claim_id == case.claim_id and each.status not in GONE:
            yield CaseWarningKind.CERTIFICATE_CONTESTED, each.case_number
    mine = name_of(case)
    for each in others:
        theirs = name_of(Concerned.of(each)) if each.holder.ref == case.holder_ref else None
        if mine is not None and theirs is not None and identifying_form(mine) != identifying_form(theirs):
            yield CaseWarningKind.NAME_DIFFERS, each.case_number
    for each in others:
        if each.case_id in related.namesakes.get(case.case_id, ()):
            yield CaseWarningKind.SAME_PERSON_PERHAPS, each.case_number
