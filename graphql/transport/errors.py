"""What the API says when it can't do what it was asked.

    Exception
    ├── SpokenError
    │   └── ApiError                a sentence for the client and a stable code
    │       ├── LimitExceededError  names the limit, its value and what was found
    │       └── HttpRefusalError    belongs to the transport: carries its own HTTP status and headers
    └── GraphQLError
        └── PlacedError             a sentence about places of the document or its variables

Anything else that leaves a resolver is a defect of the server: it is logged and masked (see `transport.masking`). A code is one of
``ErrorCode``, or a ``RefusalCode`` of the domain, never of both; there is no third kind, and `docs/errors.md` prints both.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Self

from domain.messages import Language, Message, SpokenError, tell
from domain.refusals import Documented, RefusalCode
from graphql import GraphQLError, Node


class ErrorCode(Documented):
    """Why a request was not answered, beside the domain's refusals: stable, with the HTTP status; what each means stands in the catalogue of messages.

    The status is that of a response in which nothing was executed (RFC 9110, section 15).
    """

    def __new__(cls, value: str, status: int = 400) -> Self:
        """Bind a code to its status."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.status = status
        return member

    status: int

    # the request
    BAD_REQUEST = "BAD_REQUEST"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    BATCHING_REFUSED = "BATCHING_REFUSED"
    BODY_TOO_SLOW = "BODY_TOO_SLOW", 408
    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    OPERATION_RESOLUTION_FAILURE = "OPERATION_RESOLUTION_FAILURE"
    PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND", 200
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED", 405
    ORIGIN_REFUSED = "ORIGIN_REFUSED", 403
    NOT_FOUND = "NOT_FOUND", 404
    NOT_ACCEPTABLE = "NOT_ACCEPTABLE", 406
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE", 415
    SUBSCRIPTION_REFUSED = "SUBSCRIPTION_REFUSED"
    INTROSPECTION_REFUSED = "INTROSPECTION_REFUSED"
    INVALID_ID = "INVALID_ID"
    PAST_STATE = "PAST_STATE"
    INVALID_CURSOR = "INVALID_CURSOR"
    POSITION_AHEAD = "POSITION_AHEAD", 409

    # how much
    LIMIT_BODY = "LIMIT_BODY", 413
    LIMIT_JSON_NESTING = "LIMIT_JSON_NESTING"
    LIMIT_STRING = "LIMIT_STRING"
    LIMIT_DOCUMENT = "LIMIT_DOCUMENT"
    LIMIT_TOKENS = "LIMIT_TOKENS"
    LIMIT_NESTING = "LIMIT_NESTING"
    LIMIT_FRAGMENTS = "LIMIT_FRAGMENTS"
    LIMIT_DEPTH = "LIMIT_DEPTH"
    LIMIT_ALIASES = "LIMIT_ALIASES"
    LIMIT_ROOT_FIELDS = "LIMIT_ROOT_FIELDS"
    LIMIT_COST = "LIMIT_COST"
    LIMIT_ALIKE = "LIMIT_ALIKE"
    LIMIT_HISTORY = "LIMIT_HISTORY"
    LIMIT_VARIABLES = "LIMIT_VARIABLES"
    LIMIT_LIST = "LIMIT_LIST"
    LIMIT_ANSWER = "LIMIT_ANSWER"
    PAGE_SIZE_TOO_LARGE = "PAGE_SIZE_TOO_LARGE"
    RATE_LIMITED = "RATE_LIMITED", 429
    TOO_SLOW = "TOO_SLOW"

    # evidence files
    EVIDENCE_TOO_LARGE = "EVIDENCE_TOO_LARGE", 413
    EVIDENCE_EMPTY = "EVIDENCE_EMPTY"
    EVIDENCE_TYPE = "EVIDENCE_TYPE", 415
    EVIDENCE_DIGEST = "EVIDENCE_DIGEST"
    EVIDENCE_MISSING = "EVIDENCE_MISSING", 404
    EVIDENCE_ALTERED = "EVIDENCE_ALTERED", 409

    # the server
    PROJECTION_BEHIND = "PROJECTION_BEHIND"
    LOG_BEHIND = "LOG_BEHIND"
    LOG_DEVIATES = "LOG_DEVIATES", 409
    ACCESS_NOT_RECORDED = "ACCESS_NOT_RECORDED", 503
    NOT_AVAILABLE = "NOT_AVAILABLE"
    EVENT_UNREADABLE = "EVENT_UNREADABLE"
    UNAVAILABLE = "UNAVAILABLE", 503
    STORAGE_FULL = "STORAGE_FULL", 507
    INTERNAL = "INTERNAL", 500


