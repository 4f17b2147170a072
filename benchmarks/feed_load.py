"""How fast what happens reaches those who follow: ``python benchmarks/feed_load.py [--write] [--idle N] [--rounds N] [--seconds N]``.

A server of its own process on an embedded PostgreSQL, a writer, and followers in a process of their own, all on one machine:

- 20 who follow ``titleChanges`` while 500 events a second are recorded, each a change of a title; the bar is 500 ms at the 99th
  percentile, from the commit's return to the follower's socket;
- 200 while 20 events a second are;
- many who are told nothing: what each costs in memory and processor time, and how long until one change has reached them all;
- rounds in which the server is killed while events are recorded: a follower that comes back after its last position was told each
  change once, which is compared with the events themselves.

Counts that are wrong end it with 1; times are printed beside their bar. ``--write`` puts the table into ``benchmarks/RESULTS.md``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import uvicorn

from application.commands import CertificateForm, PersonForm, Submission
from console.serving import build_app, server_config
from domain.base import Act
from domain.case.case import RecognitionCase
from domain.case.events import Approved
from domain.case.title_events import Reassessed
from domain.values import Actor, Provenance, Role
from infrastructure.composition import Registry, open_registry
from infrastructure.identity import DevelopmentIssuer
from infrastructure.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
CASES = 50
BAR_MS = 500
DOCUMENT = "subscription ($after: Position) { titleChanges(after: $after) { position status countedExperienceMonths } }"
POSITION = re.compile(rb'"position":"([0-9]+)"')
BEGIN, END = "<!-- feed -->", "<!-- /feed -->"


# ── the server ────────────────────────────────────────────────────────────────────────────────────────────────────
def serve(port: int) -> None:
    """Serve the registry that the environment names, until killed."""
    files()
    settings = Settings(connections_per_address=50_000, subscriptions_per_subject=50_000, subscriptions=50_000)
    with open_registry(settings) as registry:
        config = server_config(build_app(registry), settings)
        config.backlog = 4096
        config.port = port
        uvicorn.Server(config).run()


class Server:
    """The server's process; killed and started anew on the same port."""

    def __init__(self, registry: Registry) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        settings = registry.settings
        self._environment = {
            **os.environ,
            "DATABASE_URL": registry.database.app_url,
            "DATABASE_OWNER_URL": registry.database.owner_url,
            "RECOGNITION_DATA_DIR": str(settings.data_dir),
        }
        self.process = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        """Start it; it need not listen yet."""
        command = [sys.executable, __file__, "--serve", str(self.port)]
        self.process = subprocess.Popen(command, env=self._environment)
        return self.process

    def ready(self) -> None:
        """Return once it listens."""
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                if self.process.poll() is not None:
                    raise SystemExit("the server ended") from None
                time.sleep(0.05)
            else:
                return

    def kill(self) -> None:
        """End it as a crash does."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


# ── the writer ────────────────────────────────────────────────────────────────────────────────────────────────────
class Writer:
    """Records changes of titles that were prepared before, at a pace, and remembers when each was committed."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self.committed: dict[int, float] = {}
        """By position, when the commit had returned (``time.monotonic``, which processes share)."""
        applicant = Provenance(actor=Actor(subject="applicant", role=Role.APPLICANT))
        officer = Provenance(actor=Actor(subject="officer", role=Role.REVIEWER, authority_code="330106-EI"))
        self._officer = officer
        self._cases: list[Any] = []
        for n in range(CASES):
            form = Submission(
                idempotency_key=uuid4().hex,
                holder=PersonForm(name="王敏", id_type="PASSPORT", id_number=f"P{n:08d}"),
                certificate=CertificateForm(
                    name="AWS Certified Solutions Architect - Professional",
                    issuing_body="亚马逊",
                    certificate_number=f"C{n}",
                ),
                authority_code="330106-EI",
                work_field="数字经济",
            )
            case = registry.cases.submit(applicant, form).case_id
            approval: dict[str, Any] = {"work_consistent": True, "counted_experience_months": 0, "opinion": "seen"}
            registry.cases.decide(officer, case, Approved, None, **approval)
            self._cases.append(registry.journal.load(RecognitionCase, case))

    def prepared(self, count: int) -> list[Any]:
        """So many stored events, each a further change of some title."""
        found = []
        for n in range(count):
            case = self._cases[n % CASES]
            facts = {
                "work_consistent": not case.state.work_consistent,
                "counted_experience_months": 0,
                "effective_on": datetime.now(UTC).date(),
                "reason": "load",
            }
            event = case._next(Reassessed, Act(self._officer, datetime.now(UTC)), facts)  # noqa: SLF001 - whose rules are not measured here
            event.mutate(case)
            found.append(self._registry.mapper.to_stored_event(event))
        return found

    def write(self, events: list[Any], rate: float, stop: threading.Event | None = None) -> None:
        """Record them, ``rate`` a second, in saves of at most a fiftieth of a second."""
        size = max(1, int(rate / 50))
        started = time.monotonic()
        for n in range(0, len(events), size):
            if stop is not None and stop.is_set():
                return
            time.sleep(max(0.0, started + n / rate - time.monotonic()))
            positions = self._registry.journal.recorder.insert_events(events[n : n + size]) or ()
            now = time.monotonic()
            self.committed.update(dict.fromkeys(positions, now))


