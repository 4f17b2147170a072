"""Events in, canonical bytes out, personal fields sealed; and back, validated."""

import datetime as dt
from dataclasses import replace
from typing import ClassVar
from uuid import UUID, uuid4

import orjson
import pytest
from eventsourcing.persistence import StoredEvent
from eventsourcing.utils import register_topic
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from application.personal_plan import EventClassError
from application.sealed_values import place
from domain.base import Created
from domain.refusals import RefusalCode
from domain.values import Personal
from infrastructure.mapper import EventMapper, StoredEventError
from infrastructure.sealing.errors import HolderErased
from infrastructure.sealing.seals import seal
from tests.infrastructure.sealing.samples import BY, Enrolled, Noted, Plain, enrolled, facts
from tests.keys_in_memory import InMemoryKeyring

SECRETS = ["张伟", "11010519491231002X", "Bosch", "Siemens", "Zhang.pdf", "Wei", "met in person"]


class NoKeys:
    """A keyring that nobody may ask."""

    def key_for(self, _holder_ref):
        raise AssertionError

    existing_key = warm = destroy = key_for


@pytest.fixture
def keyring():
    return InMemoryKeyring()


@pytest.fixture
def mapper(keyring):
    return EventMapper(keyring)


def altered(stored, change):
    """The stored event with its JSON changed in place by ``change``."""
    state = orjson.loads(stored.state)
    change(state)
    return replace(stored, state=orjson.dumps(state, option=orjson.OPT_SORT_KEYS))


class TestBytes:
    """What an event becomes."""

    def test_are_canonical_json_with_the_columns_left_out(self, mapper):
        """Sorted keys, no blanks, recorded_at for the timestamp; id, version and class version 1 are not in it."""
        event = Plain(**facts(word="zh 中"))
        stored = mapper.to_stored_event(event)
        assert stored.state.decode() == (
            '{"by":{"actor":{"authority_code":"330100-HR","holder_ref":null,"role":"REVIEWER","subject":"s-1"},'
            '"client":null,"on_behalf_of":null,"request_id":"r-1"},"originator_topic":"sealing-tests",'
            '"recorded_at":"2024-05-06T07:08:09.123456Z","word":"zh 中"}'
        )
        assert (stored.originator_id, stored.originator_version, stored.topic) == (
            event.originator_id,
            1,
            "sealing-tests.plain",
        )

    def test_of_plain_events_need_no_key(self):
        """An event without personal data never touches the keyring, in either direction."""
        mapper = EventMapper(NoKeys())
        event = Plain(**facts(word="w"))
        assert mapper.to_domain_event(mapper.to_stored_event(event)) == event

    def test_of_empty_personal_fields_need_no_key(self):
        """Where every personal field is empty there is nothing to seal, so no key is made."""
        mapper = EventMapper(NoKeys())
        event = Noted(**facts(holder_ref=uuid4()))
        assert mapper.to_domain_event(mapper.to_stored_event(event)) == event

    def test_show_nothing_personal(self, mapper):
        """No sealed value stands in the bytes, in clear or as JSON escapes; what is not personal does."""
        stored = mapper.to_stored_event(enrolled())
        for secret in SECRETS:
            assert secret.encode() not in stored.state
            assert orjson.dumps(secret).strip(b'"') not in stored.state
        assert b'"RESIDENT_ID"' not in stored.state

    def test_tell_little_about_a_length(self, mapper):
        """A short and a longer name are sealed to the same length, since the length outlives the key."""
        lengths = {
            len(
                orjson.loads(mapper.to_stored_event(Noted(**facts(holder_ref=uuid4(), note=name))).state)["note"][
                    "sealed"
                ]
            )
            for name in ["李", "Alexandra Mustermann"]
        }
        assert len(lengths) == 1

    def test_differ_each_time(self, mapper):
        """The nonce is fresh for each seal: equal values are not seen to be equal."""
        event = enrolled()
        assert mapper.to_stored_event(event).state != mapper.to_stored_event(event).state

    @pytest.mark.parametrize("event", [object(), Plain])
    def test_are_made_of_the_registrys_events_only(self, mapper, event):
        """Anything that is no event of the base is refused before a byte is made."""
        with pytest.raises(TypeError, match="no event"):
            mapper.to_stored_event(event)


class TestRoundTrip:
    """What comes back."""

    def test_gives_the_same_event(self, mapper):
        """What comes back equals what went in, empty fields and tuples included."""
        event = enrolled()
        assert mapper.to_domain_event(mapper.to_stored_event(event)) == event

    @given(note=st.text(max_size=200), nicknames=st.lists(st.none() | st.text(max_size=9), max_size=3))
    def test_keeps_any_text(self, note, nicknames):
        """Any text survives sealing, blanks at its end and text that looks like JSON or a seal included."""
        mapper = EventMapper(InMemoryKeyring())
        event = enrolled(note=note, nicknames=tuple(nicknames))
        assert mapper.to_domain_event(mapper.to_stored_event(event)) == event

    def test_in_a_batch_keeps_the_order(self, mapper):
        """A batch answers as many events as it was given, in their order."""
        events = [enrolled(), Plain(**facts(word="a")), enrolled(), Noted(**facts(holder_ref=uuid4(), note="n"))]
        assert mapper.to_domain_events([mapper.to_stored_event(event) for event in events]) == events


