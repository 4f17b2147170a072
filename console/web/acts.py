"""What can be done about a case, as forms: each act is one mutation of the API, with the fields that it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from application.access import Action
from domain.case.case import RecognitionCase
from domain.case.events import (
    Approved,
    CaseEvent,
    Matched,
    Rejected,
    Supplemented,
    SupplementRequested,
    Transferred,
    Withdrawn,
)
from domain.case.title_events import (
    Annulled,
    AnnulmentProposed,
    NoticeGiven,
    ProposalAnswered,
    ProposalDeclined,
    Reassessed,
    Reinstated,
    ReinstatementProposed,
    ReviewRecorded,
    RevocationProposed,
    Revoked,
    Surrendered,
)
from domain.guards import Asks
from domain.messages import Message
from domain.values import CaseStatus, ReviewOutcome
from registry_api.policy import FIELDS

S = CaseStatus


class Kind(StrEnum):
    """How a field is filled in, and what it is in GraphQL."""

    TEXT = "String"
    LINE = "line"
    YES_NO = "Boolean"
    NUMBER = "Int"
    DAY = "Date"
    AUTHORITY = "authority"
    ENTRY = "entry"
    REVIEW = "ReviewOutcome"
    FILES = "files"


_TYPES: Final[Mapping[Kind, str]] = {
    Kind.LINE: "String",
    Kind.AUTHORITY: "String",
    Kind.ENTRY: "Int",
    Kind.FILES: "[EvidenceInput!]",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an act: its name in the mutation, how it is filled in, and whether it must be."""

    name: str
    kind: Kind
    required: bool = True
    blank: bool = False
    """Whether it may be left empty, and is an empty text then."""

    @property
    def type(self) -> str:
        """Its type in GraphQL."""
        return _TYPES.get(self.kind, self.kind.value) + ("!" if self.required or self.blank else "")

    def value(self, text: str) -> Any:
        """What was typed, as a variable. Raises ``ValueError`` for what is no number, or no member of a list."""
        if not text:
            return "" if self.blank else False if self.kind is Kind.YES_NO else None
        match self.kind:
            case Kind.YES_NO:
                return text == "yes"
            case Kind.NUMBER | Kind.ENTRY:
                if not text.isdecimal() or len(text) > 9:
                    raise ValueError("number")
                return int(text)
            case Kind.REVIEW:
                return ReviewOutcome(text).value
        return text


@dataclass(frozen=True, slots=True)
class CaseAct:
    """What somebody does about a case: ``name`` in addresses, the mutation that does it, and the states in which it is usual.

    ``usual`` orders the page; whether an act is lawful the registry says. What ends something is ``grave``: a page of its own names the
    consequence and asks once more.
    """

    name: str
    mutation: str
    records: type[CaseEvent]
    """The event that it records, whose rules it is asked."""
    fields: tuple[Field, ...]
    usual: frozenset[CaseStatus]
    grave: bool = False
    proposed: str | None = None
    """Only while this is proposed (a ``ProposalKind``, or ``any``)."""

    @property
    def key(self) -> str:
        """Its name in the catalogue of messages."""
        return self.name.replace("-", "_")

    @property
    def action(self) -> Action:
        """Which action of the policy it is."""
        action = FIELDS[self.mutation]
        assert action is not None  # noqa: S101 - every mutation has one
        return action

    @property
    def document(self) -> str:
        """The mutation."""
        declared = "".join(f", ${each.name}: {each.type}" for each in self.fields)
        passed = "".join(f", {each.name}: ${each.name}" for each in self.fields)
        return (
            f"mutation ($caseId: ID!, $expectedVersion: Int{declared}) {{\n"
            f"  {self.mutation}(caseId: $caseId, expectedVersion: $expectedVersion{passed}) {{\n"
            "    position refusal { code message field } case { caseNumber version status }\n  }\n}"
        )

    @property
    def uploads(self) -> bool:
        """Whether files are sent with it."""
        return any(each.kind is Kind.FILES for each in self.fields)

    @property
    def rules(self) -> tuple[Message, ...]:
        """What must hold before it is recorded, each rule once: who may, what may, when."""
        guards = sorted(RecognitionCase.GUARDS[self.records], key=lambda each: list(Asks).index(each.asks))
        return tuple(dict.fromkeys(each.said for each in guards))

    def is_usual(self, status: str, pending: str | None) -> bool:
        """Whether it is what comes next in a state, with what is proposed."""
        fits = self.proposed is None or (pending is not None and self.proposed in {"any", pending})
        return CaseStatus(status) in self.usual and fits


