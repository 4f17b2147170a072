"""What is decided about an operation before it runs: whether it may ask for the schema, and how often a title is verified.

``verifyTitle`` and ``verifyTitles`` are open to everybody, so they must not tell anybody by trial who holds a title: an address without a token, and
whoever a token names, has so many questions a minute; each question of a document counts; and without a token every answer takes
the same while, found or not.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from domain.messages import tell
from graphql import ExecutionResult
from registry_api.context import Context
from registry_api.disclosing import RecordingExecutor
from registry_api.verification import MOST_QUESTIONS, questions_in
from transport.documents import PreparedOperation
from transport.errors import ApiError, ErrorCode
from transport.execution import Executor
from transport.parameters import GraphQLRequest
from transport.rates import Buckets

VERIFY_SECONDS: Final = 0.25
"""How long an anonymous verification takes at least."""
VERIFY_BURST: Final = 20
"""Verifications an address may make at once."""


class Gate:
    """Runs operations that may run, and records what they showed."""

    def __init__(
        self,
        inner: Executor,
        *,
        introspection: bool,
        verifications_per_minute: float,
        verifications_per_subject: float,
    ) -> None:
        """Rates are questions a minute: of an address without a token, and of whoever a token names."""
        self._inner = RecordingExecutor(inner)
        self._introspection = introspection
        self._by_address = Buckets(verifications_per_minute / 60, VERIFY_BURST)
        whole_call = verifications_per_subject >= MOST_QUESTIONS or verifications_per_subject <= 0
        self._most = MOST_QUESTIONS if whole_call else max(VERIFY_BURST, int(verifications_per_subject / 6))
        self._by_subject = Buckets(verifications_per_subject / 60, self._most)

    async def __call__(
        self, operation: PreparedOperation, request: GraphQLRequest, context: Context
    ) -> ExecutionResult | bytes:
        """See ``Executor``. Raises ApiError: INTROSPECTION_REFUSED, RATE_LIMITED, ACCESS_NOT_RECORDED."""
        fields = operation.root_fields
        if not self._introspection and not {"__schema", "__type"}.isdisjoint(fields):
            raise ApiError(
                ErrorCode.INTROSPECTION_REFUSED,
                tell("request.introspection"),
            )
        verifications = questions_in(operation, request.variables)
        if verifications and context.actor is not None:
            self._by_subject.take(context.actor.subject, verifications)
        most = VERIFY_BURST if context.actor is None else self._most
        if most < verifications <= MOST_QUESTIONS:
            raise ApiError(
                ErrorCode.BAD_USER_INPUT,
                tell("verification.too_many_anonymous", found=verifications, most=most)
                if context.actor is None
                else tell("verification.too_many", found=verifications, most=most),
            )
        if verifications and context.actor is None:
            self._by_address.take(context.address, verifications)
            started = time.monotonic()
            result = await self._inner(operation, request, context)
            await asyncio.sleep(max(0.0, VERIFY_SECONDS - (time.monotonic() - started)))
            return result
        return await self._inner(operation, request, context)
