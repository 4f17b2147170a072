"""How the registry runs, for those who keep it running, and the maintenance that may be asked for over the API.

Maintenance is done beside the server by whoever is first to it, and told as it goes: a request waits for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from application.access import Action, require
from domain.messages import Language
from domain.text import PROSE_LIMIT, clean_optional
from domain.values import Provenance


class MaintenanceKind(StrEnum):
    """What may be asked for."""

    CHECK_READ_MODELS = "CHECK_READ_MODELS"
    REBUILD_READ_MODELS = "REBUILD_READ_MODELS"
    FINISH_ERASURES = "FINISH_ERASURES"


@dataclass(kw_only=True)
class MaintenanceView:
    """One request: what, by whom and when; how far it is, and what came of it. ``done`` of ``total`` are events or keys."""

    number: int
    kind: MaintenanceKind
    although: str | None
    requested_by: str
    requested_at: datetime
    started_at: datetime | None
    done: int
    total: int
    ended_at: datetime | None
    succeeded: bool | None
    outcome_en: str | None
    outcome_zh: str | None

    def outcome_in(self, language: Language) -> str | None:
        """What came of it, in a sentence; None before its end."""
        return self.outcome_zh if language is Language.ZH else self.outcome_en


@dataclass(kw_only=True)
class ReadModelView:
    """A read model: how far it is behind, whether it has to be rebuilt for this release, and why it stands still if it does."""

    name: str
    position: int
    lag_events: int
    rebuild_due: bool
    last_error: str | None


@dataclass(kw_only=True)
class WitnessView:
    """A witness of the log: how many leaves it confirmed last, and when; None where it confirmed none."""

    name: str
    size: int | None
    confirmed_at: datetime | None


@dataclass(kw_only=True)
class LogView:
    """The log: its latest checkpoint, the events that wait for their leaves, and since when."""

    origin: str
    epoch: int
    size: int
    root_hash: str
    signed_at: datetime
    waiting: int
    waiting_since: datetime | None
    witnesses: tuple[WitnessView, ...]


class MasterKeyState(StrEnum):
    """How a master key stands."""

    CURRENT = "CURRENT"
    OLD = "OLD"
    MISSING = "MISSING"


@dataclass(kw_only=True)
class MasterKeyView:
    """A master key by its name, and how many holders' keys it wraps."""

    id: str
    wraps: int
    state: MasterKeyState


class AttestationKeyState(StrEnum):
    """How a key of attestations stands."""

    SIGNS = "SIGNS"
    PUBLISHED = "PUBLISHED"
    WITHDRAWN = "WITHDRAWN"


@dataclass(kw_only=True)
class AttestationKeyView:
    """A key of attestations by its name."""

    kid: str
    state: AttestationKeyState
    added_at: datetime


@dataclass(kw_only=True)
class OperationsView:
    """How the registry runs at this moment. ``erasures_final_by`` is when the earliest erasure that is not final yet will be."""

    read_models: tuple[ReadModelView, ...]
    log: LogView | None
    master_keys: tuple[MasterKeyView, ...]
    destroyed_keys: int
    unfinished_erasure_since: datetime | None
    erasures_final_by: datetime | None
    attestation_keys: tuple[AttestationKeyView, ...]
    deadlines_missed: int
    audit_findings: int | None
    last_backup_at: datetime | None
    maintenance: tuple[MaintenanceView, ...]


class OperationsReport(Protocol):
    """What says how the registry runs."""

    def now(self) -> OperationsView:
        """As it stands; asks a handful of indexed questions."""


class MaintenanceRequests(Protocol):
    """The requests for maintenance, kept durably."""

    def ask(self, kind: MaintenanceKind, although: str | None, subject: str) -> MaintenanceView:
        """The open request of this kind, or a new one."""


class Maintenance:
    """Asking for maintenance."""

    def __init__(self, requests: MaintenanceRequests) -> None:
        self._requests = requests

    def ask(self, by: Provenance, kind: MaintenanceKind, although: str | None) -> MaintenanceView:
        """Ask for maintenance, to be done soon; of a kind that is asked for already, that request.

        ``although`` is why events of which the audit found something are made read models of all the same. Raises ``Refused``:
        NOT_PERMITTED, INVALID_INPUT.
        """
        require(by.actor, Action.MAINTAIN)
        reason = clean_optional(although, "although", limit=PROSE_LIMIT)
        return self._requests.ask(kind, reason, by.actor.subject)
