"""The Merkle tree of the transparency log: hashes, frontiers, proofs and their verification. No I/O, no formats.

A tree of ``size`` leaves is the ordered list ``D[0:size]``; ``MTH(D)`` is its root (RFC 6962, section 2.1). The hash at
(level, index) is the root of the **complete** subtree over ``D[index << level:(index + 1) << level]``, so level 0 holds the
leaf hashes. Every hash is 32 bytes of SHA-256; runs of hashes travel concatenated, since slicing bytes is what keeps large
trees fast.

    ValueError
    └── TransparencyError     code
        ├── TreeBoundsError   a size, index or hash that no tree has
        └── ProofRejected     a proof that does not prove what it is shown for

Sources: RFC 6962, section 2.1; RFC 9162, section 2.1, which says the same and gives the bounds of consistency proofs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import ClassVar, Final, Self

from domain.messages import SpokenError, tell

HASH_SIZE: Final = 32
MAX_SIZE: Final = 2**63 - 1
"""The largest tree; what tile paths, checkpoints and cosignatures of C2SP can name."""
EMPTY_ROOT: Final = sha256(b"").digest()
"""The root of the tree without leaves: SHA-256 of nothing (RFC 6962, section 2.1)."""
MAX_PROOF: Final = 63
"""No inclusion proof in a tree of at most ``MAX_SIZE`` leaves has more hashes than this."""

HashReader = Callable[[int, int], bytes]
"""Answers the hash of the complete subtree at (level, index)."""


class TransparencyError(SpokenError, ValueError):
    """Something of the transparency log is malformed, missing or untrue; one message, and a stable ``code``."""

    code: ClassVar[str] = "log"


class TreeBoundsError(TransparencyError):
    """A size, an index or a hash that no tree of the log has."""

    code = "log-bounds"


class ProofRejected(TransparencyError):
    """A proof does not lead to the root it is shown for: leaf, place, tree or proof is another one."""

    code = "log-proof-rejected"


def leaf_hash(entry: bytes) -> bytes:
    """The hash of a leaf: SHA-256 of 0x00 and the entry (RFC 6962, section 2.1)."""
    return sha256(b"\x00" + entry).digest()


def leaf_hashes(entries: Iterable[bytes]) -> bytes:
    """The hashes of leaves, concatenated in their order."""
    return b"".join([sha256(b"\x00" + entry).digest() for entry in entries])


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash over two subtrees: SHA-256 of 0x01 and their roots (RFC 6962, section 2.1)."""
    return sha256(b"\x01" + left + right).digest()


def parents(hashes: bytes) -> bytes:
    """The next level above an even number of concatenated hashes."""
    return b"".join([sha256(b"\x01" + hashes[i : i + 64]).digest() for i in range(0, len(hashes), 64)])


def root_over(hashes: bytes) -> bytes:
    """The root of the tree whose leaf hashes these are, concatenated; ``EMPTY_ROOT`` for none.

    Level by level, an odd last hash moves up unchanged: the split at the largest power of two (RFC 6962, section 2.1),
    read from below. Raises ``TreeBoundsError`` for bytes that are no whole number of hashes.
    """
    if len(hashes) % HASH_SIZE:
        raise TreeBoundsError(tell("proof.bytes_no_whole_number_byte_hashes", count=len(hashes), hash_size=HASH_SIZE))
    if not hashes:
        return EMPTY_ROOT
    while len(hashes) > HASH_SIZE:
        paired = len(hashes) // 64 * 64
        hashes = parents(hashes[:paired]) + hashes[paired:]
    return hashes


def root_from_leaves(entries: Iterable[bytes]) -> bytes:
    """The root of the tree with these entries as leaves."""
    return root_over(leaf_hashes(entries))


@dataclass(frozen=True, slots=True)
class Frontier:
    """All that appending needs: the roots of the complete subtrees that make up a tree, the largest first.

    At most 63 hashes, one for each bit that is set in ``size``. Raises ``TreeBoundsError`` where hashes and size disagree.
    """

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        _check_size(self.size)
        _check_hashes(self.peaks)
        if len(self.peaks) != self.size.bit_count():
            raise TreeBoundsError(
                tell(
                    "proof.tree_leaves_made_complete_subtrees_not",
                    size=self.size,
                    wanted=self.size.bit_count(),
                    count=len(self.peaks),
                )
            )

    @classmethod
    def read(cls, hash_at: HashReader, size: int) -> Self:
        """The frontier of the first ``size`` leaves of a tree whose hashes can be read."""
        _check_size(size)
        return cls(size, tuple(hash_at(level, index) for level, index in subtrees(0, size)))

    def extended(self, hashes: Iterable[bytes]) -> Frontier:
        """The frontier after further leaves, given by their hashes."""
        size, peaks = self.size, list(self.peaks)
        for each in hashes:
            node, merging = each, size
            while merging & 1:
                node = node_hash(peaks.pop(), node)
                merging >>= 1
            peaks.append(node)
            size += 1
        return Frontier(size, tuple(peaks))

    def root(self) -> bytes:
        """The root of the tree."""
        return _joined(self.peaks) if self.peaks else EMPTY_ROOT


def subtrees(begin: int, end: int) -> Iterator[tuple[int, int]]:
    """The complete subtrees that cover ``D[begin:end]``, left to right, as (level, index): as few as can be."""
    while begin < end:
        level = (end - begin).bit_length() - 1
        if begin:
            level = min(level, (begin & -begin).bit_length() - 1)
        yield level, begin >> level
        begin += 1 << level


