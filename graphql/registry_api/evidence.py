"""Evidence files over HTTP: ``POST /evidence`` takes one in, ``GET /evidence/{sha256}`` gives one out; neither knows file names.

An upload is streamed, sealed under its holder's key on the way, and never unpacked or rendered. It names its holder by
``?case=`` or, before a case is submitted, by the headers ``X-Holder-Id-Type`` and ``X-Holder-Id-Number``: an address is
logged in many places, a header is not. ``Content-Digest: sha-256=:…:`` (RFC 9530) is checked where it is sent.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol
from uuid import UUID

import orjson
from anyio import CapacityLimiter, from_thread, to_thread
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from application import questions
from application.access import Action, require
from application.ports import Identity, Purpose
from application.queries import first
from application.views import CaseView, EvidenceView
from domain.identity_numbers import IdentityNumber
from domain.messages import SpokenError, tell
from domain.refusals import RefusalCode, Refused
from registry_api import ids
from registry_api.context import Context, in_thread
from registry_api.disclosing import record_accesses
from transport.endpoint import STATUS_HEADERS, Authenticate
from transport.error_responses import error_response
from transport.errors import ApiError, ErrorCode, HttpRefusalError
from transport.masking import Explain
from transport.middleware import request_id_of
from transport.observing import under_way
from transport.parameters import too_slow
from transport.rates import Buckets

UPLOADS: Final = 8
"""Files that arrive at once; each holds a thread for as long as its sender takes."""
DOWNLOADS: Final = 3
"""Files that go out to one subject at once; each is proved whole before its first byte."""
_GRACE_SECONDS: Final = 10.0
"""How long an upload may pause, and how long it may be slow at its beginning."""
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_DIGEST: Final = re.compile(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/=]{44}):")
_ENDINGS: Final = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg", "image/tiff": "tif"}


class Stored(Protocol):
    """What a file that was taken in is known by."""

    @property
    def sha256(self) -> str:
        """SHA-256 of the content, in hexadecimal."""

    @property
    def size(self) -> int:
        """Bytes."""

    @property
    def media_type(self) -> str:
        """The recognised media type."""


class Files(Protocol):
    """The evidence store, as HTTP needs it. Its errors have a ``code`` and a sentence for the client."""

    def put(
        self,
        pieces: Iterable[bytes],
        holder: UUID | Callable[[], UUID],
        media_type: str,
        purpose: Purpose,
        *,
        sha256: str | None = None,
    ) -> Stored:
        """Take a file in; ``holder`` is asked, where it is a function, once the file is known to be taken."""

    def open(self, sha256: str, holder_ref: UUID, purposes: Sequence[Purpose]) -> Any:
        """A file that was proved whole: an iterable of its bytes with a ``size``, to be read once or closed."""


class Places:
    """How many files, or other answers that take long, may be under way at once for one subject."""

    def __init__(self, most: int, key: str = "evidence.under_way") -> None:
        """``key`` is that of the sentence for whoever has as many."""
        self._most, self._key = most, key
        self._taken: Counter[str] = Counter()

    @contextmanager
    def one(self, subject: str) -> Iterator[None]:
        """Take a place for as long as the context lasts. Raises HttpRefusalError (429, RATE_LIMITED) where none is left."""
        if self._taken[subject] >= self._most:
            raise HttpRefusalError(
                429,
                ErrorCode.RATE_LIMITED,
                tell(self._key, most=self._most),
                {"Retry-After": "5", "Connection": "close"},
            )
        self._taken[subject] += 1
        try:
            yield
        finally:
            self._taken[subject] -= 1
            if not self._taken[subject]:
                del self._taken[subject]


@dataclass(frozen=True, slots=True)
class EvidenceDoor:
    """The two endpoints over a store; ``error`` is the base of the store's own errors.

    ``quota`` counts bytes by subject; an upload slower than ``slowest`` bytes a second is given up after its first seconds.
    """

    files: Files
    error: type[SpokenError]
    max_size: int
    seconds: float
    authenticate: Authenticate
    context: Callable[[Request, Identity | None, str], Context]
    arriving: CapacityLimiter
    places: Places
    leaving: Places
    proving: CapacityLimiter
    quota: Buckets
    slowest: int
    explain: Explain

    def routes(self) -> list[Route]:
        """What to serve."""
        return [
            Route("/evidence", self._answering(self._upload), methods=["POST"]),
            Route("/evidence/{sha256}", self._answering(self._download), methods=["GET"]),
        ]

    def _answering(self, work: Callable[[Request, Context], Awaitable[Response]]) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            try:
                return await work(request, await self._signed_in(request))
            except ApiError as refusal:
                headers = (
                    refusal.headers if isinstance(refusal, HttpRefusalError) else STATUS_HEADERS.get(refusal.status)
                )
                return error_response(request.headers, refusal, headers)
            except Refused as refused:
                spoken = ApiError(refused.code, refused.said)
                return error_response(request.headers, spoken, STATUS_HEADERS.get(spoken.status))
            except self.error as error:
                code = ErrorCode[str(getattr(error, "code", "")).upper().replace("-", "_")]
                return error_response(request.headers, ApiError(code, error.said), {"Connection": "close"})
            except Exception as error:
                explained = self.explain(error)
                if explained is None:
                    raise
                headers = {**STATUS_HEADERS.get(explained.status, {}), "Connection": "close"}
                return error_response(request.headers, explained, headers)

        return answer

    async def _signed_in(self, request: Request) -> Context:
        identity = await self.authenticate(request.headers)
        if identity is None:
            raise ApiError(RefusalCode.UNAUTHENTICATED, tell("token.send_bearer"))
        handled = under_way()
        if handled is not None:
            handled.subject = identity.actor.subject
        return self.context(request, identity, request_id_of(request.scope))

    async def _upload(self, request: Request, context: Context) -> Response:
        require(context.actor, Action.UPLOAD_EVIDENCE)
        declared = request.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > self.max_size:
            raise HttpRefusalError(
                413,
                ErrorCode.EVIDENCE_TOO_LARGE,
                tell("evidence.over_limit", most=self.max_size),
                {"Connection": "close"},
            )
        if request.headers.get("content-encoding", "identity") != "identity":
            raise HttpRefusalError(415, ErrorCode.EVIDENCE_TYPE, tell("evidence.content_encoding"))
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        digest = _announced(request.headers.get("content-digest"))
        holder, purpose = await self._holder(request, context)
        subject = context.actor.subject if context.actor else ""
        with self.places.one(subject):
            if self.arriving.available_tokens < 1:
                raise HttpRefusalError(
                    503,
                    ErrorCode.UNAVAILABLE,
                    tell("evidence.too_many_arriving"),
                    {"Retry-After": "5"},
                )
            stored = await to_thread.run_sync(
                lambda: self.files.put(self._pieces(request, subject), holder, media_type, purpose, sha256=digest),
                limiter=self.arriving,
            )
        body = {"sha256": stored.sha256, "size": stored.size, "mediaType": stored.media_type}
        return Response(orjson.dumps(body), 201, media_type="application/json; charset=utf-8")

    def _pieces(self, request: Request, subject: str) -> Iterator[bytes]:
        """The body as it arrives, for the thread that seals it.

        Raises HttpRefusalError: 408 where it comes too slowly or stops, 429 beyond what the subject may send a day.
        """
        stream, started, arrived = request.stream(), time.monotonic(), 0

        async def next_piece() -> bytes | None:
            nonlocal arrived
            passed = time.monotonic() - started
            if passed > _GRACE_SECONDS and arrived < self.slowest * passed:
                raise too_slow()
            try:
                async with asyncio.timeout(min(self.seconds, _GRACE_SECONDS)):
                    piece = await anext(stream, None)
            except TimeoutError:
                raise too_slow() from None
            if piece:
                arrived += len(piece)
                self.quota.take(subject, len(piece))
            return piece

        while (piece := from_thread.run(next_piece)) is not None:
            yield piece

    async def _holder(self, request: Request, context: Context) -> tuple[UUID | Callable[[], UUID], Purpose]:
        """Whose file it is, and what it serves; for a person of whom nothing is kept yet, what makes them known once it was taken."""
        named = request.query_params.get("case")
        if named is not None:
            case = await _known_case(context, named)
            return case.holder.ref, Purpose(case_id=case.case_id)
        number = request.headers.get("x-holder-id-number")
        if number is None:
            raise HttpRefusalError(400, ErrorCode.BAD_REQUEST, tell("evidence.name_holder"))
        identity = IdentityNumber.of(request.headers.get("x-holder-id-type", "RESIDENT_ID"), number)
        kind, cleaned = identity.kind, identity.number
        holders = context.services.holders
        known = await in_thread(holders.find, kind, cleaned)
        uploader = Purpose(uploader=context.actor.subject if context.actor else "")
        return known or (lambda: holders.find_or_create(kind, cleaned)), uploader

    async def _download(self, request: Request, context: Context) -> Response:
        require(context.actor, Action.READ_CASES)
        if not context.viewer.reads_persons:
            raise HttpRefusalError(
                403,
                RefusalCode.NOT_PERMITTED,
                tell("evidence.readers"),
            )
        case, digest = await _case(context, request.query_params.get("case", "")), request.path_params["sha256"]
        stated = _stated(case, digest)
        if stated is None:  # a supplement that the read side has not seen yet
            stated = _stated(await _known_case(context, request.query_params.get("case", "")), digest)
        if stated is None or not _SHA256.fullmatch(digest):
            raise HttpRefusalError(404, ErrorCode.EVIDENCE_MISSING, tell("evidence.not_stated"))
        with ExitStack() as held:
            held.enter_context(self.leaving.one(context.actor.subject if context.actor else ""))
            purposes = [Purpose(case_id=case.case_id), Purpose(uploader=case.submitted_by)]
            file = await to_thread.run_sync(self.files.open, digest, case.holder.ref, purposes, limiter=self.proving)
            held.callback(file.close)
            context.viewer.note(case.holder.ref, "evidence file")
            await record_accesses(context, ["evidence"])
            until_sent = held.pop_all()
        known = stated.media_type in _ENDINGS
        headers = {
            "Content-Length": str(file.size),
            "Content-Disposition": f'attachment; filename="{digest[:12]}.{_ENDINGS.get(stated.media_type, "bin")}"',
        }
        media_type = stated.media_type if known else "application/octet-stream"
        return _Download(file, headers, media_type, until_sent)


class _Download(StreamingResponse):
    """A file on its way; what it holds is given back when it is sent, or its client has gone."""

    def __init__(self, file: Any, headers: Mapping[str, str], media_type: str, held: ExitStack) -> None:
        super().__init__(iter(file), 200, headers, media_type)
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ``Response``."""
        with self._held:
            await super().__call__(scope, receive, send)


