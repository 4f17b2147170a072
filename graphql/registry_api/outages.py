"""What a client is told of an outage, and how often the log is: nothing is wrong with the request, nor with the code."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

from application.outages import Outage, OutageOf
from domain.messages import tell, term
from transport.errors import ApiError, ErrorCode

log = logging.getLogger("registry_api")

QUIET_SECONDS: Final = 30.0
"""How long an outage that was logged is not logged again, however many requests meet it."""


class Outages:
    """Tells an outage from a defect; safe to share."""

    def __init__(self, outage_of: OutageOf, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._outage_of, self._clock = outage_of, clock
        self._logged: dict[Outage, float] = {}

    def __call__(self, exception: BaseException) -> ApiError | None:
        """The error that stands for an outage, which is logged now and then; None for anything else."""
        outage = self._outage_of(exception)
        if outage is None:
            return None
        now = self._clock()
        if now - self._logged.get(outage, float("-inf")) >= QUIET_SECONDS:
            self._logged[outage] = now
            log.warning("%s (%s, %s): requests are answered so.", term(outage), outage.value, type(exception).__name__)
        if outage is Outage.DISK_FULL:
            return ApiError(
                ErrorCode.STORAGE_FULL,
                tell("server.full", outage=outage),
            )
        return ApiError(
            ErrorCode.UNAVAILABLE,
            tell("server.outage", outage=outage),
        )
