"""How the registry runs, and maintenance that was asked for."""

from __future__ import annotations

from datetime import datetime  # noqa: F401 - the library resolves the annotations that a type inherits in the type's own module

import strawberry

from application.operations import (
    AttestationKeyState,
    AttestationKeyView,
    LogView,
    MaintenanceKind,
    MaintenanceView,
    MasterKeyState,
    MasterKeyView,
    OperationsView,
    ReadModelView,
    WitnessView,
)
from registry_api.context import Info
from registry_api.refusals import Refusal
from registry_api.scalars import Position
from registry_api.types.nodes import described, edge, registered

strawberry.enum(MaintenanceKind, name="MaintenanceKind", description=described(MaintenanceKind))
strawberry.enum(MasterKeyState, name="MasterKeyState", description=described(MasterKeyState))
strawberry.enum(AttestationKeyState, name="AttestationKeyState", description=described(AttestationKeyState))
MasterKey = MasterKeyView
registered(MasterKey, "MasterKey")
AttestationKey = AttestationKeyView
registered(AttestationKey, "AttestationKey")
LogWitness = WitnessView
registered(LogWitness, "LogWitness")


@strawberry.type(name="ReadModel", description=described(ReadModelView))
class ReadModel(ReadModelView):
    """Its position is the contract's scalar."""

    position: Position


@strawberry.type(name="LogStanding", description=described(LogView))
class LogStanding(LogView):
    """The log with its witnesses."""

    witnesses: strawberry.Private[tuple[WitnessView, ...]]

    @edge(list[LogWitness], name="witnesses")
    def asked(self) -> tuple[WitnessView, ...]:
        """Who is asked to confirm it, or confirmed it before."""
        return self.witnesses


@strawberry.type(name="MaintenanceTask", description=described(MaintenanceView))
class MaintenanceTask(MaintenanceView):
    """A request, and what came of it in the asker's language."""

    outcome_en: strawberry.Private[str | None]
    outcome_zh: strawberry.Private[str | None]

    @strawberry.field
    def outcome(self, info: Info) -> str | None:
        """What came of it, in one sentence; null before its end."""
        view: MaintenanceView = self
        return MaintenanceView.outcome_in(view, info.context.language)


@strawberry.type(name="Operations", description=described(OperationsView))
class Operations(OperationsView):
    """How the registry runs."""

    read_models: strawberry.Private[tuple[ReadModelView, ...]]
    log: strawberry.Private[LogView | None]
    master_keys: strawberry.Private[tuple[MasterKeyView, ...]]
    attestation_keys: strawberry.Private[tuple[AttestationKeyView, ...]]
    maintenance: strawberry.Private[tuple[MaintenanceView, ...]]

    @edge(list[ReadModel], name="readModels")
    def projected(self) -> tuple[ReadModelView, ...]:
        """The read models, each of which is filled by itself."""
        return self.read_models

    @edge(LogStanding | None, name="log")
    def signed(self) -> LogView | None:
        """The transparency log; null before its first checkpoint."""
        return self.log

    @edge(list[MasterKey], name="masterKeys")
    def wrapping(self) -> tuple[MasterKeyView, ...]:
        """The master keys that wrap the keys of holders, or are at hand."""
        return self.master_keys

    @edge(list[AttestationKey], name="attestationKeys")
    def attesting(self) -> tuple[AttestationKeyView, ...]:
        """The keys of attestations, the newest first."""
        return self.attestation_keys

    @edge(list[MaintenanceTask], name="maintenance")
    def requested(self) -> tuple[MaintenanceView, ...]:
        """The latest requests for maintenance, the newest first."""
        return self.maintenance


@strawberry.type(description="The request, or the refusal.")
class MaintenancePayload:
    """The answer of a request for maintenance."""

    task: MaintenanceTask | None
    refusal: Refusal | None
