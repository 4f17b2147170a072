"""An audit shared among processes finds what one process finds, in the same order; a process that is lost is said to be."""

from __future__ import annotations

import os
from contextlib import nullcontext
from typing import Any

import pytest

from domain.case.events import Approved
from infrastructure.audit import check
from infrastructure.audit.runs import last_findings
from infrastructure.shares import ShareLostError, Shares
from infrastructure.standing import open_audited
from tests.audit.conftest import Office


def test_processes_find_what_one_finds(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same findings in the same order, told once each, and kept as the last run's; every event counted once."""
    for _ in range(5):
        office.api.approved()
    office.sign()
    for number in (1, 3):
        _, _, position = office.place(Approved.TOPIC, number)
        office.as_owner("UPDATE registry.events SET actor_subject = 'x' WHERE position = %s", position)
    office.as_owner("UPDATE registry.events SET recorded_at = recorded_at + interval '1 hour' WHERE position = 2")
    monkeypatch.setattr(check, "A_PART", 4)
    alone = office.check()
    told: list[Any] = []
    registry = office.api.registry
    with Shares(2, open_audited, registry.settings) as sharing:
        shared = check.check_all(registry.audited, report=told.append, sharing=sharing)
    assert len(alone.findings) > 3
    assert shared.findings == told == alone.findings
    assert (shared.events, shared.streams, shared.position) == (alone.events, alone.streams, alone.position)
    kept = last_findings(office.api.registry.database.app_url)
    assert kept is not None
    assert [(each.rule, each.position) for each in kept[1]] == [(each.rule, each.position) for each in alone.findings]


def test_what_is_interrupted_goes_on_with_whatever_number_of_processes(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parts that are done stay done; the rest is done by as many processes as are asked then."""
    for _ in range(4):
        office.api.approved()
    monkeypatch.setattr(check, "A_PART", 4)
    asked = iter([False, False, True])
    with pytest.raises(check.Stopped):
        check.check_all(office.api.registry.audited, stopping=lambda: next(asked, True))
    registry = office.api.registry
    with Shares(2, open_audited, registry.settings) as sharing:
        done = check.check_all(registry.audited, sharing=sharing)
    assert (done.resumed, done.findings) == (True, [])
    [(events,)] = office.as_owner("SELECT count(*) FROM registry.events")
    assert 0 < done.events < events


def test_a_process_that_is_lost_is_said_to_be() -> None:
    """Nobody waits for what does not come."""
    opening: Any = nullcontext
    with Shares(1, opening, 3) as shares, pytest.raises(ShareLostError, match="run it again"):  # type: ignore[arg-type]
        shares.begin(os._exit)()
