"""Correct under load: a short form of ``make soak``, with everything that it kills."""

from __future__ import annotations

from benchmarks.soak import soak


def test_nothing_is_lost_doubled_or_skipped() -> None:
    """Sixteen writers, two tailing readers and rebuilds, while a worker, every connection and a backend of the database are killed."""
    told: list[str] = []
    assert soak(4.0, 3, told.append) == []
    [summary] = told
    assert "'a worker': 1" in summary
    assert "'a backend': 1" in summary
    assert ", 0 rebuilds" not in summary
