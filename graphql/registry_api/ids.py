"""Node identifiers: the kind of thing and what names it, joined by dots. Opaque to clients, strict when they come back."""

from __future__ import annotations

from uuid import UUID

import strawberry

from registry_api.errors import ApiError, ErrorCode


def encode(kind: str, *names: object) -> strawberry.ID:
    """The identifier of one thing."""
    return strawberry.ID(".".join([kind, *map(str, names)]))


def kind_of(identifier: str) -> str:
    """What kind of thing an identifier names; unknown kinds come back as they are."""
    return identifier.partition(".")[0]


def names_in(identifier: str, kind: str, count: int) -> list[str]:
    """What an identifier of this kind names, in ``count`` parts. Raises ``ApiError`` (INVALID_ID) for any other."""
    parts = identifier.split(".")
    if parts[0] != kind or len(parts) != count + 1 or not all(parts):
        raise ApiError(
            ErrorCode.INVALID_ID, f"This is not the identifier of a {kind}; pass one as the registry gave it."
        )
    return parts[1:]


def uuid_in(identifier: str, kind: str) -> UUID:
    """The UUID in an identifier of this kind. Raises ``ApiError`` (INVALID_ID)."""
    return _uuid(names_in(identifier, kind, 1)[0], kind)


def amendment_in(identifier: str) -> tuple[str, UUID]:
    """Catalog code and amendment. Raises ``ApiError`` (INVALID_ID)."""
    code, name = names_in(identifier, "amendment", 2)
    return code, _uuid(name, "amendment")


def number_in(text: str, kind: str) -> int:
    """A small number in an identifier. Raises ``ApiError`` (INVALID_ID)."""
    if text.isascii() and text.isdigit() and len(text) <= 9:
        return int(text)
    raise ApiError(ErrorCode.INVALID_ID, f"This is not the identifier of a {kind}; pass one as the registry gave it.")


def stream_in(identifier: str) -> UUID:
    """The stream an identifier names: a bare stream identifier, or that of a case. Raises ``ApiError`` (INVALID_ID)."""
    return uuid_in(identifier, "case") if kind_of(identifier) == "case" else _uuid(identifier, "stream")


def holder_in(reference: str) -> UUID:
    """A holder's reference. Raises ``ApiError`` (INVALID_ID)."""
    return _uuid(reference, "holder")


def _uuid(text: str, kind: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ApiError(
            ErrorCode.INVALID_ID, f"This is not the identifier of a {kind}; pass one as the registry gave it."
        ) from None
