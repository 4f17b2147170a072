"""What an amendment would do, shown before anyone signs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import strawberry

from application.folding import entry_view
from application.views import ChangeView
from domain.catalog import AmendmentTerms
from registry_api.context import Context, in_thread
from registry_api.refusals import Refusal, as_data
from registry_api.types.catalog import EntryChange


@dataclass(frozen=True, slots=True)
class Preview:
    """An amendment's effect and everything that stands against it."""

    changes: Sequence[ChangeView]
    pending_cases_affected: int
    titles_on_changed_entries: int
    refusals: Sequence[Refusal]


@strawberry.type(description="What an amendment would do before anyone signs it.")
class AmendmentPreview:
    """The difference, the impact and the refusals."""

    changes: list[EntryChange]
    pending_cases_affected: int
    titles_on_changed_entries: int
    refusals: list[Refusal]


async def preview(context: Context, code: str, terms: AmendmentTerms) -> Preview:
    """Work an amendment out against the latest version, without recording anything. Raises ``Refused``."""
    catalog = await in_thread(context.services.shelf.catalog, code)
    refusals = await in_thread(context.services.catalogs.refusals, code, terms)
    numbers = [change.number for change in terms.changes]
    pending, titles = await context.services.reads.impact(code, numbers, every_pending=terms.rematch_pending)
    latest = catalog.latest.number
    changes = [
        ChangeView(
            kind=change.kind,
            number=change.number,
            reason=change.reason,
            before=entry_view(code, before, latest) if (before := catalog.entries.get(change.number)) else None,
            after=entry_view(code, change.entry, latest + 1) if change.entry else None,
        )
        for change in terms.changes
    ]
    return Preview(changes, pending, titles, [as_data(refusal) for refusal in refusals])
