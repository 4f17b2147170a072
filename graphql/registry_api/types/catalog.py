"""Catalogs, their versions and entries."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

import strawberry

from application import questions
from application.differences import field_changes
from application.queries import version_in_force
from application.questions import AliasFilter, EntryFilter, VersionKey
from application.views import (
    ActorView,
    AliasChangeView,
    AliasView,
    AmendmentView,
    AwardView,
    CatalogProposalView,
    CatalogView,
    ChangeView,
    EntryView,
    FieldChangeView,
    ProposedEntryView,
    VersionView,
    WordChangeView,
    WordView,
)
from application.words import WordFilter, words_of
from domain.catalog.names import Note, NoteCode
from domain.messages import Language
from domain.values import AliasKind, WordKind
from registry_api import ids
from registry_api.context import Info, in_thread
from registry_api.pages import Connection, PageInfo, Paging, connection, wants_total, whole_number, window
from registry_api.types.aliases import AliasChange, CatalogAliasConnection
from registry_api.types.nodes import ActorType, Node, TitleAward, described, edge, registered
from registry_api.types.words import CatalogWordConnection, WordChange
from transport.limits import PAGE


@strawberry.type(name="CatalogEntry", description=described(EntryView))
class CatalogEntry(Node, EntryView):
    """An entry, as the versions of its interval have it."""

    awards: strawberry.Private[tuple[AwardView, ...]]

    @classmethod
    def is_type_of(cls, obj: Any, _info: Any) -> bool:
        """Whether a node is an entry."""
        return isinstance(obj, EntryView)

    @edge(None, name="id")
    def identifier(self) -> strawberry.ID:
        """Names this content of the entry; where it is only proposed, `node` does not know it."""
        return ids.of_entry(self)

    @edge(list[TitleAward], name="awards")
    def titles_awarded(self) -> Sequence[AwardView]:
        """The titles it leads to: one, or one a grade."""
        return self.awards


async def _issued_or_proposed(info: Info, entry: EntryView) -> EntryView:
    """An entry that a change or a proposal holds: the version's own where it was issued, so that both are one for a client."""
    row = await info.context.entries.load((entry.catalog_code, entry.from_version, entry.number))
    if row is not None and row == replace(entry, from_version=row.from_version, until_version=row.until_version):
        return row
    return ProposedEntryView(**vars(entry))


strawberry.enum(NoteCode, name="AmendmentNoteCode", description=described(NoteCode))


@strawberry.type(
    description="What the signers of an amendment should know; nothing of it stands against the amendment."
)
class AmendmentNote:
    """One thing to know."""

    code: NoteCode
    message: str
    field: str


def told(notes: Iterable[Note], language: Language) -> list[AmendmentNote]:
    """Notes as the API answers them, in a language."""
    return [AmendmentNote(code=each.code, message=each.text(language), field=each.field) for each in notes]


FieldChange = FieldChangeView
registered(FieldChange, "FieldChange")


@strawberry.type(name="EntryChange", description=described(ChangeView))
class EntryChange(ChangeView):
    """A change, with the entry before and after."""

    before: strawberry.Private[EntryView | None]
    after: strawberry.Private[EntryView | None]

    @edge(CatalogEntry | None, name="before")
    async def entry_before(self, info: Info) -> EntryView | None:
        """The entry as it was; null for an addition."""
        return await _issued_or_proposed(info, self.before) if self.before else None

    @edge(CatalogEntry | None, name="after")
    async def entry_after(self, info: Info) -> EntryView | None:
        """The entry as it is; null for a withdrawal."""
        return await _issued_or_proposed(info, self.after) if self.after else None

    @edge(list[FieldChange])
    def fields(self) -> Sequence[FieldChangeView]:
        """What differs, field by field; every field where an entry comes or goes."""
        return field_changes(self.before, self.after)


@strawberry.type
class CatalogEntryEdge:
    """An entry in a list."""

    cursor: str
    node: CatalogEntry


@strawberry.type
class CatalogEntryConnection:
    """A page of entries."""

    edges: list[CatalogEntryEdge]
    nodes: list[CatalogEntry]
    page_info: PageInfo
    total_count: int