# ── the followers ─────────────────────────────────────────────────────────────────────────────────────────────────
class Follower(asyncio.Protocol):
    """One subscription as events over a plain socket: the positions that came, and when."""

    def __init__(self, token: str, after: str | None, seen: list[tuple[int, float]]) -> None:
        self._request, self._seen, self._rest = request(token, after), seen, b""
        self.over = asyncio.get_running_loop().create_future()
        self.begun = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        """Ask."""
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Note each whole event."""
        now = time.monotonic()
        if not self.begun.done():
            self.begun.set_result(None)
        whole, separator, self._rest = (self._rest + data).rpartition(b"\n\n")
        if not separator:
            self._rest = whole + self._rest
            return
        self._seen += [(int(found), now) for found in POSITION.findall(whole)]

    def connection_lost(self, _: Exception | None) -> None:
        """It is over."""
        if not self.over.done():
            self.over.set_result(None)


def request(token: str, after: str | None) -> bytes:
    """A subscription as it is sent."""
    body = json.dumps({"query": DOCUMENT, "variables": {"after": after}}).encode()
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: registry\r\nAuthorization: Bearer {token}\r\nAccept: text/event-stream\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def follow(port: int, token: str, count: int, stop: threading.Event, ready: threading.Event) -> list[list[Any]]:
    """So many followers from now on, until told to stop; what each saw."""
    loop, seen = asyncio.get_running_loop(), [list[Any]() for _ in range(count)]
    protocols = []
    for n in range(count):
        _, protocol = await loop.create_connection(lambda n=n: Follower(token, None, seen[n]), "127.0.0.1", port)
        protocols.append(protocol)
        if n % 100 == 99:
            await asyncio.gather(*(each.begun for each in protocols[-100:]))
    await asyncio.gather(*(each.begun for each in protocols))
    ready.set()
    await asyncio.to_thread(stop.wait)
    return seen


def followers(port: int, token: str, count: int) -> None:
    """The process of many followers: says when they are there, ends when its input does, and prints what they saw."""
    files()
    ready, stop = threading.Event(), threading.Event()

    def watch() -> None:
        ready.wait()
        print("ready", flush=True)
        sys.stdin.read()
        stop.set()

    threading.Thread(target=watch, daemon=True).start()
    print(json.dumps(asyncio.run(follow(port, token, count, stop, ready))), flush=True)


def measured(server: Server, writer: Writer, token: str, count: int, rate: float, seconds: float) -> dict[str, Any]:
    """Followers at a rate: how late each change came, and what the server took."""
    command = [sys.executable, __file__, "--follow", str(server.port), str(count), "--token", token]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    if process.stdout.readline() != "ready\n":
        raise SystemExit("the followers did not come")
    of_server = psutil.Process(server.process.pid)
    before, memory = of_server.cpu_times(), of_server.memory_info().rss
    events = writer.prepared(int(rate * seconds))
    writer.committed.clear()
    started = time.monotonic()
    writer.write(events, rate)
    took = time.monotonic() - started
    time.sleep(3)
    after = of_server.cpu_times()
    process.stdin.close()
    seen = json.loads(process.stdout.readline())
    process.wait()
    committed = writer.committed
    wrong = sum([position for position, _ in each] != sorted(committed) for each in seen)
    late = sorted(
        max(0.0, at - committed[position]) * 1000 for each in seen for position, at in each if position in committed
    )
    return {
        "followers": count,
        "events": len(committed),
        "rate": len(committed) / took,
        "wrong": wrong,
        "p50": late[len(late) // 2] if late else float("nan"),
        "p99": late[int(len(late) * 0.99)] if late else float("nan"),
        "cpu": (after.user + after.system - before.user - before.system) / (took + 3),
        "rss": memory,
    }


async def _resumed(
    server: Server, token: str, after: int, seen: list[tuple[int, float]], until: threading.Event
) -> None:
    """Follow and come back after the last position, whatever happens to the server, until told that it is over."""
    loop = asyncio.get_running_loop()
    while not until.is_set():
        last = seen[-1][0] if seen else after
        try:
            transport, protocol = await loop.create_connection(
                lambda last=last: Follower(token, str(last), seen),
                "127.0.0.1",
                server.port,
            )
        except OSError:
            await asyncio.sleep(0.1)
            continue
        told = asyncio.ensure_future(asyncio.to_thread(until.wait))
        await asyncio.wait({protocol.over, told}, return_when=asyncio.FIRST_COMPLETED)
        transport.close()


def kills(server: Server, registry: Registry, writer: Writer, token: str, rounds: int, rate: float) -> dict[str, Any]:
    """Rounds of kills while events are recorded: what was lost, and what was told twice."""
    events = writer.prepared(int(rate * rounds * 12))
    writer.committed.clear()
    after, seen = registry.journal.last_position(), list[tuple[int, float]]()
    over, enough = threading.Event(), threading.Event()
    following = threading.Thread(target=lambda: asyncio.run(_resumed(server, token, after, seen, over)))
    writing = threading.Thread(target=writer.write, args=[events, rate, enough])
    following.start()
    writing.start()
    for _ in range(rounds):
        time.sleep(random.uniform(0.5, 3))
        server.kill()
        server.start()
        server.ready()
    enough.set()
    writing.join()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and (not seen or seen[-1][0] < max(writer.committed)):
        time.sleep(0.1)
    over.set()
    following.join()
    told = [position for position, _ in seen]
    return {
        "rounds": rounds,
        "events": len(writer.committed),
        "lost": len(set(writer.committed) - set(told)),
        "doubled": len(told) - len(set(told)),
        "order": told == sorted(told),
    }


def files() -> None:
    """Let this process hold as many connections as the system allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def main() -> int:
    """Measure; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--idle", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--serve", type=int)
    parser.add_argument("--follow", type=int, nargs=2)
    parser.add_argument("--token", default="")
    asked = parser.parse_args()
    if asked.serve:
        serve(asked.serve)
        return 0
    if asked.follow:
        followers(asked.follow[0], asked.token, asked.follow[1])
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o711)
        with open_registry(Settings(database_url=None, data_dir=folder)) as registry:
            writer, server = Writer(registry), Server(registry)
            token = DevelopmentIssuer(folder).issue(Role.VERIFIER, subject="downstream")
            try:
                server.ready()
                measured(server, writer, token, 1, 50, 2)  # what is made once is made
                busy = measured(server, writer, token, 20, 500, asked.seconds)
                many = measured(server, writer, token, 200, 20, asked.seconds)
                bare = psutil.Process(server.process.pid).memory_info().rss
                idle = measured(server, writer, token, asked.idle, 1, 3)
                idle["each"] = (idle["rss"] - bare) / max(1, asked.idle)
                killed = kills(server, registry, writer, token, asked.rounds, 100)
            finally:
                server.kill()
    text = table(busy, many, idle, killed)
    print(text)
    if asked.write:
        write(text)
    counts = [busy["wrong"], many["wrong"], idle["wrong"], killed["lost"], killed["doubled"], not killed["order"]]
    return int(any(counts))


def table(busy: dict[str, Any], many: dict[str, Any], idle: dict[str, Any], killed: dict[str, Any]) -> str:
    """What was measured, in Markdown."""
    rows = [
        f"| {each['followers']:,} | {each['rate']:,.0f} | {each['events']:,} | {each['wrong']} | {each['p50']:,.0f} | {each['p99']:,.0f} | {bar} |"
        f" {100 * each['cpu']:.0f} % |"
        for each, bar in ((busy, BAR_MS), (many, BAR_MS), (idle, "–"))
    ]
    order = "in" if killed["order"] else "NOT in"
    lost = f"{killed['lost']} lost, {killed['doubled']} told twice, {order} order"
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    return "\n".join(
        [
            "| Followers | events/s | events | followers told anything else | lag p50 ms | lag p99 ms | bar ms | of a core, server |",
            "|---:|---:|---:|---:|---:|---:|---:|---:|",
            *rows,
            "",
            f"{idle['followers']:,} idle followers: {idle['each'] / 1024:.0f} KiB of the server's memory each.",
            f"{killed['rounds']} kills of the server while {killed['events']:,} events were recorded: {lost}.",
            "",
            f"{os.cpu_count()} cores, load of the machine at the end {load}.",
        ]
    )


def write(text: str) -> None:
    """Put the table into the results, in place of the one before."""
    path = ROOT / "benchmarks" / "RESULTS.md"
    results = path.read_text("utf-8")
    before, _, rest = results.partition(BEGIN)
    after = rest.partition(END)[2]
    if not rest:
        before = results.rstrip() + "\n\n## The feed\n\n`make bench-feed`, in `benchmarks/feed_load.py`.\n\n"
    path.write_text(f"{before}{BEGIN}\n{text}\n{END}{after or chr(10)}", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
