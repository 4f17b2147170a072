"""The order of what is recorded never goes back, whatever the machine's clock does within an hour."""

from datetime import UTC, datetime, timedelta

import pytest

from infrastructure.forward import MOST, ForwardClock

NOON = datetime(2026, 11, 27, 4, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ([NOON, NOON + MINUTE], [NOON, NOON + MINUTE]),
        ([NOON, NOON - MINUTE, NOON - MOST, NOON + MINUTE], [NOON, NOON, NOON, NOON + MINUTE]),
        ([NOON, NOON - MOST - MINUTE, NOON - MOST], [NOON, NOON - MOST - MINUTE, NOON - MOST]),
    ],
    ids=["forward", "stands still", "a mistake is not followed"],
)
def test_time_stands_still_while_the_machine_is_behind(steps, told):
    """A step back of up to an hour is waited for; a clock that was years ahead does not stay there."""
    clock = ForwardClock(iter(steps).__next__)
    assert [clock() for _ in steps] == told


def test_time_begins_with_what_was_recorded_last():
    """A registry that starts again is not behind its own events."""
    assert ForwardClock(lambda: NOON, NOON + MINUTE)() == NOON + MINUTE
    assert ForwardClock(lambda: NOON, NOON + 2 * MOST)() == NOON
