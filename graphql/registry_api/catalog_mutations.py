"""What administrators do to catalogs: amending one, publishing a further one; each the act of two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import strawberry

from application import questions
from application.projections.tables import AMENDMENTS, CATALOG_PROPOSALS
from application.queries import ProjectionBehind, first
from application.views import AmendmentView, CatalogProposalView, CatalogView, VersionView
from domain.identifiers import catalog_id
from domain.refusals import RefusalCode, Refused
from registry_api import ids
from registry_api.amendments import changes_since
from registry_api.context import Context, Info, acting, in_thread
from registry_api.inputs import AmendmentInput, CatalogInput
from registry_api.refusals import Refusal, as_data, recording
from registry_api.scalars import Position
from registry_api.types.catalog import Amendment, Catalog, CatalogProposal, CatalogVersion
from transport.errors import ApiError


@dataclass(frozen=True, slots=True)
class AmendmentAnswer:
    """What an amendment mutation answers."""

    amendment: AmendmentView | None = None
    catalog_version: VersionView | None = None
    position: Position | None = None
    refusal: Refusal | None = None
    changes_since: tuple[VersionView, ...] = ()


@strawberry.type(
    description="The amendment, the version it made if it was issued, the position to wait for, or the refusal."
)
class AmendmentPayload:
    """The answer of an amendment mutation."""

    amendment: Amendment | None
    catalog_version: CatalogVersion | None
    position: Position | None
    refusal: Refusal | None
    changes_since: list[CatalogVersion] = strawberry.field(
        description="Where the base version is stale: the versions issued after it, each with what it changed."
    )


@dataclass(frozen=True, slots=True)
class ProposalAnswer:
    """What a mutation on a proposed catalog answers."""

    proposal: CatalogProposalView | None = None
    catalog: CatalogView | None = None
    position: Position | None = None
    refusal: Refusal | None = None


@strawberry.type(
    description="The proposed catalog, the catalog it became if it was published, the position to wait for, or the refusal."
)
class CatalogProposalPayload:
    """The answer of a mutation on a proposed catalog."""

    proposal: CatalogProposal | None
    catalog: Catalog | None
    position: Position | None
    refusal: Refusal | None


def _amendment_field(resolver: Any) -> Any:
    return strawberry.mutation(recording(AmendmentAnswer)(resolver), graphql_type=AmendmentPayload)


def _proposal_field(resolver: Any) -> Any:
    return strawberry.mutation(recording(ProposalAnswer)(resolver), graphql_type=CatalogProposalPayload)


@strawberry.type
class CatalogMutations:
    """Part of the schema's mutations."""

    @_amendment_field
    async def propose_amendment(self, info: Info, input: AmendmentInput) -> AmendmentAnswer:  # noqa: A002 - the contract's name
        """Two administrators: one proposes, another issues."""
        by, catalogs = acting(info.context), info.context.services.catalogs
        terms = input.cleaned()
        try:
            amendment, position = await info.context.at_length(catalogs.propose, by, input.catalog_code, terms)
        except Refused as refused:
            return await _refused(info.context, refused, input.catalog_code, terms.base_version)
        return await _amendment(info.context, amendment, position, None)

    @_amendment_field
    async def issue_amendment(self, info: Info, amendment_id: strawberry.ID) -> AmendmentAnswer:
        """Issue another administrator's amendment as the next version of its catalog.

        Of two based on the same version one is issued; the other is refused (STALE_BASE_VERSION), with what changed since.
        """
        by, (code, amendment) = acting(info.context), ids.amendment_in(amendment_id)
        catalogs = info.context.services.catalogs
        try:
            number, position = await info.context.at_length(catalogs.issue, by, catalog_id(code), amendment)
        except Refused as refused:
            if refused.code is not RefusalCode.STALE_BASE_VERSION:
                raise
            base = await in_thread(catalogs.base_of, code, amendment)
            return await _refused(info.context, refused, code, base)
        return await _amendment(info.context, amendment, position, (code, number))

    @_amendment_field
    async def discard_amendment(self, info: Info, amendment_id: strawberry.ID, reason: str) -> AmendmentAnswer:
        """Drop a proposed amendment."""
        by, (code, amendment) = acting(info.context), ids.amendment_in(amendment_id)
        position = await in_thread(info.context.services.catalogs.discard, by, catalog_id(code), amendment, reason)
        return await _amendment(info.context, amendment, position, None)

    @_proposal_field
    async def propose_catalog(self, info: Info, input: CatalogInput) -> ProposalAnswer:  # noqa: A002 - as its siblings
        """Propose a further catalog, for another group of fields; another administrator publishes it."""
        by = acting(info.context)
        work = info.context.services.catalog_proposals.propose
        proposal, position = await in_thread(work, by, input.cleaned())
        return await _proposal(info.context, proposal, position, None)

    @_proposal_field
    async def publish_catalog(self, info: Info, proposal_id: strawberry.ID) -> ProposalAnswer:
        """Publish another administrator's proposal as the first version of a catalog."""
        by, proposal = acting(info.context), ids.uuid_in(proposal_id, "catalog-proposal")
        code, position = await in_thread(info.context.services.catalog_proposals.publish, by, proposal)
        return await _proposal(info.context, proposal, position, code)

    @_proposal_field
    async def discard_catalog(self, info: Info, proposal_id: strawberry.ID, reason: str) -> ProposalAnswer:
        """Drop a proposed catalog."""
        by, proposal = acting(info.context), ids.uuid_in(proposal_id, "catalog-proposal")
        position = await in_thread(info.context.services.catalog_proposals.discard, by, proposal, reason)
        return await _proposal(info.context, proposal, position, None)


async def _refused(context: Context, refused: Refused, code: str, base: int | None) -> AmendmentAnswer:
    """A refusal, with the versions issued since the base where it is stale."""
    if refused.code is not RefusalCode.STALE_BASE_VERSION or base is None:
        return AmendmentAnswer(refusal=as_data(refused, context.language))
    try:
        since = await changes_since(context, code, base)
    except ApiError:  # the read side is behind; the refusal is what counts
        since = ()
    return AmendmentAnswer(refusal=as_data(refused, context.language), changes_since=tuple(since))


async def _amendment(
    context: Context, amendment: UUID, position: int, version: tuple[str, int] | None
) -> AmendmentAnswer:
    try:
        await context.services.reads.wait_for(position, AMENDMENTS)
    except ProjectionBehind:
        return AmendmentAnswer(position=Position(position))
    return AmendmentAnswer(
        amendment=await first(context.services.reads, questions.amendment(amendment)),
        catalog_version=await context.versions.load(version) if version else None,
        position=Position(position),
    )


async def _proposal(context: Context, proposal: UUID, position: int, code: str | None) -> ProposalAnswer:
    reads = context.services.reads
    try:
        await reads.wait_for(position, CATALOG_PROPOSALS)
    except ProjectionBehind:
        return ProposalAnswer(position=Position(position))
    return ProposalAnswer(
        proposal=await first(reads, questions.catalog_proposal(proposal)),
        catalog=await first(reads, questions.catalog(code)) if code else None,
        position=Position(position),
    )
