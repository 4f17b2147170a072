"""What is done about a title: proposed, heard, confirmed or declined, surrendered, assessed anew, reviewed."""

from __future__ import annotations

from datetime import date

import strawberry

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
from domain.values import ReviewOutcome
from registry_api.case_payload import CaseAnswer, case_field, decide
from registry_api.context import Info
from registry_api.inputs import EvidenceInput, ExperienceInput


@strawberry.type
class TitleMutations:
    """Mutations about titles."""

    @case_field
    async def propose_revocation(
        self, info: Info, case_id: strawberry.ID, ground: str, findings: str, expected_version: int | None = None
    ) -> CaseAnswer:
        """Article 4, two officers: the first proposes, another confirms once the holder was heard."""
        return await decide(
            info.context, case_id, RevocationProposed, expected_version, ground=ground, findings=findings
        )

    @case_field
    async def confirm_revocation(
        self, info: Info, case_id: strawberry.ID, expected_version: int | None = None
    ) -> CaseAnswer:
        """Article 4: the second officer confirms, and the title is revoked for fraud; the integrity archive records it."""
        return await decide(info.context, case_id, Revoked, expected_version)

    @case_field
    async def propose_annulment(
        self, info: Info, case_id: strawberry.ID, ground: str, findings: str, expected_version: int | None = None
    ) -> CaseAnswer:
        """An error of the authority, not of the person: no integrity record. Another officer confirms."""
        return await decide(
            info.context, case_id, AnnulmentProposed, expected_version, ground=ground, findings=findings
        )

    @case_field
    async def confirm_annulment(
        self, info: Info, case_id: strawberry.ID, expected_version: int | None = None
    ) -> CaseAnswer:
        """The second officer confirms, and the title is annulled; its certificate may be presented again."""
        return await decide(info.context, case_id, Annulled, expected_version)

    @case_field
    async def decline_proposal(
        self, info: Info, case_id: strawberry.ID, reason: str, expected_version: int | None = None
    ) -> CaseAnswer:
        """Another officer finds that what is proposed does not stand; or its proposer takes it back."""
        return await decide(info.context, case_id, ProposalDeclined, expected_version, reason=reason)

    @case_field
    async def give_notice(
        self, info: Info, case_id: strawberry.ID, served_on: date, expected_version: int | None = None
    ) -> CaseAnswer:
        """The day on which the holder was told what is proposed; the period to answer begins."""
        return await decide(info.context, case_id, NoticeGiven, expected_version, served_on=served_on)

    @case_field
    async def answer_proposal(
        self,
        info: Info,
        case_id: strawberry.ID,
        statement: str,
        evidence: list[EvidenceInput] = [],  # noqa: B006 - a default of the schema; nobody changes it
        waive: bool = False,
        expected_version: int | None = None,
    ) -> CaseAnswer:
        """The holder is heard before a title is ended; or waives it."""
        return await decide(
            info.context,
            case_id,
            ProposalAnswered,
            expected_version,
            statement=statement,
            evidence=evidence,
            waive=waive,
        )

    @case_field
    async def surrender_title(
        self, info: Info, case_id: strawberry.ID, reason: str, expected_version: int | None = None
    ) -> CaseAnswer:
        """The holder gives the title up; its certificate may be presented again."""
        return await decide(info.context, case_id, Surrendered, expected_version, reason=reason)

    @case_field
    async def reinstate_title(
        self, info: Info, case_id: strawberry.ID, reason: str, expected_version: int | None = None
    ) -> CaseAnswer:
        """An ending overturned: proposed by one officer, confirmed by another, neither of whom ended it."""
        return await decide(info.context, case_id, ReinstatementProposed, expected_version, reason=reason)

    @case_field
    async def confirm_reinstatement(
        self, info: Info, case_id: strawberry.ID, expected_version: int | None = None
    ) -> CaseAnswer:
        """The second officer confirms, and the title is current again; the history says why."""
        return await decide(info.context, case_id, Reinstated, expected_version)

    @case_field
    async def reassess_title(
        self,
        info: Info,
        case_id: strawberry.ID,
        work_consistent: bool,
        reason: str,
        counted_experience_months: int = 0,
        effective_on: date | None = None,
        experience: list[ExperienceInput] = [],  # noqa: B006 - a default of the schema; nobody changes it
        evidence: list[EvidenceInput] = [],  # noqa: B006 - a default of the schema; nobody changes it
        expected_version: int | None = None,
    ) -> CaseAnswer:
        """Article 3 asked anew: the work changed, or experience was verified later."""
        return await decide(
            info.context,
            case_id,
            Reassessed,
            expected_version,
            work_consistent=work_consistent,
            counted_experience_months=counted_experience_months,
            effective_on=effective_on,
            experience=[each.form() for each in experience],
            evidence=evidence,
            reason=reason,
        )

    @case_field
    async def record_review(
        self,
        info: Info,
        case_id: strawberry.ID,
        outcome: ReviewOutcome,
        decided_on: date,
        reference: str,
        reason: str,
        expected_version: int | None = None,
    ) -> CaseAnswer:
        """行政复议 or a court: what was decided about the authority's decision, under which number of its document."""
        return await decide(
            info.context,
            case_id,
            ReviewRecorded,
            expected_version,
            outcome=outcome,
            decided_on=decided_on,
            reference=reference,
            reason=reason,
        )
