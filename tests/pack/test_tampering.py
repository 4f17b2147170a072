"""Whatever is done to a pack is found and named: stream, version, rule, and the way out."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Final

import pytest

from application.pack import contents
from domain.log.checkpoint import LogCheckpoint
from domain.log.note_keys import from_base64, to_base64
from domain.messages import Language
from infrastructure.composition import log_files
from infrastructure.log.keys import load_keys, new_key
from tests.pack.conftest import Archive, event_of, found_in

Pack = dict[str, Any]
Drill = Callable[[Pack], object]
APPROVED: Final = "recognition-case.approved"


def altered(each: Pack, old: str, new: str) -> None:
    assert old in each["stored"]
    each["stored"] = each["stored"].replace(old, new, 1)


def drop(pack: Pack, topic: str) -> None:
    pack["events"].remove(event_of(pack, topic))


def drop_last(pack: Pack) -> None:
    """The last event of the case, and the count of its stream: as if it had never been."""
    stream = pack["case"]["streamId"]
    last = max((each for each in pack["events"] if each["streamId"] == stream), key=lambda each: each["version"])
    pack["events"].remove(last)
    next(each for each in pack["streams"] if each["streamId"] == stream)["events"] -= 1


def swap(pack: Pack) -> None:
    """Two events in each other's place of the stream, each with the proof of the place."""
    first, second = event_of(pack, "recognition-case.matched"), event_of(pack, APPROVED)
    for name in ("version", "position", "leafIndex", "proof"):
        first[name], second[name] = second[name], first[name]
    pack["events"].sort(key=lambda each: each["position"])


def swap_whole(pack: Pack) -> None:
    """Two events in each other's place of the file alone."""
    events = pack["events"]
    events[-1], events[-2] = events[-2], events[-1]


def insert(pack: Pack) -> None:
    """A second approval behind the last event of the case."""
    stream = pack["case"]["streamId"]
    last = max(each["version"] for each in pack["events"] if each["streamId"] == stream)
    pack["events"].append(event_of(pack, APPROVED) | {"version": last + 1})


def insert_stated(pack: Pack) -> None:
    """The same, and counted among those of the stream."""
    insert(pack)
    stream = pack["case"]["streamId"]
    next(each for each in pack["streams"] if each["streamId"] == stream)["events"] += 1


def proof_byte(pack: Pack) -> None:
    event = event_of(pack, APPROVED)
    raw = bytearray(from_base64(event["proof"][0]) or b"")
    raw[0] ^= 1
    event["proof"][0] = to_base64(bytes(raw))


def move_authority(pack: Pack) -> None:
    """The bureau that decided, moved to another division."""
    next(each for each in pack["directory"]["authorities"] if each["code"] == "330106-EI")["division_code"] = "330200"


def disclose_other(pack: Pack) -> None:
    pack["disclosed"][0]["value"] += "x"


def state_anew(archive: Archive, pack: Pack) -> None:
    """What only the registry can do: sign another statement."""
    keys = load_keys(log_files(archive.api.registry.settings).keys)
    parts = {name: pack[name] for name in contents.STATED}
    origin = pack["checkpoint"].split("\n")[0]
    pack["statement"] = contents.statement_of(contents.CASE_FORMAT, origin, parts, *keys).serialise().decode()


CASE: Final = {
    "one byte of an event": (lambda p: altered(event_of(p, APPROVED), 'months":12', 'months":13'), "log_as_signed"),
    "one byte of a seal": (lambda p: altered(event_of(p, APPROVED.replace("approved", "submitted")), 'sealed":"2.', 'sealed":"2.A'), "log_as_signed"),
    "first removed": (lambda p: drop(p, "recognition-case.submitted"), "streams_without_gaps"),
    "middle removed": (lambda p: drop(p, "recognition-case.matched"), "streams_without_gaps"),
    "last removed": (lambda p: drop(p, "recognition-case.revoked"), "streams_without_gaps"),
    "last removed, and not counted": (drop_last, "parts_as_stated"),
    "two swapped": (swap, "log_as_signed"),
    "two swapped in the file": (swap_whole, "positions_in_order"),
    "one inserted": (insert, "streams_without_gaps"),
    "one inserted and counted": (insert_stated, "parts_as_stated"),
    "a column": (lambda p: event_of(p, APPROVED).update(actorSubject="somebody"), "columns_repeat_the_event"),
    "a proof": (proof_byte, "log_as_signed"),
    "the leaf of another": (lambda p: event_of(p, APPROVED).update(leafIndex=0), "positions_in_order"),
    "an entry of the catalog": (lambda p: altered(event_of(p, "catalog.published"), "工程师", "高工"), "log_as_signed"),
    "an alias of the catalog": (lambda p: altered(event_of(p, "catalog.published"), '"aliases":[{"ground":"', '"aliases":[{"ground":"x'), "log_as_signed"),
    "the directory": (move_authority, "parts_as_stated"),
    "the rules": (lambda p: p["rules"].update(commencement="2020-01-01"), "parts_as_stated"),
    "a holiday": (lambda p: p["rules"]["calendar"]["holidays"].pop(), "parts_as_stated"),
    "a disclosed value": (disclose_other, "parts_as_stated"),
    "the number": (lambda p: p["case"].update(number="ZJ2026-00000-00000"), "parts_as_stated"),
    "the statement": (lambda p: p.update(statement=p["statement"].replace("directory", "directory2")), "parts_as_stated"),
    "a part gone": (lambda p: p.pop("rules"), "pack_can_be_read"),
    "another form": (lambda p: p.update(format="recognition-registry/audit-pack@v9"), "pack_can_be_read"),
    "a part besides": (lambda p: p.update(verdict="annulled"), "pack_can_be_read"),
    "a member besides": (lambda p: p["events"][3].update(summary="x"), "pack_can_be_read"),
    "a number of no digest": (lambda p: p["rules"].update(commencement=2**60), "parts_as_stated"),
    "an event of no form": (lambda p: p["events"][3].pop("topic"), "pack_can_be_read"),
    "a number that is none": (lambda p: p["events"][3].update(version="1"), "pack_can_be_read"),
}  # fmt: skip
"""What is done to the pack of the revoked case, and the rule that it breaks."""


