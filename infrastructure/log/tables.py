"""The tables of the schema ``log``: what the sequencer reads and writes over the connection of its transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from domain.log.log_errors import TileMissing
from domain.log.tiles import TILE_WIDTH, EntryBundle, Tile
from domain.messages import tell
from infrastructure.postgres.recorder import TailedEvent

BUNDLES: Final = -1
"""The level under which bundles of entries lie."""
_EVENTS: Final = (
    "SELECT position, originator_id, originator_version, topic, state FROM registry.events"
    " WHERE position > %s ORDER BY position LIMIT %s"
)
_TILES: Final = (
    "SELECT g.level, g.index, t.width, t.content FROM unnest(%s::smallint[], %s::bigint[], %s::smallint[])"  # noqa: S608 - a constant
    " AS g (level, index, width) CROSS JOIN LATERAL (SELECT width, content FROM log.tiles AS t WHERE t.epoch = %s"
    f" AND t.level = g.level AND t.index = g.index AND t.width IN (g.width, {TILE_WIDTH}) ORDER BY t.width LIMIT 1) AS t"
)
_ADD_TILES: Final = (
    "INSERT INTO log.tiles (epoch, level, index, width, content) SELECT %s, level, index, width, content"
    " FROM unnest(%s::smallint[], %s::bigint[], %s::smallint[], %s::bytea[]) AS g (level, index, width, content)"
    " ON CONFLICT DO NOTHING"
)

Place = Tile | EntryBundle


@dataclass(frozen=True, slots=True)
class Head:
    """A tree head as the database has it: which epoch, how many leaves, up to which event, and the signed note."""

    epoch: int
    size: int
    root: bytes
    position: int
    note: bytes


def level_of(place: Place) -> int:
    """The level under which a tile or bundle lies in the table."""
    return place.level if isinstance(place, Tile) else BUNDLES


def place_of(level: int, index: int, width: int) -> Place:
    """The tile or bundle of a row."""
    return EntryBundle(index, width) if level == BUNDLES else Tile(level, index, width)


def tiles_statement(epoch: int, places: Iterable[Place]) -> tuple[bytes, list[Any]]:
    """The one statement that reads these tiles, and the full ones they grew into."""
    wanted = list(places)
    return _TILES.encode(), [[level_of(p) for p in wanted], [p.index for p in wanted], [p.width for p in wanted], epoch]


def read_head(connection: psycopg.Connection[Any], epoch: int) -> Head | None:
    """The latest tree head of an epoch; None before its first."""
    row = connection.execute(
        "SELECT epoch, size, root, position, note FROM log.checkpoints WHERE epoch = %s ORDER BY size DESC LIMIT 1",
        [epoch],
    ).fetchone()
    return Head(*row) if row else None


def read_epoch(connection: psycopg.Connection[Any]) -> tuple[int, str] | None:
    """The epoch that is signed, and its origin; None where no log was begun."""
    return connection.execute("SELECT epoch, origin FROM log.epochs ORDER BY epoch DESC LIMIT 1").fetchone()


def events_after(connection: psycopg.Connection[Any], position: int, limit: int) -> list[TailedEvent]:
    """The next events in position order, as they are stored."""
    with connection.cursor(binary=True) as cursor:
        return [TailedEvent._make(row) for row in cursor.execute(_EVENTS.encode(), (position, limit))]


class PlacedTiles:
    """Tiles that were read at once, by their place: a source for a reader."""

    def __init__(self, rows: Iterable[Sequence[Any]]) -> None:
        self._contents = {(level, index, width): bytes(content) for level, index, width, content in rows}

    def read(self, place: Place) -> bytes:
        """See ``TileSource``."""
        try:
            return self._contents[level_of(place), place.index, place.width]
        except KeyError:
            raise TileMissing(tell("trouble.no_2", path=place.path)) from None


class TransactionTiles:
    """A ``TileStore`` over a transaction: reads the table, and keeps what is written until ``flush``."""

    def __init__(self, connection: psycopg.Connection[Any], epoch: int, written: Mapping[Place, bytes] = {}) -> None:
        self._connection, self._epoch = connection, epoch
        self._written: dict[Place, bytes] = dict(written)

    def read(self, place: Place) -> bytes:
        """See ``TileSource``."""
        if (content := self._written.get(place)) is not None:
            return content
        with self._connection.cursor(binary=True) as cursor:
            row = cursor.execute(
                "SELECT content FROM log.tiles WHERE epoch = %s AND level = %s AND index = %s AND width = %s",
                [self._epoch, level_of(place), place.index, place.width],
            ).fetchone()
        if row is None:
            raise TileMissing(tell("trouble.no_2", path=place.path))
        return bytes(row[0])

    def write(self, place: Place, content: bytes) -> None:
        """See ``TileStore``."""
        self._written[place] = content

    def flush(self) -> None:
        """Store what was written, and drop the partial tiles that are full now."""
        places = list(self._written)
        columns = [[level_of(p) for p in places], [p.index for p in places], [p.width for p in places]]
        with self._connection.cursor() as cursor:
            cursor.execute(_ADD_TILES.encode(), [self._epoch, *columns, [self._written[p] for p in places]])
            full = [p for p in places if p.width == TILE_WIDTH]
            if full:
                cursor.execute(
                    "SELECT log.drop_partial_tiles(%s, %s::smallint[], %s::bigint[])",
                    [self._epoch, [level_of(p) for p in full], [p.index for p in full]],
                )
        self._written.clear()
