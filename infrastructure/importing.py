"""A large import shared among processes, each with connections and keys of its own (``infrastructure.shares``).

Rows of one person or certificate may come to two processes at once: the store lets one of them be first, and the other is tried anew.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Final

from application.importing import Imports, ListedDecision, RowOutcome
from domain.decision_import import DecisionImport
from domain.values import Provenance
from infrastructure.collector import seldom_collecting
from infrastructure.composition import open_registry
from infrastructure.settings import Settings
from infrastructure.shares import Shares

A_SHARE: Final = 2_000
"""Rows that a process takes in at a time."""
WORTH_SHARING: Final = 4
"""Shares from which on processes are begun for them: each takes a second or two to be ready."""


def take_in(
    imports: Imports,
    settings: Settings,
    by: Provenance,
    begun: DecisionImport,
    rows: Sequence[ListedDecision],
    processes: int = 1,
) -> Iterator[RowOutcome]:
    """Bring in the rows of a file whose import has begun, by several ``processes`` where there are many; what became of each.

    Raises ``ShareLostError`` where one of the processes is gone; what is stored is stored, and the import goes on when run again.
    """
    shares = [rows[start : start + A_SHARE] for start in range(0, len(rows), A_SHARE)]
    if processes == 1 or len(shares) < WORTH_SHARING:
        with seldom_collecting():
            yield from imports.take_in(by, begun, rows)
        return
    with Shares(processes, _opened, settings) as sharing:
        for outcomes in sharing.each(_take_in_apart, [(by, begun.state.sha256, share) for share in shares]):
            yield from outcomes


@contextlib.contextmanager
def _opened(settings: Settings) -> Iterator[Imports]:
    with open_registry(settings) as registry:
        yield registry.imports


def _take_in_apart(
    imports: Imports, by: Provenance, sha256: str, rows: Sequence[ListedDecision]
) -> Sequence[RowOutcome]:
    return list(imports.take_in(by, imports.begin(by, sha256), rows))
