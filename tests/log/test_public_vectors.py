"""The public vectors of RFC 6962, transparency-dev, tessera, sunlight, C2SP and RFC 8785 all agree with the code."""

from __future__ import annotations

import json
from base64 import b64decode
from hashlib import sha256

import pytest
import rfc8785

from domain.log.checkpoint import LogCheckpoint, TrustPolicy, cosignatures
from domain.log.log_errors import SignatureRejected, TileMissing
from domain.log.note_keys import VerifierKey
from domain.log.signed_note import SignedNote
from domain.log.tile_reader import TileReader
from domain.log.tiled_tree import InMemoryTiles, TiledTree
from domain.log.tiles import EntryBundle, Tile, levels_of, parse_tile_path, tiles_between
from domain.merkle import (
    EMPTY_ROOT,
    TransparencyError,
    leaf_hash,
    node_hash,
    root_from_leaves,
    verify_consistency,
    verify_inclusion,
)
from tests.log.vectors import FOLDER, files, needed

pytestmark = needed

TESSERA = FOLDER / "tessera_testdata_log" / "testdata" / "log"
TESSERA_KEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
SKYLIGHT = FOLDER / "sunlight_skylight" / "cmd" / "skylight" / "testdata"
ROME = sha256(b"rome2026h1.example.org").hexdigest()
MILAN = sha256(b"milan2026h1.example.org").hexdigest()


class FolderOfTiles:
    """A log as files: the published form itself."""

    def __init__(self, folder):
        self.folder = folder

    def read(self, place):
        try:
            return (self.folder / place.path).read_bytes()
        except FileNotFoundError:
            raise TileMissing(place.path) from None


def ct_vectors():
    return json.loads((FOLDER / "c2sp" / "rfc6962_ct_vectors.json").read_text())


def test_certificate_transparency_roots():
    """The eight leaves of the CT reference give its roots at every size, and the empty tree its own."""
    vectors = ct_vectors()
    leaves = [bytes.fromhex(each) for each in vectors["leaves_hex"]]
    roots = [root_from_leaves(leaves[:size]).hex() for size in range(1, len(leaves) + 1)]
    assert roots == vectors["roots_size_1_to_8"]
    assert EMPTY_ROOT.hex() == vectors["empty_root"]
    assert leaf_hash(b"L123456").hex() == vectors["leaf_hash_of_L123456"]
    assert node_hash(b"N123", b"N456").hex() == vectors["node_hash_of_N123_N456"]


def test_tile_paths_of_the_specification():
    """Index 1234067 and the tiles of a tree of 70 000 leaves have the paths that tlog-tiles prints."""
    vectors = ct_vectors()["tile_paths"]
    assert Tile(0, 1234067).path == vectors["level0 index 1234067"]
    partial = [tile.path for tile in tiles_between(0, 70_000) if tile.width < 256]
    assert partial == vectors["size 70000 partials"]


def test_checkpoint_body_of_the_specification():
    """The checkpoint of Go's sum database is written and read as it prints it."""
    body = ct_vectors()["checkpoint_body"]
    root = leaf_hash(b"hello world")
    text = LogCheckpoint(body["origin"], body["size"], root).text
    lines = [body["origin"], str(body["size"]), body["root_b64_of_leaf 'hello world'"]]
    assert text == "".join(f"{line}\n" for line in lines)
    assert LogCheckpoint.parse(text).root == root


def agrees(path, verify):
    """Whether the code accepts what the probe says is right and refuses what it says is wrong."""
    probe = json.loads(path.read_text())
    try:
        verify(probe, [b64decode(each) for each in probe["proof"] or []])
    except TransparencyError:
        return probe["wantErr"]
    return not probe["wantErr"]


def test_every_inclusion_probe():
    """98 probes of transparency-dev, right and wrong, are judged as they say."""

    def verify(probe, proof):
        root, leaf = b64decode(probe["root"] or ""), b64decode(probe["leafHash"] or "")
        verify_inclusion(leaf, probe["leafIdx"], probe["treeSize"], proof, root)

    probes = files("transparency-dev_merkle/testdata/inclusion/**/*.json")
    assert len(probes) == 98
    assert [str(path) for path in probes if not agrees(path, verify)] == []


def test_every_consistency_probe():
    """98 probes of transparency-dev, right and wrong, are judged as they say."""

    def verify(probe, proof):
        old, new = b64decode(probe["root1"] or ""), b64decode(probe["root2"] or "")
        verify_consistency(probe["size1"], old, probe["size2"], new, proof)

    probes = files("transparency-dev_merkle/testdata/consistency/**/*.json")
    assert len(probes) == 98
    assert [str(path) for path in probes if not agrees(path, verify)] == []


def tessera_checkpoint(size):
    return TrustPolicy.of(TESSERA_KEY).open((TESSERA / f"checkpoint.{size}").read_bytes()).checkpoint


