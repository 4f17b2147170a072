"""What stands out among officers: counted as their events say, told with the number behind it and the others'."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from application.outliers import Counts, OfficerCounts, OutlierKind, Share, outliers, stands_out
from domain.messages import Language
from infrastructure.audit.officers import officer_counts
from tests.audit.conftest import Office
from tests.audit.test_commands import run

EVER = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def test_what_stands_out_is_told_with_its_number_and_its_base() -> None:
    """Each kind once, of those whom it is about, compared with all others; what is as usual is not told."""
    usual = [OfficerCounts(f"usual-{n}", 40, 30, 1, 20, 1) for n in range(6)]
    known = {(f"usual-{n}", f"usual-{m}"): 2 for n in range(6) for m in range(6) if n != m}
    counts = Counts(
        (
            *usual,
            OfficerCounts("lenient", decided=50, approved=50, quick=2),
            OfficerCounts("hasty", decided=40, approved=30, quick=15),
            OfficerCounts("certain", decided=40, approved=30, matched=20, overridden=12),
        ),
        known | {("one", "other"): 9, ("other", "one"): 8},
        60,
    )
    found = {each.kind: each for each in outliers(counts)}
    assert len(found) == len(outliers(counts)) == 4
    assert {kind: each.officers for kind, each in found.items()} == {
        OutlierKind.APPROVAL_RATE: ("lenient",),
        OutlierKind.OVERRIDES: ("certain",),
        OutlierKind.RECIPROCITY: ("one", "other"),
        OutlierKind.QUICK_APPROVALS: ("hasty",),
    }
    assert found[OutlierKind.OVERRIDES].own == Share(12, 20)
    assert found[OutlierKind.OVERRIDES].others == Share(6, 120)
    assert found[OutlierKind.RECIPROCITY].own == Share(17, 17)
    assert found[OutlierKind.RECIPROCITY].others == Share(0, 60)
    quick = found[OutlierKind.QUICK_APPROVALS].said
    assert quick.text(Language.EN) == (
        "hasty approved 15 of 30 cases within 60 seconds after submission (50 %); all others 8 of 260 (3 %)."
    )
    assert "60秒以内" in quick.text(Language.ZH)


@pytest.mark.parametrize(
    ("own", "others", "expected"),
    [
        (Share(4, 4), Share(0, 100), False),  # of four nothing is told
        (Share(5, 5), Share(0, 100), True),
        (Share(5, 5), Share(0, 4), False),  # with nobody to compare
        (Share(50, 100), Share(500, 1000), False),
        (Share(66, 100), Share(500, 1000), True),
        (Share(30, 100), Share(500, 1000), False),  # below, where only above is asked for
    ],
)
def test_chance_is_left_out(own: Share, others: Share, expected: bool) -> None:
    """A share stands out where it is beyond what the others' lets expect; of few acts nothing is told."""
    assert stands_out(own, others) is expected


def test_below_stands_out_where_both_ways_are_asked_for() -> None:
    """Who approves hardly anything stands out as who approves everything does."""
    assert stands_out(Share(30, 100), Share(500, 1000), both_ways=True)


def test_counts_are_those_of_the_events(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Decisions by who took them, quick ones by the time since submission, overrides by who matched, confirmations by both officers."""
    api = office.api
    quick = api.approved()["case"]
    assert api.revoked(quick["id"])["refusal"] is None
    late = api.submit()["case"]["id"]
    api.clock.now += timedelta(minutes=5)
    assert api.decide("confirmMatch", late, entryNumber=57, reason="as printed")["refusal"] is None
    assert (
        api.decide("approveCase", late, api.second(), workConsistent=False, countedExperienceMonths=0)["refusal"]
        is None
    )
    assert api.decide("rejectCase", api.submit()["case"]["id"], reason="no")["refusal"] is None
    registry = api.registry
    registry.projections.run_until_caught_up()
    counts = officer_counts(registry.database.app_url, *EVER, within=60)
    first = next(each.officer for each in counts.officers if each.decided == 2)
    found = {each.officer: each for each in counts.officers}
    assert found[first] == OfficerCounts(first, decided=2, approved=1, quick=1, matched=1, overridden=1)
    assert found["second-officer"] == OfficerCounts("second-officer", decided=1, approved=1)
    assert counts.confirmed == {(first, "second-officer"): 2}  # a revocation, and what was matched by hand
    earlier = officer_counts(registry.database.app_url, EVER[0], api.clock.now, within=60)
    assert sum(each.decided for each in earlier.officers) < 3

    monkeypatch.setenv("DATABASE_URL", registry.database.app_url)
    monkeypatch.setenv("DATABASE_OWNER_URL", registry.database.owner_url)
    monkeypatch.setenv("RECOGNITION_DATA_DIR", str(registry.settings.data_dir))
    told = json.loads(run("audit", "outliers", "--json").stdout)
    assert told == {"officers": 2, "withinSeconds": 60, "outliers": []}
