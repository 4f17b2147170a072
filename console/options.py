"""Arguments and options that several commands have, each in one form and with one help text."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from domain.values import Notice

LARGEST: Final = 2**31 - 1
"""Numbers of entries and versions are PostgreSQL's integers."""


class BearerRole(StrEnum):
    """Roles that somebody signs in with: those of ``domain.values.Role`` but SYSTEM, the registry itself."""

    APPLICANT = "APPLICANT"
    REVIEWER = "REVIEWER"
    ADMINISTRATOR = "ADMINISTRATOR"
    AUDITOR = "AUDITOR"
    VERIFIER = "VERIFIER"
    PRIVACY_OFFICER = "PRIVACY_OFFICER"


class NamedKind(StrEnum):
    """What an alias may name, as ``domain.values.AliasKind``."""

    QUALIFICATION = "QUALIFICATION"
    ISSUING_BODY = "ISSUING_BODY"
    RENAMED = "RENAMED"
    COMPONENT = "COMPONENT"
    COMPOSITE = "COMPOSITE"


class AwardedLevel(StrEnum):
    """Levels of titles, as ``domain.values.TitleLevel``."""

    JUNIOR = "JUNIOR"
    INTERMEDIATE = "INTERMEDIATE"
    ASSOCIATE_SENIOR = "ASSOCIATE_SENIOR"
    SENIOR = "SENIOR"


def day(text: str | date) -> date:
    """A day as YYYY-MM-DD. Raises ``typer.BadParameter``."""
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        raise typer.BadParameter(f"'{str(text)[:40]}' is no day; write it as 2026-01-31.") from None


def instant(text: str | datetime) -> datetime:
    """An instant as ISO 8601 with its offset. Raises ``typer.BadParameter``."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise typer.BadParameter(f"'{str(text)[:40]}' is no instant; write it as 2026-11-23T09:00:00+08:00.")
    return found


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Code = Annotated[str | None, typer.Option("--catalog", help="The catalog's code; the official one by default.")]
Version = Annotated[
    int | None, typer.Option("--version", min=1, max=LARGEST, help="The version; the one in force by default.")
]
On = Annotated[date | None, typer.Option("--on", parser=day, metavar="YYYY-MM-DD", help="In force on this day.")]
NoticeTitle = Annotated[str, typer.Option("--notice", help="The title of the notice behind it.")]
NoticeNumber = Annotated[str | None, typer.Option("--notice-number", help="The notice's number, where it has one.")]
Levels = Annotated[
    list[AwardedLevel] | None,
    typer.Option(
        "--level",
        case_sensitive=False,
        help="A level that the notice lets the catalog award, given once for each; JUNIOR and INTERMEDIATE by default.",
    ),
]
Departments = Annotated[
    list[str] | None,
    typer.Option("--department", help="A department that issued the notice, given once for each of several."),
]
Effective = Annotated[
    date, typer.Option("--effective", parser=day, metavar="YYYY-MM-DD", help="The day it takes effect.")
]


def notice_of(
    title: str, number: str | None, levels: list[AwardedLevel] | None, departments: list[str] | None
) -> Notice:
    """The notice that options describe. Raises ``Refused``."""
    from application.catalogs import clean_notice
    from domain.values import TitleLevel

    stated = [TitleLevel(level.value) for level in levels] if levels else None
    return clean_notice(number, title, stated, departments or ())
