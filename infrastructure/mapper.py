"""Between events and stored bytes: pydantic in, canonical JSON out, personal fields sealed on the way.

What is stored is the event's JSON with sorted keys; ``recorded_at`` is its timestamp, ``class_version`` stands there from 2
on, and stream id and version are columns of their own. Reading opens seals, upcasts, then validates, in this order: a seal
is bound to the shape the event was stored in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, Final
from uuid import UUID

import orjson
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import JSONTranscoder, Mapper, MapperDeserialisationError, StoredEvent
from eventsourcing.utils import TopicError, get_topic, resolve_topic

import domain.streams  # noqa: F401 - makes every topic resolvable
from application.event_records import NOT_A_RECORD, Reader, record_reader
from application.personal_plan import plan_of
from application.ports import EventUnreadable
from application.sealed_values import SEALED, is_sealed, places
from application.seals import Seal, text_of
from application.stored_events import Unreadable, event_of, holder_of, state_of
from domain.base import Event
from domain.case.case import RecognitionCase
from domain.claim import CertificateClaim
from domain.entry_claim import EntryClaim
from domain.messages import Message, tell
from infrastructure.postgres.recorder import EnvelopedEvent
from infrastructure.sealing.errors import SealBrokenError, SealingError
from infrastructure.sealing.keyring import Keyring
from infrastructure.sealing.seals import sealing, unsealing

_COLUMNS: Final = {"originator_id", "originator_version"}
_NAMES_HOLDER: Final = re.compile(rb'"holder_ref":"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"')
"""Where canonical JSON names the holder; what is stored otherwise is read without."""
_AS_RECORDS: Final[dict[str, Any]] = {
    kind.TOPIC: kind for stream in (RecognitionCase, CertificateClaim, EntryClaim) for kind in stream.GUARDS
}
"""Events that are folded by their fields alone, which are all but a few."""
_Opener = Callable[[StoredEvent, dict[str, Any]], Callable[[str, Any], Any]]
"""Makes of a stored event and its JSON what stands for each personal value, by its path."""


class StoredEventError(EventUnreadable, MapperDeserialisationError):
    """A stored event does not decode: its bytes, its topic, its class version, a seal or a rule of its model.

    Names the place and never the content. ``code`` is ``stored-event``, or the code of the ``SealingError`` met.
    """

    def __init__(self, stored: StoredEvent, reason: Message | str, code: str = "stored-event") -> None:
        super().__init__(
            tell(
                "event.stored",
                topic=stored.topic,
                stream=str(stored.originator_id),
                version=stored.originator_version,
                reason=reason,
            )
        )
        self.code = code
        self.topic = stored.topic
        self.stream_id = stored.originator_id
        self.version = stored.originator_version


class EventMapper(Mapper[UUID]):
    """The registry's mapper. Sealing needs the keyring; events without personal fields never touch it."""

    def __init__(self, keyring: Keyring) -> None:
        super().__init__(JSONTranscoder())
        self._keyring = keyring

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        """An event as it is stored.

        Raises ``HolderErased`` for personal data of a holder whose key was destroyed, and ``EventClassError`` for a class
        that cannot be sealed.
        """
        if not isinstance(domain_event, Event):
            raise TypeError(f"{type(domain_event).__qualname__} is no event of the registry's base.")
        event_class, stream_id, version = (
            type(domain_event),
            domain_event.originator_id,
            domain_event.originator_version,
        )
        topic = get_topic(event_class)
        state = domain_event.model_dump(mode="json", exclude=_COLUMNS)
        state["recorded_at"] = state.pop("timestamp")
        if event_class.class_version > 1:
            state["class_version"] = event_class.class_version
        if (plan := plan_of(event_class)) is not None:
            holder_ref = plan.holder_ref(state)
            # Made at the first value to seal: an event may leave all its personal fields empty.
            sealed: list[Callable[[Any, bytes], dict[str, str]]] = []
            place_of = places(stream_id, version, topic)

            def seal_at(path: str, value: Any) -> Any:
                if not sealed:
                    sealed.append(sealing(self._keyring.key_for(holder_ref)))
                return sealed[0](value, place_of(path))

            plan.replace(state, seal_at)
        actor, client = domain_event.by.actor, domain_event.by.client
        return EnvelopedEvent(
            stream_id,
            version,
            topic,
            orjson.dumps(state, option=orjson.OPT_SORT_KEYS),
            recorded_at=domain_event.timestamp,
            actor_subject=actor.subject,
            actor_role=actor.role.value,
            actor_authority=actor.authority_code,
            client=client,
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Event:
        """The event behind stored bytes, validated; personal fields of an erased holder read as None.

        Raises ``StoredEventError``.
        """
        return self._decoded(stored_event, self._opener)

    def to_domain_events(self, stored_events: Sequence[StoredEvent]) -> list[Event]:
        """A batch of events; the keys of all its holders are fetched at once. Raises ``StoredEventError``."""
        self._keyring.warm({ref for stored in stored_events if (ref := _holder_to_warm(stored)) is not None})
        return [self.to_domain_event(stored) for stored in stored_events]

    def warm(self, states: Iterable[bytes]) -> None:
        """Fetch at once the keys of the holders that stored states name, so that decoding them waits for nothing."""
        self._keyring.warm({UUID(found[1].decode()) for state in states if (found := _NAMES_HOLDER.search(state))})

    def sealed_events(self, stored_events: Sequence[StoredEvent]) -> list[Event]:
        """A batch of events as the read side keeps them: personal fields hold their seals (``application.seals``), no key is asked for.

        Raises ``StoredEventError``.
        """
        return [self._decoded(stored, _keeper) for stored in stored_events]

    def sealed_record(self, stream_id: UUID, version: int, topic: str, state: bytes) -> Any:
        """One stored event for whoever folds many: a thin record with seals where its fields are all that is read, else the event itself.

        Raises ``StoredEventError``.
        """
        reader = _record_reader(topic)
        if reader is not None:
            try:
                return reader(stream_id, version, state)
            except NOT_A_RECORD:
                pass  # the event is upcast below, or refused with what is wrong with it
        return self._decoded(StoredEvent(stream_id, version, topic, state), _keeper)

    def _decoded(self, stored_event: StoredEvent, opener: _Opener) -> Event:
        try:
            return self._read(stored_event, opener)
        except SealingError as error:
            unreadable = StoredEventError(stored_event, str(error), error.code)
        except Unreadable as error:
            unreadable = StoredEventError(stored_event, error.said)
        # Raised out here, so that no traceback carries the inner error: pydantic's would show the values it refused.
        raise unreadable

    def _read(self, stored: StoredEvent, opener: _Opener) -> Event:
        event_class, state = _class_of(stored), state_of(stored.state)
        stream_id: Any = stored.originator_id
        return event_of(event_class, stream_id, stored.originator_version, state, lambda: opener(stored, state))

    def _opener(self, stored: StoredEvent, state: dict[str, Any]) -> Callable[[str, Any], Any]:
        found: list[Callable[[dict[str, str], bytes], Any] | None] = []
        place_of = places(stored.originator_id, stored.originator_version, stored.topic)

        def open_at(path: str, value: Any) -> Any:
            if not is_sealed(value):
                raise SealBrokenError(tell("trouble.stored_unsealed", field=path))
            if not found:
                key = self._keyring.existing_key(holder_of(state))
                found.append(None if key is None else unsealing(key))
            if found[0] is None:
                return None
            return found[0](value, place_of(path))

        return open_at


def _keeper(stored: StoredEvent, state: dict[str, Any]) -> Callable[[str, Any], Any]:  # noqa: ARG001 - an opener's shape
    def keep_at(path: str, value: Any) -> str:
        if not is_sealed(value):
            raise SealBrokenError(tell("trouble.stored_unsealed", field=path))
        return text_of(Seal(stored.originator_version, stored.topic, path, value[SEALED]))

    return keep_at


@cache
def _record_reader(topic: str) -> Reader | None:
    kind = _AS_RECORDS.get(topic)
    return None if kind is None else record_reader(kind)


def _class_of(stored: StoredEvent) -> type[Event]:
    try:
        found = resolve_topic(stored.topic)
    except (TopicError, ValueError):
        raise Unreadable(tell("unreadable.no_class")) from None
    if not (isinstance(found, type) and issubclass(found, Event)):
        raise Unreadable(tell("unreadable.no_class"))
    return found


def _holder_to_warm(stored: StoredEvent) -> UUID | None:
    if b'"sealed":' not in stored.state:
        return None
    try:
        return holder_of(state_of(stored.state))
    except Unreadable:
        return None  # reading the event itself says what is wrong with it
