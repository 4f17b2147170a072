"""Turns are fair: so many at once, so many of one caller, and callers one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from transport.turns import Turns


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a test's coroutine, for a few seconds at most."""
    asyncio.run(asyncio.wait_for(work(), 10))


async def settle() -> None:
    """Let every task go as far as it can."""
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.mark.parametrize(("at_once", "of_one", "expected"), [(3, 3, 3), (5, 2, 2), (2, 5, 2)])
def test_no_more_than_so_many_go_at_once(at_once: int, of_one: int, expected: int) -> None:
    """Of one caller, and in all."""

    async def work() -> None:
        turns, busy, most = Turns(at_once=at_once, of_one=of_one), 0, 0

        async def one() -> None:
            nonlocal busy, most
            async with turns.turn("a"):
                busy += 1
                most = max(most, busy)
                await asyncio.sleep(0)
                busy -= 1

        await asyncio.gather(*(one() for _ in range(20)))
        assert most == expected

    run(work)


def test_whoever_asks_once_is_next_after_whoever_asks_much() -> None:
    """Fifty of one caller wait; another's one goes second, and each caller's go in their order."""

    async def work() -> None:
        turns, order = Turns(at_once=1, of_one=1), []

        async def one(caller: str, number: int) -> None:
            async with turns.turn(caller):
                order.append((caller, number))
                await asyncio.sleep(0)

        eager = [asyncio.create_task(one("eager", n)) for n in range(50)]
        await settle()
        del order[:]
        others = [asyncio.create_task(one(name, 0)) for name in ("b", "c")]
        await asyncio.gather(*eager, *others)
        assert {caller for caller, _ in order[:5]} >= {"b", "c"}
        of_eager = [number for caller, number in order if caller == "eager"]
        assert of_eager == sorted(of_eager)

    run(work)


def test_a_wait_that_is_given_up_costs_nobody_a_turn() -> None:
    """Cancelled while waiting, and in the moment its turn came: the next one goes, and every turn is there again."""

    async def work() -> None:
        turns = Turns(at_once=1, of_one=1)
        gate = asyncio.Event()

        async def hold() -> None:
            async with turns.turn("a"):
                await gate.wait()

        async def pass_by(caller: str) -> bool:
            async with turns.turn(caller) as waited:
                return waited

        first = asyncio.create_task(hold())
        await settle()
        given_up = [asyncio.create_task(pass_by(name)) for name in ("a", "b", "c")]
        last = asyncio.create_task(pass_by("d"))
        await settle()
        given_up[0].cancel()
        gate.set()
        await first  # its turn is passed on to one that is cancelled before it runs
        for each in given_up:
            each.cancel()
        assert await last is True
        assert await pass_by("e") is False
        assert not turns._busy
        assert not turns._waiting

    run(work)