def inclusion_proof(hash_at: HashReader, index: int, size: int) -> list[bytes]:
    """The audit path from leaf ``index`` to the root of the first ``size`` leaves, the leaf's sibling first.

    RFC 6962, section 2.1.1. Raises ``TreeBoundsError`` for a leaf that is not in the tree.
    """
    return [_range_root(hash_at, sibling.begin, sibling.end) for sibling in _audit_path(index, size)]


def consistency_proof(hash_at: HashReader, old_size: int, new_size: int) -> list[bytes]:
    """The proof that the first ``old_size`` leaves are those of the older tree; empty for equal sizes.

    RFC 6962, section 2.1.2. Raises ``TreeBoundsError`` unless 0 < old size ≤ new size (RFC 9162, section 2.1.4.1): every
    tree follows the empty one, so about that there is nothing to prove.
    """
    start, siblings = _growth_path(old_size, new_size)
    ranges = [start, *siblings] if start else siblings
    return [_range_root(hash_at, each.begin, each.end) for each in ranges]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Prove that the leaf with the hash ``leaf`` stands at ``index`` in the tree of ``size`` leaves with this root.

    RFC 9162, section 2.1.3.2. Size and root must come from one signed checkpoint: a path alone does not fix the size, as
    trees of different sizes can have the same path to a leaf. Raises ``ProofRejected``, or ``TreeBoundsError`` for what
    cannot be asked.
    """
    path = _audit_path(index, size)
    _check_hashes((leaf, *proof))
    _check_length(proof, len(path))
    node = leaf
    for sibling, other in zip(path, proof, strict=True):
        node = node_hash(other, node) if sibling.on_the_left else node_hash(node, other)
    if node != root:
        raise ProofRejected(tell("proof.proof_does_not_lead_from_leaf", index=index, size=size))


def verify_consistency(old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Prove that the newer tree begins with the whole older one: nothing rewritten, removed or put in between.

    RFC 9162, section 2.1.4.2. Raises ``ProofRejected``, or ``TreeBoundsError`` for what cannot be asked.
    """
    start, siblings = _growth_path(old_size, new_size)
    _check_hashes(proof)
    _check_length(proof, len(siblings) + (start is not None))
    hashes = iter(proof)
    old = new = next(hashes) if start else old_root
    for sibling, other in zip(siblings, hashes, strict=True):
        new = node_hash(other, new) if sibling.on_the_left else node_hash(new, other)
        if sibling.on_the_left:
            old = node_hash(other, old)
    if old != old_root or new != new_root:
        raise ProofRejected(tell("proof.tree_leaves_does_not_begin_tree", new_size=new_size, old_size=old_size))


@dataclass(frozen=True, slots=True)
class _Sibling:
    """A subtree ``D[begin:end]`` beside a path, and whether it stands to the left of it."""

    begin: int
    end: int
    on_the_left: bool


def _audit_path(index: int, size: int) -> list[_Sibling]:
    _check_size(size)
    if type(index) is not int or not 0 <= index < size:
        raise TreeBoundsError(tell("proof.tree_leaves_no_leaf", size=size, index=index))
    return _path(index, size)[1]


def _growth_path(old_size: int, new_size: int) -> tuple[_Sibling | None, list[_Sibling]]:
    """Where a consistency proof starts (None where that is the old root itself), and the siblings on the way up."""
    _check_size(old_size)
    _check_size(new_size)
    if not 0 < old_size <= new_size:
        raise TreeBoundsError(
            tell("proof.consistency_proved_from_size_least_one", old_size=old_size, new_size=new_size)
        )
    start, siblings = _path(old_size - 1, new_size, until=old_size)
    return (start if start.begin else None), siblings


def _path(index: int, size: int, *, until: int | None = None) -> tuple[_Sibling, list[_Sibling]]:
    """From the root down to leaf ``index``, or to the subtree on its way that ends at ``until``; siblings from below."""
    begin, end = 0, size
    siblings: list[_Sibling] = []
    while end - begin > 1 and end != until:
        middle = begin + (1 << ((end - begin - 1).bit_length() - 1))
        if index < middle:
            siblings.append(_Sibling(middle, end, on_the_left=False))
            end = middle
        else:
            siblings.append(_Sibling(begin, middle, on_the_left=True))
            begin = middle
    siblings.reverse()
    return _Sibling(begin, end, on_the_left=False), siblings


def _range_root(hash_at: HashReader, begin: int, end: int) -> bytes:
    return _joined([hash_at(level, index) for level, index in subtrees(begin, end)])


def _joined(peaks: Sequence[bytes]) -> bytes:
    """One root over complete subtrees of falling size, joined from the right."""
    node = peaks[-1]
    for peak in peaks[-2::-1]:
        node = node_hash(peak, node)
    return node


def _check_size(size: int) -> None:
    if type(size) is not int or not 0 <= size <= MAX_SIZE:
        raise TreeBoundsError(tell("proof.size_tree_whole_number_from_not", size=size))


def _check_hashes(hashes: Sequence[bytes]) -> None:
    for each in hashes:
        if len(each) != HASH_SIZE:
            raise TreeBoundsError(tell("proof.hash_log_bytes_not", hash_size=HASH_SIZE, count=len(each)))


def _check_length(proof: Sequence[bytes], expected: int) -> None:
    if len(proof) != expected:
        raise ProofRejected(tell("proof.proof_hashes_where_tree_asks", count=len(proof), expected=expected))
