"""A log in tiles is the tree of its leaves, however it grew, and reading it never gives what the tree does not commit to."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.log.log_errors import TileError, TileMissing
from domain.log.tile_reader import TileReader
from domain.log.tiled_tree import InMemoryTiles, TiledTree
from domain.log.tiles import EntryBundle, Tile, bundled, bundles_between, parse_tile_path, tiles_between
from domain.merkle import (
    EMPTY_ROOT,
    MAX_SIZE,
    Frontier,
    ProofRejected,
    TreeBoundsError,
    leaf_hash,
    leaf_hashes,
    root_from_leaves,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [b"leaf %d" % number for number in range(66_000)]
LARGE = 65_536 + 300


def grown(*counts):
    """A tree of the first leaves, appended in steps of these counts, and where its tiles lie."""
    store = InMemoryTiles()
    tree = TiledTree(store)
    for count in counts:
        tree.append(LEAVES[tree.size : tree.size + count])
    return tree, store


@pytest.fixture(scope="module")
def large():
    """A tree with full tiles of two levels and a third above, and its tiles."""
    return grown(LARGE)


def test_every_size_has_the_root_from_scratch():
    """One leaf at a time over the first tile's edge: each root is that of the definition, and of the growing frontier."""
    tree, _ = grown()
    frontier = Frontier()
    assert tree.root == EMPTY_ROOT
    for size in range(1, 600):
        assert tree.append([LEAVES[size - 1]]) == tree.root == root_from_leaves(LEAVES[:size])
        frontier = frontier.extended([leaf_hash(LEAVES[size - 1])])
        assert (tree.size, tree.root) == (frontier.size, frontier.root())


def test_a_large_tree_has_the_root_from_scratch(large):
    """Over the edge of a tile of level 1, where a third level begins."""
    tree, _ = large
    assert tree.root == root_from_leaves(LEAVES[:LARGE]) == tree.reader.root()
    assert tree.reader.root(65_536) == root_from_leaves(LEAVES[:65_536])


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 700), max_size=8))
def test_tiles_do_not_depend_on_the_steps(counts):
    """Full tiles and bundles are those of one single append; every size that was reached has its partial ones; no others."""
    tree, store = grown(*counts)
    at_once, all_at_once = grown(sum(counts))
    assert tree.root == at_once.root
    assert {path: store.contents[path] for path in all_at_once.contents} == all_at_once.contents
    expected, size = set(), 0
    for count in counts:
        for places in (tiles_between(size, size + count), bundles_between(size, size + count)):
            expected |= {place.path for place in places}
        size += count
    assert store.contents.keys() == expected


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 700), max_size=5), st.integers(0, 700))
def test_a_resumed_tree_goes_on(counts, more):
    """After a restart the tiles are all that is needed: the next append writes what it would have written without."""
    tree, store = grown(*counts)
    copy = InMemoryTiles()
    copy.contents = dict(store.contents)
    resumed = TiledTree.resume(copy, tree.size, tree.root)
    assert (resumed.size, resumed.root) == (tree.size, tree.root)
    added = LEAVES[tree.size : tree.size + more]
    assert resumed.append(added) == tree.append(added)
    assert copy.contents == store.contents


def test_a_tree_resumes_at_the_edge_of_tiles(large):
    """With no partial tile at all below the top, and with three levels."""
    for count in (256, 65_536):
        tree, store = grown(count)
        assert TiledTree.resume(store, count, tree.root).append([b"next"]) == root_from_leaves(
            [*LEAVES[:count], b"next"]
        )
    tree, store = large
    assert TiledTree.resume(store, LARGE, tree.root).root == tree.root


def test_a_log_with_another_history_is_not_resumed():
    """Where the tiles are not those that were last signed, appending is refused: it would sign a second history."""
    tree, store = grown(300)
    with pytest.raises(ProofRejected, match="was signed"):
        TiledTree.resume(store, 300, root_from_leaves([b"other", *LEAVES[1:300]]))
    with pytest.raises(TileMissing):
        TiledTree.resume(store, 301, tree.root)
    with pytest.raises(TreeBoundsError):
        TiledTree.resume(store, -1, tree.root)


