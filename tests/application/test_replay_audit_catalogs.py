"""A catalog's recorded history is re-checked: lawful ones pass, hand-made bad ones are named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from application.replay_audit import violations
from domain.base import Act, Event
from domain.catalog.amendment import AliasChange, AmendmentTerms, EntryChange
from domain.catalog.catalog import Catalog
from domain.values import (
    Actor,
    Alias,
    AliasKind,
    CatalogEntry,
    EntryChangeKind,
    Notice,
    Provenance,
    Role,
    TitleAward,
    TitleLevel,
)

START = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def by(subject: str, role: Role = Role.ADMINISTRATOR) -> Provenance:
    """Somebody's provenance."""
    return Provenance(actor=Actor(subject=subject, role=role))


def entry(number: int) -> CatalogEntry:
    """An entry that awards a title."""
    awards = (TitleAward(title="工程师", level=TitleLevel.INTERMEDIATE),)
    return CatalogEntry(
        number=number, qualification_name="q", translated_name="t", issuing_body="b", field="f", awards=awards
    )


def alias(text: str, *numbers: int) -> Alias:
    """Another name of entries."""
    return Alias(kind=AliasKind.QUALIFICATION, text=text, numbers=numbers, ground="an abbreviation")


def comes(text: str, *numbers: int) -> AliasChange:
    """An alias is added."""
    return AliasChange(kind=EntryChangeKind.ADDED, alias=alias(text, *numbers))


def goes(text: str, *numbers: int) -> AliasChange:
    """An alias is withdrawn."""
    return AliasChange(kind=EntryChangeKind.WITHDRAWN, alias=alias(text, *numbers))


def lawful() -> list[Event]:
    """Published, amended by two administrators, and a second proposal on its way."""
    minutes = iter(range(100))

    def act(subject: str) -> Act:
        return Act(by(subject), START + timedelta(minutes=next(minutes)))

    catalog = Catalog.publish(
        act("a"),
        code="c",
        name="n",
        notice=Notice(title="t"),
        effective_from=date(2023, 11, 1),
        entries=[entry(1)],
        aliases=[alias("old", 1)],
    )
    terms = AmendmentTerms(
        base_version=1,
        notice=Notice(title="u"),
        effective_from=date(2026, 12, 1),
        changes=(EntryChange(kind=EntryChangeKind.ADDED, number=2, entry=entry(2)),),
        alias_changes=(comes("new", 1, 2), goes("old", 1)),
    )
    proposed = catalog.propose(act("a"), terms)
    catalog.issue(act("b"), proposed)
    again = terms.model_copy(
        update={
            "base_version": 2,
            "changes": (EntryChange(kind=EntryChangeKind.WITHDRAWN, number=1),),
            "alias_changes": (goes("new", 1, 2),),
        }
    )
    catalog.propose(act("b"), again)
    return list(catalog.collect_events())


def changed(version: int, **fields: Any) -> Callable[[list[Event]], list[Event]]:
    """The history with one event rewritten."""
    return lambda events: [
        event.model_copy(update=fields) if event.originator_version == version else event for event in events
    ]


def with_terms(version: int, **fields: Any) -> Callable[[list[Event]], list[Event]]:
    """The history with one event's terms rewritten."""

    def rewrite(events: list[Event]) -> list[Event]:
        terms = events[version - 1].terms  # type: ignore[attr-defined]
        return changed(version, terms=terms.model_copy(update=fields))(events)

    return rewrite


def test_a_lawful_history_passes() -> None:
    """Nothing is found where nothing is wrong."""
    assert violations(Catalog, lawful()) == []


@pytest.mark.parametrize(
    ("rewrite", "version", "code"),
    [
        (changed(3, by=by("a")), 3, "SAME_ADMINISTRATOR"),
        (changed(3, by=by("r", Role.REVIEWER)), 3, "NOT_PERMITTED"),
        (changed(2, by=by("r", Role.AUDITOR)), 2, "NOT_PERMITTED"),
        (changed(3, timestamp=START - timedelta(days=1)), 3, "BACK_DATED"),
        (changed(3, timestamp=START + timedelta(days=30)), 3, "EFFECTIVE_TOO_EARLY"),
        (changed(3, number=5), 3, "NUMBER_SKIPPED"),
        (with_terms(3, rematch_pending=True), 3, "TERMS_CHANGED"),
        (with_terms(4, base_version=1), 4, "STALE_BASE_VERSION"),
        (with_terms(2, changes=(), alias_changes=()), 2, "NO_CHANGES"),
        (with_terms(3, alias_changes=()), 3, "TERMS_CHANGED"),
        (with_terms(3, alias_changes=(comes("new", 1, 2), goes("old"))), 3, "TERMS_CHANGED"),
        (with_terms(2, alias_changes=(comes("old", 1),)), 2, "CHANGE_INVALID"),
        (with_terms(2, alias_changes=(goes("never", 1),)), 2, "CHANGE_INVALID"),
        (with_terms(4, alias_changes=(goes("old", 1),)), 4, "CHANGE_INVALID"),
        (with_terms(4, alias_changes=(comes("more", 1),)), 4, "ENTRY_WITHDRAWN"),
        (with_terms(4, alias_changes=(comes("more", 9),)), 4, "UNKNOWN_ENTRY"),
        (with_terms(4, alias_changes=(goes("new", 1, 2), goes("new", 2, 1))), 4, "DUPLICATE_CHANGE"),
        (changed(3, amendment_id=uuid4()), 3, "UNKNOWN_AMENDMENT"),
        (lambda events: [events[0], *events[2:]], 3, "HISTORY_BROKEN"),
    ],
)
def test_what_must_not_have_happened_is_named(
    rewrite: Callable[[list[Event]], list[Event]], version: int, code: str
) -> None:
    """At its version, with its code."""
    found = violations(Catalog, rewrite(lawful()))
    assert (version, code) in {(each.version, each.code) for each in found}
