"""Events with personal data in every place the plan knows."""

import datetime as dt
from typing import Any, ClassVar
from uuid import UUID, uuid4

from domain.base import Created
from domain.values import Actor, Evidence, Experience, Person, Personal, Provenance, Role


class Enrolled(Created):
    """An event that keeps personal data at the top, in a model, in tuples of both, and in an optional model."""

    TOPIC: ClassVar[str] = "sealing-tests.enrolled"

    holder: Person
    experience: tuple[Experience, ...] = ()
    evidence: Evidence | None = None
    nicknames: tuple[Personal, ...] = ()
    note: Personal = None
    weight: float = 0.5


class Noted(Created):
    """An event that names its holder at the top."""

    TOPIC: ClassVar[str] = "sealing-tests.noted"

    holder_ref: UUID
    note: Personal = None


class Plain(Created):
    """An event without personal data."""

    TOPIC: ClassVar[str] = "sealing-tests.plain"

    word: str


BY = Provenance(actor=Actor(subject="s-1", role=Role.REVIEWER, authority_code="330100-HR"), request_id="r-1")


def facts(**more: Any) -> dict[str, Any]:
    """The fields that every created event has."""
    return {
        "originator_id": uuid4(),
        "originator_version": 1,
        "timestamp": dt.datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=dt.UTC),
        "by": BY,
        "originator_topic": "sealing-tests",
        **more,
    }


def enrolled(**more: Any) -> Enrolled:
    """An event with every personal field filled."""
    day = dt.date(2020, 1, 1)
    given = {
        "holder": Person(ref=uuid4(), name="张伟", id_type="RESIDENT_ID", id_number="11010519491231002X"),
        "experience": (
            Experience(employer="Bosch", start=day, end=day, field="f"),
            Experience(employer=None, start=day, end=day, field="g"),
            Experience(employer="Siemens", start=day, end=day, field="h"),
        ),
        "evidence": Evidence(sha256="0" * 64, file_name="Zhang.pdf", media_type="application/pdf", size=1, kind="k"),
        "nicknames": ("Wei", None),
        "note": "met in person",
    }
    return Enrolled(**facts(**{**given, **more}))
