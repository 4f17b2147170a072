"""Whether the law kept what was erased: each erasure is asked what the command was asked, of the cases and records as they stood then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import UUID

import psycopg
from eventsourcing.persistence import StoredEvent

from application.audit import Finding
from application.retention import RetentionTerms, records_of
from domain.base import evolve
from domain.case.imported import BEGINNINGS
from domain.holder import Holder
from domain.jurisdiction import ProvincialRules
from domain.refusals import Refused
from domain.values import shanghai_day
from infrastructure.mapper import EventMapper, StoredEventError

_ERASURES: Final = (
    "SELECT position, recorded_at, originator_id, originator_version, registry.stated(state, 'holder_ref')"
    " FROM registry.events WHERE topic = %s AND position > %s AND position <= %s ORDER BY position"
)
# One scan for all of them: an index on something that is asked of few events once a night would cost every submission.
_CASES: Final = (
    "SELECT registry.stated(state, 'holder_ref'), originator_id FROM registry.events"
    " WHERE topic = ANY(%s) AND registry.stated(state, 'holder_ref') = ANY(%s)"
)
_BEFORE: Final = (
    "SELECT originator_id, originator_version, topic, state FROM registry.events"
    " WHERE originator_id = ANY(%s) AND position < %s ORDER BY originator_id, originator_version"
)


def erasures(
    connection: psycopg.Connection[Any], mapper: EventMapper, rules: ProvincialRules, since: int, until: int
) -> Iterator[Finding]:
    """The erasures between two positions that came while the province's rules of their day kept the data."""
    asked = connection.execute(_ERASURES, [Holder.Erased.TOPIC, since, until]).fetchall()
    cases: dict[UUID, list[UUID]] = {}
    if asked:
        holders = [row[-1] for row in asked]
        for ref, case in connection.execute(_CASES, [[each.TOPIC for each in BEGINNINGS], holders]):
            cases.setdefault(ref, []).append(case)
    terms = RetentionTerms(rules)
    for position, at, stream, version, ref in asked:
        try:
            states = _before(connection, mapper, cases.get(ref, ()), position)
            records = _before(connection, mapper, records_of(states), position)
            terms.require_over(list(states.values()), records.values(), shanghai_day(at))
        except Refused as refused:
            yield Finding(refused.code.value, "retention_comes_first", refused.said, stream, version, position)
        except (
            StoredEventError,
            LookupError,
            TypeError,
            AttributeError,
        ):  # the stream's own finding says what is wrong
            continue


def _before(
    connection: psycopg.Connection[Any], mapper: EventMapper, streams: Sequence[UUID], position: int
) -> dict[UUID, Any]:
    """The states that streams had when an event at a position came."""
    states: dict[UUID, Any] = {}
    if streams:
        with connection.cursor(binary=True) as cursor:
            rows = cursor.execute(_BEFORE, [list(streams), position]).fetchall()
        for row in rows:
            states[row[0]] = evolve(states.get(row[0]), mapper.to_domain_event(StoredEvent(*row)))
    return states
