"""A pack verified: nothing is believed but the verifier keys; the first thing that is wrong is named.

In this order: the form of the file; the signatures on checkpoint and statement; what the statement covers; that every stream is
there, without a gap; each leaf, made anew from the stored bytes, under the signed root; what was disclosed against its seals; then
every history by the guards of the live commands, what streams say of one another, and the match by the matcher.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import orjson

from application.audit import circumstances
from application.catalogs import Shelf
from application.links import holds, import_stands, is_to_claim, revocations
from application.pack import contents
from application.pack.contents import CASE_FORMAT, Malformed, PackedEvent, Place
from application.pack.deriving import PackedCatalogs, Sealed, derive, shelf_of
from application.pack.judging import JudgedStream, Reader, Wrong, by_stream, judge, require_opened, sealed_at, wrong
from application.sealed_values import Opening
from domain.case.case import RecognitionCase
from domain.case.imported import Imported
from domain.catalog.catalog import Catalog
from domain.decision_import import DecisionImport
from domain.guards import Circumstances
from domain.holder import Holder
from domain.identifiers import case_number, entry_claim_id, holder_stream, integrity_record_id
from domain.integrity import IntegrityRecord
from domain.log.checkpoint import TrustedCheckpoint, TrustPolicy
from domain.log.log_errors import CheckpointError, SignatureRejected
from domain.log.signed_note import SignedNote
from domain.merkle import TransparencyError, leaf_hash, verify_inclusion
from domain.messages import Message, tell
from domain.values import CaseStatus, TitleAward

LARGEST: Final = 256 * 2**20
"""Bytes of the largest pack of one case that is read."""


@dataclass(frozen=True, slots=True)
class DisclosedValue:
    """A value that was opened for a pack, and is what was sealed."""

    stream_id: UUID
    version: int
    field: str
    value: str


@dataclass(slots=True)
class Verified:
    """What a pack proves: a case, its title, and under which checkpoint; ``remarks`` say what could not be derived, and why.

    ``matches`` counts the automatic matches that were made anew.
    """

    case_number: str
    stream_id: UUID
    status: str
    title_status: str | None
    award: TitleAward | None
    origin: str
    leaves: int
    witnesses: tuple[str, ...]
    exported_at: str
    events: int
    streams: int
    matches: int
    remarks: tuple[Message, ...] = ()
    disclosed: tuple[DisclosedValue, ...] = ()


@dataclass(slots=True)
class _Pack:
    """A case's pack, its form understood and nothing of it believed."""

    raw: Mapping[str, Any]
    case_number: str
    case_stream: UUID
    exported_at: str
    streams: list[contents.PackedStream]
    disclosed: dict[Place, Opening]
    events: list[PackedEvent]
    checkpoint: bytes
    statement: bytes
    known: Circumstances | None = None
    judged: dict[UUID, JudgedStream] = field(default_factory=dict)


def verify_case(data: bytes, *vkeys: str) -> Verified:
    """Verify the pack of a case. Raises ``Wrong`` with the first thing that is wrong, and ``NoteError`` or ``CheckpointError``
    for keys that are none.
    """
    policy = TrustPolicy.of(*vkeys)
    pack = _parsed(data)
    trusted = trusted_checkpoint(pack.checkpoint, policy)
    parts = {name: pack.raw[name] for name in contents.STATED}
    require_stated(pack.statement, policy, CASE_FORMAT, parts)
    _require_whole(pack)
    for each in pack.events:
        _require_logged(each, trusted)
    _require_opened(pack)
    directory, rules = _read(contents.directory_in, pack.raw), _read(contents.rules_in, pack.raw)
    reader = Reader(pack.disclosed)
    streams = by_stream(pack.events)
    shelf, catalogs = _catalogs(pack, streams, reader)
    known = circumstances(directory, shelf, rules)
    for stream, packed in streams.items():
        pack.judged[stream] = judge(packed, known, reader)
    return _verified(pack, trusted, shelf, catalogs, known)


