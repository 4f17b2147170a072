"""The catalogs, held in process: their versions and entries as rows, and what plans have written of them.

They are few and change by amendments. Whether they changed is told by the statement that asks for anything else: its answer bears the
stamp of the catalogs' rows at that instant (``questions.catalogs_stamp``), and under another stamp they are read anew before
anything is written. So nobody is shown a version that was, or a row beside a catalog of another instant.
"""

from __future__ import annotations

from asyncio import Lock
from collections.abc import Callable
from threading import Lock as ThreadLock
from typing import Any, Final
from weakref import WeakSet

from application import questions
from application.asking import Order, Question
from application.projections.tables import CATALOG_ENTRIES
from application.queries import Reads
from application.questions import EntryKey, VersionKey
from application.views import CatalogView, EntryView, VersionView

Stamp = tuple[Any, ...]
_MOST_WRITTEN: Final = 2_000
"""Parts of answers that one place of a plan keeps."""


class WrittenPieces(dict[Any, Any]):
    """What one place of a plan has written, by key: made when it is first asked for, forgotten when the catalogs change.

    Raises ``LookupError`` for a key that names nothing.
    """

    def __init__(self, make: Callable[[Any], Any]) -> None:
        super().__init__()
        self._make = make

    __hash__ = object.__hash__  # type: ignore[assignment]  # kept by identity

    def __missing__(self, key: Any) -> Any:
        """Write it."""
        made = self._make(key)
        if len(self) >= _MOST_WRITTEN:
            self.clear()
        self[key] = made
        return made


class Dimensions:
    """Catalogs by code, versions and entries by key, as of one stamp. Belongs to an event loop."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self._lock = Lock()
        self._adding = ThreadLock()
        self._written: WeakSet[WrittenPieces] = WeakSet()
        self._entries: dict[tuple[str, int], list[EntryView]] = {}
        self.stamp: Stamp | None = None
        self.catalogs: dict[str, CatalogView] = {}
        self.versions: dict[VersionKey, VersionView] = {}

    def written(self, make: Callable[[Any], Any]) -> WrittenPieces:
        """A place of a plan that writes what follows from catalogs alone."""
        made = WrittenPieces(make)
        with self._adding:  # a large operation is compiled in a thread of its own
            self._written.add(made)
        return made

    def version(self, key: VersionKey) -> VersionView:
        """A version. Raises ``LookupError``."""
        return self.versions[key]

    def entry(self, key: EntryKey) -> EntryView:
        """An entry as a version has it. Raises ``LookupError``."""
        code, version, number = key
        for each in self._entries[code, number]:
            if each.from_version <= version and (each.until_version is None or version < each.until_version):
                return each
        raise LookupError(f"no entry {number} in version {version}")

    async def as_of(self, stamp: Stamp) -> None:
        """Have the catalogs in hand as they are under a stamp, or later."""
        if stamp == self.stamp:
            return
        async with self._lock:
            if stamp == self.stamp:
                return
            reads = self._reads
            catalogs = await reads.rows(questions.catalogs())
            versions = [each for catalog in catalogs for each in await reads.rows(questions.versions(catalog.code))]
            all_entries = Question(CATALOG_ENTRIES, order=Order(CATALOG_ENTRIES.key))
            entries: dict[tuple[str, int], list[EntryView]] = {}
            for entry in await reads.rows(all_entries):
                entries.setdefault((entry.catalog_code, entry.number), []).append(entry)
            self.catalogs = {each.code: each for each in catalogs}
            self.versions = {(each.catalog_code, each.number): each for each in versions}
            self._entries, self.stamp = entries, stamp
            with self._adding:
                for each in self._written:
                    each.clear()