INTERNAL: Final = ErrorCode.INTERNAL
BAD_REQUEST: Final = ErrorCode.BAD_REQUEST
BAD_USER_INPUT: Final = ErrorCode.BAD_USER_INPUT
GRAPHQL_PARSE_FAILED: Final = ErrorCode.GRAPHQL_PARSE_FAILED
GRAPHQL_VALIDATION_FAILED: Final = ErrorCode.GRAPHQL_VALIDATION_FAILED
OPERATION_RESOLUTION_FAILURE: Final = ErrorCode.OPERATION_RESOLUTION_FAILURE
PAGE_SIZE_TOO_LARGE: Final = ErrorCode.PAGE_SIZE_TOO_LARGE


_COUNTABLE: Final = 2**53
"""Numbers above this are no longer exact in JSON; what is counted without expanding it may be far above."""


_REFUSAL_STATUS: Final[Mapping[RefusalCode, int]] = {
    RefusalCode.UNAUTHENTICATED: 401,
    RefusalCode.NOT_PERMITTED: 403,
    RefusalCode.UNKNOWN_CASE: 404,
    RefusalCode.UNKNOWN_HOLDER: 404,
}


def status_of(code: ErrorCode | RefusalCode) -> int:
    """The HTTP status of a response that says nothing but this (RFC 9110, section 15)."""
    return code.status if isinstance(code, ErrorCode) else _REFUSAL_STATUS.get(code, 400)


class ApiError(SpokenError):
    """A refusal meant for the client: it reaches them word for word, in their language.

    `said` is one sentence that names the way out and holds no personal data; `code` is stable and goes to
    `extensions.code`; `extensions` are further members beside it.
    """

    def __init__(
        self, code: ErrorCode | RefusalCode, said: Message, extensions: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(said)
        self.code = code
        self.extensions: dict[str, Any] = {**(extensions or {}), "code": code.value}

    @property
    def status(self) -> int:
        """The HTTP status where this is the answer to the whole request."""
        return status_of(self.code)

    def shown(self, language: Language) -> dict[str, Any]:
        """The error as a response has it (GraphQL specification, section 7.1.2)."""
        return {"message": self.text(language), "extensions": self.extensions}


def unreadable_event(unreadable: SpokenError) -> ApiError:
    """The answer where an event that is needed for it cannot be read."""
    return ApiError(ErrorCode.EVENT_UNREADABLE, tell("event.unreadable", event=unreadable.said))


class LimitExceededError(ApiError):
    """A request is larger than the server takes; `extensions` hold `limit`, `allowed` and `found`.

    `what` there is too much of and the `advice` are parts of the sentence; `found` is None where counting stopped at the limit.
    """

    def __init__(self, code: ErrorCode, what: Message, *, allowed: int, found: int | None, advice: Message) -> None:
        if found is not None and found > _COUNTABLE:
            found = None
        super().__init__(
            code,
            tell("limit.exceeded_uncounted", what=what, allowed=allowed, advice=advice)
            if found is None
            else tell("limit.exceeded", what=what, found=found, allowed=allowed, advice=advice),
            {"limit": str(what), "allowed": allowed, "found": found},
        )


class HttpRefusalError(ApiError):
    """A refusal by the transport, before GraphQL is reached: `status` and `headers` are those of the response."""

    def __init__(
        self, status: int, code: ErrorCode | RefusalCode, said: Message, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(code, said)
        self._status = status
        self.headers: dict[str, str] = dict(headers or {})

    @property
    def status(self) -> int:
        """The status it was made with."""
        return self._status


class PlacedError(GraphQLError):
    """An error that names its places in the document, and says one message."""

    def __init__(
        self, code: ErrorCode, said: Message, nodes: Node | Sequence[Node] | None = None, **places: Any
    ) -> None:
        """``places`` as ``GraphQLError`` takes them."""
        super().__init__(str(said), nodes, extensions={"code": code}, **places)
        self.said = said
