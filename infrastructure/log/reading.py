"""The log as it is read: ``application.transparency.TransparencyLog`` over the read side's pool.

A proof costs two statements: one for the head, the leaf and the event as it is stored, one for every tile that the proof and
its check need. No proof leaves here that does not lead to the root that was signed, and none for an event that was changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from psycopg_pool import AsyncConnectionPool

from application.transparency import (
    Growth,
    Inclusion,
    LogBehind,
    LogDeviates,
    LogEpoch,
    NotInTheLog,
    TreeHead,
)
from domain.log.leaf import LogLeaf
from domain.log.note_keys import NoteSignature
from domain.log.signed_note import SignedNote
from domain.log.tile_reader import TileReader
from domain.log.tiles import TILE_HEIGHT, TILE_WIDTH, EntryBundle, Tile, right_edge, tile_holding
from domain.merkle import HASH_SIZE, TransparencyError, consistency_proof, leaf_hash
from domain.messages import tell
from infrastructure.log.tables import PlacedTiles, level_of, tiles_statement
from infrastructure.postgres.pools import read_rows

_PRESENT: Final = "(SELECT max(epoch) FROM log.epochs)"
LOG_SIZE: Final = f"SELECT coalesce(max(size), 0) FROM log.checkpoints WHERE epoch = {_PRESENT}"  # noqa: S608 - a constant
"""How many leaves the log of the present epoch has, as a statement."""
_HEAD: Final = (
    "SELECT c.epoch, c.size, c.root, c.note, ARRAY(SELECT line FROM log.cosignatures AS s WHERE s.epoch = c.epoch"
    " AND s.size = c.size ORDER BY received_at, witness), c.position FROM ({chosen}) AS c"
)
_LATEST: Final = _HEAD.format(
    chosen=f"SELECT * FROM log.checkpoints WHERE epoch = coalesce(%s::integer, {_PRESENT}) ORDER BY size DESC LIMIT 1"  # noqa: S608 - a constant
)
_OF_SIZE: Final = _HEAD.format(
    chosen=f"SELECT * FROM log.checkpoints WHERE epoch = {_PRESENT} AND size = %s::bigint"  # noqa: S608 - a constant
)
_LEAF: Final = (
    "WITH h (epoch, size, root, note, lines, until) AS MATERIALIZED ({head}), l AS MATERIALIZED (SELECT leaf_index FROM h"
    " JOIN log.leaves AS l USING (epoch) WHERE l.position = %s::bigint),"
    # Of each tile level the tile above the leaf and the partial one: all that a checked proof reads.
    " p AS (SELECT DISTINCT epoch, level, index, least(256, (size >> (8 * level)) - 256 * index) AS width"
    " FROM h, l, generate_series(0, 7) AS level, LATERAL (VALUES (leaf_index >> (8 * level + 8)), (size >> (8 * level + 8)))"
    " AS v (index) WHERE 256 * index < (size >> (8 * level)) AND leaf_index < size),"
    " t AS (SELECT array_agg(p.level) AS levels, array_agg(p.index) AS indexes, array_agg(t.width) AS widths,"
    " array_agg(t.content) AS contents FROM p CROSS JOIN LATERAL (SELECT width, content FROM log.tiles AS t"
    " WHERE t.epoch = p.epoch AND t.level = p.level AND t.index = p.index AND t.width IN (p.width, 256)"
    " ORDER BY t.width LIMIT 1) AS t)"
    " SELECT h.*, l.leaf_index, e.originator_id, e.originator_version, e.topic, e.state, t.* FROM h CROSS JOIN t"
    " LEFT JOIN l ON true LEFT JOIN registry.events AS e ON e.position = %s::bigint"
)
"""A head, a leaf, its event as it is stored, and every tile of the proof, in one statement."""
_FILE: Final = "SELECT content FROM log.tiles WHERE epoch = %s AND level = %s AND index = %s AND width = %s"
_EPOCHS: Final = (
    "SELECT e.epoch, e.origin, ARRAY(SELECT vkey FROM log.keys AS k WHERE k.epoch = e.epoch AND act = 'ADDED' AND NOT EXISTS"
    " (SELECT FROM log.keys AS r WHERE r.epoch = k.epoch AND r.vkey = k.vkey AND r.act = 'RETIRED') ORDER BY k.recorded_at DESC),"
    " e.begun_at, e.reason FROM log.epochs AS e ORDER BY e.epoch"
)
_MOST: Final = 2**63 - 1


class PostgresLog:
    """The transparency log from its tables."""

    def __init__(self, pool: AsyncConnectionPool[Any]) -> None:
        self._pool = pool

    async def head(self, epoch: int | None = None) -> TreeHead:
        """See ``TransparencyLog``."""
        return _head_of(await self._rows(_LATEST, epoch), None)[0]

    async def inclusion(self, position: int, size: int | None = None) -> Inclusion:
        """See ``TransparencyLog``."""
        statement = _LEAF.format(head=_LATEST if size is None else _OF_SIZE)
        rows = await self._rows(statement, size, position, position)
        head, until = _head_of(rows, size)
        index, *event, levels, indexes, widths, contents = rows[0][6:]
        if index is None:
            raise _no_leaf(position, until, recorded=event[0] is not None)
        if event[0] is None:
            raise LogDeviates(tell("log.event_removed", position=position))
        if index >= head.size:
            raise NotInTheLog(tell("log.beyond_tree", size=head.size, index=index))
        entry = LogLeaf.of(event[0], event[1], event[2], position, bytes(event[3])).encode()
        leaf = leaf_hash(entry)
        tiles = PlacedTiles(zip(levels or (), indexes or (), widths or (), contents or (), strict=True))
        reader = TileReader(tiles, head.size, head.root)
        try:
            logged, hashes = reader.hash_at(0, index), reader.inclusion_proof(index)
        except TransparencyError as error:
            raise _damaged(error) from error
        if logged != leaf:
            raise LogDeviates(tell("log.event_changed", position=position))
        return Inclusion(position, index, entry, leaf, hashes, head)

    async def growth(self, from_size: int, to_size: int) -> Growth:
        """See ``TransparencyLog``."""
        head = await self.head()
        if not 0 <= from_size <= to_size <= head.size:
            raise NotInTheLog(tell("log.no_growth", size=head.size))
        if from_size == 0:
            return Growth(0, to_size, [])
        reader = await self._reader(head, growth_tiles(from_size, to_size, head.size))
        try:
            return Growth(from_size, to_size, reader.consistency_proof(from_size, to_size))
        except TransparencyError as error:
            raise _damaged(error) from error

    async def file(self, epoch: int, place: Tile | EntryBundle) -> bytes | None:
        """See ``TransparencyLog``."""
        if epoch >= 2**31 or place.index > _MOST:
            return None
        rows = await self._rows(_FILE, epoch, level_of(place), place.index, place.width)
        return bytes(rows[0][0]) if rows else None

    async def epochs(self) -> Sequence[LogEpoch]:
        """See ``TransparencyLog``."""
        return [LogEpoch(*row) for row in await self._rows(_EPOCHS)]

    async def stored(self, positions: Sequence[int]) -> Mapping[int, bytes]:
        """See ``TransparencyLog``."""
        rows = await self._rows("SELECT position, state FROM registry.events WHERE position = ANY(%s)", list(positions))
        return {position: bytes(state) for position, state in rows}

    async def _reader(self, head: TreeHead, tiles: Iterable[Tile]) -> TileReader:
        statement, params = tiles_statement(head.epoch, tiles)
        return TileReader(
            PlacedTiles(await read_rows(self._pool, statement, params, binary=True)), head.size, head.root
        )

    async def _rows(self, statement: str, *params: Any) -> list[Any]:
        return await read_rows(self._pool, statement.encode(), params, binary=True)


def _head_of(rows: Sequence[Sequence[Any]], size: int | None) -> tuple[TreeHead, int]:
    """The head of a row, and the position of the last event in it. Raises ``LogAnswer`` where there is none."""
    if not rows:
        if size is not None:
            raise NotInTheLog(tell("log.no_such_checkpoint", size=size))
        raise LogBehind(tell("log.no_checkpoint"))
    epoch, leaves, root, note, lines, position = rows[0][:6]
    return TreeHead(epoch, leaves, bytes(root), with_cosignatures(bytes(note), lines)), position


def with_cosignatures(note: bytes, lines: Sequence[str]) -> bytes:
    """A note with the signature lines of witnesses after the log's own."""
    if not lines:
        return note
    signed = SignedNote.parse(note)
    for line in lines:
        signed = signed.with_signature(NoteSignature.parse(line))
    return signed.serialise()


