"""What the API says when it can't do what it was asked.

    Exception
    └── ApiError                a sentence for the client and a stable code
        ├── LimitExceededError  names the limit, its value and what was found
        └── HttpRefusalError    belongs to the transport: carries its own HTTP status and headers

Anything else that leaves a resolver is a defect of the server: it is logged and masked (see `http/masking.py`).
"""

from collections.abc import Mapping
from typing import Any, Final

INTERNAL: Final = "INTERNAL"
BAD_REQUEST: Final = "BAD_REQUEST"
BAD_USER_INPUT: Final = "BAD_USER_INPUT"
GRAPHQL_PARSE_FAILED: Final = "GRAPHQL_PARSE_FAILED"
GRAPHQL_VALIDATION_FAILED: Final = "GRAPHQL_VALIDATION_FAILED"
OPERATION_RESOLUTION_FAILURE: Final = "OPERATION_RESOLUTION_FAILURE"
PAGE_SIZE_TOO_LARGE: Final = "PAGE_SIZE_TOO_LARGE"

HTTP_STATUS: Final[Mapping[str, int]] = {
    "UNAUTHENTICATED": 401,
    "FORBIDDEN": 403,
    "RATE_LIMITED": 429,
    "UNAVAILABLE": 503,
    INTERNAL: 500,
}
"""Status of a whole response that failed before execution, by code (RFC 9110 §15); any other code is a 400."""


class ApiError(Exception):
    """A refusal meant for the client: it reaches them word for word.

    `message` is one sentence that names the way out and holds no personal data; `code` is stable and goes to
    `extensions.code`; `extensions` are further members beside it.
    """

    def __init__(self, code: str, message: str, extensions: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.extensions: dict[str, Any] = {**(extensions or {}), "code": code}

    @property
    def status(self) -> int:
        """The HTTP status where this is the answer to the whole request."""
        return HTTP_STATUS.get(self.code, 400)


class LimitExceededError(ApiError):
    """A request is larger than the server takes; `extensions` hold `limit`, `allowed` and `found`.

    `found` is None where counting stopped at the limit.
    """

    def __init__(self, code: str, what: str, *, allowed: int, found: int | None, advice: str) -> None:
        counted = f"more than {allowed}" if found is None else str(found)
        super().__init__(
            code,
            f"The {what} is {counted} and may be at most {allowed}: {advice}.",
            {"limit": what, "allowed": allowed, "found": found},
        )


class HttpRefusalError(ApiError):
    """A refusal by the transport, before GraphQL is reached: `status` and `headers` are those of the response."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code, message)
        self._status = status
        self.headers: dict[str, str] = dict(headers or {})

    @property
    def status(self) -> int:
        """The status it was made with."""
        return self._status
