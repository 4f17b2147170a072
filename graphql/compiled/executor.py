"""Runs operations from plans where it can, and hands the whole operation on where it cannot; answers are the same."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from anyio import CapacityLimiter, to_thread

from application.access import Action, can
from application.outages import OutageOf
from application.ports import EventUnreadable
from application.queries import LeanReads, NotAtHand, Reads
from application.reading import READER
from compiled.dimensions import Dimensions
from compiled.encoding import Answer, Aside, Means
from compiled.inputs import Coerce, Misfit, arguments_of, variables_of
from compiled.roots import ROOTS
from compiled.selections import TYPENAME, NotCovered, SelectedField, has_more_fields, selections, switches
from compiled.types import rules_of
from domain.authorities import AuthorityDirectory
from domain.refusals import Refused
from graphql import ExecutionResult, GraphQLError, GraphQLNonNull, GraphQLSchema, OperationType
from registry_api.context import Context, authority_view
from registry_api.policy import FIELDS
from transport.documents import PreparedOperation
from transport.errors import ApiError
from transport.execution import Executor
from transport.masking import log_defect
from transport.parameters import GraphQLRequest

MOST_COST: Final = 12_000
"""Fields of an answer that is written on the event loop, in a few milliseconds; beyond, whatever is asked is interpreted beside it."""

MOST_FIELDS: Final = 400
"""Fields of an operation, fragments expanded, that is compiled, in about half a millisecond a field."""
FEW_FIELDS: Final = 30
"""Fields of an operation that is compiled on the event loop, in some 15 ms; one of more is compiled beside it."""


@dataclass(frozen=True, slots=True)
class Root:
    """One root field of a plan."""

    selected: SelectedField
    action: Action
    arguments: Callable[[Mapping[str, Any]], dict[str, Any]]
    answer: Answer


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """An operation, compiled: its root fields in their order; ``__typename`` is a name alone."""

    roots: tuple[Root | SelectedField, ...]


class Compiled:
    """An operation's variables, and its plans: one for each way its switches may stand."""

    def __init__(self, schema: GraphQLSchema, operation: PreparedOperation, means: Means) -> None:
        if operation.kind is not OperationType.QUERY or not {*operation.root_fields} <= {*ROOTS, TYPENAME}:
            raise NotCovered("another root field")
        self._schema, self._operation, self._means = schema, operation, means
        self.variables: Coerce = variables_of(schema, operation)
        self._switches = switches(operation)
        self._plans: dict[tuple[bool, ...], ReadPlan] = {}
        if not self._switches:
            self.plan({})

    def known(self, variables: Mapping[str, Any]) -> ReadPlan | None:
        """The plan under these variables, where it was made before."""
        return self._plans.get(tuple(_stands(variables, name) for name in self._switches) if self._switches else ())

    def plan(self, variables: Mapping[str, Any]) -> ReadPlan:
        """The plan under these variables. Raises ``NotCovered``."""
        switched = tuple(_stands(variables, name) for name in self._switches)
        found = self._plans.get(switched)
        if found is None:
            named = dict(zip(self._switches, switched, strict=True))
            roots = selections(self._schema, self._operation, named)
            if sum(each.weight for each in roots) > MOST_FIELDS:
                raise NotCovered("many fields")
            found = self._plans[switched] = ReadPlan(tuple(map(self._root, roots)))
        return found

    def _root(self, selected: SelectedField) -> Root | SelectedField:
        if selected.definition is None:
            return selected
        action = FIELDS[selected.name]
        if action is None:
            raise NotCovered(selected.name)
        return Root(selected, action, arguments_of(selected), ROOTS[selected.name](self._means, selected))


def _stands(variables: Mapping[str, Any], name: str) -> bool:
    """How a switch stands. Raises ``Misfit`` for one that is null in spite of its default."""
    value = variables[name]
    if value is None:
        raise Misfit
    return bool(value)


