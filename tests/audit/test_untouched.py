"""A registry that nobody touched behind its back raises no finding, whatever happened in it."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from application.journal import Journal
from domain.base import Event
from infrastructure.audit.check import check_all
from tests.audit.conftest import Office
from tests.histories import World


def test_an_untouched_registry(office: Office) -> None:
    """Approved, revoked, given back, erased: nothing of it is a finding."""
    api = office.api
    api.approved()
    revoked = api.approved()["case"]
    assert api.revoked(revoked["id"])["refusal"] is None
    assert api.reinstated(revoked["id"])["refusal"] is None
    assert api.decide("rejectCase", api.submit()["case"]["id"], reason="no")["refusal"] is None
    office.sign()
    done = office.check()
    assert done.findings == [], [(each.place, str(each.said)) for each in done.findings]
    assert done.events > 15


def test_every_kind_of_event(office: Office) -> None:
    """Long random histories of all that can happen raise no finding by the rules they were made under."""
    registry, kinds = office.api.registry, set[type[Event]]()
    beside = Journal(registry.database.application_environment(), registry.mapper)  # the server watches over its own
    for seed in range(1, 9):
        world = World(Random(seed))
        for save in world.saves(150):
            kinds |= {type(event) for event in save}
            beside.recorder.insert_events([registry.mapper.to_stored_event(event) for event in save])
        known = replace(registry.audited, known=lambda world=world: world.known)
        rules = {each.rule for each in check_all(known).findings}
        # Each history begins in 2023 again, and its claims and imports are made beside the use cases that keep them in step.
        assert rules <= {"times_follow_positions", "one_live_case_a_certificate", "imports_are_signed"}, rules
        office.as_owner("DELETE FROM registry.events WHERE topic <> 'catalog.published' OR position > 1")
    beside.close()
    assert len(kinds) > 25
