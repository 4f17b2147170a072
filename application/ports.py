"""What the use cases need from outside, each as small as its use."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol
from uuid import UUID

Clock = Callable[[], datetime]
"""The present instant, aware, in UTC."""


class Holders(Protocol):
    """Which holder an identity number belongs to: a keyed index that can be erased (PIPL article 47)."""

    def find(self, id_type: str, id_number: str) -> UUID | None:
        """The holder's random reference; None where the number is unknown."""

    def find_or_create(self, id_type: str, id_number: str) -> UUID:
        """The holder's reference, made on first sight; the same for two who ask at once."""
