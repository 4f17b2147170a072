"""Attestations over HTTP: one to whoever may have it, and to everybody what it takes to verify one.

    /titles/<title>/attestation          an attestation of a title, with every disclosure (``application/dc+sd-jwt``)
    /.well-known/jwt-vc-issuer           who issues attestations, and where the keys are
    /attestation/keys                    the keys, as a JWK Set (RFC 7517)
    /attestation/status/<list>           a Token Status List (``application/statuslist+jwt``)
    /attestation/types/…                 what the claims of an attestation mean

Whoever gets one holds the person's data in clear, which is noted in the access log as any other reading of it.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from application import questions
from application.access import Action, require
from application.attestation import (
    KEYS_PATH,
    METADATA_PATH,
    STATUS_PATH,
    TYPE_PATH,
    Attestations,
    NotAttested,
)
from application.ports import Identity
from application.queries import one_by_key
from domain.messages import tell
from domain.refusals import RefusalCode, Refused
from registry_api import ids
from registry_api.context import Context
from registry_api.disclosing import record_accesses
from transport.caching import tagged
from transport.endpoint import STATUS_HEADERS, Authenticate
from transport.error_responses import error_response
from transport.errors import ApiError, ErrorCode, HttpRefusalError
from transport.masking import Explain
from transport.middleware import request_id_of

_EVERYBODY: Final[Mapping[str, str]] = {"Access-Control-Allow-Origin": "*", "Vary": "Accept-Encoding"}
LASTING: Final[Mapping[str, str]] = {**_EVERYBODY, "Cache-Control": "public, max-age=3600"}
"""Of what changes with a key or a release: whoever meets an unknown `kid` asks anew at once."""
FLEETING: Final[Mapping[str, str]] = {**_EVERYBODY, "Cache-Control": "public, max-age=60"}
"""Of a status list, on the way; who reads it keeps it for its `ttl`."""
_NOTHING: Final[Mapping[str, str]] = {**_EVERYBODY, "Cache-Control": "no-store"}
_LIST: Final = re.compile(r"[1-9][0-9]{0,8}")


@dataclass(frozen=True, slots=True)
class AttestationRoutes:
    """The endpoints over the use case."""

    attestations: Attestations
    authenticate: Authenticate
    context: Callable[[Request, Identity | None, str], Context]
    explain: Explain

    def routes(self) -> list[BaseRoute]:
        """What the app serves."""
        return [
            Route("/titles/{title}/attestation", self._answering(self._attest)),
            Route(METADATA_PATH, self._answering(self._metadata)),
            Route(METADATA_PATH + "/{path:path}", self._answering(self._metadata)),
            Route(KEYS_PATH, self._answering(self._keys)),
            Route(STATUS_PATH + "/{number}", self._answering(self._status_list)),
            Route(TYPE_PATH, self._answering(self._type)),
        ]

    def _answering(self, work: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            try:
                return await work(request)
            except ApiError as refusal:
                headers = refusal.headers if isinstance(refusal, HttpRefusalError) else {}
                return error_response(request.headers, refusal, headers or STATUS_HEADERS.get(refusal.status))
            except Refused as refused:
                spoken = ApiError(refused.code, refused.said)
                return error_response(request.headers, spoken, STATUS_HEADERS.get(spoken.status))
            except NotAttested as none:
                return error_response(request.headers, ApiError(ErrorCode.NOT_AVAILABLE, none.said), _NOTHING)
            except Exception as error:
                explained = self.explain(error)
                if explained is None:
                    raise
                return error_response(request.headers, explained, STATUS_HEADERS.get(explained.status))

        return answer

    async def _attest(self, request: Request) -> Response:
        identity = await self.authenticate(request.headers)
        if identity is None:
            raise ApiError(RefusalCode.UNAUTHENTICATED, tell("token.send_bearer"))
        context = self.context(request, identity, request_id_of(request.scope))
        require(context.actor, Action.ATTEST)
        wanted = ids.uuid_in(request.path_params["title"], "title")
        title = (await one_by_key(context.services.reads, questions.titles_by_id(context.scope, [wanted]))).get(wanted)
        if title is None:
            raise HttpRefusalError(404, ErrorCode.NOT_FOUND, tell("attestation.no_title"))
        await context.key_of(title.holder.ref)
        document = await self.attestations.attest(context.viewer, title)
        await record_accesses(context, ["attestation"])
        headers = {
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="{title.case_number}.sd-jwt"',
        }
        return Response(document, headers=headers, media_type="application/dc+sd-jwt")

    async def _metadata(self, request: Request) -> Response:
        issuer, found = self.attestations.issuer, self.attestations.metadata()
        if issuer is None or request.url.path.rstrip("/") not in {METADATA_PATH, issuer.metadata_path}:
            return _nothing(request)
        return tagged(request, orjson.dumps(found), "application/json", LASTING)

    async def _keys(self, request: Request) -> Response:
        return tagged(request, orjson.dumps(await self.attestations.keys()), "application/jwk-set+json", LASTING)

    async def _status_list(self, request: Request) -> Response:
        written = request.path_params["number"]
        token = await self.attestations.status_list(int(written)) if _LIST.fullmatch(written) else None
        if token is None:
            no_list = ApiError(ErrorCode.NOT_FOUND, tell("attestation.no_list"))
            return error_response(request.headers, no_list, _NOTHING)
        return tagged(request, token.encode(), "application/statuslist+jwt", FLEETING)

    async def _type(self, request: Request) -> Response:
        found = self.attestations.type_description()
        return _nothing(request) if found is None else tagged(request, orjson.dumps(found), "application/json", LASTING)


def attestation_routes(
    attestations: Attestations | None,
    authenticate: Authenticate,
    context: Callable[[Request, Identity | None, str], Context],
    explain: Explain,
) -> list[BaseRoute]:
    """The endpoints over the use case; none without it."""
    return [] if attestations is None else AttestationRoutes(attestations, authenticate, context, explain).routes()


def _nothing(request: Request) -> Response:
    return error_response(request.headers, ApiError(ErrorCode.NOT_FOUND, tell("attestation.no_address")), _NOTHING)
