"""Matching pending cases anew under an amended version, as a process that carries on wherever it was stopped.

What is left to do follows from the events alone: an open case of the catalog, pinned to a version before one that asks for
it (``rematch_pending``) and whose day has come, and that this amendment has not moved yet. Moving a case, recording its
new match and moving what it claims are one transaction. So a process that was killed leaves a case moved or not, never half, and the
next one finds the rest; a case decided meanwhile is no longer open; and no case is moved twice by one amendment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from application.cases import record_match
from application.catalogs import ATTEMPTS, Shelf
from application.claims import Claims
from application.journal import Conflict, Journal
from application.ports import Clock, Holders
from application.several_catalogs import GoverningVersion
from domain.authorities import AuthorityDirectory
from domain.base import Act
from domain.case.case import RecognitionCase
from domain.case.events import RematchRequired
from domain.catalog.timeline import CatalogVersion
from domain.guards import Circumstances
from domain.jurisdiction import ProvincialRules
from domain.values import REGISTRY_ITSELF, Provenance, shanghai_day

BATCH: Final = 200
"""Cases asked for at once."""
_BY: Final = Provenance(actor=REGISTRY_ITSELF, client="rematching")


@dataclass(frozen=True, slots=True)
class Pending:
    """An open case, and when it was submitted."""

    submitted_at: datetime
    case_id: UUID


class PendingCases(Protocol):
    """Which cases are open; may lag behind the events, since each case is judged by its own."""

    def below(self, catalog_code: str, version: int, after: Pending | None, limit: int) -> Sequence[Pending]:
        """Open cases of a catalog that are pinned to a version before this one, in order of submission."""


@dataclass(frozen=True, slots=True)
class Rematched:
    """A case that was moved, the versions it went through, and the position of its last event."""

    case_id: UUID
    versions: tuple[int, ...]
    position: int


class Rematching:
    """The process. It keeps no state of its own, so any number of instances, one after another or at once, do no harm."""

    def __init__(
        self,
        journal: Journal,
        shelf: Shelf,
        pending: PendingCases,
        authorities: AuthorityDirectory,
        holders: Holders,
        clock: Clock,
        rules: ProvincialRules,
    ) -> None:
        self._journal = journal
        self._shelf = shelf
        self._pending = pending
        self._clock = clock
        self._known = Circumstances(authorities, shelf, rules)
        self._claims = Claims(journal, shelf, holders, self._known)

    def run(self) -> Iterator[Rematched]:
        """Move the cases that are due, catalog by catalog, in order of submission; each item is one that is stored.

        Whoever consumes it may stop between two items and start anew later.
        """
        for code in self._shelf.codes():
            due = self.due(code)
            after: Pending | None = None
            while due and (batch := self._pending.below(code, due[-1].number, after, BATCH)):
                for each in batch:
                    moved = self._rematch(each.case_id, code, due)
                    if moved is not None:
                        yield moved
                after = batch[-1]

    def due(self, code: str) -> list[CatalogVersion]:
        """The versions of a catalog that ask for pending cases and whose day has come, in order.

        A version governs nothing before its day; until then pending cases stay where they are.
        """
        today = shanghai_day(self._clock())
        return [
            version
            for version in self._shelf.catalog(code).versions
            if version.rematch_pending and version.effective_from <= today
        ]

    def _rematch(self, case_id: UUID, code: str, due: Sequence[CatalogVersion]) -> Rematched | None:
        """Move one case through every amendment that asks for it; None where none does any more.

        A case that others keep changing is left for the next run.
        """
        for _ in range(ATTEMPTS):
            case = self._journal.load(RecognitionCase, case_id)
            if case is None:
                return None
            before = copy(case.state)
            versions = tuple(each.number for each in due if self._move(case, code, each))
            if not versions:
                return None
            claims = self._claims.matched(Act(_BY, self._clock()), before, case, strict=False)
            try:
                return Rematched(case_id, versions, self._journal.record(case, *claims))
            except Conflict:
                continue
        return None

    def _move(self, case: RecognitionCase, code: str, version: CatalogVersion) -> bool:
        amendment = version.amendment_id
        if amendment is None or not case.state.awaits_rematch(code, version.number, amendment):
            return False
        if case.state.certificate.name is None:
            return False  # erased: nothing is left that could be matched anew, and what was matched stays
        act = Act(_BY, self._clock())
        case.decide(RematchRequired, act, self._known, catalog_version=version.number, amendment_id=amendment)
        certificate = case.state.certificate
        found = self._shelf.match_anew(
            certificate.name or "",
            certificate.issuing_body or "",
            certificate.grade,
            shanghai_day(act.at),
            GoverningVersion(code, version.number),
        )
        record_match(case, act, self._known, found)
        return True