class CompilingExecutor:
    """An executor in front of the interpreting one.

    Whatever goes wrong on the compiled path, be it the asker's doing or not, is for the other to answer, which says so in the words
    and places of its own: reading twice does no harm. ``shares`` counts operations by who answered them, and why.
    """

    def __init__(
        self,
        inner: Executor,
        schema: GraphQLSchema,
        reads: Reads,
        lean: LeanReads,
        authorities: AuthorityDirectory,
        outage_of: OutageOf = lambda _error: None,
    ) -> None:
        """``reads`` are asked for catalogs, and know of everything that ``lean`` reads tell of; ``outage_of`` tells outages from defects."""
        self._inner, self._schema, self._outage_of = inner, schema, outage_of
        dimensions = Dimensions(reads)
        self._means = Means(lean, dimensions, rules_of(dimensions, lambda code: authority_view(authorities, code)))
        self.shares: Counter[str] = Counter()
        self._compiling = CapacityLimiter(1)

    async def __call__(
        self, operation: PreparedOperation, request: GraphQLRequest, context: Context
    ) -> ExecutionResult | bytes:
        """See ``Executor``."""
        if operation.kind is not OperationType.QUERY:
            READER.set(None)  # who records something reads what is recorded
            try:
                return await self._inner(operation, request, context)
            finally:
                context.services.readers.answered_by_primary(context.reader)
        answer = await self.attempt(operation, request, context)
        if answer is not None:
            return answer
        context.viewer.shown.clear()
        return await self._inner(operation, request, context)

    async def attempt(
        self, operation: PreparedOperation, request: GraphQLRequest, context: Context, *, waits: bool = True
    ) -> ExecutionResult | bytes | None:
        """The answer of the compiled path; None where the interpreting one is to answer.

        ``waits``: whether a position that is named is waited for; who does not wait leaves that to whoever asks next, so that nobody
        waits twice.
        """
        answer, share = await self._attempt(operation, request, context, waits=waits)
        self.shares[share] += 1
        return answer

    def forget(self) -> None:
        """Keep no catalog, as when the history may be another."""
        self._means.dimensions.stamp = None

    def covers(self, operation: PreparedOperation) -> bool | None:
        """Whether an operation may be answered here; None for a large one that nobody has asked for yet."""
        if operation.kind is not OperationType.QUERY:
            return False
        if self not in operation.derived and _is_large(operation):
            return None
        return self._compiled_of(operation) is not None

    async def _attempt(
        self, operation: PreparedOperation, request: GraphQLRequest, context: Context, *, waits: bool = True
    ) -> tuple[ExecutionResult | bytes | None, str]:
        """An answer, if there is one, and which share the operation counts to."""
        try:
            if self not in operation.derived and _is_large(operation):
                compiled = await to_thread.run_sync(self._compiled_of, operation, limiter=self._compiling)
            else:
                compiled = self._compiled_of(operation)
            if compiled is None:
                return None, "uncovered"
            if operation.measure.cost.value(request.variables, MOST_COST) > MOST_COST:
                return None, "large"
            variables = compiled.variables(request.variables)
            plan = compiled.known(variables)
            if plan is None:
                plan = (
                    await to_thread.run_sync(compiled.plan, variables, limiter=self._compiling)
                    if _is_large(operation)
                    else compiled.plan(variables)
                )
            return await _answered(plan, variables, context, waits=waits), "compiled"
        except NotCovered:
            return None, "uncovered"
        except (Misfit, Aside, ApiError, Refused, EventUnreadable):
            return None, "aside"
        except NotAtHand:
            return None, "unavailable"
        except Exception as error:  # noqa: BLE001 - the other path tells a defect of this one from anything else
            if self._outage_of(error) is not None:
                return None, "unavailable"
            log_defect(error, "the compiled path", context.request_id)
            return None, "failed"

    def _compiled_of(self, operation: PreparedOperation) -> Compiled | None:
        """An operation's plans; None for one that is not covered. They live as long as the document is kept."""
        derived = operation.derived
        if self not in derived:
            try:
                derived[self] = Compiled(self._schema, operation, self._means)
            except (NotCovered, Misfit):
                derived[self] = None
        found: Compiled | None = derived[self]
        return found


def _is_large(operation: PreparedOperation) -> bool:
    return has_more_fields(operation, FEW_FIELDS)


async def _answered(
    plan: ReadPlan, variables: Mapping[str, Any], context: Context, *, waits: bool
) -> ExecutionResult | bytes | None:
    """The answer of a plan. Raises ``Aside`` where the asker may not ask all of it, or would have to wait and does not."""
    roots = [each for each in plan.roots if isinstance(each, Root)]
    if not all(can(context.actor, each.action) for each in roots):
        raise Aside
    given = [each.arguments(variables) for each in roots]
    if any(each.get("at_least") is not None for each in given):
        if not waits:
            raise Aside
        behind = await _behind(roots, given, context)
        if behind is not None:
            return behind
    if len(roots) == 1:
        answers: Sequence[Any] = [await roots[0].answer(context, given[0])]
    else:
        answers = await asyncio.gather(*(root.answer(context, each) for root, each in zip(roots, given, strict=True)))
    found = iter(answers)
    data = (
        {each.selected.key: next(found) for each in plan.roots if isinstance(each, Root)}
        if len(roots) == len(plan.roots)
        else {
            (each.selected.key if isinstance(each, Root) else each.key): (
                next(found) if isinstance(each, Root) else each.parent.name
            )
            for each in plan.roots
        }
    )
    return orjson.dumps({"data": data})


async def _behind(
    roots: Sequence[Root], given: Sequence[Mapping[str, Any]], context: Context
) -> ExecutionResult | None:
    """Wait for the positions that are named; the answer where one is not reached in time. Raises ``Aside`` among several fields."""
    if len(roots) > 1:
        raise Aside
    try:
        await context.reach(given[0]["at_least"])
    except ApiError as refusal:
        selected = roots[0].selected
        error = GraphQLError(str(refusal), selected.node, path=[selected.key], original_error=refusal)
        nothing = selected.definition is not None and isinstance(selected.definition.type, GraphQLNonNull)
        return ExecutionResult(None if nothing else {selected.key: None}, [error])
    return None
