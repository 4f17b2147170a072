"""Reading a GraphQL request out of an HTTP request (GraphQL over HTTP, §5)."""

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from starlette.requests import Request

from domain.messages import Message, tell
from transport.errors import BAD_REQUEST, ErrorCode, HttpRefusalError, LimitExceededError
from transport.limits import Limits, check_storable, check_values
from transport.negotiation import JSON, content_type
from transport.scan import json_nesting

SHORT: Final = 16 * 1024
"""Bytes of a body that is read in a millisecond, on the event loop."""
_HALF_PAIR: Final = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """The parameters of one request, of the right types and within the limits of their form."""

    query: str
    """The document; empty where only its hash was sent."""
    operation_name: str | None
    variables: dict[str, Any]
    extensions: dict[str, Any]
    size: int = 0
    """How many values the variables hold."""


class BodyTooLargeError(LimitExceededError):
    """LIMIT_BODY: HTTP status 413 (RFC 9110 §15.5.14)."""

    @property
    def status(self) -> int:
        """Content Too Large."""
        return 413


@dataclass(frozen=True, slots=True)
class Arrived:
    """A request that has come, not yet read: the body of a POST, or None where its parameters stand in the URL."""

    request: Request
    body: bytes | None

    @property
    def long(self) -> bool:
        """Whether reading it takes more than a millisecond."""
        return self.body is not None and len(self.body) > SHORT

    def read(self, limits: Limits) -> GraphQLRequest:
        """The parameters in it. Raises HttpRefusalError (400) or LimitExceededError, each naming what to send instead."""
        return _from_url(self.request, limits) if self.body is None else in_body(self.body, limits)


async def arrival(request: Request, limits: Limits) -> Arrived:
    """Wait for a GET's URL or a POST's body to be there.

    Raises HttpRefusalError (408, 415) or BodyTooLargeError (413), each naming what to send instead.
    """
    if request.method in {"GET", "HEAD"}:
        return Arrived(request, None)
    kind, charset = content_type(request.headers.get("content-type", ""))
    if kind != JSON or charset not in {"utf-8", "utf8"}:
        raise HttpRefusalError(
            415,
            ErrorCode.UNSUPPORTED_MEDIA_TYPE,
            tell("request.media_type"),
            {"Accept": JSON},
        )
    return Arrived(request, await _body(request, limits))


def in_body(body: bytes, limits: Limits, known: Callable[[str], bool] = lambda _text: False) -> GraphQLRequest:
    """The parameters in a body of JSON; ``known`` tells a document that was looked at before. Raises as ``Arrived.read``."""
    parameters = json_in(body, limits)
    if isinstance(parameters, list):
        raise HttpRefusalError(400, ErrorCode.BATCHING_REFUSED, tell("request.batched"))
    if not isinstance(parameters, dict):
        raise _malformed(tell("request.no_object"))
    return request_in(parameters, limits, known)


async def _body(request: Request, limits: Limits) -> bytes:
    try:
        async with asyncio.timeout(limits.body_seconds):
            return await _arriving(request, limits.body)
    except TimeoutError:
        raise too_slow() from None


def too_slow() -> HttpRefusalError:
    """The refusal of a body that does not come (RFC 9110 §15.5.9)."""
    return HttpRefusalError(408, ErrorCode.BODY_TOO_SLOW, tell("request.too_slow"), {"Connection": "close"})


async def _arriving(request: Request, limit: int) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise _too_large(limit, int(declared))
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise _too_large(limit, None)
        chunks.append(chunk)
    return b"".join(chunks)


def _from_url(request: Request, limits: Limits) -> GraphQLRequest:
    size = len(request.scope.get("query_string", b""))
    if size > limits.body:
        raise _too_large(limits.body, size)
    parameters: dict[str, Any] = dict(request.query_params)
    for name in ("variables", "extensions"):
        text = parameters.get(name)
        parameters[name] = json_in(text.encode(), limits, name) if text else None
    parameters["operationName"] = parameters.get("operationName") or None
    return request_in(parameters, limits)


def json_in(text: bytes, limits: Limits, member: str | None = None) -> Any:
    """The JSON of a body, or of the member of a request that a parameter of the URL holds. Raises as ``Arrived.read``."""
    nesting = json_nesting(text, limits.json_nesting)
    if nesting > limits.json_nesting:
        raise LimitExceededError(
            ErrorCode.LIMIT_JSON_NESTING,
            tell("limit.json_nesting"),
            allowed=limits.json_nesting,
            found=nesting,
            advice=tell("advice.flatter_variables"),
        )
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        _name_half_pair(text, member)
        said = tell("request.parameter_no_json", name=member) if member else tell("request.body_no_json")
        raise _malformed(said) from None


def _name_half_pair(text: bytes, member: str | None) -> None:
    """Raise ApiError (BAD_USER_INPUT, naming the place) for JSON that would be well-formed but for half a surrogate pair."""
    try:
        orjson.loads(_HALF_PAIR.sub(rb"\\ufffd", text))
        sent = json.loads(text)
    except ValueError:
        return
    waiting: list[tuple[str, Any]] = [(member or "", sent)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str):
            check_storable(value, _place(path))
        elif isinstance(value, dict):
            waiting += [(path, name) for name in value]
            waiting += [(f"{path}.{name}" if path else name, inner) for name, inner in value.items()]
        elif isinstance(value, list):
            waiting += [(f"{path}[{index}]", inner) for index, inner in enumerate(value)]


def _place(path: str) -> Message:
    if path.startswith("variables."):
        return tell("place.variable", name=f"${path.removeprefix('variables.')}")
    return tell("place.member", name=path) if path else tell("place.request_member")


def request_in(
    parameters: Mapping[str, Any], limits: Limits, known: Callable[[str], bool] = lambda _text: False
) -> GraphQLRequest:
    """The parameters of a request, of the right types. Raises as ``Arrived.read``."""
    extensions = _map(parameters, "extensions")
    query = parameters.get("query")
    if (query is None or query == "") and extensions.get("persistedQuery") is not None:
        query = ""
    elif not isinstance(query, str) or not query.strip():
        raise _malformed(tell("request.no_query"))
    name = parameters.get("operationName")
    if name is not None and not isinstance(name, str):
        raise _malformed(tell("request.name_no_string"))
    if not known(query):
        check_storable(query, tell("place.document"))
    variables = _map(parameters, "variables")
    size = check_values(variables, limits)
    return GraphQLRequest(query, name, variables, extensions, size)


def _map(parameters: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = parameters.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _malformed(tell("request.no_map", name=name))
    return value


def _malformed(said: Message) -> HttpRefusalError:
    return HttpRefusalError(400, BAD_REQUEST, said)


def _too_large(limit: int, found: int | None) -> BodyTooLargeError:
    return BodyTooLargeError(
        ErrorCode.LIMIT_BODY,
        tell("limit.body"),
        allowed=limit,
        found=found,
        advice=tell("advice.send_less"),
    )
