"""The page on the transparency log shows code that works, a leaf as it is written, and every code of an error."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import UUID

import pytest

from domain.log import log_errors
from domain.log.checkpoint import LogCheckpoint, LogOrigin
from domain.log.leaf import LogLeaf
from domain.log.log_proof import LogProof
from domain.log.note_keys import SigningKey
from domain.log.tiled_tree import InMemoryTiles, TiledTree
from domain.merkle import ProofRejected, TransparencyError
from infrastructure.log.errors import LogRefusal

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "transparency-log.md").read_text(encoding="utf-8")
ORIGIN = str(LogOrigin("registry.example.org/log", 1))
KEY = SigningKey(ORIGIN, bytes(range(32)))
VKEY = KEY.verifier.vkey
LEAVES = [LogLeaf.of(UUID(int=1), number, "recognition-case.matched", number, b"stored") for number in range(1, 400)]


@pytest.fixture(scope="module")
def shown():
    """What the page's code defines."""
    [block] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names = {}
    exec(compile(block, "docs/transparency-log.md", "exec"), names)
    return names


def history(*counts):
    """Signed checkpoints of a log at these sizes, and its tiles."""
    store = InMemoryTiles()
    tree = TiledTree(store)
    notes = []
    for count in counts:
        tree.append([leaf.encode() for leaf in LEAVES[tree.size : count]])
        notes.append(LogCheckpoint(ORIGIN, tree.size, tree.root).signed(KEY))
    return notes, tree, store


def test_verify_as_shown(shown):
    """A proof file verifies under the log's key, and another leaf does not."""
    [note], tree, _ = history(399)
    file = LogProof(7, tuple(tree.reader.inclusion_proof(7)), note).serialise()
    assert shown["verify"](file, LEAVES[7], VKEY) == 399
    with pytest.raises(ProofRejected):
        shown["verify"](file, LEAVES[8], VKEY)


def test_watch_as_shown(shown):
    """New leaves come out once growth is proved; a log that shrank is refused."""
    [empty, old, new], _, store = history(0, 100, 399)
    assert shown["watch"](old.serialise(), new.serialise(), store, VKEY) == LEAVES[100:]
    assert shown["watch"](empty.serialise(), new.serialise(), store, VKEY) == LEAVES
    with pytest.raises(ProofRejected, match="shrank"):
        shown["watch"](new.serialise(), old.serialise(), store, VKEY)


def test_the_leaf_shown_is_a_leaf():
    """The example is byte for byte what the registry would write."""
    [entry] = re.findall(r"```json\n(.*?)\n```", PAGE)
    assert LogLeaf.parse(entry.encode()).topic == "recognition-case.approved"


def test_every_code_is_listed():
    """The page lists the codes of all errors, and no other."""

    def below(kind):
        return {kind.code} | {code for each in kind.__subclasses__() for code in below(each)}

    assert log_errors.NoteError in TransparencyError.__subclasses__()
    listed = set(re.findall(r"`(log-[a-z-]+)`", PAGE))
    assert listed == (below(TransparencyError) | below(LogRefusal)) - {TransparencyError.code, LogRefusal.code}
