"""The registry's clock: that of the machine, which does not take the order of what is recorded back."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Final

from application.ports import Clock

MOST: Final = timedelta(hours=1)
"""By how much the machine's clock may step back and time stands still instead. What is further ahead was a mistake, and is not
followed: the streams keep their order all the same, and the audit names the step."""


class ForwardClock:
    """A clock that stands still while the one it follows is behind what it told last. Shared by threads."""

    def __init__(self, clock: Clock, last: datetime | None = None) -> None:
        """``last`` is the instant of what was recorded last, None where nothing was."""
        self._clock, self._last = clock, last
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        """The present instant, never before one that was told within ``MOST`` of it."""
        with self._lock:
            now = self._clock()
            if self._last is None or not now < self._last <= now + MOST:
                self._last = now
            return self._last
