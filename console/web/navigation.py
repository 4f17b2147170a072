"""Where somebody can go from any page: what the policy lets them ask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from application.access import Action
from console.web.visit import Visit

_PLACES: Final[Sequence[tuple[str, str, Action]]] = (
    ("/check", "nav.check", Action.MATCH),
    ("/verify", "nav.verify", Action.VERIFY_TITLE),
    ("/catalogs", "nav.catalogs", Action.READ_CATALOG),
    ("/my", "nav.my", Action.SUBMIT),
    ("/queue", "nav.queue", Action.DECIDE),
    ("/inbox", "nav.inbox", Action.DECIDE),
    ("/cases", "nav.cases", Action.READ_CASES),
    ("/amendments", "nav.amendments", Action.AMEND_CATALOG),
    ("/audit", "nav.audit", Action.READ_AUDIT_LOG),
    ("/statistics", "nav.statistics", Action.READ_STATISTICS),
    ("/accesses", "nav.accesses", Action.READ_ACCESS_LOG),
    ("/persons", "nav.persons", Action.READ_HOLDER_FILE),
    ("/operations", "nav.operations", Action.READ_STATUS),
)


def navigation(visit: Visit) -> Sequence[tuple[str, str, bool]]:
    """The places with their names, each with whether the page lies there."""
    here = visit.request.url.path
    return [
        (path, visit.speaker.say(key), here == path or here.startswith(f"{path}/"))
        for path, key, action in _PLACES
        if visit.may(action)
    ]
