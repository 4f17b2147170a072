"""HTTP as an attacker speaks it: raw connections from one address, answers counted by status and code, nothing else kept."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

ADDRESS: Final = "127.0.0.66"
"""Where an attacker calls from; the honest client calls from 127.0.0.1."""
_CODE: Final = re.compile(rb'"code":"(\w+)"')
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_PATIENCE: Final = 60.0


@dataclass
class Answers:
    """What an attacker sent and was answered."""

    sent: int = 0
    answers: Counter[str] = field(default_factory=Counter)

    def count(self, status: int, body: bytes) -> None:
        """Count one answer: its status, and its first code where it has one."""
        code = _CODE.search(body)
        self.answers[f"{status} {code[1].decode()}" if code else str(status)] += 1

    @property
    def defects(self) -> int:
        """Answers that tell of a fault in the server."""
        return sum(count for answer, count in self.answers.items() if answer.startswith("500") or "INTERNAL" in answer)


class Line:
    """One connection of an attacker, opened when it is needed and again when the server has closed it."""

    def __init__(self, host: str, port: int, tally: Answers) -> None:
        self._host, self._port, self._tally = host, port, tally
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """The connection's two ends."""
        if self._reader is None or self._writer is None or self._writer.is_closing() or self._reader.at_eof():
            self._reader, self._writer = await asyncio.open_connection(
                self._host, self._port, local_addr=(ADDRESS, 0), limit=2**20
            )
        return self._reader, self._writer

    def close(self) -> None:
        """Leave, without waiting for anything."""
        if self._writer is not None:
            self._writer.transport.abort()
        self._reader = self._writer = None

    async def ask(
        self, document: str, variables: Mapping[str, Any] | None = None, token: str | None = None
    ) -> tuple[int, bytes]:
        """Send an operation, and count its answer."""
        return await self.post(json.dumps({"query": document, "variables": variables or {}}).encode(), token)

    async def post(self, body: bytes, token: str | None = None) -> tuple[int, bytes]:
        """Send a body that is made already."""
        return await self.exchange(head(len(body), token) + body)

    async def exchange(self, request: bytes) -> tuple[int, bytes]:
        """Send bytes, read one answer and count it; 0 where the server closed the connection instead."""
        self._tally.sent += 1
        try:
            async with asyncio.timeout(_PATIENCE):
                reader, writer = await self.open()
                writer.write(request)
                await writer.drain()
                status, body = await answer(reader)
        except (OSError, EOFError, ValueError):
            self.close()
            self._tally.answers["closed"] += 1
            await asyncio.sleep(0.02)
            return 0, b""
        except TimeoutError:
            self.close()
            self._tally.answers["no answer"] += 1
            return 0, b""
        self._tally.count(status, body)
        return status, body


def head(length: int, token: str | None = None, path: str = "/graphql", more: Sequence[str] = ()) -> bytes:
    """The head of a POST."""
    lines = [f"POST {path} HTTP/1.1", "Host: registry", "Content-Type: application/json", f"Content-Length: {length}"]
    lines += [
        "Accept: application/graphql-response+json",
        *([f"Authorization: Bearer {token}"] if token else []),
        *more,
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Status and body of one answer. Raises ``EOFError`` (``IncompleteReadError``) where the connection ends before."""
    top = await reader.readuntil(b"\r\n\r\n")
    length = _LENGTH.search(top)
    body = await reader.readexactly(int(length[1])) if length else b""
    return int(top[9:12]), body


@dataclass
class Attacker:
    """One caller, with as many connections as they like."""

    host: str
    port: int
    tally: Answers = field(default_factory=Answers)

    def line(self) -> Line:
        """A further connection."""
        return Line(self.host, self.port, self.tally)

    async def flood(self, connections: int, send: Callable[[Line, int], Awaitable[Any]]) -> None:
        """Send without a pause over so many connections, until it is cancelled; ``send`` gets a number of its own each time."""
        numbers = iter(range(10**9))

        async def one() -> None:
            line = self.line()
            try:
                while True:
                    await send(line, next(numbers))
            finally:
                line.close()

        async with asyncio.TaskGroup() as group:
            for _ in range(connections):
                group.create_task(one())
