"""Whether the server should get traffic, and what an operator should know: each part in a sentence, and none waits for long."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from anyio import CapacityLimiter, to_thread

from application.audit import AuditRun
from application.projections.all import PROJECTIONS
from application.projections.projection import Projection
from domain.messages import Message, tell
from infrastructure.attestation.keys import ATTESTATION_KEY_FILE, trouble_of_keys
from infrastructure.audit.runs import last_run
from infrastructure.composition import Registry
from infrastructure.postgres.connection_strings import why_not
from infrastructure.postgres.pools import read_over
from infrastructure.postgres.sqlstates import outage_of
from infrastructure.projections.positions import ProjectionStatus, projection_status
from transport.health import OK, Remark, State

BEHIND: Final = 10_000
"""Events the read side may be behind before the server calls itself not ready."""


class Readiness:
    """The checks of ``/readyz``. Not ready is a server that can't read, or can't tell who asks; one that only can't write is."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._asking = CapacityLimiter(2)  # a database that hangs holds these threads and no others

    async def __call__(self) -> Mapping[str, State]:
        """See ``HealthCheck``."""
        try:
            status, last, attesting = await to_thread.run_sync(
                self._status, abandon_on_cancel=True, limiter=self._asking
            )
        except Exception as error:
            if outage_of(error) is None:
                raise
            checks: dict[str, State] = {
                "database": self._database(error),
                "projection": tell("ready.unknown"),
            }
        else:
            checks = {"database": OK, **_projections(status), "audit": _audit(last), **attesting}
        return {
            **checks,
            **self._history(),
            **self._storage(),
            **self._replicas(),
            **self._identity_provider(),
            **self._processes(),
        }

    def _status(self) -> tuple[Mapping[Projection, ProjectionStatus], AuditRun | None, Mapping[str, State]]:
        database = self._registry.database
        statuses = {each: projection_status(database, each) for each in PROJECTIONS}
        return statuses, read_over(database.pool, last_run), self._attesting()

    def _attesting(self) -> Mapping[str, State]:
        """Whether titles can be attested, where this installation attests any."""
        registry = self._registry
        if registry.attestations.issuer is None:
            return {}
        path = registry.settings.data_dir / ATTESTATION_KEY_FILE
        trouble = read_over(registry.database.pool, lambda connection: trouble_of_keys(connection, path))
        return {"attestation": OK if trouble is None else Remark(tell("ready.not_attested", reason=trouble))}

    def _database(self, error: Exception) -> State:
        server = self._registry.database.server
        trouble = server.trouble() if server is not None else None
        return trouble or tell("ready.database", reason=why_not(error))

    def _history(self) -> Mapping[str, State]:
        return {"history": self._registry.rewinds.trouble or OK}

    def _storage(self) -> Mapping[str, State]:
        space = self._registry.database.space
        if space is None:
            return {}
        lack = space.lack()
        return {"storage": OK if lack is None else Remark(tell("ready.no_room", reason=lack))}

    def _replicas(self) -> Mapping[str, State]:
        states = self._registry.replicas.states()
        if not states:
            return {}
        out = [place for place, asked in states.items() if not asked]
        return {"replicas": Remark(tell("ready.replicas_left_out", places=out)) if out else OK}

    def _processes(self) -> Mapping[str, State]:
        return {
            each.process.name: OK if each.failure is None else Remark(tell("ready.stands_still", reason=each.failure))
            for each in self._registry.processes
        }

    def _identity_provider(self) -> Mapping[str, State]:
        provider = self._registry.provider
        if provider is None:
            return {}
        trouble, remarks = provider.trouble(), provider.remarks()
        if trouble is not None:
            return {"identityProvider": tell("ready.no_token", reason=trouble)}
        return {"identityProvider": Remark(tell("ready.keys_remarked", remarks=remarks)) if remarks else OK}


def _projections(statuses: Mapping[Projection, ProjectionStatus]) -> Mapping[str, State]:
    """Those without which nothing can be read, as one check; the others by their names, as remarks."""
    troubles = {each: _trouble(status) for each, status in statuses.items()}
    needed = [trouble for each, trouble in troubles.items() if each.needed and trouble is not None]
    others = {
        each.name: OK if trouble is None else Remark(tell("ready.as_of_before", reason=trouble))
        for each, trouble in troubles.items()
        if not each.needed
    }
    return {"projection": tell("ready.several", troubles=needed) if needed else OK, **others}


def _trouble(status: ProjectionStatus) -> Message | str | None:
    if status.last_error:
        return status.last_error
    return None if status.lag_events <= BEHIND else tell("ready.behind", events=status.lag_events)


def _audit(last: AuditRun | None) -> State:
    """What the last audit found: reading goes on, and whoever reads should know."""
    if last is None or not last.findings:
        return OK
    return Remark(tell("ready.audit", findings=last.findings, position=last.checked_through))
