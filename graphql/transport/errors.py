"""What the API says when it can't do what it was asked.

    Exception
    └── ApiError                a sentence for the client and a stable code
        ├── LimitExceededError  names the limit, its value and what was found
        └── HttpRefusalError    belongs to the transport: carries its own HTTP status and headers

Anything else that leaves a resolver is a defect of the server: it is logged and masked (see `transport.masking`). A code is one of
``ErrorCode``, or a ``RefusalCode`` of the domain, never of both; there is no third kind, and `docs/errors.md` prints both.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, Self

from domain.refusals import RefusalCode


class ErrorCode(StrEnum):
    """Why a request was not answered, beside the domain's refusals: stable, with its meaning, what helps, and the HTTP status.

    The status is that of a response in which nothing was executed (RFC 9110, section 15).
    """

    def __new__(cls, value: str, meaning: str, way_out: str, status: int = 400) -> Self:
        """Bind a code to what it means and what helps, one sentence each, and its status."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        member.way_out = way_out
        member.status = status
        return member

    meaning: str
    way_out: str
    status: int

    # the request
    BAD_REQUEST = "BAD_REQUEST", "The request has not the form of a GraphQL request.", "Send what the sentence names."
    BAD_USER_INPUT = (
        "BAD_USER_INPUT",
        "An argument or variable does not fit its type, or holds what no text needs.",
        "Correct the place that is named.",
    )
    BATCHING_REFUSED = (
        "BATCHING_REFUSED",
        "Several operations came in one request.",
        "Send each operation in a request of its own.",
    )
    BODY_TOO_SLOW = "BODY_TOO_SLOW", "The body did not arrive in time.", "Send it again, faster.", 408
    GRAPHQL_PARSE_FAILED = (
        "GRAPHQL_PARSE_FAILED",
        "The document is not well-formed.",
        "Correct the place that is named.",
    )
    GRAPHQL_VALIDATION_FAILED = (
        "GRAPHQL_VALIDATION_FAILED",
        "The document does not fit the schema.",
        "Compare it with the published schema.",
    )
    OPERATION_RESOLUTION_FAILURE = (
        "OPERATION_RESOLUTION_FAILURE",
        "The document does not say which operation is meant.",
        "Name one in `operationName`.",
    )
    PERSISTED_QUERY_NOT_FOUND = (
        "PERSISTED_QUERY_NOT_FOUND",
        "The hash is that of no document which is kept for this caller.",
        "Send the document beside its hash, as clients with automatic persisted queries do by themselves.",
        200,
    )
    METHOD_NOT_ALLOWED = (
        "METHOD_NOT_ALLOWED",
        "The HTTP method does not fit.",
        "Use one that `Allow` names; send mutations with POST, queries with POST or GET.",
        405,
    )
    ORIGIN_REFUSED = (
        "ORIGIN_REFUSED",
        "A page of another origin asks what that origin may not.",
        "Ask from a server, or let the installation name the origin.",
        403,
    )
    NOT_FOUND = "NOT_FOUND", "Nothing is at this address.", "Ask at `/graphql`; files are at `/evidence`.", 404
    NOT_ACCEPTABLE = (
        "NOT_ACCEPTABLE",
        "No media type that is accepted is one that the server writes.",
        "Accept `application/graphql-response+json` or `application/json`.",
        406,
    )
    UNSUPPORTED_MEDIA_TYPE = (
        "UNSUPPORTED_MEDIA_TYPE",
        "The body is of another media type.",
        "Send `application/json` in UTF-8.",
        415,
    )
    SUBSCRIPTION_REFUSED = (
        "SUBSCRIPTION_REFUSED",
        "A subscription came over a transport that can't carry one.",
        "Use a streaming transport.",
    )
    INTROSPECTION_REFUSED = (
        "INTROSPECTION_REFUSED",
        "This server does not tell its schema.",
        "Read the published file `graphql/schema.graphql`.",
    )
    INVALID_ID = (
        "INVALID_ID",
        "An identifier is not of the kind that is asked for.",
        "Pass one as the registry gave it.",
    )
    PAST_STATE = (
        "PAST_STATE",
        "The identifier names a past state, where the case itself is meant.",
        "Pass the part before the `@`.",
    )
    INVALID_CURSOR = (
        "INVALID_CURSOR",
        "A cursor is none of this list.",
        "Pass `endCursor` of the page before.",
    )

    # how much
    LIMIT_BODY = "LIMIT_BODY", "The request has too many bytes.", "Send less in one request.", 413
    LIMIT_JSON_NESTING = "LIMIT_JSON_NESTING", "The JSON is nested too deeply.", "Send flatter variables."
    LIMIT_STRING = "LIMIT_STRING", "A text is too long.", "Send a shorter text, or upload long content as evidence."
    LIMIT_DOCUMENT = "LIMIT_DOCUMENT", "The document is too long.", "Move values into variables and split it."
    LIMIT_TOKENS = "LIMIT_TOKENS", "The document has too many tokens.", "Move values into variables and split it."
    LIMIT_NESTING = "LIMIT_NESTING", "The document's brackets are nested too deeply.", "Nest less."
    LIMIT_FRAGMENTS = "LIMIT_FRAGMENTS", "The document has too many fragments.", "Join fragments used together."
    LIMIT_DEPTH = "LIMIT_DEPTH", "The fields are nested too deeply.", "Nest fewer fields."
    LIMIT_ALIASES = "LIMIT_ALIASES", "The operation has too many aliases.", "Send several requests."
    LIMIT_ROOT_FIELDS = "LIMIT_ROOT_FIELDS", "The operation has too many root fields.", "Send several requests."
    LIMIT_COST = "LIMIT_COST", "The answer may have too many fields.", "Ask for smaller pages or fewer nested lists."
    LIMIT_ALIKE = (
        "LIMIT_ALIKE",
        "Too many selections of one name stand beside one another, each of which must be compared with each.",
        "Select a field once, or under names of its own.",
    )
    LIMIT_HISTORY = (
        "LIMIT_HISTORY",
        "A history stands inside a state of a history.",
        "Ask for the history of the case alone, page by page.",
    )
    LIMIT_VARIABLES = "LIMIT_VARIABLES", "The variables hold too many values.", "Send several requests."
    LIMIT_LIST = "LIMIT_LIST", "A list is too long.", "Send several requests."
    LIMIT_ANSWER = "LIMIT_ANSWER", "The answer has too many bytes.", "Ask for smaller pages or fewer fields."
    PAGE_SIZE_TOO_LARGE = "PAGE_SIZE_TOO_LARGE", "The page is too large.", "Read page by page with `after` or `before`."
    RATE_LIMITED = "RATE_LIMITED", "Too many requests came.", "Ask again after `Retry-After`, and less often.", 429

    # evidence files
    EVIDENCE_TOO_LARGE = (
        "EVIDENCE_TOO_LARGE",
        "The file is larger than is accepted.",
        "Scan it at a lower resolution or split it.",
        413,
    )
    EVIDENCE_EMPTY = "EVIDENCE_EMPTY", "The file is empty.", "Choose it again and send it anew."
    EVIDENCE_TYPE = "EVIDENCE_TYPE", "The file is not what it was declared as.", "Send PDF, PNG, JPEG or TIFF.", 415
    EVIDENCE_DIGEST = "EVIDENCE_DIGEST", "What arrived is not what was announced.", "Send the file again."
    EVIDENCE_MISSING = (
        "EVIDENCE_MISSING",
        "The case states no such file, or none that you may see, or the file is gone.",
        "Check the digest and the case.",
        404,
    )
    EVIDENCE_ALTERED = (
        "EVIDENCE_ALTERED",
        "The stored file was altered and is not served.",
        "Ask the operator to restore it from a backup.",
        409,
    )

    # the server
    PROJECTION_BEHIND = (
        "PROJECTION_BEHIND",
        "The read side has not reached the position that was asked for.",
        "Ask again in a moment.",
    )
    LOG_BEHIND = (
        "LOG_BEHIND",
        "What was asked for is recorded and not in the transparency log yet.",
        "Ask again in a few seconds.",
    )
    LOG_DEVIATES = (
        "LOG_DEVIATES",
        "What is stored is not what the transparency log committed to.",
        "Tell the auditors and the operator: `recognition audit log check` names every place.",
        409,
    )
    ACCESS_NOT_RECORDED = (
        "ACCESS_NOT_RECORDED",
        "Reading personal data could not be recorded, so it is not shown.",
        "Ask again; what a mutation did stays done.",
        503,
    )
    NOT_AVAILABLE = (
        "NOT_AVAILABLE",
        "This installation does not offer that part of the registry.",
        "Do without it; nothing was changed.",
    )
    EVENT_UNREADABLE = (
        "EVENT_UNREADABLE",
        "A recorded event cannot be read; the message names its place.",
        "Tell the operator: `recognition projections status` shows what is known of it. Everything else goes on.",
    )
    UNAVAILABLE = (
        "UNAVAILABLE",
        "The registry can't answer at the moment.",
        "Repeat the request after `Retry-After`, a submission with the same key.",
        503,
    )
    STORAGE_FULL = (
        "STORAGE_FULL",
        "There is no room left to store anything; reading goes on.",
        "Repeat the request when the operator has made room, a submission with the same key.",
        507,
    )
    INTERNAL = "INTERNAL", "A defect of the server.", "Report it with the request id.", 500


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


