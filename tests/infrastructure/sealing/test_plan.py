"""The plan of an event class: which of its fields are personal, and whether storage could seal them."""

import importlib
import pkgutil
from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

import pytest

import domain
from application.personal_plan import EventClassError, check_event_classes, personal_paths, plan_of
from domain.base import Created, Event, Immutable
from domain.values import Experience, Person, Personal, PersonalData
from tests.infrastructure.sealing.samples import Enrolled, Noted, Plain


def test_paths_are_found_at_every_depth():
    """Fields of the event, of models, of tuples of models, of tuples, and of optional models, in order."""
    assert personal_paths(Enrolled) == (
        "holder.name",
        "holder.id_type",
        "holder.id_number",
        "experience.*.employer",
        "experience.*.field",
        "evidence.file_name",
        "evidence.kind",
        "nicknames.*",
        "note",
    )
    assert personal_paths(Plain) == ()


def test_the_plan_is_computed_once():
    """The same object is answered again."""
    assert plan_of(Noted) is plan_of(Noted)
    assert plan_of(Plain) is None


def _class_with(version: int = 1, **annotations: object) -> type[Event]:
    names = {
        "__annotations__": annotations,
        "__module__": __name__,
        "TOPIC": "sealing-tests.made",
        "class_version": version,
    }
    return type("Made", (Created,), names)


class Chain(Immutable):
    """A model that contains itself."""

    text: Personal
    inner: "Chain | None" = None


class Anonymous(Immutable):
    """Personal data without a reference."""

    name: Personal


class Dated(Immutable):
    """A model like Experience in part."""

    start: date
    employer: Personal


@pytest.mark.parametrize(
    ("annotations", "reason"),
    [
        ({"note": Personal}, "neither holder_ref nor holder"),
        ({"note": Personal, "holder_ref": UUID | None}, "neither holder_ref nor holder"),
        ({"note": Personal, "holder_ref": str}, "neither holder_ref nor holder"),
        ({"note": Personal, "holder": Anonymous}, "neither holder_ref nor holder"),
        ({"note": Personal, "holder": Person | None}, "neither holder_ref nor holder"),
        ({"holder_ref": UUID, "note": Annotated[str, PersonalData()]}, "never None"),
        ({"holder_ref": UUID, "notes": dict[str, Personal]}, "use models, tuples or lists"),
        ({"holder_ref": UUID, "notes": frozenset[Personal]}, "use models, tuples or lists"),
        ({"holder_ref": UUID, "chain": Chain}, "contains itself"),
        ({"holder_ref": UUID, "pair": tuple[str, Personal]}, "in one alternative"),
        ({"holder_ref": UUID, "either": Personal | int}, "in one alternative"),
    ],
)
def test_a_field_that_could_not_be_sealed_is_refused(annotations, reason):
    """What erasure could not empty, and what names no holder, is found when the class is checked."""
    with pytest.raises(EventClassError, match=reason):
        check_event_classes([_class_with(**annotations)])


@pytest.mark.parametrize(
    ("annotations", "paths"),
    [
        ({"note": Annotated[Personal, "constraint"]}, ("note",)),
        ({"note": Annotated[date | None, PersonalData]}, ("note",)),
        ({"note": Personal | None}, ("note",)),
        ({"notes": list[tuple[Personal, ...]]}, ("notes.*.*",)),
        ({"either": Experience | Dated | None}, ("either.employer", "either.field")),
        ({"either": tuple[Experience | int, ...]}, ("either.*.employer", "either.*.field")),
    ],
)
def test_marks_are_found_in_whatever_holds_them(annotations, paths):
    """Constraints, optional values, nested lists and alternatives of models don't hide a mark."""
    made = _class_with(holder_ref=UUID, **annotations)
    assert personal_paths(made) == paths


def test_a_gap_in_the_upcasts_is_refused():
    """Each class version up to today's has its step."""
    with pytest.raises(EventClassError, match="at version 2 without upcast_v1_v2"):
        check_event_classes([_class_with(version=2)])


def _events_of(folder: object) -> set[type[Event]]:
    for module in pkgutil.iter_modules(folder.__path__):
        importlib.import_module(f"{folder.__name__}.{module.name}")
    found: list[type[Event]] = [Event]
    for event_class in found:
        found.extend(event_class.__subclasses__())
    return {c for c in found if c.__module__.startswith(f"{folder.__name__}.") and "TOPIC" in vars(c)}


def test_every_event_of_the_domain_can_be_sealed():
    """All events of the domain with personal fields name their holder, and there are such events."""
    events = _events_of(domain)
    assert check_event_classes(events) == len(events) > 0
    assert any(personal_paths(event) for event in events)


def test_a_plan_never_needs_class_variables():
    """Only fields count: a marked class variable is no data of an event."""
    made = type(
        "Made", (Created,), {"__annotations__": {"hint": ClassVar[Personal]}, "hint": "h", "__module__": __name__}
    )
    assert personal_paths(made) == ()
