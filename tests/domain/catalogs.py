"""A small catalog as scenarios begin with it, and the amendments upon it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from domain.catalog.amendment import AliasChange, AmendmentTerms, EntryChange, WordChange
from domain.catalog.catalog import Catalog
from domain.catalog.timeline import AmendmentDiscarded, AmendmentIssued, AmendmentProposed, CatalogPublished
from domain.identifiers import amendment_id, catalog_id
from domain.values import Alias, AliasChangeKind, AliasKind, EntryChangeKind, Notice, Word, WordKind
from tests.domain.cases import GRADED, PLAIN
from tests.domain.scenario import ADMINISTRATOR, SECOND_ADMINISTRATOR, Given, Happened

CODE = "example"
STREAM = catalog_id(CODE)
FIRST_DAY = date(2023, 11, 1)
TODAY = date(2024, 5, 6)
PUBLISHED_AT = datetime(2023, 10, 20, 4, tzinfo=UTC)
NOTICE = Notice(title="关于印发目录的通知")
AWS = Alias(kind=AliasKind.ISSUING_BODY, text="AWS", issuer="AMAZON", ground="its own usage")
PRO = Word(kind=WordKind.VARIANT, text="pro", meaning="professional", scope="issuer:AMAZON", ground="abbreviation")
ADDED, REVISED, WITHDRAWN = EntryChangeKind.ADDED, EntryChangeKind.REVISED, EntryChangeKind.WITHDRAWN


def entry(number: int, name: str = "Another Engineer") -> Any:
    """An entry under a number."""
    return PLAIN.model_copy(update={"number": number, "qualification_name": name})


def add(number: int) -> EntryChange:
    """An entry is added."""
    return EntryChange(kind=ADDED, number=number, entry=entry(number), reason="new")


def revise(number: int, name: str = "Renamed Engineer") -> EntryChange:
    """An entry reads otherwise."""
    return EntryChange(kind=REVISED, number=number, entry=entry(number, name), reason="renamed")


def withdraw(number: int) -> EntryChange:
    """An entry is withdrawn."""
    return EntryChange(kind=WITHDRAWN, number=number, reason="abolished")


RENUMBERED = EntryChange(
    kind=EntryChangeKind.RENUMBERED,
    number=1,
    new_number=88,
    entry=PLAIN.model_copy(
        update={
            "number": 88,
            "label": "A1",
            "country": "德国",
            "series": "工程",
            "tier": "第一批",
            "conditions": "学士，工作满五年",
            "valid_until": date(2026, 12, 31),
            "remark": "限本省",
        }
    ),
    reason="a new edition",
)


def terms(*changes: EntryChange, base: int = 1, on: date = TODAY, **more: Any) -> AmendmentTerms:
    """An amendment against a version, effective from a day."""
    given = {"base_version": base, "notice": NOTICE, "effective_from": on, "changes": changes}
    return AmendmentTerms(**(given | more))


def alias(kind: EntryChangeKind) -> AliasChange:
    """An alias comes or goes."""
    return AliasChange(kind=kind, alias=AWS)


def word(effect: AliasChangeKind, what: Word = PRO) -> WordChange:
    """A change of a word of the vocabulary."""
    return WordChange(effect=effect, word=what)


def published(**changes: Any) -> Happened:
    """Version 1: a plain entry and a graded one."""
    facts = {"code": CODE, "name": "目录", "notice": NOTICE, "effective_from": FIRST_DAY, "entries": (PLAIN, GRADED)}
    return Happened(CatalogPublished, {**facts, "aliases": (), "vocabulary": (), **changes}).by(
        ADMINISTRATOR, PUBLISHED_AT
    )


def proposed(version: int, what: AmendmentTerms) -> Happened:
    """A proposal that stands at a version of the stream."""
    facts = {"amendment_id": amendment(version), "terms": what}
    return Happened(AmendmentProposed, facts).by(ADMINISTRATOR)


def issued(version: int, number: int, what: AmendmentTerms, at: datetime | None = None) -> Happened:
    """The issue of the proposal that stands at a version of the stream, as a numbered version of the catalog."""
    facts = {"amendment_id": amendment(version), "number": number, "terms": what}
    happened = Happened(AmendmentIssued, facts).by(SECOND_ADMINISTRATOR)
    return happened.by(SECOND_ADMINISTRATOR, at) if at else happened


def discarded(version: int) -> Happened:
    """The proposal that stands at a version of the stream is dropped."""
    return Happened(AmendmentDiscarded, {"amendment_id": amendment(version), "reason": "obsolete"}).by(ADMINISTRATOR)


def amendment(version: int) -> UUID:
    """The identifier of the amendment proposed at a version of the stream."""
    return amendment_id(STREAM, version)


def given(*past: Happened) -> Given:
    """The catalog, published, with what happened since."""
    return Given(Catalog, STREAM, published(), *past)
