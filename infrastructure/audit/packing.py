"""Packs made: what a decision rests on, or everything, read in one snapshot of the database up to its last checkpoint.

No proof is made that does not lead to the signed root, and none for an event that was changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
import psycopg
from eventsourcing.persistence import StoredEvent

from application.pack import contents
from application.pack.contents import CASE_FORMAT, WHOLE_FORMAT, PackedEvent, PackedStream, Place
from application.sealed_values import SEALED, Opening
from application.seals import Seal
from application.stored_events import holder_of, replace_sealed, state_of
from domain.base import Event, evolve
from domain.case.events import CertificateClaimMoved, Matched, Submitted
from domain.case.imported import Imported
from domain.case.title_events import Revoked
from domain.catalog.timeline import CatalogPublished
from domain.identifiers import entry_claim_id, holder_stream, integrity_record_id
from domain.log.tile_reader import TileReader
from domain.merkle import TransparencyError, leaf_hash
from domain.messages import SpokenError, tell
from domain.officer import Officer
from infrastructure.audit.check import Audited, case_of
from infrastructure.log.keys import active_vkeys, signing_keys
from infrastructure.log.reading import with_cosignatures
from infrastructure.log.tables import TransactionTiles, read_epoch, read_head
from infrastructure.sealing.opening import KeyringSeals

_COLUMNS: Final = (
    "e.originator_id, e.originator_version, e.topic, e.position, e.state, e.recorded_at, e.actor_subject, e.actor_role,"
    " e.actor_authority, e.client, l.leaf_index"
)
_JOINED: Final = "FROM registry.events AS e LEFT JOIN log.leaves AS l ON l.epoch = %s AND l.position = e.position"
_NAMED: Final = f"SELECT {_COLUMNS} {_JOINED} WHERE e.originator_id = ANY(%s) ORDER BY e.position"
_STREAMS: Final = (
    f"SELECT {_COLUMNS} {_JOINED} WHERE e.position <= %s AND (e.originator_id = ANY(%s)) = %s"
    " ORDER BY e.originator_id, e.originator_version"
)
_CATALOGS: Final = "SELECT originator_id FROM registry.events WHERE topic = %s ORDER BY position"
_CATALOG_EVENTS: Final = "SELECT count(*) FROM registry.events WHERE starts_with(topic, 'catalog.') AND position <= %s"
_OFFICERS: Final = (
    "SELECT originator_id FROM registry.events WHERE topic = %s"
    " AND convert_from(state, 'UTF8')::jsonb ->> 'subject' = ANY(%s)"
)
_LINES: Final = "SELECT line FROM log.cosignatures WHERE epoch = %s AND size = %s ORDER BY received_at, witness"
_INDEX: Final = re.compile(r"\.\d+(?=\.|$)")
_AT_ONCE: Final = 2_000


class PackRefused(SpokenError):
    """No pack is made; the message says why, and the way out."""


@dataclass(frozen=True, slots=True)
class ExportedCase:
    """A pack, and of whom which fields it shows."""

    data: bytes
    events: int
    leaves: int
    shown: Mapping[UUID, frozenset[str]]


def export_case(
    audited: Audited, seals: KeyringSeals, number: str, disclose: Sequence[str] = (), reason: str | None = None
) -> ExportedCase | None:
    """The pack of a case by its number, with the fields to ``disclose`` opened; None where there is no such case.

    A field is a path as ``certificate.name`` or ``experience.*.employer``, or the first part of one. Raises ``PackRefused``, and
    ``LogRefusal`` where there is no log, or its keys are not at hand.
    """
    with psycopg.connect(audited.url) as connection:
        snapshot = _Snapshot(audited, connection)
        stream = case_of(snapshot.connection, number)
        if stream is None:
            return None
        case = snapshot.events_of([stream])
        kinds = _related(audited, snapshot, stream, case)
        packed = snapshot.proved(snapshot.events_of(list(kinds)))
        counts = {each: sum(event.stream_id == each for event in packed) for each in kinds}
        streams = [PackedStream(each, kind, counts[each]) for each, kind in kinds.items() if counts[each]]
        disclosed, shown = _disclosed(seals, packed, disclose)
        first: Any = _decoded(audited, case)[0]
        parts = {
            "case": {
                "number": first.case_number,
                "streamId": str(stream),
                "exportedAt": _instant(audited.clock()),
                "reason": reason,
            },
            "streams": contents.streams_json(streams),
            **snapshot.known(),
            "disclosed": contents.disclosed_json(disclosed),
        }
        pack = {
            "format": CASE_FORMAT,
            "about": contents.ABOUT,
            **parts,
            "events": [each.as_json() for each in packed],
            "checkpoint": snapshot.note.decode(),
            "statement": snapshot.statement(CASE_FORMAT, {name: parts[name] for name in contents.STATED}),
        }
        return ExportedCase(orjson.dumps(pack, option=orjson.OPT_INDENT_2), len(packed), snapshot.head.size, shown)


def export_everything(audited: Audited) -> Iterator[tuple[bytes, int, int]]:
    """The lines of a pack of everything up to the last checkpoint, each with how many leaves were written, and of how many.

    Raises ``PackRefused`` and ``LogRefusal`` as ``export_case``.
    """
    with psycopg.connect(audited.url) as connection:
        snapshot = _Snapshot(audited, connection)
        parts = {
            "registry": {
                "origin": snapshot.origin,
                "leaves": snapshot.head.size,
                "catalogEvents": snapshot.catalog_events(),
                "exportedAt": _instant(audited.clock()),
            },
            **snapshot.known(),
        }
        header = {
            "format": WHOLE_FORMAT,
            "about": {
                name: said for name, said in contents.ABOUT.items() if name not in {"case", "streams", "disclosed"}
            }
            | {
                "registry": "the log, how many leaves it has, and when this file was exported",
                "events": "a line each: streams whole and one after another, those of catalogs first",
            },
            **parts,
            "checkpoint": snapshot.note.decode(),
            "statement": snapshot.statement(WHOLE_FORMAT, parts),
        }
        yield orjson.dumps(header) + b"\n", 0, snapshot.head.size
        for done, each in enumerate(snapshot.everything(), 1):
            yield orjson.dumps(each.as_json()) + b"\n", done, snapshot.head.size


class _Snapshot:
    """One state of events and log, read in one transaction that changes nothing. Raises ``PackRefused`` and ``LogRefusal``."""

    def __init__(self, audited: Audited, connection: psycopg.Connection[Any]) -> None:
        self._audited, self.connection = audited, connection
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        epoch = read_epoch(connection)
        head = read_head(connection, epoch[0]) if epoch else None
        if epoch is None or head is None:
            raise PackRefused(tell("pack.behind"))
        self.head, self.origin = head, epoch[1]
        self.keys = signing_keys(audited.files.keys, active_vkeys(connection, head.epoch))
        lines = [line for (line,) in connection.execute(_LINES, [head.epoch, head.size])]
        self.note = with_cosignatures(bytes(head.note), lines)
        self._reader = TileReader(TransactionTiles(connection, head.epoch), head.size, bytes(head.root))

    def known(self) -> dict[str, Any]:
        """The parts that guards ask about beside the streams."""
        known: Any = self._audited.known()
        return {"directory": contents.directory_json(known.jurisdiction), "rules": contents.rules_json(known.rules)}

    def statement(self, name: str, parts: Mapping[str, Any]) -> str:
        """The statement on the parts that no leaf covers."""
        return contents.statement_of(name, self.origin, parts, *self.keys).serialise().decode()

    def events_of(self, streams: Sequence[UUID]) -> list[PackedEvent]:
        """Every event of these streams in the order of positions, whole rows, nothing proved. Raises ``PackRefused``."""
        with self.connection.cursor(binary=True) as cursor:
            return [self._packed(row) for row in cursor.execute(_NAMED.encode(), [self.head.epoch, list(streams)])]

    def catalogs(self) -> list[UUID]:
        """The streams of catalogs, in the order of publication."""
        return [stream for (stream,) in self.connection.execute(_CATALOGS, [CatalogPublished.TOPIC])]

    def catalog_events(self) -> int:
        """How many events the catalogs have up to the checkpoint."""
        row = self.connection.execute(_CATALOG_EVENTS, [self.head.position]).fetchone()
        return int(row[0]) if row else 0

    def officers(self, subjects: Iterable[str]) -> list[UUID]:
        """The streams of those of whom somebody said who they are."""
        rows = self.connection.execute(_OFFICERS.encode(), [Officer.Registered.TOPIC, sorted(subjects)])
        return [stream for (stream,) in rows]

    def everything(self) -> Iterator[PackedEvent]:
        """Every event that the checkpoint covers, streams whole, those of catalogs first."""
        catalogs = self.catalogs()
        for number, are_catalogs in enumerate((True, False)):
            with self.connection.cursor(f"packed_{number}", binary=True) as cursor:
                cursor.itersize = _AT_ONCE
                cursor.execute(_STREAMS.encode(), [self.head.epoch, self.head.position, catalogs, are_catalogs])
                yield from map(self._packed, cursor)

    def _packed(self, row: Sequence[Any]) -> PackedEvent:
        stream, version, topic, position, state, at, subject, role, authority, client, leaf = row
        if leaf is None and position > self.head.position:
            raise PackRefused(tell("pack.behind"))
        if leaf is None:
            raise PackRefused(tell("pack.not_exported", position=position))
        return PackedEvent(
            stream, version, topic, position, bytes(state), at, subject, role, authority, client, leaf_index=leaf
        )

    def proved(self, events: Sequence[PackedEvent]) -> list[PackedEvent]:
        """The same events, each with the proof of its leaf. Raises ``PackRefused`` for one that is not what was signed."""
        return [self._proved(each) for each in events]

    def _proved(self, each: PackedEvent) -> PackedEvent:
        if each.leaf_index >= self.head.size:
            raise PackRefused(tell("pack.behind"))
        try:
            if self._reader.hash_at(0, each.leaf_index) == leaf_hash(each.leaf().encode()):
                proof = tuple(self._reader.inclusion_proof(each.leaf_index))
                return replace(each, proof=proof)
        except TransparencyError:
            pass
        raise PackRefused(tell("pack.not_exported", position=each.position))


def _decoded(audited: Audited, events: Sequence[PackedEvent]) -> list[Event]:
    return audited.mapper.sealed_events(
        [StoredEvent(each.stream_id, each.version, each.topic, each.state) for each in events]
    )


def _related(audited: Audited, snapshot: _Snapshot, stream: UUID, case: Sequence[PackedEvent]) -> dict[UUID, str]:
    """The streams that a decision rests on, with what each is to it; some of them may not be there."""
    kinds = {stream: "recognition-case"} | dict.fromkeys(snapshot.catalogs(), "catalog")
    state: Any = None
    for event in _decoded(audited, case):
        state = evolve(state, event)
        match event:
            case Submitted(claim_id=UUID() as claim) | CertificateClaimMoved(claim_id=claim):
                kinds[claim] = "certificate-claim"
            case Matched():
                place = (event.catalog_code, event.entry_number, event.grade)
                kinds[entry_claim_id(state.holder_ref, *place)] = "entry-claim"
            case Imported():
                place = (event.catalog_code, event.entry_number, event.grade)
                kinds[entry_claim_id(state.holder_ref, *place)] = "entry-claim"
                kinds[event.import_id] = "decision-import"
                if event.claim_id is not None:
                    kinds[event.claim_id] = "certificate-claim"
            case Revoked():
                kinds[integrity_record_id(stream, event.originator_version)] = "integrity-record"
    kinds[holder_stream(state.holder_ref)] = "holder"
    subjects = {each.actor_subject for each in case if each.actor_subject is not None}
    return kinds | dict.fromkeys(snapshot.officers(subjects), "officer")


def _disclosed(
    seals: KeyringSeals, events: Sequence[PackedEvent], asked: Sequence[str]
) -> tuple[dict[Place, Opening], dict[UUID, frozenset[str]]]:
    """The openings of the fields that are asked for, and of whom they are. Raises ``PackRefused``."""
    if not asked:
        return {}, {}
    found: dict[Place, Opening] = {}
    shown: dict[UUID, set[str]] = {}
    there: set[str] = set()
    for each in events:
        for path, sealed in _sealed_in(each):
            name = _INDEX.sub(".*", path)
            there.add(name)
            if not any(name == field or name.startswith(f"{field}.") for field in asked):
                continue
            holder = holder_of(state_of(each.state))
            opening = seals.opening(holder, each.stream_id, Seal(each.version, each.topic, path, sealed))
            if opening is None:
                raise PackRefused(tell("pack.not_opened", field=name))
            found[Place(each.stream_id, each.version, path)] = opening
            shown.setdefault(holder, set()).add(name)
    for field in asked:
        if not any(name == field or name.startswith(f"{field}.") for name in there):
            raise PackRefused(tell("pack.no_field", field=field, fields=sorted({name.split(".")[0] for name in there})))
    return found, {holder: frozenset(names) for holder, names in shown.items()}


def _sealed_in(event: PackedEvent) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    if b'"sealed":' in event.state:
        replace_sealed(state_of(event.state), "", lambda path, value: found.append((path, value[SEALED])))
    return found


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
