"""Health for whoever runs the process: `/healthz` says it lives, `/readyz` whether it should get traffic."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import orjson
from starlette.requests import Request
from starlette.responses import Response

from domain.messages import Language, Message, tell
from transport.masking import log_defect
from transport.middleware import request_id_of
from transport.negotiation import language_of

OK: Final = "ok"


@dataclass(frozen=True, slots=True)
class Remark:
    """What an operator should know of something that works for all that."""

    said: Message


State: TypeAlias = Message | Remark | str
"""How something stands: "ok", or what is wrong, told to an operator in words that a stranger may read."""
HealthCheck = Callable[[], Awaitable[Mapping[str, State]]]
"""Names what was checked, and how it stands."""
Handler = Callable[[Request], Awaitable[Response]]


async def alive() -> Mapping[str, State]:
    """The check of a process that lives by answering."""
    return {"process": OK}


def health_handler(check: HealthCheck, *, version: str, patience: float = 2.0) -> Handler:
    """A handler answering 200 if everything is ok or remarked upon, and otherwise 503; the JSON names what is not, and the version.

    What is wrong is told in the language that the client asks for. A check that raises, or takes longer than `patience` seconds, is itself what is not ok.
    """

    async def handle(request: Request) -> Response:
        try:
            async with asyncio.timeout(patience):
                checks: dict[str, State] = dict(await check())
        except TimeoutError:
            checks = {"check": tell("ready.no_answer", seconds=f"{patience:g}")}
        except Exception as error:  # noqa: BLE001 - a failing check must not look like a missing route
            log_defect(error, "a health check", request_id_of(request.scope))
            checks = {"check": tell("ready.failed")}
        failing = [name for name, state in checks.items() if state != OK and not isinstance(state, Remark)]
        status = "failing" if failing else OK
        language = language_of(request.headers.get("accept-language"))
        told = {name: _told(state, language) for name, state in checks.items()}
        body = {"status": status, "version": version, "failing": failing, "checks": told}
        return Response(orjson.dumps(body), 503 if failing else 200, media_type="application/json; charset=utf-8")

    return handle


def _told(state: State, language: Language) -> str:
    said = state.said if isinstance(state, Remark) else state
    return said if isinstance(said, str) else said.text(language)