def trusted_checkpoint(note: bytes, policy: TrustPolicy) -> TrustedCheckpoint:
    """The checkpoint of a pack. Raises ``Wrong``."""
    try:
        return policy.open(note)
    except SignatureRejected:
        said = tell("pack.not_signed")
    except CheckpointError:
        said = tell("pack.other_log", origin=policy.origin)
    except TransparencyError:
        said = tell("pack.malformed", part="checkpoint")
    raise wrong("CHECKPOINT_UNTRUSTED", "checkpoint_is_signed", said)


def require_stated(note: bytes, policy: TrustPolicy, name: str, parts: Mapping[str, Any]) -> None:
    """The statement is signed by the log, and says what the parts are. Raises ``Wrong``."""
    try:
        text = SignedNote.parse(note).opened(*policy.log_keys)
    except SignatureRejected:
        said = tell("pack.statement_not_signed")
    except TransparencyError:
        said = tell("pack.malformed", part="statement")
    else:
        try:
            altered = contents.altered_part(text, name, policy.origin, parts)
        except (ValueError, RecursionError):  # a number or a depth that no statement covers
            altered = "statement"
        if altered is None:
            return
        said = tell("pack.part_altered", part=altered)
    raise wrong("PART_ALTERED", "parts_as_stated", said)


def _parsed(data: bytes) -> _Pack:
    raw = json_of(data)
    if not isinstance(raw, dict) or raw.keys() - contents.ABOUT.keys() - {"about"}:
        raise _malformed("format")
    missing = next((name for name in contents.ABOUT if name not in raw), None)
    if missing is not None or raw["format"] != CASE_FORMAT:
        raise _malformed(missing or "format")
    try:
        case = raw["case"]
        return _Pack(
            raw,
            str(case["number"]),
            UUID(case["streamId"]),
            str(case["exportedAt"]),
            contents.streams_in(raw["streams"]),
            contents.disclosed_in(raw["disclosed"]),
            [_event(each) for each in raw["events"]],
            raw["checkpoint"].encode(),
            raw["statement"].encode(),
        )
    except Malformed as error:
        part = str(error)
    except (LookupError, TypeError, ValueError, AttributeError):
        part = "case"
    raise _malformed(part)


def _event(found: Any) -> PackedEvent:
    event = PackedEvent.from_json(found)
    if event.as_json() != found:  # a member besides, or another spelling, which nothing proves
        raise Malformed("events")
    return event


