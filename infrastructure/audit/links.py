"""What streams say of one another: a live case holds the claim on its certificate, a revocation for fraud has its record.

Both ways: a case without what belongs to it is found, and so is what belongs to a case that is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, Final
from uuid import UUID

import orjson
import psycopg

from application.audit import Finding
from application.links import holds, import_stands, is_to_claim, revocations
from domain.base import evolve
from domain.case.case import RecognitionCase
from domain.case.imported import BEGINNINGS, Imported
from domain.case.title_events import Revoked
from domain.claim import CertificateClaim, CertificateClaimState
from domain.decision_import import DecisionImport
from domain.entry_claim import EntryClaim
from domain.holder import Holder
from domain.identifiers import holder_stream, integrity_record_id
from domain.integrity import IntegrityRecord
from domain.messages import tell
from domain.values import Role
from infrastructure.audit.streams import CheckedStream

_STREAMS: Final = (
    "SELECT originator_id, originator_version, topic, state FROM registry.events"
    " WHERE originator_id = ANY(%s) AND position <= %s ORDER BY originator_id, originator_version"
)
_TOPICS: Final = (
    "SELECT originator_id, originator_version, topic FROM registry.events"
    " WHERE originator_id = ANY(%s) AND topic = ANY(%s) AND position <= %s"
)
_PERSONS: Final = (
    "SELECT originator_id, topic, recorded_at FROM registry.events"
    " WHERE originator_id = ANY(%s) AND topic = ANY(%s) AND position <= %s ORDER BY originator_id, originator_version"
)
_IMPORTS: Final = (
    "SELECT originator_id, topic, actor_subject, recorded_at FROM registry.events"
    " WHERE originator_id = ANY(%s) AND topic = ANY(%s) AND position <= %s"
)
_BROUGHT: Final = [DecisionImport.Signed.TOPIC, DecisionImport.Begun.TOPIC]
_EVER: Final = datetime.max.replace(tzinfo=UTC)
_HELD: Final = [Holder.Restricted.TOPIC, Holder.RestrictionLifted.TOPIC, Holder.Erased.TOPIC]
_CLAIM_EVENTS: Final = {kind.TOPIC: kind for kind in CertificateClaim.GUARDS}
_FILED: Final = [IntegrityRecord.Filed.TOPIC, IntegrityRecord.Overturned.TOPIC]


class Links:
    """Asks checked streams of what other streams say of them, over the connection of the batch."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        until: int,
        report: Callable[[Finding], None],
    ) -> None:
        self._connection, self._until, self._report = connection, until, report

    def check(self, streams: Sequence[CheckedStream]) -> None:
        """Ask all of a batch. A stream whose history is broken is not asked: it is found already."""
        whole = [each for each in streams if not each.broken]
        self._claims_of([each for each in whole if each.kind is RecognitionCase])
        self._records_of([each for each in whole if each.kind is RecognitionCase])
        self._persons_of([each for each in whole if each.kind is RecognitionCase])
        self._imports_of([each for each in whole if each.kind is RecognitionCase])
        self._cases_of_claims([each for each in whole if each.kind in {CertificateClaim, EntryClaim}])
        self._cases_of_records([each for each in whole if each.kind is IntegrityRecord])

    def _claims_of(self, cases: Sequence[CheckedStream]) -> None:
        claiming = [each for each in cases if each.state.claim_id and is_to_claim(each.state, each.events)]
        claims = self._certificates(list({each.state.claim_id for each in claiming}))
        suspects = [each for each in claiming if not _held(claims, each)]
        erased = self._erased({each.state.holder_ref for each in suspects})
        for each in suspects:
            if each.state.title_stands or each.state.holder_ref not in erased:
                self._find(each, "CLAIM_NOT_HELD", "one_live_case_a_certificate", "audit.claim_not_held")

    def _certificates(self, streams: Sequence[UUID]) -> dict[UUID, Any]:
        """The claims on certificates, from their decoded events; what is not there, or cannot be read, is absent."""
        states: dict[UUID, Any] = {}
        if streams:
            with self._connection.cursor(binary=True) as cursor:
                rows = cursor.execute(_STREAMS, [list(streams), self._until]).fetchall()
            for stream, version, topic, stored in rows:
                place = {"originator_id": stream, "originator_version": version}
                try:
                    event = SimpleNamespace(**orjson.loads(stored) | place)
                    states[stream] = evolve(states.get(stream), event, _CLAIM_EVENTS[topic])
                except (
                    ValueError,
                    TypeError,
                    LookupError,
                    AttributeError,
                ):  # the claim's own finding says what is wrong
                    states.pop(stream, None)
        return states

    def _erased(self, holders: Iterable[UUID]) -> set[UUID]:
        streams = {holder_stream(each): each for each in holders}
        return {streams[stream] for stream, _, _ in self._topics(list(streams), ["holder.erased"])}

    def _persons_of(self, cases: Sequence[CheckedStream]) -> None:
        """Of a person whose data is restricted or erased nothing is recorded but what the registry does by rule."""
        streams = {each.stream_id: holder_stream(each.state.holder_ref) for each in cases}
        spans = self._not_processed(list(set(streams.values())))
        for each in cases:
            for began, ended in spans.get(streams[each.stream_id], ()):
                for event in each.events:
                    if began < event.timestamp < ended and event.by.actor.role is not Role.SYSTEM:
                        version = event.originator_version
                        self._find(each, "NOT_PROCESSED", "persons_are_processed", "audit.not_processed", version)

    def _not_processed(self, holders: Sequence[UUID]) -> dict[UUID, list[tuple[datetime, datetime]]]:
        """By the streams of holders, from when and until when their data was not processed."""
        spans: dict[UUID, list[tuple[datetime, datetime]]] = {}
        if holders:
            with self._connection.cursor(binary=True) as cursor:
                rows = cursor.execute(_PERSONS, [list(holders), _HELD, self._until]).fetchall()
            for stream, topic, at in rows:
                found = spans.setdefault(stream, [])
                if topic != Holder.RestrictionLifted.TOPIC:
                    found.append((at, _EVER))
                elif found:
                    found[-1] = (found[-1][0], at)
        return spans

    def _records_of(self, cases: Sequence[CheckedStream]) -> None:
        expected: dict[UUID, tuple[CheckedStream, int, bool]] = {}
        for each in cases:
            for revoked, overturned in revocations(each.events):
                expected[integrity_record_id(each.stream_id, revoked)] = (each, revoked, overturned)
        found: dict[UUID, set[str]] = {}
        for stream, _, topic in self._topics(list(expected), _FILED):
            found.setdefault(stream, set()).add(topic)
        for record, (case, revoked, overturned) in expected.items():
            topics = found.get(record, set())
            key = None
            if _FILED[0] not in topics:
                key = "audit.record_missing"
            elif overturned and _FILED[1] not in topics:
                key = "audit.record_not_overturned"
            elif not overturned and _FILED[1] in topics:
                key = "audit.record_overturned"
            if key is not None:
                self._find(case, "RECORD_DIFFERS", "revocations_are_on_record", key, revoked)

    def _imports_of(self, cases: Sequence[CheckedStream]) -> None:
        """A title of before was brought in by an import that had begun, of a file that the administrator named had signed."""
        imported = [(each, first) for each in cases if isinstance(first := each.events[0], Imported)]
        if not imported:
            return
        signed: dict[UUID, str] = {}
        begun: dict[UUID, datetime] = {}
        with self._connection.cursor(binary=True) as cursor:
            asked = [list({first.import_id for _, first in imported}), _BROUGHT, self._until]
            for stream, topic, subject, at in cursor.execute(_IMPORTS, asked).fetchall():
                if topic == DecisionImport.Signed.TOPIC:
                    signed[stream] = subject
                else:
                    begun[stream] = at
        for each, first in imported:
            if not import_stands(first, signed.get(first.import_id), begun.get(first.import_id)):
                self._find(each, "IMPORT_NOT_SIGNED", "imports_are_signed", "audit.import_not_signed", 1)

    def _cases_of_claims(self, claims: Sequence[CheckedStream]) -> None:
        named = {each.stream_id: _cases_named(each.state) for each in claims}
        asked = {case for cases in named.values() for case in cases}
        there = {stream for stream, *_ in self._topics(list(asked), [each.TOPIC for each in BEGINNINGS])}
        for stream, cases in named.items():
            for case in sorted(cases - there):
                said = tell("audit.claim_of_no_case", case=str(case))
                self._report(Finding("CLAIM_OF_NO_CASE", "claims_are_of_cases", said, stream))

    def _cases_of_records(self, records: Sequence[CheckedStream]) -> None:
        cases = list({each.state.case_id for each in records})
        revoked: dict[UUID, list[int]] = {}
        for stream, version, _ in self._topics(cases, [Revoked.TOPIC]):
            revoked.setdefault(stream, []).append(version)
        for each in records:
            case = each.state.case_id
            if each.stream_id not in {integrity_record_id(case, version) for version in revoked.get(case, ())}:
                said = tell("audit.record_of_nothing", case=str(case))
                self._report(Finding("RECORD_OF_NOTHING", "records_are_of_revocations", said, each.stream_id))

    def _topics(self, streams: Sequence[UUID], topics: Sequence[str]) -> list[tuple[UUID, int, str]]:
        if not streams:
            return []
        with self._connection.cursor(binary=True) as cursor:
            return cursor.execute(_TOPICS, [list(streams), list(topics), self._until]).fetchall()

    def _find(self, case: CheckedStream, code: str, rule: str, key: str, version: int | None = None) -> None:
        said = _said(key, version or 0)
        position = case.positions.get(version) if version else None
        self._report(Finding(code, rule, said, case.stream_id, version, position))


def _held(claims: Mapping[UUID, Any], case: CheckedStream) -> bool:
    """Whether a case has its claim, as the claim's decoded events have it."""
    return holds(claims.get(case.state.claim_id), str(case.stream_id), title_stands=case.state.title_stands)


def _cases_named(state: Any) -> set[UUID]:
    """The cases that have a claim on a certificate, or on an entry."""
    if isinstance(state, CertificateClaimState):
        return {each.case_id for each in (*state.claimants, *state.forfeited)}
    return {state.case_id} if state.case_id else set()


def _said(key: str, version: int) -> Any:
    match key:
        case "audit.not_processed":
            return tell("audit.not_processed", version=version)
        case "audit.import_not_signed":
            return tell("audit.import_not_signed")
        case "audit.claim_not_held":
            return tell("audit.claim_not_held")
        case "audit.record_missing":
            return tell("audit.record_missing", version=version)
        case "audit.record_not_overturned":
            return tell("audit.record_not_overturned", version=version)
    return tell("audit.record_overturned", version=version)
