"""The feed of titles to be pulled: ``GET /feed/titles?after=POSITION&limit=N&wait=SECONDS``, one title a line, as each change left it.

The last line is no title: it says where to go on (``next``), and whether there is more by now. A page never ends between titles that one
event changed, so whoever keeps ``next`` together with what they read misses nothing and reads nothing twice. What a line shows, and to
whom, is what ``titleChanges`` shows: each line is a response to one document.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from application.access import Action, require
from application.feed import Happening
from application.ports import Identity
from application.views import FedTitleView
from domain.messages import tell
from domain.refusals import Refused
from registry_api.context import Context
from registry_api.evidence import Places
from registry_api.following import Following
from registry_api.scalars import DATE_TIME
from registry_api.subscriptions import ToldRow, require_reached, titles_for
from transport.caching import tagged
from transport.compression import compressed
from transport.documents import PreparedOperation
from transport.endpoint import STATUS_HEADERS, Authenticate
from transport.error_responses import error_response, spoken_in
from transport.errors import BAD_USER_INPUT, ApiError, HttpRefusalError
from transport.middleware import request_id_of
from transport.parameters import GraphQLRequest
from transport.rates import address_of
from transport.turns import Turns

PATH: Final = "/feed/titles"
MEDIA: Final = "application/x-ndjson; charset=utf-8"
NEXT_HEADER: Final = "Feed-Next"
USUAL, LARGEST = 200, 1_000
"""Titles of a page."""
LONGEST_WAIT: Final = 30
"""Seconds."""
PULLS: Final = 4
"""Pages that one subject reads at once."""
_SEARCH_SECONDS: Final = 5.0
"""How long titles of the asker's are looked for before a page is answered with what was found."""
_LOOK_SECONDS: Final = 0.5
"""How often somebody who waits looks whether the server stops."""
_POSITION: Final = re.compile(r"[0-9]{1,18}")
_NUMBER: Final = re.compile(r"[0-9]{1,4}")
DOCUMENT: Final = """subscription TitleFeed { titleChanges {
  id caseNumber status title level field
  holder { ref name idType idNumber erased } certificateNumber
  authority { code name } lodgedWith { code name }
  catalogCode versionNumber entryNumber entry { qualificationName issuingBody }
  recognizedOn endedOn endingGround endingProposed
  validForAppointment validForPromotion countedExperienceMonths
} }"""
"""What a line shows of a title."""
_BEFORE, _BEHIND = b'{"data":{"titleChanges":', b"}}"
_KEPT: Final = {"Cache-Control": "private, no-cache", "Vary": "Accept-Encoding, Accept-Language, Authorization"}


@dataclass(slots=True)
class _PulledPage:
    """Titles gathered so far, and up to where nothing is left out."""

    through: int
    limit: int
    found: list[tuple[Happening, FedTitleView]] = field(default_factory=list)
    full: bool = False

    def take(self, context: Context, happenings: Sequence[Happening]) -> None:
        """Take titles in, event by event, as long as there is room for all of an event's."""
        for each in happenings:
            titles = list(titles_for(context, [each]))
            if self.found and len(self.found) + len(titles) > self.limit:
                self.full = True
                return
            self.found += titles
            self.through = each.position


