"""What an auditor reads: the log of all events, findings, samples, accesses; and statistics, for those who may count."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from anyio import to_thread
from starlette.responses import Response

from application.access import Action
from application.outliers import outliers
from application.statistics import StatisticsKey
from console.web.catalog import day_of
from console.web.visit import Visit, WebPage
from domain.values import SHANGHAI, shanghai_day
from infrastructure.audit.officers import officer_counts

ROWS: Final = 50
_MOST_SAMPLED: Final = 100
_SHOWN_BARS: Final = 40
_QUICK: Final = 60
"""An approval within so many seconds is quick, unless another number is asked for."""


async def overview(visit: Visit) -> Response:
    """Whether all is in order: the last check of everything, the log, and where to look closer."""
    data = await visit.ask("audit")
    return visit.page("audit", findings=data["auditFindings"], checkpoint=data["checkpoint"])


async def log(visit: Visit) -> Response:
    """The events of all streams by type, stream, actor and day, the newest first."""
    first, last = day_of(visit.query("from")), day_of(visit.query("to"))
    following = (date.fromisoformat(last) + timedelta(days=1)).isoformat() if last and last < "9999-12-31" else last
    data = await visit.ask(
        "audit-log",
        types=visit.query("type").split() or None,
        streamId=visit.query("stream"),
        actor=visit.query("actor"),
        **{"from": f"{first}T00:00:00+08:00" if first else None, "to": f"{following}T00:00:00+08:00" if last else None},
        **visit.window(ROWS),
    )
    return visit.page("audit-log", rows="auditLog.nodes", log=data["auditLog"])


async def findings(visit: Visit) -> Response:
    """What the last check of everything found."""
    data = await visit.ask("findings", **visit.window(ROWS))
    return visit.page("findings", rows="auditFindings.nodes", findings=data["auditFindings"])


async def sample(visit: Visit) -> Response:
    """Cases drawn at random by a seed, so that anybody draws the same again."""
    seed, size = visit.query("seed"), min(visit.number("size") or 10, _MOST_SAMPLED)
    if not seed:
        return visit.page("sample", drawn=None, seed=secrets.token_hex(4), size=size)
    data = await visit.ask("sample", seed=seed, size=size)
    return visit.page("sample", rows="auditSample", drawn=data["auditSample"], seed=seed, size=size)


async def officers(visit: Visit) -> Response:
    """What stands out among officers, each number beside all others'; a question to ask, and nothing of guilt."""
    first, last = day_of(visit.query("from")), day_of(visit.query("to"))
    begin = datetime.combine(date.fromisoformat(first) if first else date(1, 1, 2), time.min, SHANGHAI)
    until = datetime.combine(date.fromisoformat(last) if last else date(9999, 12, 30), time.min, SHANGHAI)
    until += timedelta(days=1) if last and last < "9999-12-30" else timedelta()
    within = min(max(visit.number("within") or _QUICK, 1), 86_400)
    url = visit.console.registry.database.app_url
    counts = await to_thread.run_sync(officer_counts, url, begin, until, within, limiter=visit.console.counting)
    found = outliers(counts)
    visit.data["outliers"] = [
        {
            "kind": each.kind.value,
            "officers": list(each.officers),
            "number": each.own.number,
            "of": each.own.of,
            "others": each.others.number,
            "othersOf": each.others.of,
            "message": each.said.text(visit.language),
        }
        for each in found
    ]
    return visit.page(
        "outliers", rows="outliers", outliers=visit.data["outliers"], officers=len(counts.officers), within=within
    )


async def accesses(visit: Visit) -> Response:
    """Who read persons in clear, and why."""
    data = await visit.ask(
        "accesses", holder=visit.query("holder"), subject=visit.query("subject"), **visit.window(ROWS)
    )
    return visit.page("accesses", rows="accessLog.nodes", log=data["accessLog"])


async def statistics(visit: Visit) -> Response:
    """How many cases there were, how they went and how long they took, as bars with their numbers."""
    today = shanghai_day(visit.console.registry.clock())
    by = visit.query("by") if visit.query("by") in set(StatisticsKey) else StatisticsKey.MONTH.value
    data = await visit.ask(
        "statistics",
        by=[by],
        **{"from": day_of(visit.query("from")), "to": day_of(visit.query("to"))},
        authorityCode=visit.query("authority"),
    )
    listed: Sequence[Mapping[str, Any]] = data["statistics"]
    return visit.page(
        "statistics",
        rows="statistics",
        counted=listed,
        charted=sorted(listed, key=lambda each: -each["cases"])[:_SHOWN_BARS]
        if by != "MONTH"
        else listed[-_SHOWN_BARS:],
        most=max((each["cases"] for each in listed), default=0),
        by=by,
        keys=list(StatisticsKey),
        today=today,
    )


PAGES: Final = (
    WebPage("/audit", overview, Action.READ_AUDIT_LOG),
    WebPage("/audit/log", log, Action.READ_AUDIT_LOG),
    WebPage("/audit/findings", findings, Action.READ_AUDIT_LOG),
    WebPage("/audit/sample", sample, Action.READ_AUDIT_LOG),
    WebPage("/audit/outliers", officers, Action.READ_AUDIT_LOG),
    WebPage("/accesses", accesses, Action.READ_ACCESS_LOG),
    WebPage("/statistics", statistics, Action.READ_STATISTICS),
)
