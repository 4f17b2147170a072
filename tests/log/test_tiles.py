"""Tiles and bundles have exactly one path each, hold exactly what their width says, and together cover a tree once."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.log.log_errors import TileError
from domain.log.tiles import (
    MAX_ENTRY,
    EntryBundle,
    Tile,
    bundled,
    bundles_between,
    levels_of,
    parse_tile_path,
    right_edge,
    tile_holding,
    tile_roots,
    tiles_between,
)
from domain.merkle import MAX_SIZE, leaf_hashes, root_over

indexes = st.one_of(st.integers(0, 3000), st.integers(0, MAX_SIZE))
widths = st.integers(1, 256)
places = st.one_of(
    st.builds(Tile, st.integers(0, 63), indexes, widths),
    st.builds(EntryBundle, indexes, widths),
)


@pytest.mark.parametrize(
    ("place", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 0, 1), "tile/0/000.p/1"),
        (Tile(0, 999), "tile/0/999"),
        (Tile(1, 1000), "tile/1/x001/000"),
        (Tile(0, 1234067), "tile/0/x001/x234/067"),
        (Tile(63, 1_000_000, 255), "tile/63/x001/x000/000.p/255"),
        (EntryBundle(0), "tile/entries/000"),
        (EntryBundle(273, 112), "tile/entries/273.p/112"),
    ],
)
def test_paths(place, path):
    """Paths are those of tlog-tiles, and lead back to their place."""
    assert place.path == path
    assert parse_tile_path(path) == place


@given(places)
def test_a_path_leads_back(place):
    """Every place has a path that names it and nothing else."""
    assert parse_tile_path(place.path) == place
    assert re.fullmatch(r"tile/[a-z0-9]+/(x\d{3}/)*\d{3}(\.p/\d+)?", place.path)


@pytest.mark.parametrize(
    "path",
    [
        "", "tile/0/0", "tile/0/00", "tile/0/0000", "tile/0/x000/001", "tile/0/001/002", "tile/0/x001", "tile/00/000",
        "tile/01/000", "tile/64/000", "tile/-1/000", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/",
        "tile/0/000.p", "tile/0/000\n", " tile/0/000", "/tile/0/000", "tile/0/000/", "tile/entries/000.p/256", "tile/data/000",
        "tile/0/X001/000", "tile/0/٠٠٠", "tile/0/../000", "tile/0/" + "x999/" * 9 + "999", "tile/8/0/000",
    ],
)  # fmt: skip
def test_other_spellings_are_refused(path):
    """A second spelling of a path would be a second name of the same bytes."""
    with pytest.raises(TileError):
        parse_tile_path(path)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Tile(-1, 0), lambda: Tile(64, 0), lambda: Tile(0, -1), lambda: Tile(0, MAX_SIZE + 1), lambda: Tile(0, 0, 0),
        lambda: Tile(0, 0, 257), lambda: Tile(True, 0), lambda: EntryBundle(-1), lambda: EntryBundle(0, 0),
        lambda: EntryBundle(0, 300), lambda: EntryBundle(0, False),
        lambda: Tile(0, 0, 2).checked(bytes(63)), lambda: Tile(0, 0).checked(b""), lambda: Tile(0, 0, 1).checked(bytes(64)),
        lambda: tile_holding(0, 7, 7), lambda: tile_holding(3, 0, 7), lambda: tile_holding(-1, 0, 7),
        lambda: list(tiles_between(2, 1)), lambda: list(bundles_between(-1, 1)), lambda: list(tiles_between(0, MAX_SIZE + 1)),
        lambda: bundled([bytes(MAX_ENTRY + 1)]),
    ],
)  # fmt: skip
def test_what_no_tile_is_is_refused(make):
    """Places and contents out of bounds get a clear sentence and one stable code."""
    with pytest.raises(TileError) as refused:
        make()
    assert refused.value.code == "log-tile"
    assert str(refused.value).endswith(".")


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=256))
def test_a_bundle_gives_back_its_entries(entries):
    """Whatever the entries are, empty ones too."""
    assert EntryBundle(0, len(entries)).entries(bundled(entries)) == entries


def test_the_longest_entry_fits():
    """A uint16 counts 65 535 bytes."""
    assert EntryBundle(0, 1).entries(bundled([bytes(MAX_ENTRY)])) == [bytes(MAX_ENTRY)]


@given(st.lists(st.binary(max_size=40), min_size=2, max_size=20), st.data())
def test_a_damaged_bundle_is_refused(entries, data):
    """Cut anywhere, longer, or with another count than its path says: refused, never read as fewer entries."""
    content = bundled(entries)
    bundle = EntryBundle(0, len(entries))
    cut = data.draw(st.integers(0, len(content) - 1))
    for damaged, place in [
        (content[:cut], bundle),
        (content + b"\x00", bundle),
        (content + b"\x00\x00", bundle),
        (content, EntryBundle(0, len(entries) - 1)),
        (content, EntryBundle(0, len(entries) + 1)),
    ]:
        with pytest.raises(TileError):
            place.entries(damaged)


def test_the_tiles_of_70_000_leaves():
    """The example of tlog-tiles: 273 full tiles and one of 112, one full and one of 17 above, one of 1 at the top."""
    found = list(tiles_between(0, 70_000))
    assert [tile.path for tile in found if tile.width < 256] == [
        "tile/0/273.p/112",
        "tile/1/001.p/17",
        "tile/2/000.p/1",
    ]
    assert [sum(tile.level == level and tile.width == 256 for tile in found) for level in (0, 1, 2)] == [273, 1, 0]
    assert list(right_edge(70_000)) == [tile for tile in found if tile.width < 256]
    assert [bundle.path for bundle in bundles_between(0, 70_000)][-1] == "tile/entries/273.p/112"


def test_the_tiles_of_256_leaves():
    """A full tile has its hash in a partial tile of the level above."""
    assert [tile.path for tile in tiles_between(0, 256)] == ["tile/0/000", "tile/1/000.p/1"]
    assert [tile.path for tile in tiles_between(255, 256)] == ["tile/0/000", "tile/1/000.p/1"]
    assert list(tiles_between(256, 256)) == list(bundles_between(256, 256)) == []
    assert list(tiles_between(0, 0)) == list(bundles_between(0, 0)) == list(right_edge(0)) == []


@given(st.integers(0, 200_000), st.integers(0, 5_000))
def test_growth_names_what_is_new(old, added):
    """The tiles of the larger tree that the smaller one had not, each once."""
    whole, before = set(tiles_between(0, old + added)), set(tiles_between(0, old))
    grown = list(tiles_between(old, old + added))
    assert len(set(grown)) == len(grown)
    assert set(grown) == whole - before
    bundles = list(bundles_between(old, old + added))
    assert bundles == [EntryBundle(tile.index, tile.width) for tile in grown if tile.level == 0]


@given(st.integers(1, 2**62), st.data())
def test_a_hash_is_held_by_a_tile_of_its_tree(size, data):
    """Whatever complete subtree is asked for, the tile is one of that tree, as wide as it is there, and spans it."""
    level = data.draw(st.integers(0, size.bit_length() - 1))
    index = data.draw(st.integers(0, (size >> level) - 1))
    tile = tile_holding(level, index, size)
    hashes = size >> (8 * tile.level)
    assert tile.width == min(256, hashes - tile.index * 256) > 0
    height = level - 8 * tile.level
    assert 0 <= height < 8
    assert tile.index * 256 <= index << height < (index + 1) << height <= tile.index * 256 + tile.width
    assert tile.offset(level, index) == index - (tile.index * 256 >> height)


def test_levels_and_roots_of_a_tile():
    """The levels inside a tile and its root are those of the tree over its hashes; a partial one has complete subtrees only."""
    hashes = leaf_hashes(b"%d" % number for number in range(512))
    assert tile_roots(hashes) == root_over(hashes[:8192]) + root_over(hashes[8192:])
    for width in (1, 2, 3, 127, 128, 255, 256):
        levels = levels_of(hashes[: width * 32])
        assert [len(level) // 32 for level in levels] == [width >> height for height in range(8)]
        for height, level in enumerate(levels):
            for at in range(width >> height):
                assert level[at * 32 : at * 32 + 32] == root_over(
                    hashes[(at << height) * 32 : ((at + 1) << height) * 32]
                )
