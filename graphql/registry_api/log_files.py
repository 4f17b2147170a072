"""The transparency log as files: what C2SP tlog-tiles asks of a log's prefix, and proofs to keep.

    /log                        which epochs there are, with their origins and verifier keys, as JSON
    /log/checkpoint             the present epoch's checkpoint
    /log/tile/…                 leads to the tile of the present epoch
    /log/<epoch>/checkpoint     the latest checkpoint of an epoch; `/log/<epoch>` is its prefix
    /log/<epoch>/tile/…         tiles and bundles, which never change under their path
    /log/<epoch>/proof/<position>.tlog-proof

Whoever keeps a tile may keep it for ever; whoever is told that there is none asks again: a path that leads nowhere today may be a
tile tomorrow. Under `/log/tile` nothing is kept, since another epoch may begin.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from application.transparency import LogAnswer, LogBehind, LogDeviates, TransparencyLog
from domain.log.log_errors import TileError
from domain.log.tiles import parse_tile_path
from domain.messages import Message, tell
from transport.caching import tagged
from transport.error_responses import error_response
from transport.errors import ApiError, ErrorCode

PREFIX: Final = "/log"
_ALL: Final[Mapping[str, str]] = {"Access-Control-Allow-Origin": "*"}
IMMUTABLE: Final[Mapping[str, str]] = {
    **_ALL,
    "Cache-Control": "public, max-age=31536000, immutable",
    "Vary": "Accept-Encoding",
}
"""Of a tile or bundle: its content never changes under its path (C2SP tlog-tiles)."""
FLEETING: Final[Mapping[str, str]] = {**_ALL, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
"""Of what grows: a checkpoint, the list of epochs, a proof under the latest checkpoint."""
NOTHING: Final[Mapping[str, str]] = {**_ALL, "Cache-Control": "no-store"}
"""Of an answer that there is nothing: it may be there in a second."""
_EPOCH: Final = re.compile(r"[1-9][0-9]{0,8}")
_PROOF: Final = re.compile(r"([1-9][0-9]{0,18})\.tlog-proof")
TEXT: Final = "text/plain; charset=utf-8"


class LogFileRoutes:
    """The routes under ``/log``."""

    def __init__(self, log: TransparencyLog) -> None:
        self._log = log

    def routes(self) -> list[BaseRoute]:
        """What the app serves."""
        return [
            Route(PREFIX, self._epochs),
            Route(f"{PREFIX}/checkpoint", self._checkpoint),
            Route(f"{PREFIX}/tile/{{path:path}}", self._present_tile),
            Route(f"{PREFIX}/{{epoch}}/checkpoint", self._checkpoint),
            Route(f"{PREFIX}/{{epoch}}/tile/{{path:path}}", self._tile),
            Route(f"{PREFIX}/{{epoch}}/proof/{{file}}", self._proof),
        ]

    async def _epochs(self, request: Request) -> Response:
        found = [
            {
                "epoch": each.epoch,
                "origin": each.origin,
                "vkeys": each.vkeys,
                "prefix": f"{PREFIX}/{each.epoch}",
                "begunAt": each.begun_at,
                "reason": each.reason,
            }
            for each in await self._log.epochs()
        ]
        return tagged(request, orjson.dumps({"epochs": found}), "application/json; charset=utf-8", FLEETING)

    async def _checkpoint(self, request: Request) -> Response:
        written = request.path_params.get("epoch")
        if written is not None and not _EPOCH.fullmatch(written):
            return _nothing(request, tell("log.no_epoch"))
        try:
            head = await self._log.head(int(written) if written else None)
        except LogAnswer as none:
            return _nothing(request, none.said)
        return tagged(request, head.note, TEXT, FLEETING)

    async def _present_tile(self, request: Request) -> Response:
        epochs = await self._log.epochs()
        if not epochs:
            return _nothing(request, tell("log.not_begun"))
        path = f"{PREFIX}/{epochs[-1].epoch}/tile/{request.path_params['path']}"
        return RedirectResponse(path, 307, FLEETING)

    async def _tile(self, request: Request) -> Response:
        epoch = request.path_params["epoch"]
        try:
            place = parse_tile_path(f"tile/{request.path_params['path']}")
        except TileError:
            return _nothing(request, tell("log.no_tile"))
        content = await self._log.file(int(epoch), place) if _EPOCH.fullmatch(epoch) else None
        if content is None:
            return _nothing(request, tell("log.no_tile"))
        return tagged(request, content, "application/octet-stream", IMMUTABLE)

    async def _proof(self, request: Request) -> Response:
        written = _PROOF.fullmatch(request.path_params["file"])
        epochs = await self._log.epochs()
        if written is None or not epochs or request.path_params["epoch"] != str(epochs[-1].epoch):
            return _nothing(request, tell("log.no_proof"))
        try:
            proof = await self._log.inclusion(int(written[1]))
        except LogDeviates as deviates:
            return _said(request, deviates.said, ErrorCode.LOG_DEVIATES)
        except LogBehind as behind:
            return _said(request, behind.said, ErrorCode.LOG_BEHIND, 404)
        except LogAnswer as none:
            return _nothing(request, none.said)
        return tagged(request, proof.file(), TEXT, FLEETING)


def _nothing(request: Request, said: Message) -> Response:
    return _said(request, said, ErrorCode.NOT_FOUND, 404)


def _said(request: Request, said: Message, code: ErrorCode, status: int | None = None) -> Response:
    return error_response(request.headers, ApiError(code, said), NOTHING, status=status)
