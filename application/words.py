"""The words that a version is matched by, looked up: from the catalog as it is held in process, since they are few and change seldom."""

from __future__ import annotations

from dataclasses import dataclass

from application.asking import Page, Window
from application.views import WordView
from domain.catalog.timeline import CatalogTimeline
from domain.matching.normalise import fold
from domain.values import WordKind


@dataclass(frozen=True, slots=True)
class WordFilter:
    """Which words are asked for: of a kind, with a text somewhere in them or in their meaning, or all."""

    kind: WordKind | None = None
    search: str | None = None


def words_of(catalog: CatalogTimeline, version: int, which: WordFilter, asked: Window) -> Page[WordView]:
    """The words of a version in the order in which they came. Raises ``KeyError`` for a version that never was."""
    text = fold(which.search or "").text
    found = [
        WordView(
            place=place,
            kind=word.kind,
            text=word.text,
            meaning=word.meaning,
            scope=word.scope,
            ground=word.ground,
        )
        for place, word in enumerate(catalog.vocabulary_at(version), start=1)
        if which.kind in {None, word.kind} and (text in word.text or text in word.meaning)
    ]
    after, before = (int(str(key[0])) if key else None for key in (asked.after, asked.before))
    between = [w for w in found if (after is None or w.place > after) and (before is None or w.place < before)]
    read = between[::-1] if asked.backward else between
    return Page.of(read[: asked.size + 1], asked, len(found) if asked.count else None)