def json_of(data: bytes) -> Any:
    """The JSON of a pack, no member of it named twice: of two, readers take one or the other. Raises ``Wrong``."""
    try:
        found = orjson.loads(data)
        json.loads(data, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise wrong("MALFORMED", "pack_can_be_read", tell("pack.no_json")) from None
    return found


def _once(members: list[tuple[str, Any]]) -> None:
    if len(dict.fromkeys(name for name, _ in members)) != len(members):
        raise ValueError


def _malformed(part: str) -> Wrong:
    return wrong("MALFORMED", "pack_can_be_read", tell("pack.malformed", part=part))


def _read(reading: Any, raw: Mapping[str, Any]) -> Any:
    part = "directory" if reading is contents.directory_in else "rules"
    try:
        return reading(raw[part])
    except Malformed:
        raise _malformed(part) from None


def _require_whole(pack: _Pack) -> None:
    """Each stream that is stated has its events from the first to the last, and no other event is there."""
    found = by_stream(pack.events)
    for stream in pack.streams:
        events = found.pop(stream.stream_id, [])
        versions = [each.version for each in events]
        for number in range(1, max(stream.events, len(events)) + 1):
            at = next((each for each in events if each.version == number), None)
            if at is None and number <= stream.events:
                said = tell("pack.event_missing", version=number, events=stream.events)
                raise wrong("EVENT_MISSING", "streams_without_gaps", said, stream_id=stream.stream_id)
            if at is not None and (number > stream.events or versions.count(number) > 1):
                raise _surplus(at)
        if beyond := [each for each in events if not 1 <= each.version <= stream.events]:
            raise _surplus(beyond[0])
    for events in found.values():
        raise _surplus(events[0])
    indexes = [(each.leaf_index, each.position) for each in pack.events]
    if indexes != sorted(indexes) or [p for _, p in indexes] != sorted({p for _, p in indexes}):
        at = next((b for a, b in zip(pack.events, pack.events[1:], strict=False) if b.position <= a.position), None)
        raise wrong("ORDER_REVERSED", "positions_in_order", tell("pack.order_reversed"), at or pack.events[0])


def _surplus(at: PackedEvent) -> Wrong:
    return wrong("EVENT_SURPLUS", "streams_without_gaps", tell("pack.event_surplus"), at)


def _require_logged(each: PackedEvent, trusted: TrustedCheckpoint) -> None:
    tree = trusted.checkpoint
    try:
        verify_inclusion(leaf_hash(each.leaf().encode()), each.leaf_index, tree.size, each.proof, tree.root)
    except TransparencyError:
        said = tell("pack.not_logged", leaf=each.leaf_index, leaves=tree.size)
    else:
        return
    raise wrong("NOT_LOGGED", "log_as_signed", said, each)


def _require_opened(pack: _Pack) -> None:
    """What was disclosed is what was sealed, by the commitments in the bytes that were signed."""
    waiting = dict(pack.disclosed)
    for each in pack.events:
        mine = {at.path: opening for at, opening in pack.disclosed.items() if _is(each, at.stream_id, at.version)}
        if mine:
            require_opened(each, mine)
            for path in mine:
                del waiting[Place(each.stream_id, each.version, path)]
    for at in sorted(waiting):
        raise _at(at, "DISCLOSED_DIFFERS", "disclosed_as_sealed", tell("pack.opening_of_nothing"))


@lru_cache(maxsize=2)
def _kept(_digests: tuple[bytes, ...], held: _Held) -> tuple[Shelf, PackedCatalogs]:
    catalogs = PackedCatalogs(held.read())
    return shelf_of(catalogs), catalogs


class _Held:
    """Events of catalogs to be read where no shelf is kept of the same; all are alike, since their digests are asked beside them."""

    def __init__(self, packed: Mapping[UUID, Sequence[PackedEvent]], reader: Reader) -> None:
        self._packed, self._reader = packed, reader

    def read(self) -> dict[UUID, list[tuple[Any, int]]]:
        return {
            stream: [(self._reader.read(each), each.position) for each in events]
            for stream, events in self._packed.items()
        }

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held)

    def __hash__(self) -> int:
        return 0


def _catalogs(
    pack: _Pack, streams: Mapping[UUID, Sequence[PackedEvent]], reader: Reader
) -> tuple[Shelf, PackedCatalogs]:
    """The catalogs of the pack, on a shelf; the shelf is kept for the next pack with the same, its matchers warm."""
    kinds = {each.stream_id for each in pack.streams if each.kind == Catalog.TOPIC}
    packed = {stream: events for stream, events in streams.items() if stream in kinds}
    digests = tuple(each.leaf().encode() for events in packed.values() for each in events)
    try:
        return _kept(digests, _Held(packed, reader))
    except (LookupError, TypeError, AttributeError):
        raise wrong("HISTORY_BROKEN", "history_unbroken", tell("pack.malformed", part="events")) from None


