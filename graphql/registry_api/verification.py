"""Whether somebody has a title, for downstream systems: one question, or many at once, answered by the same look-ups."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import strawberry

from application import questions
from application.projections.tables import TITLES
from application.queries import one_by_key
from application.views import TitleView
from domain.identifiers import is_case_number, normalised_case_number
from domain.messages import Language, Message, tell
from domain.text import identifying_form, number_form
from domain.values import TitleStatus
from graphql import ArgumentNode, ListValueNode, NullValueNode, ValueNode, VariableNode
from registry_api.context import Context, in_thread
from registry_api.nodes import titles_at
from registry_api.scalars import Position
from registry_api.types.cases import RecognizedTitle
from transport.documents import PreparedOperation
from transport.errors import ApiError, ErrorCode

VERIFICATIONS: Final = frozenset({"verifyTitle", "verifyTitles"})
"""The root fields that tell whether somebody has a title, which are counted."""
MOST_QUESTIONS: Final = 500
"""Questions of one call."""


@strawberry.input(
    description="One question: about a certificate's number or a case's number, exactly one of the two, and the holder's full name."
)
class VerificationInput:
    """A question whether somebody has a title."""

    certificate_number: str | None = None
    case_number: str | None = None
    holder_name: str
    title: str | None = None


@strawberry.enum
class VerificationOutcome(StrEnum):
    """What the registry holds of a title that somebody asks about, or that the question cannot lead to one."""

    CURRENT = "CURRENT"
    ENDED = "ENDED"
    UNKNOWN = "UNKNOWN"
    MALFORMED = "MALFORMED"


@strawberry.type(
    description="Answers one yes/no question for a downstream system; `known` is false where the registry holds nothing."
)
class TitleVerification:
    """A yes or no, and the title behind it."""

    known: bool
    valid: bool
    outcome: VerificationOutcome
    fault: str | None
    title: RecognizedTitle | None
    as_of: datetime
    position: Position


@dataclass(frozen=True, slots=True)
class Gathered:
    """What look-ups found for some questions: cases by certificate number, titles by case number in its one form, the titles that
    may be shown, by case, and their holders' names in the form that is compared; and how far the rows were.
    """

    by_certificate: Mapping[str, Collection[UUID]]
    by_case: Mapping[str, TitleView]
    present: Mapping[UUID, TitleView]
    names: Mapping[UUID, str]
    position: int


async def verify(
    context: Context, asked: Sequence[VerificationInput], as_of: datetime | None
) -> Sequence[TitleVerification]:
    """The answers to questions, in their order: now, or as the registry knew it at an instant. Two look-ups serve them all.

    Raises ``ApiError`` (BAD_USER_INPUT) for a question that names both numbers or none.
    """
    check_questions(asked)
    status = await context.services.reads.status(TITLES)
    now = context.services.clock()
    at = now if as_of is None else min(as_of, now)  # of what is to come nobody knows anything
    by_certificate, by_case = await _cases(context, asked), await _titles_by_number(context, asked)
    found = await one_by_key(
        context.services.reads, questions.titles_of_cases(sorted(set[UUID]().union(*by_certificate.values())))
    )
    titles = {**found, **{each.case_id: each for each in by_case.values()}}
    shown = [each for each in titles.values() if not each.holder.restricted]
    if as_of is not None:
        shown = await titles_at(context, shown, as_of)
    names = await in_thread(names_of, context, shown)
    present = {each.case_id: each for each in shown}
    found_here = Gathered(by_certificate, by_case, present, names, status.projected_position)
    return answers(asked, found_here, at, context.language)


def check_questions(asked: Sequence[VerificationInput]) -> None:
    """Raise ``ApiError`` (BAD_USER_INPUT) for a question that names both numbers or none."""
    for number, each in enumerate(asked, 1):
        if (each.certificate_number is None) == (each.case_number is None):
            alone = len(asked) == 1
            raise ApiError(
                ErrorCode.BAD_USER_INPUT,
                tell("verification.one_number") if alone else tell("verification.one_number_at", place=number),
            )


def fault_in(question: VerificationInput) -> Message | None:
    """Why a question can lead to no title, whatever the registry holds; None where it is sound."""
    if question.certificate_number is not None and not number_form(question.certificate_number):
        return tell("input.empty", field="certificateNumber")
    if question.case_number is not None and not is_case_number(question.case_number):
        return tell("verification.no_case_number")
    if not identifying_form(question.holder_name):
        return tell("input.empty", field="holderName")
    if question.title is not None and not question.title.strip():
        return tell("input.empty", field="title")
    return None


def answers(
    asked: Sequence[VerificationInput], found: Gathered, at: datetime, language: Language
) -> Sequence[TitleVerification]:
    """The answers to questions, in their order, by what was found, as of an instant; faults are said in the language."""

    def answer(each: VerificationInput) -> TitleVerification:
        if each.certificate_number is not None:
            cases: Collection[UUID] = found.by_certificate.get(each.certificate_number, ())
        else:
            named = found.by_case.get(normalised_case_number(each.case_number or ""))
            cases = () if named is None else (named.case_id,)
        form, fault = identifying_form(each.holder_name), fault_in(each)
        held = [
            found.present[case]
            for case in cases
            if case in found.present
            and not fault
            and found.names.get(case) == form
            and each.title in {None, found.present[case].title}
        ]
        held.sort(key=lambda title: (title.status is TitleStatus.CURRENT, title.recognized_on), reverse=True)
        best: Any = held[0] if held else None
        if best is not None:
            stands = best.status is TitleStatus.CURRENT
            outcome = VerificationOutcome.CURRENT if stands else VerificationOutcome.ENDED
        else:
            outcome = VerificationOutcome.MALFORMED if fault else VerificationOutcome.UNKNOWN
        return TitleVerification(
            known=best is not None,
            valid=outcome is VerificationOutcome.CURRENT,
            outcome=outcome,
            fault=fault.text(language) if fault else None,
            title=best,
            as_of=at.astimezone(UTC),
            position=Position(found.position),
        )

    return [answer(each) for each in asked]


def questions_in(operation: PreparedOperation, variables: Mapping[str, Any] | None) -> int:
    """How many questions whether somebody has a title an operation asks: one a ``verifyTitle``, those of each ``verifyTitles``."""
    asked = 0
    for node in operation.root_nodes:
        if node.name.value == "verifyTitle":
            asked += 1
        elif node.name.value == "verifyTitles":
            asked += _length(node.arguments or (), variables or {})
    return asked


def _length(arguments: Sequence[ArgumentNode], variables: Mapping[str, Any]) -> int:
    value: ValueNode | None = next((each.value for each in arguments if each.name.value == "questions"), None)
    match value:
        case ListValueNode():
            return len(value.values)
        case VariableNode():
            given = variables.get(value.name.value)
            return len(given) if isinstance(given, list) else 1
        case None | NullValueNode():
            return 0
    return 1  # a single value stands for a list of it


async def _cases(context: Context, asked: Sequence[VerificationInput]) -> Mapping[str, frozenset[UUID]]:
    numbers = {each.certificate_number for each in asked if each.certificate_number is not None}
    return await in_thread(context.services.holders.cases_of_certificates, numbers)


async def _titles_by_number(context: Context, asked: Sequence[VerificationInput]) -> Mapping[str, TitleView]:
    numbers = {normalised_case_number(each.case_number) for each in asked if each.case_number is not None}
    return await one_by_key(context.services.reads, questions.titles_by_case_number(sorted(numbers)))


def names_of(context: Context, titles: Sequence[TitleView]) -> Mapping[UUID, str]:
    """The holders' names by case, in the form that is compared, not shown. Blocks on holders' keys."""
    seals = context.services.seals
    seals.warm({each.holder.ref for each in titles})
    return {
        each.case_id: identifying_form(seals.opened(each.holder.ref, each.case_id, each.holder.name) or "")
        for each in titles
        if each.holder.name is not None
    }
