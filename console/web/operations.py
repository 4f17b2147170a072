"""How the registry runs, and asking for what keeps it running: each act by its consequence, on a page of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from application.access import Action
from application.operations import MaintenanceKind
from console.web.asking import document, endpoint
from console.web.visit import NoPage, Visit, WebPage

CHECKS: Final = frozenset({
    "database", "projection", "statistics", "audit", "storage", "identityProvider", "rematching", "deadlines",
    "finishing erasures", "transparency log", "witnessing", "auditing", "drafts", "attestation", "maintenance",
})  # fmt: skip
"""What ``/readyz`` checks, as far as pages have a name for it in both languages."""
KINDS: Final[Mapping[str, MaintenanceKind]] = {each.value.lower().replace("_", "-"): each for each in MaintenanceKind}
"""What may be asked for, by its name in addresses."""
REQUEST: Final = """mutation ($kind: MaintenanceKind!, $although: String) {
  requestMaintenance(kind: $kind, although: $although) { task { number } refusal { code message field } }
}"""


async def operations(visit: Visit) -> Response:
    """Readiness, read models, the log and its witnesses, keys, deadlines, backups; and what was asked for, with how far it is."""
    data = await visit.ask("operations")
    ready = await endpoint(visit.request, visit.asker, "/readyz")
    running: dict[str, Any] | None = None
    if visit.may(Action.READ_OPERATIONS):
        running = (await visit.ask("running"))["operations"]
    return visit.page(
        "operations",
        status_=data["status"],
        ready=ready,
        known=CHECKS,
        running=running,
        kinds=KINDS if visit.may(Action.MAINTAIN) else {},
        open=[each for each in running["maintenance"] if each["endedAt"] is None] if running else [],
    )


async def maintain(visit: Visit) -> Response:
    """One act: what follows from it, and asking for it; it is done beside the server."""
    kind = KINDS.get(visit.request.path_params["kind"])
    if kind is None:
        raise NoPage(404, "error.missing")
    wrong: dict[str, str] = {}
    if visit.request.method == "POST":
        await visit.guarded_form()
        given = {"kind": kind.value, "although": visit.sent("although") or None}
        payload = (await visit.told(REQUEST, given))["requestMaintenance"]
        if payload["refusal"] is None:
            return visit.go("/operations", done=payload["task"]["number"])
        wrong = {payload["refusal"]["field"] or "": payload["refusal"]["message"]}
    running = (await visit.told(document("running"), {}))["operations"]
    return visit.page(
        "maintain",
        status=422 if wrong else 200,
        kind=kind,
        slug=visit.request.path_params["kind"],
        running=running,
        open=any(each["kind"] == kind.value and each["endedAt"] is None for each in running["maintenance"]),
        wrong=wrong,
    )


PAGES: Final = (
    WebPage("/operations", operations, Action.READ_STATUS),
    WebPage("/operations/{kind}", maintain, Action.MAINTAIN, posts=True),
)
