"""Trees, proofs and frontiers say what RFC 6962 says, and nothing that was changed by a bit is accepted."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.merkle import (
    EMPTY_ROOT,
    MAX_SIZE,
    Frontier,
    ProofRejected,
    TransparencyError,
    TreeBoundsError,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    leaf_hashes,
    node_hash,
    root_from_leaves,
    root_over,
    subtrees,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [b"leaf %d" % number for number in range(300)]
sizes = st.integers(1, 300)


def split(size):
    """The largest power of two below a size, by trying: RFC 6962 calls it k."""
    k = 1
    while k * 2 < size:
        k *= 2
    return k


def mth(leaves):
    """MTH of RFC 6962, section 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    k = split(len(leaves))
    return sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path(m, leaves):
    """PATH of RFC 6962, section 2.1.1."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m, leaves, whole):
    """SUBPROOF of RFC 6962, section 2.1.2."""
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), mth(leaves[:k])]


def hash_at(level, index):
    return mth(LEAVES[index << level : (index + 1) << level])


def turns(index, size):
    """On which side of the path to a leaf its siblings stand, from below: what a proof's own form says of a tree."""
    if size == 1:
        return ()
    k = split(size)
    return (*turns(index, k), "right") if index < k else (*turns(index - k, size - k), "left")


def growth_turns(old, new):
    """The same for a consistency proof: the sides of what follows its first hash, and whether it brings that itself."""

    def below(m, size, whole):
        if m == size:
            return (not whole,)
        k = split(size)
        return (*below(m, k, whole), "right") if m <= k else (*below(m - k, size - k, False), "left")

    return below(old, new, True)


def flipped(data, bit):
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << (bit % 8)
    return bytes(changed)


def rejected(verify, *arguments):
    """Whether a verification refuses, in one of the two ways that it may."""
    try:
        verify(*arguments)
    except (ProofRejected, TreeBoundsError):
        return True
    return False


@pytest.mark.parametrize("size", [*range(70), 127, 128, 129, 255, 256, 257, 300])
def test_the_root_is_that_of_the_definition(size):
    """From leaves, from their hashes, and leaf by leaf through a frontier."""
    expected = mth(LEAVES[:size])
    assert root_from_leaves(LEAVES[:size]) == expected
    assert root_over(leaf_hashes(LEAVES[:size])) == expected
    assert Frontier().extended(map(leaf_hash, LEAVES[:size])).root() == expected
    assert Frontier.read(hash_at, size).root() == expected


def test_known_answers():
    """Hashes that were computed once with sha256sum: the domain separation of leaves and nodes, and the empty tree."""
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert node_hash(b"N123", b"N456").hex() == "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb"


@given(st.integers(0, 300), st.integers(0, 300))
def test_a_frontier_grows_by_any_steps(first, second):
    """Growing in two steps is growing in one, and both hold one hash for each bit of the size."""
    low, high = sorted((first, second))
    hashes = [leaf_hash(each) for each in LEAVES[:high]]
    grown = Frontier().extended(hashes[:low]).extended(hashes[low:])
    assert grown == Frontier().extended(hashes)
    assert (grown.size, len(grown.peaks)) == (high, high.bit_count())


@given(st.integers(0, 2**40), st.integers(0, 2**40))
def test_subtrees_tile_a_range(first, second):
    """They follow each other without gap or overlap, and are at most two for each level."""
    begin, end = sorted((first, second))
    at = begin
    found = list(subtrees(begin, end))
    for level, index in found:
        assert index << level == at
        at = (index + 1) << level
    assert at == end
    assert len(found) <= 2 * max(1, (end - begin).bit_length())


def test_every_proof_of_small_trees_is_that_of_the_definition():
    """All leaves and all older sizes of trees up to 40 leaves: what the RFC's recursion makes, and it verifies."""
    for size in range(1, 41):
        root = mth(LEAVES[:size])
        for index in range(size):
            proof = inclusion_proof(hash_at, index, size)
            assert proof == path(index, LEAVES[:size])
            verify_inclusion(leaf_hash(LEAVES[index]), index, size, proof, root)
            growth = consistency_proof(hash_at, index + 1, size)
            assert growth == subproof(index + 1, LEAVES[:size], True)
            verify_consistency(index + 1, mth(LEAVES[: index + 1]), size, root, growth)


@settings(deadline=None)
@given(st.data())
def test_no_changed_inclusion_proof_is_accepted(data):
    """A bit changed in leaf, index, root or any hash, a hash left out, added or moved: each is refused.

    A changed size is refused wherever it changes the form of the path; where the form is the same (leaf 0 of 3 and of 4),
    only the signed checkpoint tells, as size and root are signed together.
    """
    size = data.draw(sizes)
    index = data.draw(st.integers(0, size - 1))
    leaf, root, proof = leaf_hash(LEAVES[index]), root_from_leaves(LEAVES[:size]), inclusion_proof(hash_at, index, size)
    verify_inclusion(leaf, index, size, proof, root)
    bit = data.draw(st.integers(0, 255))
    assert rejected(verify_inclusion, flipped(leaf, bit), index, size, proof, root)
    assert rejected(verify_inclusion, leaf, index, size, proof, flipped(root, bit))
    for place in range(len(proof)):
        changed = [*proof[:place], flipped(proof[place], bit), *proof[place + 1 :]]
        assert rejected(verify_inclusion, leaf, index, size, changed, root)
        assert rejected(verify_inclusion, leaf, index, size, proof[:place] + proof[place + 1 :], root)
    for place in range(len(proof) + 1):
        assert rejected(verify_inclusion, leaf, index, size, [*proof[:place], leaf, *proof[place:]], root)
    for shift in range(63):
        assert rejected(verify_inclusion, leaf, index ^ (1 << shift), size, proof, root)
        other = size ^ (1 << shift)
        same_form = index < other and turns(index, other) == turns(index, size)
        assert rejected(verify_inclusion, leaf, index, other, proof, root) is not same_form
    assert rejected(verify_inclusion, leaf, -1, size, proof, root)


