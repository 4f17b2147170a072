"""Reading a log from its tiles: hashes, entries, proofs.

The source knows paths and bytes only; a table, a folder, a web server's address and a dictionary all do.

Source: C2SP tlog-tiles, "Merkle Tree" and "Log entries".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Protocol

from domain.log.log_errors import TileMissing
from domain.log.tiles import (
    TILE_HEIGHT,
    TILE_WIDTH,
    EntryBundle,
    Tile,
    levels_of,
    right_edge,
    root_over_edge,
    tile_holding,
)
from domain.merkle import (
    HASH_SIZE,
    MAX_SIZE,
    Frontier,
    ProofRejected,
    TreeBoundsError,
    consistency_proof,
    inclusion_proof,
    leaf_hashes,
    parents,
)
from domain.messages import tell

_KEPT_TILES: Final = 64
"""Tiles that a reader keeps, 24 KiB each with what is hashed from them: those above a page of leaves."""


class TileSource(Protocol):
    """Where tiles and bundles are read."""

    def read(self, place: Tile | EntryBundle) -> bytes:
        """The content under ``place.path``. Raises ``TileMissing`` where there is none."""


class TileReader:
    """Hashes, entries and proofs of the tree of ``size`` leaves, from its tiles.

    With the ``root`` of a trusted checkpoint, nothing is answered that this root does not cover: the partial tiles together
    must lead to it, and each full tile to its hash in the tile above. Without one, the source is believed, and what it says
    means something only once it verifies. A reader is bound to one size, under which every tile is immutable, so it keeps
    what it read; it is for one thread at a time. Where a partial tile is no longer served, its full successor answers (C2SP
    tlog-tiles, "Partial Tiles").

    Every method raises ``TileMissing`` and ``TileError`` for what the source does not have or has damaged, ``ProofRejected``
    for what is not of the tree with this root, and ``TreeBoundsError`` for what no tree of this size has.
    """

    def __init__(self, source: TileSource, size: int, root: bytes | None = None) -> None:
        if not 0 <= size <= MAX_SIZE:
            raise TreeBoundsError(tell("proof.size_tree_whole_number_from_not", size=size))
        self.size = size
        self._source = source
        self._root = root
        self._edge: dict[Tile, bytes] | None = None
        self._kept: dict[Tile, list[bytes]] = {}

    def hash_at(self, level: int, index: int) -> bytes:
        """The root of the complete subtree at (level, index)."""
        tile = tile_holding(level, index, self.size)
        begin = tile.offset(level, index) * HASH_SIZE
        return self._levels(tile)[level % TILE_HEIGHT][begin : begin + HASH_SIZE]

    def root(self, size: int | None = None) -> bytes:
        """The root over the first ``size`` leaves; without a size, over all."""
        return Frontier.read(self.hash_at, self._within(size)).root()

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """The path from leaf ``index`` to the root over the first ``size`` leaves (RFC 6962, section 2.1.1)."""
        return inclusion_proof(self.hash_at, index, self._within(size))

    def consistency_proof(self, old_size: int, new_size: int | None = None) -> list[bytes]:
        """The proof that the tree of ``new_size`` leaves begins with that of ``old_size`` (RFC 6962, section 2.1.2).

        Empty from size 0, which every tree continues.
        """
        within = self._within(new_size)
        return consistency_proof(self.hash_at, old_size, within) if old_size else []

    def entries(self, begin: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The entries ``D[begin:end]``, each checked against the hash of its leaf. Raises ``ProofRejected`` for another."""
        end = self._within(end)
        if not 0 <= begin <= end:
            raise TreeBoundsError(tell("proof.no_entries_from", begin=begin, end=end))
        for index in range(begin // TILE_WIDTH, -(-end // TILE_WIDTH) if begin < end else 0):
            first = index * TILE_WIDTH
            bundle = EntryBundle(index, min(TILE_WIDTH, self.size - first))
            entries = self._bundle(bundle)
            if leaf_hashes(entries) != self._levels(Tile(0, index, bundle.width))[0]:
                raise ProofRejected(tell("proof.holds_other_entries_than_tree_commits", path=bundle.path))
            yield from entries[max(0, begin - first) : end - first]

    def edge(self) -> dict[Tile, bytes]:
        """The partial tiles of the tree with their hashes, from level 0 up: all that appending needs."""
        if self._edge is None:
            edge = {tile: self._fetched(tile) for tile in right_edge(self.size)}
            if self._root is not None and root_over_edge(edge.values()) != self._root:
                raise ProofRejected(tell("proof.tiles_do_not_hold_tree_leaves", size=self.size))
            self._edge = edge
        return self._edge

    def _within(self, size: int | None) -> int:
        if size is None:
            return self.size
        if not 0 <= size <= self.size:
            raise TreeBoundsError(tell("proof.log_leaves", size=self.size, asked=size))
        return size

    def _levels(self, tile: Tile) -> list[bytes]:
        """The levels inside a tile, its hashes first; of the last tiles that were asked for these are kept."""
        if (levels := self._kept.get(tile)) is None:
            covered = self._root is not None
            partial = self.edge().get(tile) if covered else None
            levels = levels_of(self._fetched(tile) if partial is None else partial)
            if covered and partial is None:
                self._check_covered(tile, parents(levels[-1]))
            while len(self._kept) >= _KEPT_TILES:
                del self._kept[next(iter(self._kept))]
            self._kept[tile] = levels
        return levels

    def _check_covered(self, tile: Tile, root: bytes) -> None:
        """A full tile is under the root where its own root is its hash in the tile above, which is."""
        if root != self.hash_at(TILE_HEIGHT * (tile.level + 1), tile.index):
            raise ProofRejected(tell("proof.holds_other_hashes_than_tree_commits", path=tile.path))

    def _fetched(self, tile: Tile) -> bytes:
        try:
            return tile.checked(self._source.read(tile))
        except TileMissing:
            if tile.width == TILE_WIDTH:
                raise
        return tile.full.checked(self._source.read(tile.full))[: tile.width * HASH_SIZE]

    def _bundle(self, bundle: EntryBundle) -> list[bytes]:
        try:
            return bundle.entries(self._source.read(bundle))
        except TileMissing:
            if bundle.width == TILE_WIDTH:
                raise
        return bundle.full.entries(self._source.read(bundle.full))[: bundle.width]