_OPEN: Final = frozenset({S.SUBMITTED, S.MATCHED, S.SUPPLEMENT_REQUESTED})
_TO_DECIDE: Final = frozenset({S.SUBMITTED, S.MATCHED})
_STANDS: Final = frozenset({S.APPROVED})
_ENDED: Final = frozenset({S.REVOKED, S.ANNULLED})
_REASON: Final = Field("reason", Kind.TEXT)
ACTS: Final = (
    CaseAct(
        "approve",
        "approveCase",
        Approved,
        (
            Field("workConsistent", Kind.YES_NO),
            Field("countedExperienceMonths", Kind.NUMBER, required=False),
            Field("opinion", Kind.TEXT, required=False),
        ),
        frozenset({S.MATCHED}),
        grave=True,
    ),
    CaseAct(
        "match",
        "confirmMatch",
        Matched,
        (Field("entryNumber", Kind.ENTRY), Field("grade", Kind.LINE, required=False), _REASON),
        _TO_DECIDE,
    ),
    CaseAct("ask", "requestSupplement", SupplementRequested, (_REASON,), _TO_DECIDE),
    CaseAct("reject", "rejectCase", Rejected, (_REASON,), _OPEN, grave=True),
    CaseAct("transfer", "transferCase", Transferred, (Field("authorityCode", Kind.AUTHORITY), _REASON), _OPEN),
    CaseAct(
        "supplement",
        "supplementCase",
        Supplemented,
        (Field("evidence", Kind.FILES),),
        frozenset({S.SUPPLEMENT_REQUESTED}),
    ),
    CaseAct("withdraw", "withdrawCase", Withdrawn, (_REASON,), _OPEN, grave=True),
    CaseAct("give-notice", "giveNotice", NoticeGiven, (Field("servedOn", Kind.DAY),), _STANDS, proposed="any"),
    CaseAct(
        "answer",
        "answerProposal",
        ProposalAnswered,
        (Field("statement", Kind.TEXT, required=False, blank=True), Field("waive", Kind.YES_NO, required=False)),
        _STANDS,
        proposed="any",
    ),
    CaseAct("confirm-revocation", "confirmRevocation", Revoked, (), _STANDS, grave=True, proposed="REVOCATION"),
    CaseAct("confirm-annulment", "confirmAnnulment", Annulled, (), _STANDS, grave=True, proposed="ANNULMENT"),
    CaseAct(
        "confirm-reinstatement", "confirmReinstatement", Reinstated, (), _ENDED, grave=True, proposed="REINSTATEMENT"
    ),
    CaseAct("decline", "declineProposal", ProposalDeclined, (_REASON,), _STANDS | _ENDED, proposed="any"),
    CaseAct(
        "reassess",
        "reassessTitle",
        Reassessed,
        (
            Field("workConsistent", Kind.YES_NO),
            Field("countedExperienceMonths", Kind.NUMBER, required=False),
            Field("effectiveOn", Kind.DAY, required=False),
            _REASON,
        ),
        _STANDS,
    ),
    CaseAct(
        "propose-revocation",
        "proposeRevocation",
        RevocationProposed,
        (Field("ground", Kind.LINE), Field("findings", Kind.TEXT)),
        _STANDS,
        grave=True,
    ),
    CaseAct(
        "propose-annulment",
        "proposeAnnulment",
        AnnulmentProposed,
        (Field("ground", Kind.LINE), Field("findings", Kind.TEXT)),
        _STANDS,
        grave=True,
    ),
    CaseAct("surrender", "surrenderTitle", Surrendered, (_REASON,), _STANDS, grave=True),
    CaseAct("reinstate", "reinstateTitle", ReinstatementProposed, (_REASON,), _ENDED, grave=True),
    CaseAct(
        "record-review",
        "recordReview",
        ReviewRecorded,
        (
            Field("outcome", Kind.REVIEW),
            Field("decidedOn", Kind.DAY),
            Field("reference", Kind.LINE),
            _REASON,
        ),
        frozenset({S.APPROVED, S.REJECTED, S.REVOKED, S.ANNULLED}),
        grave=True,
    ),
)
"""Every act, in the order in which pages offer them."""
