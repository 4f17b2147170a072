"""What officers did, counted from the envelopes of the events, which say who recorded what and when; none of them is decoded.

Whether a match stands against the rule set is told by the projection of statistics, which folds the cases.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import psycopg

from application.outliers import Counts, OfficerCounts
from application.projections.statistics import COUNTED_CASES
from domain.case.events import Approved, Matched, Rejected, Submitted
from domain.case.title_events import (
    Annulled,
    AnnulmentProposed,
    Reinstated,
    ReinstatementProposed,
    RevocationProposed,
    Revoked,
)
from domain.values import Role

_WHEN: Final = "e.actor_role = %(officer)s AND e.recorded_at >= %(first)s AND e.recorded_at < %(until)s"
_DECIDED: Final = (
    "SELECT e.actor_subject, count(*), count(*) FILTER (WHERE e.topic = %(approved)s), count(*) FILTER (WHERE e.topic = %(approved)s"  # noqa: S608 - our own names
    " AND e.recorded_at - s.recorded_at <= make_interval(secs => %(within)s)) FROM registry.events AS e"
    " JOIN registry.events AS s ON s.originator_id = e.originator_id AND s.originator_version = 1 AND s.topic = %(submitted)s"
    f" WHERE e.topic IN (%(approved)s, %(rejected)s) AND {_WHEN} GROUP BY e.actor_subject"
)
_MATCHED: Final = (
    "SELECT e.actor_subject, count(*), count(*) FILTER (WHERE c.overridden) FROM (SELECT DISTINCT ON (e.originator_id) e.*"  # noqa: S608 - our own names
    f" FROM registry.events AS e WHERE e.topic = %(matched)s AND {_WHEN} ORDER BY e.originator_id, e.originator_version DESC) AS e"
    f" JOIN {COUNTED_CASES.qualified} AS c ON c.case_id = e.originator_id GROUP BY e.actor_subject"
)
_CONFIRMED: Final = (
    "SELECT b.actor_subject, e.actor_subject, count(*) FROM registry.events AS e CROSS JOIN LATERAL (SELECT p.actor_subject"  # noqa: S608 - our own names
    " FROM registry.events AS p WHERE p.originator_id = e.originator_id AND p.originator_version < e.originator_version"
    " AND p.actor_role = %(officer)s AND p.topic = ANY(CASE WHEN e.topic = %(approved)s THEN %(by_hand)s::text[] ELSE %(proposing)s::text[] END)"
    f" ORDER BY p.originator_version DESC LIMIT 1) AS b WHERE e.topic = ANY(%(confirming)s) AND {_WHEN}"
    " AND b.actor_subject <> e.actor_subject GROUP BY b.actor_subject, e.actor_subject"
)


def officer_counts(url: str, first: datetime, until: datetime, within: int) -> Counts:
    """What officers did from an instant to another, which is not included; an approval is quick up to so many seconds after submission.

    A confirmation is of what another proposed, or, an approval, of what another matched by hand. The statistics hold all events.
    """
    asked: dict[str, Any] = {
        "officer": Role.REVIEWER.value,
        "first": first,
        "until": until,
        "within": within,
        "submitted": Submitted.TOPIC,
        "approved": Approved.TOPIC,
        "rejected": Rejected.TOPIC,
        "matched": Matched.TOPIC,
        "by_hand": [Matched.TOPIC],
        "proposing": [RevocationProposed.TOPIC, AnnulmentProposed.TOPIC, ReinstatementProposed.TOPIC],
        "confirming": [Approved.TOPIC, Revoked.TOPIC, Annulled.TOPIC, Reinstated.TOPIC],
    }
    with psycopg.connect(url) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        found = {row[0]: OfficerCounts(*row) for row in connection.execute(_DECIDED.encode(), asked)}
        for officer, matched, overridden in connection.execute(_MATCHED.encode(), asked):
            before = found.get(officer, OfficerCounts(officer))
            found[officer] = replace(before, matched=matched, overridden=overridden)
        confirmed = {(one, other): number for one, other, number in connection.execute(_CONFIRMED.encode(), asked)}
    return Counts(tuple(found.values()), confirmed, within)