def test_a_damaged_bundle_at_the_edge_is_not_continued():
    """The entries that the next bundle begins with are those that the tree commits to."""
    tree, store = grown(300)
    store.contents[EntryBundle(1, 44).path] = bundled([b"other", *LEAVES[257:300]])
    with pytest.raises(ProofRejected):
        TiledTree.resume(store, 300, tree.root)


@settings(deadline=None)
@given(st.data())
def test_proofs_from_tiles_verify(large, data):
    """Inclusion and consistency at any two sizes of a large log, read from the tiles of the present one."""
    tree, _ = large
    reader = tree.reader
    new = data.draw(st.integers(1, LARGE))
    old = data.draw(st.integers(1, new))
    index = data.draw(st.integers(0, new - 1))
    root = reader.root(new)
    verify_inclusion(leaf_hash(LEAVES[index]), index, new, reader.inclusion_proof(index, new), root)
    verify_consistency(old, reader.root(old), new, root, reader.consistency_proof(old, new))


def test_every_tree_continues_the_empty_one(large):
    """From size 0 the proof is empty."""
    assert large[0].reader.consistency_proof(0) == []


@pytest.mark.parametrize(
    "ask",
    [
        lambda reader: reader.root(301),
        lambda reader: reader.root(-1),
        lambda reader: reader.inclusion_proof(300),
        lambda reader: reader.inclusion_proof(0, 301),
        lambda reader: reader.inclusion_proof(7, 7),
        lambda reader: reader.consistency_proof(301),
        lambda reader: reader.consistency_proof(8, 7),
        lambda reader: reader.consistency_proof(-1),
        lambda reader: list(reader.entries(5, 4)),
        lambda reader: list(reader.entries(-1)),
        lambda reader: list(reader.entries(0, 301)),
        lambda _: TileReader(InMemoryTiles(), MAX_SIZE + 1),
    ],
)
def test_what_the_log_has_not_is_refused(ask):
    """Sizes and indexes beyond the log are refused before anything is read."""
    with pytest.raises(TreeBoundsError):
        ask(grown(300)[0].reader)


@given(st.integers(0, 600), st.integers(0, 600))
def test_entries_come_back_in_order(first, second):
    """Any range of entries, over the edges of bundles."""
    begin, end = sorted((first, second))
    tree, _ = grown(600)
    assert list(tree.reader.entries(begin, end)) == LEAVES[begin:end]


def test_another_entry_than_the_tree_commits_to_is_refused():
    """A bundle in which one entry was rewritten is not handed out, not one entry of it."""
    tree, store = grown(600)
    store.contents[EntryBundle(1).path] = bundled([*LEAVES[256:300], b"rewritten", *LEAVES[301:512]])
    assert list(tree.reader.entries(0, 256)) == LEAVES[:256]
    with pytest.raises(ProofRejected, match="tile/entries/001"):
        next(tree.reader.entries(256))


