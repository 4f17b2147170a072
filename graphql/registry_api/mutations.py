"""The contract's mutations. Each answers with the position to wait for, or with the refusal as data.

The case in a payload is folded from its own events, so it is the state that the mutation left, however far the read side is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import strawberry

from application.cases import Done, unknown_case
from application.folding import case_after
from application.views import CaseView
from domain.case.events import (
    Approved,
    CaseEvent,
    Reinstated,
    Rejected,
    RevocationProposed,
    Revoked,
    Supplemented,
    SupplementRequested,
    Transferred,
    Withdrawn,
)
from registry_api import ids
from registry_api.catalog_mutations import CatalogMutations
from registry_api.context import Context, Info, acting, in_thread
from registry_api.inputs import EvidenceInput, HolderInput, SubmitCaseInput
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


@strawberry.type(description="The position to wait for, or the refusal.")
class RegistrationPayload:
    """The answer of a registration."""

    position: Position | None
    refusal: Refusal | None


@strawberry.type(description="The position to wait for, or the refusal.")
class ErasurePayload:
    """The answer of an erasure."""

    position: Position | None
    refusal: Refusal | None
    final_by: datetime | None = strawberry.field(description="When no copy of the key can exist any more.")


@dataclass(frozen=True, slots=True)
class ErasureAnswer:
    """What a mutation on a person's data as a whole answers."""

    position: Position | None = None
    refusal: Refusal | None = None
    final_by: datetime | None = None


@dataclass(frozen=True, slots=True)
class RegistrationAnswer:
    """What a registration answers."""

    position: Position | None = None
    refusal: Refusal | None = None


def _registration_field(resolver: Any) -> Any:
    return strawberry.mutation(recording(RegistrationAnswer)(resolver), graphql_type=RegistrationPayload)


def _erasure_field(resolver: Any) -> Any:
    return strawberry.mutation(recording(ErasureAnswer)(resolver), graphql_type=ErasurePayload)


def _case_field(resolver: Any) -> Any:
    return strawberry.mutation(recording(CaseAnswer)(resolver), graphql_type=CasePayload)


