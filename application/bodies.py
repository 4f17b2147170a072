"""Which issuing body a certificate is of, under one key that no spelling and no amendment changes.

A body is known by the keys that aliases give its spellings. All keys that the official text of an entry names are one body, as
the catalog that brought them in first says; what a later version calls the body of the same entry is another name of it. So a
certificate that was claimed before an amendment renamed its body meets the one that is claimed after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from threading import Lock
from typing import Final

from application.catalogs import Shelf
from domain.catalog.timeline import CatalogTimeline
from domain.matching import Vocabulary
from domain.matching.issuers import IssuerBook
from domain.matching.normalise import fold
from domain.text import identifying_form

_UNKNOWN: Final = "text:"
Keys = frozenset[str]
_Named = Sequence[tuple[int, Keys]]
"""Numbers of entries, and the keys that their official text names."""


@dataclass
class _Roots:
    """The one key of each body: by the keys of its names, and by the entries it stands in."""

    of_key: dict[str, str] = field(default_factory=dict)
    of_entry: dict[tuple[str, int], str] = field(default_factory=dict)

    def take_in(self, code: str, named: _Named) -> None:
        """Learn what a version says, after all versions before it; what was learnt stays as it is."""
        fresh: list[tuple[int, Keys]] = []
        for number, keys in named:
            root = self.of_entry.get((code, number))
            if root is None:
                fresh.append((number, keys))
            for key in keys if root is not None else ():
                self.of_key.setdefault(key, root or key)
        for group in _joined([keys for _, keys in fresh]):
            known = sorted({self.of_key[key] for key in group if key in self.of_key})
            root = known[0] if known else "+".join(sorted(group))
            for key in group:
                self.of_key.setdefault(key, root)
        for number, keys in fresh:
            self.of_entry[code, number] = self.one(keys)

    def one(self, keys: Keys) -> str:
        """The key of what these keys name together."""
        return "+".join(sorted({self.of_key.get(key, key) for key in keys}))


class Bodies:
    """The bodies of all catalogs on the shelf; safe for several threads."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._lock = Lock()
        self._seen: tuple[tuple[str, int], ...] | None = None
        self._roots = _Roots()
        self._books: list[IssuerBook] = []
        self._book = lru_cache(maxsize=16)(self._make_book)
        self._named: dict[tuple[str, int], _Named] = {}

    def of_entry(self, code: str, number: int) -> str:
        """The key of the body behind an entry, in whatever version. Raises ``LookupError`` for an entry that never was."""
        with self._lock:
            self._catch_up()
            return self._roots.of_entry[code, number]

    def of_text(self, text: str) -> str:
        """The key of the body that somebody typed: of all that the text may name; the folded text where it names none."""
        with self._lock:
            self._catch_up()
            names = (book.read(fold(text)).names for book in self._books)
            keys = next((Keys().union(*found) for found in names if found), None)
            return self._roots.one(keys) if keys else _unknown(text)

    def _catch_up(self) -> None:
        catalogs = [(code, self._shelf.catalog(code)) for code in self._shelf.codes()]
        seen = tuple((code, len(catalog.versions)) for code, catalog in catalogs)
        if seen == self._seen:
            return
        roots = _Roots()
        order = [
            (catalog.versions[number - 1].issued_at, place, number)
            for place, (_, catalog) in enumerate(catalogs)
            for number in range(1, len(catalog.versions) + 1)
        ]
        for _, place, number in sorted(order):
            code, catalog = catalogs[place]
            if (code, number) not in self._named:
                self._named[code, number] = list(self._names_of(code, catalog, number))
            roots.take_in(code, self._named[code, number])
        self._roots, self._seen = roots, seen
        self._books = [self._book(code, len(catalog.versions)) for code, catalog in catalogs]

    def _names_of(self, code: str, catalog: CatalogTimeline, number: int) -> Iterator[tuple[int, Keys]]:
        """The entries that a version begins, and the keys of their bodies."""
        book = self._book(code, number)

        @cache
        def keys(body: str) -> Keys:
            return Keys().union(*book.read(fold(body)).names) or Keys({_unknown(body)})

        for entry, intervals in sorted(catalog.entry_intervals.items()):
            for interval in intervals:
                if interval.from_version == number:
                    yield entry, keys(interval.content.issuing_body)

    def _make_book(self, code: str, number: int) -> IssuerBook:
        catalog = self._shelf.catalog(code)
        return IssuerBook(catalog.aliases_at(number), Vocabulary(catalog.vocabulary_at(number), code))


def _unknown(text: str) -> str:
    return _UNKNOWN + identifying_form(text)


def _joined(sets: Sequence[Keys]) -> list[Keys]:
    """The sets, those that share a member made one."""
    groups: list[Keys] = []
    for each in sets:
        touching = [group for group in groups if group & each]
        groups = [group for group in groups if not group & each] + [each.union(*touching)]
    return groups