@settings(deadline=None)
@given(st.data())
def test_a_reader_with_a_root_believes_no_source(large, data):
    """Whichever bit of whichever tile or bundle is changed, what it touches is refused, and the rest still reads."""
    tree, store = large
    path = data.draw(st.sampled_from(sorted(store.contents)))
    bit = data.draw(st.integers(0, 8 * len(store.contents[path]) - 1))
    changed = bytearray(store.contents[path])
    changed[bit // 8] ^= 1 << bit % 8
    damaged = InMemoryTiles()
    damaged.contents = {**store.contents, path: bytes(changed)}
    reader = TileReader(damaged, LARGE, tree.root)
    place = parse_tile_path(path)
    span = 256 if isinstance(place, EntryBundle) else 256 ** (place.level + 1)
    begin, end = place.index * span, min(LARGE, (place.index + 1) * span)
    with pytest.raises((ProofRejected, TileError)):
        list(reader.entries(begin, end))
    if isinstance(place, Tile):
        with pytest.raises(ProofRejected):
            reader.inclusion_proof(begin)
    if begin >= 256 and not (isinstance(place, Tile) and place.width < 256):
        assert list(reader.entries(0, 256)) == LEAVES[:256]


def test_a_reader_with_a_root_reads_all(large):
    """Every entry, and proofs at other sizes, of a log that is as it was signed; another root is refused at once."""
    tree, store = large
    reader = TileReader(store, LARGE, tree.root)
    assert list(reader.entries()) == LEAVES[:LARGE]
    assert reader.root(777) == root_from_leaves(LEAVES[:777])
    with pytest.raises(ProofRejected, match="was signed"):
        TileReader(store, LARGE, root_from_leaves(LEAVES[:777])).inclusion_proof(0)
    with pytest.raises(ProofRejected, match="was signed"):
        TileReader(store, 0, tree.root).edge()


def test_a_full_tile_answers_for_a_partial_one_that_is_gone():
    """A log may drop partial tiles once the full one is there; a reader of the older size goes on reading."""
    _, store = grown(300, 300)
    store.contents = {path: content for path, content in store.contents.items() if ".p/44" not in path}
    reader = TileReader(store, 300)
    assert reader.root() == root_from_leaves(LEAVES[:300])
    assert list(reader.entries()) == LEAVES[:300]


def test_missing_and_damaged_tiles_are_named():
    """A tile that is not there and one of another length are told apart, by path."""
    tree, store = grown(600)
    content = store.contents.pop(Tile(0, 1).path)
    with pytest.raises(TileMissing, match="tile/0/001") as missing:
        tree.reader.inclusion_proof(300)
    assert missing.value.code == "log-tile-missing"
    del store.contents[Tile(0, 2, 88).path]
    with pytest.raises(TileMissing, match="tile/0/002"):
        tree.reader.root()
    store.contents[Tile(0, 1).path] = content[:-1]
    with pytest.raises(TileError, match="8191 bytes"):
        tree.reader.inclusion_proof(300)


def test_a_failed_write_leaves_the_tree_as_it_was():
    """Wherever the store fails, the tree stays at its size and root, and the same append succeeds afterwards."""

    class Failing(InMemoryTiles):
        left = 10**9

        def write(self, place, content):
            if self.left == 0:
                raise OSError("no space left on the device")
            self.left -= 1
            super().write(place, content)

    expected, tiles = grown(200, 400)
    for writes in range(8):
        store = Failing()
        tree = TiledTree(store)
        tree.append(LEAVES[:200])
        root, store.left = tree.root, writes
        if writes < 7:
            with pytest.raises(OSError, match="space"):
                tree.append(LEAVES[200:600])
            assert (tree.size, tree.root) == (200, root)
            assert TiledTree.resume(store, 200, root).root == root
            store.left = 10**9
        assert tree.append(LEAVES[200:600]) == expected.root
        assert store.contents == tiles.contents


def test_entries_that_do_not_fit_change_nothing():
    """An entry that is too long is refused before a single tile is written."""
    tree, store = grown(3)
    before = dict(store.contents)
    with pytest.raises(TileError, match="65535"):
        tree.append([b"fits", bytes(2**16)])
    assert (tree.size, store.contents) == (3, before)
    tree.append([])
    assert (tree.size, store.contents) == (3, before)


def test_the_first_proof_reads_few_tiles(large):
    """A proof reads the tiles on its way and no others, each once: what keeps it the same at any size."""
    _, store = large
    read = []

    class Counting:
        def read(self, place):
            read.append(place)
            return store.read(place)

    reader = TileReader(Counting(), LARGE)
    reader.inclusion_proof(1234)
    assert len(read) == len(set(read)) <= 6
    reader.inclusion_proof(1235)
    assert len(read) <= 6


def test_a_level_0_tile_holds_the_hashes_of_its_entries(large):
    """Bundles and tiles speak of the same leaves."""
    _, store = large
    for index in (0, 100, 255):
        entries = EntryBundle(index).entries(store.read(EntryBundle(index)))
        assert store.read(Tile(0, index)) == leaf_hashes(entries)
