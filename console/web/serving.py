"""The console as routes beside the API: every page with its guard, and the files that pages refer to."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from importlib.metadata import version
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from console.web import (
    amendments,
    applicant,
    attesting,
    audit,
    cases,
    catalog,
    editing,
    lookups,
    operations,
    persons,
    signing_in,
)
from console.web.navigation import navigation
from console.web.prepared import LARGEST, PreparedAmendments
from console.web.rendering import files, renderer
from console.web.session import open_sessions
from console.web.visit import Console, NoPage, SignInFirst, Visit, WebPage
from domain.messages import tell
from infrastructure.composition import Registry
from infrastructure.drafts import FOLDER, Drafts
from transport.caching import REVALIDATED, tagged
from transport.middleware import request_id_of
from transport.negotiation import language_of

PAGES: Final[Sequence[WebPage]] = (
    *lookups.PAGES,
    *catalog.PAGES,
    *signing_in.PAGES,
    *applicant.PAGES,
    *attesting.PAGES,
    *cases.PAGES,
    *audit.PAGES,
    *editing.PAGES,
    *amendments.PAGES,
    *persons.PAGES,
    *operations.PAGES,
)
"""Every page of the console."""


def console_routes(registry: Registry) -> list[BaseRoute]:
    """What to serve beside the API of an opened registry."""
    settings = registry.settings
    sessions = open_sessions(settings.data_dir)
    console = Console(
        registry=registry,
        sessions=sessions,
        drafts=Drafts(settings.data_dir / FOLDER, sessions.key_for("drafts"), registry.clock),
        amendments=PreparedAmendments(
            Drafts(settings.data_dir / FOLDER, sessions.key_for("amendments"), registry.clock, LARGEST)
        ),
        render=renderer(
            navigation=navigation,
            development=not settings.identity_provider,
            tells_schema=settings.introspection,
            release=version("recognition-registry"),
        ),
        secure=(settings.public_url or "").startswith("https:"),
    )
    return [
        Route("/files/{name}", partial(_file, files())),
        *(
            Route(each.path, partial(_answer, console, each), methods=["GET", "POST"] if each.posts else ["GET"])
            for each in PAGES
        ),
    ]


async def _file(known: dict[str, tuple[bytes, str]], request: Request) -> Response:
    content, kind = known.get(request.path_params["name"], (b"", ""))
    if not kind:
        language = language_of(request.headers.get("accept-language"))
        said = tell("request.no_console_file").text(language)
        return Response(f"{said}\n", 404, media_type="text/plain; charset=utf-8")
    return tagged(request, content, kind, REVALIDATED)


async def _answer(console: Console, page: WebPage, request: Request) -> Response:
    visit = Visit(console, request)
    try:
        if not visit.may(page.action):
            if visit.session is None:
                raise SignInFirst  # noqa: TRY301 - answered as every page that needs somebody
            raise NoPage(403, "error.not_for_role")  # noqa: TRY301 - answered as every page that is not shown
        return await page.show(visit)
    except SignInFirst:
        response = visit.go("/sign-in", next=visit.address() if request.method == "GET" else "/")
        response.delete_cookie("session", path="/")
        return response
    except NoPage as refused:
        response = visit.page(
            "error",
            status=refused.status,
            key=refused.key,
            message=refused.message,
            request_id=request_id_of(request.scope),
        )
        if refused.retry_after:
            response.headers["Retry-After"] = refused.retry_after
        return response
    finally:
        await visit.close()
