"""Health for whoever runs the process: `/healthz` says it lives, `/readyz` whether it should get traffic."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import Response

from transport.masking import log_defect
from transport.middleware import request_id_of

OK: Final = "ok"


class Remark(str):
    """What an operator should know of something that works for all that."""

    __slots__ = ()


HealthCheck = Callable[[], Awaitable[Mapping[str, str]]]
"""Names what was checked: "ok", or what is wrong in words an operator understands and a stranger may read."""
Handler = Callable[[Request], Awaitable[Response]]


async def alive() -> Mapping[str, str]:
    """The check of a process that lives by answering."""
    return {"process": OK}


def health_handler(check: HealthCheck, *, version: str, patience: float = 2.0) -> Handler:
    """A handler answering 200 if everything is ok or remarked upon, and otherwise 503; the JSON names what is not, and the version.

    A check that raises, or takes longer than `patience` seconds, is itself what is not ok.
    """

    async def handle(request: Request) -> Response:
        try:
            async with asyncio.timeout(patience):
                checks = dict(await check())
        except TimeoutError:
            checks = {"check": f"no answer within {patience:g} s"}
        except Exception as error:  # noqa: BLE001 - a failing check must not look like a missing route
            log_defect(error, "a health check", request_id_of(request.scope))
            checks = {"check": "failed; the log has the request id"}
        failing = [name for name, state in checks.items() if state != OK and not isinstance(state, Remark)]
        status = "failing" if failing else OK
        body = {"status": status, "version": version, "failing": failing, "checks": checks}
        return Response(orjson.dumps(body), 503 if failing else 200, media_type="application/json; charset=utf-8")

    return handle
