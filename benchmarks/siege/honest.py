"""The second client: ``python -m benchmarks.siege.honest``, a process of its own that looks up at a steady rate.

It reads one JSON object (address, token, questions, rate) on its standard input, then ``measure SECONDS`` line by line, and
writes one JSON object for each: how many looks-up, which failed, and the milliseconds of each. A look-up has its instant, whether
or not the one before is answered; its time counts from that instant, so a server that stands still for a second is seen as often as
it is asked in that second.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

from benchmarks.siege.wire import answer, head

PATIENCE = 30.0


class Client:
    """One connection, one token, and questions whose answers are known."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.host, self.port, self.rate = plan["host"], plan["port"], plan["rate"]
        self.questions = [
            (head(len(body), plan["token"]) + body, question["expect"].encode())
            for question in plan["questions"]
            for body in [json.dumps({"query": question["query"], "variables": question["variables"]}).encode()]
        ]
        self.asked = 0
        self.ends: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def look_up(self) -> str | None:
        """Ask the next question; what is wrong with its answer, None where it is right."""
        request, expected = self.questions[self.asked % len(self.questions)]
        self.asked += 1
        try:
            async with asyncio.timeout(PATIENCE):
                if self.ends is None:
                    self.ends = await asyncio.open_connection(self.host, self.port, limit=2**20)
                reader, writer = self.ends
                writer.write(request)
                await writer.drain()
                status, body = await answer(reader)
        except (OSError, EOFError, TimeoutError) as error:
            self.close()
            return type(error).__name__
        if status != 200 or expected not in body or b'"errors"' in body:
            return f"{status} {body[:200].decode(errors='replace')}"
        return None

    def close(self) -> None:
        """End the connection; the next look-up makes another."""
        if self.ends is not None:
            self.ends[1].transport.abort()
        self.ends = None

    async def measure(self, seconds: float) -> dict[str, Any]:
        """Look up at the rate for so long."""
        times, failures = [], []
        began = time.perf_counter()
        for number in range(max(1, int(seconds * self.rate))):
            due = began + number / self.rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            fault = await self.look_up()
            times.append((time.perf_counter() - due) * 1000)
            if fault:
                failures.append(fault)
            if time.perf_counter() - began > seconds + PATIENCE:
                break
        return {"times": times, "failures": failures}


async def main() -> None:
    """Answer what is asked on standard input, until it ends."""
    client = Client(json.loads(sys.stdin.readline()))
    while line := await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(await client.measure(float(line.split()[1]))), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
