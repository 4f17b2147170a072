"""The contract's queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any, Final
from uuid import UUID

import strawberry

from application import questions
from application.access import Action
from application.asking import Window
from application.commands import CertificateForm
from application.projections.statistics import COUNTED_CASES
from application.queries import first as first_of
from application.questions import AuditFilter, CaseFilter, IntegrityFilter, TitleFilter
from application.statistics import StatisticsFilter, StatisticsKey, statistics
from application.views import (
    AccessView,
    AmendmentView,
    AuthorityView,
    CaseView,
    CatalogProposalView,
    CatalogView,
    HolderFileView,
    IntegrityRecordView,
    StatisticsView,
    StatusView,
    TitleView,
)
from domain.messages import tell
from registry_api import ids, log_answers
from registry_api.amendments import (
    AmendmentPreview,
    CatalogPreview,
    ExaminedCatalog,
    Preview,
    preview,
    preview_of_catalog,
)
from registry_api.audit_queries import AuditQuery
from registry_api.context import Info
from registry_api.inputs import (
    AmendmentInput,
    CaseFilterInput,
    CatalogInput,
    CertificateInput,
    HolderInput,
    TitleFilterInput,
)
from registry_api.log_answers import from_log
from registry_api.lookups import (
    MatchAnswer,
    MatchResult,
    audit_row,
    by_subjects,
    holder_or_nobody,
    match_certificate,
    named_holder,
    withhold,
)
from registry_api.nodes import case_at, case_named, node_by_id, nodes_by_id, titles_at
from registry_api.operating import OperationsQuery
from registry_api.pages import Connection, Paging, connection, numbered, wants_total, window
from registry_api.refusals import answering
from registry_api.scalars import Position
from registry_api.types.audit import AuditEventConnection, AuditEventRow, Checkpoint, ConsistencyProof, InclusionProof
from registry_api.types.cases import (
    RecognitionCase,
    RecognitionCaseConnection,
    RecognizedTitle,
    RecognizedTitleConnection,
)
from registry_api.types.catalog import Amendment, Catalog, CatalogProposal
from registry_api.types.integrity import IntegrityRecordConnection
from registry_api.types.nodes import Authority, Node, RegistryStatus, edge
from registry_api.types.privacy import AccessConnection, HolderFile
from registry_api.types.statistics import StatisticsRow
from registry_api.verification import MOST_QUESTIONS, TitleVerification, VerificationInput, verify
from transport.errors import ApiError, ErrorCode
from transport.limits import PAGE, PageSize, check_length

LOG_PAGE: Final = PageSize(100)
"""The usual size of a page of a log."""


@strawberry.type
class Query(AuditQuery, OperationsQuery):
    """What can be asked."""

    @edge(Node | None)
    @answering(None)
    async def node(self, info: Info, id: strawberry.ID) -> Any:  # noqa: A002 - the contract's name
        """Whatever an identifier names; null for what is not there and what the asker may not see.

        It takes this one argument, as Relay asks; `nodes` can be made to wait for a position.
        """
        return await node_by_id(info.context, id)

    @edge(list[Node | None])
    @answering(None)
    async def nodes(self, info: Info, ids: list[strawberry.ID], at_least: Position | None = None) -> Sequence[Any]:
        """What each of up to 200 identifiers names, in the order asked; null as in `node`."""
        check_length("ids", ids)
        await info.context.reach(at_least)
        return await nodes_by_id(info.context, ids)

    # ── the catalog ───────────────────────────────────────────────────────────────────────────────────────────────
    @edge(list[Catalog])
    @answering(Action.READ_CATALOG)
    async def catalogs(self, info: Info, at_least: Position | None = None) -> Sequence[CatalogView]:
        """Every published catalog."""
        await info.context.reach(at_least)
        return await info.context.services.reads.rows(questions.catalogs())

    @edge(Catalog | None)
    @answering(Action.READ_CATALOG)
    async def catalog(self, info: Info, code: str, at_least: Position | None = None) -> CatalogView | None:
        """A catalog by its code."""
        await info.context.reach(at_least)
        return await first_of(info.context.services.reads, questions.catalog(code))

    @edge(list[Authority])
    @answering(Action.READ_CATALOG)
    async def authorities(self, info: Info, division_code: str | None = None) -> Sequence[AuthorityView]:
        """The authorities of today, of one division or of all."""
        context = info.context
        return [
            context.authority(each.code)
            for each in context.services.authorities.authorities
            if each.exists(context.today) and division_code in {None, each.division_code}
        ]

    @edge(MatchResult)
    @answering(Action.MATCH)
    async def match_certificate(
        self,
        info: Info,
        certificate: CertificateInput,
        catalog_code: str | None = None,
        on: date | None = None,
    ) -> MatchAnswer:
        """What a certificate is, in one catalog or in all that are in force on a day (today by default)."""
        form: CertificateForm = certificate
        return await match_certificate(info.context, form, catalog_code, on or info.context.today)

    @edge(list[Amendment])
    @answering(Action.READ_CASES)
    async def amendments(
        self, info: Info, catalog_code: str, at_least: Position | None = None
    ) -> Sequence[AmendmentView]:
        """The amendments of a catalog, newest first."""
        await info.context.reach(at_least)
        return await info.context.services.reads.rows(questions.amendments(catalog_code))

    @edge(AmendmentPreview)
    @answering(Action.AMEND_CATALOG)
    async def preview_amendment(
        self,
        info: Info,
        input: AmendmentInput,  # noqa: A002 - the contract's name
        at_least: Position | None = None,
    ) -> Preview:
        """What an amendment would do before anyone signs it: every change, every refusal, and what it touches."""
        await info.context.reach(at_least)
        terms, malformed = input.checked()
        return await preview(info.context, input.catalog_code, terms, malformed)

    @edge(CatalogPreview)
    @answering(Action.AMEND_CATALOG)
    async def preview_catalog(
        self,
        info: Info,
        input: CatalogInput,  # noqa: A002 - as its siblings
    ) -> ExaminedCatalog:
        """What publishing a further catalog would do before anyone signs it: every refusal, and where it overlaps with others."""
        terms, malformed = input.checked()
        return await preview_of_catalog(info.context, terms, malformed)

    @edge(list[CatalogProposal])
    @answering(Action.READ_CASES)
    async def catalog_proposals(self, info: Info, at_least: Position | None = None) -> Sequence[CatalogProposalView]:
        """The catalogs that were proposed, newest first."""
        await info.context.reach(at_least)
        return await info.context.services.reads.rows(questions.catalog_proposals())

    # ── cases and titles ──────────────────────────────────────────────────────────────────────────────────────────
    @edge(list[RecognizedTitle])
    @answering(Action.READ_TITLES)
    async def titles(
        self, info: Info, holder: HolderInput, as_of: datetime | None = None, at_least: Position | None = None
    ) -> Sequence[TitleView]:
        """The titles a holder has now, or had as the registry knew it at an instant."""
        context = info.context
        await context.reach(at_least)
        ref = await holder_or_nobody(context, holder)
        if as_of is None:
            return await context.services.reads.rows(questions.titles_of(context.scope, ref))
        cases = await context.services.reads.rows(questions.cases_of(context.scope, ref))
        return await titles_at(context, cases, as_of)

    @edge(RecognizedTitleConnection)
    @answering(Action.READ_TITLES)
    async def title_list(
        self,
        info: Info,
        filter: TitleFilterInput | None = None,  # noqa: A002 - the contract's name
        first: int | None = PAGE,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        at_least: Position | None = None,
    ) -> Connection[TitleView]:
        """Titles, newest recognition first."""
        await info.context.reach(at_least)
        asked = window(
            "titles", Paging(first, after, last, before), (date.fromisoformat, UUID), count=wants_total(info)
        )
        page = await info.context.services.reads.page(
            questions.titles(info.context.scope, filter or TitleFilter(), asked)
        )
        return connection("titles", page, lambda title: (title.recognized_on, title.title_id))

    @edge(TitleVerification)
    @answering(Action.VERIFY_TITLE)
    async def verify_title(
        self,
        info: Info,
        holder_name: str,
        certificate_number: str | None = None,
        case_number: str | None = None,
        title: str | None = None,
        as_of: datetime | None = None,
        at_least: Position | None = None,
    ) -> TitleVerification:
        """Whether the holder of a certificate, or of a case, has a valid title: now, or as the registry knew it at an instant."""
        await info.context.reach(at_least)
        asked = VerificationInput(
            certificate_number=certificate_number, case_number=case_number, holder_name=holder_name, title=title
        )
        return (await verify(info.context, [asked], as_of))[0]

    @edge(list[TitleVerification])
    @answering(Action.VERIFY_TITLE)
    async def verify_titles(
        self,
        info: Info,
        questions: list[VerificationInput],
        as_of: datetime | None = None,
        at_least: Position | None = None,
    ) -> Sequence[TitleVerification]:
        """Up to 500 questions of a downstream system at once, answered in their order; each counts as one."""
        if len(questions) > MOST_QUESTIONS:
            raise ApiError(
                ErrorCode.BAD_USER_INPUT,
                tell("verification.too_many", found=len(questions), most=MOST_QUESTIONS),
            )
        await info.context.reach(at_least)
        return await verify(info.context, questions, as_of)

    @edge(RecognitionCase | None)
    @answering(Action.READ_CASES)
    async def case(
        self,
        info: Info,
        id: strawberry.ID | None = None,  # noqa: A002 - the contract's name
        case_number: str | None = None,
        as_of: datetime | None = None,
        at_version: int | None = None,
        at_least: Position | None = None,
    ) -> CaseView | None:
        """A case now, as the registry knew it at an instant, or at one of its versions; the state that a past identifier names."""
        context = info.context
        if (id is None) == (case_number is None):
            raise ApiError(ErrorCode.BAD_USER_INPUT, tell("query.one_case"))
        await context.reach(at_least)
        if id is not None and as_of is None and at_version is None:
            return await case_named(context, *ids.state_in(id, "case"))
        stream = ids.uuid_in(id, "case") if id is not None else None
        if stream is not None:
            now = await first_of(context.services.reads, questions.case(context.scope, stream))
        else:
            now = await first_of(context.services.reads, questions.case_numbered(context.scope, case_number or ""))
        if now is None or (as_of is None and at_version is None):
            return now
        return await case_at(context, now, as_of=as_of, at_version=at_version)

    @edge(RecognitionCaseConnection)
    @answering(Action.READ_CASES)
    async def cases(
        self,
        info: Info,
        filter: CaseFilterInput | None = None,  # noqa: A002 - the contract's name
        first: int | None = PAGE,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        at_least: Position | None = None,
    ) -> Connection[CaseView]:
        """Cases, newest submission first."""
        await info.context.reach(at_least)
        asked = window(
            "cases", Paging(first, after, last, before), (datetime.fromisoformat, UUID), count=wants_total(info)
        )
        page = await info.context.services.reads.page(
            questions.cases(
                info.context.scope, by_subjects(info.context, filter or CaseFilter()), asked, info.context.read_on()
            )
        )
        return connection("cases", page, lambda case: (case.submitted_at.isoformat(), case.case_id))

    @edge(list[StatisticsRow])
    @answering(Action.READ_STATISTICS)
    async def statistics(
        self,
        info: Info,
        by: list[StatisticsKey],
        submitted_from: Annotated[date | None, strawberry.argument(name="from")] = None,
        submitted_to: Annotated[date | None, strawberry.argument(name="to")] = None,
        authority_code: str | None = None,
        at_least: Position | None = None,
    ) -> Sequence[StatisticsView]:
        """How many cases there were, how they went and how long they took, by the keys named; of all cases in one row for none.

        A reviewer counts the cases of their division and those below it.
        """
        await info.context.reach(at_least, COUNTED_CASES)
        which = StatisticsFilter(
            submitted_from=submitted_from, submitted_to=submitted_to, authority_code=authority_code
        )
        return await statistics(info.context.services.reads, info.context.scope, by, which)

    @edge(IntegrityRecordConnection)
    @answering(Action.READ_INTEGRITY_RECORDS)
    async def integrity_records(
        self,
        info: Info,
        holder: HolderInput | None = None,
        in_force_on: date | None = None,
        first: int | None = PAGE,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        at_least: Position | None = None,
    ) -> Connection[IntegrityRecordView]:
        """What article 4 filed, the latest first: all for auditors, for officers of persons with a case of theirs, else one's own."""
        await info.context.reach(at_least)
        ref = None if holder is None else await holder_or_nobody(info.context, holder)
        paging, which = Paging(first, after, last, before), IntegrityFilter(holder_ref=ref, in_force_on=in_force_on)
        asked = window("integrity records", paging, (date.fromisoformat, UUID), count=wants_total(info))
        page = await info.context.services.reads.page(questions.integrity_archive(info.context.scope, which, asked))
        return connection("integrity records", page, lambda record: (record.filed_on, record.record_id))

    # ── audit ─────────────────────────────────────────────────────────────────────────────────────────────────────
    @edge(AuditEventConnection)
    @answering(Action.READ_AUDIT_LOG)
    async def audit_log(
        self,
        info: Info,
        after: Position | None = None,
        types: list[str] | None = None,
        stream_id: strawberry.ID | None = None,
        actor: str | None = None,
        recorded_from: Annotated[datetime | None, strawberry.argument(name="from")] = None,
        recorded_to: Annotated[datetime | None, strawberry.argument(name="to")] = None,
        first: int | None = LOG_PAGE,
        last: int | None = None,
        before: Position | None = None,
        newest_first: bool = False,
        at_least: Position | None = None,
    ) -> Connection[AuditEventRow]:
        """Events of all streams in the registry's order, or the newest first; the cursor of an event is its position."""
        context = info.context
        await context.reach(at_least)
        which = AuditFilter(
            types=types,
            stream_id=ids.stream_in(stream_id) if stream_id is not None else None,
            actor=None if actor is None else context.services.subject_form(actor),
            recorded_from=recorded_from,
            recorded_to=recorded_to,
        )
        asked = replace(_numbers(first, after, last, before), count=wants_total(info))
        page = await context.services.reads.audit_log(questions.events(which, asked, newest_first=newest_first))
        await withhold(context, page.rows)
        return numbered(page, [audit_row(row) for row in page.rows], lambda row: row.envelope.position)

    @edge(AccessConnection)
    @answering(Action.READ_ACCESS_LOG)
    async def access_log(
        self,
        info: Info,
        holder: strawberry.ID | None = None,
        subject: str | None = None,
        first: int | None = LOG_PAGE,
        after: Position | None = None,
        last: int | None = None,
        before: Position | None = None,
    ) -> Connection[AccessView]:
        """Who read personal data in clear, and why, in the order of recording; of one holder or by one subject, if named."""
        context = info.context
        ref = ids.holder_in(holder) if holder is not None else None
        by = None if subject is None else context.services.subject_form(subject)
        page = await context.services.accesses_read(_numbers(first, after, last, before), ref, by)
        return numbered(page, page.rows, lambda each: each.number)

    @edge(AccessConnection)
    @answering(Action.READ_OWN_ACCESSES)
    async def own_accesses(
        self,
        info: Info,
        first: int | None = LOG_PAGE,
        after: Position | None = None,
        last: int | None = None,
        before: Position | None = None,
    ) -> Connection[AccessView]:
        """Who read the asker's own data in clear, and why, in the order of recording; nobody's, where the token names no holder."""
        context = info.context
        own = context.actor.holder_ref if context.actor else None
        window = _numbers(first, after, last, before)
        page = await context.services.accesses_read(window, own or UUID(int=0), None)
        rows = [replace(row, holders=tuple(each for each in row.holders if each == str(own))) for row in page.rows]
        return numbered(replace(page, rows=rows), rows, lambda each: each.number)

    @edge(HolderFile | None)
    @answering(Action.READ_HOLDER_FILE)
    async def holder_file(
        self,
        info: Info,
        ref: strawberry.ID | None = None,
        holder: HolderInput | None = None,
        at_least: Position | None = None,
    ) -> HolderFileView | None:
        """What the registry holds of a person, named by reference or by identity document."""
        context = info.context
        if (ref is None) == (holder is None):
            raise ApiError(ErrorCode.BAD_USER_INPUT, tell("query.one_person"))
        await context.reach(at_least)
        if holder is not None:
            found = await named_holder(context, holder)
        else:
            found = ids.holder_in(ref or "")
        return await first_of(context.services.reads, questions.holder(found)) if found else None

    @strawberry.field
    @answering(Action.READ_LOG_PROOFS)
    async def checkpoint(self, info: Info) -> Checkpoint:
        """The transparency log's latest signed tree head."""
        return log_answers.checkpoint(await from_log(info.context.services.transparency.head()))

    @strawberry.field
    @answering(Action.READ_LOG_PROOFS)
    async def inclusion_proof(self, info: Info, position: Position, size: int | None = None) -> InclusionProof:
        """The proof that an event is in the log, in its latest tree or in a published one of a given size."""
        return log_answers.inclusion(await from_log(info.context.services.transparency.inclusion(position, size)))

    @strawberry.field
    @answering(Action.READ_LOG_PROOFS)
    async def consistency_proof(self, info: Info, from_size: int, to_size: int) -> ConsistencyProof:
        """The proof that the log only grew between two sizes."""
        return log_answers.consistency(await from_log(info.context.services.transparency.growth(from_size, to_size)))

    @edge(RegistryStatus)
    @answering(Action.READ_STATUS)
    async def status(self, info: Info) -> StatusView:
        """How far the read side is behind the write side."""
        return await info.context.services.reads.status()


def _numbers(first: int | None, after: Position | None, last: int | None, before: Position | None) -> Window:
    """The window of a log, whose cursors are numbers from 1 on: nothing lies before the first. Raises ``ApiError``."""
    return Paging(first, after or None, last, before).window(lambda number: (number,), default=LOG_PAGE)
