"""A witness behind HTTP: one address, ``POST /add-checkpoint``."""

from __future__ import annotations

from typing import Final

from anyio import to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.log.witnessing import MAX_REQUEST
from infrastructure.log.witness import Witness

TOO_LARGE: Final = b"A request to confirm a checkpoint is not so large.\n"


def witness_app(witness: Witness) -> Starlette:
    """The witness as an ASGI application."""

    async def add_checkpoint(request: Request) -> Response:
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_REQUEST:
                return Response(TOO_LARGE, 413, media_type="text/plain")
        answer = await to_thread.run_sync(witness.add_checkpoint, body)
        return Response(answer.body, answer.status, media_type=answer.media_type)

    return Starlette(routes=[Route("/add-checkpoint", add_checkpoint, methods=["POST"])])
