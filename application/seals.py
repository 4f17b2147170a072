"""Sealed values outside the event they stand in: a text that holds the seal and the place it is bound to.

Rows and folds of the read side keep personal data so, as it was sealed in the event, and never opened; ``Viewer`` opens what
somebody may read, when it is shown. A text that somebody typed holds no control character, so none is taken for a seal.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Annotated, Any, Final, NamedTuple, Protocol, TypeVar, cast, get_args, get_origin, get_type_hints
from uuid import UUID

from domain.values import PersonalData

T = TypeVar("T", bound=Any)

MARK: Final = "\x1f"
"""Stands before each part of the text that a seal is kept as."""


class Seal(NamedTuple):
    """A sealed value and where it stands in its stream: version and topic of the event, path of the field."""

    version: int
    topic: str
    path: str
    sealed: str


def text_of(seal: Seal) -> str:
    """A seal as one text, as rows keep it."""
    return f"{MARK}{seal.version}{MARK}{seal.topic}{MARK}{seal.path}{MARK}{seal.sealed}"


def seal_in(text: str) -> Seal | None:
    """The seal that a text holds; None for a text in clear."""
    if not text.startswith(MARK):
        return None
    _, version, topic, path, sealed = text.split(MARK)
    return Seal(int(version), topic, path, sealed)


class Seals(Protocol):
    """Opens seals under the keys of their holders."""

    def warm(self, holder_refs: Collection[UUID]) -> None:
        """Fetch the keys of these holders at once; blocks. Holders without a key are known to have none then."""

    def at_hand(self, holder_ref: UUID) -> bool:
        """Whether ``opened`` needs not fetch anything for this holder."""

    def opened(self, holder_ref: UUID, stream_id: UUID, text: str) -> str | None:
        """What a seal of a stream about a holder holds; a text in clear as it is; None after erasure.

        Blocks where the key is not ``at_hand``. Raises where the seal was altered or stands elsewhere.
        """


def masked(view: T) -> T:
    """A view, or a tuple of views, without anything personal, nested views included."""
    if isinstance(view, tuple):
        return cast("T", tuple(map(masked, view)))
    values = {name: masked(getattr(view, name)) for name in nested_fields(view.__class__)}
    none, empty = dict.fromkeys(personal_fields(view.__class__)), dict.fromkeys(personal_lists(view.__class__), ())
    return replace(view, **values, **none, **empty)


@cache
def nested_fields(view: type) -> tuple[str, ...]:
    """The fields of a view dataclass that hold views themselves, one or a tuple of them."""
    kinds = get_type_hints(view)
    return tuple(
        field.name
        for field in fields(view)
        if is_dataclass(kinds[field.name])
        or (get_origin(kinds[field.name]) is tuple and is_dataclass(get_args(kinds[field.name])[0]))
    )


@cache
def personal_fields(view: type) -> tuple[str, ...]:
    """The fields of a view dataclass that are marked ``Personal``, in their order; those of nested views are theirs."""
    kinds = get_type_hints(view, include_extras=True)
    return tuple(field.name for field in fields(view) if is_personal(kinds[field.name]))


@cache
def personal_lists(view: type) -> tuple[str, ...]:
    """The fields of a view dataclass that are tuples of ``Personal`` texts."""
    kinds = get_type_hints(view, include_extras=True)
    return tuple(
        field.name
        for field in fields(view)
        if get_origin(kinds[field.name]) is tuple and any(map(is_personal, get_args(kinds[field.name])))
    )


def is_personal(kind: Any) -> bool:
    """Whether an annotation is marked ``Personal``."""
    return get_origin(kind) is Annotated and any(isinstance(mark, PersonalData) for mark in get_args(kind)[1:])
