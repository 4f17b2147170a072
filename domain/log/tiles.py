"""Tiles and entry bundles: where they lie, what they hold, which of them a tree of some size has.

A tile holds up to 256 consecutive hashes of one tile level: the hash at ``i`` of tile ``index`` of level ``level`` is the root
over ``256 ** level`` leaves from leaf ``(index * 256 + i) * 256 ** level`` on. A bundle holds the entries whose hashes are in
the tile of level 0 with its index. Both are immutable under their path; a partial one says its width in its path.

Source: C2SP tlog-tiles, "Merkle Tree" and "Log entries".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from domain.log.log_errors import TileError
from domain.merkle import EMPTY_ROOT, HASH_SIZE, MAX_SIZE, parents, root_over
from domain.messages import tell

TILE_WIDTH: Final = 256
TILE_BYTES: Final = TILE_WIDTH * HASH_SIZE
TILE_HEIGHT: Final = 8
"""Tree levels from one tile level to the next: 2 ** 8 hashes a tile."""
MAX_LEVEL: Final = 63
MAX_ENTRY: Final = 2**16 - 1
"""Bytes of the longest entry: its length stands before it as a uint16."""

_INDEX: Final = r"(?:x[0-9]{3}/)*[0-9]{3}"
_PATH: Final = re.compile(rf"tile/(entries|0|[1-9][0-9]?)/({_INDEX})(?:\.p/([1-9][0-9]{{0,2}}))?")


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """The place of a tile of hashes: tile level, index in its level, and number of hashes (256 for a full one).

    Raises ``TileError`` for a place that no tile has.
    """

    level: int
    index: int
    width: int = TILE_WIDTH

    def __post_init__(self) -> None:
        if type(self.level) is not int or not 0 <= self.level <= MAX_LEVEL:
            raise TileError(tell("proof.level_tile_whole_number_from_not", most=MAX_LEVEL, level=self.level))
        _check_place(self.index, self.width)

    @property
    def path(self) -> str:
        """Where it lies under the log's prefix: ``tile/0/x001/x234/067`` or ``tile/1/000.p/17``."""
        return f"tile/{self.level}/{_place(self.index, self.width)}"

    @property
    def full(self) -> Tile:
        """The full tile that this one grows into."""
        return Tile(self.level, self.index)

    def checked(self, content: bytes) -> bytes:
        """The content itself, once it has the length of this many hashes. Raises ``TileError`` otherwise."""
        if len(content) != self.width * HASH_SIZE:
            raise TileError(
                tell(
                    "proof.bytes_where_hashes",
                    path=self.path,
                    count=len(content),
                    width=self.width,
                    wanted=self.width * HASH_SIZE,
                )
            )
        return content

    def offset(self, level: int, index: int) -> int:
        """Where the hash at (level, index) of the tree stands among ``levels_of`` this tile at that height."""
        return index - ((self.index * TILE_WIDTH) >> (level - self.level * TILE_HEIGHT))


@dataclass(frozen=True, slots=True, order=True)
class EntryBundle:
    """The place of a bundle of entries: its index, and the number of entries (256 for a full one)."""

    index: int
    width: int = TILE_WIDTH

    def __post_init__(self) -> None:
        _check_place(self.index, self.width)

    @property
    def path(self) -> str:
        """Where it lies under the log's prefix: ``tile/entries/000`` or ``tile/entries/000.p/17``."""
        return f"tile/entries/{_place(self.index, self.width)}"

    @property
    def full(self) -> EntryBundle:
        """The full bundle that this one grows into."""
        return EntryBundle(self.index)

    def entries(self, content: bytes) -> list[bytes]:
        """The entries in their order. Raises ``TileError`` unless there are exactly as many as the width says."""
        entries: list[bytes] = []
        at = 0
        while at < len(content):
            begin = at + 2
            at = begin + int.from_bytes(content[at:begin], "big")
            if at > len(content) or begin > len(content):
                raise TileError(tell("proof.ends_middle_entry", path=self.path, count=len(entries)))
            entries.append(content[begin:at])
        if len(entries) != self.width:
            raise TileError(tell("proof.holds_entries_not", path=self.path, count=len(entries), width=self.width))
        return entries


def bundled(entries: Sequence[bytes]) -> bytes:
    """Entries as a bundle holds them, each behind its length as a big-endian uint16.

    Raises ``TileError`` for an entry of more than 65 535 bytes.
    """
    try:
        return b"".join([len(entry).to_bytes(2, "big") + entry for entry in entries])
    except OverflowError:
        raise TileError(tell("proof.entry_log_most_bytes", most=MAX_ENTRY)) from None


