"""Arguments and options that several commands have, each in one form and with one help text."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

import typer

from console.misuse import Misused
from domain.messages import tell

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
    """A day as YYYY-MM-DD. Raises ``Misused``."""
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        raise Misused(tell("cli.no_day", text=str(text)[:40])) from None


def instant(text: str | datetime) -> datetime:
    """An instant as ISO 8601 with its offset. Raises ``Misused``."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise Misused(tell("cli.no_instant", text=str(text)[:40]))
    return found


AsJson = Annotated[bool, typer.Option("--json", help="help.option.as_json")]
Code = Annotated[str | None, typer.Option("--catalog", help="help.option.code")]
Version = Annotated[int | None, typer.Option("--version", min=1, max=LARGEST, help="help.option.version")]
On = Annotated[date | None, typer.Option("--on", parser=day, metavar="YYYY-MM-DD", help="help.option.on")]
NoticeTitle = Annotated[str, typer.Option("--notice", help="help.option.notice_title")]
NoticeNumber = Annotated[str | None, typer.Option("--notice-number", help="help.option.notice_number")]
Levels = Annotated[
    list[AwardedLevel] | None,
    typer.Option(
        "--level",
        case_sensitive=False,
        help="help.option.levels",
    ),
]
Departments = Annotated[
    list[str] | None,
    typer.Option("--department", help="help.option.departments"),
]
Effective = Annotated[date, typer.Option("--effective", parser=day, metavar="YYYY-MM-DD", help="help.option.effective")]


def notice_of(
    title: str, number: str | None, levels: list[AwardedLevel] | None, departments: list[str] | None
) -> Notice:
    """The notice that options describe. Raises ``Refused``."""
    from application.catalogs import clean_notice
    from domain.values import TitleLevel

    stated = [TitleLevel(level.value) for level in levels] if levels else None
    return clean_notice(number, title, stated, departments or ())
