"""A catalog's timeline as rows: what each event of it made or changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from application.folding import alias_change_view, entry_view, word_change_view
from application.views import AliasView, ChangeView, EntryView, VersionView
from domain.catalog.amendment import AmendmentTerms
from domain.catalog.timeline import CatalogTimeline, Interval
from domain.values import Alias, CatalogEntry, EntryChangeKind


def version_view(timeline: CatalogTimeline, number: int) -> VersionView:
    """One version as people read it."""
    version = timeline.versions[number - 1]
    return VersionView(
        catalog_code=timeline.code,
        number=number,
        notice_number=version.notice.number,
        notice_title=version.notice.title,
        effective_from=version.effective_from,
        effective_until=timeline.effective_until(number),
        issued_at=version.issued_at,
        erratum=version.erratum,
        entry_count=version.entry_count,
        changes=change_views(timeline, version, number),
        alias_changes=tuple(map(alias_change_view, version.alias_changes)),
        word_changes=tuple(map(word_change_view, version.word_changes)),
        levels=version.levels,
        departments=version.notice.departments,
        ends_on=version.ends_on,
    )


def change_views(timeline: CatalogTimeline, terms: Any, number: int) -> tuple[ChangeView, ...]:
    """What version ``number`` changes, or would change, entry by entry; ``terms`` are an amendment's or the version itself."""
    views = []
    for change in terms.changes:
        added = change.kind is EntryChangeKind.ADDED  # under a number that another entry may just have left
        before = None if added else timeline.entry_interval(number - 1, change.number)
        views.append(
            ChangeView(
                kind=change.kind,
                number=change.number,
                new_number=change.new_number,
                reason=change.reason,
                before=_entry(timeline, before) if before else None,
                after=entry_view(timeline.code, change.entry, number) if change.entry else None,
            )
        )
    return tuple(views)


def proposed_changes(timeline: CatalogTimeline, terms: AmendmentTerms) -> tuple[ChangeView, ...]:
    """What an amendment of the latest version would change."""
    return change_views(timeline, terms, len(timeline.versions) + 1)


def rows_of_publication(timeline: CatalogTimeline) -> Iterator[VersionView | EntryView | AliasView]:
    """The rows of a catalog that was just published."""
    yield version_view(timeline, 1)
    for entries in timeline.entry_intervals.values():
        yield from (_entry(timeline, each) for each in entries)
    for aliases in timeline.alias_intervals.values():
        yield from (_alias(timeline, each) for each in aliases)


def rows_of_issue(timeline: CatalogTimeline, number: int) -> Iterator[VersionView | EntryView | AliasView]:
    """The rows that version ``number``, just issued, made or changed."""
    yield version_view(timeline, number)
    yield from (version_view(timeline, each) for each in timeline.taken_over_by(number))
    yield from (_entry(timeline, each) for each in timeline.begun_or_ended(number))
    yield from (_alias(timeline, each) for each in timeline.aliases_begun_or_ended(number))


def _entry(timeline: CatalogTimeline, interval: Interval[CatalogEntry]) -> EntryView:
    return entry_view(timeline.code, interval.content, interval.from_version, interval.until_version)


def _alias(timeline: CatalogTimeline, interval: Interval[Alias]) -> AliasView:
    alias = interval.content
    return AliasView(
        catalog_code=timeline.code,
        place=interval.place,
        from_version=interval.from_version,
        until_version=interval.until_version,
        kind=alias.kind,
        text=alias.text,
        issuer=alias.issuer,
        numbers=alias.numbers,
        ground=alias.ground,
    )
