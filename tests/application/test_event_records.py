"""Thin records of events: what is folded of them is what is folded of the events themselves."""

from itertools import chain
from uuid import uuid4

import msgspec
import pytest

from application.event_records import NOT_A_RECORD, record_reader
from application.folding import case_view
from domain.base import evolve
from domain.case.case import RecognitionCase
from domain.case.events import Submitted
from infrastructure.mapper import EventMapper, StoredEventError
from tests.histories import history


class OneKey:
    """A keyring whose holders share a key."""

    def key_for(self, _holder_ref):
        return bytes(32)


@pytest.fixture(scope="module")
def mapper():
    return EventMapper(OneKey())


@pytest.fixture(scope="module")
def stored(mapper):
    """Stored events of cases, every kind of them."""
    events = chain.from_iterable(chain.from_iterable(history(seed, 200) for seed in range(8)))
    found = [mapper.to_stored_event(event) for event in events if event.TOPIC.startswith("recognition-case.")]
    assert {each.topic for each in found} >= {kind.TOPIC for kind in RecognitionCase.GUARDS} - {
        "recognition-case.imported"
    }
    return found


def record_of(mapper, each):
    return mapper.sealed_record(each.originator_id, each.originator_version, each.topic, each.state)


def test_states_are_the_same(mapper, stored):
    """Each event leads its case to the same state, as people read it, whether the event is folded or its record, seals included."""
    of_events, of_records = {}, {}
    for each in stored:
        stream = each.originator_id
        [event], record = mapper.sealed_events([each]), record_of(mapper, each)
        assert record.KIND is type(event)
        of_events[stream] = evolve(of_events.get(stream), event)
        of_records[stream] = evolve(of_records.get(stream), record)
        assert case_view(of_records[stream], 1) == case_view(of_events[stream], 1)


def without_holder(value):
    del value["holder_ref"]


def in_clear(value):
    value["holder"]["name"] = "王敏"


def with_more(value):
    value["more"] = 1


def naive(value):
    value["recorded_at"] = "2026-01-01T00:00:00"


@pytest.mark.parametrize("change", [without_holder, in_clear, with_more, naive], ids=lambda each: each.__name__)
def test_what_is_no_event_is_no_record(mapper, stored, change):
    """A field that is missing, in clear where a seal belongs, unknown, or of another type is refused by both, with the same words."""
    first = next(each for each in stored if each.topic == Submitted.TOPIC)
    state = msgspec.json.decode(first.state)
    change(state)
    bad = type(first)(**vars(first) | {"state": msgspec.json.encode(state)})
    with pytest.raises(NOT_A_RECORD):
        record_reader(Submitted)(uuid4(), 1, bad.state)
    with pytest.raises(StoredEventError) as of_event:
        mapper.sealed_events([bad])
    with pytest.raises(StoredEventError) as of_record:
        record_of(mapper, bad)
    assert str(of_record.value) == str(of_event.value)


@pytest.mark.parametrize("state", [b"", b"no JSON", b"[]", b'{"holder_ref": "\xff"}'])
def test_bytes_that_are_none_are_told(mapper, state):
    """Whatever stands in the table, one error says that it cannot be read."""
    with pytest.raises(StoredEventError):
        mapper.sealed_record(uuid4(), 1, Submitted.TOPIC, state)
