"""A log as tiles in a store: reading hashes, entries and proofs from it, and appending to it.

The store knows paths and bytes only; a table, a folder, a web server's address and a dictionary all do. What is read is not
trusted by itself: a root or a proof from these tiles means something once it verifies against a signed checkpoint.

Source: C2SP tlog-tiles.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, Protocol, Self

from domain.log.log_errors import TileMissing
from domain.log.tiles import (
    TILE_BYTES,
    TILE_HEIGHT,
    TILE_WIDTH,
    EntryBundle,
    Tile,
    bundled,
    levels_of,
    right_edge,
    tile_holding,
    tile_roots,
)
from domain.merkle import (
    EMPTY_ROOT,
    HASH_SIZE,
    MAX_SIZE,
    Frontier,
    ProofRejected,
    TreeBoundsError,
    consistency_proof,
    inclusion_proof,
    leaf_hashes,
    root_over,
)

_KEPT_TILES: Final = 64
"""Tiles that a reader keeps, 24 KiB each with what is hashed from them: those above a page of leaves."""


class TileSource(Protocol):
    """Where tiles and bundles are read."""

    def read(self, place: Tile | EntryBundle) -> bytes:
        """The content under ``place.path``. Raises ``TileMissing`` where there is none."""


class TileStore(TileSource, Protocol):
    """Where tiles and bundles are written. One appender at a time; what a signed checkpoint covers never changes."""

    def write(self, place: Tile | EntryBundle, content: bytes) -> None:
        """Keep the content under ``place.path``; writing the same again is no fault, as after a crash."""


class TileReader:
    """Hashes, entries and proofs of the tree of ``size`` leaves, from its tiles.

    A reader is bound to one size, under which every tile is immutable, so it keeps what it read. Where a partial tile is no
    longer served, its full successor answers (C2SP tlog-tiles, "Partial Tiles"). Every method raises ``TileMissing`` and
    ``TileError`` for what the source does not have or has damaged, and ``TreeBoundsError`` for what the tree has not.
    """

    def __init__(self, source: TileSource, size: int) -> None:
        if not 0 <= size <= MAX_SIZE:
            raise TreeBoundsError(f"The size of a tree is a whole number from 0 to 2^63 - 1, not {size}.")
        self.size = size
        self._source = source
        self._tile = lru_cache(_KEPT_TILES)(self._fetched)
        self._levels = lru_cache(_KEPT_TILES)(lambda tile: levels_of(self._tile(tile)))

    def hash_at(self, level: int, index: int) -> bytes:
        """The root of the complete subtree at (level, index)."""
        tile = tile_holding(level, index, self.size)
        begin = tile.offset(level, index) * HASH_SIZE
        return self._levels(tile)[level % TILE_HEIGHT][begin : begin + HASH_SIZE]

    def root(self, size: int | None = None) -> bytes:
        """The root over the first ``size`` leaves, all without one."""
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
            raise TreeBoundsError(f"There are no entries from {begin} to {end}.")
        for index in range(begin // TILE_WIDTH, -(-end // TILE_WIDTH) if begin < end else 0):
            first = index * TILE_WIDTH
            bundle = EntryBundle(index, min(TILE_WIDTH, self.size - first))
            entries = self._bundle(bundle)
            if leaf_hashes(entries) != self._tile(Tile(0, index, bundle.width)):
                raise ProofRejected(f"{bundle.path} holds other entries than the tree commits to.")
            yield from entries[max(0, begin - first) : end - first]

    def _within(self, size: int | None) -> int:
        if size is None:
            return self.size
        if not 0 <= size <= self.size:
            raise TreeBoundsError(f"The log has {self.size} leaves; ask for a size up to that, not {size}.")
        return size

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

        Raises ``ProofRejected`` where its root is not ``root``, the one last signed: appending would then sign a second
        history. Raises ``TileMissing`` and ``TileError`` as reading does.
        """
        tree, reader = cls(store), TileReader(store, size)
        if reader.root() != root:
            raise ProofRejected(f"The tiles do not hold the tree of {size} leaves that was last signed; restore them.")
        for tile in right_edge(size):
            tree._level(tile.level, reader._tile(tile))  # noqa: SLF001 - the reader of this module
        if width := size % TILE_WIDTH:
            tree._bundle = bundled(list(reader.entries(size - width)))
        tree.size = size
        return tree

    @property
    def root(self) -> bytes:
        """The root over all leaves."""
        # A tree over full tiles and a rest is the tree over their roots: every split falls on a multiple of 256.
        below = b""
        for edge in self._edge:
            hashes = edge + below
            below = root_over(hashes) if hashes else b""
        return below or EMPTY_ROOT

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
            raise TreeBoundsError("A log has at most 2^63 - 1 leaves.")
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

    def _level(self, level: int, hashes: bytes) -> None:
        self._edge += [b""] * (level + 1 - len(self._edge))
        self._edge[level] = hashes


class InMemoryTiles:
    """Tiles and bundles in a dictionary, by path: for tests, measurements, and packs that are read whole."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}

    def read(self, place: Tile | EntryBundle) -> bytes:
        """See ``TileSource``."""
        try:
            return self.contents[place.path]
        except KeyError:
            raise TileMissing(f"There is no {place.path}.") from None

    def write(self, place: Tile | EntryBundle, content: bytes) -> None:
        """See ``TileStore``."""
        self.contents[place.path] = content