@strawberry.type
class Mutation(CatalogMutations):
    """What can be done."""

    @_case_field
    async def submit_case(self, info: Info, input: SubmitCaseInput) -> CaseAnswer:  # noqa: A002 - the contract's name
        """Submit a certificate for recognition; it is matched at once."""
        by = acting(info.context)
        return await _answer(info.context, await in_thread(info.context.services.cases.submit, by, input.form()))

    @_case_field
    async def supplement_case(
        self,
        info: Info,
        case_id: strawberry.ID,
        evidence: list[EvidenceInput],
        expected_version: int | None = None,
    ) -> CaseAnswer:
        """Add evidence to a case."""
        return await _decide(info.context, case_id, Supplemented, expected_version, evidence=evidence)

    @_case_field
    async def confirm_match(
        self,
        info: Info,
        case_id: strawberry.ID,
        entry_number: int,
        reason: str,
        grade: str | None = None,
        expected_version: int | None = None,
        catalog_code: str | None = None,
    ) -> CaseAnswer:
        """Say which entry, and which grade, a certificate is."""
        by, case = acting(info.context), ids.uuid_in(case_id, "case")
        return await _answer(
            info.context,
            await in_thread(
                info.context.services.cases.confirm_match,
                by,
                case,
                entry_number,
                grade,
                reason,
                expected_version,
                catalog_code,
            ),
        )

    @_case_field
    async def request_supplement(
        self, info: Info, case_id: strawberry.ID, reason: str, expected_version: int | None = None
    ) -> CaseAnswer:
        """Ask the applicant for more evidence."""
        return await _decide(info.context, case_id, SupplementRequested, expected_version, reason=reason)

    @_case_field
    async def transfer_case(
        self, info: Info, case_id: strawberry.ID, authority_code: str, reason: str, expected_version: int | None = None
    ) -> CaseAnswer:
        """Hand a case to the authority that is responsible."""
        return await _decide(
            info.context, case_id, Transferred, expected_version, authority_code=authority_code, reason=reason
        )

    @_case_field
    async def approve_case(
        self,
        info: Info,
        case_id: strawberry.ID,
        work_consistent: bool,
        counted_experience_months: int = 0,
        expected_version: int | None = None,
    ) -> CaseAnswer:
        """Recognise the title (articles 1 and 3)."""
        return await _decide(
            info.context,
            case_id,
            Approved,
            expected_version,
            work_consistent=work_consistent,
            counted_experience_months=counted_experience_months,
        )

    @_case_field
    async def reject_case(
        self, info: Info, case_id: strawberry.ID, reason: str, expected_version: int | None = None
    ) -> CaseAnswer:
        """Refuse recognition."""
        return await _decide(info.context, case_id, Rejected, expected_version, reason=reason)

    @_case_field
    async def withdraw_case(
        self, info: Info, case_id: strawberry.ID, reason: str, expected_version: int | None = None
    ) -> CaseAnswer:
        """Take a case back before it is decided."""
        return await _decide(info.context, case_id, Withdrawn, expected_version, reason=reason)

    @_case_field
    async def propose_revocation(
        self, info: Info, case_id: strawberry.ID, ground: str, findings: str, expected_version: int | None = None
    ) -> CaseAnswer:
        """Article 4, two officers: the first proposes, another confirms."""
        return await _decide(
            info.context, case_id, RevocationProposed, expected_version, ground=ground, findings=findings
        )

    @_case_field
    async def confirm_revocation(
        self, info: Info, case_id: strawberry.ID, expected_version: int | None = None
    ) -> CaseAnswer:
        """Article 4: the second officer confirms, and the title is revoked."""
        return await _decide(info.context, case_id, Revoked, expected_version)

    @_case_field
    async def reinstate_title(
        self, info: Info, case_id: strawberry.ID, reason: str, expected_version: int | None = None
    ) -> CaseAnswer:
        """A revocation overturned on review: the title is current again, and the history says why."""
        return await _decide(info.context, case_id, Reinstated, expected_version, reason=reason)

    @_erasure_field
    async def erase_holder(self, info: Info, ref: strawberry.ID, legal_basis: str) -> ErasureAnswer:
        """Erase a person's data for good (PIPL article 47): their key, their files, and whatever the rows hold of them."""
        context = info.context
        files = context.services.holder_files
        done = await in_thread(files.erase, acting(context), ids.holder_in(ref), legal_basis)
        context.services.forget_documents()  # their texts may hold literals about the person
        return ErasureAnswer(position=Position(done.position), final_by=done.final_by)

    @_erasure_field
    async def restrict_holder(self, info: Info, ref: strawberry.ID, legal_basis: str) -> ErasureAnswer:
        """Keep a person's data and process it no more: nobody but privacy officers sees it, no decision is taken."""
        files = info.context.services.holder_files
        done = await in_thread(files.restrict, acting(info.context), ids.holder_in(ref), legal_basis)
        return ErasureAnswer(position=Position(done.position))

    @_erasure_field
    async def lift_restriction(self, info: Info, ref: strawberry.ID, legal_basis: str) -> ErasureAnswer:
        """Process a person's data again."""
        files = info.context.services.holder_files
        done = await in_thread(files.lift_restriction, acting(info.context), ids.holder_in(ref), legal_basis)
        return ErasureAnswer(position=Position(done.position))

    @_registration_field
    async def register_officer(self, info: Info, subject: str, identity: HolderInput) -> RegistrationAnswer:
        """An administrator says who an officer is; kept as a keyed digest, so that nobody decides their own case."""
        services = info.context.services
        done = await in_thread(
            services.officers.register,
            acting(info.context),
            services.subject_form(subject),
            identity.id_type,
            identity.id_number,
        )
        return RegistrationAnswer(position=Position(done.position))


async def _decide(
    context: Context, case_id: strawberry.ID, kind: type[CaseEvent], expected: int | None, **facts: Any
) -> CaseAnswer:
    by, case = acting(context), ids.uuid_in(case_id, "case")
    return await _answer(context, await in_thread(context.services.cases.decide, by, case, kind, expected, **facts))


async def _answer(context: Context, done: Done) -> CaseAnswer:
    view = done.case
    if view is None:  # a retry, whose case may have moved on since
        events = (await context.services.reads.streams([done.case_id])).get(done.case_id, [])
        view = case_after((each.event, each.position) for each in events)
    if view is None:
        raise unknown_case()
    return CaseAnswer(case=view, position=Position(done.position))
