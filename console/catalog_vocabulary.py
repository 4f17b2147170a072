"""``recognition catalog vocabulary``, and how changes of words are shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from console.catalog_aliases import cells
from console.opened import official_catalog, reading
from console.options import AsJson, Code, Version
from console.talk import fail, print_json, print_rows, say
from domain.messages import tell

if TYPE_CHECKING:
    from domain.catalog.amendment import WordChange

_ALL: Final = 1_000_000
WORD: Final = ("kind", "text", "meaning", "scope", "ground")
CHANGE: Final = ("kind", "wordKind", "text", "meaning", "scope", "ground")


def vocabulary(
    search: Annotated[str | None, typer.Argument(help="help.catalog.vocabulary.search")] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="help.catalog.vocabulary.kind")] = None,
    version: Version = None,
    code: Code = None,
    as_json: AsJson = False,
) -> None:
    """``recognition catalog vocabulary``: see ``command.catalog.vocabulary``."""
    from application.asking import Window
    from application.words import WordFilter, words_of
    from domain.values import WordKind, shanghai_day

    wanted = kind.upper() if kind else None
    if wanted is not None and wanted not in set(WordKind):
        fail(tell("said.catalog.no_kind_of_word", kind=str(kind), kinds=tuple(map(str, WordKind))))
    with reading() as registry:
        catalog = registry.shelf.catalog(code or official_catalog())
        number = version or registry.shelf.governing(shanghai_day(registry.clock()), catalog.code)[0].number
        if not 1 <= number <= catalog.latest.number:
            fail(tell("said.catalog.no_version", version=number, latest=catalog.latest.number))
        which = WordFilter(WordKind(wanted) if wanted else None, search)
        found = words_of(catalog, number, which, Window(size=_ALL)).rows
    rows = [{name: str(getattr(each, name)) for name in WORD} for each in found]
    if as_json:
        print_json({"catalog": catalog.code, "version": number, "vocabulary": rows})
        return
    print_rows(
        tell("said.catalog.words", catalog=catalog.name, version=number, count=len(rows)), WORD, cells(rows, WORD)
    )


def word_change_data(change: WordChange) -> dict[str, Any]:
    """A change of a word for programs."""
    word = change.word
    return {
        "kind": change.effect.value,
        "wordKind": word.kind.value,
        "text": word.text,
        "meaning": word.meaning,
        "scope": word.scope,
        "ground": word.ground,
    }


def show_word_changes(changes: Sequence[WordChange]) -> None:
    """Print changes of words, if there are any."""
    if changes:
        say()
        print_rows(
            tell("said.catalog.title_vocabulary"),
            CHANGE,
            cells([word_change_data(change) for change in changes], CHANGE),
        )
