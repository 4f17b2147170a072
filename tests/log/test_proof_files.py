"""A proof file proves its leaf to whoever has the log's key, offline; changed by a bit, it proves nothing."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.log.checkpoint import LogCheckpoint, LogOrigin, TrustPolicy, cosigned
from domain.log.leaf import LogLeaf
from domain.log.log_errors import CheckpointError, NoteError, ProofFileError, SignatureRejected
from domain.log.log_proof import MAX_PROOF_FILE, LogProof
from domain.log.note_keys import KeyType, SigningKey
from domain.log.tiled_tree import InMemoryTiles, TiledTree
from domain.merkle import MAX_SIZE, ProofRejected, TransparencyError, TreeBoundsError

ORIGIN = str(LogOrigin("registry.example.org/log", 1))
KEY = SigningKey(ORIGIN, bytes(range(32)))
WITNESS = SigningKey("witness.example.org", bytes([7]) * 32, KeyType.COSIGNATURE)
POLICY = TrustPolicy.of(KEY.verifier.vkey)
LEAVES = [
    LogLeaf.of(UUID(int=number), 1, "recognition-case.submitted", 10 * number + 1, b"stored %d" % number).encode()
    for number in range(300)
]


def tree_of(size):
    tree = TiledTree(InMemoryTiles())
    tree.append(LEAVES[:size])
    return tree


TREE = tree_of(300)
NOTE = cosigned(LogCheckpoint(ORIGIN, TREE.size, TREE.root).signed(KEY), WITNESS, 1_800_000_000)


def proof_of(index, extra=None):
    return LogProof(index, tuple(TREE.reader.inclusion_proof(index)), NOTE, extra)


FILE = proof_of(7).serialise()

OWN_VECTOR = """\
c2sp.org/tlog-proof@v1
extra Y29udGV4dA==
index 1
ift+KyhZniPqc3oJFXER06IvY4LhtneXM91S3Qb9VJU=
JBsgk8cCfjC9D0my7J+0PkI4WMKw2gWflMo2h9DxzC0=

registry.example.org/log/1
3
TVUiXQJoCrhrx6HRAjtD0sv5E6zcS2BSsau2RxwHp6c=

— registry.example.org/log/1 9zgfabDrYxm7Kh7iIwP5vOfEiya7DSQmjg1gSOebAHT0sccwDvetSqYPp6hWli89Rq2Djv24FX4Si2ePCCTG/S9gLQ0=
— witness.example.org cB0N2AAAAABrSdIAm8PBXdA5lAvW3Z/PcbnhN7VPVwNqyHdJhczM8SWa2a//a1zu2KH6XcU99vSTE/T3wDMSPw4rE/bgqOTUDkLTAg==
"""


def test_own_vector():
    """A file as it was first written: three leaves, the second one's proof, signed and witnessed; its form never changes."""
    tree = tree_of(3)
    note = cosigned(LogCheckpoint(ORIGIN, tree.size, tree.root).signed(KEY), WITNESS, 1_800_000_000)
    proof = LogProof(1, tuple(tree.reader.inclusion_proof(1)), note, b"context")
    assert proof.serialise().decode() == OWN_VECTOR
    policy = TrustPolicy.of(KEY.verifier.vkey, WITNESS.verifier.vkey)
    trusted = LogProof.parse(OWN_VECTOR.encode()).verify(LEAVES[1], policy)
    assert (trusted.checkpoint.size, trusted.cosignatures[0].timestamp) == (3, 1_800_000_000)


@given(st.integers(0, 299), st.none() | st.binary(min_size=1))
def test_a_proof_is_read_back_and_verifies(index, extra):
    """Every leaf of the tree, with and without extra data; a verifier learns size and root of the log."""
    proof = proof_of(index, extra)
    data = proof.serialise()
    assert LogProof.parse(data) == proof
    assert LogProof.parse(data).verify(LEAVES[index], POLICY).checkpoint.root == TREE.root


def test_the_only_leaf_of_a_log():
    """A tree of one leaf has an empty path: the leaf's hash is the root."""
    note = LogCheckpoint(ORIGIN, 1, tree_of(1).root).signed(KEY)
    data = LogProof(0, (), note).serialise()
    assert data.startswith(b"c2sp.org/tlog-proof@v1\nindex 0\n\nregistry.example.org/log/1\n1\n")
    assert LogProof.parse(data).verify(LEAVES[0], POLICY).checkpoint.size == 1
    with pytest.raises(ProofRejected):
        LogProof.parse(data).verify(LEAVES[1], POLICY)


