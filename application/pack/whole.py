"""A pack of everything, verified line by line in the same memory however long it is.

The first line says what the file is, every other is an event, streams whole and one after another, those of catalogs first. The
hashes of the leaves go to a file of 32 bytes a leaf; that each was written once, and that all lead to the signed root, shows that
nothing was altered, left out or put in. What streams say of one another, and matches, are not asked here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, BinaryIO, Final

import orjson

from application.audit import circumstances
from application.pack import contents
from application.pack.contents import WHOLE_FORMAT, Malformed, PackedEvent
from application.pack.deriving import PackedCatalogs, shelf_of
from application.pack.judging import Reader, Wrong, by_stream, judge, wrong
from application.pack.verifying import json_of, require_stated, trusted_checkpoint
from domain.catalog.catalog import Catalog
from domain.guards import Circumstances
from domain.log.checkpoint import LogCheckpoint, TrustPolicy
from domain.merkle import HASH_SIZE, Frontier, TransparencyError, leaf_hash
from domain.messages import tell

LONGEST_LINE: Final = 64 * 2**20
"""Bytes of the longest line that is read."""
_AT_ONCE: Final = 4096
_NOTHING: Final = bytes(HASH_SIZE)


@dataclass(frozen=True, slots=True)
class WholeVerified:
    """What a pack of everything proves: every event up to a checkpoint is there, as it was signed, and keeps the rules.

    ``unasked`` counts the questions of rules that compare what is sealed.
    """

    origin: str
    leaves: int
    witnesses: tuple[str, ...]
    exported_at: str
    streams: int
    unasked: int


Told = Callable[[int, int], None]


def verify_whole(
    lines: Iterable[bytes], hashes: BinaryIO, *vkeys: str, told: Told = lambda _done, _of: None
) -> WholeVerified:
    """Verify a pack of everything from its lines; ``hashes`` is an empty file to write to and read, of no use afterwards.

    Raises ``Wrong`` with the first thing that is wrong, and ``NoteError`` or ``CheckpointError`` for keys that are none.
    """
    policy = TrustPolicy.of(*vkeys)
    source = iter(lines)
    header = _header(next(source, b""))
    trusted = trusted_checkpoint(_note(header, "checkpoint"), policy)
    parts = {name: header[name] for name in contents.WHOLE_STATED}
    require_stated(_note(header, "statement"), policy, WHOLE_FORMAT, parts)
    tree = trusted.checkpoint
    if (header["registry"].get("origin"), header["registry"].get("leaves")) != (tree.origin, tree.size):
        raise wrong("PART_ALTERED", "parts_as_stated", tell("pack.part_altered", part="registry"))
    streams = unasked = 0
    reader = Reader({})
    for packed, known in _streams(_events(source, tree, hashes, told), header, reader):
        judged = judge(packed, known, reader)
        streams, unasked = streams + 1, unasked + len(judged.unasked)
    _require_root(hashes, tree)
    witnesses = tuple(each.witness.name for each in trusted.cosignatures)
    return WholeVerified(tree.origin, tree.size, witnesses, str(header["registry"]["exportedAt"]), streams, unasked)


def _header(line: bytes) -> Mapping[str, Any]:
    header: Any = json_of(line)
    for name in ("format", *contents.WHOLE_STATED, "checkpoint", "statement"):
        if not isinstance(header, dict) or name not in header:
            raise _malformed(name)
    if header.keys() - {"format", "about", *contents.WHOLE_STATED, "checkpoint", "statement"}:
        raise _malformed("format")
    if header["format"] != WHOLE_FORMAT or not isinstance(header["registry"], dict):
        raise _malformed("format")
    if not {"exportedAt", "catalogEvents"} <= header["registry"].keys():
        raise _malformed("registry")
    found: Mapping[str, Any] = header
    return found


def _note(header: Mapping[str, Any], part: str) -> bytes:
    if not isinstance(header[part], str):
        raise _malformed(part)
    return str(header[part]).encode()


def _malformed(part: str) -> Wrong:
    return wrong("MALFORMED", "pack_can_be_read", tell("pack.malformed", part=part))


def _packed(line: bytes) -> PackedEvent:
    """The event of a line that says it and nothing twice or besides, which nothing would prove. Raises ``Malformed``."""
    event = PackedEvent.from_json(orjson.loads(line))
    if event.proof or orjson.dumps(event.as_json()) != line.rstrip(b"\r\n"):
        raise Malformed("events")
    return event


def _events(lines: Iterator[bytes], tree: LogCheckpoint, hashes: BinaryIO, told: Told) -> Iterator[PackedEvent]:
    """The events, the hash of each leaf written to its place."""
    for number, line in enumerate(lines, 2):
        try:
            event = _packed(line)
            hashed = leaf_hash(event.leaf().encode())
        except (Malformed, orjson.JSONDecodeError, TransparencyError):
            raise wrong("MALFORMED", "pack_can_be_read", tell("pack.line_no_json", line=number)) from None
        place = event.leaf_index * HASH_SIZE
        if event.leaf_index >= tree.size:
            raise wrong("EVENT_SURPLUS", "streams_without_gaps", tell("pack.event_surplus"), event)
        hashes.seek(place)
        if hashes.read(HASH_SIZE).strip(b"\0"):
            raise wrong("EVENT_SURPLUS", "streams_without_gaps", tell("pack.event_surplus"), event)
        hashes.seek(place)
        hashes.write(hashed)
        if number % _AT_ONCE == 0:
            told(number - 1, tree.size)
        yield event


def _streams(
    events: Iterator[PackedEvent], header: Mapping[str, Any], reader: Reader
) -> Iterator[tuple[list[PackedEvent], Circumstances]]:
    """Each stream whole, with what guards ask about: the catalogs are read first, and kept."""
    catalogs: list[PackedEvent] = []
    known: Circumstances | None = None
    for _, group in groupby(events, key=lambda each: each.stream_id):
        stream = list(group)
        if stream[0].topic.startswith(f"{Catalog.TOPIC}."):
            if known is not None:
                raise wrong("ORDER_REVERSED", "positions_in_order", tell("pack.order_reversed"), stream[0])
            catalogs += stream
            continue
        if known is None:
            known = _known(catalogs, header, reader)
            yield from ((each, known) for each in by_stream(catalogs).values())
        yield stream, known
    if known is None:
        known = _known(catalogs, header, reader)
        yield from ((each, known) for each in by_stream(catalogs).values())


def _known(catalogs: list[PackedEvent], header: Mapping[str, Any], reader: Reader) -> Circumstances:
    found = len(catalogs)
    if found != header["registry"]["catalogEvents"]:
        raise wrong("EVENT_MISSING", "catalogs_come_first", tell("pack.catalogs_incomplete", found=found))
    part = "directory"
    try:
        directory = contents.directory_in(header[part])
        part = "rules"
        rules = contents.rules_in(header[part])
    except Malformed:
        raise _malformed(part) from None
    read = {
        stream: [(reader.read(each), each.position) for each in events]
        for stream, events in by_stream(catalogs).items()
    }
    return circumstances(directory, shelf_of(PackedCatalogs(read)), rules)


def _require_root(hashes: BinaryIO, tree: LogCheckpoint) -> None:
    frontier = Frontier()
    hashes.seek(0)
    done = 0
    while done < tree.size:
        block = hashes.read(min(_AT_ONCE, tree.size - done) * HASH_SIZE)
        leaves = [block[at : at + HASH_SIZE] for at in range(0, len(block), HASH_SIZE)]
        if not leaves or _NOTHING in leaves or len(leaves[-1]) < HASH_SIZE:
            leaf = done + (leaves.index(_NOTHING) if _NOTHING in leaves else len(leaves))
            raise wrong("NOT_LOGGED", "log_is_complete", tell("pack.gap", leaf=leaf, leaves=tree.size))
        frontier = frontier.extended(leaves)
        done += len(leaves)
    if frontier.root() != tree.root:
        raise wrong("NOT_LOGGED", "log_as_signed", tell("pack.root_differs"))
