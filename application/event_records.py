"""Events as thin records: stored bytes decoded in one step, for whoever folds many events and keeps only what they lead to.

A record has the fields of its event by name, of the types that the event's model declares, so that ``domain.base.evolve`` makes of it
what it makes of the event. What is personal is kept as its seal (``application.seals``); a value in clear where a seal belongs is no
record. Record classes are made from the models, once each: nothing is declared twice. What does not decode so (an older class version, or
a fault) is to be read as an event, which upcasts it or says what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, ClassVar, Final, Union, cast, get_args, get_origin
from uuid import UUID

import msgspec
from pydantic import AwareDatetime, BaseModel

from application.seals import MARK
from domain.base import Event
from domain.values import PersonalData

NOT_A_RECORD: Final = (msgspec.MsgspecError, UnicodeDecodeError)
"""Raised for stored bytes that are no record of their class."""
Reader = Callable[[UUID, int, bytes], "EventRecord"]
"""From the stream, the version and the bytes of a stored event to its record; raises one of ``NOT_A_RECORD``."""
_AWARE: Final = Annotated[datetime, msgspec.Meta(tz=True)]
_NOWHERE: Final = UUID(int=0)
_PLACE: Final = frozenset({"originator_id", "originator_version"})


class SealedValue(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A sealed value as it is stored."""

    sealed: str


class EventRecord(msgspec.Struct, kw_only=True, gc=False):
    """Base of the records: the event's class, and where it stands, which its bytes do not say."""

    KIND: ClassVar[type[Event]]
    TOPIC: ClassVar[str]

    originator_id: UUID = _NOWHERE
    originator_version: int = 0
    class_version: int = 1


@cache
def record_reader(kind: type[Event]) -> Reader:
    """What reads the records of an event class, made once. Raises ``TypeError`` for a field that has no type for a record."""
    record = msgspec.defstruct(
        f"{kind.__name__}Record",
        [field for field in _fields_of(kind) if field[0] not in _PLACE],
        bases=(EventRecord,),
        namespace={"KIND": kind, "TOPIC": kind.TOPIC},
        rename={"timestamp": "recorded_at"},
        kw_only=True,
        forbid_unknown_fields=True,
        gc=False,
    )
    decode, keep, before = msgspec.json.Decoder(record).decode, _keeper(kind), f"{MARK}{kind.TOPIC}{MARK}"

    def read(stream: UUID, version: int, stored: bytes) -> Any:
        found: Any = decode(stored)
        if found.class_version != kind.class_version:
            raise msgspec.ValidationError("another class version")
        found.originator_id, found.originator_version = stream, version
        if keep is not None:
            keep(found, f"{MARK}{version}{before}")
        return found

    return read


# ── the types of a record's fields ────────────────────────────────────────────────────────────────────────────────────
@cache
def _value_type(model: type[BaseModel]) -> type:
    return msgspec.defstruct(
        f"{model.__name__}Value", _fields_of(model), kw_only=True, forbid_unknown_fields=True, gc=False
    )


def _fields_of(model: type[BaseModel]) -> list[tuple[str, Any] | tuple[str, Any, Any]]:
    return [
        (name, kind) if field.is_required() else (name, kind, field.get_default())
        for name, field in model.model_fields.items()
        for kind in [_type_of(_annotation(field), f"{model.__name__}.{name}")]
    ]


def _type_of(annotation: Any, where: str) -> Any:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return SealedValue | None if _is_sealed(annotation) else _type_of(arguments[0], where)
    if origin in {Union, UnionType}:
        return Union[tuple(_type_of(each, where) for each in arguments)]  # noqa: UP007 - of as many as there are
    if origin is tuple and arguments[1:] == (Ellipsis,):
        return tuple[_type_of(arguments[0], where), ...]  # type: ignore[misc]  # a type made while running
    if annotation is AwareDatetime:
        return _AWARE
    if isinstance(annotation, type):
        return _value_type(annotation) if issubclass(annotation, BaseModel) else annotation
    raise TypeError(f"no rule says what a record holds for {annotation} ({where})")


def _annotation(field: Any) -> Any:
    return Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation


def _is_sealed(annotation: Any) -> bool:
    return any(isinstance(mark, PersonalData) for mark in getattr(annotation, "__metadata__", ()))


# ── what keeps the seals, written out once a class as ``dataclasses`` writes ``__init__`` ───────────────────────────────
def _keeper(kind: type[Event]) -> Callable[[Any, str], None] | None:
    """What puts, in a record, in place of each sealed value the text that rows keep it as."""
    statements = [f"    {each}" for each in _keeping(kind, "record", "", 0)]
    if not statements:
        return None
    made: dict[str, Any] = {}
    exec("\n".join(["def keep(record, mark):", *statements]), made)  # noqa: S102 - written above, from the names of the project's own fields
    return cast("Callable[[Any, str], None]", made["keep"])


def _keeping(model: type[BaseModel], value: str, path: str, depth: int) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield from _keeping_field(_annotation(field), f"{value}.{name}", f"{path}{name}", depth)


def _keeping_field(annotation: Any, value: str, path: str, depth: int) -> Iterator[str]:
    """The statements for one field; ``path`` is what stands in an f-string, with the indexes of lists as its variables."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if _is_sealed(annotation):
        yield f"if {value} is not None:"
        yield f"    {value} = f'{{mark}}{path}{MARK}{{{value}.sealed}}'"
    elif origin is Annotated:
        yield from _keeping_field(arguments[0], value, path, depth)
    elif origin in {Union, UnionType}:
        [part] = (each for each in arguments if each is not NoneType)
        inner = list(_keeping_field(part, value, path, depth))
        yield from [f"if {value} is not None:", *(f"    {each}" for each in inner)] if inner else ()
    elif origin is tuple and _is_sealed(arguments[0]):
        kept = f"None if each is None else f'{{mark}}{path}.{{place}}{MARK}{{each.sealed}}'"
        yield f"{value} = tuple([{kept} for place, each in enumerate({value})])"
    elif origin is tuple:
        inner = list(_keeping_field(arguments[0], f"each{depth}", f"{path}.{{place{depth}}}", depth + 1))
        yield from (
            [f"for place{depth}, each{depth} in enumerate({value}):", *(f"    {each}" for each in inner)]
            if inner
            else ()
        )
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from _keeping(annotation, value, f"{path}.", depth)
