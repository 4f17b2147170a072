"""Whether the server should get traffic, and what an operator should know: each part in a sentence, and none waits for long."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from anyio import CapacityLimiter, to_thread

from application.audit import AuditRun
from application.projections.all import PROJECTIONS
from application.projections.projection import Projection
from infrastructure.audit.runs import last_run
from infrastructure.composition import Registry
from infrastructure.postgres.connection_strings import why_not
from infrastructure.postgres.pools import read_over
from infrastructure.postgres.sqlstates import outage_of
from infrastructure.projections.positions import ProjectionStatus, projection_status
from transport.health import OK, Remark

BEHIND: Final = 10_000
"""Events the read side may be behind before the server calls itself not ready."""


class Readiness:
    """The checks of ``/readyz``. Not ready is a server that can't read, or can't tell who asks; one that only can't write is."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._asking = CapacityLimiter(2)  # a database that hangs holds these threads and no others

    async def __call__(self) -> Mapping[str, str]:
        """See ``HealthCheck``."""
        try:
            status, last = await to_thread.run_sync(self._status, abandon_on_cancel=True, limiter=self._asking)
        except Exception as error:
            if outage_of(error) is None:
                raise
            checks: dict[str, str] = {
                "database": self._database(error),
                "projection": "not known while the database does not answer",
            }
        else:
            checks = {"database": OK, **_projections(status), "audit": _audit(last)}
        return {**checks, **self._storage(), **self._identity_provider(), **self._processes()}

    def _status(self) -> tuple[Mapping[Projection, ProjectionStatus], AuditRun | None]:
        database = self._registry.database
        return {each: projection_status(database, each) for each in PROJECTIONS}, read_over(database.pool, last_run)

    def _database(self, error: Exception) -> str:
        server = self._registry.database.server
        trouble = server.trouble() if server is not None else None
        return trouble or f"The database does not answer, and is tried again: {why_not(error)}."

    def _storage(self) -> Mapping[str, str]:
        space = self._registry.database.space
        if space is None:
            return {}
        lack = space.lack()
        return {"storage": OK if lack is None else Remark(f"Nothing new is stored, and reading goes on: {lack}.")}

    def _processes(self) -> Mapping[str, str]:
        return {
            each.process.name: OK
            if each.failure is None
            else Remark(f"It stands still and is tried again: {each.failure}.")
            for each in self._registry.processes
        }

    def _identity_provider(self) -> Mapping[str, str]:
        provider = self._registry.provider
        if provider is None:
            return {}
        trouble, remarks = provider.trouble(), provider.remarks()
        if trouble is not None:
            return {"identityProvider": f"No token can be judged, since the key set can't be used: {trouble}."}
        return {
            "identityProvider": Remark(f"Not all is well with the key set: {'; '.join(remarks)}.") if remarks else OK
        }


def _projections(statuses: Mapping[Projection, ProjectionStatus]) -> Mapping[str, str]:
    """Those without which nothing can be read, as one check; the others by their names, as remarks."""
    troubles = {each: _trouble(status) for each, status in statuses.items()}
    needed = "; ".join(trouble for each, trouble in troubles.items() if each.needed and trouble is not None)
    others = {
        each.name: OK if trouble is None else Remark(f"What is read from it is as of before: {trouble}")
        for each, trouble in troubles.items()
        if not each.needed
    }
    return {"projection": needed or OK, **others}


def _trouble(status: ProjectionStatus) -> str | None:
    if status.last_error:
        return status.last_error
    return None if status.lag_events <= BEHIND else f"{status.lag_events} events behind; it is catching up"


def _audit(last: AuditRun | None) -> str:
    """What the last audit found: reading goes on, and whoever reads should know."""
    if last is None or not last.findings:
        return OK
    return Remark(
        f"The audit found {last.findings} things unlawful, altered or missing up to position {last.checked_through}:"
        " see `recognition audit findings`."
    )
