"""A leaf says which event is stored in which bytes, in one spelling, and nothing of a person."""

from __future__ import annotations

import json
from hashlib import sha256
from uuid import UUID

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from domain.log.leaf import MAX_NUMBER, LogLeaf
from domain.log.log_errors import LeafError

STREAM = UUID("0190c3a4-6f2e-7c33-8d4e-0123456789ab")
LEAF = LogLeaf.of(STREAM, 3, "recognition-case.approved", 42, b"stored bytes")
ENTRY = LEAF.encode()

numbers = st.integers(1, MAX_NUMBER)
topics = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=255)


def test_own_vector():
    """The members in the order and spelling of RFC 8785; a leaf never changes its form."""
    assert ENTRY.decode() == (
        '{"position":42,"sha256":"' + sha256(b"stored bytes").hexdigest() + '",'
        '"streamId":"0190c3a4-6f2e-7c33-8d4e-0123456789ab","topic":"recognition-case.approved","version":3}'
    )  # fmt: skip


@given(st.uuids(), numbers, topics, numbers, st.binary())
def test_a_leaf_is_read_back_as_it_was_written(stream_id, version, topic, position, stored):
    """Any stream, version, topic and position; short enough for a bundle, and plain JSON for everybody."""
    leaf = LogLeaf.of(stream_id, version, topic, position, stored)
    assert LogLeaf.parse(leaf.encode()) == leaf
    assert json.loads(leaf.encode())["sha256"] == sha256(stored).hexdigest()
    assert leaf.encode() == rfc8785.dumps(json.loads(leaf.encode()))
    assert len(leaf.encode()) < 1024


@given(st.binary(), st.binary())
def test_a_leaf_describes_its_bytes_only(stored, other):
    """A byte more or less, or another one, and it is another event."""
    leaf = LogLeaf.of(STREAM, 1, "topic", 1, stored)
    assert leaf.describes(stored)
    assert leaf.describes(other) is (other == stored)


@given(st.integers(0, 8 * len(ENTRY) - 1))
def test_a_changed_bit_is_another_leaf_or_none(bit):
    """No two entries mean the same leaf."""
    data = bytearray(ENTRY)
    data[bit // 8] ^= 1 << (bit % 8)
    try:
        assert LogLeaf.parse(bytes(data)) != LEAF
    except LeafError as refused:
        assert refused.code == "log-leaf"  # noqa: PT017 - both outcomes are right


def changed(**members):
    return json.dumps({**json.loads(ENTRY), **members}, sort_keys=True, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    "entry",
    [
        b"", b"{}", b"null", b"[]", b"42", b"[" * 100_000, b"\xff", ENTRY + b"\n", b" " + ENTRY, ENTRY[:-1], ENTRY + b"}",
        ENTRY.replace(b":42", b": 42"), ENTRY.replace(b":42", b":42.0"), ENTRY.replace(b":42", b":4.2e1"),
        ENTRY.replace(b"approved", b"\\u0061pproved"), ENTRY.replace(b"0190c3a4", b"0190C3A4"),
        ENTRY.replace(b"0190c3a4-", b"0190c3a4"), ENTRY.replace(b'"topic"', b'"position":42,"topic"'),
        json.dumps(dict(reversed(json.loads(ENTRY).items())), separators=(",", ":")).encode(),
        changed(holder="somebody"), changed(version="3"), changed(version=True), changed(version=0), changed(version=None),
        changed(position=-1), changed(position=2**53), changed(position=1e400), changed(topic=""), changed(topic="two words"),
        changed(topic="王敏"), changed(topic="x" * 256), changed(topic=5), changed(topic=None), changed(sha256="00"),
        changed(sha256="AB" * 32), changed(sha256=" " + "ab" * 32), changed(sha256=5), changed(streamId=5), changed(streamId="x"),
        b'{"position":NaN}', b'{"position":' + b"9" * 5000 + b"}",
    ],
)  # fmt: skip
def test_any_other_entry_is_no_leaf(entry):
    """Other members, other spellings, other kinds of values: refused with one sentence, and nothing of it is quoted."""
    with pytest.raises(LeafError) as refused:
        LogLeaf.parse(entry)
    assert refused.value.code == "log-leaf"
    assert str(refused.value).endswith(".")
    assert "王敏" not in str(refused.value)


@pytest.mark.parametrize(
    "make",
    [
        lambda: LogLeaf(STREAM, 0, "topic", 1, bytes(32)), lambda: LogLeaf(STREAM, 1, "topic", 0, bytes(32)),
        lambda: LogLeaf(STREAM, 1, "topic", MAX_NUMBER + 1, bytes(32)), lambda: LogLeaf(STREAM, True, "topic", 1, bytes(32)),
        lambda: LogLeaf(STREAM, 1, "", 1, bytes(32)), lambda: LogLeaf(STREAM, 1, "a b", 1, bytes(32)),
        lambda: LogLeaf(STREAM, 1, "topic\n", 1, bytes(32)), lambda: LogLeaf(STREAM, 1, "topic", 1, bytes(31)),
    ],
)  # fmt: skip
def test_what_no_event_has_is_refused(make):
    """Values that could not be read back are not written."""
    with pytest.raises(LeafError):
        make()


def test_a_leaf_has_five_members():
    """What a leaf may say about an event is this and no more: there is no place for a person."""
    assert json.loads(ENTRY).keys() == {"position", "sha256", "streamId", "topic", "version"}
