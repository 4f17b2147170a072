"""A small schema with every behaviour the HTTP layer has to deal with, and an application that serves it."""

import datetime as dt
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import httpx
import strawberry
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp

from domain.messages import tell
from domain.refusals import RefusalCode
from transport.app import create_app
from transport.errors import ApiError, ErrorCode
from transport.explorer import Example
from transport.limits import page_size

SECRET = "330106198001011235"


@strawberry.input
class Certificate:
    """An input with a required member, a number and a list."""

    number: str
    year: int
    grades: list[int] = strawberry.field(default_factory=list)


@strawberry.type
class Book:
    """A type that leads to itself, alone and in pages."""

    title: str

    @strawberry.field
    def others(self, first: int | None = 50) -> list["Book"]:
        return [Book(title=f"{self.title}.{index}") for index in range(page_size(first))]

    @strawberry.field
    def sibling(self) -> "Book":
        return Book(title=self.title + "+")


@strawberry.type
class Query:
    """Fields that answer, refuse, and break."""

    @strawberry.field
    async def book(self, title: str = "原则") -> Book:
        """One book, by its title."""
        return Book(title=title)

    @strawberry.field
    def books(self, first: int | None = 50, last: int | None = None) -> list[Book]:
        return [Book(title=f"book {index}") for index in range(page_size(first if last is None else last))]

    @strawberry.field
    def named(self, ids: list[strawberry.ID]) -> list[Book]:
        return [Book(title=name) for name in ids]

    @strawberry.field
    def check(self, certificate: Certificate, on: dt.date | None = None) -> str:
        return f"{certificate.year} {on}"

    @strawberry.field
    def length(self, text: str = "", count: int = 1) -> int:
        return len(text) * count

    @strawberry.field
    def actor(self, info: strawberry.Info[dict[str, Any], None]) -> str:
        return str(info.context["actor"])

    @strawberry.field
    def broken(self) -> int | None:
        number = SECRET
        raise ValueError(f"no row for {number}")

    @strawberry.field
    def refused(self) -> int | None:
        raise ApiError(ErrorCode.INVALID_CURSOR, tell("page.cursor"), {"day": "Monday"})


@strawberry.type
class Mutation:
    """One change, to be refused over GET."""

    @strawberry.mutation
    def rename(self, title: str) -> Book:
        return Book(title=title)


@strawberry.type
class Subscription:
    """One stream, which a single response can't carry."""

    @strawberry.subscription
    async def ticks(self) -> AsyncGenerator[int, None]:
        yield 1


async def authenticate(headers: Headers) -> str:
    """`Bearer good` is Alice, nobody is a guest, anyone else is refused."""
    sent = headers.get("authorization")
    if sent not in {None, "Bearer good"}:
        raise ApiError(RefusalCode.UNAUTHENTICATED, tell("token.signature"))
    return "alice" if sent else "guest"


def context_factory(request: Request, actor: str, request_id: str) -> dict[str, Any]:
    return {"actor": actor, "request_id": request_id, "request": request}


async def everything_ready() -> Mapping[str, str]:
    return {"store": "ok"}


EXAMPLES = [
    Example(
        name="One book",
        document="query Book($title: String!) { book(title: $title) { title } }",
        variables={"title": "水"},
    ),
    Example(
        name="Several books",
        document="{\n  books(first: 3) {\n    title\n    sibling {\n      title # the one beside it\n    }\n  }\n}",
    ),
]


def sample_schema() -> strawberry.Schema:
    return strawberry.Schema(query=Query, mutation=Mutation, subscription=Subscription)


def sample_app(**options: Any) -> ASGIApp:
    """The application, its defaults replaced by `options`."""
    settings = {
        "context_factory": context_factory,
        "authenticate": authenticate,
        "ready": everything_ready,
        "examples": EXAMPLES,
    }
    return create_app(sample_schema(), **{**settings, **options})


def client_of(app: ASGIApp) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://registry.test")
