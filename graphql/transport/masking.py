"""What becomes of an exception: a refusal passes, a defect is logged once and masked."""

import logging
import traceback
from collections.abc import Callable, Iterable
from typing import Any, Final

from domain.messages import Language, tell
from graphql import GraphQLError, ValueNode
from transport.errors import BAD_USER_INPUT, INTERNAL, ApiError, PlacedError
from transport.observing import note_code

logger: Final = logging.getLogger("registry_api")

Explain = Callable[[BaseException], ApiError | None]
"""An exception to the error that explains it to the client, where it is no defect."""


NO_CODE: Final = "GRAPHQL"
"""Stands for what the parser and the validation say without a code of their own."""


def unexplained(_exception: BaseException) -> None:
    """The explanation of who knows none."""


class MaskErrors:
    """Formats the errors of one response (GraphQL specification §7.1.2) under its request id, in one language.

    Passed on: ApiError; GraphQLError with an `extensions.code`, since whoever raised it chose its words for the client;
    an argument that doesn't fit its type at run time, in words that leave the value out; what `explain` explains. Everything else
    is logged once per exception and answered as INTERNAL.
    """

    def __init__(self, request_id: str, language: Language, explain: Explain = unexplained) -> None:
        self._request_id, self._language = request_id, language
        self._explain = explain
        self._explained: dict[int, ApiError | None] = {}
        self._logged: set[int] = set()

    def format(self, errors: Iterable[GraphQLError]) -> list[dict[str, Any]]:
        """The errors as they go to the client."""
        shown = [self._format(error) for error in errors]
        for each in shown:
            note_code(str(each.get("extensions", {}).get("code", NO_CODE)))
        return shown

    def refusal(self, error: ApiError) -> dict[str, Any]:
        """A refusal that answers the whole request."""
        note_code(error.code.value)
        return error.shown(self._language)

    def defect(self, exception: BaseException, where: str) -> dict[str, Any]:
        """Log the exception unless this response already did, and the error that stands in its place."""
        if id(exception) not in self._logged:
            self._logged.add(id(exception))
            log_defect(exception, where, self._request_id)
        return internal_error(self._request_id).shown(self._language)

    def explained(self, exception: BaseException) -> ApiError | None:
        """The error that explains an exception; None for a defect."""
        if id(exception) not in self._explained:
            self._explained[id(exception)] = self._explain(exception)
        return self._explained[id(exception)]

    def status(self, errors: Iterable[GraphQLError]) -> int | None:
        """The status of a response whose every error is explained by one and the same; None for any other."""
        found = {None if each is None else each.status for each in (self.explained(_root(error)) for error in errors)}
        return found.pop() if len(found) == 1 else None

    def _format(self, error: GraphQLError) -> dict[str, Any]:
        cause = _root(error)
        if isinstance(cause, ApiError):
            shown = self.refusal(cause)
        elif isinstance(cause, GraphQLError) and (cause.extensions or {}).get("code"):
            message = cause.said.text(self._language) if isinstance(cause, PlacedError) else cause.message
            shown = {"message": message, "extensions": dict(cause.extensions or {})}
        elif isinstance(cause, GraphQLError) and cause.nodes and isinstance(cause.nodes[0], ValueNode):
            shown = self.refusal(ApiError(BAD_USER_INPUT, tell("request.value_misfit")))
        else:
            explained = self.explained(cause)
            shown = self.defect(cause, _field(error)) if explained is None else self.refusal(explained)
        if error.locations:
            shown["locations"] = [location.formatted for location in error.locations]
        if error.path is not None:
            shown["path"] = error.path
        return shown


def internal_error(request_id: str) -> ApiError:
    """The error in place of a defect: enough to find the log entry, and nothing else."""
    return ApiError(INTERNAL, tell("request.defect", request=request_id), {"requestId": request_id})


def log_defect(exception: BaseException, where: str, request_id: str) -> None:
    """Log an unexpected exception: its classes and frames, its causes', and where it happened.

    Its message is left out on purpose. A database driver quotes the row, a parser the text: both may be about a person.
    """
    logger.error(
        "Unexpected %s in %s (request %s)\n%s",
        type(exception).__name__,
        where,
        request_id,
        frames_of(exception),
        extra={"request_id": request_id},
    )


def frames_of(exception: BaseException) -> str:
    """An exception and its causes as frames and classes, without their messages."""
    return "\n".join(_frames(exception))


def _frames(exception: BaseException) -> Iterable[str]:
    seen: set[int] = set()
    link: BaseException | None = exception
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        kind = type(link)
        yield "".join(traceback.format_tb(link.__traceback__)) + f"{kind.__module__}.{kind.__qualname__}"
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def _root(error: GraphQLError) -> Exception:
    cause: Exception = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def _field(error: GraphQLError) -> str:
    name = getattr(error.nodes[0], "name", None) if error.nodes else None
    return f"the field '{name.value}'" if name is not None else "the execution of an operation"
