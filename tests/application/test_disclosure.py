"""What of an event is shown: its own facts, persons as somebody opens them, and at a length that lists can bear."""

from __future__ import annotations

import pytest

from application.disclosure import clipped, facts, reason_in
from tests.domain.cases import HOLDER, given

ENVELOPE = {"originator_id", "originator_version", "originator_topic", "timestamp", "by"}


def event(past="submitted"):
    """The last event of a past."""
    return given(past).when(lambda _: None).past[-1]


def test_facts_are_told_without_their_envelope():
    """Who acted and when is shown beside them, by the audit log's own columns."""
    shown = facts(event(), None)
    assert not ENVELOPE & set(shown)
    assert set(shown) | ENVELOPE == set(type(event()).model_fields)
    assert (shown["submitted_on"], shown["holder_ref"]) == ("2024-05-06", str(HOLDER))


def test_persons_are_masked_unless_somebody_opens_them():
    """Within parts and lists too; what is empty is not opened, and what was erased is None."""
    masked, opened = facts(event(), None), facts(event(), str.upper)
    assert masked["holder"]["name"] is masked["certificate"]["name"] is masked["work_field"] is None
    assert masked["experience"][0]["employer"] is masked["evidence"][0]["file_name"] is None
    assert masked["experience"][0]["start"] == opened["experience"][0]["start"] == "2018-01-01"
    assert masked["evidence"][0]["size"] == 1024
    assert opened["certificate"]["name"] == "CERTIFIED EXAMPLE ENGINEER"
    assert opened["experience"][0]["employer"] == "EXAMPLE GMBH"
    assert opened["certificate"]["grade"] is None
    assert facts(event(), lambda _: None)["holder"]["name"] is None


def test_long_lists_and_texts_are_shortened_and_the_whole_length_is_told():
    """Five items and 500 characters are shown, wherever they stand; what is as long as that is whole."""
    shown = {
        "entries": list(range(6)),
        "five": list(range(5)),
        "text": "字" * 501,
        "whole": "字" * 500,
        "inner": {"note": "x" * 502, "rows": [["a"] * 7, {"deep": "y" * 503}], "number": 7},
    }
    short = clipped(shown)
    assert short["entries"] == [0, 1, 2, 3, 4]
    assert (short["five"], short["whole"]) == (shown["five"], shown["whole"])
    assert short["text"] == "字" * 500
    assert short["inner"]["note"] == "x" * 500
    assert short["inner"]["rows"][0] == ["a"] * 5
    assert short["inner"]["number"] == 7
    assert short["clipped"] == {
        "entries": 6,
        "text": 501,
        "inner.note": 502,
        "inner.rows.0": 7,
        "inner.rows.1.deep": 503,
    }


def test_what_is_short_is_told_as_it_is():
    """Nothing says that it was shortened."""
    shown = {"reason": "moved", "evidence": [1, 2]}
    assert clipped(shown) == shown
    assert "clipped" not in clipped(shown)


@pytest.mark.parametrize(
    ("shown", "reason"),
    [
        ({"reason": "moved"}, "moved"),
        ({"ground": "forged"}, "forged"),
        ({"reason": "moved", "ground": "forged"}, "moved"),
        ({"reason": None, "ground": "forged"}, "forged"),
        ({"reason": None, "ground": None}, None),
        ({}, None),
        ({"reason": {"code": "x"}}, None),
    ],
)
def test_the_reason_is_what_somebody_gave(shown, reason):
    """The reason, else the ground of what is proposed, as far as it may be read."""
    assert reason_in(shown) == reason
