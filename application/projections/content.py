"""A catalog as the projector remembers it, so that an amendment costs its changes and a title finds its entry.

The aggregate would answer the same, and would copy ten thousand entries for every amendment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from application.folding import alias_change_view, entry_view
from application.views import AliasChangeView, AliasView, ChangeView, EntryView, VersionView
from domain.base import Event
from domain.catalog import Catalog
from domain.catalog_versions import AliasChange, AliasKey, AmendmentTerms, EntryChange, alias_key
from domain.values import Alias, AliasChangeKind


@dataclass(slots=True)
class Touched:
    """The rows that one event of a catalog made or changed."""

    versions: list[VersionView] = field(default_factory=list)
    entries: list[EntryView] = field(default_factory=list)
    aliases: list[AliasView] = field(default_factory=list)


class CatalogContent:
    """Every version of one catalog, and every entry and alias it ever had, as intervals of versions."""

    def __init__(self, published: Catalog.Published) -> None:
        self.code = published.code
        self.stream_version = published.originator_version
        self.versions = [
            VersionView(
                catalog_code=published.code,
                number=1,
                notice_number=published.notice.number,
                notice_title=published.notice.title,
                effective_from=published.effective_from,
                effective_until=None,
                issued_at=published.timestamp,
                erratum=False,
                entry_count=len(published.entries),
                changes=(),
                alias_changes=(),
            )
        ]
        self._intervals = {entry.number: [entry_view(published.code, entry, 1)] for entry in published.entries}
        self._aliases: dict[AliasKey, list[AliasView]] = {}
        self._places = 0
        for alias in published.aliases:
            self._add(alias, 1)

    def all_rows(self) -> Touched:
        """Every version and every interval."""
        return Touched(
            list(self.versions),
            [entry for row in self._intervals.values() for entry in row],
            [alias for row in self._aliases.values() for alias in row],
        )

    def entry(self, number: int, version: int) -> EntryView | None:
        """An entry as a version has it; None where that version has no such entry."""
        for interval in reversed(self._intervals.get(number, ())):
            if interval.from_version <= version:
                return interval if interval.until_version is None or version < interval.until_version else None
        return None

    def changes(self, terms: AmendmentTerms) -> tuple[ChangeView, ...]:
        """What an amendment of the latest version would change, entry by entry."""
        number = len(self.versions) + 1
        return tuple(
            ChangeView(
                kind=change.kind,
                number=change.number,
                reason=change.reason,
                before=self.entry(change.number, number - 1),
                after=entry_view(self.code, change.entry, number) if change.entry else None,
            )
            for change in terms.changes
        )

    @staticmethod
    def alias_changes(terms: AmendmentTerms) -> tuple[AliasChangeView, ...]:
        """What an amendment would change in the aliases."""
        return tuple(map(alias_change_view, terms.alias_changes))

    def apply(self, event: Event) -> Touched:
        """One more event of the catalog's stream: the rows that change. Raises ``ValueError`` for an event out of turn."""
        if event.originator_version != self.stream_version + 1:
            raise ValueError(f"catalog {self.code} is at {self.stream_version}, not before {event.originator_version}")
        self.stream_version = event.originator_version
        return self._issue(event) if isinstance(event, Catalog.AmendmentIssued) else Touched()

    def _issue(self, event: Catalog.AmendmentIssued) -> Touched:
        touched, terms = Touched(), event.terms
        changes = tuple(self._change(change, event.number, touched) for change in terms.changes)
        growth = sum((change.after is not None) - (change.before is not None) for change in changes)
        # Days until which versions last never decrease with their number, so the first that stays ends the search.
        for index in range(len(self.versions) - 1, -1, -1):
            version = self.versions[index]
            if version.effective_until is not None and version.effective_until <= terms.effective_from:
                break
            self.versions[index] = replace(version, effective_until=terms.effective_from)
            touched.versions.append(self.versions[index])
        issued = VersionView(
            catalog_code=self.code,
            number=event.number,
            notice_number=terms.notice.number,
            notice_title=terms.notice.title,
            effective_from=terms.effective_from,
            effective_until=None,
            issued_at=event.timestamp,
            erratum=terms.erratum,
            entry_count=self.versions[-1].entry_count + growth,
            changes=changes,
            alias_changes=self.alias_changes(terms),
        )
        self._change_aliases(terms.alias_changes, event.number, touched)
        self.versions.append(issued)
        touched.versions.append(issued)
        return touched

    def _change(self, change: EntryChange, version: int, touched: Touched) -> ChangeView:
        intervals = self._intervals.setdefault(change.number, [])
        before = after = None
        if intervals and intervals[-1].until_version is None:
            before = intervals[-1] = replace(intervals[-1], until_version=version)
            touched.entries.append(before)
        if change.entry is not None:
            after = entry_view(self.code, change.entry, version)
            intervals.append(after)
            touched.entries.append(after)
        return ChangeView(kind=change.kind, number=change.number, reason=change.reason, before=before, after=after)

    def _change_aliases(self, changes: Sequence[AliasChange], version: int, touched: Touched) -> None:
        """As ``aliases_after``: what is withdrawn goes first, then comes what is added."""
        for change in changes:
            known = self._aliases.get(alias_key(change.alias), [])
            if change.effect is AliasChangeKind.WITHDRAWN:
                for index, alias in enumerate(known):
                    if alias.until_version is None:
                        known[index] = replace(alias, until_version=version)
                        touched.aliases.append(known[index])
        touched.aliases += [
            self._add(change.alias, version) for change in changes if change.effect is AliasChangeKind.ADDED
        ]

    def _add(self, alias: Alias, version: int) -> AliasView:
        self._places += 1
        view = AliasView(
            catalog_code=self.code,
            place=self._places,
            from_version=version,
            until_version=None,
            kind=alias.kind,
            text=alias.text,
            issuer=alias.issuer,
            numbers=alias.numbers,
            ground=alias.ground,
        )
        self._aliases.setdefault(alias_key(alias), []).append(view)
        return view
