"""What an audit of everything that is recorded finds, and how its last run is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

from application.asking import Order, Question, Window, where
from application.projections.projection import Table
from application.replay_audit import NotKnown
from domain.guards import AuthoritiesOnDay, Circumstances, Entries
from domain.jurisdiction import ProvincialRules
from domain.messages import Language, Message
from domain.refusals import Refused
from domain.values import CatalogEntry


@dataclass(frozen=True, slots=True)
class Finding:
    """What is unlawful, altered or missing, and where: in a stream, at an event of it, or nowhere more exactly than in the whole.

    ``code`` says what kind of finding it is, and ``rule`` which rule is not kept; both are stable.
    """

    code: str
    rule: str
    said: Message
    stream_id: UUID | None = None
    version: int | None = None
    position: int | None = None

    @property
    def place(self) -> str:
        """Where it is, for a person; empty where it is nowhere more exactly than in the whole."""
        parts = [
            f"stream {self.stream_id}" if self.stream_id else "",
            f"version {self.version}" if self.version else "",
            f"position {self.position}" if self.position else "",
        ]
        return ", ".join(filter(None, parts))


@dataclass(kw_only=True)
class FindingRow:
    """A finding as a run of the audit kept it; ``number`` orders those of all runs."""

    number: int
    run: int
    code: str
    rule: str
    stream_id: UUID | None
    version: int | None
    position: int | None
    message_en: str
    message_zh: str

    def text(self, language: Language) -> str:
        """The sentence in a language."""
        return self.message_zh if language is Language.ZH else self.message_en


AUDIT_FINDINGS: Final = Table("audit_findings", FindingRow, ("number",), schema="registry")
"""What the runs of the audit found; no projection fills it."""


@dataclass(frozen=True, slots=True)
class AuditRun:
    """A run of the audit that came to its end: up to which position it read every event, when it ended, and how much it found."""

    run: int
    checked_through: int
    checked_at: datetime
    findings: int


class AuditRuns(Protocol):
    """The runs of the audit, as they are asked for."""

    async def last(self) -> AuditRun | None:
        """The last run that came to its end; None before the first."""


def findings_of(run: int, stream_id: UUID | None, window: Window) -> Question[FindingRow]:
    """What a run found, of one stream or of all, in the order in which it was found; the key is (number,)."""
    conditions: tuple[Any, ...] = (where("run", run),)
    if stream_id is not None:
        conditions += (where("stream_id", stream_id),)
    return Question(AUDIT_FINDINGS, conditions, Order(("number",)), window)


class ReadableEntries:
    """The published catalogs as guards ask for them, where one of them may have been altered so that it cannot be read.

    Answers are kept, for a run asks for the same few entries a million times.
    """

    def __init__(self, entries: Entries) -> None:
        self._entries = entries
        self._at: dict[tuple[str, int, int], CatalogEntry | None] = {}
        self._had: dict[tuple[str, int, int], bool] = {}

    def entry_at(self, code: str, version: int, number: int) -> CatalogEntry | None:
        """See ``Entries``. Raises ``NotKnown``."""
        key = (code, version, number)
        if key not in self._at:
            self._at[key] = _asked(lambda: self._entries.entry_at(code, version, number))
        return self._at[key]

    def had(self, code: str, version: int, number: int) -> bool:
        """See ``Entries``. Raises ``NotKnown``."""
        key = (code, version, number)
        if key not in self._had:
            self._had[key] = bool(_asked(lambda: self._entries.had(code, version, number)))
        return self._had[key]


def _asked(question: Callable[[], Any]) -> Any:
    try:
        return question()
    except Refused:
        return None  # no such catalog, as the guard is to be told
    except Exception as error:
        raise NotKnown from error


def circumstances(jurisdiction: AuthoritiesOnDay, entries: Entries, rules: ProvincialRules) -> Circumstances:
    """What guards ask about besides the stream itself, as an audit asks it."""
    return Circumstances(jurisdiction, ReadableEntries(entries), rules)
