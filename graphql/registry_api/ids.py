"""Node identifiers: the kind of thing and what names it, joined by dots. Opaque to clients, strict when they come back.

A state that was bears the identifier of its case or title, ``@``, and what tells it from every other: ``case.UUID@VERSION``,
``title.UUID@POSITION``, the latest too. So a client that keeps what it read under the identifier never takes the one for the
other.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final
from uuid import UUID

import strawberry

from application.views import CaseView, EntryView, PastCaseView, PastTitleView, ProposedEntryView, TitleView
from domain.messages import tell
from transport.errors import ApiError, ErrorCode

_PLACE: Final = re.compile(r"[1-9][0-9]{0,17}")
_STATEFUL: Final = frozenset({"case", "title"})
"""Kinds of things that have past states."""


def encode(kind: str, *names: object) -> strawberry.ID:
    """The identifier of one thing."""
    return strawberry.ID(".".join([kind, *map(str, names)]))


def of_case(case: CaseView) -> strawberry.ID:
    """The identifier of a case, or of a state it was in."""
    return encode("case", _state(case.case_id, case.version if isinstance(case, PastCaseView) else None))


def of_title(title: TitleView) -> strawberry.ID:
    """The identifier of a title, or of a state it was in."""
    return encode("title", _state(title.title_id, title.position if isinstance(title, PastTitleView) else None))


def of_entry(entry: EntryView) -> strawberry.ID:
    """The identifier of this content of an entry; of what is only proposed one that no other content shares."""
    names = entry.catalog_code, entry.from_version, entry.number
    if not isinstance(entry, ProposedEntryView):
        return encode("entry", *names)
    content = sha256(repr(entry).encode()).hexdigest()[:32]
    return encode("proposed-entry", *names, content)


def kind_of(identifier: str) -> str:
    """What kind of thing an identifier names; unknown kinds come back as they are."""
    return identifier.partition(".")[0]


def names_in(identifier: str, kind: str, count: int) -> list[str]:
    """What an identifier of this kind names, in ``count`` parts. Raises ``ApiError`` (INVALID_ID) for any other."""
    parts = identifier.split(".")
    if parts[0] != kind or len(parts) != count + 1 or not all(parts):
        raise _invalid(kind)
    return parts[1:]


def uuid_in(identifier: str, kind: str) -> UUID:
    """The UUID in an identifier of this kind. Raises ``ApiError``: INVALID_ID, and PAST_STATE for that of a state that was."""
    found, place = state_in(identifier, kind)
    if place is not None:
        raise ApiError(
            ErrorCode.PAST_STATE,
            tell("identifier.past_state", kind=kind),
        )
    return found


def state_in(identifier: str, kind: str) -> tuple[UUID, int | None]:
    """The UUID in an identifier of this kind, and the place after the ``@``: None where the thing itself is named.

    Raises ``ApiError`` (INVALID_ID).
    """
    name, at, place = names_in(identifier, kind, 1)[0].partition("@")
    if at and not (kind in _STATEFUL and _PLACE.fullmatch(place)):
        raise _invalid(kind)
    return _uuid(name, kind), int(place) if at else None


def amendment_in(identifier: str) -> tuple[str, UUID]:
    """Catalog code and amendment. Raises ``ApiError`` (INVALID_ID)."""
    code, name = names_in(identifier, "amendment", 2)
    return code, _uuid(name, "amendment")


def number_in(text: str, kind: str) -> int:
    """A small number in an identifier. Raises ``ApiError`` (INVALID_ID)."""
    if text.isascii() and text.isdigit() and len(text) <= 9:
        return int(text)
    raise _invalid(kind)


def stream_in(identifier: str) -> UUID:
    """The stream an identifier names: a bare stream identifier, or that of a case. Raises ``ApiError`` (INVALID_ID)."""
    return uuid_in(identifier, "case") if kind_of(identifier) == "case" else _uuid(identifier, "stream")


def holder_in(reference: str) -> UUID:
    """A holder's reference. Raises ``ApiError`` (INVALID_ID)."""
    return _uuid(reference, "holder")


def _state(name: UUID, place: int | None) -> str:
    return f"{name}" if place is None else f"{name}@{place}"


def _uuid(text: str, kind: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise _invalid(kind) from None


def _invalid(kind: str) -> ApiError:
    return ApiError(ErrorCode.INVALID_ID, tell("identifier.other_kind", kind=kind))
