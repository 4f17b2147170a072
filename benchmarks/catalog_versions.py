"""Reading any version of a catalog after many amendments: ``python benchmarks/catalog_versions.py [--amendments N] [--entries N]``.

Publishes a catalog of 10 000 entries on a registry of its own (embedded PostgreSQL in a temporary folder), issues 2 000
amendments of five changes each, then reads versions drawn at random: as a page, by day and instant, one entry, an entry's
history, and whole. Prints milliseconds; the exit code is 1 where a read's 99th percentile is not under 50 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "graphql")]

from application import questions  # noqa: E402 - run as a script, from anywhere
from application.asking import Window  # noqa: E402 - after the path is set
from application.cases import REGISTRY_ITSELF  # noqa: E402 - after the path is set
from application.questions import EntryFilter  # noqa: E402 - after the path is set
from domain.base import Act  # noqa: E402 - after the path is set
from domain.catalog.amendment import AmendmentTerms, EntryChange  # noqa: E402 - after the path is set
from domain.catalog.catalog import Catalog  # noqa: E402 - after the path is set
from domain.values import (  # noqa: E402 - after the path is set
    Actor,
    CatalogEntry,
    EntryChangeKind,
    Notice,
    Provenance,
    Role,
    TitleAward,
    TitleLevel,
)
from infrastructure.composition import Registry, open_registry  # noqa: E402 - after the path is set
from infrastructure.settings import Settings  # noqa: E402 - after the path is set

CODE = "benchmark"
BAR_MS = 50.0
NOTICE = Notice(title="关于调整目录的通知")
FIRST_DAY, START = date(2024, 1, 1), datetime(2024, 1, 1, 4, tzinfo=UTC)
AWARD = TitleAward(title="工程师", level=TitleLevel.INTERMEDIATE)


def entry(number: int, edition: int = 1) -> CatalogEntry:
    """An entry of about the official ones' size."""
    return CatalogEntry(
        number=number,
        qualification_name=f"Certified Benchmark Professional {number}, edition {edition}",
        translated_name=f"认证专业工程师 {number}（第 {edition} 版）",
        issuing_body="示例职业资格委员会（Example Council of Qualifications）",
        field="数字经济",
        awards=(AWARD,),
    )


def amended(registry: Registry, entries: int, amendments: int) -> list[datetime]:
    """Publish and amend through the domain, one event a save; the instants of issue."""
    by = [Provenance(actor=Actor(subject=name, role=Role.ADMINISTRATOR)) for name in ("first", "second")]
    facts = {"code": CODE, "name": "目录", "notice": NOTICE, "effective_from": FIRST_DAY}
    catalog = Catalog.publish(
        Act(Provenance(actor=REGISTRY_ITSELF), START), **facts, entries=[entry(n) for n in range(1, entries + 1)]
    )
    random, instants = Random(4), [START]
    for number in range(2, amendments + 2):
        now = START + timedelta(hours=6 * number)
        revised, withdrawn = random.sample(sorted(catalog.entries), 4)[:3], random.choice(sorted(catalog.entries))
        changes = [
            EntryChange(kind=EntryChangeKind.REVISED, number=n, entry=entry(n, number))
            for n in revised
            if n != withdrawn
        ]
        changes.append(EntryChange(kind=EntryChangeKind.WITHDRAWN, number=withdrawn))
        changes.append(EntryChange(kind=EntryChangeKind.ADDED, number=entries + number, entry=entry(entries + number)))
        terms = AmendmentTerms(
            base_version=number - 1,
            notice=NOTICE,
            effective_from=now.date() + timedelta(days=1),
            changes=tuple(changes),
        )
        catalog.issue(Act(by[1], now), catalog.propose(Act(by[0], now), terms))
        instants.append(now)
    registry.journal.record(catalog)
    return instants


async def measure(registry: Registry, instants: list[datetime], reads: int) -> bool:
    """Read at random and print; whether every bar was met."""
    random, last = Random(5), len(instants)
    some = [random.randrange(1, last + 1) for _ in range(reads)]
    days = [instants[number - 1].date() for number in some]
    catalog = registry.shelf.catalog(CODE)
    async with registry.reads as source:
        page = Window(size=50)

        async def at(on: date, known: datetime) -> Any:
            return await source.page(questions.version_in_force(CODE, on, known))

        async def in_process(number: int) -> Any:
            return catalog.entries_at(number)

        times_asked: list[tuple[str, list[Callable[[], Awaitable[Any]]]]] = [
            ("version by number", [lambda n=n: source.by_key(questions.versions_by_key([(CODE, n)])) for n in some]),
            ("version by day and instant", [lambda d=d, k=instants[-1]: at(d, k) for d in days]),
            (
                "a page of 50 entries",
                [lambda n=n: source.page(questions.entries((CODE, n), EntryFilter(), page)) for n in some],
            ),
            ("one entry", [lambda n=n: source.by_key(questions.entries_by_key([(CODE, n, 1 + n)])) for n in some]),
            ("an entry's history", [lambda n=n: source.rows(questions.entry_history(CODE, 1 + n)) for n in some]),
            ("the whole version, in process", [lambda n=n: in_process(n) for n in some]),
        ]
        met = True
        for what, asked in times_asked:
            await asked[0]()
            times = []
            for ask in asked:
                started = time.perf_counter()
                await ask()
                times.append((time.perf_counter() - started) * 1000)
            times.sort()
            p50, p99 = times[len(times) // 2], times[int(len(times) * 0.99)]
            met &= p99 < BAR_MS
            print(f"{what:32} p50 {p50:7.2f} ms   p99 {p99:7.2f} ms   max {times[-1]:7.2f} ms")
        return met


def main() -> int:
    """Measure once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--amendments", type=int, default=2_000)
    parser.add_argument("--entries", type=int, default=10_000)
    parser.add_argument("--reads", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="catalog-versions-") as name:
        Path(name).chmod(0o711)
        settings = Settings(data_dir=Path(name), database_url=None, database_owner_url=None)
        with open_registry(settings) as registry:
            started = time.perf_counter()
            instants = amended(registry, options.entries, options.amendments)
            print(
                f"{options.amendments} amendments over {options.entries} entries issued in {time.perf_counter() - started:.1f} s"
            )
            started = time.perf_counter()
            registry.projections.run_until_caught_up()
            print(f"projected in {time.perf_counter() - started:.1f} s")
            return 0 if asyncio.run(measure(registry, instants, options.reads)) else 1


if __name__ == "__main__":
    sys.exit(main())