@settings(max_examples=400)
@given(st.integers(0, 8 * len(FILE) - 1))
def test_no_changed_bit_is_accepted(bit):
    """Whatever bit of the file is changed, it is malformed, or proves nothing, or only a witness's line is another one."""
    data = bytearray(FILE)
    data[bit // 8] ^= 1 << (bit % 8)
    with pytest.raises(TransparencyError):
        LogProof.parse(bytes(data)).verify(LEAVES[7], TrustPolicy.of(KEY.verifier.vkey, WITNESS.verifier.vkey))


@given(st.integers(0, 299), st.integers(0, 299))
def test_a_proof_is_of_one_leaf(index, other):
    """No other leaf and no other place."""
    if index == other:
        return
    with pytest.raises(ProofRejected):
        proof_of(index).verify(LEAVES[other], POLICY)
    with pytest.raises(ProofRejected):
        LogProof(other, proof_of(index).hashes, NOTE).verify(LEAVES[index], POLICY)


def test_signatures_come_first():
    """A right path under a checkpoint that nobody known signed proves nothing, and the sentence says so."""
    with pytest.raises(SignatureRejected):
        proof_of(7).verify(LEAVES[7], TrustPolicy.of(SigningKey(ORIGIN, bytes(32)).verifier.vkey))
    with pytest.raises(SignatureRejected):
        proof_of(7).verify(LEAVES[7], TrustPolicy.of(SigningKey("other.example.org", bytes(32)).verifier.vkey))
    with pytest.raises(CheckpointError):
        proof_of(7).verify(LEAVES[7], TrustPolicy("other.example.org", (KEY.verifier,)))


def test_a_leaf_beyond_the_tree_is_refused():
    """An index that the checkpoint's tree does not have."""
    with pytest.raises(TreeBoundsError):
        LogProof(300, proof_of(7).hashes, NOTE).verify(LEAVES[7], POLICY)


HEAD, _, CHECKPOINT = FILE.partition(b"\n\n")


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\n\n", HEAD, FILE.replace(HEAD, HEAD[:22]), FILE[1:], b"\n" + FILE, FILE.replace(b"@v1", b"@v2"), FILE.replace(b"\n\n", b"\n", 1),
        FILE.replace(b"index 7", b"index 07"), FILE.replace(b"index 7", b"index -7"), FILE.replace(b"index 7", b"index  7"),
        FILE.replace(b"index 7", b"index"), FILE.replace(b"index 7", b"Index 7"), FILE.replace(b"index 7\n", b""),
        FILE.replace(b"index 7", b"index 7 "), FILE.replace(b"index 7", b"index " + b"9" * 19),
        FILE.replace(b"index 7", b"index " + b"9" * 5000), FILE.replace(b"index 7", "index ٧".encode()),
        FILE.replace(b"index 7", b"extra \nindex 7"), FILE.replace(b"index 7", b"extra !\nindex 7"),
        FILE.replace(b"index 7", b"extra AA==\nextra AA==\nindex 7"), FILE.replace(b"index 7", b"index 7\nextra AA=="),
        FILE.replace(b"index 7", b"index 7\nAAAA"), FILE.replace(b"index 7", b"index 7\n!"), FILE.replace(b"\n", b"\r\n"),
        FILE.replace(b"index 7\n", b"index 7\n" + b"A" * 43 + b"=\n" * 70), b"\xff" + FILE,
        FILE.replace(b"index 7", b"index 7\n" + b"\n".join([b"A" * 43 + b"="] * 64)), FILE + b" " * MAX_PROOF_FILE,
    ],
)  # fmt: skip
def test_any_other_file_is_no_proof(data):
    """Missing, doubled, misplaced or differently spelled lines are refused with the code for proof files."""
    with pytest.raises(ProofFileError) as refused:
        LogProof.parse(data)
    assert refused.value.code == "log-proof-file"
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize(
    "data", [HEAD + b"\n\n", HEAD + b"\n\n\n" + CHECKPOINT[:-1], HEAD + b"\n\n" + CHECKPOINT + b"\n"]
)
def test_what_follows_the_proof_is_a_note(data):
    """The checkpoint in it is as strict as a checkpoint by itself."""
    with pytest.raises(NoteError):
        LogProof.parse(data).verify(LEAVES[7], POLICY)


@pytest.mark.parametrize(
    "make",
    [
        lambda: LogProof(-1, (), NOTE), lambda: LogProof(MAX_SIZE + 1, (), NOTE), lambda: LogProof(True, (), NOTE),
        lambda: LogProof(0, (b"short",), NOTE), lambda: LogProof(0, (bytes(32),) * 64, NOTE), lambda: LogProof(0, (), NOTE, b""),
    ],
)  # fmt: skip
def test_what_no_proof_says_is_refused(make):
    """Values that could not be read back are not written."""
    with pytest.raises(ProofFileError):
        make()
