"""What an amendment would do, shown before anyone signs it; and what happened since the version it is based on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import strawberry

from application import questions
from application.catalog_proposals import CatalogProposals
from application.catalogs import Wanted
from application.folding import alias_change_view, entry_view, word_change_view
from application.queries import impact
from application.views import AliasChangeView, ChangeView, VersionView, WordChangeView
from domain.catalog import amendment
from domain.catalog.amendment import AmendmentTerms
from domain.catalog.names import Note
from domain.catalog.proposal import CatalogTerms
from domain.catalog.timeline import CatalogTimeline
from domain.refusals import Refused
from domain.values import EntryChangeKind
from registry_api.context import Context, in_thread
from registry_api.refusals import Refusal, as_data
from registry_api.types.aliases import AliasChange
from registry_api.types.catalog import AmendmentNote, CatalogVersion, EntryChange, told
from registry_api.types.words import WordChange


@dataclass(frozen=True, slots=True)
class Preview:
    """An amendment's effect and everything that stands against it."""

    changes: Sequence[ChangeView]
    alias_changes: Sequence[AliasChangeView]
    word_changes: Sequence[WordChangeView]
    pending_cases_affected: int
    titles_on_changed_entries: int
    refusals: Sequence[Refusal]
    notes: Sequence[AmendmentNote]
    changes_since: Sequence[VersionView]


@strawberry.type(description="What an amendment would do before anyone signs it.")
class AmendmentPreview:
    """The difference, the impact and the refusals."""

    changes: list[EntryChange]
    alias_changes: list[AliasChange] = strawberry.field(
        description="The changes of aliases, with the names of issuing bodies that come with the entries."
    )
    word_changes: list[WordChange] = strawberry.field(description="The changes of the vocabulary.")
    pending_cases_affected: int = strawberry.field(
        description="Open cases pinned to a changed entry of the catalog; with `rematchPending`, all its open cases."
    )
    titles_on_changed_entries: int = strawberry.field(
        description="Current titles awarded on a changed entry. They stay as they are."
    )
    refusals: list[Refusal] = strawberry.field(description="Everything that stands against it, at once.")
    notes: list[AmendmentNote] = strawberry.field(
        description="What its signers should know, such as an entry that its own name would not lead to."
    )
    changes_since: list[CatalogVersion] = strawberry.field(
        description="The versions issued after the base version, each with what it changed."
    )


@dataclass(frozen=True, slots=True)
class ExaminedCatalog:
    """A further catalog before anyone signs it."""

    entry_count: int
    refusals: Sequence[Refusal]
    notes: Sequence[AmendmentNote]


@strawberry.type(description="What publishing a further catalog would do before anyone signs it.")
class CatalogPreview:
    """The refusals, and what the signers should know."""

    entry_count: int = strawberry.field(description="How many entries its first version would have.")
    refusals: list[Refusal] = strawberry.field(description="Everything that stands against it, at once.")
    notes: list[AmendmentNote] = strawberry.field(
        description="What its signers should know, such as an entry that another catalog has too and awards otherwise."
    )


async def preview_of_catalog(
    context: Context, terms: CatalogTerms | None, malformed: Sequence[Refused]
) -> ExaminedCatalog:
    """Look at a further catalog as it would be published today, without recording anything."""
    proposals = context.services.catalog_proposals
    refusals = [*malformed, *(await context.at_length(_refusals, proposals, terms) if terms else ())]
    notes = await context.at_length(_notes, proposals, terms) if terms else ()
    return ExaminedCatalog(
        len(terms.entries) if terms else 0,
        [as_data(each, context.language) for each in refusals],
        told(notes, context.language),
    )


def _refusals(proposals: CatalogProposals, terms: CatalogTerms, wanted: Wanted) -> tuple[Refused, ...]:  # noqa: ARG001 - the shape of long work
    return tuple(proposals.refusals(terms))


def _notes(proposals: CatalogProposals, terms: CatalogTerms, wanted: Wanted) -> tuple[Note, ...]:
    return tuple(proposals.notes(terms, wanted))


async def preview(context: Context, code: str, terms: AmendmentTerms, malformed: Sequence[Refused]) -> Preview:
    """Work an amendment out against the latest version, without recording anything. Raises ``Refused``."""
    catalog = await in_thread(context.services.shelf.catalog, code)
    examined = await context.at_length(context.services.catalogs.examine, code, terms)
    numbers = [number for change in terms.changes for number in change.numbers]
    pending, titles = await impact(context.services.reads, code, numbers, every_pending=terms.rematch_pending)
    changes = [_change(catalog, code, change) for change in examined.terms.changes]
    return Preview(
        changes,
        [alias_change_view(change) for change in examined.terms.alias_changes],
        [word_change_view(change) for change in examined.terms.word_changes],
        pending,
        titles,
        [as_data(refusal, context.language) for refusal in (*malformed, *examined.refusals)],
        told(examined.notes, context.language),
        await changes_since(context, code, terms.base_version),
    )


def _change(catalog: CatalogTimeline, code: str, change: amendment.EntryChange) -> ChangeView:
    latest = catalog.latest.number
    before = None if change.kind is EntryChangeKind.ADDED else catalog.entry_at(latest, change.number)
    return ChangeView(
        kind=change.kind,
        number=change.number,
        new_number=change.new_number,
        reason=change.reason,
        before=entry_view(code, before, latest) if before else None,
        after=entry_view(code, change.entry, latest + 1) if change.entry else None,
    )


async def changes_since(context: Context, code: str, base: int) -> Sequence[VersionView]:
    """The versions of a catalog after one, once the read side shows every one that is issued."""
    latest = (await in_thread(context.services.shelf.catalog, code)).latest.number
    if latest <= base:
        return []
    reads = context.services.reads
    versions = await reads.rows(questions.versions(code))
    if not versions or versions[-1].number < latest:
        await context.reach_present()
        versions = await reads.rows(questions.versions(code))
    return [version for version in versions if version.number > base]