def _verified(
    pack: _Pack, trusted: TrustedCheckpoint, shelf: Shelf, catalogs: PackedCatalogs, known: Circumstances
) -> Verified:
    case = pack.judged.get(pack.case_stream)
    if case is None or case.kind is not RecognitionCase:
        raise wrong("MALFORMED", "pack_can_be_read", tell("pack.malformed", part="case"))
    state = case.state
    number = case_number(case.stream_id, state.submitted_on, known.rules.case_prefix)
    if not number == state.case_number == pack.case_number:
        said = tell("pack.number_differs", stated=pack.case_number, number=number)
        raise wrong("NUMBER_DIFFERS", "case_numbers_follow_from_streams", said, stream_id=case.stream_id)
    holder = pack.judged.get(holder_stream(state.holder_ref))
    erased = holder is not None and holder.kind is Holder and holder.state.erased
    _links(pack, case, erased=erased)
    disclosed = tuple(DisclosedValue(*at, opening.value) for at, opening in sorted(pack.disclosed.items()))

    def opened(_version: int, _path: str, text: str | None) -> str | None:
        if sealed_at(text):
            raise Sealed
        return text

    derived = derive(shelf, catalogs, case.events, opened, erased=erased)
    if derived.contradiction is not None:
        at = next(each for each in pack.events if _is(each, case.stream_id, derived.contradiction.version))
        raise wrong("MATCH_DIFFERS", "matched_as_the_rule_set_says", derived.contradiction.said, at)
    remarks = [tell("pack.rule_on_sealed", rule=rule, version=version) for version, rule in _unasked(pack)]
    if derived.not_derived is not None:
        remarks.insert(0, derived.not_derived)
    pinned = state.awarded
    entry = None
    if pinned is not None:
        entry = known.entries.entry_at(pinned.catalog_code, pinned.catalog_version, pinned.entry_number)
    return Verified(
        number,
        case.stream_id,
        state.status.value,
        state.title_status.value if state.title_status else None,
        entry.award_for(pinned.grade) if entry and pinned else None,
        trusted.checkpoint.origin,
        trusted.checkpoint.size,
        tuple(each.witness.name for each in trusted.cosignatures),
        pack.exported_at,
        len(pack.events),
        len(pack.streams),
        derived.made,
        tuple(remarks),
        disclosed,
    )


def _unasked(pack: _Pack) -> list[tuple[int, str]]:
    return sorted({each for judged in pack.judged.values() for each in judged.unasked})


def _is(each: PackedEvent, stream_id: UUID, version: int) -> bool:
    return (each.stream_id, each.version) == (stream_id, version)


def _links(pack: _Pack, case: JudgedStream, *, erased: bool) -> None:
    """What the case and the other streams say of one another. Raises ``Wrong``."""
    state, events = case.state, case.bare
    claim = pack.judged.get(state.claim_id) if state.claim_id else None
    held = holds(claim.state if claim else None, case.stream_id, title_stands=state.title_stands)
    if state.claim_id and is_to_claim(state, events) and not held and (state.title_stands or not erased):
        raise _of_case(case, "CLAIM_NOT_HELD", "one_live_case_a_certificate", tell("audit.claim_not_held"))
    if state.status is CaseStatus.APPROVED and state.title_stands and state.awarded is not None:
        title = state.awarded
        entry = pack.judged.get(entry_claim_id(state.holder_ref, title.catalog_code, title.entry_number, title.grade))
        if entry is None or entry.state.case_id != case.stream_id:
            raise _of_case(case, "CLAIM_NOT_HELD", "one_live_case_an_entry", tell("pack.entry_claim_not_held"))
    if isinstance(first := events[0], Imported):
        brought = pack.judged.get(first.import_id)
        signed = brought.state.signed_by if brought is not None and brought.kind is DecisionImport else None
        begun = [each.timestamp for each in brought.bare if isinstance(each, DecisionImport.Begun)] if brought else []
        if not import_stands(first, signed, min(begun, default=None)):
            raise _of_case(case, "IMPORT_NOT_SIGNED", "imports_are_signed", tell("audit.import_not_signed"))
    for version, overturned in revocations(events):
        record = pack.judged.get(integrity_record_id(case.stream_id, version))
        if record is None or record.kind is not IntegrityRecord or record.state.case_id != case.stream_id:
            said = tell("audit.record_missing", version=version)
        elif overturned and not record.state.overturned:
            said = tell("audit.record_not_overturned", version=version)
        elif record.state.overturned and not overturned:
            said = tell("audit.record_overturned", version=version)
        else:
            continue
        raise _of_case(case, "RECORD_DIFFERS", "revocations_are_on_record", said)


def _of_case(case: JudgedStream, code: str, rule: str, said: Message) -> Wrong:
    return wrong(code, rule, said, stream_id=case.stream_id)


def _at(place: Place, code: str, rule: str, said: Message) -> Wrong:
    found = wrong(code, rule, said, stream_id=place.stream_id).found
    return Wrong(type(found)(found.code, found.rule, found.said, place.stream_id, place.version))


__all__: Sequence[str] = ("DisclosedValue", "Verified", "Wrong", "verify_case")