def parse_tile_path(path: str) -> Tile | EntryBundle:
    """The tile or bundle with this path. Raises ``TileError`` for any other spelling of a path."""
    if (match := _PATH.fullmatch(path)) is None:
        raise TileError(tell("proof.no_path_tile"))
    kind, place, width = match.groups()
    index = int(place.replace("x", "").replace("/", ""))
    count = int(width) if width else TILE_WIDTH
    found = EntryBundle(index, count) if kind == "entries" else Tile(int(kind), index, count)
    if found.path != path:
        raise TileError(tell("proof.path_tile_written", path=found.path))
    return found


def tile_holding(level: int, index: int, size: int) -> Tile:
    """The tile from which a tree of ``size`` leaves answers the hash at (level, index) of the tree.

    Raises ``TileError`` where that subtree is not complete in the tree.
    """
    if level < 0 or index < 0 or (index + 1) << level > size:
        raise TileError(tell("proof.tree_leaves_no_complete_subtree_level", size=size, index=index, level=level))
    tile_level = level // TILE_HEIGHT
    return _tile(tile_level, ((index << level) >> (tile_level * TILE_HEIGHT)) // TILE_WIDTH, size)


def right_edge(size: int) -> Iterator[Tile]:
    """The partial tiles of a tree of ``size`` leaves, from level 0 up: all that appending reads."""
    level = 0
    while hashes := size >> (level * TILE_HEIGHT):
        if width := hashes % TILE_WIDTH:
            yield Tile(level, hashes // TILE_WIDTH, width)
        level += 1


def root_over_edge(edge: Iterable[bytes]) -> bytes:
    """The root of a tree from the hashes of its partial tiles, from level 0 up; a level without one may be left out.

    A tree over full tiles and a rest is the tree over their roots, since every split falls on a multiple of 256.
    """
    below = b""
    for hashes in edge:
        below = root_over(hashes + below) if hashes or below else b""
    return below or EMPTY_ROOT


def bundles_between(old_size: int, new_size: int) -> Iterator[EntryBundle]:
    """The bundles that hold something new when a tree grows, in their order."""
    _check_growth(old_size, new_size)
    for index in range(old_size // TILE_WIDTH, -(-new_size // TILE_WIDTH) if new_size > old_size else 0):
        yield EntryBundle(index, min(TILE_WIDTH, new_size - index * TILE_WIDTH))


def tiles_between(old_size: int, new_size: int) -> Iterator[Tile]:
    """The tiles that hold something new when a tree grows from one size to another, level by level, in their order."""
    _check_growth(old_size, new_size)
    level = 0
    while new_hashes := new_size >> (level * TILE_HEIGHT):
        old_hashes = old_size >> (level * TILE_HEIGHT)
        if new_hashes > old_hashes:
            for index in range(old_hashes // TILE_WIDTH, -(-new_hashes // TILE_WIDTH)):
                yield _tile(level, index, new_size)
        level += 1


def levels_of(content: bytes) -> list[bytes]:
    """The hashes of a tile and of the seven tree levels above them within it, complete subtrees only, concatenated each."""
    levels = [content]
    for _ in range(TILE_HEIGHT - 1):
        below = levels[-1]
        levels.append(parents(below[: len(below) // 64 * 64]))
    return levels


def tile_roots(hashes: bytes) -> bytes:
    """The roots of full tiles, concatenated, from their hashes, concatenated: a run of the next tile level."""
    for _ in range(TILE_HEIGHT):
        hashes = parents(hashes)
    return hashes


def _tile(level: int, index: int, size: int) -> Tile:
    return Tile(level, index, min(TILE_WIDTH, (size >> (level * TILE_HEIGHT)) - index * TILE_WIDTH))


def _place(index: int, width: int) -> str:
    digits = str(index)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    path = "".join(f"x{group}/" for group in groups[:-1]) + groups[-1]
    return path if width == TILE_WIDTH else f"{path}.p/{width}"


def _check_place(index: int, width: int) -> None:
    if type(index) is not int or not 0 <= index <= MAX_SIZE:
        raise TileError(tell("proof.index_tile_whole_number_from_not", index=index))
    if type(width) is not int or not 1 <= width <= TILE_WIDTH:
        raise TileError(tell("proof.tile_holds_hashes_or_entries_not", most=TILE_WIDTH, width=width))


def _check_growth(old_size: int, new_size: int) -> None:
    if not 0 <= old_size <= new_size <= MAX_SIZE:
        raise TileError(tell("proof.log_grows_from_size_one_no", old_size=old_size, new_size=new_size))