class TestErasure:
    """What a destroyed key leaves."""

    def test_empties_personal_fields_and_nothing_else(self, mapper, keyring):
        """After the key is destroyed the event still decodes, with None in each personal field."""
        event = enrolled()
        stored = mapper.to_stored_event(event)
        keyring.destroy(event.holder.ref)
        read = mapper.to_domain_event(stored)
        assert read.holder == event.holder.model_copy(update=dict.fromkeys(("name", "id_type", "id_number")))
        assert read.experience == tuple(
            e.model_copy(update={"employer": None, "field": None}) for e in event.experience
        )
        assert read.evidence == event.evidence.model_copy(update={"file_name": None, "kind": None})
        assert (read.nicknames, read.note, read.weight, read.by) == ((None, None), None, event.weight, event.by)

    def test_of_one_holder_leaves_the_others(self, mapper, keyring):
        """Keys are a holder's own."""
        gone, kept = enrolled(), enrolled()
        stored = mapper.to_stored_event(kept)
        mapper.to_stored_event(gone)
        keyring.destroy(gone.holder.ref)
        assert mapper.to_domain_event(stored) == kept

    def test_refuses_what_would_be_sealed_later(self, mapper, keyring):
        """A late writer is told that the holder is erased, as a refusal with its code; nothing is sealed."""
        event = enrolled()
        keyring.destroy(event.holder.ref)
        with pytest.raises(HolderErased) as refused:
            mapper.to_stored_event(event)
        assert refused.value.code is RefusalCode.HOLDER_ERASED

    def test_is_not_assumed_of_a_missing_key(self, mapper):
        """A key that was never there, as after restoring half a backup, is an error, not an erasure."""
        stored = mapper.to_stored_event(enrolled())
        with pytest.raises(StoredEventError) as error:
            EventMapper(InMemoryKeyring()).to_domain_event(stored)
        assert error.value.code == "holder-key-missing"


def _flip(state):
    sealed = state["note"]["sealed"]
    state["note"]["sealed"] = sealed[:20] + ("A" if sealed[20] != "A" else "B") + sealed[21:]


def _swap_fields(state):
    state["note"], state["holder"]["name"] = state["holder"]["name"], state["note"]


def _swap_elements(state):
    a, b = state["experience"][0], state["experience"][2]
    a["employer"], b["employer"] = b["employer"], a["employer"]


def _drop_first(state):
    del state["experience"][0]


def _unseal(state):
    state["note"] = "somebody else's words"


def _garble(state):
    state["note"]["sealed"] = "no base64 at all é"


def _shorten(state):
    state["note"]["sealed"] = ""


def _other_holder(state):
    state["holder"]["ref"] = "00000000-0000-4000-8000-000000000001"


class EnrolledToo(Enrolled):
    """The same fields under another topic."""

    TOPIC: ClassVar[str] = "sealing-tests.enrolled-too"


class TestTampering:
    """A seal opens where it was made, or not at all."""

    @pytest.mark.parametrize(
        "change", [_flip, _swap_fields, _swap_elements, _drop_first, _unseal, _garble, _shorten, _other_holder]
    )
    def test_with_a_seal_is_found(self, mapper, keyring, change):
        """A seal that was altered, moved to another field or element, taken off or given to another holder doesn't open."""
        keyring.key_for(UUID("00000000-0000-4000-8000-000000000001"))
        stored = mapper.to_stored_event(enrolled())
        with pytest.raises(StoredEventError) as error:
            mapper.to_domain_event(altered(stored, change))
        assert error.value.code == "seal-broken"

    @pytest.mark.parametrize(
        "change", [{"originator_id": uuid4()}, {"originator_version": 2}, {"topic": "sealing-tests.enrolled-too"}]
    )
    def test_by_moving_an_event_is_found(self, mapper, change):
        """A seal opens in its own stream, version and topic only."""
        register_topic(EnrolledToo.TOPIC, EnrolledToo)
        with pytest.raises(StoredEventError) as error:
            mapper.to_domain_event(replace(mapper.to_stored_event(enrolled()), **change))
        assert error.value.code == "seal-broken"