@dataclass(frozen=True, slots=True)
class TitleFeed:
    """The endpoint."""

    following: Following
    prepared: Callable[[str], PreparedOperation]
    authenticate: Authenticate
    context: Callable[[Request, Identity | None, str], Context]
    in_work: Turns
    pulls: Places = field(default_factory=lambda: Places(PULLS, "feed.under_way"))

    def routes(self) -> list[BaseRoute]:
        """What to serve."""
        return [Route(PATH, self._answer, methods=["GET"])]

    async def _answer(self, request: Request) -> Response:
        try:
            return await self._page(request)
        except ApiError as refusal:
            own = refusal.headers if isinstance(refusal, HttpRefusalError) else STATUS_HEADERS.get(refusal.status)
            return error_response(request.headers, refusal, own)
        except Refused as refused:
            spoken = ApiError(refused.code, refused.said)
            return error_response(request.headers, spoken, STATUS_HEADERS.get(spoken.status))

    async def _page(self, request: Request) -> Response:
        address = address_of(request.scope)
        async with self.in_work.turn(address):
            context = self.context(request, await self.authenticate(request.headers), request_id_of(request.scope))
        require(context.actor, Action.FOLLOW_TITLES)
        after, limit, wait = _asked(request)
        await require_reached(context, after)
        with self.pulls.one(context.actor.subject if context.actor else ""), context.services.feed.follow():
            page = await self._gathered(context, address, after, limit, wait)
            async with self.in_work.turn(address):
                lines = await self._lines(context, page)
        head = context.services.feed.head()
        last = orjson.dumps({"next": str(page.through), "more": page.full or page.through < head})
        headers = {
            **_KEPT,
            **spoken_in(request.headers),
            NEXT_HEADER: str(page.through),
            "Link": f'<{PATH}?after={page.through}&limit={limit}>; rel="next"',
        }
        response = tagged(request, b"".join(line + b"\n" for line in (*lines, last)), MEDIA, headers)
        if response.status_code != 200 or context.viewer.reads_persons:
            return response
        return await compressed(request, response)

    async def _gathered(self, context: Context, address: str, after: int, limit: int, wait: int) -> _PulledPage:
        """The next titles: until there are as many as asked for, or, where there is none, until one comes or the wait is over."""
        feed, page = context.services.feed, _PulledPage(after, limit)
        started = time.monotonic()
        while not page.full and context.wanted():
            async with self.in_work.turn(address):
                stretch = await feed.stretch(page.through, titles=True)
                page.take(context, stretch.happenings)
            if page.full or len(page.found) >= limit:
                break
            page.through = max(page.through, stretch.through)
            passed = time.monotonic() - started
            if page.through < feed.head():
                if passed > _SEARCH_SECONDS:
                    break
            elif page.found or passed >= wait:
                break
            else:
                await _news(context, page.through, min(_LOOK_SECONDS, wait - passed))
        return page

    async def _lines(self, context: Context, page: _PulledPage) -> Sequence[bytes]:
        request = GraphQLRequest(DOCUMENT, None, {}, {})
        rows = [ToldRow(title, more=False) for _, title in page.found]
        bodies = await self.following.page(self.prepared(DOCUMENT), request, context, rows)
        return [_line(happening, body) for (happening, _), body in zip(page.found, bodies, strict=True)]


def _line(happening: Happening, body: Any) -> bytes:
    """A change as a line. Raises the first error of a title that can't be shown."""
    if not isinstance(body, bytes):
        raise body.errors[0].original_error or body.errors[0]
    title = body.removeprefix(_BEFORE).removesuffix(_BEHIND)
    told = orjson.dumps(
        {
            "position": str(happening.position),
            "type": happening.type,
            "recordedAt": DATE_TIME.serialize(happening.recorded_at),  # type: ignore[misc]  # it has one
        }
    )
    return told[:-1] + b',"title":' + title + b"}"


async def _news(context: Context, after: int, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await context.services.feed.news(after)
    except TimeoutError:
        pass


def _asked(request: Request) -> tuple[int, int, int]:
    """After, limit and wait. Raises ``ApiError`` (BAD_USER_INPUT)."""
    given = request.query_params.multi_items()
    names = [name for name, _ in given]
    if len(set(names)) < len(names) or not {"after", "limit", "wait"}.issuperset(names):
        raise ApiError(BAD_USER_INPUT, tell("feed.parameters"))
    values = dict(given)
    after = values.get("after", "0")
    if not _POSITION.fullmatch(after):
        raise ApiError(BAD_USER_INPUT, tell("scalar.position"))
    limit = _number("limit", values.get("limit", str(USUAL)), 1, LARGEST)
    return int(after), limit, _number("wait", values.get("wait", "0"), 0, LONGEST_WAIT)


def _number(name: str, text: str, least: int, most: int) -> int:
    if not _NUMBER.fullmatch(text) or not least <= int(text) <= most:
        raise ApiError(BAD_USER_INPUT, tell("feed.number", name=name, least=least, most=most))
    return int(text)
