"""A registry that nobody touched behind its back raises no finding, whatever happened in it."""

from __future__ import annotations

from tests.audit.conftest import Office


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