@settings(deadline=None)
@given(st.data())
def test_no_changed_consistency_proof_is_accepted(data):
    """A bit changed in either root or any hash, a hash left out or added: each is refused; sizes as with inclusion."""
    new = data.draw(sizes)
    old = data.draw(st.integers(1, new))
    old_root, new_root = root_from_leaves(LEAVES[:old]), root_from_leaves(LEAVES[:new])
    proof = consistency_proof(hash_at, old, new)
    verify_consistency(old, old_root, new, new_root, proof)
    bit = data.draw(st.integers(0, 255))
    assert rejected(verify_consistency, old, flipped(old_root, bit), new, new_root, proof)
    assert rejected(verify_consistency, old, old_root, new, flipped(new_root, bit), proof)
    for place in range(len(proof)):
        changed = [*proof[:place], flipped(proof[place], bit), *proof[place + 1 :]]
        assert rejected(verify_consistency, old, old_root, new, new_root, changed)
        assert rejected(verify_consistency, old, old_root, new, new_root, proof[:place] + proof[place + 1 :])
    for place in range(len(proof) + 1):
        assert rejected(verify_consistency, old, old_root, new, new_root, [*proof[:place], old_root, *proof[place:]])
    for shift in range(63):
        for m, n in ((old ^ (1 << shift), new), (old, new ^ (1 << shift))):
            same_form = 0 < m <= n and growth_turns(m, n) == growth_turns(old, new)
            assert rejected(verify_consistency, m, old_root, n, new_root, proof) is not same_form


@given(st.data())
def test_another_history_is_never_consistent(data):
    """Whatever leaf of the older tree is rewritten, the honest proof of the newer one refuses the older root."""
    new = data.draw(st.integers(2, 300))
    old = data.draw(st.integers(1, new))
    rewritten = data.draw(st.integers(0, old - 1))
    leaves = [*LEAVES[:rewritten], b"rewritten", *LEAVES[rewritten + 1 : old]]
    proof = consistency_proof(hash_at, old, new)
    with pytest.raises(ProofRejected):
        verify_consistency(old, root_from_leaves(leaves), new, root_from_leaves(LEAVES[:new]), proof)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: inclusion_proof(hash_at, 0, 0),
        lambda: inclusion_proof(hash_at, 7, 7),
        lambda: inclusion_proof(hash_at, -1, 7),
        lambda: inclusion_proof(hash_at, True, 7),
        lambda: inclusion_proof(hash_at, 0, MAX_SIZE + 1),
        lambda: inclusion_proof(hash_at, 0, -1),
        lambda: consistency_proof(hash_at, 0, 7),
        lambda: consistency_proof(hash_at, 8, 7),
        lambda: consistency_proof(hash_at, -1, 7),
        lambda: verify_inclusion(EMPTY_ROOT[:31], 0, 1, [], EMPTY_ROOT[:31]),
        lambda: verify_inclusion(EMPTY_ROOT, 0, 2, [b"short"], EMPTY_ROOT),
        lambda: verify_consistency(0, EMPTY_ROOT, 0, EMPTY_ROOT, []),
        lambda: verify_consistency(1, EMPTY_ROOT, 2, EMPTY_ROOT, [EMPTY_ROOT * 2]),
        lambda: Frontier(3, (EMPTY_ROOT,)),
        lambda: Frontier(1, (b"short",)),
        lambda: Frontier(-1),
        lambda: Frontier.read(hash_at, MAX_SIZE + 1),
        lambda: root_over(b"half a hash"),
    ],
)
def test_what_no_tree_has_is_refused(ask):
    """Sizes, indexes and hashes out of bounds get a clear sentence and the code for bounds, never a wrong proof."""
    with pytest.raises(TreeBoundsError) as refused:
        ask()
    assert refused.value.code == "log-bounds"
    assert str(refused.value).endswith(".")
    assert isinstance(refused.value, TransparencyError)


def test_the_largest_tree_has_proofs():
    """At 2^63 - 1 leaves a path is as long as it can be, and verification stays arithmetic on 63 hashes."""
    proof = inclusion_proof(lambda level, index: sha256(b"%d/%d" % (level, index)).digest(), 0, MAX_SIZE)
    assert len(proof) == 63
    growth = consistency_proof(lambda level, index: sha256(b"%d/%d" % (level, index)).digest(), 2**62 + 1, MAX_SIZE)
    assert 60 <= len(growth) <= 64
