"""How fast the transparency log is in its tables: ``python benchmarks/log_store_speed.py [EVENTS]``, a million by default.

On an embedded PostgreSQL of its own: events are put into the event table, sequenced as the server does, held against the log, and
proofs are asked as the API asks them, of random events, each verified. The bar is 2 ms for a proof, of which nothing is kept from the one
before, over a connection that has been used; the exit code is 1 where the middle of them misses it. Wall-clock times, database included.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import sys
import tempfile
import time
from base64 import b64encode
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import psycopg  # noqa: E402 - run as a script, from anywhere

from domain.merkle import verify_inclusion  # noqa: E402 - after the path is set
from infrastructure.log.checking import check_log  # noqa: E402 - after the path is set
from infrastructure.log.epochs import begin_log  # noqa: E402 - after the path is set
from infrastructure.log.reading import PostgresLog  # noqa: E402 - after the path is set
from infrastructure.log.sequencer import LogFiles, Sequencer  # noqa: E402 - after the path is set
from infrastructure.postgres.embedded import EmbeddedPostgres  # noqa: E402 - after the path is set
from infrastructure.postgres.migrations import migrate  # noqa: E402 - after the path is set
from infrastructure.postgres.pools import async_pool  # noqa: E402 - after the path is set

FIRST_PROOF_MS = 2.0
READERS = 100


def filled(url, count):
    state = b64encode(bytes(range(256))).decode()
    with psycopg.connect(url, autocommit=True) as connection:
        began = time.perf_counter()
        connection.execute(
            "INSERT INTO registry.events (originator_id, originator_version, topic, state) SELECT gen_random_uuid(), 1,"
            " 'recognition-case.submitted', convert_to(n || %s, 'UTF8') FROM generate_series(1, %s) AS n",
            [state, count],
        )
        connection.execute("ANALYZE")
        print(f"{count:,} events of 350 bytes put into the table in {time.perf_counter() - began:.1f} s", flush=True)


def sequenced(url, files, count):
    sequencer, slowest = Sequencer(files), 0.0
    with psycopg.connect(url) as connection:
        began = time.perf_counter()
        more = True
        while more:
            step = time.perf_counter()
            more = sequencer.step(connection)
            slowest = max(slowest, time.perf_counter() - step)
        taken = time.perf_counter() - began
        connection.execute("ANALYZE log.leaves")
        connection.commit()
    print(
        f"sequenced {count:,} events: {count / taken:,.0f} a second, slowest step of 10 000 {slowest * 1000:.0f} ms",
        flush=True,
    )


async def proved(url, count):
    """Of each of a hundred readers over connections that have served another question: the first proof, and five more."""
    rng = random.Random(6962)
    firsts, later, own = [], [], []
    for _ in range(READERS):
        pool = async_pool(url, name="proofs", min_size=1, max_size=1, timeout=5)
        await pool.open(wait=True)
        await PostgresLog(pool).epochs()
        await PostgresLog(pool).stored([1])
        log = PostgresLog(pool)
        for times, rounds in ((firsts, 1), (later, 5)):
            for _ in range(rounds):
                position = rng.randrange(1, count + 1)
                began, working = time.perf_counter(), time.thread_time()
                proof = await log.inclusion(position)
                times.append((time.perf_counter() - began) * 1000)
                own.append((time.thread_time() - working) * 1000)
                verify_inclusion(proof.leaf_hash, proof.leaf_index, proof.head.size, proof.hashes, proof.head.root)
        await pool.close()
    for times in (firsts, later, own):
        times.sort()
    print(f"first proof of a connection: p10 {early(firsts):.2f}, p50 {middle(firsts):.2f}, p99 {last(firsts):.2f} ms")
    print(f"further proofs: p10 {early(later):.2f}, p50 {middle(later):.2f}, p99 {last(later):.2f} ms")
    print(f"of which processor time of the process: p50 {middle(own):.2f}, p99 {last(own):.2f} ms", flush=True)
    return middle(later)


def early(times):
    return times[len(times) // 10]


def middle(times):
    return times[len(times) // 2]


def last(times):
    return times[int(len(times) * 0.99) - 1]


def main(count):
    folder = Path(tempfile.mkdtemp(prefix="log-speed-"))
    folder.chmod(0o711)
    try:
        with EmbeddedPostgres(folder) as server:
            migrate(server.owner_url)
            files = LogFiles(folder / "log.keys", folder / "log.checkpoint")
            begin_log(server.owner_url, files, "registry.example.org/log")
            filled(server.owner_url, count)
            sequenced(server.app_url, files, count)
            further = asyncio.run(proved(server.app_url, count))
            began = time.perf_counter()
            found = check_log(server.app_url, files)
            taken = time.perf_counter() - began
            print(
                f"checked {found.leaves:,} leaves: {found.leaves / taken:,.0f} a second, {len(found.deviations)} deviations"
            )
    finally:
        shutil.rmtree(folder)
    return int(further > FIRST_PROOF_MS)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
