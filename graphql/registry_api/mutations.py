"""The contract's mutations. Each answers with the position to wait for, or with the refusal as data.

The case in a payload is folded from its own events, so it is the state that the mutation left, however far the read side is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import strawberry

from domain.case.events import (
    Approved,
    Rejected,
    Supplemented,
    SupplementRequested,
    Transferred,
    Withdrawn,
)
from registry_api import ids
from registry_api.case_payload import CaseAnswer, answer, case_field, decide
from registry_api.catalog_mutations import CatalogMutations
from registry_api.context import Info, acting, in_thread
from registry_api.inputs import EvidenceInput, HolderInput, SubmitCaseInput
from registry_api.operating import OperationsMutation
from registry_api.refusals import Refusal, recording
from registry_api.scalars import Position
from registry_api.title_mutations import TitleMutations


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


@strawberry.type
class Mutation(TitleMutations, CatalogMutations, OperationsMutation):
    """What can be done."""

    @case_field
    async def submit_case(self, info: Info, input: SubmitCaseInput) -> CaseAnswer:  # noqa: A002 - the contract's name
        """Submit a certificate for recognition; it is matched at once."""
        by = acting(info.context)
        return await answer(info.context, await in_thread(info.context.services.cases.submit, by, input.form()))

    @case_field
    async def supplement_case(
        self,
        info: Info,
        case_id: strawberry.ID,
        evidence: list[EvidenceInput],
        expected_version: int | None = None,
    ) -> CaseAnswer:
        """Add evidence to a case."""
        return await decide(info.context, case_id, Supplemented, expected_version, evidence=evidence)

    @case_field
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
        return await answer(
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

    @case_field
    async def request_supplement(
        self, info: Info, case_id: strawberry.ID, reason: str, expected_version: int | None = None
    ) -> CaseAnswer:
        """Ask the applicant for more evidence."""
        return await decide(info.context, case_id, SupplementRequested, expected_version, reason=reason)

    @case_field
    async def transfer_case(
        self, info: Info, case_id: strawberry.ID, authority_code: str, reason: str, expected_version: int | None = None
    ) -> CaseAnswer:
        """Hand a case to the authority that is responsible."""
        return await decide(
            info.context, case_id, Transferred, expected_version, authority_code=authority_code, reason=reason
        )

    @case_field
    async def approve_case(
        self,
        info: Info,
        case_id: strawberry.ID,
        work_consistent: bool,
        counted_experience_months: int = 0,
        opinion: str | None = None,
        expected_version: int | None = None,
    ) -> CaseAnswer:
        """Recognise the title (articles 1 and 3); `opinion` says why no evidence is needed, or why what expired still counts."""
        return await decide(
            info.context,
            case_id,
            Approved,
            expected_version,
            work_consistent=work_consistent,
            counted_experience_months=counted_experience_months,
            opinion=opinion,
        )

    @case_field
    async def reject_case(
        self, info: Info, case_id: strawberry.ID, reason: str, expected_version: int | None = None
    ) -> CaseAnswer:
        """Refuse recognition."""
        return await decide(info.context, case_id, Rejected, expected_version, reason=reason)

    @case_field
    async def withdraw_case(
        self, info: Info, case_id: strawberry.ID, reason: str, expected_version: int | None = None
    ) -> CaseAnswer:
        """Take a case back before it is decided."""
        return await decide(info.context, case_id, Withdrawn, expected_version, reason=reason)

    @_erasure_field
    async def erase_holder(self, info: Info, ref: strawberry.ID, legal_basis: str) -> ErasureAnswer:
        """Erase a person's data for good (PIPL article 47): their key, their files, and whatever the rows hold of them.

        Undecided cases are withdrawn and titles that stand end with it; their certificates are free.
        """
        context = info.context
        files = context.services.holder_files
        done = await in_thread(files.erase, acting(context), ids.holder_in(ref), legal_basis)
        context.services.forget_documents()  # their texts may hold literals about the person
        context.services.shelf.forget_matches()  # and so may what was matched
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
