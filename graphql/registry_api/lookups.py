"""What several queries share: whom a document names, matching, and the rows of the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID, uuid4

import strawberry

from application import questions
from application.commands import CertificateForm
from application.queries import AuditEvent as AuditRow
from application.questions import CaseFilter
from application.several_catalogs import Found
from application.views import AwardView, EntryView, VersionView
from domain.identity_numbers import IdentityNumber
from domain.messages import tell
from domain.refusals import RefusalCode, Refused
from domain.values import MatchOutcome
from registry_api.context import Context, in_thread
from registry_api.inputs import HolderInput
from registry_api.types.audit import AuditEventRow
from registry_api.types.cases import Candidate, MatchCandidate, award_for, sentences
from registry_api.types.catalog import CatalogEntry, CatalogVersion
from registry_api.types.nodes import TitleAward


@dataclass(frozen=True, slots=True)
class MatchAnswer:
    """A match as the API answers it."""

    outcome: MatchOutcome
    entry: EntryView | None
    award: AwardView | None
    candidates: Sequence[Candidate]
    catalog_version: VersionView


@strawberry.type(description="What a certificate is in the catalog, how surely, and what else it may be.")
class MatchResult:
    """A match."""

    outcome: MatchOutcome
    entry: CatalogEntry | None
    award: TitleAward | None
    candidates: list[MatchCandidate]
    catalog_version: CatalogVersion


async def named_holder(context: Context, holder: HolderInput) -> UUID | None:
    """The reference of the person whom a document names; None where nobody is known by it. Raises ``Refused`` where it is no document."""
    identity = IdentityNumber.of(holder.id_type, holder.id_number)
    return await in_thread(context.services.holders.find, identity.kind, identity.number)


async def holder_or_nobody(context: Context, holder: HolderInput) -> UUID:
    """As ``named_holder``; for nobody a reference that nobody has.

    Of a person who is not known the same is asked as of any other, so that the time it takes tells nobody who is.
    """
    return await named_holder(context, holder) or uuid4()


async def match_certificate(context: Context, form: CertificateForm, code: str | None, on: date) -> MatchAnswer:
    """Match a certificate against what is in force on a day. Raises ``Refused`` where nothing is.

    The text goes to the matcher as it was typed or scanned: what no certificate could say is answered NONE, not refused.
    """
    found: Found | None = await in_thread(
        context.services.shelf.match, form.name, form.issuing_body, form.grade, on, code
    )
    if found is None:
        raise Refused(RefusalCode.NO_VERSION_IN_FORCE, tell("catalog.none_in_force", day=on), "on")
    return await matched(context, found)


async def matched(context: Context, found: Found, *, quotes: bool = True) -> MatchAnswer:
    """A match with the entries that it names; without ``quotes`` where reasons may quote what is sealed."""
    version = await context.versions.load((found.version.catalog_code, found.version.number))
    if version is None:
        raise LookupError(f"version {found.version.number} of {found.version.catalog_code} has no row")
    match = found.match
    candidates = []
    for each in match.candidates:
        where = (each.catalog_code or version.catalog_code, each.catalog_version or version.number, each.number)
        entry = await context.entries.load(where)
        if entry is not None:
            because = (each if quotes else each.without_quotes()).because
            candidates.append(Candidate(entry, award_for(entry, each.grade), each.score, sentences(context, because)))
    automatic = match.entry if match.outcome in {MatchOutcome.EXACT, MatchOutcome.CONFIDENT} else None
    entry = await context.entries.load((version.catalog_code, version.number, automatic.number)) if automatic else None
    return MatchAnswer(match.outcome, entry, award_for(entry, match.grade), candidates, version)


def by_subjects(context: Context, which: CaseFilter) -> CaseFilter:
    """A filter with its subjects as they are recorded, however they are typed."""
    form = context.services.subject_form
    return replace(
        which,
        submitted_by=which.submitted_by and form(which.submitted_by),
        decided_by=which.decided_by and form(which.decided_by),
    )


def audit_row(row: AuditRow) -> AuditEventRow:
    """An event of the audit log."""
    envelope = row.envelope
    return AuditEventRow(
        position=envelope.position,
        stream_id=envelope.stream_id,
        stream_type=envelope.stream_type,
        version=envelope.version,
        type=envelope.type,
        recorded_at=envelope.recorded_at,
        actor=envelope.actor,
        event=row.event,
        problem=row.problem,
    )


async def withhold(context: Context, rows: Sequence[AuditRow]) -> None:
    """Learn which holders' data is not processed, and fetch the others' keys, before events about them are shown in clear."""
    refs = {ref for row in rows if (ref := getattr(row.event, "holder_ref", None)) is not None}
    if context.viewer.reads_persons and refs:
        found = await context.services.reads.rows(questions.restricted_among(refs))
        context.viewer.withheld = frozenset(each.ref for each in found)
        await in_thread(context.services.seals.warm, refs)