@strawberry.type(name="CatalogVersion", description=described(VersionView))
class CatalogVersion(Node, VersionView):
    """A version, its changes, its entries, its aliases and its vocabulary."""

    changes: strawberry.Private[tuple[ChangeView, ...]]
    alias_changes: strawberry.Private[tuple[AliasChangeView, ...]]
    word_changes: strawberry.Private[tuple[WordChangeView, ...]]

    @classmethod
    def is_type_of(cls, obj: Any, _info: Any) -> bool:
        """Whether a node is a version."""
        return isinstance(obj, VersionView)

    @edge(None, name="id")
    def identifier(self) -> strawberry.ID:
        """Names the version."""
        return ids.encode("version", self.catalog_code, self.number)

    @edge(list[EntryChange], name="changes")
    def changes_made(self) -> Sequence[ChangeView]:
        """What it changed, relative to the version before."""
        return self.changes

    @edge(list[AliasChange], name="aliasChanges")
    def alias_changes_made(self) -> Sequence[AliasChangeView]:
        """What it changed in the aliases, relative to the version before."""
        return self.alias_changes

    @edge(list[WordChange], name="wordChanges")
    def word_changes_made(self) -> Sequence[WordChangeView]:
        """What it changed in the vocabulary, relative to the version before."""
        return self.word_changes

    @edge(CatalogEntry | None)
    async def entry(self, info: Info, number: int) -> EntryView | None:
        """One entry as this version has it; null where it has none."""
        return await info.context.entries.load((self.catalog_code, self.number, number))

    @edge(CatalogEntryConnection)
    async def entries(
        self,
        info: Info,
        search: str | None = None,
        field: str | None = None,
        title: str | None = None,
        first: int | None = PAGE,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[EntryView]:
        """The entries by number; `search` looks into names and bodies."""
        asked = window("entries", Paging(first, after, last, before), (whole_number,), count=wants_total(info))
        key: VersionKey = (self.catalog_code, self.number)
        page = await info.context.services.reads.page(
            questions.entries(key, EntryFilter(search=search, field=field, title=title), asked)
        )
        return connection("entries", page, lambda entry: (entry.number,))

    @edge(CatalogAliasConnection)
    async def aliases(
        self,
        info: Info,
        kind: AliasKind | None = None,
        search: str | None = None,
        entry_number: int | None = None,
        unlisted: bool = False,
        first: int | None = PAGE,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[AliasView]:
        """The aliases by which matching reads this version, in the order in which they came; `search` looks into their texts.

        `unlisted` leaves the names of qualifications that mean no entry of the version: known, and never matched.
        """
        asked = window("aliases", Paging(first, after, last, before), (whole_number,), count=wants_total(info))
        which = AliasFilter(kind=kind, search=search, entry_number=entry_number, unlisted=unlisted)
        page = await info.context.services.reads.page(questions.aliases((self.catalog_code, self.number), which, asked))
        return connection("aliases", page, lambda alias: (alias.place,))

    @edge(CatalogWordConnection)
    async def vocabulary(
        self,
        info: Info,
        kind: WordKind | None = None,
        search: str | None = None,
        first: int | None = PAGE,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[WordView]:
        """The words that matching reads this version by, in the order in which they came; `search` looks into their texts and
        meanings.
        """
        asked = window("vocabulary", Paging(first, after, last, before), (whole_number,), count=wants_total(info))
        catalog = await in_thread(info.context.services.shelf.catalog, self.catalog_code)
        page = words_of(catalog, self.number, WordFilter(kind, search), asked)
        return connection("vocabulary", page, lambda word: (word.place,))


@strawberry.type(
    name="Catalog", description="A published catalog of foreign qualifications, with every version it ever had."
)
class Catalog(Node, CatalogView):
    """A catalog and its versions."""

    catalog_id: strawberry.Private[UUID]
    position: strawberry.Private[int]

    @classmethod
    def is_type_of(cls, obj: Any, _info: Any) -> bool:
        """Whether a node is a catalog."""
        return isinstance(obj, CatalogView)

    @edge(date | None)
    async def ends_on(self, info: Info) -> date | None:
        """The last day on which it is in force, as known now; null while it has no end."""
        return (await in_thread(info.context.services.shelf.catalog, self.code)).ends_on

    @edge(None, name="id")
    def identifier(self) -> strawberry.ID:
        """Names the catalog."""
        return ids.encode("catalog", self.code)

    @edge(CatalogVersion | None)
    async def version(
        self,
        info: Info,
        number: int | None = None,
        effective_on: date | None = None,
        known_at: datetime | None = None,
    ) -> VersionView | None:
        """Version n; or the one in force on a day, as the registry knew it at an instant: today and now by default."""
        if number is not None:
            return await info.context.versions.load((self.code, number))
        on = effective_on or info.context.today
        return await version_in_force(info.context.services.reads, self.code, on, known_at)

    @edge(list[CatalogVersion])
    async def versions(self, info: Info) -> Sequence[VersionView]:
        """Every version it ever had, in order."""
        return await info.context.services.reads.rows(questions.versions(self.code))

    @edge(list[CatalogEntry])
    async def entry_history(self, info: Info, number: int) -> Sequence[EntryView]:
        """Every content one entry ever had, oldest first."""
        return await info.context.services.reads.rows(questions.entry_history(self.code, number))


@strawberry.type(name="Amendment", description=described(AmendmentView))
class Amendment(Node, AmendmentView):
    """An amendment and its changes."""

    amendment_id: strawberry.Private[UUID]
    changes: strawberry.Private[tuple[ChangeView, ...]]
    alias_changes: strawberry.Private[tuple[AliasChangeView, ...]]
    word_changes: strawberry.Private[tuple[WordChangeView, ...]]
    proposed_by: strawberry.Private[ActorView]

    @classmethod
    def is_type_of(cls, obj: Any, _info: Any) -> bool:
        """Whether a node is an amendment."""
        return isinstance(obj, AmendmentView)

    @edge(None, name="id")
    def identifier(self) -> strawberry.ID:
        """Names the amendment."""
        return ids.encode("amendment", self.catalog_code, self.amendment_id)

    @edge(ActorType, name="proposedBy")
    def proposer(self) -> ActorView:
        """The administrator who proposed it; another one issues it."""
        return self.proposed_by

    @edge(list[EntryChange], name="changes")
    def changes_proposed(self) -> Sequence[ChangeView]:
        """What it would change, or changed."""
        return self.changes

    @edge(list[AliasChange], name="aliasChanges")
    def alias_changes_proposed(self) -> Sequence[AliasChangeView]:
        """What it would change, or changed, in the aliases; new names of issuing bodies among them."""
        return self.alias_changes

    @edge(list[WordChange], name="wordChanges")
    def word_changes_proposed(self) -> Sequence[WordChangeView]:
        """What it would change, or changed, in the vocabulary."""
        return self.word_changes


@strawberry.type(name="CatalogProposal", description=described(CatalogProposalView))
class CatalogProposal(Node, CatalogProposalView):
    """A proposed catalog and its entries."""

    proposal_id: strawberry.Private[UUID]
    proposed_by: strawberry.Private[ActorView]
    entries: strawberry.Private[tuple[EntryView, ...]]

    @classmethod
    def is_type_of(cls, obj: Any, _info: Any) -> bool:
        """Whether a node is a proposed catalog."""
        return isinstance(obj, CatalogProposalView)

    @edge(None, name="id")
    def identifier(self) -> strawberry.ID:
        """Names the proposal."""
        return ids.encode("catalog-proposal", self.proposal_id)

    @edge(list[AmendmentNote])
    async def notes(self, info: Info) -> Sequence[AmendmentNote]:
        """What whoever is to publish it should know, as an entry that another catalog has too and awards otherwise."""
        context = info.context
        return told(
            await context.at_length(context.services.catalog_proposals.notes_of, self.proposal_id), context.language
        )

    @edge(ActorType, name="proposedBy")
    def proposer(self) -> ActorView:
        """The administrator who proposed it; another one publishes it."""
        return self.proposed_by

    @edge(list[CatalogEntry], name="entries")
    async def entries_proposed(self, info: Info) -> Sequence[EntryView]:
        """The entries of its first version."""
        return await asyncio.gather(*(_issued_or_proposed(info, each) for each in self.entries))
