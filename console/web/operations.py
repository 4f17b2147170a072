"""How the registry runs: positions, lag, the log, and whether it is ready."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from application.access import Action
from console.web.asking import endpoint
from console.web.visit import Visit, WebPage

CHECKS: Final = frozenset({
    "database", "projection", "statistics", "audit", "storage", "identityProvider", "rematching", "deadlines",
    "finishing erasures", "transparency log", "witnessing", "auditing", "drafts",
})  # fmt: skip
"""What ``/readyz`` checks, as far as pages have a name for it in both languages."""


async def operations(visit: Visit) -> Response:
    """Lag of the read models, the log, readiness and version; what is rebuilt or checked, is so by the command line."""
    data = await visit.ask("operations")
    ready = await endpoint(visit.request, visit.asker, "/readyz")
    return visit.page("operations", status_=data["status"], checkpoint=data["checkpoint"], ready=ready, known=CHECKS)


PAGES: Final = (WebPage("/operations", operations, Action.READ_STATUS),)
