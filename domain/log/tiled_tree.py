"""A log that grows: leaves in, tiles and bundles out, and the root to sign.

Source: C2SP tlog-tiles, "Merkle Tree", "Partial Tiles" and "Log entries".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, Self

from domain.log.log_errors import TileMissing
from domain.log.tile_reader import TileReader, TileSource
from domain.log.tiles import (
    TILE_BYTES,
    TILE_HEIGHT,
    TILE_WIDTH,
    EntryBundle,
    Tile,
    bundled,
    root_over_edge,
    tile_roots,
)
from domain.merkle import HASH_SIZE, MAX_SIZE, TreeBoundsError, leaf_hashes
from domain.messages import tell


class TileStore(TileSource, Protocol):
    """Where tiles and bundles are written. One appender at a time; what a signed checkpoint covers never changes."""

    def write(self, place: Tile | EntryBundle, content: bytes) -> None:
        """Keep the content under ``place.path``; writing the same again is no fault, as after a crash."""


class TiledTree:
    """A tree that grows, its tiles in a store. Between two appends it holds one partial tile a level, and nothing else.

    Begin with ``TiledTree(store)``; go on with ``resume``. Not for two threads or two processes at once.
    """

    def __init__(self, store: TileStore) -> None:
        self.size = 0
        self._store = store
        self._edge: list[bytes] = []  # the hashes of the partial tile of each tile level
        self._bundle = b""  # the content of the partial bundle

    @classmethod
    def resume(cls, store: TileStore, size: int, root: bytes) -> Self:
        """The tree of ``size`` leaves that lies in the store.

        Raises ``ProofRejected`` where its root is not ``root``, the one last signed: what is appended to anything else would
        be a second history. Raises ``TileMissing`` and ``TileError`` as reading does.
        """
        tree, reader = cls(store), TileReader(store, size, root)
        for tile, hashes in reader.edge().items():
            tree._edge += [b""] * (tile.level + 1 - len(tree._edge))
            tree._edge[tile.level] = hashes
        if width := size % TILE_WIDTH:
            tree._bundle = bundled(list(reader.entries(size - width)))
        tree.size = size
        return tree

    def rebase(self, store: TileStore) -> None:
        """Go on over another store that holds the same tiles, such as the next transaction's."""
        self._store = store

    @property
    def root(self) -> bytes:
        """The root over all leaves."""
        return root_over_edge(self._edge)

    @property
    def reader(self) -> TileReader:
        """A reader of the tree as it is now."""
        return TileReader(self._store, self.size)

    def append(self, entries: Sequence[bytes]) -> bytes:
        """Add leaves in their order, write every tile and bundle that changes, and answer the new root.

        The tree itself moves on last: after a failed write it is as it was, and the same append may be tried again. Sign
        only what this has answered. Raises ``TileError`` for an entry of more than 65 535 bytes, ``TreeBoundsError`` beyond
        2^63 - 1 leaves, each before anything is written.
        """
        if self.size + len(entries) > MAX_SIZE:
            raise TreeBoundsError(tell("proof.log_most_leaves"))
        bundles = list(self._bundles(entries))
        edge = list(self._edge)
        for bundle, content in bundles:
            self._store.write(bundle, content)
        for tile, content in self._tiles(entries, edge):
            self._store.write(tile, content)
        if bundles:
            last, content = bundles[-1]
            self._bundle = content if last.width < TILE_WIDTH else b""
        self._edge = edge
        self.size += len(entries)
        return self.root

    def _bundles(self, entries: Sequence[bytes]) -> Iterator[tuple[EntryBundle, bytes]]:
        index, filled = divmod(self.size, TILE_WIDTH)
        head, taken = self._bundle, 0
        while taken < len(entries):
            added = entries[taken : taken + TILE_WIDTH - filled]
            yield EntryBundle(index, filled + len(added)), head + bundled(added)
            index, filled, head, taken = index + 1, 0, b"", taken + len(added)

    def _tiles(self, entries: Sequence[bytes], edge: list[bytes]) -> Iterator[tuple[Tile, bytes]]:
        """The tiles with something new, from level 0 up; leaves in ``edge`` what is partial afterwards."""
        level, hashes = 0, leaf_hashes(entries)
        while hashes:
            index = (self.size >> (TILE_HEIGHT * level)) // TILE_WIDTH
            if level == len(edge):
                edge.append(b"")
            content = edge[level] + hashes
            whole = len(content) // TILE_BYTES * TILE_BYTES
            for begin in range(0, whole, TILE_BYTES):
                yield Tile(level, index + begin // TILE_BYTES), content[begin : begin + TILE_BYTES]
            edge[level] = content[whole:]
            if edge[level]:
                yield Tile(level, index + whole // TILE_BYTES, len(edge[level]) // HASH_SIZE), edge[level]
            level, hashes = level + 1, tile_roots(content[:whole])


class InMemoryTiles:
    """Tiles and bundles in a dictionary, by path: for tests, measurements, and packs that are read whole."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}

    def read(self, place: Tile | EntryBundle) -> bytes:
        """The content under the path. Raises ``TileMissing``."""
        try:
            return self.contents[place.path]
        except KeyError:
            raise TileMissing(tell("proof.no", path=place.path)) from None

    def write(self, place: Tile | EntryBundle, content: bytes) -> None:
        """Keep the content under the path, in place of what was there."""
        self.contents[place.path] = content
