"""What auditors ask: what the last audit found, a random sample that can be drawn again, and a decision derived again."""

from __future__ import annotations

from typing import Final

import strawberry

from application import questions
from application.access import Action
from application.audit import findings_of
from application.questions import CaseFilter
from application.rederiving import Derived, rederived
from application.views import AwardView, CaseView
from domain.messages import tell
from domain.refusals import RefusalCode, Refused
from registry_api import ids
from registry_api.context import Context, Info, in_thread
from registry_api.inputs import CaseFilterInput
from registry_api.lookups import by_subjects, matched
from registry_api.pages import PageInfo, Paging, numbered, whole_number
from registry_api.refusals import answering
from registry_api.scalars import Position
from registry_api.types.cases import RecognitionCase
from registry_api.types.findings import AuditFinding, AuditFindingConnection, FindingsPage, Rederivation, Rederived
from registry_api.types.nodes import edge
from transport.errors import ApiError, ErrorCode
from transport.limits import PageSize

FINDINGS_PAGE: Final = PageSize(100)
_NO_PAGE: Final = PageInfo(has_next_page=False, has_previous_page=False, start_cursor=None, end_cursor=None)
MOST_DRAWN: Final = 100
"""Cases that one sample has at most, and signs that its seed has."""


@strawberry.type
class AuditQuery:
    """The questions of an audit."""

    @edge(AuditFindingConnection)
    @answering(Action.READ_AUDIT_LOG)
    async def audit_findings(
        self,
        info: Info,
        stream_id: strawberry.ID | None = None,
        first: int | None = FINDINGS_PAGE,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> FindingsPage:
        """What the last audit of everything found unlawful, altered or missing, in the order in which it was found."""
        services = info.context.services
        stream = ids.stream_in(stream_id) if stream_id is not None else None
        window = Paging(first, after, last, before).window(_number, default=FINDINGS_PAGE)
        run = await services.audit_runs.last()
        if run is None:
            return FindingsPage([], [], _NO_PAGE)
        page = await services.reads.page(findings_of(run.run, stream, window))
        shown = numbered(page, [AuditFinding(row=row) for row in page.rows], lambda row: row.number)
        return FindingsPage(list(shown.edges), list(shown.nodes), shown.page_info, run.checked_through, run.checked_at)

    @edge(list[RecognitionCase])
    @answering(Action.READ_AUDIT_LOG)
    async def audit_sample(
        self,
        info: Info,
        seed: str,
        size: int,
        up_to: Position | None = None,
        filter: CaseFilterInput | None = None,  # noqa: A002 - the contract's name
    ) -> list[CaseView]:
        """A random sample of cases that anybody can draw again: the same seed over the same cases gives the same.

        Drawn are the cases with the least SHA-256 of the seed, a line feed and what their identifiers say after the point, among those of the
        filter that were submitted up to a position.
        """
        context = info.context
        if not 1 <= size <= MOST_DRAWN:
            raise ApiError(ErrorCode.BAD_USER_INPUT, tell("query.sample_size", most=MOST_DRAWN))
        if not 1 <= len(seed) <= MOST_DRAWN or "\0" in seed:
            raise ApiError(ErrorCode.BAD_USER_INPUT, tell("query.seed", most=MOST_DRAWN))
        await context.reach(up_to)
        which = by_subjects(context, filter or CaseFilter())
        return list(
            await context.services.reads.drawn(
                questions.sample(context.scope, which, seed, size, up_to, context.read_on())
            )
        )

    @edge(Rederivation)
    @answering(Action.READ_AUDIT_LOG)
    async def rederive(self, info: Info, case_id: strawberry.ID, catalog_version: int | None = None) -> Rederived:
        """A decision derived again from what was recorded, under the version it was pinned to or under another one."""
        context = info.context
        stream = ids.uuid_in(case_id, "case")
        actor = context.actor
        case = await in_thread(context.services.cases.case_of, actor, stream) if actor else None
        if case is None:
            raise Refused(RefusalCode.UNKNOWN_CASE, tell("case.unknown"), "caseId")
        events = [each.event for each in await context.streams.load(stream)]
        await context.key_of(case.holder.ref)
        services = context.services
        derived = await in_thread(rederived, services.shelf, services.seals, events, catalog_version)
        if derived is None:
            raise Refused(RefusalCode.NO_VERSION_IN_FORCE, tell("audit.no_such_derivation"), "catalogVersion")
        return await _shown(context, derived)


async def _shown(context: Context, derived: Derived) -> Rederived:
    version = await context.versions.load((derived.code, derived.version))
    if version is None:
        raise LookupError(f"version {derived.version} of {derived.code} has no row")
    if derived.not_derivable is not None:
        return Rederived(version, derived.rule_set, not_derivable=derived.not_derivable.text(context.language))
    match = await matched(context, derived.found, quotes=False) if derived.found else None
    found = derived.award
    award = AwardView(title=found.title, level=found.level, grade=found.grade) if found else None
    return Rederived(version, derived.rule_set, match, award, derived.same)


def _number(cursor: str) -> tuple[object, ...]:
    try:
        return (whole_number(cursor),)
    except ValueError:
        raise ApiError(ErrorCode.INVALID_CURSOR, tell("page.cursor")) from None
