"""An error as the answer to a whole request: JSON as GraphQL has it, in the language that the request asks for."""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.datastructures import Headers
from starlette.responses import Response

from transport.errors import ApiError
from transport.negotiation import JSON, language_of
from transport.observing import note_code


def spoken_in(headers: Headers) -> dict[str, str]:
    """The header that says in which language the answer to these headers is."""
    return {"Content-Language": language_of(headers.get("accept-language")).value}


def error_response(
    asked: Headers, refusal: ApiError, headers: Mapping[str, str] | None = None, *, status: int | None = None
) -> Response:
    """The answer to a request with these headers; ``status`` where it is not that of the refusal."""
    note_code(refusal.code.value)
    shown = refusal.shown(language_of(asked.get("accept-language")))
    return errors_response([shown], status or refusal.status, {**(headers or {}), **spoken_in(asked)})


def errors_response(errors: list[dict[str, Any]], status: int, headers: Mapping[str, str]) -> Response:
    """An answer that holds errors alone."""
    return Response(orjson.dumps({"errors": errors}), status, headers, f"{JSON}; charset=utf-8")
