"""An independent implementation, Go's checksum database, reads a log as we write it and makes the same proofs.

Needs Debian's ``golang-go`` and ``golang-golang-x-mod-dev``, and is skipped without them; the public vectors and our own
laws cover the same ground.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from domain.log.checkpoint import LogCheckpoint, LogOrigin
from domain.log.note_keys import SigningKey, to_base64
from domain.log.tiled_tree import InMemoryTiles, TiledTree
from domain.log.tiles import parse_tile_path, tiles_between
from domain.merkle import root_from_leaves

GO = shutil.which("go")
GOPATH = Path("/usr/share/gocode")
ORIGIN = str(LogOrigin("registry.example.org/log", 1))
SIZES = (1, 2, 255, 256, 257, 300, 700)

pytestmark = pytest.mark.skipif(
    GO is None or not (GOPATH / "src/golang.org/x/mod/sumdb/tlog").is_dir(),
    reason="Go or its module golang.org/x/mod is not installed: apt-get install golang-go golang-golang-x-mod-dev",
)


def test_go_reads_the_same_log(tmp_path):
    """Roots of 700 sizes, 3 542 proofs, the tiles' places and the signature are those that Go makes, from our files."""
    entries = [b"leaf %d" % number for number in range(700)]
    store = InMemoryTiles()
    tree = TiledTree(store)
    for begin in range(0, 700, 7):
        tree.append(entries[begin : begin + 7])
    key = SigningKey(ORIGIN, bytes(range(32)))
    note = LogCheckpoint(ORIGIN, tree.size, tree.root).signed(key).serialise()
    others = {
        "checkpoint": note,
        "vkey": key.verifier.vkey.encode(),
        "secret": key.secret.encode(),
        "leaves": "\n".join(map(to_base64, entries)).encode(),
    }
    for path, content in {**store.contents, **others}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)

    said = json.loads(
        subprocess.run(
            [GO, "run", str(Path(__file__).with_name("go") / "main.go"), str(tmp_path), *map(str, SIZES)],
            env={**os.environ, "GO111MODULE": "off", "GOPATH": str(GOPATH), "GOFLAGS": "", "GOPROXY": "off"},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
    )
    reader = tree.reader
    assert said["roots"] == [to_base64(root_from_leaves(entries[:size])) for size in range(1, 701)]
    inclusion = {
        f"{i}/{n}": [to_base64(each) for each in reader.inclusion_proof(i, n)] for n in SIZES for i in range(n)
    }
    growth = {
        f"{m}/{n}": [to_base64(each) for each in reader.consistency_proof(m, n)] for n in SIZES for m in range(1, n + 1)
    }
    assert len(inclusion) == len(growth) == sum(SIZES) == 1771
    assert said["inclusion"] == {key: proof for key, proof in inclusion.items() if proof}
    assert said["consistency"] == {key: proof for key, proof in growth.items() if proof}
    # Go publishes the partial tiles of every size on the way, too; those of the last size are the widest.
    named = [parse_tile_path(path) for path in said["paths"]]
    assert {max(named, key=lambda tile: (tile.full == each.full, tile.width)) for each in named} == {
        *tiles_between(0, 700)
    }
    assert said["note"].encode() == note
