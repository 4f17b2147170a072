"""What differs between an entry before and after a change, field by field, as people read it."""

from __future__ import annotations

from application.views import EntryView, FieldChangeView
from domain.catalog.texts import FIELDS, texts_of


def field_changes(before: EntryView | None, after: EntryView | None) -> tuple[FieldChangeView, ...]:
    """The fields that differ, in the order of the notice's columns; all that say something where an entry comes or goes."""
    left, right = texts_of(before), texts_of(after)
    return tuple(
        FieldChangeView(name=name, before=left.get(name), after=right.get(name))
        for name in FIELDS
        if left.get(name) != right.get(name)
    )