class TestUnreadable:
    """What cannot be read says where, and nothing of what."""

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            (lambda s: s.pop("word"), "word (missing)"),
            (lambda s: s.update(word=7), "word (string_type)"),
            (lambda s: s.update(other="Zhang San"), "other (extra_forbidden)"),
            (lambda s: s.update(recorded_at="2024-05-06T07:08:09"), "timestamp (timezone_aware)"),
            (lambda s: s.pop("recorded_at"), "timestamp"),
            (lambda s: s.update(class_version=2), "newer release"),
            (lambda s: s.update(class_version="x"), "newer release"),
        ],
    )
    def test_state_names_place_and_reason(self, mapper, change, reason):
        """A state that breaks its model is an error that names topic, stream, version and field."""
        event = Plain(**facts(word="w"))
        with pytest.raises(StoredEventError) as error:
            mapper.to_domain_event(altered(mapper.to_stored_event(event), change))
        assert reason in str(error.value)
        assert str(event.originator_id) in str(error.value)
        assert (error.value.topic, error.value.stream_id, error.value.version, error.value.code) == (
            "sealing-tests.plain",
            event.originator_id,
            1,
            "stored-event",
        )

    @pytest.mark.parametrize("state", [b"", b"{", b"[]", b"\xff", b"null"])
    def test_bytes_are_an_error_of_their_own(self, mapper, state):
        """Bytes that are no JSON object don't decode."""
        stored = mapper.to_stored_event(Plain(**facts(word="w")))
        with pytest.raises(StoredEventError, match="no JSON object"):
            mapper.to_domain_event(replace(stored, state=state))

    @pytest.mark.parametrize("topic", ["sealing-tests.unknown", "", "os:system", "datetime", "domain.base:Immutable"])
    def test_topics_are_an_error_of_their_own(self, mapper, topic):
        """A topic leads to an event class or nowhere, least of all to a function of Python."""
        stored = mapper.to_stored_event(Plain(**facts(word="w")))
        with pytest.raises(StoredEventError):
            mapper.to_domain_event(replace(stored, topic=topic))

    def test_errors_hold_nothing_personal(self, mapper):
        """Neither the message nor any error behind it holds a value of the event: pydantic's own would."""
        stored = mapper.to_stored_event(enrolled())
        with pytest.raises(StoredEventError) as error:
            mapper.to_domain_event(altered(stored, lambda s: s.update(weight="张伟")))
        reached, link = [], error.value
        while link is not None:
            reached.append(link)
            link = link.__cause__ or link.__context__
        assert not any(isinstance(e, ValidationError) for e in reached)
        assert not any(secret in str(e) for e in reached for secret in SECRETS)


class Renamed(Created):
    """The third shape of an event whose first had another field name."""

    TOPIC: ClassVar[str] = "sealing-tests.renamed"
    class_version: ClassVar[int] = 3

    holder_ref: UUID
    remark: Personal
    day: dt.date

    @staticmethod
    def upcast_v1_v2(state):
        state["remark"] = state.pop("note")

    @staticmethod
    def upcast_v2_v3(state):
        state["day"] = "2023-11-01"


class TestUpcasting:
    """Older shapes become today's."""

    @pytest.fixture
    def first_shape(self, keyring):
        """An event as the first class version stored it: no class version, and ``note`` sealed as ``note``."""
        register_topic(Renamed.TOPIC, Renamed)
        stream_id, holder_ref = uuid4(), uuid4()
        state = {
            "by": BY.model_dump(mode="json"),
            "originator_topic": "sealing-tests",
            "recorded_at": "2023-11-02T00:00:00Z",
            "holder_ref": str(holder_ref),
            "note": seal(keyring.key_for(holder_ref), "once a note", place(stream_id, 4, Renamed.TOPIC, "note")),
        }
        return StoredEvent(stream_id, 4, Renamed.TOPIC, orjson.dumps(state))

    def test_runs_each_step_on_the_stored_dict(self, mapper, first_shape):
        """An event of class version 1 reads as today's, its seal opened where it stood when it was stored."""
        read = mapper.to_domain_event(first_shape)
        assert (read.remark, read.day) == ("once a note", dt.date(2023, 11, 1))

    def test_works_on_what_erasure_left(self, mapper, keyring, first_shape):
        """An old event of an erased holder reads as today's, without the person."""
        keyring.destroy(UUID(orjson.loads(first_shape.state)["holder_ref"]))
        assert mapper.to_domain_event(first_shape).remark is None

    def test_is_not_needed_by_todays_shape(self, mapper):
        """The class version is stored from 2 on, and an event of today's version is left as it is."""
        event = Renamed(**facts(holder_ref=uuid4(), remark="r", day=dt.date(2024, 1, 1)))
        stored = mapper.to_stored_event(event)
        assert orjson.loads(stored.state)["class_version"] == 3
        assert mapper.to_domain_event(stored) == event

    def test_that_fails_is_an_unreadable_event(self, mapper, first_shape):
        """An upcast that doesn't fit what was stored is an error that names the step."""
        with pytest.raises(StoredEventError, match="upcast_v1_v2 does not fit"):
            mapper.to_domain_event(altered(first_shape, lambda s: s.pop("note")))


class Homeless(Created):
    """An event with personal data about nobody in particular."""

    TOPIC: ClassVar[str] = "sealing-tests.homeless"

    note: Personal


def test_a_class_that_cannot_be_sealed_is_never_stored(mapper):
    """An event whose class names no holder is refused before anything personal reaches a byte."""
    with pytest.raises(EventClassError, match="neither holder_ref nor holder"):
        mapper.to_stored_event(Homeless(**facts(note="n")))
