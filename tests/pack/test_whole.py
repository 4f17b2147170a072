"""A pack of everything: complete against the checkpoint, verified line by line in the same memory."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any, Final

import orjson
import pytest

from application.audit import Finding
from application.pack import contents
from application.pack.judging import Wrong
from application.pack.whole import WholeVerified, verify_whole
from domain.log.checkpoint import LogCheckpoint
from domain.merkle import Frontier, leaf_hash
from infrastructure.audit.packing import export_everything
from infrastructure.composition import log_files
from infrastructure.log.keys import load_keys
from tests.pack.conftest import Archive

Lines = list[bytes]


@pytest.fixture(scope="module")
def lines(archive: Archive) -> Lines:
    """The pack of everything that was recorded so far."""
    archive.sign()
    return [line for line, _, _ in export_everything(archive.api.registry.audited)]


def verified(lines: Lines, vkey: str) -> WholeVerified:
    return verify_whole(lines, io.BytesIO(), vkey)


def found_in(lines: Lines, vkey: str) -> Finding:
    with pytest.raises(Wrong) as wrong:
        verified(lines, vkey)
    return wrong.value.found


def test_everything_that_was_signed_is_there(lines: Lines, archive: Archive) -> None:
    """As many events as leaves, every stream judged, and no person in clear."""
    found = verified(lines, archive.vkey)
    assert found.leaves == len(lines) - 1
    assert found.streams > 5
    assert "王敏".encode() not in b"".join(lines)


def changed(line: bytes, **members: Any) -> bytes:
    return orjson.dumps(orjson.loads(line) | members) + b"\n"


def index_of(lines: Lines, topic: str) -> int:
    return next(place for place, line in enumerate(lines) if f'"topic":"{topic}"'.encode() in line)


def alter(lines: Lines) -> None:
    at = index_of(lines, "recognition-case.approved")
    stored = orjson.loads(lines[at])["stored"]
    lines[at] = changed(lines[at], stored=stored.replace('months":12', 'months":11'))


def swap(lines: Lines) -> None:
    at = index_of(lines, "recognition-case.approved")
    first, second = orjson.loads(lines[at]), orjson.loads(lines[at - 1])
    lines[at - 1] = changed(lines[at], version=second["version"])
    lines[at] = changed(orjson.dumps(second), version=first["version"])


def take_over(lines: Lines) -> None:
    at = index_of(lines, "recognition-case.approved")
    lines[at] = changed(lines[at], leafIndex=0)


def move(lines: Lines) -> None:
    header = orjson.loads(lines[0])
    header["directory"]["authorities"][0]["name"] = "x"
    lines[0] = orjson.dumps(header) + b"\n"


DRILLS: Final[dict[str, tuple[Callable[[Lines], object], set[str]]]] = {
    "one byte": (alter, {"log_as_signed"}),
    "first removed": (lambda lines: lines.pop(1), {"catalogs_come_first"}),
    "middle removed": (lambda lines: lines.pop(index_of(lines, "recognition-case.matched")), {"history_unbroken", "log_is_complete"}),
    "a whole stream removed": (lambda lines: lines.pop(index_of(lines, "entry-claim.claimed")), {"log_is_complete", "history_unbroken"}),
    "the last line removed": (lambda lines: lines.pop(), {"log_is_complete"}),
    "one twice": (lambda lines: lines.append(lines[-1]), {"streams_without_gaps"}),
    "two swapped": (swap, {"positions_in_order", "matched", "log_as_signed", "history_unbroken"}),
    "the leaf of another": (take_over, {"streams_without_gaps"}),
    "the directory": (move, {"parts_as_stated"}),
    "cut off": (lambda lines: lines.append(lines.pop()[:-30]), {"pack_can_be_read"}),
    "no header": (lambda lines: lines.pop(0), {"pack_can_be_read"}),
    "nothing": (lambda lines: lines.clear(), {"pack_can_be_read"}),
    "a column": (lambda lines: lines.append(changed(lines.pop(), client="x")), {"columns_repeat_the_event"}),
    "a leaf beyond any file": (lambda lines: lines.append(changed(lines.pop(), leafIndex=2**62)), {"streams_without_gaps"}),
    "a member besides": (lambda lines: lines.append(changed(lines.pop(), summary="x")), {"pack_can_be_read"}),
    "a member twice": (lambda lines: lines.append(b'{"stored":"{}",' + lines.pop()[1:]), {"pack_can_be_read"}),
    "a member of the header twice": (lambda lines: lines.insert(0, b'{"rules":{},' + lines.pop(0)[1:]), {"pack_can_be_read"}),
    "a part besides": (lambda lines: lines.insert(0, changed(lines.pop(0), verdict="x")), {"pack_can_be_read"}),
    "a number of no digest": (lambda lines: lines.insert(0, changed(lines.pop(0), rules=2**60)), {"parts_as_stated"}),
    "catalogs last": (lambda lines: lines.append(lines.pop(1)), {"catalogs_come_first"}),
}  # fmt: skip


@pytest.mark.parametrize("name", DRILLS)
def test_what_is_done_to_it_is_named(name: str, lines: Lines, archive: Archive) -> None:
    """The rule that it breaks, in a sentence."""
    change, rules = DRILLS[name]
    mine = list(lines)
    change(mine)
    assert found_in(mine, archive.vkey).rule in rules


def test_an_older_checkpoint_under_a_later_statement_is_found(archive: Archive) -> None:
    """What was recorded since is left out, and an older signed tree head put in: how many leaves there are is stated."""
    registry = archive.api.registry
    archive.sign()
    older = [line for line, _, _ in export_everything(registry.audited)]
    archive.api.submit()
    archive.sign()
    later = [line for line, _, _ in export_everything(registry.audited)]
    mine = [changed(later[0], checkpoint=orjson.loads(older[0])["checkpoint"]), *older[1:]]
    assert found_in(mine, archive.vkey).rule == "parts_as_stated"
    mine = [changed(older[0], checkpoint=orjson.loads(later[0])["checkpoint"]), *later[1:]]
    assert found_in(mine, archive.vkey).rule == "parts_as_stated"


def test_memory_is_that_of_one_stream(lines: Lines, archive: Archive) -> None:
    """Ten times the streams cost no more at once: one stream under many names, the whole signed by the same key."""
    keys = load_keys(log_files(archive.api.registry.settings).keys)
    header = orjson.loads(lines[0])
    origin, size = header["registry"]["origin"], header["registry"]["leaves"]
    claim = next(line for line in lines if b'"topic":"entry-claim.claimed"' in line)

    def most(count: int) -> int:
        more = [
            changed(claim, streamId=f"{n:08x}-0000-4000-8000-000000000000", leafIndex=size + n) for n in range(count)
        ]
        events = [contents.PackedEvent.from_json(orjson.loads(line)) for line in (*lines[1:], *more)]
        leaves = sorted((each.leaf_index, leaf_hash(each.leaf().encode())) for each in events)
        tree = Frontier().extended([each for _, each in leaves])
        signed = LogCheckpoint(origin, size + count, tree.root()).signed(*keys).serialise().decode()
        events.clear()
        parts = {name: header[name] for name in contents.WHOLE_STATED}
        parts["registry"] = parts["registry"] | {"leaves": size + count}
        statement = contents.statement_of(contents.WHOLE_FORMAT, origin, parts, *keys).serialise().decode()

        def streamed() -> Iterator[bytes]:
            yield orjson.dumps(header | parts | {"checkpoint": signed, "statement": statement})
            yield from lines[1:]
            tracemalloc.start()
            yield from more

        try:
            assert verify_whole(streamed(), _Nowhere(size + count), archive.vkey).leaves == size + count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert most(500) < most(50) + 2**17


class _Nowhere(io.BytesIO):
    """A file whose bytes were there before the memory is measured."""

    def __init__(self, leaves: int) -> None:
        super().__init__(bytes(32 * leaves))
