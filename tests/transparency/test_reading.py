"""What is read of the log: every proof of every published tree, from one statement, and none that does not lead to its root."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import product
from typing import TypeVar

import pytest

from application.transparency import Inclusion, LogBehind, LogDeviates, NotInTheLog
from domain.merkle import verify_consistency, verify_inclusion
from infrastructure.log.reading import PostgresLog
from infrastructure.postgres.pools import async_pool
from tests.transparency.conftest import Ledger

T = TypeVar("T")


def asked(ledger: Ledger, question: Callable[[PostgresLog], Awaitable[T]]) -> T:
    """Ask the log over a pool of its own."""

    async def ask() -> T:
        async with async_pool(ledger.app_url, name="test", min_size=1, max_size=1, timeout=5) as pool:
            return await question(PostgresLog(pool))

    return asyncio.run(ask())


def check(proof: Inclusion) -> None:
    verify_inclusion(proof.leaf_hash, proof.leaf_index, proof.head.size, proof.hashes, proof.head.root)


def test_leaves_are_proved_in_every_published_tree(ledger: Ledger) -> None:
    """Also in trees whose partial tiles have grown full since."""
    positions, sizes = [], []
    for count in (1, 2, 252, 1, 1, 43, 220):
        positions += ledger.record(count)
        sizes.append(ledger.sequence().size)
    assert sizes == [1, 3, 255, 256, 257, 300, 520]

    async def prove(log: PostgresLog) -> int:
        count = 0
        for size in sizes:
            for index in sorted({*range(0, size, 5), size - 2, size - 1, 254, 255, 256, 299} & set(range(size))):
                proof = await log.inclusion(positions[index], size)
                assert (proof.leaf_index, proof.head.size) == (index, size)
                check(proof)
                count += 1
        for old in (1, 3, 128, 255, 256, 257, 300, 512, 519, 520):
            for new in (520, 300, 257):
                if old <= new:
                    growth = await log.growth(old, new)
                    assert growth.to_size == new
        return count

    assert asked(ledger, prove) > 300


def test_growth_leads_from_one_published_root_to_another(ledger: Ledger) -> None:
    """Between all pairs of published sizes."""
    for count in (3, 253, 10, 300):
        ledger.record(count)
        ledger.sequence()
    roots = {size: bytes(root) for size, root in ledger.as_owner("SELECT size, root FROM log.checkpoints")}

    async def prove(log: PostgresLog) -> None:
        for (old, old_root), (new, new_root) in product(roots.items(), repeat=2):
            if old <= new:
                growth = await log.growth(old, new)
                verify_consistency(old, old_root, new, new_root, growth.hashes)

    asked(ledger, prove)


def test_what_is_not_there_is_told_apart(ledger: Ledger) -> None:
    """Not logged yet, never recorded, put in between, removed, changed: each has its answer."""
    with pytest.raises(LogBehind):
        asked(ledger, lambda log: log.inclusion(1))
    first = ledger.record(3)
    ledger.sequence()
    later = ledger.record(1)
    with pytest.raises(LogBehind):
        asked(ledger, lambda log: log.inclusion(later[0]))
    with pytest.raises(NotInTheLog, match="no event"):
        asked(ledger, lambda log: log.inclusion(10_000))
    with pytest.raises(NotInTheLog, match="No checkpoint of 2 leaves"):
        asked(ledger, lambda log: log.inclusion(first[0], 2))
    ledger.sequence()
    with pytest.raises(NotInTheLog, match="ends before"):
        asked(ledger, lambda log: log.inclusion(later[0], 3))
    ledger.as_owner("DELETE FROM registry.events WHERE position = %s", first[0])
    with pytest.raises(LogDeviates, match="removed"):
        asked(ledger, lambda log: log.inclusion(first[0]))
    ledger.as_owner("UPDATE registry.events SET topic = 'x' WHERE position = %s", first[1])
    with pytest.raises(LogDeviates, match="changed"):
        asked(ledger, lambda log: log.inclusion(first[1]))
    ledger.as_owner("DELETE FROM log.leaves WHERE position = %s", first[2])
    with pytest.raises(LogDeviates, match="put between"):
        asked(ledger, lambda log: log.inclusion(first[2]))


def test_damaged_tiles_prove_nothing(ledger: Ledger) -> None:
    """A proof that would not lead to the signed root does not leave."""
    positions = ledger.record(5)
    ledger.sequence()
    check(asked(ledger, lambda log: log.inclusion(positions[0])))
    ledger.as_owner("UPDATE log.tiles SET content = set_byte(content, 130, get_byte(content, 130) # 1) WHERE level = 0")
    for index in (0, 4):
        with pytest.raises(LogDeviates, match="signed"):
            asked(ledger, lambda log, index=index: log.inclusion(positions[index]))
    with pytest.raises(LogDeviates):
        asked(ledger, lambda log: log.growth(2, 5))
    ledger.as_owner("DELETE FROM log.tiles")
    with pytest.raises(LogDeviates):
        asked(ledger, lambda log: log.inclusion(positions[0]))
