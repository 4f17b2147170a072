"""What the mutations of a case answer: the case as they left it, the position to wait for, or the refusal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import strawberry

from application.cases import Done, unknown_case
from application.folding import case_after
from application.views import CaseView
from domain.case.events import CaseEvent
from registry_api import ids
from registry_api.context import Context, acting, in_thread
from registry_api.refusals import Refusal, recording
from registry_api.scalars import Position
from registry_api.types.cases import RecognitionCase


@dataclass(frozen=True, slots=True)
class CaseAnswer:
    """What a case mutation answers."""

    case: CaseView | None = None
    position: Position | None = None
    refusal: Refusal | None = None


@strawberry.type(description="The case as the mutation left it, the position to wait for, or the refusal.")
class CasePayload:
    """The answer of a case mutation."""

    case: RecognitionCase | None
    position: Position | None
    refusal: Refusal | None


def case_field(resolver: Any) -> Any:
    """A mutation that answers with a case."""
    return strawberry.mutation(recording(CaseAnswer)(resolver), graphql_type=CasePayload)


async def decide(
    context: Context, case_id: strawberry.ID, kind: type[CaseEvent], expected: int | None, **facts: Any
) -> CaseAnswer:
    """Record an event of this kind on a case; ``facts`` are what was typed in."""
    by, case = acting(context), ids.uuid_in(case_id, "case")
    return await answer(context, await in_thread(context.services.cases.decide, by, case, kind, expected, **facts))


async def answer(context: Context, done: Done) -> CaseAnswer:
    """The case that a use case left, from its own events."""
    view = done.case
    if view is None:  # a retry, whose case may have moved on since
        events = (await context.services.reads.streams([done.case_id])).get(done.case_id, [])
        view = case_after((each.event, each.position) for each in events)
    if view is None:
        raise unknown_case()
    return CaseAnswer(case=view, position=Position(done.position))