def test_tessera_log_at_every_size():
    """A log that tessera wrote verifies at each size: signature, root from tiles, entries, growth from every earlier size."""
    seen = []
    for size in range(16):
        checkpoint = tessera_checkpoint(size)
        reader = TileReader(FolderOfTiles(TESSERA), size, checkpoint.root)
        assert (checkpoint.size, reader.root()) == (size, checkpoint.root)
        entries = list(reader.entries())
        assert (len(entries), root_from_leaves(entries)) == (size, checkpoint.root)
        for older in seen:
            checkpoint.require_growth(older, reader.consistency_proof)
        for index, entry in enumerate(entries):
            verify_inclusion(leaf_hash(entry), index, size, reader.inclusion_proof(index), checkpoint.root)
        seen.append(checkpoint)
    latest = (TESSERA / "checkpoint").read_bytes()
    assert TrustPolicy.of(TESSERA_KEY).open(latest).checkpoint.size == 15


def test_appending_writes_the_very_bytes_of_tessera():
    """Its entries, appended one by one, give every tile and bundle that tessera published, and no others."""
    store = InMemoryTiles()
    tree = TiledTree(store)
    for entry in TileReader(FolderOfTiles(TESSERA), 15).entries():
        tree.append([entry])
    published = {
        str(path.relative_to(TESSERA)): path.read_bytes() for path in (TESSERA / "tile").rglob("*") if path.is_file()
    }
    assert len(published) == 30
    assert store.contents == published


def test_tiles_of_a_mirror():
    """Sunlight's mirror of 300 leaves: full and partial tiles of level 0 give the tile of level 1 and the signed root."""
    folder = SKYLIGHT / "witness" / "mirror" / ROME
    reader = TileReader(FolderOfTiles(folder), 300)
    checkpoint = LogCheckpoint.parse(SignedNote.parse((folder / "checkpoint").read_bytes()).text)
    assert (checkpoint.size, checkpoint.root) == (300, reader.root())
    level_0 = (folder / "tile" / "0" / "000").read_bytes()
    assert levels_of(level_0)[7][32:] == reader.hash_at(7, 1)
    assert node_hash(reader.hash_at(7, 0), reader.hash_at(7, 1)) == (folder / "tile/1/000.p/1").read_bytes()
    verify_consistency(256, reader.root(256), 300, checkpoint.root, reader.consistency_proof(256))
    paths = {str(path.relative_to(folder)) for path in (folder / "tile").rglob("*") if path.is_file()}
    assert {parse_tile_path(path) for path in paths} == {
        *tiles_between(0, 300), EntryBundle(0), EntryBundle(1, 44)
    }  # fmt: skip


@pytest.mark.parametrize(
    ("note", "keys", "origin"),
    [
        (f"witness/{ROME}/checkpoint", "witness/witness.v0.json", "rome2026h1.example.org"),
        (f"witness/mirror/{ROME}/checkpoint", "witness/mirror/mirror.v0.json", "rome2026h1.example.org"),
        (f"witness2/{MILAN}/checkpoint", "witness2/witness.v0.json", "milan2026h1.example.org"),
    ],
)
def test_cosignatures_of_third_parties(note, keys, origin):
    """Cosignatures that sunlight's witnesses made verify, with their timestamps; over another text they don't."""
    parsed = SignedNote.parse((SKYLIGHT / note).read_bytes())
    [vkey] = json.loads((SKYLIGHT / keys).read_text())["verifier_keys"]
    witness = VerifierKey.parse(vkey)
    assert witness.vkey == vkey
    [cosignature] = cosignatures(parsed, witness)
    assert (cosignature.witness, cosignature.timestamp) == (witness, 0x69546780)
    assert LogCheckpoint.parse(parsed.text).origin == origin
    with pytest.raises(SignatureRejected):
        cosignatures(SignedNote(parsed.text.replace("300", "301"), parsed.signatures), witness)


def test_the_note_of_the_specification():
    """The example of signed-note verifies under its key, and is written back byte for byte."""
    data = (FOLDER / "c2sp" / "signed_note_example.txt").read_bytes()
    key = VerifierKey.parse((FOLDER / "c2sp" / "signed_note_example.vkey").read_text().strip())
    note = SignedNote.parse(data)
    assert note.opened(key) == "This is an example message.\n"
    assert note.serialise() == data


@pytest.mark.parametrize("path", files("jcs_cyberphone/testdata/input/*.json"), ids=lambda path: path.stem)
def test_canonical_json(path):
    """The library that writes leaves agrees with the vectors of RFC 8785, as text and as bytes."""
    canonical = rfc8785.dumps(json.loads(path.read_text(encoding="utf-8")))
    home = path.parent.parent
    assert canonical == (home / "output" / path.name).read_bytes()
    assert canonical == bytes.fromhex((home / "outhex" / f"{path.stem}.txt").read_text())
