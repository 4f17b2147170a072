"""How fast the transparency log grows and proves, on one core: ``python benchmarks/log_speed.py [LEAVES]``.

Appends leaves of the size that the registry writes, in batches of 10 000, from their bytes in hand: leaf hashes, tiles,
bundles and each batch's root, into tiles in memory. Then a reader that has read nothing makes its first inclusion and
consistency proof, and proofs of random leaves; every proof is verified. The processor time of the one thread is what is
measured. The floor is printed beside it: two bare SHA-256 a leaf in a list comprehension, since a tree of n leaves has
2n - 1 hashes. The bars are 100 000 leaves a second and 2 ms for the first proof of 99 new readers in 100 at 1 000 000 leaves; the exit code is 1
where one is missed.
"""

from __future__ import annotations

import gc
import random
import sys
import time
from hashlib import sha256
from pathlib import Path
from uuid import UUID

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from domain.log.leaf import LogLeaf  # noqa: E402 - run as a script, from anywhere
from domain.log.tile_reader import TileReader  # noqa: E402 - after the path is set
from domain.log.tiled_tree import InMemoryTiles, TiledTree  # noqa: E402 - after the path is set
from domain.merkle import Frontier, leaf_hash, verify_consistency, verify_inclusion  # noqa: E402 - after the path is set

BATCH = 10_000
LEAVES_A_SECOND = 100_000
FIRST_PROOF_MS = 2.0


def seconds(work):
    began = time.thread_time()
    result = work()
    return time.thread_time() - began, result


def encoded(count):
    """Leaves as the registry writes them, of which the first thousand are encoded and the rest vary in their position."""
    sample = LogLeaf(UUID(int=1 << 127), 3, "recognition-case.submitted", 1_000_000, sha256(b"stored").digest())
    taken, _ = seconds(lambda: [sample.encode() for _ in range(1000)])
    parsing, _ = seconds(lambda: [LogLeaf.parse(sample.encode()) for _ in range(1000)])
    print(f"leaf encoding {1000 / taken:,.0f} a second, strict parsing {1000 / (parsing - taken):,.0f} a second")
    head, tail = sample.encode().split(b"1000000")
    return [b"%b%d%b" % (head, 1_000_000 + number, tail) for number in range(count)]


def appended(entries):
    tree = TiledTree(InMemoryTiles())
    for begin in range(0, len(entries), BATCH):
        tree.append(entries[begin : begin + BATCH])
    return tree


def main(count):
    entries = encoded(count)
    floor, _ = seconds(lambda: [sha256(b"\x00" + each).digest() for each in entries for _ in (0, 1)])
    taken, tree = seconds(lambda: appended(entries))
    rate = count / taken
    print(
        f"{count:,} leaves of {len(entries[0])} bytes: {rate:,.0f} a second with tiles and bundles, "
        f"{count / floor:,.0f} by hashing alone"
    )
    single, _ = seconds(lambda: [tree.append(entries[:1]) for _ in range(200)])
    print(f"one leaf at a time at that size: {single / 200 * 1000:.3f} ms, root included")

    frontier_time, frontier = seconds(lambda: Frontier().extended(map(leaf_hash, entries[:BATCH])))
    print(f"a frontier, leaf by leaf: {frontier.size / frontier_time:,.0f} leaves a second")

    gc.freeze()  # a million leaves in a list belong to this measurement, not to a server that proves one
    root, size = tree.root, tree.size
    rng = random.Random(6962)
    chosen = [rng.randrange(count) for _ in range(200)]
    first, _ = seconds(lambda: tree.reader.inclusion_proof(chosen[0]))
    firsts = sorted(seconds(lambda index=index: tree.reader.inclusion_proof(index))[0] * 1000 for index in chosen)
    growth, _ = seconds(lambda: tree.reader.consistency_proof(chosen[1] + 1))
    growths = sorted(seconds(lambda old=old: tree.reader.consistency_proof(old + 1))[0] * 1000 for old in chosen)
    print(
        f"first inclusion proof {first * 1000:.3f} ms; of a new reader each: p50 {firsts[100]:.3f}, p99 {firsts[197]:.3f}, slowest {firsts[-1]:.3f} ms"
    )
    print(
        f"first consistency proof {growth * 1000:.3f} ms; of a new reader each: p50 {growths[100]:.3f}, p99 {growths[197]:.3f}, slowest {growths[-1]:.3f} ms"
    )

    reader = TileReader(tree._store, size)  # noqa: SLF001 - the tiles that were just written
    proving, proofs = seconds(lambda: [reader.inclusion_proof(index) for index in chosen])
    checking, _ = seconds(
        lambda: [
            verify_inclusion(leaf_hash(entries[index]), index, size, proof, root)
            for index, proof in zip(chosen, proofs, strict=True)
        ]
    )
    for old in chosen[:20]:
        verify_consistency(old + 1, reader.root(old + 1), size, root, reader.consistency_proof(old + 1))
    print(
        f"{len(chosen)} proofs of one reader: {proving / len(chosen) * 1000:.3f} ms each, verified in {checking / len(chosen) * 1000:.3f} ms each"
    )
    resuming, _ = seconds(lambda: TiledTree.resume(tree._store, size, root))  # noqa: SLF001 - as above
    print(f"resuming the tree: {resuming * 1000:.3f} ms")
    return int(rate < LEAVES_A_SECOND or max(firsts[197], growths[197]) > FIRST_PROOF_MS)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