@pytest.fixture(scope="module")
def pack(archive: Archive) -> Pack:
    """The pack of the revoked case, its ground disclosed."""
    return archive.pack(archive.revoked, "ground")


@pytest.mark.parametrize("name", CASE)
def test_what_is_done_to_a_pack_is_named(name: str, archive: Archive, pack: Pack) -> None:
    """By the rule that it breaks, in one sentence of each language."""
    change, rule = CASE[name]
    mine = copy.deepcopy(pack)
    change(mine)
    found = found_in(mine, archive.vkey)
    assert found.rule == rule
    assert all(found.said.text(language).endswith((".", "。")) for language in Language)


def test_a_part_that_stands_twice_is_refused(archive: Archive) -> None:
    """Of two parts of one name this verifier would read the last, and another reader the first."""
    data = archive.export(archive.revoked).data
    assert found_in(b'{"case":{"number":"ZJ2026-00000-00000"},' + data[1:], archive.vkey).rule == "pack_can_be_read"


def test_a_removed_event_is_named_by_its_place(archive: Archive, pack: Pack) -> None:
    """Stream and version stand in the finding, or in its sentence."""
    mine = copy.deepcopy(pack)
    drop(mine, "recognition-case.matched")
    found = found_in(mine, archive.vkey)
    assert str(found.stream_id) == pack["case"]["streamId"]
    assert str(found.said).startswith("Version 2 ")
    mine = copy.deepcopy(pack)
    altered(event_of(mine, APPROVED), 'months":12', 'months":13')
    found = found_in(mine, archive.vkey)
    assert (str(found.stream_id), found.version) == (pack["case"]["streamId"], 3)


@pytest.mark.parametrize("length", [0, 1, 100, -1, -2000])
def test_a_file_cut_off_is_named(length: int, archive: Archive) -> None:
    """Wherever it ends, and whatever else is no JSON."""
    data = archive.export(archive.standing).data
    assert found_in(data[:length], archive.vkey).rule == "pack_can_be_read"
    assert found_in(b"\xff" + data, archive.vkey).rule == "pack_can_be_read"
    assert found_in(b"[1]", archive.vkey).rule == "pack_can_be_read"


def test_another_key_believes_nothing(pack: Pack) -> None:
    """A key of the same name that did not sign, and one of another log."""
    origin = pack["checkpoint"].split("\n")[0]
    for name in (origin, "other.example.org/log/1"):
        other = new_key(name).verifier.vkey
        assert found_in(pack, other).rule == "checkpoint_is_signed"


def test_a_log_of_somebody_else_is_no_proof(archive: Archive, pack: Pack) -> None:
    """A checkpoint and a statement that another key signed, of the same name and content."""
    mine = copy.deepcopy(pack)
    origin, size, root, *_ = pack["checkpoint"].split("\n")
    forged = LogCheckpoint(origin, int(size), from_base64(root) or b"").signed(new_key(origin))
    mine["checkpoint"] = forged.serialise().decode()
    assert found_in(mine, archive.vkey).rule == "checkpoint_is_signed"


def test_an_older_checkpoint_does_not_cover_the_events(archive: Archive) -> None:
    """Signed by the same key, of a smaller tree: the first event that it does not hold at its place is named."""
    older = archive.pack(archive.standing)
    archive.api.submit()
    archive.sign()
    newer = archive.pack(archive.standing)
    assert newer["checkpoint"] != older["checkpoint"]
    newer["checkpoint"] = older["checkpoint"]
    assert found_in(newer, archive.vkey).rule == "log_as_signed"


def test_a_disclosed_value_is_held_to_its_seal_even_by_who_signs(archive: Archive) -> None:
    """The registry itself, which could sign any statement, cannot show another value than it sealed."""
    for change in (
        lambda d: d.update(value="honest"),
        lambda d: d.update(salt=to_base64(bytes(16))),
        lambda d: d.update(field="findings"),
        lambda d: d.update(version=99),
    ):
        pack = archive.pack(archive.revoked, "ground")
        change(pack["disclosed"][0])
        state_anew(archive, pack)
        assert found_in(pack, archive.vkey).rule == "disclosed_as_sealed"


def test_a_registry_that_signs_an_unlawful_history_is_found_by_its_rules(archive: Archive) -> None:
    """Rules that make a decision unlawful: the guard that the decision breaks is named, with its event."""
    pack = archive.pack(archive.revoked)
    pack["rules"]["competences"] = []
    state_anew(archive, pack)
    found = found_in(pack, archive.vkey)
    assert (found.rule, found.version) == ("within_competence", 3)
