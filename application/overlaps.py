"""Entries that another catalog in force has too: what the signers of a catalog or an amendment should know of them.

A certificate that two catalogs match by themselves is a question, unless both award the same or its field of work decides
(``several_catalogs``). So an entry that comes can make one of another catalog a question that was none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Protocol

from application.several_catalogs import GoverningVersion, same_award
from domain.catalog.names import Abandoned, Note, NoteCode
from domain.catalog.texts import award_text
from domain.catalog.timeline import CatalogTimeline
from domain.matching import Matcher
from domain.messages import tell
from domain.values import CatalogEntry


class OtherCatalogs(Protocol):
    """The catalogs that there are, and what each would match by itself."""

    def codes(self) -> Sequence[str]:
        """The codes of all."""

    def catalog(self, code: str) -> CatalogTimeline:
        """One of them."""

    def leads_to(self, version: GoverningVersion, name: str, issuing_body: str) -> CatalogEntry | None:
        """The entry of a version that a certificate would be matched to by itself."""


def overlaps(
    others: OtherCatalogs,
    code: str,
    entries: Sequence[CatalogEntry],
    on: date,
    *,
    field: str,
    wanted: Callable[[], bool],
    own: Matcher | None = None,
) -> Iterator[Note]:
    """A note for each of these entries, of the catalog ``code``, that another catalog in force on a day has too and awards
    otherwise. ``own`` is the matcher of a whole catalog: with it the names of the others are looked at as well.

    ``field`` is the input that the entries stand in. Costs a match for each name of an entry and each other catalog. Raises
    ``Abandoned`` once the answer is not ``wanted`` any more.
    """
    for other_code in others.codes() if entries else ():
        number = None if other_code == code else others.catalog(other_code).version_in_force(on)
        if number is None:
            continue
        version = GoverningVersion(other_code, number)
        pairs = {
            (entry.number, other.number): (entry, other) for entry, other in _led_to(others, version, entries, wanted)
        }
        if own is not None:
            by_number = {entry.number: entry for entry in entries}
            for other in others.catalog(other_code).entries_at(number).values():
                found = own.leads_to(other.qualification_name, other.issuing_body)
                if found is not None:
                    pairs.setdefault((found, other.number), (by_number[found], other))
        yield from (_note(*pair, other_code, field) for pair in pairs.values() if not same_award(*pair))


def _led_to(
    others: OtherCatalogs, version: GoverningVersion, entries: Sequence[CatalogEntry], wanted: Callable[[], bool]
) -> Iterator[tuple[CatalogEntry, CatalogEntry]]:
    """Each entry with the one of a version that a name of it leads to."""
    for entry in entries:
        if not wanted():
            raise Abandoned
        for name in (entry.qualification_name, entry.translated_name):
            if other := others.leads_to(version, name, entry.issuing_body):
                yield entry, other


def _note(entry: CatalogEntry, other: CatalogEntry, code: str, field: str) -> Note:
    return Note(
        NoteCode.CATALOG_OVERLAP,
        tell(
            "note.overlap",
            number=entry.number,
            name=entry.qualification_name,
            other=other.number,
            code=code,
            mine=[award_text(each) for each in entry.awards],
            theirs=[award_text(each) for each in other.awards],
        ),
        field,
    )
