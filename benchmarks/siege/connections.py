"""Attacks by connections: many, idle, slow to send, slow to read; and tokens that are none."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
from typing import Final

from benchmarks.siege.kinds import attack
from benchmarks.siege.stage import PDF, Stage, stated
from benchmarks.siege.wire import ADDRESS, Attacker, Line, answer, head
from domain.values import Role

MANY: Final = 1_500
"""Connections one caller tries to hold; a process may usually have 1 024 files open unless told otherwise."""


async def _held(attacker: Attacker, first: bytes, then: bytes, pause: float) -> None:
    """Open a connection, send its beginning, and a little more after each pause, until the server ends it."""
    attacker.tally.sent += 1
    reader, writer = await asyncio.open_connection(attacker.host, attacker.port, local_addr=(ADDRESS, 0))
    try:
        writer.write(first)
        reading = asyncio.create_task(answer(reader))
        reading.add_done_callback(lambda done: done.cancelled() or done.exception())  # also of one nobody waits for
        while not reading.done():
            await asyncio.wait([reading], timeout=pause)
            if not reading.done():
                writer.write(then)
        attacker.tally.count(*reading.result())
    finally:
        writer.transport.abort()


async def _hold(attacker: Attacker, count: int, first: bytes, then: bytes = b"", pause: float = 0.5) -> None:
    """So many at once, each opened anew when the server ends it."""

    async def one(line: Line, _number: int) -> None:
        line.close()
        try:
            await _held(attacker, first, then, pause)
        except (OSError, EOFError, ValueError):
            attacker.tally.answers["closed"] += 1
            await asyncio.sleep(0.5)

    await attacker.flood(count, one)


@attack("1 500 connections that say nothing")
async def silent(attacker: Attacker, _stage: Stage) -> None:
    """Opened, and opened again."""
    await _hold(attacker, MANY, b"")


@attack("1 500 connections kept open after an answer")
async def idle(attacker: Attacker, _stage: Stage) -> None:
    """One request each, then nothing."""
    request = head(2) + b"{}"

    async def one(line: Line, _number: int) -> None:
        status, _ = await line.exchange(request)
        if status:
            with contextlib.suppress(OSError, EOFError):
                reader, _writer = await line.open()
                await reader.read(1)
        line.close()
        await asyncio.sleep(0.2)

    await attacker.flood(MANY, one)


@attack("heads that trickle in, and floods of header lines")
async def slow_heads(attacker: Attacker, _stage: Stage) -> None:
    """A line every half second; and 100 kB of lines at once."""
    flood = b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"a" * 100) for n in range(1_000))
    async with asyncio.TaskGroup() as group:
        group.create_task(_hold(attacker, 400, b"GET /graphql HTTP/1.1\r\nHost: x\r\n", b"X-A: b\r\n"))
        group.create_task(_hold(attacker, 16, flood, flood, 0.05))


@attack("bodies that trickle in")
async def slow_bodies(attacker: Attacker, _stage: Stage) -> None:
    """A megabyte is announced, and comes a byte at a time."""
    await _hold(attacker, 400, head(1_000_000) + b'{"query":"', b" ")


@attack("uploads that trickle in, of ten senders")
async def slow_uploads(attacker: Attacker, stage: Stage) -> None:
    """All the places for arriving files, each held by a byte now and then."""
    heads = [
        head(
            10_000_000,
            stage.token(Role.APPLICANT, f"sender-{n}"),
            "/evidence",
            ["X-Holder-Id-Number: 330106199003077013", "Content-Type: application/pdf"],
        ).replace(b"Content-Type: application/json\r\n", b"")
        for n in range(10)
    ]
    async with asyncio.TaskGroup() as group:
        for each in heads:
            group.create_task(_hold(attacker, 3, each + PDF[:64], b"x"))


@attack("downloads of 16 MB that nobody reads")
async def slow_readers(attacker: Attacker, stage: Stage) -> None:
    """Sixty at once; some leave, some stay."""
    token, digest = stage.token(Role.APPLICANT, "office"), stated(PDF)["sha256"]
    request = (
        f"GET /evidence/{digest}?case={stage.file_case} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
    ).encode()

    async def one(_line: Line, number: int) -> None:
        attacker.tally.sent += 1
        try:
            reader, writer = await asyncio.open_connection(
                attacker.host, attacker.port, local_addr=(ADDRESS, 0), limit=4096
            )
            writer.write(request)
            top = await reader.readuntil(b"\r\n\r\n")
            attacker.tally.count(int(top[9:12]), b"")
            await asyncio.sleep(2.0 if number % 2 else 30.0)
            writer.transport.abort()
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError):
            attacker.tally.answers["closed"] += 1
            await asyncio.sleep(0.5)

    await attacker.flood(60, one)


@attack("tokens signed by nobody, with key ids nobody knows")
async def unknown_keys(attacker: Attacker, stage: Stage) -> None:
    """A new key id each time, forged signatures, and tokens as long as a head may be."""
    body = json.dumps({"query": "{ catalogs { code } }"}).encode()
    good = stage.token(Role.AUDITOR, "somebody")

    def part(value: dict[str, str]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    async def send(line: Line, number: int) -> None:
        match number % 3:
            case 0:
                token = f"{part({'alg': 'EdDSA', 'kid': os.urandom(8).hex()})}.{part({'sub': 'x'})}.{'A' * 86}"
            case 1:
                token = good[:-8] + os.urandom(4).hex()
            case _:
                token = part({"alg": "Ed25519", "kid": "x" * 5_000}) + "." + "A" * 40_000 + ".A"
        await line.post(body, token)

    await attacker.flood(50, send)