def growth_tiles(old_size: int, new_size: int, size: int) -> set[Tile]:
    """Every tile that a checked consistency proof within the tree of ``size`` leaves reads."""
    return _covered(_read(lambda hash_at: consistency_proof(hash_at, old_size, new_size), size), size)


def _read(prove: Any, size: int) -> set[Tile]:
    read: set[Tile] = set()

    def hash_at(level: int, index: int) -> bytes:
        read.add(tile_holding(level, index, size))
        return bytes(HASH_SIZE)

    prove(hash_at)
    return read


def _covered(tiles: set[Tile], size: int) -> set[Tile]:
    """These tiles with those that show them to be under the root: the partial ones, and above each full one its parents."""
    needed = set(right_edge(size))
    waiting = list(tiles)
    while waiting:
        tile = waiting.pop()
        if tile not in needed:
            needed.add(tile)
            if tile.width == TILE_WIDTH:
                waiting.append(tile_holding(TILE_HEIGHT * (tile.level + 1), tile.index, size))
    return needed


def _no_leaf(position: int, until: int, *, recorded: bool) -> LogBehind | LogDeviates | NotInTheLog:
    if not recorded:
        return NotInTheLog(tell("log.no_event", position=position))
    if position > until:
        return LogBehind(tell("log.not_yet", position=position))
    return LogDeviates(tell("log.event_inserted", position=position))


def _damaged(error: TransparencyError) -> LogDeviates:
    return LogDeviates(tell("log.tiles_damaged", error=str(error)))