class ApiError(Exception):
    """A refusal meant for the client: it reaches them word for word.

    `message` is one sentence that names the way out and holds no personal data; `code` is stable and goes to
    `extensions.code`; `extensions` are further members beside it.
    """

    def __init__(
        self, code: ErrorCode | RefusalCode, message: str, extensions: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.extensions: dict[str, Any] = {**(extensions or {}), "code": code.value}

    @property
    def status(self) -> int:
        """The HTTP status where this is the answer to the whole request."""
        return status_of(self.code)


def unreadable_event(unreadable: Exception) -> ApiError:
    """The answer where an event that is needed for it cannot be read."""
    return ApiError(
        ErrorCode.EVENT_UNREADABLE, f"{unreadable} Tell the operator; what does not need this event goes on."
    )


class LimitExceededError(ApiError):
    """A request is larger than the server takes; `extensions` hold `limit`, `allowed` and `found`.

    `found` is None where counting stopped at the limit.
    """

    def __init__(self, code: ErrorCode, what: str, *, allowed: int, found: int | None, advice: str) -> None:
        if found is not None and found > _COUNTABLE:
            found = None
        counted = f"more than {allowed}" if found is None else str(found)
        super().__init__(
            code,
            f"The {what} is {counted} and may be at most {allowed}: {advice}.",
            {"limit": what, "allowed": allowed, "found": found},
        )


class HttpRefusalError(ApiError):
    """A refusal by the transport, before GraphQL is reached: `status` and `headers` are those of the response."""

    def __init__(
        self, status: int, code: ErrorCode | RefusalCode, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(code, message)
        self._status = status
        self.headers: dict[str, str] = dict(headers or {})

    @property
    def status(self) -> int:
        """The status it was made with."""
        return self._status
