"""What differs between an entry before and after a change, field by field, as people read it."""

from __future__ import annotations

from application.views import EntryView, FieldChangeView
from domain.values import TitleLevel

_LEVELS = {TitleLevel.JUNIOR: "初级", TitleLevel.INTERMEDIATE: "中级"}


def field_changes(before: EntryView | None, after: EntryView | None) -> tuple[FieldChangeView, ...]:
    """The fields that differ, in the order of the notice's columns; all of them where an entry comes or goes."""
    left, right = _texts(before), _texts(after)
    return tuple(
        FieldChangeView(name=name, before=left.get(name), after=right.get(name))
        for name in left or right
        if left.get(name) != right.get(name)
    )


def _texts(entry: EntryView | None) -> dict[str, str]:
    if entry is None:
        return {}
    awards = (f"{f'{a.grade}：' if a.grade else ''}{a.title}（{_LEVELS[a.level]}）" for a in entry.awards)
    return {
        "qualificationName": entry.qualification_name,
        "translatedName": entry.translated_name,
        "issuingBody": entry.issuing_body,
        "awards": "、".join(awards),
        "field": entry.field,
    }
