"""How far each reader has seen the registry, where answers may come from servers that follow the one that records.

A reader never sees an older position than they saw before. Whoever a token names is one reader, without a token whoever comes from an
address. Answers tell their positions. Where one does not, as of what somebody records, it counts as given at the next look at the
primary that begins after it (``Readers.looked``). A reader of whom nothing is known is answered by the primary first: what another
process told them cannot be newer than that.
"""

from __future__ import annotations

from collections import OrderedDict
from contextvars import ContextVar
from typing import Final

READER: Final = ContextVar[str | None]("who reads", default=None)
"""Who reads in this request; None: the registry itself, which reads on the primary alone."""
MOST_READERS: Final = 20_000
"""Readers that are remembered; of others nothing is known."""


class Readers:
    """What is remembered of readers in one process. Belongs to an event loop."""

    def __init__(self, most: int = MOST_READERS) -> None:
        self._most = most
        self._seen: OrderedDict[str, int] = OrderedDict()
        self._since: dict[str, int] = {}
        """Readers that the primary answered after the look of this number."""
        self._looks = 0
        self._primary = 0
        self._barrier = 0

    def looked(self, position: int, barrier: int) -> None:
        """Note a look at the primary, as far as it was when the look began. Below the ``barrier`` nobody is answered by a follower."""
        self._looks += 1
        self._primary, self._barrier = max(self._primary, position), max(self._barrier, barrier)

    def answered_by_primary(self, reader: str | None) -> None:
        """Note that a reader saw what the primary holds, or recorded something there."""
        if reader is not None:
            self._since[reader] = self._looks
            self._remember(reader, self._seen.get(reader, 0))

    def saw(self, reader: str | None, position: int) -> None:
        """Note that a reader saw a position."""
        if reader is not None:
            self._remember(reader, max(position, self._seen.get(reader, 0)))

    def floor(self, reader: str | None) -> int | None:
        """The position below which a reader is not answered; None where only the primary may answer."""
        if reader is None or reader not in self._seen:
            return None
        if (since := self._since.get(reader)) is not None:
            if self._looks < since + 2:  # a look that began before the answer tells nothing of it
                return None
            del self._since[reader]
            self._remember(reader, max(self._primary, self._seen[reader]))
        return max(self._seen[reader], self._barrier)

    def forget(self) -> None:
        """Know nothing of anybody, as when the history was taken back."""
        self._seen.clear()
        self._since.clear()
        self._primary = self._barrier = 0

    def _remember(self, reader: str, position: int) -> None:
        self._seen[reader] = position
        self._seen.move_to_end(reader)
        if len(self._seen) > self._most:
            gone, _ = self._seen.popitem(last=False)
            self._since.pop(gone, None)