async def _case(context: Context, identifier: str) -> CaseView:
    """A case within the asker's scope, by the read side where that has it. Raises as ``_known_case``."""
    case = await first(context.services.reads, questions.case(context.scope, ids.uuid_in(identifier, "case")))
    return case or await _known_case(context, identifier)


async def _known_case(context: Context, identifier: str) -> CaseView:
    """A case within the asker's scope by its own events, so that whoever was just told of it finds it.

    Raises ``ApiError`` (INVALID_ID, or UNKNOWN_CASE with 404).
    """
    stream = ids.uuid_in(identifier, "case")
    case = await in_thread(context.services.cases.case_of, context.actor, stream) if context.actor else None
    if case is None:
        raise HttpRefusalError(404, RefusalCode.UNKNOWN_CASE, tell("case.unknown"))
    return case


def _stated(case: CaseView, digest: str) -> EvidenceView | None:
    return next((each for each in case.evidence if each.sha256 == digest), None)


def _announced(header: str | None) -> str | None:
    """The SHA-256 in a ``Content-Digest``, in hexadecimal; None without one. Raises HttpRefusalError (400)."""
    if header is None:
        return None
    found = _DIGEST.search(header)
    try:
        return base64.b64decode(found[1], validate=True).hex() if found else _unreadable()
    except binascii.Error:
        return _unreadable()


def _unreadable() -> str:
    raise HttpRefusalError(400, ErrorCode.BAD_REQUEST, tell("evidence.content_digest"))
