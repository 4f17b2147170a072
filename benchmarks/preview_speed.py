"""How long the preview of an amendment takes that adds many entries: ``python benchmarks/preview_speed.py [ENTRIES]``.

Three amendments of the official catalog: plain names, names that an alias says are not listed (each held up by it), and names of
one family. The bar is 5 s for 1 500 entries on one core.
"""

from __future__ import annotations

import random
import sys
import time
from datetime import date
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]

from application.issuers import with_own_spellings  # noqa: E402 - after the path is set
from catalog.aliases import load_aliases  # noqa: E402 - after the path is set
from catalog.notice import load_official_catalog  # noqa: E402 - after the path is set
from catalog.vocabulary import official_vocabulary  # noqa: E402 - after the path is set
from domain.catalog.amendment import AmendmentTerms, EntryChange  # noqa: E402 - after the path is set
from domain.catalog.names import ResultingNames  # noqa: E402 - after the path is set
from domain.values import AliasKind, CatalogEntry, EntryChangeKind, Notice  # noqa: E402 - after the path is set

VOCABULARY = official_vocabulary()
WORDS = [
    "Certified",
    "Chartered",
    "Senior",
    "Licensed",
    "Registered",
    "Structural",
    "Thermal",
    "Marine",
    "Polymer",
    "Ceramic",
    "Robotics",
    "Signal",
    "Power",
    "Grid",
    "Foundry",
    "Casting",
    "Coating",
    "Bearing",
    "Turbine",
    "Sensor",
    "Optics",
    "Laser",
    "Quality",
    "Reliability",
    "Safety",
    "Process",
    "Control",
    "Network",
    "Storage",
]


def terms(names: list[tuple[str, str]]) -> AmendmentTerms:
    """An amendment of version 1 that adds an entry for each name and body."""
    official = load_official_catalog().entries[0]
    entries = [
        official.model_copy(
            update={
                "number": 200 + n,
                "qualification_name": name,
                "translated_name": f"{name}证书",
                "issuing_body": body,
            }
        )
        for n, (name, body) in enumerate(names)
    ]
    changes = tuple(EntryChange(kind=EntryChangeKind.ADDED, number=e.number, entry=e) for e in entries)
    return AmendmentTerms(base_version=1, notice=Notice(title="调整"), effective_from=date(2030, 1, 1), changes=changes)


def main(count: int) -> None:
    """Print the seconds of each amendment."""
    drawn = random.Random(1)
    aliases = load_aliases()
    entries: dict[int, CatalogEntry] = {entry.number: entry for entry in load_official_catalog().entries}
    unlisted = [each.text for each in aliases if each.kind is AliasKind.QUALIFICATION and not each.numbers]
    plain = [(" ".join(drawn.sample(WORDS, 4)) + f" {n}", f"Institute {n % 300}") for n in range(count)]
    held_up = [(unlisted[n % len(unlisted)] + ("" if n < len(unlisted) else f" {n}"), "Cisco") for n in range(count)]
    family = [(f"Certified Example Engineer {n}", "Example Institute") for n in range(count)]
    for title, names in (("plain names", plain), ("names held up by aliases", held_up), ("one family", family)):
        started = time.process_time()
        resulting = ResultingNames(entries, aliases, VOCABULARY, with_own_spellings(terms(names), aliases, VOCABULARY))
        refusals, notes = len(resulting.refusals), len(resulting.notes)
        seconds = time.process_time() - started
        print(f"{title}: {count} entries, {refusals} refusals, {notes} notes: {seconds:.2f} s (bar 5 s)", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1500)
